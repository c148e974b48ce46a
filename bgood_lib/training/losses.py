"""What one batch costs: the classification loss of the training method, and the background loss."""

import torch
from torch.nn import functional as F

from ..background_loss.loss import background_loss, two_map_loss
from ..utils.registry import Registry

# Classification losses by name. A training method is one of them, alone or with the background loss.
CLASSIFICATION = Registry("classification loss")


class Classification:
    """A classification loss; what it does not say otherwise is that of plain cross-entropy.

    Attributes
    ----------
    title : str
        What it is called on pages.
    parameters : dict of str to value
        Fields of the configuration that it uses, with the publication's values.
    """

    parameters = {}

    @staticmethod
    def head(network):
        """What turns features [..., C] into logits [..., K] while training."""
        return network.head

    @staticmethod
    def head_divisor(config):
        """A number by which the weights of the head are divided wherever they are used, or None."""

    @staticmethod
    def loss(logits, labels, config):
        """Scalar loss of logits [B, K] and labels [B]."""
        return F.cross_entropy(logits, labels)


@CLASSIFICATION.register("cross_entropy", title="cross-entropy")
class CrossEntropy(Classification):
    """Cross-entropy of the logits."""


@CLASSIFICATION.register("smoothed", title="label smoothing", parameters={"label_smoothing": 0.1})
class Smoothed(Classification):
    """Cross-entropy with a part of each label shared out evenly among all classes (Szegedy et al., CVPR 2016, sec. 7)."""

    @staticmethod
    def loss(logits, labels, config):
        return F.cross_entropy(logits, labels, label_smoothing=config.label_smoothing)


@CLASSIFICATION.register("logitnorm", title="LogitNorm", parameters={"logitnorm_temperature": 0.04})
class LogitNorm(Classification):
    """Cross-entropy of logits of length 1 / temperature (Wei et al., ICML 2022, eq. 5)."""

    @staticmethod
    def loss(logits, labels, config):
        length = logits.norm(dim=1, keepdim=True) + 1e-7
        return F.cross_entropy(logits / (config.logitnorm_temperature * length), labels)


@CLASSIFICATION.register("t2fnorm", title="T2FNorm", parameters={"t2fnorm_temperature": 0.1})
class T2FNorm(Classification):
    """Features of length one in training, and their own length again afterwards (Regmi et al., CVPR Workshops 2024)."""

    @staticmethod
    def head(network):
        return lambda features: network.head(F.normalize(features.float(), dim=-1))

    @staticmethod
    def head_divisor(config):
        return config.t2fnorm_temperature


def losses(network, maps, y, config, with_background=True, generator=None, masks=None):
    """What one batch costs.

    Parameters
    ----------
    network : torch.nn.Module
        With ``pool`` and ``head``.
    maps : two Tensors [B, C', 2 h, 2 w] (or None) and [B, C, h, w]
        Its feature maps before and after its last stage.
    y : Tensor of shape [B], int64
    config : Config
    with_background : bool, default=True
        Whether the background loss is computed.
    generator : torch.Generator, optional
        For the ``random`` selector.
    masks : Tensor of shape [B, H, W], optional
        True foreground masks, for the ``oracle`` selector.

    Returns
    -------
    classification loss, background loss (not weighted, 0 without), accuracy : scalar Tensors
    """
    previous, last = maps
    classification = CLASSIFICATION[config.classification]
    head = classification.head(network)
    logits = head(network.pool(last)).float()
    loss = classification.loss(logits, y, config)
    if config.judge == "own":  # its loss is a part of this one, but does not reach the network
        loss = loss + F.cross_entropy(network.early_head(network.pool(previous.detach())).float(), y)
    background = torch.zeros((), device=y.device)
    if with_background:
        options = dict(
            selector=config.selector, patch_size=config.patch_size, n_patches=config.n_patches or None,
            top_k=config.top_k, threshold=config.threshold, penalty=config.penalty, generator=generator,
            masks=masks, ood_head=getattr(network, "ood_head", None),
        )  # fmt: skip
        if config.layer == "last":
            background = background_loss(last, y, head, **options)
        else:
            early_head = getattr(network, "early_head", None)
            background = two_map_loss(previous, last, y, head, early_head, config.layer == "both", **options)
    return loss, background, (logits.argmax(1) == y).float().mean()
