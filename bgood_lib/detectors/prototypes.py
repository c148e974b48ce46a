"""Scores that compare a feature with the mean feature of its predicted class."""

from typing import ClassVar

import torch
from pytorch_ood.api import DetectorInfo, FeaturesDetector, Paper, Task
from pytorch_ood.detector import SHE as TheirSHE
from torch.nn.functional import cosine_similarity, linear

from ..utils.errors import InputError


def class_means(z, labels, n_classes=0):
    """Mean feature of every class.

    Parameters
    ----------
    z : Tensor of shape [N, C]
    labels : Tensor of shape [N], int64
    n_classes : int, optional
        At least so many classes there are, K; by default the largest label plus 1.

    Returns
    -------
    Tensor of shape [K, C]

    Raises
    ------
    ValueError
        If a label is negative or a class has no image.
    """
    if len(labels) and labels.min() < 0:
        raise InputError(f"label {int(labels.min())} in the training set; labels must be 0 or more")
    counts = torch.bincount(labels, minlength=n_classes)
    if (counts == 0).any():
        raise InputError(f"no training image of classes {torch.where(counts == 0)[0].tolist()}; fit on more images")
    return z.new_zeros(len(counts), z.shape[1]).index_add_(0, labels, z) / counts[:, None]


def means_of_right(detector, z, logits, labels):
    """Mean of every class, of the images that are classified right.

    Parameters
    ----------
    detector : str
        For the message of an error.
    z : Tensor of shape [N, C]
        What to average: features or logits.
    logits : Tensor of shape [N, K]
    labels : Tensor of shape [N], int64
        A negative one is never right.

    Returns
    -------
    right : Tensor of shape [N], bool
    means : Tensor of shape [K, C]

    Raises
    ------
    InputError
        If a class has no such image; names detector and classes.
    """
    right = logits.argmax(1) == labels
    try:
        return right, class_means(z[right], labels[right], logits.shape[1])
    except InputError as error:
        raise InputError(f"{detector}, of images that are classified right: {error}") from error


class SHE(TheirSHE):
    """Minus the inner product with the predicted class's pattern (Zhang et al., ICLR 2023).

    A pattern is the mean feature of the training images that are classified right; pytorch-ood's
    score, with an error that names a class without any.
    """

    @torch.no_grad()
    def fit_features(self, z, y):
        """Take patterns from features [N, C] and labels [N]; ValueError if a class has none."""
        _, self.patterns = means_of_right("SHE", z, self.head(z), y)
        return self


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
            raise InputError(f"CFMPLS: p={p}; it must be in [0, 1]")
        self.encoder, self.head, self.p, self.threshold = encoder, head, p, threshold
        self.mask, self.smooth = mask, smooth

    @torch.no_grad()
    def fit_features(self, z, labels):
        """Take prototypes from features [N, C] and labels [N]; see :func:`class_means` for errors."""
        self.prototypes = class_means(z, labels, len(self.head.weight))
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
