"""The abstract's claims, asked of every kind of images.

Each claim has one test that decides for each part of a venue: the background loss that was chosen, over a mean of OOD sets, by
the score that no temperature moves. Everything else is evidence beside it. (One rule for all, but made when most figures had
been seen.)
"""

import pandas as pd

from . import changes, verdict
from .said import listed

CONFIDENCE, DETECTION, BACKGROUND, PREMISE = (
    verdict.CONFIDENCE, verdict.DETECTION, verdict.BACKGROUND, verdict.PREMISE,
)  # fmt: skip
COMBINES = "it combines with post-hoc scores"
# What a claim is called as a column; the numbers are those of the sentences below the table.
SHORT = {
    CONFIDENCE: "1 less sure", DETECTION: "2 better", BACKGROUND: "3 back\u00adground", PREMISE: "4 shared", COMBINES: "5 scores",
}  # fmt: skip
AT_TEMPERATURE = "confidence on OOD images, each at its own temperature"
PARTLY, NOT_TESTED = "partly", "–"


def _test(claim, view, part, measure, difference, decides, good=1):
    where = view.venue.title + (f" ({part})" if part else "")
    return verdict.ask(claim, where, measure, difference, good, venue=view.venue.name, decides=decides)


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


def _premise(view):
    tests = []
    for score in verdict.scores(view.metrics) if view.venue.elsewhere else ():
        if len(part := view.part(score)):
            apart = changes.shared_and_not(part, view.venue.shared, view.venue.elsewhere)
            found = apart.set_index("setting")["difference"].get(view.chosen)
            tests += [_test(PREMISE, view, "", score, found, score == view.firm)] if found else []
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
        found += _premise(view)
        if norm := view.first("logitnorm_background"):
            found += _by_scores(DETECTION, view, norm, view.base(norm), ", on top of LogitNorm")
    return found


def judge(found):
    """Verdicts: those of the deciding tests also when all deciding tests are taken together.

    Parameters
    ----------
    found : list of dict
        Of :func:`tests`.

    Returns
    -------
    DataFrame : see :func:`bgood_lib.pages.verdict.judge`; ``holm`` of the tests that do not decide is their verdict alone.
    """
    deciding = verdict.judge([test for test in found if test["decides"]])
    beside = [test for test in found if not test["decides"]]
    rest = verdict.judge(beside) if beside else pd.DataFrame()
    if len(rest):
        rest["holm"] = rest["verdict"]
    return pd.concat([deciding, rest], ignore_index=True)


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
        return {verdict.UNCLEAR: "unclear"}.get(*said, *said)
    if verdict.YES in said:
        return PARTLY
    return verdict.NO if verdict.NO in said else "unclear"


def one_word_of_scores(counts):
    """*most*, *some* or *few*, of scores that rise clearly; *some* needs more that rise than fall."""
    up, down = counts.get(verdict.YES, 0), counts.get(verdict.NO, 0)
    return "most" if 2 * up > sum(counts.values()) else "some" if up > down else "few"


def table(judged, views):
    """A word for each venue (rows) and claim (columns); bold what holds when all deciding tests are taken together.

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
            if claim == COMBINES:
                word = one_word_of_scores(combined(view))
            else:
                word = one_word(part["verdict"])
                clear = part[part["verdict"].isin([verdict.YES, verdict.NO])]
                firm = len(clear) and (clear["holm"] == clear["verdict"]).all()
                word = f"<b>{word}</b>" if firm else word
            rows[view.venue.title][short] = word
    return pd.DataFrame(rows).T


def sentence(judged, claim):
    """A claim's verdicts in one sentence: where yes, where not clear, where no.

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
        (verdict.YES, "Yes on"), (verdict.NO, "No on"), (verdict.UNCLEAR, "No clear change on"),
        (verdict.TOO_FEW, "Too few seeds on"),
    ):  # fmt: skip
        if word in places:
            said.append(f"{lead} {listed(places[word])}.")
    return " ".join(said)
