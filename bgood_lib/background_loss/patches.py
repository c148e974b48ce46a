"""Patches of a feature map, how much of each is foreground, and which of them count as background."""

import torch
from torch.nn import functional as F

from ..utils.errors import InputError
from .selectors import select


def extract_patches(feature_map, patch_size=1):
    """Mean-pool every ``patch_size`` x ``patch_size`` window of a map, stride 1.

    Parameters
    ----------
    feature_map : Tensor of shape [B, C, H, W]
    patch_size : int, default=1
        Side of a patch in cells of the map, 1 to min(H, W).

    Returns
    -------
    Tensor of shape [B, C, H - patch_size + 1, W - patch_size + 1]

    Raises
    ------
    ValueError
        If the map is not 4-dimensional or the patch does not fit into it.
    """
    if feature_map.ndim != 4:
        raise InputError(f"feature_map has shape {tuple(feature_map.shape)}; expected [B, C, H, W]")
    side = min(feature_map.shape[2:])
    if not 1 <= patch_size <= side:
        raise InputError(f"patch_size is {patch_size}; on this map it must be between 1 and {side}")
    if patch_size == 1:
        return feature_map
    return F.avg_pool2d(feature_map, patch_size, stride=1)


def foreground_share(masks, map_size, patch_size=1):
    """Share of each patch's footprint in the image that is foreground.

    The footprint of a cell is the block of pixels it stands for (4 x 4 when a 32 x 32 image
    has an 8 x 8 map), not its receptive field, which is larger.

    Parameters
    ----------
    masks : Tensor of shape [B, H, W]
        True (or 1) where a pixel is foreground.
    map_size : tuple of 2 ints
        Height and width of the feature map in cells.
    patch_size : int, default=1

    Returns
    -------
    Tensor of shape [B, h, w], shares in [0, 1], one per patch.
    """
    cells = F.adaptive_avg_pool2d(masks.float().unsqueeze(1), map_size)
    return extract_patches(cells, patch_size).squeeze(1)


def background_patches(
    feature_map, labels, head, selector="cam_threshold", patch_size=1,
    n_patches=None, top_k=3, threshold=None, masks=None, generator=None,
):  # fmt: skip
    """Patches of a map and which of them the selector takes for background.

    Parameters are those of :func:`.background_loss`.

    Returns
    -------
    patches : Tensor of shape [B, C, h, w]
    chosen : Tensor of shape [B, h, w], bool
    """
    patches = extract_patches(feature_map, patch_size)
    batch, _, height, width = patches.shape
    if labels.shape != (batch,):
        raise InputError(f"labels have shape {tuple(labels.shape)}; expected ({batch},)")
    if n_patches is None:
        n_patches = max(1, height * width // 4)
    if not 1 <= n_patches <= height * width:
        raise InputError(
            f"n_patches is {n_patches}; an image has {height * width} patches of size "
            f"{patch_size}, so choose 1 to {height * width}"
        )
    with torch.no_grad():
        logits = head(patches.permute(0, 2, 3, 1)).float()
    foreground = None
    if masks is not None:
        if masks.ndim != 3 or len(masks) != batch:
            raise InputError(f"masks have shape {tuple(masks.shape)}; expected ({batch}, H_image, W_image)")
        foreground = foreground_share(masks, feature_map.shape[2:], patch_size)
    chosen = select(
        selector, logits, labels, n_patches=n_patches, top_k=top_k, threshold=threshold,
        generator=generator, foreground=foreground,
    )  # fmt: skip
    return patches, chosen
