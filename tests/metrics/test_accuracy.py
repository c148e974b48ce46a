import numpy as np
import pytest

from bgood_lib.metrics.accuracy import accuracies


def test_a_small_class_counts_as_much_as_a_large_one():
    labels = np.array([0] * 8 + [1, 1])
    found = accuracies(np.eye(2)[[0] * 8 + [0, 1]], labels)
    assert found == {"accuracy": pytest.approx(0.9), "balanced_accuracy": pytest.approx(0.75)}


def test_a_class_without_images_does_not_count():
    assert accuracies(np.eye(3)[[0, 2]], np.array([0, 2])) == {"accuracy": 1.0, "balanced_accuracy": 1.0}
