"""MECAM: one map of several exits, and how far the features move when it is masked."""

import numpy as np
import pytest
import torch

from bgood_lib.background_loss.selectors import select
from bgood_lib.networks.build import make_network
from bgood_lib.training.config import make_config
from bgood_lib.training.methods.mecam import MECAM, merged_map
from bgood_lib.utils.errors import InputError


def softmax(z):
    p = np.exp(z - z.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


def test_maps_are_merged_by_how_sure_exits_are():
    rng = np.random.default_rng(0)
    exits = [rng.normal(0, 2, (7, 5, 4, 4)) for _ in range(3)]
    pooled = [z.mean((2, 3)) for z in exits]
    sure = np.stack([softmax(z).max(1) for z in pooled])
    weights, predicted = sure / sure.sum(0), pooled[-1].argmax(1)
    expected = sum(w[:, None, None] * softmax(z)[np.arange(7), predicted] for w, z in zip(weights, exits))
    found = merged_map([torch.as_tensor(z, dtype=torch.float32) for z in exits], (4, 4)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_of_one_exit_the_selector_takes_what_the_map_leaves():
    z = torch.as_tensor(np.random.default_rng(0).normal(0, 3, (7, 5, 4, 4)), dtype=torch.float32)
    chosen = select("merged_cams", z.permute(0, 2, 3, 1), torch.zeros(7, dtype=torch.long))
    assert (chosen == (merged_map([z], (4, 4)) <= 0.5)).all() and 0 < chosen.float().mean() < 1


def test_the_score_is_how_far_the_features_move(images, labels):
    config = make_config("scenes", method="mecam")
    network = make_network(config, images, labels)
    MECAM.equip(network, config)
    network.eval()
    x = torch.as_tensor(images[:5]).permute(0, 3, 1, 2)
    with torch.no_grad():
        maps = network.feature_maps(x)
        said = network.beside(network, x, maps[1])["MECAM"]
        merged = merged_map(network.beside.exits(network, maps), (32, 32)).numpy()[:, None]
        mean = network.mean.numpy()
        pixels = images[:5].transpose(0, 3, 1, 2) / np.float32(255)
        masked = torch.as_tensor(mean + (pixels - mean) * (1 - merged))
        before, after = (network.pool(network.feature_map(part)).numpy() for part in (x, masked))
    assert said.numpy() == pytest.approx(-((before - after) ** 2).mean(1), rel=1e-3, abs=1e-7)
    assert (said < 0).all()


def test_the_exit_of_the_last_map_is_the_head(images, labels):
    config = make_config("scenes", method="mecam")
    network = make_network(config, images, labels)
    MECAM.equip(network, config)
    network.eval()
    x = torch.as_tensor(images[:5]).permute(0, 3, 1, 2)
    exits = network.beside.exits(network, network.feature_maps(x))
    torch.testing.assert_close(exits[-1].mean((2, 3)), network(x), rtol=1e-4, atol=1e-5)


def test_of_skeletons_it_is_told_that_their_network_shows_one_map():
    with pytest.raises(InputError, match="needs two maps, and skeleton_gcn shows its last one only"):
        make_config("skeletons", dataset="skeletons", method="mecam")
