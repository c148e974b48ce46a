"""Which patches of an image count as background?

A selector looks at the evidence a network's own head sees in each patch and answers
with a boolean map: True where the patch is taken for background. Nothing here is
differentiated; the choice is an input of the loss, not a part of it.

These selectors are this project's choices, named so that they can be compared. The
abstract that the idea comes from does not say how background is found.
"""

import torch
from torch.nn import functional as F

SELECTORS = {}
_NEEDS = {"least_evidence": ("n_patches",), "random": ("n_patches",), "rank": ("top_k",)}


def selector(function):
    """Register a selector under its function name."""
    SELECTORS[function.__name__] = function
    return function


def _smallest(values, k):
    """True at the ``k`` smallest entries of each [h, w] map of ``values`` [B, h, w]."""
    flat = values.flatten(1)
    chosen = torch.zeros_like(flat, dtype=torch.bool)
    chosen.scatter_(1, flat.topk(k, dim=1, largest=False).indices, True)
    return chosen.view_as(values)


@selector
def least_evidence(logits, labels, n_patches, **_):
    """The ``n_patches`` patches with the lowest softmax probability of the true class."""
    log_probability = F.log_softmax(logits, dim=-1)
    index = labels.view(-1, 1, 1, 1).expand(*logits.shape[:3], 1)
    return _smallest(log_probability.gather(-1, index).squeeze(-1), n_patches)


@selector
def rank(logits, labels, top_k, **_):
    """Every patch whose ``top_k`` likeliest classes do not hold the true class.

    The rule of LoCoOp (Miyai et al., NeurIPS 2023) for CLIP's patches, applied here to
    the cells of a convolutional map. It may choose no patch of an image, or all.
    """
    if not 1 <= top_k < logits.shape[-1]:
        raise ValueError(
            f"top_k is {top_k}; with {logits.shape[-1]} classes it must be between 1 and "
            f"{logits.shape[-1] - 1}, or no patch could ever be background"
        )
    top = logits.topk(top_k, dim=-1).indices
    return (top != labels.view(-1, 1, 1, 1)).all(-1)


@selector
def random(logits, labels, n_patches, generator=None, **_):
    """Control: ``n_patches`` patches drawn at random."""
    values = torch.rand(logits.shape[:3], generator=generator, device="cpu")
    return _smallest(values.to(logits.device), n_patches)


@selector
def all(logits, labels, **_):  # noqa: A001 (the control's plain name)
    """Control: every patch."""
    return torch.ones(logits.shape[:3], dtype=torch.bool, device=logits.device)


@selector
def oracle(logits, labels, foreground=None, **_):
    """Every patch of which less than 10% is foreground, from the true masks.

    ``foreground`` is the share of each patch's footprint that is foreground, [B, h, w].
    """
    if foreground is None:
        raise ValueError("the oracle selector needs `foreground`, the true masks of the images")
    return foreground < 0.1


def select(name, logits, labels, **options):
    """Choose background patches.

    Parameters
    ----------
    name : str
        One of ``SELECTORS``: least_evidence, rank, random, all, oracle.
    logits : Tensor of shape [B, h, w, K]
        What the head says of each patch.
    labels : Tensor of shape [B], int64
        True classes.
    **options
        ``n_patches`` (patches per image), ``top_k`` (rank), ``generator`` (random),
        ``foreground`` (oracle, shape [B, h, w], shares in [0, 1]).

    Returns
    -------
    Tensor of shape [B, h, w], bool : True where the patch is taken for background.

    Raises
    ------
    ValueError
        If the name is unknown or an option is missing or out of range.
    """
    if name not in SELECTORS:
        raise ValueError(f"unknown selector {name!r}; choose one of {', '.join(SELECTORS)}")
    for option in _NEEDS.get(name, ()):
        if options.get(option) is None:
            raise ValueError(f"the {name} selector needs `{option}`")
    with torch.no_grad():
        return SELECTORS[name](logits, labels, **options)
