"""One rule for every verdict of the book.

A test asks a claim of paired differences over seeds. All tests that a claim is decided by are one family
(:mod:`bgood_lib.pages.claims`). *Yes*, and *opposite* of what is claimed: the difference is clear when the whole family is taken
together (Holm's correction). *Yes, alone* and *opposite, alone*: it is not, but its own 95% interval lies on that side of zero;
so of every test that is none of the family. *Unclear*: the interval holds zero. *Too few*: there is no interval, with fewer than
three seeds or a collapsed network among them.

Shrinking features shrinks logits and softens the softmax, which moves MSP even where nothing else changes. So MSP is
joined by two scores that a mere temperature cannot move.
"""

import math

import pandas as pd

from ..metrics.paired import holm

# What the abstract claims.
CONFIDENCE, DETECTION, BACKGROUND, PREMISE = (
    "fewer overconfident answers",
    "better OOD detection",
    "it is background features that matter",
    "it works because backgrounds are shared",
)
YES, NO, UNCLEAR, TOO_FEW, NOT_MEASURED = "yes", "opposite", "unclear", "too few", "not measured"
YES_ALONE, NO_ALONE = "yes, alone", "opposite, alone"
SCORES = ("MSP", "ScaledMSP", "MaxLogit")
INSTEAD = {"ScaledMSP": "TemperatureScaling"}  # no temperature moves it either; where tables lack the first
LEVEL = 0.05


def verdict(difference, good=1):
    """What a paired difference says by its own interval.

    Parameters
    ----------
    difference : Difference or None
        None where nothing was measured.
    good : {1, -1}
        The sign that the claim predicts.

    Returns
    -------
    str : ``yes``, ``opposite``, ``unclear``, ``too few`` or ``not measured``.
    """
    if difference is None:
        return NOT_MEASURED
    if math.isnan(difference.low):
        return TOO_FEW
    if difference.low <= 0 <= difference.high:
        return UNCLEAR
    return YES if good * difference.mean > 0 else NO


def word(difference, good=1, p=math.nan):
    """The verdict as pages print it.

    Parameters
    ----------
    difference : Difference or None
    good : {1, -1}
    p : float, optional
        The p-value corrected for the family; left out for a test that is none of it.

    Returns
    -------
    str : of :func:`verdict`, with ``, alone`` behind a yes or an opposite that does not hold in the family.
    """
    said = verdict(difference, good)
    return {YES: YES_ALONE, NO: NO_ALONE}.get(said, said) if not p < LEVEL else said


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


def judge(tests, family=True):
    """Verdicts of several tests.

    Parameters
    ----------
    tests : list of dict
        Of :func:`ask`.
    family : bool
        They are the family; otherwise none of them belongs to it.

    Returns
    -------
    DataFrame
        The tests, claim by claim, with ``verdict``: see :func:`word`.
    """
    claims = list(dict.fromkeys(row["claim"] for row in tests))
    frame = pd.DataFrame(sorted(tests, key=lambda row: claims.index(row["claim"])))
    p = [math.nan if found is None else found.p for found in frame["difference"]]
    corrected = holm(p) if family else [math.nan] * len(p)
    return frame.assign(verdict=[word(*row) for row in zip(frame["difference"], frame["good"], corrected)])


def count(judged):
    """A sentence: how many tests there are, how many are clear by themselves, and how many together."""
    tested = judged[~judged["verdict"].isin([TOO_FEW, NOT_MEASURED])]
    if tested.empty:
        return "No test has an interval: too few seeds."
    together = int(tested["verdict"].isin([YES, NO]).sum())
    alone = together + int(tested["verdict"].isin([YES_ALONE, NO_ALONE]).sum())
    return (
        f"{len(tested)} tests have an interval. {alone} of them are clear by themselves, where chance alone would "
        f"make about {LEVEL * len(tested):.1f}; taken together (Holm), {together} are."
    )
