"""MECAM on a pre-trained network: two exits, one map of both, by the formula in plain NumPy."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bgood_lib.features import extract
from bgood_lib.networks.build import make_network
from bgood_lib.networks.pretrained import Pretrained
from bgood_lib.training import steps as training_steps
from bgood_lib.training.checkpoint import weights_sha256
from bgood_lib.training.config import make_config
from bgood_lib.training.methods.mecam_trunk import MECAMTrunk, TrunkExitSteps
from bgood_lib.training.optimizers import OPTIMIZERS
from bgood_lib.utils.errors import InputError

pytest.importorskip("timm", reason="the extra `photos` is not installed")


CONFIG = make_config("photos", dataset="photos", method="mecam_trunk", batch_size=4, epochs=3, flip=False)
CPU = torch.device("cpu")


def equipped():
    torch.manual_seed(0)
    network = Pretrained(4)
    network.side = 64
    MECAMTrunk.equip(network, CONFIG)
    return network


@pytest.fixture
def network(tmp_path, monkeypatch):
    monkeypatch.setenv("BGOOD_DATA", str(tmp_path))
    return equipped().eval()


def softmax(z, axis=1):
    p = np.exp(z - z.max(axis, keepdims=True))
    return p / p.sum(axis, keepdims=True)


@torch.no_grad()
def in_numpy(network, images):
    """Logits of the cells of both exits, [B, K, h, w]."""
    first = network.trunk(torch.as_tensor(images).permute(0, 3, 1, 2)).double()
    last = network.rest(first.float())[1].double().numpy()
    layers = {"early": network.beside.early, "head": network.head}
    w = {name: layer.weight.double().flatten(1).numpy() for name, layer in layers.items()}
    b = {name: layer.bias.double().numpy()[:, None, None] for name, layer in layers.items()}
    return [np.einsum("kc,bchw->bkhw", w[name], x) + b[name] for name, x in (("early", first.numpy()), ("head", last))]


def test_what_the_map_of_both_exits_leaves_is_background(network, images):
    exits = in_numpy(network, images)
    sure = np.stack([softmax(z.mean((2, 3))).max(1) for z in exits])
    predicted = exits[1].mean((2, 3)).argmax(1)
    parts = [softmax(z)[np.arange(len(images)), predicted] for z in exits]
    merged = sum(w[:, None, None] * part for w, part in zip(sure / sure.sum(0), parts))
    threshold = float(np.median(merged))
    found = network.beside.background(network, torch.as_tensor(images).permute(0, 3, 1, 2), threshold).numpy()
    sharp = np.abs(merged - threshold) > 1e-4
    assert (found == (merged <= threshold))[sharp].all() and sharp.mean() > 0.9


def test_a_step_costs_the_cross_entropy_of_both_exits(network, images, labels):
    steps = TrunkExitSteps(network, images[:8], None, CONFIG, CPU, OPTIMIZERS["sgd"](network, CONFIG, CPU))
    steps.examples.begin(0, torch.Generator().manual_seed(0))
    z = [exit.mean((2, 3)) for exit in in_numpy(network, images[:4])]
    expected = sum(-np.log(softmax(logits))[np.arange(4), labels[:4]].mean() for logits in z)
    before = network.beside.early.weight.clone()
    loss, background, _ = steps.step(*steps.examples.batch(torch.arange(4)), torch.as_tensor(labels[:4]), 0.5).tolist()
    assert loss == pytest.approx(expected, rel=1e-3) and background == 0
    assert not torch.equal(before, network.beside.early.weight)


def test_resuming_equals_not_having_stopped_bit_for_bit(network, images, labels, tmp_path, monkeypatch):
    monkeypatch.setattr(training_steps, "time", SimpleNamespace(monotonic=itertools.count(0, 120).__next__))

    def kill(line):
        if "2/3" in line:
            raise KeyboardInterrupt

    def trained(network, checkpoint, report=str):
        training_steps.train_in_steps(
            TrunkExitSteps, network, images[:8], labels[:8], CONFIG, CPU, checkpoint=checkpoint, identity="r", report=report
        )  # fmt: skip
        return weights_sha256(network)

    begun, whole = weights_sha256(network), trained(network, tmp_path / "whole.pt")
    with pytest.raises(KeyboardInterrupt):
        trained(equipped(), tmp_path / "c.pt", kill)
    lines = []
    assert trained(equipped(), tmp_path / "c.pt", lines.append) == whole != begun
    assert lines and not any("1/3" in line for line in lines)  # it did not begin again


def test_it_adds_no_score_and_passes_no_picture_again(network, images, labels):
    assert extract(network, images, labels).own == {}


def test_a_network_without_a_trunk_is_told(images, labels):
    config = make_config("scenes", method="mecam_trunk")
    with pytest.raises(
        InputError, match="needs a network with frozen layers, and small_resnet has none; use method mecam"
    ):
        MECAMTrunk.equip(make_network(config, images, labels), config)
