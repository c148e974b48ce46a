import numpy as np
import pytest
import torch

from bgood_lib.augmentation import augment


def reference(images, seed, padding, flip):
    """Reflection padding, crop and mirroring, image by image in NumPy."""
    batch, height, width = images.shape[:3]
    generator = torch.Generator().manual_seed(seed)
    shifts = torch.randint(-padding, padding + 1, (2, batch, 1), generator=generator)[..., 0].numpy()
    mirrored = (torch.rand(batch, 1, generator=generator) < 0.5)[:, 0].numpy()
    out = np.empty_like(images)
    for b in range(batch):
        padded = np.pad(images[b], [(padding, padding), (padding, padding), (0, 0)], mode="reflect")
        top, left = shifts[:, b] + padding
        crop = padded[top : top + height, left : left + width]
        out[b] = crop[:, ::-1] if flip and mirrored[b] else crop
    return out


@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize("shape", [(50, 8, 8, 3), (50, 6, 9, 4)])
def test_equals_reflection_padding_crop_and_flip(shape, flip):
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    ours = augment(torch.from_numpy(images), torch.Generator().manual_seed(3), padding=4, flip=flip)
    assert ours.dtype == torch.uint8
    assert np.array_equal(ours.numpy(), reference(images, 3, 4, flip))


def test_a_mask_moves_with_its_image():
    pixels = torch.randint(0, 256, (20, 8, 8, 1))
    moved = augment(pixels.expand(-1, -1, -1, 4), torch.Generator().manual_seed(0))
    assert torch.equal(moved[..., 3], moved[..., 0])
    assert not torch.equal(moved[..., 3], pixels[..., 0])


def test_no_padding_and_no_flip_change_nothing():
    images = torch.rand(20, 8, 8, 3)
    assert torch.equal(augment(images, torch.Generator().manual_seed(0), padding=0, flip=False), images)


def test_half_is_mirrored_and_every_shift_occurs():
    images = torch.arange(64.0).view(1, 8, 8, 1).expand(1000, -1, -1, -1)
    mirrored = augment(images, torch.Generator().manual_seed(0), padding=0)[:, 0, 0, 0] == 7
    assert 0.45 < mirrored.float().mean() < 0.55
    shifted = augment(images, torch.Generator().manual_seed(0), padding=2, flip=False)[:, 4, 4, 0].int()
    assert {(value // 8 - 4, value % 8 - 4) for value in shifted.tolist()} == {
        (i, j) for i in range(-2, 3) for j in range(-2, 3)
    }
