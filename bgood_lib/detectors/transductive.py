"""Scores of an image that depend on the other test images: fair only if the mix of the batch is told."""

import torch
from pytorch_ood.api import DetectorInfo, FeaturesDetector, Paper, Task
from pytorch_ood.detector import MaxSoftmax


class ETLT(FeaturesDetector):
    """A simple score, smoothed by linear regression on the features of the test batch (Fan et al., CVPR 2024).

    Fits ``score = a f + b`` by least squares to the batch itself; the prediction is the new score.
    Called RTL in the authors' code, whose batches hold five ID images for one OOD image.

    Parameters
    ----------
    encoder : callable or None
        Images to features [N, C]; only ``predict`` needs it.
    head : callable
        Features [N, C] to logits [N, K].
    detector : callable, default=MaxSoftmax.score
        Logits [N, K] to the scores [N] to smooth.
    """

    info = DetectorInfo(
        tasks={Task.CLASSIFICATION},
        paper=Paper(
            title="Test-Time Linear Out-of-Distribution Detection",
            venue="CVPR",
            year=2024,
            url="https://arxiv.org/abs/2207.08210",
            code="https://github.com/kfan21/RTL",
        ),
    )
    requires_fit = False

    def __init__(self, encoder, head, detector=MaxSoftmax.score):
        self.encoder, self.head, self.detector = encoder, head, detector

    def predict(self, x):
        """A batch of images to scores of shape [N]."""
        return self.predict_features(self.encoder(x))

    @torch.no_grad()
    def predict_features(self, z):
        """Features of a whole batch, shape [N, C], to scores of shape [N], larger = more OOD."""
        scores = self.detector(self.head(z)).double()
        inputs = torch.nn.functional.pad(z.double(), (0, 1), value=1)
        return inputs @ torch.linalg.lstsq(inputs, scores[:, None], driver="gelsd").solution[:, 0]
