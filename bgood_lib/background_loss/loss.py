"""The background loss: make the features of background patches small.

Works in anyone's training loop, on any convolutional feature map with a linear head::

    feature_map = network.feature_map(images)
    logits = network.head(network.pool(feature_map))
    loss = cross_entropy(logits, labels)
    loss = loss + 0.1 * background_loss(feature_map, labels, network.head)

Begin after about 30% of the steps: before, it can shrink all features to nothing.
"""

from torch.nn import functional as F

from .patches import background_patches, extract_patches
from .penalties import penalise


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
        Which patches are background, see :mod:`bgood_lib.background_loss.selectors`.
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
        What is done to background patches, see :mod:`bgood_lib.background_loss.penalties`.
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
    own does, see :mod:`bgood_lib.networks.build`.

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
