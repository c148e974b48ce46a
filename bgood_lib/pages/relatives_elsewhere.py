"""Related methods elsewhere than on scenes: on photographs, and on CIFAR-10. A small table, and what was found in a few lines."""

from dataclasses import dataclass

import pandas as pd

from ..studies.results import read_results
from . import said
from .folded import table_html
from .relatives import BASELINE, Measured, Relative

FPR95 = "fpr95_ood_positive"
_PHOTOS = "relatives_photos"


@dataclass(frozen=True)
class Place:
    """A data set with its rows, and the OOD sets of its two columns.

    Attributes
    ----------
    rows : tuple of Relative
    titles : tuple of 2 str
        What the two are called.
    near, far : dict of str to str
        By set what it is called.
    """

    rows: tuple
    titles: tuple
    near: dict
    far: dict

    @property
    def sets(self):
        return (*self.near, *self.far)


def _rows(study, rule, weight):
    """Rows of a study whose background is what ``rule`` takes; those that it has no trainings for are left out later."""
    loss, outliers = f"background-{{}}-w{weight}", "background-penalty_uniform-w0.5-{}"
    shown = outliers.format(rule)
    return (
        Relative("background loss", study, loss.format(rule), group="background"),
        Relative("loss on all cells", study, loss.format("all"), group="all"),
        Relative("loss on a random cell", study, loss.format("random-n1"), group="all"),
        Relative("outlier exposure", study, "oe", needs="other pictures"),
        Relative("DOE", study, "doe", "MaxLogit", needs="other pictures"),
        Relative("outliers: background", study, shown, group="background"),
        Relative("outliers: all cells", study, outliers.format("all"), group="all"),
        Relative("outliers: a random cell", study, outliers.format("random-n1"), group="all"),
        Relative("DOE on background", study, f"doe_background-outliers_{shown}", "MaxLogit", group="background"),
    )


PHOTOS = Place(
    _rows(_PHOTOS, "cam_threshold", "0.03"),
    ("other objects", "no object"),
    {
        "photos_unseen": "unseen kinds",
        "photos_unseen_moved": "the same, moved",
        "photos_objects": "Imagenette's other kinds",
    },
    {"photos_bare": "bare crops", "photos_places": "places", "photos_textures": "textures"},
)
CIFAR10 = Place(
    _rows("relatives_cifar10", "rank", "0.05"),
    ("near", "far"),
    {"tiny_imagenet": "Tiny-ImageNet"},
    {"mnist": "MNIST", "svhn": "SVHN", "textures": "DTD", "fashion_mnist": "Fashion-MNIST", "chars74k": "Chars74K"},
)
# Networks of the profile `strong`; no other pictures were shown to them, so all sets are tests.
STRONG = Place(
    _rows("cifar10_tuned", "rank", "0.1"),
    ("near", "far"),
    {"cifar100": "CIFAR-100", **CIFAR10.near},
    {**CIFAR10.far, "places365": "MiniPlaces"},
)
PLACES = {"photos": PHOTOS, "cifar10": CIFAR10, "strong": STRONG}


def measured(name, results="results"):
    """The published figures of a place's rows; None where nothing is published.

    Parameters
    ----------
    name : str
        A key of ``PLACES``.
    results : path, default="results"

    Returns
    -------
    Measured or None
    """
    try:
        return Measured(results, PLACES[name].rows)
    except FileNotFoundError:
        return None


def table(place, found):
    """A row a method: seeds, ID accuracy, AUROC on the two columns, and FPR95; mean and standard deviation over seeds, percent.

    Parameters
    ----------
    place : Place
    found : Measured

    Returns
    -------
    DataFrame of str
        The score of a row stands behind its name where it is not MSP. FPR95 calls OOD the positive class, and is a mean over
        all sets.
    """
    rows = {}
    study = place.rows[0].study
    fpr = read_results(f"{found.results}/{study}").metrics[FPR95].set_index(["run", "detector"])
    for row in (Relative("cross-entropy", study, BASELINE), *found.rows):
        runs = found.seeds(row).values()
        rows[row.label + f" ({row.score})" * (row.score != "MSP")] = {
            "n": len(runs),
            "ID accuracy": said.mean(found.figure(row, "accuracy").values()),
            **{
                title: said.mean(found.of(row, sets=sets).values())
                for title, sets in zip(place.titles, (place.near, place.far))
            },
            "FPR95": said.mean([fpr.loc[(run, row.score), list(place.sets)].mean() for run in runs]),
        }
    return pd.DataFrame(rows).T


def changes(place, found):
    """Change of AUROC against cross-entropy, a column a method, on each set by its own score (to MSP); then of all, both at equal spread.

    Parameters
    ----------
    place : Place
    found : Measured

    Returns
    -------
    DataFrame of str
    """
    return pd.DataFrame(
        {
            row.label: {
                **{
                    title: said.points(found.change(row, sets=(name,)))
                    for name, title in {**place.near, **place.far}.items()
                },
                "all, at equal spread": said.points(found.change(row, "ScaledMSP", "ScaledMSP", place.sets)),
            }
            for row in found.rows
        }
    )


def lines(name, results="results"):
    """Lines of Markdown for the chapter: a table of changes of AUROC to cross-entropy, mean of all sets, and what the controls leave.

    A change *at equal spread* is that of MSP to MSP, both of logits of one spread, so that no temperature makes it.

    Parameters
    ----------
    name : str
        A key of ``PLACES``.
    results : path, default="results"

    Returns
    -------
    list of str : empty where nothing is published.
    """
    place, found = PLACES[name], measured(name, results)
    if found is None or not found.rows:
        return []
    plain = Relative("cross-entropy", place.rows[0].study, BASELINE)
    table = {plain.label: {"by its score": "–", "at equal spread": "–"}} | {
        row.label + f" ({row.score})" * (row.score != "MSP"): {
            "by its score": said.points(found.change(row, sets=place.sets)),
            "at equal spread": said.points(found.change(row, "ScaledMSP", "ScaledMSP", place.sets)),
        }
        for row in found.rows
    }
    for cells, row in zip(table.values(), (plain, *found.rows)):
        cells["ID accuracy, %"] = said.mean(found.figure(row, "accuracy").values())
    told = [table_html(pd.DataFrame(table).T, "method"), "", "Directly:", ""]
    rows = {row.label: row for row in found.rows}
    for one, other in (
        ("background loss", "loss on all cells"),
        ("background loss", "loss on a random cell"),
        ("background loss", "outlier exposure"),
        ("outliers: background", "outliers: all cells"),
        ("outliers: background", "outliers: a random cell"),
        ("outliers: background", "outlier exposure"),
    ):
        if {one, other} <= rows.keys():
            equal, far = (
                said.points(found.between(rows[one], rows[other], "ScaledMSP", sets))
                for sets in (place.sets, tuple(place.far))
            )
            told += [f"- {one} less {other}, at equal spread: {equal}, on *{place.titles[1]}* only {far}"]
    for row in (row for row in rows.values() if row.score != "MSP"):
        same = found.change(row, against=row.score, sets=place.sets)
        told += [f"- {row.label}, against {row.score} of cross-entropy: {said.points(same)}"]
    return told


def exits(results="results"):
    """A line of Markdown: how well MECAM's map finds background on photographs, beside the class activation map of one exit.

    Parameters
    ----------
    results : path, default="results"

    Returns
    -------
    list of str : empty where nothing is published; two exits are left out where no training with them is.
    """
    found = measured("photos", results)
    two, plain = Relative("two exits", _PHOTOS, "mecam_trunk"), Relative("one exit", _PHOTOS, BASELINE)
    if found is None or not found.seeds(plain):
        return []
    told = []
    for what, row, selector in (
        ("two exits", two, "merged_cams"),
        ("one exit", plain, "merged_cams"),
        ("the rule CAM threshold, on the same plain networks", plain, "cam_threshold"),
    ):
        if not found.seeds(row):
            continue
        right, there = (
            said.mean(found.figure(row, f"selection/{selector}/{share}").values()) for share in ("precision", "recall")
        )
        told += [f"{what}: {right}% are, and {there}% of them are found"]
    chance = said.mean(found.figure(plain, "selection/merged_cams/chance").values())
    return [
        f"- on photographs, of the cells that the map calls background (blindly chosen: {chance}%, n = {len(found.seeds(plain))}), by "
        + "; by ".join(told)
    ]
