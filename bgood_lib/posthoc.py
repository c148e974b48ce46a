"""Post-hoc scores on a feature bank: pytorch-ood's detectors, and what they lack.

``DETECTORS`` maps a name to a function that builds an unfitted detector from the head of a
bank. A new detector is one class (if pytorch-ood has none) and one line.
"""

import numpy as np
import torch
from pytorch_ood.api import DetectorInfo, FeatureMapsDetector, FeaturesDetector, LogitsDetector, Task
from pytorch_ood.detector import KNN, EnergyBased, MaxLogit, MaxSoftmax, ReAct
from threadpoolctl import threadpool_limits


class FeatureNorm(FeaturesDetector):
    """Our own baseline: minus the L2 norm of the pooled features, which the background loss acts on.

    Not the FeatureNorm of Yu et al. (CVPR 2023), which averages per-channel norms of a chosen
    block's map.
    """

    info = DetectorInfo(tasks={Task.CLASSIFICATION})
    requires_fit = False
    hyperparameter_space = {}

    def fit(self, data_loader):
        """Nothing to fit."""
        return self

    def fit_features(self, z, labels):
        """Nothing to fit."""
        return self

    def predict(self, x):
        """Features of shape [N, C] to scores of shape [N]."""
        return self.predict_features(x)

    def predict_features(self, z):
        """Features of shape [N, C] to scores of shape [N], larger = more OOD."""
        return -z.norm(dim=1)


DETECTORS = {
    "MSP": lambda head: MaxSoftmax(None),
    "MaxLogit": lambda head: MaxLogit(None),
    "Energy": lambda head: EnergyBased(None),
    "ReAct": lambda head: ReAct(None, head),
    "KNN": lambda head: KNN(None, k=50),
    "FeatureNorm": lambda head: FeatureNorm(),
}


def score(name, bank):
    """Scores of every image of a bank under one detector, fitted on its ``train`` set.

    Parameters
    ----------
    name : str
        One of ``DETECTORS``.
    bank : Bank

    Returns
    -------
    dict of str to ndarray of shape [N], float64 : one entry per set but ``train``; larger =
        more OOD.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if name not in DETECTORS:
        raise ValueError(f"unknown detector {name!r}; choose one of {', '.join(DETECTORS)}")
    detector = DETECTORS[name](bank.head)
    train = bank["train"]
    labels = torch.as_tensor(train.labels)
    if isinstance(detector, LogitsDetector):
        read, predict = lambda f: torch.as_tensor(f.logits), detector.predict_logits
    elif isinstance(detector, FeatureMapsDetector):
        read, predict = lambda f: torch.as_tensor(f.features)[:, :, None, None], detector.predict_feature_maps
        detector.fit_feature_maps(read(train), labels)
    else:
        read, predict = lambda f: torch.as_tensor(f.features), detector.predict_features
        detector.fit_features(read(train), labels)
    with torch.no_grad(), threadpool_limits(torch.get_num_threads()):
        return {
            which: np.asarray(predict(read(features)), np.float64)
            for which, features in bank.sets.items()
            if which != "train"
        }
