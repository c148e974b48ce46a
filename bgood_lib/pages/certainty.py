"""How sure can a network be of a feature of a given length?"""

import numpy as np

from ..metrics.calibration import softmax


def largest_confidence(weight, bias, lengths):
    """A bound that no softmax of a linear head exceeds, whatever the direction of the feature.

    The logits of classes i and j differ by ``(w_i - w_j) f + b_i - b_j``, which is at most
    ``|w_i - w_j| |f| + b_i - b_j`` (Cauchy and Schwarz). Put into the softmax of class i, that is the bound; here the
    largest one over the classes.

    Parameters
    ----------
    weight : ndarray of shape [K, C]
    bias : ndarray of shape [K]
    lengths : ndarray of shape [L]
        L2 norms of features.

    Returns
    -------
    ndarray of shape [L], in [1 / K, 1]
    """
    apart = np.linalg.norm(weight[:, None] - weight[None], axis=2)
    # Of class i, all logits in units of its own: the others lie at least so far below.
    logits = bias[None, None] - bias[None, :, None] - np.asarray(lengths, float)[:, None, None] * apart
    return softmax(logits)[:, range(len(bias)), range(len(bias))].max(1)
