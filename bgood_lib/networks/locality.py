"""Does a cell of the feature map describe its own patch of the image? Measured."""

import numpy as np
import torch

from ..utils.errors import InputError


@torch.no_grad()
def crop_similarity(network, images, margins=(0, 1, 2)):
    """Compare cells of the full map with the same cells computed from a crop alone.

    Around every cell that is far enough from the border, the image is cropped to the cell's
    block of pixels and ``margin`` blocks on each side; the crop goes through the network by
    itself, and its central cell is compared with that of the full image.

    Parameters
    ----------
    network : SmallResNet
    images : ndarray of shape [N, H, W, 3], uint8
    margins : sequence of int
        Blocks added on each side. A block is H / h pixels wide for a map of h cells.

    Returns
    -------
    dict of int to ndarray
        Crop side in pixels to cosine similarities, one per image and cell; NaN where a feature
        is zero.
    """

    def crop(pixels, rows, columns):
        return pixels[:, :, rows, columns]

    return _similarities(network, images, margins, crop, whole=False)


@torch.no_grad()
def swap_similarity(network, images, margins=(0, 1, 2), kept="inside", seed=0):
    """Compare cells of an image with the same cells when a part of it shows another image.

    Unlike a crop, a swapped image has its full size: no rim of padding comes close to the cell.

    Parameters
    ----------
    network : SmallResNet
    images : ndarray of shape [N, H, W, 3], uint8
        At least two; each is mixed with another one of them.
    margins : sequence of int
        A square is the cell's block of pixels and so many blocks on each side.
    kept : {"inside", "outside"}
        Whether the image keeps the square, and all else is another image's, or the other way round.
    seed : int, default=0
        Which image is mixed with which.

    Returns
    -------
    dict of int to ndarray
        Side of the square in pixels to cosine similarities, as :func:`crop_similarity` gives them.
    """
    if kept not in ("inside", "outside"):
        raise InputError(f"kept is {kept!r}; choose inside or outside")
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    partner = torch.empty_like(order)
    partner[order] = order.roll(1)

    def mix(pixels, rows, columns):
        own, other = pixels, pixels[partner]
        base, square = (other, own) if kept == "inside" else (own, other)
        mixed = base.clone()
        mixed[:, :, rows, columns] = square[:, :, rows, columns]
        return mixed

    return _similarities(network, images, margins, mix, whole=True)


def _similarities(network, images, margins, change, whole):
    """Cosine similarities of inner cells before and after a change of their image, by side of the square.

    ``change(pixels, rows, columns)`` gives what the network sees instead; ``whole`` says whether that has the full
    size, so that the cell stays in its place, or is the square alone.
    """
    network.eval()
    pixels = torch.as_tensor(images).permute(0, 3, 1, 2)
    full = network.feature_map(pixels)
    cells = full.shape[-1]
    block = pixels.shape[-1] // cells
    largest = max(margins)
    if 2 * largest >= cells:
        raise InputError(
            f"a margin of {largest} blocks does not fit into a map of {cells} cells; use less than {cells / 2:g}"
        )
    inside = range(largest, cells - largest)  # the same cells for every margin
    similarities = {}
    for margin in margins:
        values, side = [], (2 * margin + 1) * block
        for i in inside:
            for j in inside:
                top, left = (i - margin) * block, (j - margin) * block
                seen = network.feature_map(change(pixels, slice(top, top + side), slice(left, left + side)))
                cell = (i, j) if whole else (margin, margin)
                pair = seen[:, :, cell[0], cell[1]], full[:, :, i, j]
                norms = pair[0].norm(dim=1) * pair[1].norm(dim=1)
                cosine = (pair[0] * pair[1]).sum(1) / norms
                values.append(torch.where(norms > 0, cosine, torch.nan).numpy())
        similarities[side] = np.stack(values, axis=1)
    return similarities


@torch.no_grad()
def unrelated_similarity(network, images, border=0, seed=0):
    """The yardstick: cosine similarity of the same cell in two different images.

    Parameters
    ----------
    network : SmallResNet
    images : ndarray of shape [N, H, W, 3], uint8
    border : int, default=0
        Cells left out on each side of the map; the largest margin of :func:`crop_similarity`
        for the same cells.
    seed : int, default=0
        Which image is compared with which.

    Returns
    -------
    ndarray : one value per image and cell; NaN where a feature is zero.
    """
    network.eval()
    full = network.feature_map(torch.as_tensor(images).permute(0, 3, 1, 2))
    cells = full.shape[-1]
    full = full[:, :, border : cells - border, border : cells - border].flatten(2)
    order = torch.randperm(len(full), generator=torch.Generator().manual_seed(seed))
    full, other = full[order], full[order.roll(1)]
    norms = full.norm(dim=1) * other.norm(dim=1)
    return torch.where(norms > 0, (full * other).sum(1) / norms, torch.nan).numpy()


def receptive_field(network, size=96):
    """Side in pixels of the region that can change one cell of the map, measured by a gradient.

    Parameters
    ----------
    network : SmallResNet
    size : int
        Side of the test image; larger than the receptive field, or the answer is ``size``.

    Returns
    -------
    int
    """
    network.eval()
    image = torch.rand(8, 3, size, size, generator=torch.Generator().manual_seed(0)).requires_grad_()
    feature_map = network.feature_map(image)
    centre = feature_map.shape[-1] // 2
    (gradient,) = torch.autograd.grad(feature_map[:, :, centre, centre].sum(), image)
    touched = gradient.abs().sum((0, 1)) > 0
    rows = touched.any(1).nonzero()
    return int(rows.max() - rows.min() + 1)
