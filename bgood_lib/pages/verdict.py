"""One rule for every yes and no of the book.

A claim is tested by the 95% interval of paired differences over seeds: *yes* or *no* where it lies on that side of
zero, *no clear change* where it holds zero, *too few* where there is no interval: under three seeds, or a collapsed
network among them. Beside it stands what is left of the verdict when all tests of a page are taken together
(:func:`bgood_lib.metrics.paired.holm`).

Shrinking features shrinks logits and softens the softmax, which moves MSP even where nothing else changes. So MSP is
joined by two scores that a mere temperature cannot move.
"""

import math

import pandas as pd

from ..metrics.paired import holm
from . import changes

# What the abstract claims.
CONFIDENCE, DETECTION, BACKGROUND, PREMISE = (
    "fewer overconfident answers",
    "better OOD detection",
    "it is background features that matter",
    "it works because backgrounds are shared",
)
YES, NO, UNCLEAR, TOO_FEW, NOT_MEASURED = "yes", "no", "no clear change", "too few", "not measured"
SCORES = ("MSP", "ScaledMSP", "MaxLogit")
INSTEAD = {"ScaledMSP": "TemperatureScaling"}  # no temperature moves it either; where tables lack the first
TEMPERATURE = "on OOD images, less the plain network's with a temperature"
LEVEL = 0.05
RULE = (
    "*yes* and *no*: the 95% interval over paired seeds (Student's t) lies on that side of zero; *no clear change*: it "
    "holds zero; *too few*: fewer than three seeds, or a collapsed network among them. After the stroke, what is left "
    "when all tests of the page are taken together (Holm's correction)."
)


def verdict(difference, good=1, p=None):
    """What a paired difference says of a claim.

    Parameters
    ----------
    difference : Difference or None
        None where nothing was measured.
    good : {1, -1}
        The sign that the claim predicts.
    p : float, optional
        A p-value corrected for the number of tests, to decide in place of the interval.

    Returns
    -------
    str : ``yes``, ``no``, ``no clear change``, ``too few`` or ``not measured``.
    """
    if difference is None:
        return NOT_MEASURED
    if math.isnan(difference.low):
        return TOO_FEW
    clear = difference.low > 0 or difference.high < 0 if p is None else p < LEVEL
    return UNCLEAR if not clear else YES if good * difference.mean > 0 else NO


def scores(metrics):
    """The scores that verdicts are given for: those of ``SCORES``, or what stands in for one that was not measured."""
    there = set(metrics["detector"])
    shown = [score for name in SCORES for score in ((name,) if name in there else (name, INSTEAD.get(name)))]
    return [name for name in shown if name in SCORES or name in there]


def ask(claim, where, measure, difference, good=1, **beside):
    """One row of :func:`judge`.

    Parameters
    ----------
    claim, where, measure : str
        What is claimed, of which training on which sets, and by which score or figure.
    difference : Difference or None
    good : {1, -1}
    **beside
        What else the row should show.
    """
    return {"claim": claim, "where": where, "measure": measure, "difference": difference, "good": good, **beside}


def by_scores(claim, where, metrics, differences, setting, **beside):
    """A test for every score: how a setting changes the mean AUROC.

    Parameters
    ----------
    claim, where : str
    metrics : DataFrame
        Of :func:`bgood_lib.pages.changes.mean_over_sets`.
    differences : callable
        From such a frame to differences by ``setting`` and ``detector``, for example
        :func:`bgood_lib.pages.changes.changes`.
    setting : str
    **beside
        See :func:`ask`.

    Returns
    -------
    list of dict : empty where the setting has no such difference.
    """
    names = scores(metrics)
    found = differences(metrics[metrics["detector"].isin(names)], within=("detector",))
    found = found[found["setting"] == setting].set_index("detector")["difference"]
    return [ask(claim, where, name, found.get(name), **beside) for name in names if len(found)]


def overconfidence(where, runs, sets, setting, figure="above_0.9", scaled=None):
    """Tests of the claim that a setting is less overconfident on OOD images.

    On OOD images alone; less that on ID images, since a smaller confidence everywhere tells nobody anything; and less
    that of the plain network with a temperature at which both are equally sure of ID images.

    Parameters
    ----------
    where : str
    runs : DataFrame
        Of :func:`bgood_lib.pages.changes.with_settings`.
    sets : list of str
        OOD sets.
    setting : str
    figure : str
        See :func:`bgood_lib.pages.changes.confidence_changes`.
    scaled : Difference, optional
        Of the third test, see :func:`bgood_lib.pages.confidence.over_temperature`.

    Returns
    -------
    list of dict
    """
    tests = []
    for measure, than in (("on OOD images", ()), ("OOD less ID images", ("test",))):
        found = changes.confidence_changes(runs, sets, figure, than).set_index("setting")["difference"]
        if setting in found:
            tests.append(ask(CONFIDENCE, where, measure, found[setting], good=-1))
    return [*tests, ask(CONFIDENCE, where, TEMPERATURE, scaled, good=-1)] if tests else []


def judge(tests):
    """Verdicts of all tests of a page.

    Parameters
    ----------
    tests : list of dict
        Of :func:`ask`.

    Returns
    -------
    DataFrame
        The tests, claim by claim, with ``verdict`` and ``holm``: the verdict when all of them are taken together.
    """
    claims = list(dict.fromkeys(row["claim"] for row in tests))
    frame = pd.DataFrame(sorted(tests, key=lambda row: claims.index(row["claim"])))
    corrected = holm([math.nan if found is None else found.p for found in frame["difference"]])
    rows = list(zip(frame["difference"], frame["good"], corrected))
    return frame.assign(
        verdict=[verdict(found, good) for found, good, _ in rows], holm=[verdict(*row) for row in rows]
    )  # fmt: skip


def table(judged, digits=1):
    """Verdicts as text: a row per claim and place, a column per measure; cells ``alone / together: difference``."""
    cells = [
        row["verdict"] if row["difference"] is None or row["verdict"] == NOT_MEASURED
        else f"{_pair(row)}: {row['difference'].text(digits)}" for _, row in judged.iterrows()
    ]  # fmt: skip
    keys = ["claim", "where"]
    more = [name for name in judged if name not in (*keys, "measure", "difference", "good", "verdict", "holm")]
    beside = judged.groupby(keys, sort=False)[more].first()
    wide = judged.assign(cell=cells).pivot(index=keys, columns="measure", values="cell").reindex(beside.index)
    return wide[list(dict.fromkeys(judged["measure"]))].fillna(NOT_MEASURED).join(beside).rename_axis(columns=None)


def _pair(row):
    return row["verdict"] if row["verdict"] == TOO_FEW else f"{row['verdict']} / {row['holm']}"


def count(judged):
    """A sentence: how many tests there are, how many are clear by themselves, and how many together."""
    tested = judged[~judged["verdict"].isin([TOO_FEW, NOT_MEASURED])]
    if tested.empty:
        return "No test has an interval: too few seeds."
    alone, together = (int(tested[name].isin([YES, NO]).sum()) for name in ("verdict", "holm"))
    return (
        f"{len(tested)} tests have an interval. {alone} of them say yes or no by themselves, where chance alone would "
        f"make about {LEVEL * len(tested):.1f}; taken together (Holm), {together} do."
    )
