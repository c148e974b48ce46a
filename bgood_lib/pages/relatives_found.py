"""What was found of each related method, in a few lines that the chapter and the page of figures share."""

from functools import partial
from pathlib import Path

from ..utils.files import atomic_write
from . import relatives_elsewhere, said, skeletons
from .relatives import SETS, Measured

BY_SET = {"unseen digits": SETS[:1], "bare backgrounds": SETS[1:2], "new textures": SETS[2:3], "unseen digits on them": SETS[3:]}  # fmt: skip
NOT_YET = "Not trained yet."


def found(measured):
    """Lines of Markdown by part of the chapter: dict of str to str.

    Parameters
    ----------
    measured : Measured
    """
    rows = {row.label: row for row in measured.rows}
    return {name: "\n".join(part(measured, rows)) or NOT_YET for name, part in PARTS.items()}


def write(path, results="results"):
    """All parts of :func:`found` in one file, each between ``<!-- NAME -->`` and ``<!-- end NAME -->``, to be included.

    Parameters
    ----------
    path : path
    results : path, default="results"

    Returns
    -------
    Path
    """
    parts = found(Measured(results)).items()
    text = "\n".join(f"<!-- {name} -->\n{part}\n<!-- end {name} -->\n" for name, part in parts)
    with atomic_write(path) as temporary:
        Path(temporary).write_text(text, encoding="utf-8")
    return Path(path)


def _change(measured, row):
    accuracy = said.mean(measured.figure(row, "accuracy").values())
    return f"- {row.label} ({row.score}): {said.points(measured.change(row))}; ID accuracy {accuracy}%"


def _changes(measured, rows, *labels):
    return [_change(measured, rows[label]) for label in labels if label in rows]


def _between(measured, rows, label, other, score=None):
    if not {label, other} <= rows.keys():
        return []
    under = f" (both {score})" * bool(score)
    return [f"- {label} less {other}{under}: {said.points(measured.between(rows[label], rows[other], score))}"]


def _outliers(measured, rows):
    names = [f"outliers: {name}" for name in ("background", "one a picture", "all cells", "true masks")]
    lines = _changes(measured, rows, "outlier exposure", *names)
    for control in names[2:]:
        lines += _between(measured, rows, names[0], control)
    return lines + _between(measured, rows, names[0], names[2], "ScaledMSP")


def _doe(measured, rows):
    pairs = ("DOE", "outlier exposure"), ("DOE on background", "outliers: background")
    lines = _changes(measured, rows, *(label for label, _ in pairs))
    for label, other in pairs:
        lines += _between(measured, rows, label, other, "MaxLogit")
    return lines


def _prood(measured, rows):
    lines = _changes(measured, rows, "ProoD")
    if "ProoD, certified" in rows:
        guard = measured.of(rows["ProoD, certified"])
        lines += [
            f"- certified AUROC, which no change of a pixel by up to 0.01 can lower: {said.mean(guard.values())}%, "
            f"beside {said.mean(measured.of(rows['ProoD']).values())}% without an attack (n = {len(guard)})"
        ]
    return lines


def _syncood(measured, rows):
    lines = []
    for label in (label for label in rows if label.startswith("SyncOOD")):
        by_set = {name: measured.change(rows[label], sets=sets) for name, sets in BY_SET.items()}
        least = min(by_set, key=lambda name: by_set[name].mean)
        lines += [f"{_change(measured, rows[label])}; least on {least}: {said.points(by_set[least])}"]
    return lines


def _mecam(measured, rows):
    lines = []
    for row in (row for row in rows.values() if row.run.startswith("mecam")):
        precision, recall, chance = (
            said.mean(measured.figure(row, f"selection/merged_cams/{name}").values())
            for name in ("precision", "recall", "chance")
        )
        lines += [
            f"{_change(measured, row)}. Of the cells that its map calls background {precision}% are (blindly chosen: "
            f"{chance}%), and it finds {recall}% of them"
        ]
    lines += _between(measured, rows, "loss by MECAM's map", "MECAM", "MSP")
    return lines + relatives_elsewhere.exits(measured.results)


def _kan(measured, rows):
    lines = _changes(measured, rows, "KAN")
    for row in (rows[label] for label in ("KAN",) if label in rows):
        lines += [
            f"- {name}: {said.points(measured.change(row, sets=sets))}; with KNN: {said.points(measured.change(row, 'KNN', sets=sets))}"
            for name, sets in BY_SET.items()
        ]
    return lines


def _logits(measured, rows):
    return [
        f"{_change(measured, row)}; sure of unknown pictures: {said.mean(measured.sure(row).values())}% "
        f"(cross-entropy: {said.mean(measured.sure(measured.plain(row)).values())}%)"
        for row in rows.values()
        if row.label in ("a teacher's logits", "without a teacher")
    ]


def _mood(measured, rows):
    controls = "MOOD, not pre-trained", "MOOD, second half alone"
    lines = _changes(measured, rows, "MOOD", *controls, "MOOD's reconstruction")
    for control in controls:
        lines += _between(measured, rows, "MOOD", control) + _between(measured, rows, "MOOD", control, "MSP")
    return lines


def _skeletons(measured, rows):
    return skeletons.found(Measured(measured.results, skeletons.ROWS))


def _elsewhere(name, measured, rows):
    return relatives_elsewhere.lines(name, measured.results)


PARTS = {
    "outliers": _outliers,
    "doe": _doe,
    "prood": _prood,
    "syncood": _syncood,
    "mecam": _mecam,
    "kan": _kan,
    "logits": _logits,
    "mood": _mood,
    "skeletons": _skeletons,
    **{name: partial(_elsewhere, name) for name in relatives_elsewhere.PLACES},
}
