import json

import numpy as np
import pytest
import torch

from bgood_lib.networks.resnet18 import ResNet18_32x32
from bgood_lib.networks.small_resnet import SmallResNet
from bgood_lib.pages.explorers.folded import Folded, fold
from bgood_lib.utils.errors import InputError


@pytest.fixture(params=[1, 2, 3])
def network(request):
    """An untrained network whose batch normalisation does something."""
    torch.manual_seed(0)
    network = SmallResNet(4, stages=request.param, width=4).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.3)
            module.running_mean.normal_(std=0.3)
            module.running_var.uniform_(0.5, 2)
    return network


def test_a_folded_network_says_the_same(network, images):
    pixels = torch.as_tensor(images).permute(0, 3, 1, 2)
    with torch.no_grad():
        maps = network.feature_map(pixels)
        expected = maps.norm(dim=1), network.head(maps.permute(0, 2, 3, 1)), network(pixels)
    for found, each in zip(Folded(json.loads(json.dumps(fold(network)))).run(images), expected):
        assert np.abs(found - each.numpy()).max() < 0.01 * max(1, np.abs(each.numpy()).max())


def test_another_network_is_refused():
    with pytest.raises(InputError, match="ResNet18_32x32"):
        fold(ResNet18_32x32(10))
