"""A teacher's logits and the label, merged."""

import numpy as np
import pytest
import torch

from bgood_lib.training.methods.logits import ALPHA, merged_targets, softened


def softmax(z):
    p = np.exp(z - z.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


def merged_in_numpy(z, labels, top):
    p = softmax(z)
    p[p < np.sort(p, 1)[:, -top][:, None]] = 0
    p[np.arange(len(z)), labels] += 1
    return p / p.sum(1, keepdims=True)


@pytest.mark.parametrize("top", [1, 3, 6])
def test_the_largest_probabilities_and_the_label(top):
    z, labels = np.random.default_rng(0).normal(0, 2, (20, 6)), np.arange(20) % 6
    found = merged_targets(torch.as_tensor(z), torch.as_tensor(labels), top).numpy()
    np.testing.assert_allclose(found, merged_in_numpy(z, labels, top), rtol=1e-6)
    assert (found.argmax(1) == labels).all()  # whatever the teacher says, its share is less than the label's


def test_the_loss_is_its_formula():
    rng = np.random.default_rng(1)
    z, told, labels = rng.normal(0, 2, (20, 6)), rng.normal(0, 2, (20, 6)), np.arange(20) % 6
    log_p, target = np.log(softmax(z)), merged_in_numpy(told, labels, 5)
    cross_entropy = -log_p[np.arange(20), labels].mean()
    divergence = np.where(target > 0, target * (np.log(np.where(target > 0, target, 1)) - log_p), 0).sum(1).mean()
    found = softened(torch.as_tensor(z), torch.as_tensor(told), torch.as_tensor(labels)).item()
    assert found == pytest.approx(ALPHA * cross_entropy + (1 - ALPHA) * divergence)
