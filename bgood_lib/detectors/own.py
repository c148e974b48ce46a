"""Scores that a part beside the network gave when the bank was made."""

from pytorch_ood.api import DetectorInfo, FeaturesDetector, Task

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


DETECTORS["MECAM"] = Entry(lambda head: Given(), own=("MECAM", "MECAM"))
DETECTORS["ProoD"] = Entry(lambda head: Given(), own=("ProoD", "ProoD"))
# Known pictures as they are, unknown ones at the least score that any picture near them has: its AUROC is the GAUC.
DETECTORS["ProoD-certified"] = Entry(
    lambda head: Given(), own=("ProoD", "ProoD, least nearby"), title="ProoD, certified"
)
DETECTORS["MOOD-reconstruction"] = Entry(
    lambda head: Given(), own=("MOOD reconstruction", "MOOD reconstruction"), title="MOOD, reconstruction"
)
