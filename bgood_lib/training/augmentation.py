"""Random shifts, mirroring and holes of whole batches, on whatever device they are."""

import torch


def draw_moves(n, generator, padding=4, flip=True):
    """Draw how ``n`` images will be moved.

    Parameters
    ----------
    n : int
    generator : torch.Generator
        CPU generator: the same numbers whatever the device.
    padding : int, default=4
        Largest shift, in pixels; 0 for none.
    flip : bool, default=True
        Mirror every second image, by chance.

    Returns
    -------
    Tensor of shape [n, 3], int64 : shift down, shift right, 1 if mirrored.
    """
    shifts = torch.randint(-padding, padding + 1, (n, 2), generator=generator)
    mirrored = torch.rand(n, 1, generator=generator) < 0.5
    return torch.cat([shifts, mirrored & flip], dim=1)


def alternate(n, seed, epoch):
    """Which of ``n`` images are mirrored in an epoch: each in every second one, by chance in the even or the odd.

    So two epochs show both sides of every image (Jordan, arXiv 2404.00498, 2024).

    Parameters
    ----------
    n, seed, epoch : int

    Returns
    -------
    Tensor of shape [n], int64 : 1 if mirrored.
    """
    first = torch.rand(n, generator=torch.Generator().manual_seed(2**41 + seed)) < 0.5
    return (first + epoch) % 2


def augment(images, moves):
    """Shift every image by its own offset, reflecting at the border, and mirror it or not.

    With random moves, equal to reflection padding followed by a random crop and a random
    horizontal flip.

    Parameters
    ----------
    images : Tensor of shape [B, H, W, channels], any dtype
        Channels last. A mask that must move with its image can travel as a fourth channel.
    moves : Tensor of shape [B, 3], int64
        As :func:`draw_moves` gives them, on the device of the images; shifts smaller than the
        image's side.

    Returns
    -------
    Tensor of the shape and dtype of ``images``
    """
    batch, height, width = images.shape[:3]
    device = images.device
    rows = _reflect(torch.arange(height, device=device) + moves[:, :1], height)
    columns = _reflect(torch.arange(width, device=device) + moves[:, 1:2], width)
    columns = torch.where(moves[:, 2:] == 1, columns.flip(1), columns)
    index = torch.arange(batch, device=device)
    return images[index[:, None, None], rows[:, :, None], columns[:, None, :]]


def cut_out(images, corners, side):
    """Cut a grey square out of every image, in place (DeVries and Taylor, arXiv 1708.04552, 2017).

    Parameters
    ----------
    images : Tensor of shape [B, H, W, channels], uint8
    corners : Tensor of shape [B, 2], int64
        Row and column of each square's upper left pixel, on the device of the images.
    side : int
        Of the square, in pixels.
    """
    inside = [
        (positions >= corners[:, i : i + 1]) & (positions < corners[:, i : i + 1] + side)
        for i, positions in enumerate(torch.arange(size, device=images.device)[None] for size in images.shape[1:3])
    ]
    images.masked_fill_((inside[0][:, :, None] & inside[1][:, None, :])[..., None], 128)


def _reflect(positions, size):
    """Fold positions outside [0, size) back inside, as in reflection padding."""
    positions = positions.abs()
    return (size - 1) - ((size - 1) - positions).abs()
