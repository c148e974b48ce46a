"""What the study's pages have in common: names of settings, changes against the training without background."""

import re
import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown

from .config import METHODS
from .figures import COLOURS
from .statistics import compare
from .study_tables import read_results
from .tables import training_name

# The default of the scenes study; what differs from it is named.
DEFAULT = {"weight": 0.1, "patch_size": 1, "n_patches": 0, "background_start": 0.3}
_TEXT = {
    "weight": "weight {:g}",
    "patch_size": "patch {:g}",
    "n_patches": "{:g} cells",
    "background_start": "start {:g}",
}
_WITH_N = re.compile(r"(?P<text>.*), n = (?P<n>\d+)")
COLLAPSED = 0.5  # an ID accuracy below
# Scores the pages look at: probabilities, logits, neighbours and a Gaussian of features of length one, norms.
SHOWN = ("MSP", "Energy", "KNN", "Mahalanobis++", "PooledNorm", "NormContrast")


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


def with_baselines(folder, *more):
    """A published study, and the trainings of whole data sets without background loss that further ones have.

    Parameters
    ----------
    folder : path
        Of the study, see :func:`bgood_lib.study_tables.read_results`.
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


def set_names(study):
    """Short names of a study's OOD sets by their names, in the order of their protocol: dict of str to str."""
    titles = study.metrics_frame().drop_duplicates("ood").set_index("ood")["title"]
    short = {name: title.split(", N")[0].split(" (")[0].split(", without")[0] for name, title in titles.items()}
    return {name: title.removeprefix("Scenes, ") for name, title in short.items()}


def about(study):
    """What a page's figures rest on: seeds, data with N, device. Shown as a small list."""
    runs, frame = study.runs, study.metrics_frame()
    n = with_settings(runs).groupby("setting")["seed"].nunique()
    seeds = f"{n.min()}" if n.min() == n.max() else f"{n.min()} to {n.max()}"
    lines = [
        f"{len(n)} settings, {len(runs)} trainings, n = {seeds} seeds each; {', '.join(runs['device_name'].unique())}"
    ]
    lines += [f"OOD: {title}" for title in frame["title"].unique()]
    if names := collapsed(runs):
        left_out = sorted(set(runs["run"]) - set(with_settings(runs)["run"]))
        lines.append(f"collapsed, with an ID accuracy under 50%: {', '.join(names)}")
        if left_out:
            lines.append(
                f"left out, because the same training without background loss collapsed: {', '.join(left_out)} "
                "(a rule that was made when these figures had been seen)"
            )
    return Markdown("\n".join(f"- {line}" for line in lines))


def in_order(frame, names):
    """Rows of some settings, in the order of ``names``."""
    kept = frame[frame["setting"].isin(names)]
    return kept.sort_values("setting", key=lambda column: column.map(names.index), kind="stable")


def wide(changes, sets, names):
    """Mean changes as a table: one row a setting, one column an OOD set by its short name."""
    table = changes.pivot(index="setting", columns="ood", values="mean")
    return table.reindex(index=names, columns=list(sets)).rename(columns=sets).rename_axis(index=None, columns=None)


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
        raise ValueError(
            f"{one} and {two} differ in {', '.join(sorted(a ^ b))}: a mean would compare what is not alike"
        )
    keys = [
        column
        for column in frame
        if column not in ("group", "ood", "title", "n", "auroc", "fpr95_ood_positive", "fpr95_id_positive")
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
        As :func:`bgood_lib.statistics.compare` gives it, with ``family``.
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


def short_name(setting):
    """A setting without the words that all settings of a figure share."""
    return setting.replace("cross-entropy + background (", "").replace("background (", "").replace(")", "", 1)


def n_apart(table):
    """A table of differences as text, with the number of seeds in a column ``n`` instead of in every cell.

    Parameters
    ----------
    table : DataFrame of str
        Differences as :meth:`bgood_lib.statistics.Difference.text` writes them; other cells stay as they are, and
        so does a row in which n differs.

    Returns
    -------
    DataFrame
    """
    rows = {}
    for key, row in table.iterrows():
        seeds = {match["n"] for cell in row if (match := _WITH_N.fullmatch(str(cell)))}
        n = seeds.pop() if len(seeds) == 1 else ""
        rows[key] = [n, *(_WITH_N.sub(r"\g<text>", str(cell)) if n else cell for cell in row)]
    apart = pd.DataFrame.from_dict(rows, orient="index", columns=["n", *table.columns])
    return apart.set_axis(table.index)


def change_plot(panels, xlabel, scale=100):
    """Differences with their intervals: one panel a column, one row a setting.

    Parameters
    ----------
    panels : dict of str to DataFrame
        ``setting``, ``mean``, ``low``, ``high`` and, where rows are to be told apart, ``colour``
        (0, 1, ...). All panels show the settings of the first, in its order.
    xlabel : str
    scale : float, default=100

    Returns
    -------
    matplotlib Figure
    """
    names = list(next(iter(panels.values()))["setting"])
    figure, axes = plt.subplots(
        1, len(panels), figsize=(2.4 + 1.75 * len(panels), 1.1 + 0.27 * len(names)),
        sharey=True, squeeze=False, layout="constrained",
    )  # fmt: skip
    y = np.arange(len(names))[::-1]
    for axis, (title, rows) in zip(axes[0], panels.items()):
        rows = rows.set_index("setting").reindex(names)
        axis.axvline(0, color="#888888", linewidth=0.8)
        colours = [COLOURS[int(i)] for i in rows.get("colour", pd.Series(0, rows.index)).fillna(0)]
        axis.hlines(y, scale * rows["low"], scale * rows["high"], colors=colours, linewidth=1.6)
        axis.scatter(scale * rows["mean"], y, color=colours, s=20, zorder=3)
        axis.set_title(textwrap.fill(title, 16))
        axis.grid(axis="x", color="#EEEEEE")
        axis.set_axisbelow(True)
    axes[0, 0].set_yticks(y, map(short_name, names))
    figure.supxlabel(xlabel, fontsize=10)
    return figure
