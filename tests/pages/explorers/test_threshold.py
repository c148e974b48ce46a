"""The line to drag: its figures are those of the library, to the last image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bgood_lib.detectors.scoring import score
from bgood_lib.features import Bank
from bgood_lib.metrics.ood import METRICS, ood_metrics
from bgood_lib.pages.explorers import base, threshold

NAMES = ("cross_entropy-s0", "background-s0")

SCORES = ("MSP", "Energy", "PooledNorm")


@pytest.fixture(scope="module")
def described(two_runs):
    return threshold.describe(two_runs, NAMES, SCORES)


def of(known, unknown):
    """Data of one network and score, from scores."""
    both = np.concatenate([known, unknown])
    positions, _ = threshold.axis(both, "Energy")
    sets = {
        name: {"letter": letter, "n": len(part)} for name, letter, part in (("test", "a", known), ("o", "b", unknown))
    }
    return {"sets": sets, "places": {"n": {"s": threshold._places([known, unknown], ["a", "b"], positions)}}}


def test_figures_are_those_of_the_library(two_runs, described):
    for name in NAMES:
        bank = Bank.load(two_runs / name / "bank.npz")
        for each in SCORES:
            scores = score(each, bank)
            expected = ood_metrics(scores["test"], scores["scenes_novel"])
            found = threshold.figures(threshold.sweep(described["data"], name, each, "scenes_novel"))
            assert {key: found[key] for key in METRICS} == pytest.approx(
                {key: expected[key] for key in METRICS}, abs=1e-12
            )


few = st.lists(st.integers(-3, 3), min_size=1, max_size=45).map(lambda values: np.array(values, float))


@given(known=few, unknown=few)
def test_equal_scores_count_half_and_are_not_parted(known, unknown):
    data = of(known, unknown)
    swept = threshold.sweep(data, "n", "s", "o")
    found, expected = threshold.figures(swept), ood_metrics(known, unknown)
    assert {key: found[key] for key in METRICS} == pytest.approx({key: expected[key] for key in METRICS}, abs=1e-12)
    lines = {(np.mean(known >= value), np.mean(unknown >= value)) for value in [*known, *unknown, 9]}
    assert set(zip(swept["id"], swept["ood"])) == lines


@given(
    scores=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=60).map(np.array),
    name=st.sampled_from(["MSP", "Energy"]),
)
def test_the_axis_keeps_the_order(scores, name):
    scores = np.clip(scores / 1e3, -1, 0) if name == "MSP" else scores
    positions, ticks = threshold.axis(scores, name)
    assert (0 <= positions).all() and (positions <= 1).all()
    assert (np.diff(positions[np.argsort(scores, kind="stable")]) >= -1e-12).all()
    assert [place for place, _ in ticks] == sorted(place for place, _ in ticks) and len(ticks) <= 5


def test_ticks_stand_where_their_scores_do():
    for lowest in (0.2, 0.99):
        confidence = 1 - np.geomspace(1e-4, 1 - lowest, 5000)
        positions, ticks = threshold.axis(-confidence, "MSP")
        for place, text in ticks:
            assert positions[np.argmin(abs(confidence - float(text[:-1]) / 100))] == pytest.approx(place, abs=0.01), (
                text
            )
    positions, ticks = threshold.axis(-np.linspace(0.5, 0.9, 500), "MSP")
    assert "70%" in [text for _, text in ticks]
    lengths = np.geomspace(0.1, 100, 5000)
    positions, ticks = threshold.axis(-lengths, "PooledNorm")
    for place, text in ticks:
        assert positions[np.argmin(abs(lengths - float(text)))] == pytest.approx(place, abs=0.01), text


def test_histograms_hold_every_image_once(described):
    for shares in threshold.histograms(described["data"], NAMES[0], "MSP", "scenes_novel"):
        assert shares.sum() == pytest.approx(1)


def test_the_line_flags_what_lies_at_its_level_and_beyond(described):
    data, picked = described["data"], {"network": NAMES[0], "score": "MSP", "ood": "scenes_novel"}
    swept = threshold.sweep(data, *picked.values())
    found = threshold.figures(swept)
    known, _ = threshold.histograms(data, *picked.values())
    for line in (0, 100, 250, 490, threshold.LEVELS):
        place, level = threshold.stand(data, {**picked, "at": "hand", "line": line}, swept, found)
        beyond = known[line * threshold.BINS // threshold.LEVELS :].sum()
        assert level == line and swept["id"][place] == pytest.approx(beyond, abs=1e-9)
    for at, share in (("id", 0.05), ("ood", 0.95)):
        place, level = threshold.stand(data, {**picked, "at": at, "line": 0}, swept, found)
        assert swept[at][place] == pytest.approx(share, abs=0.01)


def test_what_the_book_shows_is_whole():
    described = base.read("results/touch/threshold.json")
    data = described["data"]
    for by_score in data["places"].values():
        for signs in by_score.values():
            letters = [sign.lower() for sign in signs if sign != "|"]
            assert all(letters.count(part["letter"]) == part["n"] for part in data["sets"].values())
