"""Scores that a part beside the network gave when the bank was made, and those of a second head alone."""

import torch
from pytorch_ood.api import DetectorInfo, FeaturesDetector, Task
from torch.nn.functional import linear

from .registry import DETECTORS, Entry


class Given(FeaturesDetector):
    """The number that the bank holds of each image, see ``Features.own``."""

    info = DetectorInfo(tasks={Task.CLASSIFICATION})
    requires_fit = False

    def predict(self, x):
        """Not from images: the part that says it is not here."""
        raise NotImplementedError("read the bank's numbers, by predict_features")

    def predict_features(self, z):
        """Numbers of shape [N, 1] as scores [N]."""
        return z[:, 0]


class OODHead(FeaturesDetector):
    """The second head's probability that a feature is OOD, whatever the class probabilities are.

    Parameters
    ----------
    encoder : callable or None
        Images to features [N, C]; only ``predict`` needs it.
    head : callable
        Its ``ood_head`` as for :class:`bgood_lib.detectors.ssod.SSOD`.
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
        weight1, bias1, weight2, bias2 = map(torch.as_tensor, self.head.ood_head)
        return linear(linear(z, weight1, bias1).relu(), weight2, bias2).double().softmax(1)[:, 1]


DETECTORS["OODHead"] = Entry(lambda head: OODHead(None, head), needs_ood_head=True, title="OOD head")
DETECTORS["MECAM"] = Entry(lambda head: Given(), own=("MECAM", "MECAM"))
DETECTORS["ProoD"] = Entry(lambda head: Given(), own=("ProoD", "ProoD"))
# Known pictures as they are, unknown ones at the least score that any picture near them has: its AUROC is the GAUC.
DETECTORS["ProoD-certified"] = Entry(
    lambda head: Given(), own=("ProoD", "ProoD, least nearby"), title="ProoD, certified"
)
