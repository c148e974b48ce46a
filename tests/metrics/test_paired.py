import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bgood_lib.metrics.paired import compare, holm, paired_difference


def test_mean_and_interval_are_those_of_the_paired_t_test():
    a, b = {0: 0.80, 1: 0.83, 2: 0.79, 3: 0.85}, {0: 0.78, 1: 0.80, 2: 0.78, 3: 0.81}
    found = paired_difference(a, b)
    expected = stats.ttest_rel(list(a.values()), list(b.values())).confidence_interval(0.95)
    assert found.n == 4 and found.mean == pytest.approx(0.025)
    assert found.sd == pytest.approx(np.std([0.02, 0.03, 0.01, 0.04], ddof=1))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    narrower = paired_difference(a, b, confidence=0.5)
    assert found.low < narrower.low < narrower.mean < narrower.high < found.high


def test_an_interval_of_three_by_hand():
    found = paired_difference({0: 1, 1: 2, 2: 3}, {0: 0, 1: 0, 2: 0})
    assert found.high - 2 == pytest.approx(4.3027 / math.sqrt(3), abs=1e-4)  # t(0.975, 2) = 4.3027
    assert found.text(scale=1) == "+2.0 [-0.5, 4.5], n = 3"


def test_only_shared_seeds_count():
    found = paired_difference({0: 0.5, 1: 0.6, 7: 0.0, 8: None}, {1: 0.5, 0: 0.3, 8: 0.1, 7: math.nan})
    assert found.n == 2 and found.mean == pytest.approx(0.15)


def test_too_few_have_no_interval():
    found = paired_difference({0: 0.5, 1: 9}, {0: 0.488})
    assert found.n == 1 and all(map(math.isnan, (found.sd, found.low, found.high, found.p)))
    assert found.text() == "+1.2, n = 1"
    two = paired_difference({0: 0.5, 1: 0.6}, {0: 0.4, 1: 0.4})
    assert two.sd == pytest.approx(0.1 / math.sqrt(2)) and math.isnan(two.low)
    assert two.text() == "+15.0, n = 2"


def test_a_collapsed_network_leaves_no_interval():
    # two of three networks that learned nothing: Student's t makes [-169.88, 58.52] points of that
    accuracy, plain = {0: 0.13, 1: 0.12, 2: 0.9475}, {0: 0.9575, 1: 0.9565, 2: 0.952}
    assert paired_difference(accuracy, plain).low < -1
    found = paired_difference(accuracy, plain, collapsed=[0, 1, 7])
    assert math.isnan(found.low) and math.isnan(found.p)
    assert found.text() == "-55.6, n = 3, 2 collapsed"


def test_p_is_that_of_the_paired_t_test():
    a, b = {0: 0.80, 1: 0.83, 2: 0.79, 3: 0.85}, {0: 0.78, 1: 0.80, 2: 0.78, 3: 0.81}
    assert paired_difference(a, b).p == pytest.approx(stats.ttest_rel(list(a.values()), list(b.values())).pvalue)
    assert paired_difference(a, a).p == 1
    assert paired_difference({0: 1, 1: 1, 2: 1}, {0: 0, 1: 0, 2: 0}).p == 0


def test_holm_by_hand():
    # 4 tests: .01 x 4, .02 x 3, .03 x 2 (raised to the one before), .5 x 1
    assert holm([0.03, 0.01, math.nan, 0.5, 0.02]) == pytest.approx([0.06, 0.04, math.nan, 0.5, 0.06], nan_ok=True)
    assert holm([0.9, 0.8]).tolist() == [1, 1]
    assert len(holm([])) == 0


def test_nothing_is_minus_zero():
    assert paired_difference({0: 0.5}, {0: 0.5000001}).text() == "+0.0, n = 1"
    same, almost = dict.fromkeys(range(3), 0.5), dict.fromkeys(range(3), 0.5001)
    assert paired_difference(same, almost).text() == "+0.0 [0.0, 0.0], n = 3"
    assert paired_difference({0: 0.25}, {0: 0.5}).text(digits=2) == "-25.00, n = 1"


@pytest.mark.parametrize("a, b", [({0: 1, 1: 1}, {5: 1, 6: 1}), ({0: None}, {0: 1}), ({}, {0: 1})])
def test_without_a_shared_seed_there_is_no_difference(a, b):
    with pytest.raises(ValueError, match="no seed is in both"):
        paired_difference(a, b)


@pytest.mark.parametrize("confidence", [0, 1, 95, math.nan])
def test_a_confidence_is_a_share(confidence):
    with pytest.raises(ValueError, match="0.95 for 95%"):
        paired_difference({0: 1}, {0: 1}, confidence)


@pytest.fixture
def frame():
    """Three settings, two detectors; the third setting has one seed of the baseline's."""
    rows = []
    for method, selector, values in [
        ("plain", None, {0: 0.5, 1: 0.6, 2: 0.7}), ("ours", "rank", {0: 0.6, 1: 0.6, 2: 0.9}),
        ("ours", "all", {2: 0.6, 9: 0.1}),
    ]:  # fmt: skip
        for seed, auroc in values.items():
            rows += [
                {"method": method, "selector": selector, "seed": seed, "detector": "MSP", "auroc": auroc},
                {"method": method, "selector": selector, "seed": seed, "detector": "KNN", "auroc": auroc**2},
            ]
    return pd.DataFrame(rows)


def test_compare_gives_every_setting(frame):
    msp = compare(frame[frame["detector"] == "MSP"], "auroc", {"method": "plain"}, ["method", "selector"])
    assert msp[["selector", "n"]].values.tolist() == [["rank", 3], ["all", 1]]
    assert msp["mean"].tolist() == pytest.approx([0.1, -0.1])
    assert np.isnan(msp["low"][1]) and msp["low"][0] < 0.1
    assert msp["difference"][1].text() == "-10.0, n = 1"
    # an empty value names a setting as any other does
    assert compare(frame, "auroc", {"selector": None}, ["method", "selector"], ["detector"])["n"].tolist() == [
        3,
        3,
        1,
        1,
    ]


def test_compare_keeps_detectors_apart(frame):
    both = compare(frame, "auroc", {"method": "plain"}, ["method", "selector"], within=["detector"])
    knn = both[both["detector"] == "KNN"].set_index("selector")["mean"]
    assert knn["rank"] == pytest.approx(((0.36 - 0.25) + 0 + (0.81 - 0.49)) / 3)
    assert knn["all"] == pytest.approx(0.36 - 0.49)


def test_compare_shows_a_setting_without_a_shared_seed(frame):
    part = frame[(frame["seed"] != 2) & (frame["detector"] == "MSP")]
    found = compare(part, "auroc", {"method": "plain"}, ["method", "selector"])
    assert found["n"].tolist() == [2, 0] and np.isnan(found["mean"][1])
    assert found["difference"][1].text() == "no shared seed"
    with pytest.raises(ValueError, match="no setting shares a seed with the baseline method plain"):
        compare(part[part["selector"] != "rank"], "auroc", {"method": "plain"}, ["method", "selector"])


@pytest.mark.parametrize("baseline, by, message", [
    ({"method": "ours"}, ["method", "selector"], "fits more than one setting: method ours, selector rank; method ours"),
    ({"method": "mine"}, ["method", "selector"], "is no setting of the frame: method plain;"),
    ({"selector": "rank"}, ["method"], "speaks of selector, which `by` does not"),
    ({"method": "plain"}, ["method", "wieght"], "no column wieght"),
    ({"method": "plain"}, ["method", "selector"], "has seed 0 twice; name in `by` or `within`"),
])  # fmt: skip
def test_compare_refuses(frame, baseline, by, message):
    within = () if "twice" in message else ["detector"]
    with pytest.raises(ValueError, match=message):
        compare(frame, "auroc", baseline, by, within)


def test_compare_counts_collapsed_trainings_of_both_sides(frame):
    msp = frame[frame["detector"] == "MSP"]
    for method, seed in (("plain", 0), ("ours", 1)):
        bad = (msp["method"] == method) & (msp["seed"] == seed)
        found = compare(msp.assign(collapsed=bad), "auroc", {"method": "plain"}, ["method", "selector"])
        assert found["collapsed"].tolist() == [1, 0] and np.isnan(found["low"][0])
