import dataclasses

import pytest
import torch

from bgood_lib.networks.build import make_network
from bgood_lib.training import cost
from bgood_lib.training.checkpoint import weights_sha256
from bgood_lib.training.config import make_config
from bgood_lib.utils import errors

CPU = torch.device("cpu")


@pytest.mark.slow
def test_an_endless_training_is_refused_with_its_hours(images, labels):
    config = make_config("full", dataset="cifar10", method="cross_entropy")
    network = make_network(config, images, labels)
    before, lines = weights_sha256(network), []
    with pytest.raises(
        errors.TooLongError, match=r"100 epochs of resnet18_32x32 on 50,000 images.* \d+ hours.*FORCE=1"
    ):
        cost.refuse_endless(network, config, 50_000, CPU, report=lines.append)
    assert not lines
    cost.refuse_endless(network, config, 50_000, CPU, force=True, report=lines.append)
    assert "warning: 100 epochs" in lines[0]
    assert weights_sha256(network) == before


def test_a_short_one_is_not(images, labels):
    config = make_config("scenes", method="cross_entropy", epochs=1)
    lines = []
    cost.refuse_endless(make_network(config, images, labels), config, 40, CPU, report=lines.append)
    assert not lines


def test_hours_grow_with_epochs_and_images(images, labels):
    config = make_config("scenes", method="cross_entropy", epochs=10)
    network = make_network(config, images, labels)
    few = cost.estimate_hours(network, config, 1_000, CPU)
    many = cost.estimate_hours(network, dataclasses.replace(config, epochs=100), 10_000, CPU)
    assert few > 0 and 10 < many / few < 1000
