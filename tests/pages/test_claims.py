"""Claims of two made-up venues with known answers."""

import pandas as pd
import pytest

from bgood_lib.metrics.paired import paired_difference
from bgood_lib.pages import claims, verdict


def over(*values):
    return paired_difference(dict(enumerate(values)), dict.fromkeys(range(len(values)), 0))


CLEAR, BORDERLINE, NOTHING = over(1.0, 1.001, 0.999), over(1.0, 1.3, 0.6), over(1.0, 5.0, -0.9)


def test(claim, name, part, difference, decides=True, measure="ScaledMSP"):
    where = f"{name} ({part})" if part else name
    return verdict.ask(claim, where, measure, difference, venue=name, decides=decides)


test.__test__ = False


@pytest.fixture
def judged():
    return claims.judge([
        test(claims.DETECTION, "here", "one", CLEAR), test(claims.DETECTION, "here", "two", NOTHING),
        test(claims.DETECTION, "there", "one", BORDERLINE), test(claims.DETECTION, "there", "two", BORDERLINE),
        test(claims.DETECTION, "there", "two", NOTHING, decides=False, measure="MSP"),
        test(claims.BACKGROUND, "here", "", NOTHING),
    ])  # fmt: skip


def test_only_deciding_tests_are_corrected_and_counted(judged):
    assert judged["decides"].sum() == 5 and len(judged) == 6
    assert judged.loc[judged["decides"], "holm"].tolist().count("yes") == 1
    beside = judged[~judged["decides"]].iloc[0]
    assert beside["holm"] == beside["verdict"] == "no clear change"


def test_a_claim_in_a_sentence(judged):
    assert claims.sentence(judged, claims.DETECTION) == "Yes on here (one) and there. No clear change on here (two)."
    assert claims.sentence(judged, claims.BACKGROUND) == "No clear change on here."
    assert claims.sentence(judged, claims.PREMISE) == "Not tested."


@pytest.mark.parametrize("verdicts, word", [
    (["yes", "yes"], "yes"), (["yes", "no clear change"], "partly"), (["yes", "no"], "partly"),
    (["no clear change"], "unclear"), (["no", "no clear change"], "no"), (["too few"], "too few"), ([], "–"),
])  # fmt: skip
def test_one_word(verdicts, word):
    assert claims.one_word(verdicts) == word


def test_a_word_for_scores():
    counts = {verdict.YES: 6, verdict.UNCLEAR: 4}
    assert claims.one_word_of_scores(counts) == "most"
    assert claims.one_word_of_scores({**counts, verdict.UNCLEAR: 9}) == "some"
    assert claims.one_word_of_scores({verdict.YES: 1, verdict.NO: 1}) == "few"


class View:
    """Enough of a view for the table."""

    class venue:
        title = "here"


def test_what_holds_together_is_bold(judged, monkeypatch):
    monkeypatch.setattr(claims, "combined", lambda view: {verdict.YES: 1})
    table = claims.table(judged, {"here": View, "there": View})
    assert list(table.columns) == list(claims.SHORT.values()) and len(table) == 1, "two venues of one title"
    table = claims.table(judged, {"here": View})
    assert table.iloc[0].tolist() == ["–", "<b>partly</b>", "unclear", "–", "most"]
    assert isinstance(table, pd.DataFrame)
