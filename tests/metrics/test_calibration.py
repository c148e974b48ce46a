import numpy as np
import pytest

from bgood_lib.metrics.calibration import calibration_error, likeliest_temperature, softmax


@pytest.fixture
def logits_and_labels():
    """Logits whose softmax is the true distribution of the labels."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (4000, 5))
    return logits, np.array([rng.choice(5, p=p) for p in softmax(logits)])


@pytest.mark.parametrize("factor", [0.2, 1, 8])
def test_the_likeliest_temperature_undoes_a_factor(logits_and_labels, factor):
    logits, labels = logits_and_labels
    temperature = likeliest_temperature(factor * logits, labels)
    assert temperature == pytest.approx(factor, rel=0.06)
    assert calibration_error(factor * logits / temperature, labels) < 0.02


def test_where_all_is_right_the_lower_bound_is_the_answer():
    assert likeliest_temperature(np.eye(3), np.arange(3), bounds=(0.5, 2)) == 0.5
