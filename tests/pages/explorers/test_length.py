"""A feature to pull: what is said of a plane holds for the network."""

import numpy as np
import pytest

from bgood_lib.features import Bank
from bgood_lib.metrics.calibration import softmax
from bgood_lib.pages.explorers import base, length

NAMES = ("cross_entropy-s0", "background-s0")


@pytest.fixture(scope="module")
def bank(two_runs):
    return Bank.load(two_runs / NAMES[0] / "bank.npz")


@pytest.fixture(scope="module")
def classes(bank):
    """The three that the network names most."""
    return np.argsort(-np.bincount(bank["test"].logits.argmax(1), minlength=6), kind="stable")[:3]


@pytest.fixture
def described(two_runs, classes):
    return length.describe(two_runs, NAMES, classes)


def test_a_temperature_is_a_length():
    plane = base.read("results/touch/length.json")["data"]["planes"][length.DRAWN]
    points = np.random.default_rng(0).normal(scale=4, size=(200, 2))
    for temperature in length.TEMPERATURES:
        _, shares = length.answer(plane, points, temperature)
        assert shares == pytest.approx(length.answer(plane, points / temperature)[1])
    assert length.answer(plane, [0, 0])[1] == pytest.approx([1 / 3] * 3)


def test_in_its_plane_the_answer_is_the_networks_own(bank, classes, described):
    plane = described["data"]["planes"][NAMES[0]]
    for name in ("test", "scenes_novel"):
        taken = np.isin(bank[name].logits.argmax(1), classes)
        dots = base.unpack(plane["dots"][name]).astype(float)
        assert len(dots) == min(length.DOTS, taken.sum())
        expected = softmax(bank[name].logits[taken][: len(dots), classes])
        assert length.answer(plane, dots)[1] == pytest.approx(expected, abs=5e-3)


def test_the_first_class_points_upwards_and_the_second_to_the_left(described):
    for plane in described["data"]["planes"].values():
        weights = np.array(plane["weights"])
        assert weights[0] == pytest.approx([0, np.linalg.norm(weights[0])], abs=1e-5) and weights[1, 0] <= 0
        assert np.linalg.norm(weights, axis=1).mean() == pytest.approx(1, abs=1e-5)


def test_the_middle_is_that_of_all_images(bank, classes, described):
    plane = described["data"]["planes"][NAMES[0]]
    taken = np.isin(bank["test"].logits.argmax(1), classes)
    assert taken.sum() > length.DOTS
    weight = bank.weight[classes] - bank.weight[classes].mean(0)
    basis = np.linalg.svd(weight, full_matrices=False)[2][:2]
    unit = np.linalg.norm(weight, axis=1).mean()
    lengths = unit * np.linalg.norm(bank["test"].features[taken] @ basis.T, axis=1)
    assert plane["middle"]["test"] == pytest.approx(np.median(lengths), abs=0.01)
