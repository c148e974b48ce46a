"""Outlier exposure and DOE on a pre-trained network: outliers go through the kept maps of its trunk, which stays as it is."""

import copy

import numpy as np
import pytest
import torch

from bgood_lib.networks.pretrained import Pretrained
from bgood_lib.training import outliers
from bgood_lib.training.config import make_config
from bgood_lib.training.methods.doe import DisturbedSteps
from bgood_lib.training.methods.outlier_exposure import OutlierSteps
from bgood_lib.training.optimizers import OPTIMIZERS

pytest.importorskip("timm", reason="the extra `photos` is not installed")
CPU = torch.device("cpu")


@pytest.fixture
def start(images, tmp_path, monkeypatch):
    """A function from a method's steps and name to them, begun, their network and the first batch."""
    monkeypatch.setenv("BGOOD_DATA", str(tmp_path))
    monkeypatch.setattr(outliers.datasets, "load", lambda *name: (images[::-1].copy(), None))
    monkeypatch.setattr(outliers.datasets, "splits", lambda name: ["test"])

    def started(kind, method, **settings):
        config = make_config(
            "photos", dataset="photos", method=method, batch_size=4, flip=False, background_start=0, **settings
        )
        torch.manual_seed(0)
        network = Pretrained(4)
        network.side = 64
        steps = kind(network, images[:8], None, config, CPU, OPTIMIZERS["sgd"](network, config, CPU))
        generator = torch.Generator().manual_seed(0)
        steps.choice.manual_seed(1)
        steps.examples.begin(0, generator)
        steps.begin(0, generator)
        return steps, network.train(), steps.examples.batch(torch.arange(4))[0]

    return started


def of_numpy(z):
    z = z - z.max(1, keepdims=True)
    return z - np.log(np.exp(z).sum(1, keepdims=True))


def test_a_step_of_outlier_exposure_is_its_formula(start, images):
    steps, network, x = start(OutlierSteps, "oe")
    assert steps.config.outliers == "photos_outliers"
    y = torch.arange(4)
    rows = torch.randint(len(images), (4,), generator=torch.Generator().manual_seed(1))
    shown = torch.as_tensor(np.concatenate([images[:4], images[::-1][rows.numpy()]])).permute(0, 3, 1, 2)
    log_p = of_numpy(copy.deepcopy(network)(shown).detach().double().numpy())  # from pixels
    loss, _, _ = steps.step(x, None, y, 0.5).tolist()
    assert loss == pytest.approx(-log_p[range(4), y].mean() - 0.5 * log_p[4:].mean(), rel=1e-3)


@pytest.mark.parametrize("kind, method, settings", [
    (OutlierSteps, "oe", {}), (DisturbedSteps, "doe", {}),
    (DisturbedSteps, "doe_background", {"outliers": "background", "penalty": "uniform", "weight": 0.5}),
])  # fmt: skip
def test_the_trunk_stays_and_the_rest_learns(start, kind, method, settings):
    steps, network, x = start(kind, method, **settings)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    for share in (0.1, 0.6, 0.9):
        assert steps.step(x, None, torch.arange(4), share).isfinite().all()
    moved = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    layers = {int(name.split(".")[1]) for name in moved if name.startswith("layers")}
    assert "head.weight" in moved and layers == set(range(network.cut, len(network.layers)))
    steps.optimizer.state_dict()  # what a checkpoint keeps
