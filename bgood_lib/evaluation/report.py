"""An evaluation in words and tables: Markdown, LaTeX, CSV."""

from pathlib import Path

import numpy as np
import pandas as pd

from .. import datasets
from ..detectors.registry import DETECTORS
from ..metrics.ood import METRICS
from ..utils.files import atomic_write
from .benchmark import MIXES


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
    table = {}
    for name, part in evaluation.rows.groupby("set", sort=False):
        first = part.iloc[0]
        if first["shortfall"] == "missing" or str(first["title"]).startswith("not given"):
            continue
        if name.startswith("mean "):
            title = f"{first['group']}: {first['title']}"
        else:
            note = f", {first['shortfall']}" if first["shortfall"] else ""
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
        f"ID: {evaluation.about}.",
    ]
    is_mean = rows["set"].str.startswith("mean ")
    for _, row in rows[~is_mean].drop_duplicates("set").iterrows():
        published = row["published_n"]
        lines.append(
            f"OOD, {row['group']}: {row['title']}"
            + (f" (published N = {published:,.0f})" if pd.notna(published) and published != row["n"] else "")
        )
    for _, row in rows[is_mean].drop_duplicates("set").iterrows():
        if row["title"].startswith("not given"):
            lines.append(f"{row['set'].capitalize()} {row['title']}.")
    failed = rows[~is_mean & rows["error"].notna()]
    for (detector, error), part in failed.groupby(["detector", "error"], sort=False):
        lines.append(f"{detector} failed on {', '.join(part['set'])}: {error}")
    seen = rows["detector"].dropna().unique()
    together = [name for name in seen if name in DETECTORS and DETECTORS[name].transductive]
    mixes = ", ".join(f"{mix}:1" for mix in (1, *MIXES))
    if together:
        lines.append(
            f"{', '.join(together)}: transductive, scores mixed batches (ID to OOD images {mixes}; 1:1 where none is named), "
            "so N is smaller."
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


def write(evaluation, folder):
    """Write ``evaluation-PROTOCOL`` as csv (all figures, shares), md and tex (percent).

    Parameters
    ----------
    evaluation : Evaluation
    folder : path

    Returns
    -------
    list of Path : the files.
    """
    texts = {
        "csv": evaluation.rows.to_csv(index=False),
        "md": to_markdown(evaluation),
        "tex": to_latex(evaluation),
    }
    files = [Path(folder) / f"evaluation-{evaluation.protocol.name}.{ending}" for ending in texts]
    for file, text in zip(files, texts.values()):
        with atomic_write(file) as temporary:
            Path(temporary).write_text(text, encoding="utf-8")
    return files
