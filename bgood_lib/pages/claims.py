"""The abstract's claims, asked of every kind of images.

A few tests decide, and are the book's one family: of the background loss that was chosen, by the score that no
temperature moves, for each kind of OOD images whether it beats the plain network and whether it beats all cells; for each
pair of sets whether it gains more, where backgrounds are shared, than all cells do; and of confidence, each network at its own temperature.
Everything else is evidence beside them. (One rule for all, but made when most figures had been seen.)
"""

import pandas as pd

from . import changes, verdict
from .said import listed
from .venues import views as all_views

CONFIDENCE, DETECTION, BACKGROUND, PREMISE = (
    verdict.CONFIDENCE, verdict.DETECTION, verdict.BACKGROUND, verdict.PREMISE,
)  # fmt: skip
COMBINES = "it combines with post-hoc scores"
# What a claim is called as a column; the numbers are those of the sentences below the table.
SHORT = {
    CONFIDENCE: "1 less sure", DETECTION: "2 better", BACKGROUND: "3 back\u00adground", PREMISE: "4 shared", COMBINES: "5 scores",
}  # fmt: skip
AT_TEMPERATURE = "confidence on OOD images, each at its own temperature"
PARTLY, PARTLY_ALONE, NOT_TESTED = "partly", "partly, alone", "–"


def _test(claim, view, part, measure, difference, decides, good=1):
    where = view.venue.title + (f" ({part})" if part else "")
    return verdict.ask(claim, where, measure, difference, good, venue=view.venue.name, part=part, decides=decides)


def _confidence(view):
    columns = {"": "confidence on OOD images", "at_temperature/": AT_TEMPERATURE}
    tests = []
    for before, measure in columns.items():
        names = [f"{before}overconfidence/{name}/mean_confidence" for name in view.sets]
        if set(names) <= set(view.runs) and view.runs[names].notna().all(axis=None):
            sure = view.runs[names].mean(axis=1)
            for control, less in ((view.plain, ""), (view.control("all"), ", less all cells")):
                found = view.of_runs(view.chosen, control, sure) if control else None
                decides = measure == AT_TEMPERATURE and not less
                tests += [_test(CONFIDENCE, view, "", measure + less, found, decides, good=-1)] if found else []
    return tests


def _by_scores(claim, view, setting, other, words=""):
    """A test for each part of a venue and each score of verdicts; that by the firm score decides, where it has no words."""
    tests = []
    for part, sets in view.venue.parts.items():
        for score in verdict.scores(view.metrics):
            if found := view.difference(setting, other, score, sets):
                decides = score == view.firm and not words
                tests.append(_test(claim, view, part, score + words, found, decides))
    return tests


def _premise(view, every):
    tests = []
    for score in verdict.scores(view.metrics):
        for other, words in ((every, ""), (view.plain, ", all cells not taken off")):
            if found := view.gap(view.chosen, other, score):
                tests.append(_test(PREMISE, view, "", score + words, found, score == view.firm and not words))
    return tests


def tests(views):
    """All tests: a list of dict, see :func:`bgood_lib.pages.verdict.ask`, with ``venue`` and ``decides``.

    Parameters
    ----------
    views : dict of str to View
    """
    found = []
    for view in views.values():
        every = view.control("all")
        found += _confidence(view) + _by_scores(DETECTION, view, view.chosen, view.plain)
        found += _by_scores(BACKGROUND, view, view.chosen, every)
        for selector, words in (("random", ", less random cells"), ("border", ", less border")):
            if control := view.control(selector):
                found += _by_scores(BACKGROUND, view, view.chosen, control, words)
        if masks := view.control("oracle"):
            found += _by_scores(BACKGROUND, view, masks, every, ", true masks less all cells")
        found += _premise(view, every)
        if norm := view.first("logitnorm_background"):
            found += _by_scores(DETECTION, view, norm, view.base(norm), ", on top of LogitNorm")
    return found


def judge(found):
    """Verdicts: of the deciding tests as a family, of all others alone.

    Parameters
    ----------
    found : list of dict
        Of :func:`tests`.

    Returns
    -------
    DataFrame : see :func:`bgood_lib.pages.verdict.judge`.
    """
    parts = [[test for test in found if test["decides"] is decides] for decides in (True, False)]
    return pd.concat(
        [verdict.judge(part, family) for part, family in zip(parts, (True, False)) if part], ignore_index=True
    )


def family(root="results"):
    """The tests that decide, with their verdicts; what a chapter says of one of them, it looks up here.

    Parameters
    ----------
    root : path, default="results"

    Returns
    -------
    DataFrame : see :func:`judge`.
    """
    judged = judge(tests(all_views(root)))
    return judged[judged["decides"]]


def word(judged, claim, venue, part=""):
    """The verdict of one test of the family.

    Parameters
    ----------
    judged : DataFrame
        Of :func:`judge` or :func:`family`.
    claim, venue, part : str
        ``venue`` is a name of ``venues.VENUES``, ``part`` one of its kinds of OOD images; left out
        for a claim that is asked of the whole venue.

    Returns
    -------
    str : ``not measured`` where there is no such test.
    """
    rows = judged[
        judged["decides"] & (judged["claim"] == claim) & (judged["venue"] == venue) & (judged["part"] == part)
    ]
    return rows["verdict"].iloc[0] if len(rows) else verdict.NOT_MEASURED


def combined(view):
    """How many scores rise and fall clearly: a dict of verdict to count, over all OOD sets."""
    rows = view.metrics.dropna(subset="auroc")
    whole = rows.groupby(["run", "detector"])["ood"].transform("nunique") == rows["ood"].nunique()
    rows = rows[whole & rows["setting"].isin([view.chosen, view.plain])]
    moved = changes.changes(changes.mean_over_sets(rows), within=("detector",))["difference"]
    return pd.Series([verdict.verdict(gap) for gap in moved if gap.n]).value_counts().to_dict()


def one_word(verdicts):
    """What several parts of a venue say together: their verdict, *partly* where some say yes, or a dash."""
    said = set(verdicts)
    if not said:
        return NOT_TESTED
    if len(said) == 1:
        return said.pop()
    order = {
        verdict.YES: PARTLY,
        verdict.YES_ALONE: PARTLY_ALONE,
        verdict.NO: verdict.NO,
        verdict.NO_ALONE: verdict.NO_ALONE,
    }
    return next((word for one, word in order.items() if one in said), verdict.UNCLEAR)


def up_and_down(counts):
    """How many scores rise and fall clearly: ``10 up, 4 down``."""
    return f"{counts.get(verdict.YES, 0)} up, {counts.get(verdict.NO, 0)} down"


def taken(view):
    """Which cells a venue's choice takes for background on ID test images, by networks trained with it.

    Parameters
    ----------
    view : View

    Returns
    -------
    DataFrame or None
        A row a seed: ``chosen``, the share of all cells that is taken, and ``chance``, the share that is background by
        the true masks. None where images have no masks.
    """
    before = f"selection/{view.about.loc[view.chosen, 'selector']}/"
    names = {f"{before}{what}": what for what in ("chosen", "chance")}
    if not set(names) <= set(view.runs):
        return None
    rows = view.runs.loc[view.runs["setting"] == view.chosen, list(names)].rename(columns=names).dropna()
    return rows if len(rows) else None


def table(judged, views):
    """A word for each venue (rows) and claim (columns).

    Parameters
    ----------
    judged : DataFrame
        Of :func:`judge`.
    views : dict of str to View

    Returns
    -------
    DataFrame of str : HTML.
    """
    rows = {}
    for name, view in views.items():
        rows[view.venue.title] = {}
        for claim, short in SHORT.items():
            part = judged[judged["decides"] & (judged["claim"] == claim) & (judged["venue"] == name)]
            word = up_and_down(combined(view)) if claim == COMBINES else one_word(part["verdict"])
            rows[view.venue.title][short] = word
    return pd.DataFrame(rows).T


def sentence(judged, claim):
    """A claim's verdicts in words: where yes, where the opposite, and whether it is unclear on the others.

    Parameters
    ----------
    judged : DataFrame
        Of :func:`judge`.
    claim : str

    Returns
    -------
    str
    """
    part = judged[judged["decides"] & (judged["claim"] == claim)]
    if part.empty:
        return "Not tested."
    alike = part.groupby("venue")["verdict"].transform("nunique") == 1
    names = part["where"].where(~alike, part["where"].str.partition(" (")[0])
    places = {word: list(dict.fromkeys(rows)) for word, rows in names.groupby(part["verdict"], sort=False)}
    said = []
    for word, lead in (
        (verdict.YES, "Yes on"), (verdict.YES_ALONE, "Yes, alone, on"), (verdict.NO, "The opposite on"),
        (verdict.NO_ALONE, "The opposite, alone, on"), (verdict.UNCLEAR, "Unclear on"), (verdict.TOO_FEW, "Too few seeds on"),
    ):  # fmt: skip
        if word in places:
            others = word == verdict.UNCLEAR and said
            said.append("Unclear on the others." if others else f"{lead} {listed(places[word])}.")
    return " ".join(said)
