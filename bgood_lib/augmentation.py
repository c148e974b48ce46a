"""Random shifts and mirroring of whole batches, on whatever device they are."""

import torch


def augment(images, generator, padding=4, flip=True):
    """Shift every image by its own random offset, reflecting at the border, and mirror half.

    Equal to reflection padding followed by a random crop and a random horizontal flip.

    Parameters
    ----------
    images : Tensor of shape [B, H, W, channels], any dtype
        Channels last. A mask that must move with its image can travel as a fourth channel.
    generator : torch.Generator
        CPU generator: the same numbers whatever the device.
    padding : int, default=4
        Largest shift, in pixels; 0 for none.
    flip : bool, default=True

    Returns
    -------
    Tensor of the shape and dtype of ``images``

    Raises
    ------
    ValueError
        If ``padding`` is not less than the side of an image: reflection has no more pixels.
    """
    batch, height, width = images.shape[:3]
    if padding >= min(height, width):
        raise ValueError(f"padding is {padding}; it must be less than the image's side, {min(height, width)}")
    shift = torch.randint(-padding, padding + 1, (2, batch, 1), generator=generator)
    mirrored = torch.rand(batch, 1, generator=generator) < 0.5
    rows = _reflect(torch.arange(height) + shift[0], height)
    columns = _reflect(torch.arange(width) + shift[1], width)
    if flip:
        columns = torch.where(mirrored, columns.flip(1), columns)
    rows, columns = rows.to(images.device), columns.to(images.device)
    index = torch.arange(batch, device=images.device)
    return images[index[:, None, None], rows[:, :, None], columns[:, None, :]]


def _reflect(positions, size):
    """Fold positions outside [0, size) back inside, as in reflection padding."""
    positions = positions.abs()
    return (size - 1) - ((size - 1) - positions).abs()
