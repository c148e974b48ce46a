import numpy as np
import pytest
import torch

from bgood_lib.training.augmentation import augment, cut_out, draw_moves


def moves(n=20, seed=0, **settings):
    return draw_moves(n, torch.Generator().manual_seed(seed), **settings)


def reference(images, moves, padding):
    """Reflection padding, crop and mirroring, image by image in NumPy."""
    height, width = images.shape[1:3]
    out = np.empty_like(images)
    for b, (down, right, mirrored) in enumerate(moves.tolist()):
        padded = np.pad(images[b], [(padding, padding), (padding, padding), (0, 0)], mode="reflect")
        crop = padded[padding + down :][:height, padding + right :][:, :width]
        out[b] = crop[:, ::-1] if mirrored else crop
    return out


@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize("shape", [(50, 8, 8, 3), (50, 6, 9, 4)])
def test_equals_reflection_padding_crop_and_flip(shape, flip):
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    drawn = moves(50, seed=3, padding=4, flip=flip)
    ours = augment(torch.from_numpy(images), drawn)
    assert ours.dtype == torch.uint8
    assert drawn[:, 2].any() == flip
    assert np.array_equal(ours.numpy(), reference(images, drawn, 4))


def test_a_mask_moves_with_its_image():
    pixels = torch.randint(0, 256, (20, 8, 8, 1))
    moved = augment(pixels.expand(-1, -1, -1, 4), moves())
    assert torch.equal(moved[..., 3], moved[..., 0])
    assert not torch.equal(moved[..., 3], pixels[..., 0])


def test_no_padding_and_no_flip_change_nothing():
    images = torch.rand(20, 8, 8, 3)
    assert torch.equal(augment(images, moves(padding=0, flip=False)), images)


def test_half_is_mirrored_and_every_shift_occurs():
    images = torch.arange(64.0).view(1, 8, 8, 1).expand(1000, -1, -1, -1)
    mirrored = augment(images, moves(1000, padding=0))[:, 0, 0, 0] == 7
    assert 0.45 < mirrored.float().mean() < 0.55
    shifted = augment(images, moves(1000, padding=2, flip=False))[:, 4, 4, 0].int()
    assert {(value // 8 - 4, value % 8 - 4) for value in shifted.tolist()} == {
        (i, j) for i in range(-2, 3) for j in range(-2, 3)
    }


def test_a_hole_is_a_grey_square_at_its_corner():
    images = torch.zeros(2, 8, 10, 3, dtype=torch.uint8)
    cut_out(images, torch.tensor([[0, 0], [3, 6]]), 4)
    expected = torch.zeros_like(images)
    expected[0, :4, :4] = expected[1, 3:7, 6:] = 128
    assert torch.equal(images, expected)
