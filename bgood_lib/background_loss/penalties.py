"""What is done to the patches that count as background?

A penalty takes all patches of a batch and which of them are chosen, and answers with one number
that training makes smaller. The abstract that the idea comes from shrinks the L2 norm: ``norm``.
The others are relatives to compare it with.
"""

import torch
from torch.nn import functional as F

from ..utils.errors import InputError
from ..utils.registry import Registry

PENALTIES = Registry("penalty")


def _mean(values, chosen):
    """Mean of the chosen entries; 0 if there is none."""
    return (values * chosen).sum() / chosen.sum().clamp(min=1)


def _norms(patches):
    # A ReLU map can be exactly zero, where the norm has no gradient: stay just off zero.
    return patches.float().square().sum(1).add(1e-12).sqrt()


def _logits(patches, head):
    return head(patches.permute(0, 2, 3, 1)).float()


@PENALTIES.register(title="norm", needs_head=False)
def norm(patches, chosen, **_):
    """Mean L2 norm (Ye et al., arXiv 2510.12259, abstract; the mean over patches is our choice)."""
    return _mean(_norms(patches), chosen)


@PENALTIES.register(title="squared norm", needs_head=False)
def squared_norm(patches, chosen, **_):
    """Mean squared L2 norm: pulls hardest at the largest features."""
    return _mean(patches.float().square().sum(1), chosen)


@PENALTIES.register(title="relative norm", needs_head=False)
def relative_norm(patches, chosen, **_):
    """Mean L2 norm, each in units of the mean over its image's patches.

    Free of the features' scale: one weight suits every layer, and shrinking all patches alike changes
    nothing (with the ``all`` selector it is constant).
    """
    norms = _norms(patches)
    return _mean(norms / norms.mean((1, 2), keepdim=True), chosen)


@PENALTIES.register(title="entropy", needs_head=True)
def entropy(patches, chosen, head, **_):
    """Minus the mean entropy of what the head says of a patch (LoCoOp, Miyai et al., NeurIPS 2023); trains the head too."""
    p = _logits(patches, head).softmax(-1)
    return -_mean(-(p * (p + 1e-5).log()).sum(-1), chosen)


@PENALTIES.register(title="objectosphere", needs_head=True)
def objectosphere(patches, chosen, head, feature_map, **_):
    """Objectosphere (Dhamija et al., NeurIPS 2018) with background patches in the place of unknown images.

    Unknowns: even class probabilities (their entropic open-set loss) and small squared norms. Knowns,
    here the pooled features of the images: norms of at least 1.
    """
    even = -F.log_softmax(_logits(patches, head), dim=-1).mean(-1)
    known = F.relu(1 - _norms(feature_map.mean((2, 3), keepdim=True))).square().mean()
    return _mean(even + patches.float().square().sum(1), chosen) + known


@PENALTIES.register(title="OOD head", needs_head=True)
def ood_head(patches, chosen, head, labels, ood_head, **_):
    """SSOD (Pei, ICLR 2024): a second head learns to tell background patches from confident ones.

    In distribution are patches whose true class has a probability over 0.95. ``ood_head`` maps
    features [..., C] to two logits, the second one for OOD.
    """
    with torch.no_grad():
        p = _logits(patches, head).softmax(-1)
        sure = p.gather(-1, labels.view(-1, 1, 1, 1).expand(*p.shape[:3], 1)).squeeze(-1) > 0.95
    log_p = F.log_softmax(_logits(patches, ood_head), dim=-1)
    return 0.5 * (_mean(-log_p[..., 0], sure) + _mean(-log_p[..., 1], chosen))


@PENALTIES.register(title="even classes", needs_head=True)
def uniform(patches, chosen, head, **_):
    """Outlier exposure's term (Hendrycks et al., ICLR 2019) with background patches in the place of outlier pictures.

    The cross-entropy of a patch's class probabilities to even ones.
    """
    logits = _logits(patches, head)
    return _mean(logits.logsumexp(-1) - logits.mean(-1), chosen)


@PENALTIES.register(title="even classes of all background", needs_head=True)
def uniform_pooled(patches, chosen, head, **_):
    """The same of the mean over an image's background patches: a picture of which only the background is left."""
    logits = head(pooled_background(patches, chosen)).float()
    return (logits.logsumexp(-1) - logits.mean(-1)).sum() / max(1, len(logits))


def pooled_background(patches, chosen):
    """Mean over the chosen patches of each image that has some: [B, C, h, w] and [B, h, w] to [B', C]."""
    count = chosen.sum((1, 2))
    pooled = (patches * chosen[:, None]).sum((2, 3))
    return pooled[count > 0] / count[count > 0, None]


def penalise(name, patches, chosen, **context):
    """What the chosen patches cost.

    Parameters
    ----------
    name : str
        One of ``PENALTIES``.
    patches : Tensor of shape [B, C, h, w]
        Gradients flow into them.
    chosen : Tensor of shape [B, h, w], bool
    **context
        ``head`` (entropy, objectosphere, ood_head), ``feature_map`` of shape [B, C, H, W]
        (objectosphere), ``labels`` of shape [B] and ``ood_head`` (ood_head).

    Returns
    -------
    Tensor, scalar, float32

    Raises
    ------
    ValueError
        If the name is unknown, or ``ood_head`` is wanted and there is none.
    """
    cost_of = PENALTIES.find(name)
    if name == "ood_head" and context.get("ood_head") is None:
        raise InputError(
            "the ood_head penalty needs `ood_head`, a module [..., C] to [..., 2]; see bgood_lib.networks.build"
        )
    return cost_of(patches, chosen, **context)
