"""An evaluation in words and tables: Markdown, LaTeX, CSV."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from .. import datasets
from ..datasets import Description
from ..detectors.registry import DETECTORS
from ..metrics.ood import METRICS
from ..utils.files import atomic_write
from .benchmark import MIXES


def label(what):
    """A set in words; never calls a part or a stand-in by the name of the whole set.

    Parameters
    ----------
    what : Description

    Returns
    -------
    str : for example ``SVHN subset (part of SVHN), N = 1,040``.
    """
    if what.standing == "missing":
        return f"{what.title}: missing"
    whole = datasets.FULL.get(what.name, what.name)
    standing = {
        "whole": "", "part": f" (part of {whole})", "stand-in": f" (stand-in for {whole})", "own": " (own)",
    }  # fmt: skip
    note = f", {what.note}" if what.note else ""
    return f"{what.title}{standing[what.standing]}{note}, N = {what.n:,}"


def labels(frame):
    """The OOD sets of a :func:`~bgood_lib.runs.record.metrics_frame` in words: dict of str to str, by name."""
    sets = frame.drop_duplicates("ood")
    return {row["ood"]: label(Description.of(row, "ood")) for _, row in sets.iterrows()}


def _about(rows, of_mean):
    """What stands behind a mean, or why there is none; ``of_mean`` is one of its rows."""
    sets = rows[~_is_mean(rows)].drop_duplicates("set")
    if of_mean["group"] != "all":
        sets = sets[sets["group"] == of_mean["group"]]
    if of_mean["standing"] == "missing":
        return f"not given: {', '.join(sets['title'][sets['standing'] == 'missing'])} missing"
    short = int(sets["standing"].isin(["part", "stand-in"]).sum())
    return f"mean of {len(sets)} sets" + (f", {short} of them parts or stand-ins" if short else "")


def means(evaluation):
    """The means of an evaluation in words: dict of str to str, by ``set`` of their rows."""
    found = evaluation.rows[_is_mean(evaluation.rows)].drop_duplicates("set")
    return {row["set"]: _about(evaluation.rows, row) for _, row in found.iterrows()}


def _is_mean(rows):
    return rows["set"].str.startswith("mean ")


def wide(evaluation, metric):
    """One row per detector, one column per set and mean that is given: a figure in percent.

    Parameters
    ----------
    evaluation : Evaluation
    metric : str
        One of ``METRICS``.

    Returns
    -------
    DataFrame of str
        A set that is not the whole one says so in its column's name; ``failed`` where a detector
        did.
    """
    table, of_means = {}, means(evaluation)
    for name, part in evaluation.rows.groupby("set", sort=False):
        first = part.iloc[0]
        if first["standing"] == "missing":
            continue
        if name in of_means:
            title = f"{first['group']}: {of_means[name]}"
        else:
            note = "" if first["standing"] == "whole" else f", {first['standing']}"
            title = f"{datasets.FULL.get(name, name)}{note} (N = {first['n']:,})"
        values = part.set_index("detector")[metric]
        table[title] = values.map(lambda value: "failed" if np.isnan(value) else f"{100 * value:.1f}")
    table = pd.DataFrame(table)
    return table.rename_axis("detector")


def notes(evaluation):
    """What must be known to read the tables: a list of str, a line each."""
    protocol, rows = evaluation.protocol, evaluation.rows
    convention = f" Its FPR95 is {protocol.fpr95}." if protocol.fpr95 else ""
    source = f" ({protocol.source})" if protocol.source else ""
    lines = [
        f"Protocol {protocol.name}: {protocol.title}{source}.{convention} Images: {protocol.resize}.",
        f"ID: {label(evaluation.test)}; accuracy {100 * rows['accuracy'].max():.2f}%.",
    ]
    is_mean = _is_mean(rows)
    for _, row in rows[~is_mean].drop_duplicates("set").iterrows():
        published = row["published_n"]
        lines.append(
            f"OOD, {row['group']}: {label(Description.of(row, 'set'))}"
            + (f" (published N = {published:,.0f})" if pd.notna(published) and published != row["n"] else "")
        )
    missing = set(rows["set"][is_mean & (rows["standing"] == "missing")])
    lines += [f"{name.capitalize()} {text}." for name, text in means(evaluation).items() if name in missing]
    failed = rows[~is_mean & rows["error"].notna()]
    for (detector, error), part in failed.groupby(["detector", "error"], sort=False):
        lines.append(f"{detector} failed on {', '.join(part['set'])}: {error}")
    seen = rows["detector"].dropna().unique()
    together = [name for name in seen if name in DETECTORS and DETECTORS[name].transductive]
    mixes = ", ".join(f"{mix}:1" for mix in (1, *MIXES))
    if together:
        lines.append(
            f"{', '.join(together)}: transductive, scores mixed batches (ID to OOD images {mixes}; 1:1 where none is "
            "named), so N is smaller."
        )
    return lines


def to_markdown(evaluation):
    """Notes and a table per metric, in percent, as Markdown."""
    parts = ["\n".join(f"- {line}" for line in notes(evaluation))]
    for metric in METRICS:
        table = wide(evaluation, metric).reset_index()
        grid = [list(table.columns), ["---", *["--:"] * (len(table.columns) - 1)], *table.values.tolist()]
        parts.append(f"**{metric}**, in percent\n\n" + "\n".join("| " + " | ".join(row) + " |" for row in grid))
    return "\n\n".join(parts) + "\n"


def to_latex(evaluation):
    """A tabular per metric, in percent, with the notes as comments; needs LaTeX's booktabs."""
    parts = ["\n".join(f"% {line}" for line in notes(evaluation))]
    for metric in METRICS:
        table = wide(evaluation, metric).map(str)
        escaped = table.rename(columns=_escape, index=_escape).rename_axis(None)
        parts.append(f"% {metric}, in percent\n" + escaped.to_latex(column_format="l" + "r" * table.shape[1]))
    return "\n".join(parts)


def _escape(text):
    return "".join(f"\\{letter}" if letter in "&%$#_{}" else letter for letter in str(text))


def stem(what, protocol, detectors=None, ood=()):
    """Name of a table's file, without ending: one of some detectors only, or of further sets, is called by them too."""
    parts = [what, protocol, *(["with", *ood] if ood else ()), *(detectors or ())]
    name = "-".join(parts)
    if len(name) < 150:
        return name
    return f"{'-'.join(parts[:4])[:100]}-and-{len(parts) - 4}-more-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def write(evaluation, folder, detectors=None, ood=()):
    """Write ``evaluation-PROTOCOL`` as csv (all figures, shares), md and tex (percent).

    Parameters
    ----------
    evaluation : Evaluation
    folder : path
    detectors : sequence of str, optional
        The detectors, where they are not all: the files are called by them too.
    ood : sequence of str, optional
        Sets beside those of the protocol, likewise.

    Returns
    -------
    list of Path : the files.
    """
    texts = {
        "csv": evaluation.rows.to_csv(index=False),
        "md": to_markdown(evaluation),
        "tex": to_latex(evaluation),
    }
    name = stem("evaluation", evaluation.protocol.name, detectors, ood)
    files = [Path(folder) / f"{name}.{ending}" for ending in texts]
    for file, text in zip(files, texts.values()):
        with atomic_write(file) as temporary:
            Path(temporary).write_text(text, encoding="utf-8")
    return files
