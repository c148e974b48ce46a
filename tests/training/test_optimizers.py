"""What takes the steps: Muon beside SGD, and a training with it."""

import numpy as np
import pytest
import torch
from torch import nn

from bgood_lib.networks.build import make_network
from bgood_lib.training import examples, loop
from bgood_lib.training.augmentation import alternate
from bgood_lib.training.checkpoint import weights_sha256
from bgood_lib.training.config import make_config
from bgood_lib.training.loop import train
from bgood_lib.training.optimizers import OPTIMIZERS, Muon, orthogonal

CPU = torch.device("cpu")


def strong(**settings):
    return make_config("strong", **{"method": "cross_entropy", "epochs": 2, "batch_size": 20, "width": 8, **settings})


@pytest.mark.parametrize("shape", [(16, 40), (40, 16), (24, 24)])
def test_the_direction_is_nearly_orthogonal(shape):
    u, _, v = torch.linalg.svd(torch.randn(shape, generator=torch.Generator().manual_seed(0)), full_matrices=False)
    matrix = u @ torch.linspace(0.1, 3, len(v)).diag() @ v
    ours = orthogonal(matrix)
    assert torch.linalg.svdvals(ours).min() > 0.6 and torch.linalg.svdvals(ours).max() < 1.3
    nearest = u @ v
    assert (ours - nearest).norm() / nearest.norm() < 0.25
    torch.testing.assert_close(orthogonal(1000 * matrix), ours, atol=1e-4, rtol=1e-3)


def step_of(optimizer, weights, gradients):
    for gradient in gradients:
        weights.grad = gradient.clone()
        optimizer.step()
    return weights.detach()


def test_filters_keep_their_length_and_forget_the_one_they_had():
    generator = torch.Generator().manual_seed(0)
    start, *gradients = torch.randn(7, 16, 4, 3, 3, generator=generator)
    end = []
    for scale in (1, 50):
        weights = nn.Parameter(scale * start)
        optimizer = Muon([{"params": [weights], "orthogonal": True}], lr=0.1, momentum=0.85)
        end.append(step_of(optimizer, weights, gradients))
        optimizer.param_groups[0]["lr"] = 0.0
        assert step_of(optimizer, weights, gradients[:1]).norm().item() == pytest.approx(4)  # sqrt(16)
    torch.testing.assert_close(*end)


def test_what_is_not_a_filter_steps_as_sgd_does():
    start, *gradients = torch.randn(5, 6, 3, generator=torch.Generator().manual_seed(0))
    ours, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    muon = Muon([{"params": [ours], "weight_decay": 0.01}], lr=0.1, momentum=0.85)
    sgd = torch.optim.SGD([theirs], lr=0.1, momentum=0.85, weight_decay=0.01, nesterov=True)
    torch.testing.assert_close(step_of(muon, ours, gradients), step_of(sgd, theirs, gradients))


def test_every_weight_is_in_one_group_at_its_rate(images, labels):
    config = strong(method="background", penalty="ood_head", head_rate=3.0, batch_size=500)
    network = make_network(config, images, labels)
    filters, biases, others = OPTIMIZERS["muon"](network, config, CPU).param_groups
    names = {id(p): name for name, p in network.named_parameters()}
    assert {names[id(p)].split(".")[2] for p in filters["params"]} == {"conv1", "conv2", "conv3"}
    assert all(names[id(p)].startswith("stages.") and p.ndim == 1 for p in biases["params"])
    assert {names[id(p)].split(".")[0] for p in others["params"]} == {"head", "ood_head"}
    rates = [config.learning_rate * group["relative"] for group in (filters, biases, others)]
    assert rates == pytest.approx([0.08, 32, 0.24])
    assert make_config("strong").head_rate == pytest.approx(0.1 / 0.12)
    assert sum(len(group["params"]) for group in (filters, biases, others)) == sum(
        p.requires_grad for p in network.parameters()
    )


def test_every_image_is_mirrored_in_every_second_epoch(images, labels, monkeypatch):
    mirrored, real = [[], []], examples.augment
    steps = iter(range(1000))

    def spy(x, moves):  # two batches an epoch; an image is known by its first pixel
        mirrored[next(steps) // 2 % 2].extend(zip(x[:, 0, 0, :].sum(1).tolist(), moves[:, 2].tolist()))
        return real(x, moves)

    monkeypatch.setattr(examples, "augment", spy)
    images[:, 0, 0] = np.arange(40)[:, None]
    config = strong()
    train(make_network(config, images, labels), images, labels, config, CPU, report=str)
    first, second = map(dict, mirrored)
    assert len(first) == 40 and {image: 1 - value for image, value in first.items()} == second
    assert torch.equal(alternate(40, 0, 0), alternate(40, 0, 2)) and 10 < alternate(40, 0, 0).sum() < 30
    assert not torch.equal(alternate(40, 0, 0), alternate(40, 1, 0))


@pytest.mark.parametrize("settings", [{}, {"method": "background", "selector": "random", "penalty": "ood_head"}])
def test_resuming_equals_not_having_stopped_bit_for_bit(images, labels, tmp_path, monkeypatch, settings):
    monkeypatch.setattr(loop, "time", type("Clock", (), {"monotonic": iter(range(0, 10**6, 120)).__next__}))
    config, checkpoint = strong(epochs=3, **settings), tmp_path / "checkpoint.pt"
    whole, killed, resumed = (make_network(config, images, labels) for _ in range(3))
    train(whole, images, labels, config, CPU, report=str)

    def kill(line):
        if "2/3" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(killed, images, labels, config, CPU, checkpoint=checkpoint, identity="r", report=kill)
    lines = []
    train(resumed, images, labels, config, CPU, checkpoint=checkpoint, identity="r", report=lines.append)
    assert len(lines) == 1 and weights_sha256(resumed) == weights_sha256(whole)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_profile_learns_with_the_background_loss(precision):
    rng = np.random.default_rng(0)
    labels = np.arange(160, dtype=np.int64) % 4
    images = rng.integers(0, 256, (160, 32, 32, 3), dtype=np.uint8) // 2
    images[:, 8:24, 8:24] = rng.integers(0, 256, (4, 16, 16, 3), dtype=np.uint8)[labels]  # a pattern for every class
    config = strong(
        method="background",
        selector="rank",
        top_k=1,
        background_start=0.0,
        epochs=4,
        flip=False,
        cutout=0,
        precision=precision,
    )
    network = make_network(config, images, labels)
    scales = network.stages[0].bn1.weight.clone()
    first, *_, last = train(network, images, labels, config, CPU, report=str)
    assert last["loss"] < 0.7 * first["loss"] and last["train_accuracy"] > 0.6
    assert last["background_loss"] < first["background_loss"]
    assert torch.equal(network.stages[0].bn1.weight, scales) and network.stages[0].bn1.bias.abs().min() > 0
