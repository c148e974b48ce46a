"""ProoD: no picture within the radius is surer than the certificate says."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from bgood_lib.training.methods.prood import RADIUS, Discriminator, adam, joined, largest_confidence


@pytest.fixture
def discriminator():
    torch.manual_seed(0)
    network = Discriminator(width=4)
    with torch.no_grad():
        for p in network.parameters():
            p.mul_(2.0)  # steep, so that a small change counts
    return network


@pytest.fixture
def x(images):
    return torch.as_tensor(images[:16]).permute(0, 3, 1, 2) / 255


def test_together_they_say_what_the_formula_says():
    rng = np.random.default_rng(0)
    z, d = rng.normal(0, 3, (12, 6)), rng.normal(0, 3, 12)
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    known = 1 / (1 + np.exp(-d))
    expected = p * known[:, None] + (1 - known[:, None]) / 6
    found = joined(torch.as_tensor(z), torch.as_tensor(d)).exp().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_allclose(found.sum(1), 1, rtol=1e-6)
    assert (found.max(1) <= largest_confidence(torch.as_tensor(d), 6).numpy() + 1e-9).all()


def test_without_a_radius_the_bounds_are_the_logit_of_plain_layers(discriminator, x):
    low, high = discriminator.bounds(x)
    torch.testing.assert_close(low, high)
    z = x
    for layer in discriminator.convolutions:
        z = layer(z).relu()
    z = discriminator.hidden(z.flatten(1)).relu()
    expected = F.linear(z, -discriminator.last.weight.abs(), discriminator.last.bias)[:, 0]
    torch.testing.assert_close(discriminator(x), expected)


@pytest.mark.parametrize("radius", [RADIUS, 0.1])
def test_no_picture_nearby_leaves_the_bounds(discriminator, x, radius):
    low, high = discriminator.bounds(x, radius)
    draw = torch.Generator().manual_seed(0)
    for corner in (False, True):
        for _ in range(50):
            noise = torch.rand(x.shape, generator=draw) * 2 - 1
            moved = (x + radius * (noise.sign() if corner else noise)).clamp(0, 1)
            said = discriminator(moved)
            assert (said >= low - 1e-4).all() and (said <= high + 1e-4).all()


@pytest.mark.parametrize("radius", [RADIUS, 0.05])
def test_an_attack_within_the_radius_never_exceeds_the_certificate(discriminator, x, radius):
    torch.manual_seed(1)
    classifier = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 6))
    certificate = largest_confidence(discriminator.bounds(x, radius)[1], 6)
    moved = x.clone()
    for _ in range(40):  # projected gradient ascent on the joint confidence
        moved.requires_grad_()
        confidence = joined(classifier(moved), discriminator(moved)).exp().amax(1)
        (gradient,) = torch.autograd.grad(confidence.sum(), moved)
        moved = (moved.detach() + radius / 4 * gradient.sign()).clamp(x - radius, x + radius).clamp(0, 1)
    attacked = joined(classifier(moved), discriminator(moved)).exp().amax(1)
    before = joined(classifier(x), discriminator(x)).exp().amax(1)
    assert (attacked > before).float().mean() > 0.8  # the attack does work,
    assert (attacked <= certificate + 1e-6).all()  # and not beyond what is certified


def test_the_step_of_adam_is_that_of_pytorch():
    torch.manual_seed(0)
    ours, theirs = (torch.nn.Linear(4, 3) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    optimizer, state = torch.optim.Adam(theirs.parameters(), 1e-3), torch.optim.SGD(ours.parameters(), 1).state
    for _ in range(5):
        x = torch.randn(6, 4)
        for network in (ours, theirs):
            network.zero_grad()
            network(x).square().sum().backward()
        adam(ours.parameters(), state)
        optimizer.step()
    torch.testing.assert_close(ours.weight, theirs.weight)
