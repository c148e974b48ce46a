"""What trainings, settings and image sets are called on pages. Titles and their order are those of the registries."""

import pandas as pd

from ..background_loss.penalties import PENALTIES
from ..background_loss.selectors import SELECTORS
from ..training.config import METHODS
from ..training.losses import CLASSIFICATION

_LAYER = {"previous": "previous layer", "both": "both layers"}


def is_control(selector):
    """Whether a selector is registered as a control, not as a choice of background."""
    return getattr(SELECTORS[selector], "control", False)


def loss_title(method):
    """What the classification loss of a training method is called."""
    return CLASSIFICATION[METHODS[method][0]].title


def training_name(config):
    """How a training is called in tables, for example ``LogitNorm + background (rank, both layers)``.

    Parameters
    ----------
    config : dict
        Fields of a configuration. What is not the idea's own choice is named: a penalty other than
        the norm, a layer other than the last, a judge other than the last map.
    """
    if not METHODS[config["method"]][1]:
        return loss_title(config["method"])
    parts = [SELECTORS[config["selector"]].title]
    if config.get("penalty") not in (None, "norm"):
        parts.append(PENALTIES[config["penalty"]].title)
    if config.get("layer") not in (None, "last"):
        parts.append(_LAYER[config["layer"]] + ", own head" * (config.get("judge") == "own"))
    return f"{loss_title(config['method'])} + background ({', '.join(parts)})"


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
        Fields of a configuration; empty ones None, NaN or not there.
    default : dict
        Values that are not worth a word.

    Returns
    -------
    str
    """
    config = {key: value for key, value in dict(config).items() if not pd.isna(value)}
    parts = [training_name(config)]
    if METHODS[config["method"]][1]:
        parts += [_TEXT[key].format(config[key]) for key in default if config.get(key) not in (None, default[key])]
        if config["selector"] == "rank" and config.get("top_k") not in (None, 3):
            parts.append(f"k = {config['top_k']:g}")
    if config.get("network") == "small_resnet" and config.get("stages") == 3:
        parts.append("3 stages")
    return ", ".join(parts)


def place(config):
    """Where a setting stands in tables: by classification loss, without background loss first, then by selector."""
    loss, background = METHODS[config["method"]]
    return list(CLASSIFICATION).index(loss), list(SELECTORS).index(config["selector"]) + 1 if background else 0


def set_names(study):
    """Short names of a study's OOD sets by their names, in the order of their protocol: dict of str to str."""
    titles = study.metrics_frame().drop_duplicates("ood").set_index("ood")["title"]
    return {name: title.removeprefix("Scenes, ").removeprefix("Canvas, ") for name, title in titles.items()}


def short_name(setting):
    """A setting without the words that all settings of a figure share."""
    return setting.replace("cross-entropy + background (", "").replace("background (", "").replace(")", "", 1)
