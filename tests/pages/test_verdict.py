import math

import pandas as pd
import pytest

from bgood_lib.metrics.paired import paired_difference
from bgood_lib.pages import changes, verdict

PLAIN = {0: 0.5, 1: 0.6, 2: 0.7}


def over(*more, collapsed=()):
    """A difference to ``PLAIN`` of so many points, seed by seed."""
    return paired_difference({i: PLAIN[i] + x / 100 for i, x in enumerate(more)}, PLAIN, collapsed=collapsed)


@pytest.mark.parametrize("difference, good, said", [
    (over(1.0, 1.1, 0.9), 1, "yes"),
    (over(1.0, 1.1, 0.9), -1, "no"),
    (over(-1.0, -1.1, -0.9), -1, "yes"),
    (over(1.0, 5.0, -0.9), 1, "no clear change"),
    (over(9.0), 1, "too few"),
    (over(9.0, 9.1), 1, "too few"),
    (over(1.0, 1.1, 0.9, collapsed=[2]), 1, "too few"),
    (None, 1, "not measured"),
])  # fmt: skip
def test_one_rule(difference, good, said):
    assert verdict.verdict(difference, good) == said


def test_a_page_is_judged_alone_and_together():
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
    assert judged["verdict"].tolist() == ["no clear change", "yes", "too few", "not measured", "no"]
    assert judged["holm"].tolist() == ["no clear change", "no clear change", "too few", "not measured", "no"]
    assert verdict.count(judged).startswith("3 tests have an interval. 2 of them say yes or no by themselves")
    assert "taken together (Holm), 1 do" in verdict.count(judged)
    assert "too few seeds" in verdict.count(judged[judged["where"] == "z"])
    table = verdict.table(judged)
    assert list(table.index) == [("b", "x"), ("b", "z"), ("a", "x")] and list(table.columns) == ["MSP", "KNN", "beside"]
    assert table.loc[("b", "x"), "KNN"] == f"yes / no clear change: {borderline.text()}"
    assert table.loc[("b", "z")].tolist()[:2] == ["too few: +1.0, n = 1", "not measured"]
    assert table.loc[("a", "x"), "KNN"] == "not measured", "not asked is not measured either"


def test_what_no_temperature_moves_stands_in_where_it_was_measured():
    def shown(*names):
        return verdict.scores(pd.DataFrame({"detector": names}))

    assert shown("MSP", "ScaledMSP", "MaxLogit", "TemperatureScaling") == ["MSP", "ScaledMSP", "MaxLogit"]
    assert shown("MaxLogit", "MSP", "TemperatureScaling") == ["MSP", "ScaledMSP", "TemperatureScaling", "MaxLogit"]
    assert shown("MSP", "KNN") == ["MSP", "ScaledMSP", "MaxLogit"]


@pytest.fixture
def runs():
    rows = []
    for method, selector, gain in (("cross_entropy", None, 0), ("background", "rank", 0.1)):
        for seed in range(3):
            rows.append({
                "run": f"{method}-{seed}", "method": method, "selector": selector, "seed": seed, "accuracy": 0.9,
                "weight": 0.1 if selector else 0.0, "auroc": 0.7 + gain + seed / 100, "detector": "MSP",
                "overconfidence/test/above_0.9": 0.8 - gain,
                "overconfidence/far/above_0.9": 0.5 - 2 * gain + seed * gain / 100,
            })  # fmt: skip
    return changes.with_settings(pd.DataFrame(rows))


def test_tests_of_a_setting(runs):
    setting = "cross-entropy + background (rank)"
    found = verdict.judge(
        verdict.overconfidence("here", runs, ["far"], setting)
        + verdict.by_scores(verdict.DETECTION, "here", runs, changes.changes, setting, more="text")
    )
    assert dict(zip(found["measure"], found["verdict"])) == {
        "on OOD images": "yes", "OOD less ID images": "yes", verdict.TEMPERATURE: "not measured",
        "MSP": "yes", "ScaledMSP": "not measured", "MaxLogit": "not measured",
    }  # fmt: skip
    assert found["difference"][1].mean == pytest.approx(-0.1 + 0.001)
    assert verdict.by_scores(verdict.DETECTION, "here", runs, changes.changes, "another") == []
    assert math.isnan(found["difference"][0].low) is False
