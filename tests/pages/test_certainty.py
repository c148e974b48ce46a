import numpy as np
import pytest

from bgood_lib.metrics.calibration import softmax
from bgood_lib.pages.certainty import largest_confidence


@pytest.fixture
def head():
    rng = np.random.default_rng(0)
    return rng.normal(size=(5, 3)), rng.normal(size=5)


def test_no_feature_is_surer(head):
    weight, bias = head
    features = np.random.default_rng(1).normal(size=(5000, 3))
    for length in (0.1, 1, 3):
        scaled = length * features / np.linalg.norm(features, axis=1, keepdims=True)
        sure = softmax(scaled @ weight.T + bias).max(1)
        [bound] = largest_confidence(weight, bias, [length])
        assert sure.max() <= bound + 1e-12


def test_two_classes_reach_it():
    weight, bias = np.array([[1.0, 0], [-1, 0]]), np.array([0.5, 0])
    sure = softmax(np.array([[2.0, 0]]) @ weight.T + bias).max()
    assert largest_confidence(weight, bias, [2.0])[0] == pytest.approx(sure)


def test_without_length_only_the_biases_speak(head):
    _, bias = head
    assert largest_confidence(*head, [0.0])[0] == pytest.approx(softmax(bias).max())
