"""Dropout that can be stopped."""

import numpy as np
import pytest
import torch

from bgood_lib.networks.small_resnet import SmallResNet
from bgood_lib.training.config import make_config
from bgood_lib.training.methods.dropout import DropoutSteps, left_out
from bgood_lib.training.steps import train_in_steps
from bgood_lib.utils.errors import InputError

CPU = torch.device("cpu")


def test_a_share_is_left_out_and_the_mean_stays():
    out = left_out(torch.ones(200, 500), 0.2, torch.Generator().manual_seed(3))
    assert set(out.unique().tolist()) == {0.0, 1.25}
    assert (out == 0).float().mean().item() == pytest.approx(0.2, abs=0.01)


def test_its_share_is_of_this_method_alone():
    assert make_config("scenes", method="dropout").dropout == 0.5
    assert make_config("scenes", method="dropout", dropout=0.25).dropout == 0.25
    assert make_config("scenes", method="smoothed", dropout=0.25).dropout is None
    with pytest.raises(InputError, match="dropout is 1.5"):
        make_config("scenes", method="dropout", dropout=1.5)


def trained(images, labels, config, folder, epochs):
    torch.manual_seed(0)
    network = SmallResNet(4, 2, 8)
    kept = {"checkpoint": folder / "checkpoint.pt", "identity": "a"} if folder else {}
    train_in_steps(DropoutSteps, network, images, labels, config, CPU, report=lambda *_: None, **kept)
    return torch.cat([tensor.flatten().float() for tensor in network.state_dict().values()])


def test_a_stopped_training_goes_on_alike(images, labels, tmp_path, monkeypatch):
    config = make_config("scenes", method="dropout", epochs=2, batch_size=8)
    whole = trained(images, labels, config, None, 2)
    begin, seen = DropoutSteps.begin, []

    def stopped(self, epoch, generator):
        if epoch == 1 and not seen:
            seen.append(epoch)
            raise KeyboardInterrupt
        begin(self, epoch, generator)

    monkeypatch.setattr(DropoutSteps, "begin", stopped)
    with pytest.raises(KeyboardInterrupt):
        trained(images, labels, config, tmp_path, 2)
    assert seen and torch.equal(trained(images, labels, config, tmp_path, 2), whole)
    other = trained(
        images, labels, make_config("scenes", method="dropout", dropout=0.1, epochs=2, batch_size=8), None, 2
    )
    assert not np.array_equal(other, whole)
