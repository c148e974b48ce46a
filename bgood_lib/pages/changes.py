"""What the study's pages have in common: names of settings, changes against the training without background."""

import pandas as pd

from ..metrics.paired import compare
from ..studies.results import read_results
from ..training.config import METHODS
from ..utils.errors import InputError
from .names import DEFAULT, setting_name

COLLAPSED = 0.5  # an ID accuracy below
# Scores the pages look at: probabilities, logits, neighbours and a Gaussian of features of length one, norms.
SHOWN = ("MSP", "Energy", "KNN", "Mahalanobis++", "PooledNorm", "NormContrast")


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


def with_settings(frame, default=DEFAULT):
    """A frame of runs or metrics with the columns ``setting`` (its name) and ``family``.

    A family is what shares everything but the background loss: the classification loss and the
    network. In each, ``plain`` is the training without background. Seeds whose plain training collapsed
    (:func:`collapsed`) are left out of their family: there is nothing to compare with.
    """
    names = {}
    for key, row in frame.drop_duplicates("run").set_index("run").iterrows():
        loss, background = METHODS[row["method"]]
        names[key] = (setting_name(row, default), f"{loss}, {row['network']} {row['stages']}", not background)
    columns = zip(*(names[run] for run in frame["run"]))
    frame = frame.assign(**dict(zip(("setting", "family", "plain"), columns)))
    bad = frame[frame["plain"] & (frame["accuracy"] < COLLAPSED)]
    pairs = set(zip(bad["family"], bad["seed"]))
    return frame[[pair not in pairs for pair in zip(frame["family"], frame["seed"])]]


def collapsed(runs):
    """Names of the runs with an ID accuracy under 50%: their networks learned nothing, or lost it."""
    return sorted(runs.loc[runs["accuracy"] < COLLAPSED, "run"])


def confidence_changes(runs, sets, figure="mean_confidence", than=()):
    """Change of a figure of confidence, as a mean over some image sets; see :func:`changes`.

    Parameters
    ----------
    runs : DataFrame
    sets : list of str
        OOD sets, or ``test``.
    figure : str, default="mean_confidence"
        Of the largest probability: its mean, or ``above_0.9``, the share of images where it is larger.
    than : list of str, default=()
        Image sets whose mean is taken off: with ``["test"]``, how much more it changes on OOD than on ID images.
    """

    def mean(names):
        return runs[[f"overconfidence/{name}/{figure}" for name in names]].mean(axis=1)

    found = mean(sets) - mean(than) if than else mean(sets)
    return changes(runs.assign(confidence=found), "confidence", within=())


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
    keys = [
        column
        for column in frame
        if column not in ("group", "ood", "title", "standing", "note", "n", "auroc", "fpr95_ood_positive", "fpr95_id_positive")
    ]
    return frame.groupby(keys, dropna=False, sort=False)[metric].mean().reset_index()


def changes(frame, value="auroc", within=("detector", "ood")):
    """Paired difference of every setting to the training of its family without background.

    Parameters
    ----------
    frame : DataFrame
        With ``setting``, ``family``, ``plain`` of :func:`with_settings`, ``seed`` and ``value``.
    value : str
    within : sequence of str

    Returns
    -------
    DataFrame
        As :func:`bgood_lib.metrics.paired.compare` gives it, with ``family``.
    """
    parts = []
    for family, rows in frame.groupby("family", sort=False):
        (plain,) = rows.loc[rows["plain"], "setting"].unique()
        if rows["setting"].nunique() > 1:
            parts.append(compare(rows, value, {"setting": plain}, ["setting"], within).assign(family=family))
    return pd.concat(parts, ignore_index=True)


def shared_and_not(frame, shared, other, value="auroc"):
    """How much more a setting gains on one OOD set than on another, seed by seed.

    Parameters
    ----------
    frame : DataFrame
        Metrics of one detector, see :func:`changes`.
    shared, other : str
        Names of the sets.

    Returns
    -------
    DataFrame
        As :func:`changes`, of the figure on ``shared`` minus that on ``other``.
    """
    keys = ["run", "seed", "setting", "family", "plain"]
    both = frame.pivot_table(index=keys, columns="ood", values=value, sort=False).reset_index()
    return changes(both.assign(gap=both[shared] - both[other]), "gap", within=())


def against(frame, setting, control, value="auroc", within=("detector",)):
    """Paired difference of a setting to a control, both by name; see :func:`changes`."""
    rows = frame[frame["setting"].isin([setting, control])]
    return compare(rows, value, {"setting": control}, ["setting"], within)
