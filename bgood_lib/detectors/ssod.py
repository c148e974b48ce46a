"""SSOD's score: a second head that tells ID from OOD features."""

import numpy as np

from ..metrics.calibration import softmax


def ssod_score(bank, features):
    """SSOD's score (Pei, ICLR 2024): largest class probability times that of being in distribution, from 1.

    Parameters
    ----------
    bank : Bank
        With an ``ood_head``.
    features : Features of N images

    Returns
    -------
    ndarray of shape [N], float64 : larger = more OOD.
    """
    weight1, bias1, weight2, bias2 = bank.ood_head
    hidden = np.maximum(features.features @ weight1.T + bias1, 0)
    in_distribution = softmax(hidden @ weight2.T + bias2)[:, 0]
    return 1 - softmax(features.logits).max(1) * in_distribution
