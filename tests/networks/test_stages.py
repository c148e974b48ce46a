"""Channel means of a network's earlier stages, as it goes."""

import numpy as np
import pytest
import torch

from bgood_lib.features import extract
from bgood_lib.networks.residual_cnn import ResidualCNN
from bgood_lib.networks.resnet18 import ResNet18_32x32
from bgood_lib.networks.small_resnet import SmallResNet
from bgood_lib.networks.stages import StageMeans, earlier_stages
from bgood_lib.networks.whitened_cnn import WhitenedCNN
from bgood_lib.networks.wrapped import Wrapped


@pytest.mark.parametrize("network, widths", [
    (SmallResNet(4, stages=3, width=4), [8, 16]), (SmallResNet(4, stages=1, width=4), []),
    (WhitenedCNN(4, stages=3, width=4), [4, 8]), (ResidualCNN(4, stages=3, width=4), [4, 8]), (ResNet18_32x32(4), [64, 128, 256]),
])  # fmt: skip
def test_every_network_names_its_stages(network, widths):
    network.eval()
    with torch.no_grad(), StageMeans(network) as stages:
        assert stages.take() is None
        previous, last = network.feature_maps(torch.rand(2, 3, 32, 32))
        means = stages.take()
    assert len(earlier_stages(network)) == len(widths) and (means is None) == (not widths)
    if widths:
        assert means.shape == (2, sum(widths))
        np.testing.assert_allclose(means[:, -widths[-1] :], previous.mean((2, 3)), rtol=1e-5, atol=1e-6)
    with StageMeans(network) as stages, torch.no_grad():
        pass
    network.feature_maps(torch.rand(2, 3, 32, 32))
    assert stages.take() is None  # outside nothing is caught


def test_features_hold_them_for_every_image(images):
    network = SmallResNet(4, stages=3, width=4).eval()
    found = extract(network, images, [-1] * len(images), batch_size=7)
    one = extract(network, images[5:6], [-1])
    assert found.stages.shape == (len(images), 24)
    np.testing.assert_allclose(found.stages[5:6], one.stages, rtol=1e-4, atol=1e-6)


def test_what_a_part_beside_passes_is_not_caught(images):
    network = SmallResNet(4, stages=2, width=4).eval()
    plain = extract(network, images, [-1] * len(images)).stages
    network.beside = lambda network, x, maps: {"again": network(x).amax(1)}
    np.testing.assert_array_equal(extract(network, images, [-1] * len(images), batch_size=100).stages, plain)


def test_a_network_that_names_none_has_none(images):
    classifier = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 4))
    assert extract(Wrapped(classifier, "1"), images, [-1] * len(images)).stages is None
