"""All trainings and scores that were published, in one table: as CSV, and to be filtered on a page."""

import json
from importlib import resources

import pandas as pd
from IPython.display import HTML
from scipy.stats import t as student

from ..metrics.ood import METRICS
from ..metrics.paired import FEWEST
from ..studies.results import published
from ..utils.files import locate
from . import changes
from .names import DEFAULT, short_name
from .venues import VENUES

EVERY = "all sets"
# Further folders that hold a study's baselines.
_MORE = {first: more for venue in VENUES for first, *more in venue.folders}


def all_scores(root="results"):
    """A row for each study, training, score and group of OOD sets (or single set).

    Parameters
    ----------
    root : path, default="results"

    Returns
    -------
    DataFrame
        ``study``, ``training``, ``n`` (seeds), ``id_accuracy``, ``score``, ``ood`` (``all sets``, a group, or a set's name),
        ``kind`` (``all``, ``group`` or ``set``), the metrics, all as means over seeds in
        percent, each with ``..._sd``
        (ddof 1); and the ``change`` of AUROC against the same training without background loss, seed by seed, in points,
        with its 95% interval ``low``, ``high``. Trainings whose baseline collapsed are left out.
    """
    return pd.concat([_study(folder, locate(root)) for folder in published(root)], ignore_index=True)


def _study(folder, root):
    there = [root / name for name in _MORE.get(folder.name, ()) if (root / name).is_dir()]
    metrics = changes.with_baselines(folder, *there)[2]
    metrics = changes.with_settings(metrics, {**DEFAULT, "weight": None}).dropna(subset=["detector", "auroc"])
    parts = [_part(metrics, EVERY, "all")]
    groups = metrics.groupby("group", sort=False)["ood"].nunique()
    parts += [_part(metrics[metrics["group"] == name], name, "group") for name in groups.index if len(groups) > 1]
    parts += [_part(metrics[metrics["ood"] == name], name, "set") for name in metrics["ood"].unique()]
    return pd.concat(parts, ignore_index=True).assign(study=folder.name)


def _part(metrics, name, kind):
    # A run that a score failed for on some sets has no mean over them.
    whole = metrics.groupby(["run", "detector"])["ood"].transform("nunique") == metrics["ood"].nunique()
    keys = ["setting", "detector"]
    mean = metrics[whole].groupby([*keys, "seed", "family", "plain", "collapsed"], sort=False)
    mean = mean[["accuracy", *METRICS]].mean().reset_index()
    seeds = mean.groupby(keys, sort=False)
    figures = seeds[["accuracy", *METRICS]]
    table = pd.concat(
        [seeds["seed"].nunique().rename("n"), 100 * figures.mean(), (100 * figures.std()).add_suffix("_sd")], axis=1
    )
    table = table.join(_changes(mean, keys)).reset_index()
    names = {"setting": "training", "detector": "score", "accuracy": "id_accuracy", "accuracy_sd": "id_accuracy_sd"}
    return table.rename(columns=names).assign(ood=name, kind=kind)


def _changes(mean, keys):
    """As :func:`bgood_lib.pages.changes.changes` has it, for thousands of rows at once."""
    pair = ["family", "seed", "detector"]
    plain = mean.loc[mean["plain"], [*pair, "auroc", "collapsed"]]
    both = mean[~mean["plain"]].merge(plain, on=pair, suffixes=("", " plain"))
    both["change"] = 100 * (both["auroc"] - both["auroc plain"])
    both["bad"] = both["collapsed"] | both["collapsed plain"]
    found = both.groupby(keys, sort=False).agg(
        n=("change", "size"), change=("change", "mean"), sd=("change", "std"), bad=("bad", "any")
    )
    half = student.ppf(0.975, found["n"] - 1) * found["sd"] / found["n"] ** 0.5
    half = half.where((found["n"] >= FEWEST) & ~found["bad"])
    return pd.DataFrame(
        {"change": found["change"], "low": found["change"] - half, "high": found["change"] + half}, index=found.index
    )


COLUMNS = [
    "study", "training", "n", "id_accuracy", "id_accuracy_sd", "score", "ood",
    *(f"{metric}{end}" for metric in METRICS for end in ("", "_sd")),
    "change", "low", "high",
]  # fmt: skip


def write_csv(path, root="results"):
    """Write :func:`all_scores` as CSV, with two decimals."""
    table = all_scores(root)[COLUMNS]
    table.to_csv(path, index=False, float_format="%.2f")
    return table


def explorer(table, start):
    """The table with controls to filter and sort it, for a page; it needs no kernel and no library.

    Parameters
    ----------
    table : DataFrame
        Of :func:`all_scores`.
    start : dict
        What is shown first: ``study``, ``ood``, ``score``.

    Returns
    -------
    IPython.display.HTML
    """
    data = json.dumps(_packed(table[table["kind"] != "set"]), separators=(",", ":"))
    file = resources.files(__package__) / "score_table.html"
    text = file.read_text(encoding="utf-8")
    return HTML(text.replace("/*DATA*/", data.replace("</", "<\\/")).replace("/*START*/", json.dumps(start)))


def _packed(table):
    """By study: trainings with n and accuracy, scores, groups of sets, and rows of numbers in tenths of a percent, changes in hundredths of a point."""
    packed = {}
    for study, part in table.groupby("study", sort=False):
        names = {key: list(part[key].unique()) for key in ("training", "score", "ood")}
        place = {key: {name: i for i, name in enumerate(values)} for key, values in names.items()}
        about = part.drop_duplicates("training")
        numbers = [
            _short([place["training"][row["training"]], place["score"][row["score"]], place["ood"][row["ood"]],
                    *(_tenths(row[f"{metric}{end}"]) for metric in METRICS for end in ("", "_sd")),
                    *(_hundredths(row[name]) for name in ("change", "low", "high"))])
            for row in part.to_dict("records")
        ]  # fmt: skip
        names["training"] = [short_name(name) for name in names["training"]]
        packed[study] = {
            **names, "rows": numbers,
            "about": [[int(row["n"]), _tenths(row["id_accuracy"]), _tenths(row["id_accuracy_sd"])] for row in about.to_dict("records")],
        }  # fmt: skip
    return packed


def _short(row):
    """A row without the empty places at its end; most have no interval."""
    while row[-1] is None:
        row = row[:-1]
    return row


def _tenths(value):
    return None if pd.isna(value) else round(10 * value)


def _hundredths(value):
    return None if pd.isna(value) else round(100 * value)
