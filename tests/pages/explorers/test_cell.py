import numpy as np
import pytest
import torch

from bgood_lib import datasets
from bgood_lib.networks import locality
from bgood_lib.pages.explorers import base, cell
from bgood_lib.training.checkpoint import load_network


@pytest.fixture(scope="module")
def data(two_runs):
    return cell.describe(two_runs)["data"]


@pytest.fixture
def network(two_runs):
    return load_network(two_runs / "cross_entropy-s0/checkpoint.pt")


def test_similarities_are_those_of_the_library(data, network):
    """Where no crop is cut at the border."""
    images = base.unpack(data["images"])
    expected = locality.crop_similarity(network, images, (0, 1))
    found = base.unpack(data["networks"][0]["similar"]).astype(float)
    for i, side in enumerate(data["crops"][:2]):
        inside = found[i][:, 1:-1, 1:-1].reshape(len(images), -1)
        values = expected[side]
        assert inside[np.isfinite(values)] == pytest.approx(values[np.isfinite(values)], abs=2e-3)


def test_the_largest_crop_of_a_middle_cell_says_what_the_image_says(data):
    """It holds all that can reach the cell."""
    first, side = data["field"]
    block, largest = data["block"], data["crops"][-1]
    assert (block - largest) // 2 <= first and first + side <= (block + largest) // 2
    for network in data["networks"]:
        whole, alone = base.unpack(network["whole"]), base.unpack(network["alone"])[-1]
        assert np.abs(whole[:, 3:5, 3:5].astype(int) - alone[:, 3:5, 3:5]).max() <= 1


def test_the_field_is_what_changes_the_cell(data, network):
    """Random pixels outside of it change nothing, any inside may."""
    image = torch.rand(1, 3, 32, 32)
    (first, side), row, column, block = data["field"], 4, 3, data["block"]
    with torch.no_grad():
        before = network.feature_map(image)[..., row, column]
        other = torch.rand(1, 3, 32, 32)
        top, left = row * block + first, column * block + first
        inside = (slice(None), slice(None), slice(max(0, top), top + side), slice(max(0, left), left + side))
        other[inside] = image[inside]
        assert torch.allclose(network.feature_map(other)[..., row, column], before, atol=1e-5)
        other = image.clone()
        other[..., max(0, top), max(0, left) : left + side] = 1 - other[..., max(0, top), max(0, left) : left + side]
        assert not torch.equal(network.feature_map(other)[..., row, column], before)
    assert side == locality.receptive_field(network)


def test_a_square_is_cut_at_the_border(data):
    assert cell.box((0, 7), -4, 12, data) == (24, 0, 32, 8)


def test_it_shows_images_of_the_sets(data, two_runs):
    assert (base.unpack(data["images"])[0] == datasets.load("scenes", "test")[0][0]).all()
    assert data["captions"][-1] == "novel textures"
