"""The background loss: make the features of background patches small.

Works in anyone's training loop, on any convolutional feature map with a linear head:

    feature_map = network.feature_map(images)
    logits = network.head(network.pool(feature_map))
    loss = cross_entropy(logits, labels)
    loss = loss + 0.1 * background_loss(feature_map, labels, network.head)

Begin after about 30% of the steps: before, it can shrink all features to nothing.
"""

import torch
from torch.nn import functional as F

from .penalties import penalise
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
        raise ValueError(f"feature_map has shape {tuple(feature_map.shape)}; expected [B, C, H, W]")
    side = min(feature_map.shape[2:])
    if not 1 <= patch_size <= side:
        raise ValueError(f"patch_size is {patch_size}; on this map it must be between 1 and {side}")
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

    Parameters are those of :func:`background_loss`.

    Returns
    -------
    patches : Tensor of shape [B, C, h, w]
    chosen : Tensor of shape [B, h, w], bool
    """
    patches = extract_patches(feature_map, patch_size)
    batch, _, height, width = patches.shape
    if labels.shape != (batch,):
        raise ValueError(f"labels have shape {tuple(labels.shape)}; expected ({batch},)")
    if n_patches is None:
        n_patches = max(1, height * width // 4)
    if not 1 <= n_patches <= height * width:
        raise ValueError(
            f"n_patches is {n_patches}; an image has {height * width} patches of size "
            f"{patch_size}, so choose 1 to {height * width}"
        )
    with torch.no_grad():
        logits = head(patches.permute(0, 2, 3, 1)).float()
    foreground = None
    if masks is not None:
        if masks.ndim != 3 or len(masks) != batch:
            raise ValueError(f"masks have shape {tuple(masks.shape)}; expected ({batch}, H_image, W_image)")
        foreground = foreground_share(masks, feature_map.shape[2:], patch_size)
    chosen = select(
        selector, logits, labels, n_patches=n_patches, top_k=top_k, threshold=threshold,
        generator=generator, foreground=foreground,
    )  # fmt: skip
    return patches, chosen


def background_loss(
    feature_map, labels, head, selector="cam_threshold", patch_size=1, n_patches=None, top_k=3,
    threshold=None, masks=None, generator=None, penalty="norm", ood_head=None,
):  # fmt: skip
    """How large the features of a batch's background patches are, by default their mean L2 norm.

    Parameters
    ----------
    feature_map : Tensor of shape [B, C, H, W]
        Features before pooling; gradients flow into them.
    labels : Tensor of shape [B], int64
        True classes.
    head : callable
        The classifier that follows pooling, usually ``nn.Linear``: [..., C] to [..., K].
        It judges the patches without receiving a gradient (but from some penalties).
    selector : str, default="cam_threshold"
        Which patches are background, see :mod:`bgood_lib.selectors`.
    patch_size : int, default=1
        Side of a patch, in cells of the map.
    n_patches : int, optional
        Patches per image for ``least_evidence`` and ``random``; a quarter of them by default.
    top_k : int, default=3
        For ``rank``: the true class must not be among this many likeliest ones.
    threshold : float, optional
        For ``low_confidence`` and ``cam_threshold``; by default the publication's.
    masks : Tensor of shape [B, H_image, W_image], optional
        True foreground masks, for ``oracle``.
    generator : torch.Generator, optional
        CPU generator, for ``random``.
    penalty : str, default="norm"
        What is done to background patches, see :mod:`bgood_lib.penalties`.
    ood_head : torch.nn.Module, optional
        For the penalty of that name.

    Returns
    -------
    Tensor, scalar, float32 : the mean over all chosen patches of the batch; 0 if none was chosen.

    Raises
    ------
    ValueError
        If a shape, a name or a number does not fit; the message gives the value.

    Notes
    -----
    That the L2 norm of local background features is made small besides cross-entropy is the
    idea of Ye et al., "Local Background Features Matter in Out-of-Distribution Detection",
    arXiv 2510.12259 (abstract). Selectors, patches, and the mean over patches are our choices.
    """
    patches, chosen = background_patches(
        feature_map, labels, head, selector, patch_size, n_patches, top_k, threshold, masks, generator
    )
    return penalise(penalty, patches, chosen, head=head, feature_map=feature_map, labels=labels, ood_head=ood_head)


def two_map_loss(previous, last, labels, head, early_head=None, both=False, penalty="norm", **options):
    """The background loss on the finer map before the last stage, or on both maps.

    The network has no head for the map before its last stage. Either the last map judges: a patch
    is background where the patch of the last map that covers it is. Or a head of that map's
    own does, see :mod:`bgood_lib.auxiliary_heads`.

    Parameters
    ----------
    previous : Tensor of shape [B, C', H', W']
    last : Tensor of shape [B, C, H, W]
    labels, head, penalty
        As for :func:`background_loss`; ``head`` belongs to ``last``.
    early_head : callable, optional
        [..., C'] to [..., K]; without it the last map judges.
    both : bool, default=False
        Mean of the losses of both maps, instead of that of ``previous`` alone.
    **options
        Others of :func:`background_loss`.

    Returns
    -------
    Tensor, scalar, float32
    """
    context = {"labels": labels, "ood_head": options.pop("ood_head", None)}
    if early_head is None:
        last_patches, last_chosen = background_patches(last, labels, head, **options)
        patches = extract_patches(previous, options.get("patch_size", 1))
        chosen = F.interpolate(last_chosen[:, None].float(), patches.shape[2:], mode="nearest")[:, 0].bool()
    else:
        patches, chosen = background_patches(previous, labels, early_head, **options)
        if both:
            last_patches, last_chosen = background_patches(last, labels, head, **options)
    loss = penalise(penalty, patches, chosen, head=early_head, feature_map=previous, **context)
    if both:
        loss = (loss + penalise(penalty, last_patches, last_chosen, head=head, feature_map=last, **context)) / 2
    return loss
