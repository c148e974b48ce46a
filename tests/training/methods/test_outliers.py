"""Outlier exposure and DOE against their formulas, and the background that stands in for outliers."""

import copy

import numpy as np
import pytest
import torch

from bgood_lib.background_loss.penalties import penalise, pooled_background
from bgood_lib.networks.build import make_network
from bgood_lib.runs import identity
from bgood_lib.training import outliers
from bgood_lib.training.config import make_config
from bgood_lib.training.methods.doe import DisturbedSteps, direction, scale_gradient
from bgood_lib.training.methods.outlier_exposure import OutlierSteps
from bgood_lib.training.optimizers import OPTIMIZERS
from bgood_lib.utils.errors import InputError

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def letters(monkeypatch, images):
    """Outliers are the images, upside down."""
    monkeypatch.setattr(outliers.datasets, "load", lambda *name: (images[:, ::-1].copy(), None))
    monkeypatch.setattr(outliers.datasets, "splits", lambda name: ["test"])


def started(kind, images, labels, **settings):
    config = make_config("scenes", background_start=0, batch_size=8, **settings)
    network = make_network(config, images, labels)
    optimizer = OPTIMIZERS["sgd"](network, config, CPU)
    steps = kind(network, images, None, config, CPU, optimizer)
    generator = torch.Generator().manual_seed(0)
    steps.choice.manual_seed(1)
    steps.examples.begin(0, generator)
    steps.begin(0, generator)
    return steps, network.train()


def even_in_numpy(z):
    z = z - z.max(1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
    return -log_p.mean(1).mean()


def test_even_is_the_cross_entropy_to_even_probabilities():
    z = np.random.default_rng(0).normal(0, 3, (20, 6))
    assert outliers.even(torch.as_tensor(z)).item() == pytest.approx(even_in_numpy(z))
    assert outliers.even(torch.zeros(3, 6)).item() == pytest.approx(np.log(6))  # the least there is


def test_a_step_of_outlier_exposure_is_its_formula(images, labels):
    steps, network = started(OutlierSteps, images, labels, method="oe")
    y = torch.as_tensor(labels[:8])
    x, _ = steps.examples.batch(torch.arange(8))
    same, choice = copy.deepcopy(network), torch.Generator().manual_seed(1)
    both = torch.cat([x, steps.outliers.batch(8, choice)])
    z = same(both).detach().double().numpy()
    known = z[:8] - z[:8].max(1, keepdims=True)
    cross_entropy = -(known - np.log(np.exp(known).sum(1, keepdims=True)))[np.arange(8), labels[:8]].mean()
    loss, _, accuracy = steps.step(x, None, y, 0.5).tolist()
    assert loss == pytest.approx(cross_entropy + 0.5 * even_in_numpy(z[8:]), rel=1e-4)
    assert accuracy == (z[:8].argmax(1) == labels[:8]).mean()
    assert any((a != b).any() for a, b in zip(same.parameters(), network.parameters()))


def test_the_gradient_of_the_scale_is_the_one_of_a_number_that_multiplies_logits():
    z = torch.randn(10, 5, generator=torch.Generator().manual_seed(0)).double()
    scale = torch.ones((), dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(outliers.even(z * scale), scale)
    assert scale_gradient(z).item() == pytest.approx(slope.item() ** 2)


def clipped(network, longest):
    torch.nn.utils.clip_grad_norm_(network.parameters(), longest)


@pytest.mark.parametrize("longest", [1.0, 1e-3])
def test_clipping_the_wrong_network_changes_nothing(longest):
    # The published program clips the gradient of the network where it means that of the copy. As a direction has the
    # length of the weights, whatever its own, it is the same with the slip, put right, and without any clipping.
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)).double()
    x, found = torch.randn(16, 4).double(), []
    for clip in (None, "network", "proxy"):
        proxy = copy.deepcopy(network)
        scale_gradient(proxy(x)).backward()
        if clip:
            clipped(network if clip == "network" else proxy, longest)
        with torch.no_grad():
            for p in proxy.parameters():
                p.sub_(p.grad)
        found.append(direction(network, proxy))
    assert set(found[0]) == {"0.weight", "2.weight"}  # biases stay
    for name, p in network.named_parameters():
        if name in found[0]:
            assert found[0][name].norm().item() == pytest.approx(p.norm().item())
            for other in found[1:]:
                torch.testing.assert_close(found[0][name], other[name], rtol=1e-4, atol=1e-8)


def test_doe_learns_from_outliers_where_weights_are_disturbed_and_moves_back(images, labels):
    steps, network = started(DisturbedSteps, images, labels, method="doe")
    x, _ = steps.examples.batch(torch.arange(8))
    y = torch.as_tensor(labels[:8])
    before = copy.deepcopy(network.state_dict())
    both = torch.cat([x, steps.outliers.batch(8, torch.Generator().manual_seed(1))])
    moved = steps.disturb(both, None, y, 0.1)
    for name, p in network.named_parameters():
        expected = before[name] + 0.1 * moved[name] if name in moved else before[name]
        torch.testing.assert_close(p.detach(), expected)
    steps.move(moved, -0.1)
    for name, p in network.named_parameters():
        torch.testing.assert_close(p.detach(), before[name], rtol=1e-4, atol=1e-6)
    first = {name: d.clone() for name, d in moved.items()}
    again = steps.disturb(both, None, y, 0.1)
    new = direction_of(steps, before)
    name = next(iter(first))
    assert (again[name] - first[name]).norm() <= 0.4 * (new - first[name].norm()) + 0.81 * first[name].norm()
    assert not torch.equal(again[name], first[name])


def direction_of(steps, before):
    return max(w.norm() for w in before.values() if w.is_floating_point() and w.ndim > 1)


def test_before_it_begins_doe_is_outlier_exposure_at_weight_one(images, labels):
    steps, network = started(DisturbedSteps, images, labels, method="doe")
    same = copy.deepcopy(network)
    x, _ = steps.examples.batch(torch.arange(8))
    steps.step(x, None, torch.as_tensor(labels[:8]), 0.1)
    loss = torch.nn.functional.cross_entropy(
        (z := same(torch.cat([x, steps.outliers.batch(8, torch.Generator().manual_seed(1))])))[:8],
        torch.as_tensor(labels[:8]),
    ) + outliers.even(z[8:])
    loss.backward()
    torch.nn.utils.clip_grad_norm_(same.parameters(), 1)
    OPTIMIZERS["sgd"](same, steps.config, CPU).step()
    for p, q in zip(network.parameters(), same.parameters()):
        torch.testing.assert_close(p, q, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("penalty", ["uniform", "uniform_pooled"])
def test_background_features_as_outliers(images, labels, penalty):
    steps, network = started(
        DisturbedSteps,
        images,
        labels,
        method="doe_background",
        outliers="background",
        penalty=penalty,
        selector="border",
    )
    x, _ = steps.examples.batch(torch.arange(8))
    maps = network.feature_maps(x)
    logits = steps.outlier_logits(network, maps, torch.as_tensor(labels[:8]), None)
    patches, border = maps[1], torch.ones(8, 8, 8, dtype=torch.bool)
    border[:, 1:-1, 1:-1] = False
    assert outliers.even(logits).item() == pytest.approx(penalise(penalty, patches, border, head=network.head).item())
    cells = patches.detach().numpy().transpose(0, 2, 3, 1)
    f = (
        cells[border.numpy()]
        if penalty == "uniform"
        else np.stack([c[b].mean(0) for c, b in zip(cells, border.numpy())])
    )
    z = f @ network.head.weight.detach().numpy().T + network.head.bias.detach().numpy()
    assert outliers.even(logits).item() == pytest.approx(even_in_numpy(z), rel=1e-4)
    assert steps.step(x, None, torch.as_tensor(labels[:8]), 0.9).isfinite().all()


def test_a_picture_without_background_has_no_part_in_its_mean():
    patches, chosen = torch.rand(2, 3, 2, 2), torch.zeros(2, 2, 2, dtype=torch.bool)
    assert pooled_background(patches, chosen).shape == (0, 3)
    assert penalise("uniform_pooled", patches, chosen, head=torch.nn.Linear(3, 4)).item() == 0


def test_what_cannot_be_is_refused(images, labels):
    with pytest.raises(InputError, match="penalty is 'norm'; use method doe_background with penalty uniform"):
        started(DisturbedSteps, images, labels, method="doe_background", outliers="background")
    with pytest.raises(InputError, match="learns from unknowns; name an image set, outliers=NAME"):
        make_config("scenes", method="oe", dataset="mine")


def test_each_data_set_has_outliers_and_they_count(monkeypatch):
    assert make_config("scenes", method="oe").outliers == "scenes_letters"
    assert make_config("cpu", method="oe", dataset="cifar10").outliers == "cifar100"
    assert make_config("scenes", method="background", outliers="svhn").outliers is None
    config, found = make_config("scenes", method="oe"), {}
    for name in ("one", "other"):
        monkeypatch.setattr(identity, "outliers_sha256", lambda config, name=name: name)
        found[name] = identity.run_id(config, "0")
    assert found["one"] != found["other"]
