"""Unknown pictures that share their background with known ones to the last bit, and the head that learns from them."""

import numpy as np
import pytest
import torch
from torch import nn

from bgood_lib.training.methods.syncood import FILLINGS, destroy, fit_head, kept_by_similarity
from bgood_lib.utils.errors import InputError


@pytest.fixture
def masks():
    masks = np.zeros((40, 32, 32), bool)
    for i, mask in enumerate(masks[1:]):  # the first one has no object
        mask[i % 9 : i % 9 + 11, 5:22] = True
        mask[i % 9, 5:9] = False  # not a box
    return masks


@pytest.mark.parametrize("filling", FILLINGS)
def test_the_object_is_another_and_the_background_is_the_same(images, masks, filling):
    made = destroy(images, masks, filling)
    assert (made[~masks] == images[~masks]).all()
    assert (made[0] == images[0]).all()
    assert all((a[mask] != b[mask]).mean() > 0.5 for a, b, mask in zip(made[1:], images[1:], masks[1:]))
    assert (destroy(images, masks, filling) == made).all() and (destroy(images, masks, filling, 1) != made).any()


def test_shuffled_and_noise_have_the_colours_of_the_object(images, masks):
    def colours(image, mask):
        return {tuple(pixel) for pixel in image[mask]}

    box = masks[1].copy()
    box[0:11, 5:22] = True
    assert colours(destroy(images, masks, "shuffled")[1], masks[1]) <= colours(images[1], box)
    assert colours(destroy(images, masks, "noise")[1], masks[1]) <= colours(images[1], masks[1])


def test_what_hardly_moved_and_what_is_like_nothing_is_left_out():
    features = torch.eye(5)[0].repeat(5, 1)
    turned = [torch.tensor([np.cos(a), np.sin(a), 0, 0, 0]) for a in (1.5, 0.0, 0.6, 0.9, 0.3)]
    assert kept_by_similarity(features, torch.stack(turned).float()).tolist() == [False, False, True, True, True]


def test_a_head_learns_to_tell_and_counts_both_alike():
    torch.manual_seed(0)
    known, unknown = torch.randn(900, 8) + 1, torch.randn(30, 8) - 1
    head = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
    fit_head(head, known, unknown)
    with torch.no_grad():
        assert (head(known).argmax(1) == 0).float().mean() > 0.95 and (
            head(unknown).argmax(1) == 1
        ).float().mean() > 0.9


def test_an_unknown_way_is_refused(images, masks):
    with pytest.raises(InputError, match="unknowns are made as shuffled, noise, other, not as 'painted'"):
        destroy(images, masks, "painted")
