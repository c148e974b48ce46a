"""Cross-entropy and the margin of energy."""

import numpy as np
import pytest
import torch

from bgood_lib.training.config import make_config
from bgood_lib.training.losses import CLASSIFICATION


@pytest.mark.parametrize("margin", [-25.0, -9.0, -2.0])
def test_the_loss_is_its_formula(margin):
    z, labels = np.random.default_rng(0).normal(0, 3, (20, 6)), np.arange(20) % 6
    energy = -np.log(np.exp(z).sum(1))
    expected = (-energy - z[np.arange(20), labels]).mean() + 0.1 * (np.maximum(energy - margin, 0) ** 2).mean()
    config = make_config("skeletons", method="energy_margin", energy_margin=margin)
    found = CLASSIFICATION["energy_margin"].loss(torch.as_tensor(z), torch.as_tensor(labels), config)
    assert found.item() == pytest.approx(expected)


def test_the_margin_is_the_published_one_and_no_other_method_has_one():
    assert make_config("skeletons", method="energy_margin").energy_margin == -25
    assert make_config("skeletons", method="background", energy_margin=-9).energy_margin is None
