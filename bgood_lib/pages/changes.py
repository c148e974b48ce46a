"""Settings of a study, and what they change seed by seed."""

import dataclasses

import pandas as pd

from ..background_loss.selectors import SELECTORS
from ..metrics.ood import METRICS
from ..metrics.paired import compare
from ..studies.results import read_results
from ..training.config import METHODS, Config
from ..utils.errors import InputError
from .names import DEFAULT, setting_name

COLLAPSED = 0.5  # an ID accuracy below
# Scores the pages look at: probabilities, logits, neighbours and a Gaussian of features of length one, norms.
SHOWN = ("MSP", "Energy", "KNN", "Mahalanobis++", "PooledNorm", "NormContrast")
_FIELDS = [field.name for field in dataclasses.fields(Config) if field.name != "seed"]
# How a selector chooses; and all that the background loss is made of.
_OPTIONS = sorted({option for selector in SELECTORS.values() for option in selector.options})
_BACKGROUND = ["weight", "patch_size", "penalty", "layer", "judge", "background_start"]
_NETWORKS = {"init", "teacher"}  # fields that hold the checksum of a network
_OF_A_SET = ("group", "ood", "title", "standing", "note", "n", "error", *METRICS)


def with_baselines(folder, *more):
    """A published study, and the trainings of whole data sets without background loss that further ones have.

    Parameters
    ----------
    folder : path
        Of the study, see :func:`bgood_lib.studies.results.read_results`.
    *more : path
        Of studies that have some of its baselines.

    Returns
    -------
    StudyTables, runs : DataFrame, metrics : DataFrame
        The frames hold the study's own runs and the baselines; the tables also all else of ``more``.
    """
    own, study = set(read_results(folder).runs["run"]), read_results(folder, *more)
    baselines = study.runs["selector"].isna() & (study.runs["n_train"] == 0)
    kept = own | set(study.runs.loc[baselines, "run"])
    metrics = study.metrics_frame()
    return study, study.runs[study.runs["run"].isin(kept)], metrics[metrics["run"].isin(kept)]


def with_settings(frame, default=DEFAULT, leave_out=True):
    """A frame of runs or metrics with what its runs are settings of.

    A setting is a configuration but for the seed, and for which network it begins from or learns from; its name is a label. A family is what shares everything but
    the background loss: data, classification loss, network, schedule, precision.

    Parameters
    ----------
    frame : DataFrame
        With ``run``, ``accuracy`` and the fields of a configuration.
    default : dict
        Values that labels do not name, see :func:`bgood_lib.pages.names.setting_name`. Settings that would have
        one label also get the fields in which they differ.
    leave_out : bool, default=True
        Leave seeds whose training without background loss collapsed out of their family: there is nothing to compare
        with.

    Returns
    -------
    DataFrame
        With ``setting`` (the label), ``family`` (a number), ``plain`` (without background loss) and ``collapsed``
        (an ID accuracy under 50%).
    """
    runs = frame.drop_duplicates("run").set_index("run").copy()
    for name in _NETWORKS.intersection(runs):  # one a seed: that there is one counts, not which
        runs[name] = runs[name].notna()
    fields = [name for name in _FIELDS if name in runs]
    loss = [METHODS[method][0] for method in runs["method"]]
    shared = [name for name in fields if name not in ("method", "selector", *_OPTIONS, *_BACKGROUND)]
    runs = runs.assign(
        plain=[not METHODS[method][1] for method in runs["method"]], collapsed=runs["accuracy"] < COLLAPSED,
        family=runs[shared].assign(loss=loss).groupby([*shared, "loss"], dropna=False, sort=False).ngroup(),
        setting=_labels(runs[fields], default),
    )  # fmt: skip
    if leave_out:
        bad = runs[runs["plain"] & runs["collapsed"]]
        pairs = set(zip(bad["family"], bad["seed"]))
        runs = runs[[pair not in pairs for pair in zip(runs["family"], runs["seed"])]]
    return frame.merge(
        runs[["setting", "family", "plain", "collapsed"]], left_on="run", right_index=True, sort=False
    ).copy()


def _labels(configs, default):
    """A label for every row of some configurations: one for equal rows, different ones for different rows."""
    distinct = configs.drop_duplicates()
    labels = pd.Series([setting_name(row, default) for _, row in distinct.iterrows()], distinct.index)
    for label, same in labels.groupby(labels):
        rows = distinct.loc[same.index]
        differ = [name for name in rows if rows[name].nunique(dropna=False) > 1]
        for run, row in rows.iterrows() if differ else ():
            labels[run] = ", ".join([label, *(f"{name} {_plainly(row[name])}" for name in differ)])
    numbers = configs.groupby(list(configs), dropna=False, sort=False).ngroup()
    return numbers.map(dict(zip(numbers[labels.index], labels)))


def _plainly(value):
    return "none" if pd.isna(value) else f"{value:g}" if isinstance(value, float) else value


def collapsed(runs):
    """Names of the runs with an ID accuracy under 50%: their networks learned nothing, or lost it."""
    return sorted(runs.loc[runs["accuracy"] < COLLAPSED, "run"])


def setting_of(frame, **config):
    """The label of the one setting with some values in its configuration; None if there is none.

    Raises
    ------
    InputError
        If several have them; the message names two.
    """
    there = frame.loc[(frame[list(config)] == pd.Series(config)).all(axis=1), "setting"].unique()
    if len(there) > 1:
        raise InputError(f"{there[0]} and {there[1]} both have {config}; say in which field the one wanted differs")
    return there[0] if len(there) else None


def validation(study, name, detector):
    """AUROC of every run on a validation set, columns ``run`` and ``validation``."""
    table = study.metrics["auroc"]
    rows = table[table["detector"] == detector]
    return rows[["run", name]].rename(columns={name: "validation"})


def mean_over_sets(frame, metric="auroc"):
    """One row per run and detector: the metric's mean over the OOD sets, which must be the same ones for all.

    Raises
    ------
    ValueError
        If a run lacks a set that another has; the message names both.
    """
    sets = frame.groupby("run")["ood"].agg(frozenset)
    if len(distinct := sets.drop_duplicates()) > 1:
        (one, a), (two, b) = list(distinct.items())[:2]
        raise InputError(
            f"{one} and {two} differ in {', '.join(sorted(a ^ b))}: a mean would compare what is not alike"
        )
    keys = [column for column in frame if column not in _OF_A_SET]
    return frame.groupby(keys, dropna=False, sort=False)[metric].mean().reset_index()


def changes(frame, value="auroc", within=("detector", "ood")):
    """Paired difference of every setting to the training of its family without background.

    Parameters
    ----------
    frame : DataFrame
        Of :func:`with_settings`, with ``seed`` and ``value``.
    value : str
    within : sequence of str

    Returns
    -------
    DataFrame
        As :func:`bgood_lib.metrics.paired.compare` gives it, with ``family``. A family without such a training, or
        with nothing else, has no row.
    """
    parts = []
    for family, rows in frame.groupby("family", sort=False):
        plain = rows.loc[rows["plain"], "setting"].unique()
        if len(plain) and not rows["plain"].all():
            parts.append(compare(rows, value, {"setting": plain[0]}, ["setting"], within).assign(family=family))
    return _together(parts, within)


def over_control(frame, control, value="auroc", within=("detector",)):
    """Paired difference of every setting to the one that differs from it in the selector alone, which is a control's.

    Parameters
    ----------
    frame : DataFrame
        See :func:`changes`.
    control : str
        Name of a selector, for example ``all``.

    Returns
    -------
    DataFrame
        As :func:`changes`; settings without such a control have no row.
    """
    parts, shared = [], ["family", *(name for name in _BACKGROUND if name in frame)]
    for _, rows in frame[~frame["plain"]].groupby(shared, dropna=False, sort=False):
        if (label := setting_of(rows, selector=control)) and rows["setting"].nunique() > 1:
            parts.append(compare(rows, value, {"setting": label}, ["setting"], within))
    return _together(parts, within)


def _together(parts, within):
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*within, "setting", "difference"])


def against(frame, setting, control, value="auroc", within=("detector",)):
    """Paired difference of a setting to another, both by label; see :func:`changes`."""
    rows = frame[frame["setting"].isin([setting, control])]
    return compare(rows, value, {"setting": control}, ["setting"], within)
