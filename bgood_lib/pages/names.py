"""What trainings, settings and image sets are called on pages."""

import pandas as pd

from ..training.config import METHODS

_LOSS = {"cross_entropy": "cross-entropy", "logitnorm": "LogitNorm", "t2fnorm": "T2FNorm"}
# Choices first, then the controls; also the order of rows.
SELECTOR_NAMES = {
    "least_evidence": "least evidence", "rank": "rank", "cam_threshold": "CAM threshold", "low_confidence": "low confidence",
    "border": "border", "oracle": "true masks", "random": "random cells", "all": "all cells",
}  # fmt: skip
_LAYER = {"previous": "previous layer", "both": "both layers"}


def training_name(config):
    """How a training is called in tables, for example ``LogitNorm + background (rank, both layers)``.

    Parameters
    ----------
    config : dict
        ``config`` of a record. What is not the idea's own choice is named: a penalty other than
        the norm, a layer other than the last, a judge other than the last map.
    """
    loss, background = METHODS[config["method"]]
    if not background:
        return _LOSS[loss]
    parts = [SELECTOR_NAMES[config["selector"]]]
    if config.get("penalty") not in (None, "norm"):
        parts.append(config["penalty"].replace("_", " "))
    if config.get("layer") not in (None, "last"):
        parts.append(_LAYER[config["layer"]] + ", own head" * (config.get("judge") == "own"))
    return f"{_LOSS[loss]} + background ({', '.join(parts)})"


# The default of the scenes study; what differs from it is named.
DEFAULT = {"weight": 0.1, "patch_size": 1, "n_patches": 0, "background_start": 0.3}
_TEXT = {
    "weight": "weight {:g}",
    "patch_size": "patch {:g}",
    "n_patches": "{:g} cells",
    "background_start": "start {:g}",
}


def setting_name(config, default=DEFAULT):
    """A training's name with all in which it differs from a default, for example ``... (rank), weight 0.5``.

    Parameters
    ----------
    config : dict or Series
        Fields of a configuration; empty ones None or NaN.
    default : dict
        Values that are not worth a word.

    Returns
    -------
    str
    """
    config = {key: None if pd.isna(value) else value for key, value in dict(config).items()}
    name, parts = training_name(config), []
    if METHODS[config["method"]][1]:
        parts = [_TEXT[key].format(config[key]) for key in default if config[key] not in (None, default[key])]
        if config["selector"] == "rank" and config["top_k"] not in (None, 3):
            parts.append(f"k = {config['top_k']:g}")
    if config["network"] == "small_resnet" and config["stages"] == 3:
        parts.append("3 stages")
    return ", ".join([name, *parts])


def set_names(study):
    """Short names of a study's OOD sets by their names, in the order of their protocol: dict of str to str."""
    titles = study.metrics_frame().drop_duplicates("ood").set_index("ood")["title"]
    return {name: title.removeprefix("Scenes, ") for name, title in titles.items()}


def short_name(setting):
    """A setting without the words that all settings of a figure share."""
    return setting.replace("cross-entropy + background (", "").replace("background (", "").replace(")", "", 1)
