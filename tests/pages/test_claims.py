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
    return verdict.ask(claim, where, measure, difference, venue=name, part=part, decides=decides)


test.__test__ = False


@pytest.fixture
def judged():
    return claims.judge([
        test(claims.DETECTION, "here", "one", CLEAR), test(claims.DETECTION, "here", "two", NOTHING),
        test(claims.DETECTION, "there", "one", BORDERLINE), test(claims.DETECTION, "there", "two", BORDERLINE),
        test(claims.DETECTION, "there", "two", NOTHING, decides=False, measure="MSP"),
        test(claims.BACKGROUND, "here", "", NOTHING),
    ])  # fmt: skip


def test_only_deciding_tests_are_the_family(judged):
    assert judged["decides"].sum() == 5 and len(judged) == 6
    assert judged.loc[judged["decides"], "verdict"].tolist() == [
        "yes",
        "unclear",
        "yes, alone",
        "yes, alone",
        "unclear",
    ]
    assert judged.loc[~judged["decides"], "verdict"].tolist() == ["unclear"]


def test_a_claim_in_a_sentence(judged):
    assert (
        claims.sentence(judged, claims.DETECTION) == "Yes on here (one). Yes, alone, on there. Unclear on the others."
    )
    assert claims.sentence(judged, claims.BACKGROUND) == "Unclear on here."
    assert claims.sentence(judged, claims.PREMISE) == "Not tested."


def test_the_word_of_one_test(judged):
    assert claims.word(judged, claims.DETECTION, "there", "two") == "yes, alone"
    assert claims.word(judged, claims.BACKGROUND, "here") == "unclear"
    assert claims.word(judged, claims.PREMISE, "here") == "not measured"


@pytest.mark.parametrize("verdicts, word", [
    (["yes", "yes"], "yes"), (["yes", "unclear"], "partly"), (["yes", "opposite"], "partly"), (["yes, alone"], "yes, alone"),
    (["yes", "yes, alone"], "partly"), (["yes, alone", "unclear"], "partly, alone"), (["unclear"], "unclear"),
    (["opposite", "unclear"], "opposite"), (["opposite, alone", "unclear"], "opposite, alone"), (["too few"], "too few"),
    (["too few", "unclear"], "unclear"), ([], "–"),
])  # fmt: skip
def test_one_word(verdicts, word):
    assert claims.one_word(verdicts) == word


def test_scores_are_counted():
    assert claims.up_and_down({verdict.YES: 6, verdict.UNCLEAR: 4}) == "6 up, 0 down"
    assert claims.up_and_down({verdict.UNCLEAR: 26, verdict.NO: 4}) == "0 up, 4 down"


def test_which_cells_a_choice_takes():
    class Seen:
        chosen = "mine"
        about = pd.DataFrame({"selector": ["rank"]}, index=["mine"])
        runs = pd.DataFrame(
            {
                "setting": ["mine", "mine", "plain"],
                "selection/rank/chosen": [0.9, 0.8, 0.1],
                "selection/rank/chance": [0.5, 0.5, 0.5],
            }
        )

    assert claims.taken(Seen)["chosen"].tolist() == [0.9, 0.8]
    Seen.runs = Seen.runs[["setting"]]
    assert claims.taken(Seen) is None


class View:
    """Enough of a view for the table."""

    class venue:
        title = "here"


def test_a_word_for_each_venue_and_claim(judged, monkeypatch):
    monkeypatch.setattr(claims, "combined", lambda view: {verdict.YES: 1})
    table = claims.table(judged, {"here": View})
    assert list(table.columns) == list(claims.SHORT.values())
    assert table.iloc[0].tolist() == ["–", "partly", "unclear", "–", "1 up, 0 down"]
