"""Which patches of an image count as background?

A selector looks at the evidence a network's own head sees in each patch and answers
with a boolean map: True where the patch is taken for background. Nothing here is
differentiated; the choice is an input of the loss, not a part of it.

These selectors are this project's choices, named so that they can be compared. The
abstract that the idea comes from does not say how background is found.

A new one is a function with one line above it that says its ``title`` on pages, its ``options``
with their defaults (None where there is none), and ``control=True`` if it is no choice but a control.
"""

import torch
from torch.nn import functional as F

from ..utils.errors import InputError
from ..utils.registry import Registry

SELECTORS = Registry("selector")


def _smallest(values, k):
    """True at the ``k`` smallest entries of each [h, w] map of ``values`` [B, h, w]."""
    flat = values.flatten(1)
    chosen = torch.zeros_like(flat, dtype=torch.bool)
    chosen.scatter_(1, flat.topk(k, dim=1, largest=False).indices, True)
    return chosen.view_as(values)


def _of_true_class(values, labels):
    """Entries [B, h, w] of ``values`` [B, h, w, K] that belong to each image's true class."""
    return values.gather(-1, labels.view(-1, 1, 1, 1).expand(*values.shape[:3], 1)).squeeze(-1)


@SELECTORS.register(title="least evidence", options={"n_patches": None})
def least_evidence(logits, labels, n_patches, **_):
    """The ``n_patches`` patches with the lowest softmax probability of the true class."""
    return _smallest(_of_true_class(F.log_softmax(logits, dim=-1), labels), n_patches)


@SELECTORS.register(title="rank", options={"top_k": 3})
def rank(logits, labels, top_k, **_):
    """Every patch whose ``top_k`` likeliest classes do not hold the true class.

    The rule of LoCoOp (Miyai et al., NeurIPS 2023) for CLIP's patches, applied here to
    the cells of a convolutional map. It may choose no patch of an image, or all.
    """
    if not 1 <= top_k < logits.shape[-1]:
        raise InputError(
            f"top_k is {top_k}; with {logits.shape[-1]} classes it must be between 1 and "
            f"{logits.shape[-1] - 1}, or no patch could ever be background"
        )
    top = logits.topk(top_k, dim=-1).indices
    return (top != labels.view(-1, 1, 1, 1)).all(-1)


@SELECTORS.register(title="low confidence", options={"threshold": 0.05})
def low_confidence(logits, labels, threshold, **_):
    """Every patch whose true class has a softmax probability of at most ``threshold``.

    The rule by which SSOD (Pei, ICLR 2024) finds its OOD cells, as a third-party implementation has
    it, with 1 - threshold for the confidence gamma: 0.95 in the paper. (Read as a bound on
    the *largest* probability, it could choose nothing where there are fewer than 20 classes.)
    """
    return _of_true_class(F.softmax(logits, dim=-1), labels) <= threshold


@SELECTORS.register(title="CAM threshold", options={"threshold": 0.5})
def cam_threshold(logits, labels, threshold, **_):
    """Every patch whose class activation, from 0 (least of its image) to 1 (most), is at most ``threshold``.

    The class activation map (Zhou et al., CVPR 2016) of the true class, as DFB (ACM MM 2024) turns
    it into masks; DFB's smoothing and several scales are left out.
    """
    activation = _of_true_class(logits, labels)
    low, high = activation.amin((1, 2), keepdim=True), activation.amax((1, 2), keepdim=True)
    return activation - low <= threshold * (high - low)


@SELECTORS.register(title="merged CAMs", options={"threshold": 0.5})
def merged_cams(logits, labels, threshold, **_):
    """Every patch whose probability of the class that the picture is *predicted* to be is at most ``threshold``.

    The map that MECAM (arXiv 2505.08604) masks, of one exit; networks of the method ``mecam`` have two, whose maps are
    merged. The threshold is ours: MECAM's own mask is soft.
    """
    predicted = logits.mean((1, 2)).argmax(-1)
    return _of_true_class(F.softmax(logits, dim=-1), predicted) <= threshold


@SELECTORS.register(title="border", options={})
def border(logits, labels, **_):
    """The outermost patches of an image: objects tend to be in its middle."""
    chosen = torch.ones(logits.shape[:3], dtype=torch.bool, device=logits.device)
    chosen[:, 1:-1, 1:-1] = False
    return chosen


@SELECTORS.register(title="random cells", options={"n_patches": None}, control=True)
def random(logits, labels, n_patches, generator=None, **_):
    """Control: ``n_patches`` patches drawn at random."""
    values = torch.rand(logits.shape[:3], generator=generator, device="cpu")
    return _smallest(values.to(logits.device), n_patches)


@SELECTORS.register(title="all cells", options={}, control=True)
def all(logits, labels, **_):  # noqa: A001 (the control's plain name)
    """Control: every patch."""
    return torch.ones(logits.shape[:3], dtype=torch.bool, device=logits.device)


@SELECTORS.register(title="true masks", options={}, control=True)
def oracle(logits, labels, foreground=None, **_):
    """Every patch of which less than 10% is foreground, from the true masks.

    ``foreground`` is the share of each patch's footprint that is foreground, [B, h, w].
    """
    if foreground is None:
        raise InputError("the oracle selector needs `foreground`, the true masks of the images")
    return foreground < 0.1


def select(name, logits, labels, **options):
    """Choose background patches.

    Parameters
    ----------
    name : str
        One of ``SELECTORS``.
    logits : Tensor of shape [B, h, w, K]
        What the head says of each patch.
    labels : Tensor of shape [B], int64
        True classes.
    **options
        Those that the selector names in its ``options``, with its defaults (of a threshold the
        publication's): ``n_patches`` (patches per image), ``top_k``, ``threshold``; and ``generator``
        (random), ``foreground`` (oracle, shape [B, h, w], shares in [0, 1]).

    Returns
    -------
    Tensor of shape [B, h, w], bool : True where the patch is taken for background.

    Raises
    ------
    ValueError
        If the name is unknown or an option is missing or out of range.
    """
    chosen_by = SELECTORS.find(name)
    for option, default in chosen_by.options.items():
        if options.get(option) is None:
            options[option] = default
        if options[option] is None:
            raise InputError(f"the {name} selector needs `{option}`")
    if "threshold" in chosen_by.options and not 0 < options["threshold"] < 1:
        raise InputError(f"threshold is {options['threshold']}; it must be between 0 and 1")
    with torch.no_grad():
        return chosen_by(logits, labels, **options)
