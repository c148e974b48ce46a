"""Scores that read the head's weights besides the features."""

import torch
from pytorch_ood.api import FeaturesDetector
from pytorch_ood.detector import DICE as TheirDICE
from pytorch_ood.detector import NCI as TheirNCI
from pytorch_ood.detector import GradNorm as TheirGradNorm


class DICE(TheirDICE):
    """pytorch-ood's DICE (Sun and Li, ECCV 2022) without its array of N x K x C entries."""

    @torch.no_grad()
    def predict_features(self, x):
        """Features of shape [N, C] to scores of shape [N], larger = more OOD."""
        return self.detector(x @ self.masked_w.T + self.bias)


class NCI(TheirNCI):
    """pytorch-ood's NCI (Liu and Qin, CVPR 2025), but the training mean itself has cosine 0, not NaN."""

    def _cos(self, centered_features, class_weight_vectors):
        length = centered_features.norm(dim=1).clamp(min=torch.finfo(centered_features.dtype).tiny)
        return (centered_features * class_weight_vectors).sum(1) / length


class GradNorm(FeaturesDetector):
    """Minus the L1 norm of the gradient that asks for a uniform softmax (Huang et al., NeurIPS 2021).

    For the head's weights that norm has a closed form, ``|f|_1 sum_c |p_c - 1/K| / t`` with K
    classes. Published, and here, is the gradient of the weights alone; pytorch-ood's default adds
    that of the bias.

    Parameters
    ----------
    encoder : callable or None
        Images to features [N, C]; only ``predict`` needs it.
    head : callable
        Features [N, C] to logits [N, K]; linear.
    temperature : float, default=1
    """

    info = TheirGradNorm.info
    requires_fit = False

    def __init__(self, encoder, head, temperature=1.0):
        self.encoder, self.head, self.temperature = encoder, head, temperature

    def predict(self, x):
        """Images to scores of shape [N]."""
        return self.predict_features(self.encoder(x))

    @torch.no_grad()
    def predict_features(self, z):
        """Features of shape [N, C] to scores of shape [N], larger = more OOD."""
        p = (self.head(z) / self.temperature).softmax(1)
        return -z.abs().sum(1) * (p - 1 / p.shape[1]).abs().sum(1) / self.temperature
