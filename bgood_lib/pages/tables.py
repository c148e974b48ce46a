"""Tables that say how many seeds they rest on."""

import re
from collections import Counter

import pandas as pd
from IPython.display import Markdown

from ..datasets import Description
from ..evaluation.report import label, labels
from ..runs.record import metrics_frame
from ..training.config import METHODS
from ..utils.errors import InputError
from .changes import collapsed, with_settings
from .names import _LOSS, SELECTOR_NAMES, training_name

pd.set_option("display.max_colwidth", None)  # a title is never cut short


def comparison(records, weight):
    """The runs that differ in method, selector or seed only.

    Parameters
    ----------
    records : dict of str to dict
    weight : float
        Keep background runs of this weight, patch size 1, and the longest schedule of the study.

    Returns
    -------
    dict of str to dict : cross-entropy first, then LogitNorm; without the background loss first.

    Raises
    ------
    ValueError
        If no background run has this weight (the message names the weights there are), or two
        runs would be taken for one training with one seed.
    """

    def schedule(record):
        config = record["config"]
        return config["epochs"], config["n_train"] or float("inf")

    longest = max(map(schedule, records.values()))
    kept = {
        name: record for name, record in records.items()
        if schedule(record) == longest
        and record["config"]["weight"] in (0, weight)
        and record["config"]["patch_size"] in (None, 1)
    }  # fmt: skip
    if not any(record["config"]["weight"] == weight for record in kept.values()):
        weights = sorted({record["config"]["weight"] for record in records.values()} - {0})
        raise InputError(f"no background run of weight {weight}; there are {weights}")
    seen = {}
    for name, record in kept.items():
        other = seen.setdefault((training_name(record["config"]), record["config"]["seed"]), name)
        if other != name:
            raise InputError(
                f"{other} and {name} differ in more than method, selector and seed, so they cannot stand in one row; "
                "put them into studies of their own"
            )
    losses, selectors = list(_LOSS), [None, *SELECTOR_NAMES]

    def place(name):
        config = kept[name]["config"]
        loss, _ = METHODS[config["method"]]
        return losses.index(loss), selectors.index(config["selector"]), training_name(config), config["seed"]

    return {name: kept[name] for name in sorted(kept, key=place)}


def first_run(records, method, selector=None):
    """Name of the first run of a method and selector.

    Raises
    ------
    ValueError
        If there is none; the message says what there is.
    """
    for name, record in records.items():
        if (record["config"]["method"], record["config"]["selector"]) == (method, selector):
            return name
    raise InputError(
        f"this page needs a run of {method}"
        + (f" with selector {selector}" if selector else "")
        + "; the study's longest "
        f"schedule has {', '.join(records) or 'none'}"
    )


def mean_and_spread(values, digits=1, scale=100):
    """``88.3 ± 0.4`` over seeds (standard deviation, ddof 1; no line breaks), or ``88.3`` for one."""
    values = pd.Series(values).dropna() * scale
    if values.empty:
        return "not available"
    text = f"{values.mean():.{digits}f}"
    return text if len(values) == 1 else f"{text}\u00a0±\u00a0{values.std(ddof=1):.{digits}f}"


def seeds_note(records):
    """A sentence: how many seeds each training of a table has."""
    counts = Counter(training_name(record["config"]) for record in records.values())
    if set(counts.values()) == {1}:
        return "Every figure is of one training (n = 1): differences of a point or two may be chance."
    parts = [
        f"n = {n} for " + ", ".join(name for name in counts if counts[name] == n)
        for n in sorted(set(counts.values()), reverse=True)
    ]
    return f"Seeds: {'; '.join(parts)}. Where n > 1: mean ± standard deviation over seeds (ddof 1)."


def ood_table(records, value="auroc", detector="MSP"):
    """One column per training, one row per OOD set, after ID accuracy.

    Parameters
    ----------
    records : dict of str to dict
    value : str
        A metric of :func:`bgood_lib.metrics.ood_metrics`.
    detector : str

    Returns
    -------
    DataFrame of str, in percent
    """
    columns = {}
    for record in records.values():
        column = columns.setdefault(training_name(record["config"]), {"n seeds": [], "ID accuracy": []})
        column["n seeds"].append(1)
        column["ID accuracy"].append(record["accuracy"])
        scores = {m["ood"]: m.get(value) for m in record["metrics"] if m["detector"] == detector}
        for entry in record["data"]["ood"]:
            column.setdefault(label(Description.of(entry)), []).append(scores.get(entry["name"]))
    return pd.DataFrame({
        name: {
            key: str(len(values)) if key == "n seeds" else mean_and_spread(values, digits=2 if key == "ID accuracy" else 1)
            for key, values in column.items()
        }
        for name, column in columns.items()
    })  # fmt: skip


def paired_change(records, plain, ours, selector, value="auroc"):
    """What the background loss changes, per detector and OOD set.

    Parameters
    ----------
    records : dict of str to dict
        Of :func:`comparison`.
    plain, ours : str
        Methods without and with the background loss.
    selector : str
        Of the runs with it.
    value : str, default="auroc"
        A metric of :func:`bgood_lib.metrics.ood_metrics`.

    Returns
    -------
    change : DataFrame
        One row per detector, one column per OOD set (its name), percentage points: the mean over
        the seeds that both have. NaN where a detector failed.
    n : int
        Number of these seeds.
    """
    frame = metrics_frame(records).dropna(subset=["detector"])
    order = dict.fromkeys(frame["detector"]), dict.fromkeys(frame["ood"])
    without = frame[frame["method"] == plain]
    with_loss = frame[(frame["method"] == ours) & (frame["selector"] == selector)]
    seeds = set(without["seed"]) & set(with_loss["seed"])
    key = ["detector", "ood", "seed"]
    a, b = (part[part["seed"].isin(seeds)].set_index(key)[value] for part in (without, with_loss))
    change = 100 * (b - a).groupby(["detector", "ood"]).mean().unstack()
    return change.reindex(index=list(order[0]), columns=list(order[1])).rename_axis(index=None, columns=None), len(
        seeds
    )


def group_table(records, value="auroc"):
    """Mean over the OOD sets of a group, per detector: every training beside its change.

    Parameters
    ----------
    records : dict of str to dict
        Of :func:`comparison`: a training without the background loss stands before those with it.
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
    frame = metrics_frame(records).dropna(subset=["detector"])
    frame["training"] = [training_name(records[run]["config"]) for run in frame["run"]]
    accuracy = frame.drop_duplicates("run").set_index(["training", "seed"])["accuracy"]
    columns = {}
    for group, part in frame.groupby("group", sort=False):
        means = part.groupby(["detector", "training", "seed"], sort=False)[value].agg(lambda v: v.mean(skipna=False))
        title = f"{group} ({_count(part)})"
        trainings = list(dict.fromkeys(part["training"]))
        for training in trainings:
            loss, _, added = training.partition(" + ")
            base = loss if loss in trainings else None
            column = {"ID accuracy": _with_change(accuracy, training, base, 2)}
            for detector in dict.fromkeys(part["detector"]):
                column[detector] = _with_change(means[detector], training, base, 1)
            columns[title, loss, f"+ {added}" if added else "alone"] = column
    return pd.DataFrame(columns)


def _count(frame):
    """How many sets, and how many of them are not what their name says."""
    sets = frame.drop_duplicates("ood")
    short = sets["standing"].isin(["part", "stand-in"]).sum()
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


def overconfidence_table(records, value):
    """One column per training, one row per image set: a figure of overconfidence, in percent.

    Parameters
    ----------
    records : dict of str to dict
    value : str
        ``mean_confidence``, ``above_0.9`` or ``above_0.99``, see
        :func:`bgood_lib.metrics.overconfidence`.

    Returns
    -------
    DataFrame of str
    """
    columns = {}
    for record in records.values():
        column = columns.setdefault(training_name(record["config"]), {})
        titles = {"test": label(Description.of(record["data"]["test"]))}
        titles.update({entry["name"]: label(Description.of(entry)) for entry in record["data"]["ood"]})
        for name, title in titles.items():
            column.setdefault(title, []).append(record["overconfidence"].get(name, {}).get(value))
    return pd.DataFrame({name: {k: mean_and_spread(v) for k, v in column.items()} for name, column in columns.items()})


def data_table(records):
    """Every image set that some records rest on: what, N, and the start of its checksum."""
    rows = {}
    for record in records.values():
        for role in ("train", "test"):
            entry = record["data"][role]
            rows[f"ID {role}"] = {"set": label(Description.of(entry)), "N": entry["n"], "sha256": entry["sha256"][:12]}
        for entry in record["data"]["ood"]:
            rows[f"OOD {entry['group']}: {entry['name']}"] = {
                "set": label(Description.of(entry)), "N": entry["n"], "sha256": entry.get("sha256", "")[:12],
            }  # fmt: skip
    return pd.DataFrame(rows).T


_WITH_N = re.compile(r"(?P<text>.*), n = (?P<n>\d+)")


def about(study):
    """What a page's figures rest on: seeds, data with N, device. Shown as a small list."""
    runs, frame = study.runs, study.metrics_frame()
    n = with_settings(runs).groupby("setting")["seed"].nunique()
    seeds = f"{n.min()}" if n.min() == n.max() else f"{n.min()} to {n.max()}"
    lines = [
        f"{len(n)} settings, {len(runs)} trainings, n = {seeds} seeds each; {', '.join(runs['device_name'].unique())}"
    ]
    lines += [f"OOD: {text}" for text in labels(frame).values()]
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
        seeds = {match["n"] for cell in row if (match := _WITH_N.fullmatch(str(cell)))}
        n = seeds.pop() if len(seeds) == 1 else ""
        rows[key] = [n, *(_WITH_N.sub(r"\g<text>", str(cell)) if n else cell for cell in row)]
    apart = pd.DataFrame.from_dict(rows, orient="index", columns=["n", *table.columns])
    return apart.set_axis(table.index)
