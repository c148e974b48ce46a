"""Seeds of no effect: their intervals are the library's, and miss zero as often as they should."""

import numpy as np
import pytest
from scipy.stats import kstest

from bgood_lib.metrics.paired import holm, paired_difference
from bgood_lib.pages.explorers import base, seeds


@pytest.fixture(scope="module")
def data():
    return base.read("results/touch/seeds.json")["data"]


def test_draws_are_normal_and_differ_from_page_to_page():
    draws = [seeds.normals(page, 5000) for page in range(1, 6)]
    assert kstest(np.concatenate(draws), "norm").pvalue > 0.01
    assert abs(np.corrcoef(draws) - np.eye(5)).max() < 0.05


@pytest.mark.parametrize("n, tests", [(3, 20), (7, 1), (20, 40)])
def test_intervals_and_corrections_are_those_of_the_library(data, n, tests):
    values = {"n": n, "tests": tests, "study": "scenes_confirm"}
    for page in range(1, 8):
        drawn = seeds.draw_page(data, values, page)
        sd = data["spreads"]["scenes_confirm"]["sd"]
        pairs = sd * seeds.normals(page, 800).reshape(40, 20)[:tests, :n]
        found = [paired_difference(dict(enumerate(row)), dict.fromkeys(range(n), 0.0)) for row in pairs]
        assert drawn["mean"] == pytest.approx([each.mean for each in found])
        assert drawn["mean"] + drawn["half"] == pytest.approx([each.high for each in found], rel=1e-5)
        p = np.array([each.p for each in found])
        assert (drawn["missed"] == (p < 0.05)).all()
        assert drawn["corrected"].any() == (holm(p) < 0.05).any()


def test_without_three_seeds_there_is_no_interval(data):
    for n in (1, 2):
        drawn = seeds.draw_page(data, {"n": n, "tests": 5, "study": "photos"}, 1)
        assert np.isnan(drawn["half"]).all() and not drawn["missed"].any()


def test_so_many_miss_as_should(data):
    total = seeds.count(data, {"n": 5, "tests": 40, "study": "scenes_confirm"}, range(1, 301))
    assert total["missed"] / total["tests"] == pytest.approx(0.05, abs=0.006)
    assert total["with_miss"] / total["pages"] == pytest.approx(1 - 0.95**40, abs=0.06)
    assert total["with_corrected"] / total["pages"] < 0.08
    assert total["up"] / total["tests"] == pytest.approx(0.5, abs=0.02)


def test_the_spreads_are_those_of_the_records(data):
    for study, what in data["spreads"].items():
        assert seeds.measured("results", study) == what
