"""How well does a selector find the background that is truly there?"""

import numpy as np
import torch

from .patches import background_patches, foreground_share
from .selectors import SELECTORS


@torch.no_grad()
def selection_quality(network, images, labels, masks, selector, **options):
    """Precision and recall of a selector against true masks.

    Parameters
    ----------
    network : SmallResNet
    images : ndarray of shape [N, H, W, 3], uint8
    labels : ndarray of shape [N], int64
    masks : ndarray of shape [N, H, W], bool
        True where a pixel is foreground.
    selector : str
    **options
        ``patch_size``, ``n_patches``, ``top_k``, see
        :func:`bgood_lib.background_loss.background_loss`.

    Returns
    -------
    dict of str to float, shares in [0, 1]
        ``precision``: chosen patches that truly are background (under 10% foreground);
        ``recall``: background patches that are chosen; ``chance``: patches that are background,
        the precision of choosing blindly; ``chosen``: patches that are chosen.
    """
    network.eval()
    feature_map = network.feature_map(torch.as_tensor(images).permute(0, 3, 1, 2))
    return _quality(feature_map, torch.as_tensor(labels), torch.as_tensor(masks), network.head, selector, **options)


def _quality(feature_map, labels, masks, head, selector, **options):
    generator = torch.Generator().manual_seed(0)
    _, chosen = background_patches(feature_map, labels, head, selector, masks=masks, generator=generator, **options)
    return shares(chosen, foreground_share(masks, feature_map.shape[2:], options.get("patch_size", 1)) < 0.1)


def shares(chosen, background):
    """What :func:`selection_quality` gives, of patches that are chosen and those that truly are background: bool, one shape."""
    right = (chosen & background).sum().item()
    return {
        "precision": right / chosen.sum().item() if chosen.any() else float("nan"),
        "recall": right / background.sum().item() if background.any() else float("nan"),
        "chance": background.float().mean().item(),
        "chosen": chosen.float().mean().item(),
    }


@torch.no_grad()
def judge_selectors(network, feature_map, labels, masks, **options):
    """What a record holds about background on images whose true masks are known.

    Parameters
    ----------
    network : MapNetwork
    feature_map : Tensor of shape [N, C, h, w]
        What it says of the images.
    labels, masks, **options
        As for :func:`selection_quality`.

    Returns
    -------
    dict
        ``selection``: per selector what :func:`selection_quality` gives, None for NaN;
        ``norms``: see :func:`foreground_background_norms`.
    """
    labels, masks = torch.as_tensor(labels), torch.as_tensor(masks)
    selection = {
        name: {
            key: None if np.isnan(share) else share
            for key, share in _quality(feature_map, labels, masks, network.head, name, **options).items()
        }
        for name in SELECTORS
    }
    return {"selection": selection, "norms": _norms(feature_map, masks)}


@torch.no_grad()
def foreground_background_norms(network, images, masks):
    """Mean L2 norm of foreground cells (over 50% digit) and of background cells (under 10%).

    Returns
    -------
    dict of str to float : ``foreground``, ``background`` and their ``ratio``.
    """
    network.eval()
    return _norms(network.feature_map(torch.as_tensor(images).permute(0, 3, 1, 2)), torch.as_tensor(masks))


def _norms(feature_map, masks):
    norms = feature_map.norm(dim=1)
    share = foreground_share(masks, feature_map.shape[2:])
    foreground, background = norms[share > 0.5].mean().item(), norms[share < 0.1].mean().item()
    return {
        "foreground": foreground,
        "background": background,
        "ratio": foreground / max(background, np.finfo(float).tiny),
    }


@torch.no_grad()
def patch_maps(network, images, labels, **options):
    """What the network sees patch by patch, for drawing.

    Parameters
    ----------
    network : SmallResNet
    images : ndarray of shape [N, H, W, 3], uint8
    labels : ndarray of shape [N], int64
    **options
        As for :func:`bgood_lib.background_loss.background_patches`.

    Returns
    -------
    dict of str to ndarray of shape [N, h, w]
        ``evidence`` (softmax probability of the true class), ``norm`` (L2 norm of the patch's
        features), ``chosen`` (bool: taken for background).
    """

    network.eval()
    feature_map = network.feature_map(torch.as_tensor(images).permute(0, 3, 1, 2))
    labels = torch.as_tensor(labels)
    patches, chosen = background_patches(feature_map, labels, network.head, **options)
    probabilities = network.head(patches.permute(0, 2, 3, 1)).softmax(-1)
    index = labels.view(-1, 1, 1, 1).expand(*probabilities.shape[:3], 1)
    return {
        "evidence": probabilities.gather(-1, index).squeeze(-1).numpy(),
        "norm": patches.norm(dim=1).numpy(),
        "chosen": chosen.numpy(),
    }
