import pandas as pd
import pytest

from bgood_lib.metrics.paired import paired_difference
from bgood_lib.pages import verdict

PLAIN = {0: 0.5, 1: 0.6, 2: 0.7}


def over(*more, collapsed=()):
    """A difference to ``PLAIN`` of so many points, seed by seed."""
    return paired_difference({i: PLAIN[i] + x / 100 for i, x in enumerate(more)}, PLAIN, collapsed=collapsed)


@pytest.mark.parametrize("difference, good, said", [
    (over(1.0, 1.1, 0.9), 1, "yes"),
    (over(1.0, 1.1, 0.9), -1, "opposite"),
    (over(-1.0, -1.1, -0.9), -1, "yes"),
    (over(1.0, 5.0, -0.9), 1, "unclear"),
    (over(9.0), 1, "too few"),
    (over(9.0, 9.1), 1, "too few"),
    (over(1.0, 1.1, 0.9, collapsed=[2]), 1, "too few"),
    (None, 1, "not measured"),
])  # fmt: skip
def test_one_rule(difference, good, said):
    assert verdict.verdict(difference, good) == said


def test_a_family_is_judged_together_and_others_alone():
    clear, borderline, nothing = over(1.0, 1.001, 0.999), over(1.0, 1.3, 0.6), over(1.0, 5.0, -0.9)
    assert 0.01 < borderline.p < 0.05 and clear.p < 1e-4
    tests = [
        verdict.ask("b", "x", "MSP", nothing, beside="y"),
        verdict.ask("a", "x", "MSP", clear, good=-1),
        verdict.ask("b", "x", "KNN", borderline),
        verdict.ask("b", "z", "MSP", over(1.0)),
        verdict.ask("b", "z", "KNN", None),
    ]
    judged = verdict.judge(tests)
    assert judged["claim"].tolist() == ["b", "b", "b", "b", "a"]
    assert judged["verdict"].tolist() == ["unclear", "yes, alone", "too few", "not measured", "opposite"]
    assert verdict.count(judged).startswith("3 tests have an interval. 2 of them are clear by themselves")
    assert "taken together (Holm), 1 are" in verdict.count(judged)
    assert "too few seeds" in verdict.count(judged[judged["where"] == "z"])
    beside = verdict.judge(tests, family=False)["verdict"]
    assert beside.tolist() == ["unclear", "yes, alone", "too few", "not measured", "opposite, alone"]


def test_what_no_temperature_moves_stands_in_where_it_was_measured():
    def shown(*names):
        return verdict.scores(pd.DataFrame({"detector": names}))

    assert shown("MSP", "ScaledMSP", "MaxLogit", "TemperatureScaling") == ["MSP", "ScaledMSP", "MaxLogit"]
    assert shown("MaxLogit", "MSP", "TemperatureScaling") == ["MSP", "ScaledMSP", "TemperatureScaling", "MaxLogit"]
    assert shown("MSP", "KNN") == ["MSP", "ScaledMSP", "MaxLogit"]
