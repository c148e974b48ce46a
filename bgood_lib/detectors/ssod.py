"""Scores of a second head that tells ID from OOD features: alone, and as SSOD joins it with the class probabilities."""

import torch
from pytorch_ood.api import DetectorInfo, FeaturesDetector, Paper, Task
from torch.nn.functional import linear


class OODHead(FeaturesDetector):
    """The second head's probability that a feature is OOD, whatever the class probabilities are.

    Parameters
    ----------
    encoder : callable or None
        Images to features [N, C]; only ``predict`` needs it.
    head : callable
        Features [N, C] to logits [N, K]. Its ``ood_head`` are weights and biases of the second
        head, two layers with a ReLU between them, whose first output is ID: see
        :class:`bgood_lib.features.Bank`.
    """

    info = DetectorInfo(tasks={Task.CLASSIFICATION})
    requires_fit = False

    def __init__(self, encoder, head):
        self.encoder, self.head = encoder, head

    def predict(self, x):
        """Images to scores of shape [N]."""
        return self.predict_features(self.encoder(x))

    @torch.no_grad()
    def predict_features(self, z):
        """Features of shape [N, C] to scores of shape [N] in [0, 1], larger = more OOD."""
        return self._second(z)[:, 1]

    def _second(self, z):
        """The second head's probabilities of ID and of OOD, [N, 2]."""
        weight1, bias1, weight2, bias2 = map(torch.as_tensor, self.head.ood_head)
        return linear(linear(z, weight1, bias1).relu(), weight2, bias2).double().softmax(1)


class SSOD(OODHead):
    """One minus the largest class probability times that of being in distribution (Pei, ICLR 2024).

    Parameters
    ----------
    encoder, head
        See :class:`OODHead`.
    """

    info = DetectorInfo(
        tasks={Task.CLASSIFICATION},
        paper=Paper(
            title="Image Background Serves as Good Proxy for Out-of-distribution Data",
            venue="ICLR",
            year=2024,
            url="https://arxiv.org/abs/2307.00519",
        ),
    )

    @torch.no_grad()
    def predict_features(self, z):
        """Features of shape [N, C] to scores of shape [N] in [0, 1], larger = more OOD."""
        return 1 - self.head(z).double().softmax(1).max(1).values * self._second(z)[:, 0]
