"""Tables that say how many seeds they rest on."""

import re

import pandas as pd
from IPython.display import Markdown

from ..datasets import Description
from ..evaluation.report import label, labels
from ..utils.errors import InputError
from .changes import collapsed, with_settings
from .names import DEFAULT, place


def comparison(frame, weight):
    """The runs that differ in method, selector or seed only, with their settings.

    Parameters
    ----------
    frame : DataFrame
        Runs or metrics of a study.
    weight : float
        Keep background runs of this weight, patch size 1, and the longest schedule of the study.

    Returns
    -------
    DataFrame
        As :func:`bgood_lib.pages.changes.with_settings` gives it, no seed left out: cross-entropy first, then
        LogitNorm; without the background loss first.

    Raises
    ------
    ValueError
        If no background run has this weight; the message names the weights there are.
    """
    epochs, n_train = frame["epochs"], frame["n_train"].replace(0, float("inf"))
    longest = (epochs == epochs.max()) & (n_train == n_train[epochs == epochs.max()].max())
    kept = frame[longest & frame["weight"].isin([0, weight]) & (frame["patch_size"].fillna(1) == 1)]
    if weight not in set(kept["weight"]):
        weights = sorted(set(frame["weight"]) - {0})
        raise InputError(f"no background run of weight {weight}; there are {weights}")
    kept = with_settings(kept, {**DEFAULT, "weight": weight}, leave_out=False)
    runs = kept.drop_duplicates("run").set_index("run")
    order = sorted((*place(row), row["setting"], row["seed"], run) for run, row in runs.iterrows())
    order = {run: i for i, (*_, run) in enumerate(order)}
    return kept.sort_values("run", key=lambda names: names.map(order), kind="stable")


def first_run(runs, method, selector=None):
    """Name of the first run of a method and selector.

    Raises
    ------
    ValueError
        If there is none; the message says what there is.
    """
    selected = runs["selector"].isna() if selector is None else runs["selector"] == selector
    found = runs[(runs["method"] == method) & selected]
    if len(found):
        return found["run"].iloc[0]
    raise InputError(
        f"this page needs a run of {method}"
        + (f" with selector {selector}" if selector else "")
        + f"; the study's longest schedule has {', '.join(runs['run'].unique()) or 'none'}"
    )


def mean_and_spread(values, digits=1, scale=100):
    """``88.3 ± 0.4`` over seeds (standard deviation, ddof 1; no line breaks), or ``88.3`` for one."""
    values = pd.Series(values).dropna() * scale
    if values.empty:
        return "not available"
    text = f"{values.mean():.{digits}f}"
    return text if len(values) == 1 else f"{text}\u00a0±\u00a0{values.std(ddof=1):.{digits}f}"


def seeds_note(runs):
    """A sentence: how many seeds each setting of a table has."""
    counts = runs.groupby("setting", sort=False)["seed"].nunique()
    if set(counts) == {1}:
        return "Every figure is of one training (n = 1): differences of a point or two may be chance."
    parts = [f"n = {n} for {', '.join(counts.index[counts == n])}" for n in sorted(set(counts), reverse=True)]
    return f"Seeds: {'; '.join(parts)}. Where n > 1: mean ± standard deviation over seeds (ddof 1)."


def by_setting(runs, figures):
    """One column per setting, one row per figure: mean and spread over seeds, after their number.

    Parameters
    ----------
    runs : DataFrame
        With ``setting`` and the figures.
    figures : dict of str to (str, int)
        Row title to column and digits, of shares.

    Returns
    -------
    DataFrame of str, in percent
    """
    columns = {}
    for setting, rows in runs.groupby("setting", sort=False):
        columns[setting] = {"n seeds": str(len(rows))}
        for title, (column, digits) in figures.items():
            columns[setting][title] = mean_and_spread(rows.get(column, []), digits)
    return pd.DataFrame(columns)


def ood_table(metrics, value="auroc", detector="MSP"):
    """One column per setting, one row per OOD set, after ID accuracy.

    Parameters
    ----------
    metrics : DataFrame
        Of :func:`comparison`.
    value : str
        ``auroc`` or one of the two FPR95.
    detector : str

    Returns
    -------
    DataFrame of str, in percent
    """
    sets = labels(metrics)
    part = metrics[metrics["detector"] == detector]
    runs = part.drop_duplicates("run").set_index("run")
    runs = runs.assign(**{f"ood {name}": part[part["ood"] == name].set_index("run")[value] for name in sets})
    figures = {title: (f"ood {name}", 1) for name, title in sets.items()}
    return by_setting(runs, {"ID accuracy": ("accuracy", 2), **figures})


def group_table(metrics, value="auroc"):
    """Mean over the OOD sets of a group, per detector: every training beside its change.

    Parameters
    ----------
    metrics : DataFrame
        Of :func:`comparison`.
    value : str, default="auroc"

    Returns
    -------
    DataFrame of str, in percent
        Rows: ID accuracy, then detectors. Columns: group of sets with their number, classification
        loss, ``alone`` or what is added to it.
        Cells: mean (and spread) over seeds; for trainings with the background loss also the
        change over the seeds that they share with the one without, in points. A set that a
        detector failed on makes its cell ``failed``.
    """
    metrics = metrics.dropna(subset=["detector"])
    accuracy = metrics.drop_duplicates("run").set_index(["setting", "seed"])["accuracy"]
    plain = metrics[metrics["plain"]].drop_duplicates("family").set_index("family")["setting"]
    columns = {}
    for group, part in metrics.groupby("group", sort=False):
        means = part.groupby(["detector", "setting", "seed"], sort=False)[value].agg(lambda v: v.mean(skipna=False))
        for (setting, family), _ in part.groupby(["setting", "family"], sort=False):
            loss, _, added = setting.partition(" + ")
            base = plain.get(family)
            columns[f"{group} ({_count(part)})", loss, f"+ {added}" if added else "alone"] = {
                "ID accuracy": _with_change(accuracy, setting, base, 2),
                **{name: _with_change(means[name], setting, base, 1) for name in part["detector"].unique()},
            }
    return pd.DataFrame(columns)


def _count(metrics):
    """How many sets, and how many of them are not what their name says."""
    sets = metrics.drop_duplicates("ood")
    short = int(sets["standing"].isin(["part", "stand-in"]).sum())
    return f"{len(sets)} set{'s' * (len(sets) > 1)}" + (f", parts or stand-ins: {short}" if short else "")


def _with_change(values, training, base, digits):
    """Mean over seeds and, against ``base``, the change over shared seeds in brackets."""
    ours = values[training]
    if ours.isna().any():
        return "failed"
    text = mean_and_spread(ours, digits)
    if base in (None, training):
        return text
    change = (ours - values[base]).dropna()
    return text + (f" ({100 * change.mean():+.{digits}f})" if len(change) else "")


def overconfidence_table(runs, sets, figure):
    """One column per setting, one row per image set: a figure of overconfidence, in percent.

    Parameters
    ----------
    runs : DataFrame
        Of :func:`comparison`.
    sets : dict of str to str
        Titles of image sets by name; ``test`` is the ID one.
    figure : str
        ``mean_confidence``, ``above_0.9`` or ``above_0.99``, see
        :func:`bgood_lib.metrics.calibration.overconfidence`.

    Returns
    -------
    DataFrame of str
    """
    return by_setting(runs, {title: (f"overconfidence/{name}/{figure}", 1) for name, title in sets.items()})


def data_table(study):
    """Every image set that a study rests on: what, N, and the start of its checksum."""
    rows = {}
    for variant in study.data["data"]:
        sets = {f"ID {role}": variant[role] for role in ("train", "test")}
        sets |= {f"OOD {entry['group']}: {entry['name']}": entry for entry in variant["ood"]}
        for name, entry in sets.items():
            rows[name] = {"set": label(Description.of(entry)), "N": entry["n"], "sha256": entry.get("sha256", "")[:12]}
    return pd.DataFrame(rows).T


_SEEDS = re.compile(r"(?P<text>.*), n = (?P<n>\d+)(?P<collapsed>, \d+ collapsed)?")


def about(study):
    """What a page's figures rest on: seeds, data with N, device. Shown as a small list."""
    runs, kept = study.runs, with_settings(study.runs)
    n = kept.groupby("setting")["seed"].nunique()
    seeds = f"{n.min()}" if n.min() == n.max() else f"{n.min()} to {n.max()}"
    lines = [
        f"{len(n)} settings, {len(runs)} trainings, n = {seeds} seeds each; {', '.join(runs['device_name'].unique())}"
    ]
    lines += [f"OOD: {text}" for text in labels(study.metrics_frame()).values()]
    if names := collapsed(runs):
        left_out = sorted(set(runs["run"]) - set(kept["run"]))
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


def n_apart(table):
    """A table of differences as text, with the number of seeds in a column ``n`` instead of in every cell.

    Parameters
    ----------
    table : DataFrame of str
        Differences as :meth:`bgood_lib.metrics.paired.Difference.text` writes them; other cells stay as they are, and
        so does a row in which n differs.

    Returns
    -------
    DataFrame
    """
    rows = {}
    for key, row in table.iterrows():
        seeds = {match["n"] for cell in row if (match := _SEEDS.fullmatch(str(cell)))}
        n = seeds.pop() if len(seeds) == 1 else ""
        rows[key] = [n, *(_SEEDS.sub(r"\g<text>\g<collapsed>", str(cell)) if n else cell for cell in row)]
    apart = pd.DataFrame.from_dict(rows, orient="index", columns=["n", *table.columns])
    return apart.set_axis(table.index)
