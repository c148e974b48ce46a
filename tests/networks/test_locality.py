import numpy as np
import pytest
import torch

from bgood_lib.networks.locality import crop_similarity, receptive_field, swap_similarity, unrelated_similarity
from bgood_lib.networks.small_resnet import SmallResNet


@pytest.fixture
def network():
    torch.manual_seed(0)
    return SmallResNet(3, stages=2, width=16)


@pytest.mark.parametrize("stages, side", [(1, 9), (2, 21), (3, 45)])
def test_receptive_field(stages, side):
    # The stem sees 3 pixels; a block adds 2 steps of its input and 2 of its output: 2 + 4, 4 + 8, 8 + 16.
    torch.manual_seed(0)
    assert receptive_field(SmallResNet(3, stages, width=16)) == side


def test_receptive_field_leaves_the_network_as_it_was(network):
    receptive_field(network)
    assert all(p.grad is None for p in network.parameters())


def test_a_crop_that_covers_the_receptive_field_gives_the_same_cell(network, images):
    # Cell i sees pixels 4 i - 10 to 4 i + 10; a margin of 3 blocks shows 4 i - 12 to 4 i + 15.
    similar = crop_similarity(network, images[:4], margins=(0, 1, 2, 3))
    assert list(similar) == [4, 12, 20, 28]
    assert all(values.shape == (4, 4) for values in similar.values())  # 4 images, cells 3 and 4 in each direction
    np.testing.assert_allclose(similar[28], 1, atol=1e-5)
    assert similar[4].max() < 0.999
    assert similar[4].mean() < similar[12].mean() < similar[28].mean()


def test_a_margin_that_does_not_fit(network, images):
    with pytest.raises(ValueError, match="margin of 4 blocks does not fit into a map of 8 cells"):
        crop_similarity(network, images[:1], margins=(0, 4))


def test_a_zero_feature_has_no_direction(network, images):
    network.stages[1].bn2.weight.data.zero_(), network.stages[1].shortcut[1].weight.data.zero_()
    assert np.isnan(crop_similarity(network, images[:2], margins=(0,))[4]).all()
    assert np.isnan(unrelated_similarity(network, images[:2])).all()


@pytest.mark.parametrize("seed", range(4))
def test_unrelated_images_are_never_the_same_image(network, images, seed):
    values = unrelated_similarity(network, images[:5], seed=seed)
    assert values.shape[0] == 5 and (values.reshape(5, -1).min(1) < 0.9999).all()


def test_a_cell_does_not_see_what_is_swapped_beyond_its_receptive_field(network, images):
    inside, outside = (swap_similarity(network, images[:4], (0, 1, 2, 3), kept) for kept in ("inside", "outside"))
    assert list(inside) == list(outside) == [4, 12, 20, 28]
    np.testing.assert_allclose(inside[28], 1, atol=1e-5)
    assert inside[4].mean() < inside[12].mean() < inside[20].mean()
    assert outside[4].mean() > outside[12].mean() > outside[20].mean()


def test_all_swapped_is_another_image(network, images):
    # What keeps nothing of its receptive field is the cell of the image it is mixed with.
    swapped = swap_similarity(network, images[:5], (3,), "outside")[28]
    other = unrelated_similarity(network, images[:5], border=3)
    np.testing.assert_allclose(np.sort(swapped.ravel()), np.sort(other.ravel()), atol=1e-5)


def test_swapped_where(network, images):
    with pytest.raises(ValueError, match="kept is 'middle'; choose inside or outside"):
        swap_similarity(network, images[:2], kept="middle")
