"""Feature masking and prototype logit smoothing."""

from typing import ClassVar

import torch
from pytorch_ood.api import DetectorInfo, FeaturesDetector, Paper, Task
from torch.nn.functional import cosine_similarity, linear

from .gaussians import class_means


class CFMPLS(FeaturesDetector):
    """Energy of masked features, weighted by the similarity to a class prototype (Sun et al., 2023).

    Of the predicted class y, only features with a head weight in the top share ``1 - p`` are kept
    and then clipped at ``threshold`` (the masking); all logits are multiplied by the cosine of the
    unmasked feature and the mean training feature of y (the smoothing).

    Parameters
    ----------
    encoder : callable or None
        Images to features [N, C]; only ``predict`` needs it.
    head : torch.nn.Linear
    p : float in [0, 1], default=0.6
        Share of a class's weights to drop: 0.6 and a threshold of 1.6 are the authors' for CIFAR
        (DenseNet), 0.3 and 0.8 for ImageNet.
    threshold : float, default=1.6
        In units of the features.
    mask, smooth : bool, default=True
        Each half can be left out.
    """

    info = DetectorInfo(
        tasks={Task.CLASSIFICATION},
        paper=Paper(
            title="Classifier-head Informed Feature Masking and Prototype-based Logit Smoothing "
            "for Out-of-Distribution Detection",
            venue="arXiv",
            year=2023,
            url="https://arxiv.org/abs/2310.18104",
            code="https://github.com/sunzh18/HIMPLoS",
        ),
    )
    requires_fit = True
    hyperparameter_space: ClassVar = {"p": [0.3, 0.6], "threshold": [0.8, 1.6]}

    def __init__(self, encoder, head, p=0.6, threshold=1.6, mask=True, smooth=True):
        if not 0 <= p <= 1:
            raise ValueError(f"CFMPLS: p={p}; it must be in [0, 1]")
        self.encoder, self.head, self.p, self.threshold = encoder, head, p, threshold
        self.mask, self.smooth = mask, smooth

    @torch.no_grad()
    def fit_features(self, z, labels):
        """Take prototypes from features [N, C] and labels [N]; see :func:`.gaussians.class_means` for errors."""
        self.prototypes = class_means(z, labels)
        weight = self.head.weight.double()  # in float32 a level may slip past the weight that it equals
        self.masks = weight >= weight.quantile(self.p, dim=1, keepdim=True)
        return self

    def predict(self, x):
        """Images to scores of shape [N]."""
        return self.predict_features(self.encoder(x))

    @torch.no_grad()
    def predict_features(self, z):
        """Features of shape [N, C] to scores of shape [N], larger = more OOD."""
        predicted = self.head(z).argmax(1)
        kept = (z * self.masks[predicted]).clip(max=self.threshold) if self.mask else z
        logits = linear(kept, self.head.weight, self.head.bias)
        if self.smooth:
            logits = logits * cosine_similarity(z, self.prototypes[predicted], dim=1)[:, None]
        return -logits.logsumexp(1)
