"""How sure is a network, and how right is it to be?"""

import numpy as np


def softmax(logits):
    """Softmax over the last axis of an ndarray, in float64."""
    logits = np.asarray(logits, np.float64)
    exponent = np.exp(logits - logits.max(-1, keepdims=True))
    return exponent / exponent.sum(-1, keepdims=True)


def overconfidence(logits):
    """How sure a network is, whatever the truth.

    Parameters
    ----------
    logits : ndarray of shape [N, K]

    Returns
    -------
    dict : ``mean_confidence`` (mean maximum softmax probability), ``above_0.9`` and
        ``above_0.99`` (shares of images above that probability).
    """
    confidence = softmax(logits).max(-1)
    return {
        "mean_confidence": float(confidence.mean()),
        "above_0.9": float((confidence > 0.9).mean()),
        "above_0.99": float((confidence > 0.99).mean()),
    }


def calibration_error(logits, labels, bins=15):
    """Expected calibration error: mean gap between confidence and accuracy.

    Parameters
    ----------
    logits : ndarray of shape [N, K]
    labels : ndarray of shape [N]
    bins : int, default=15
        Equally wide confidence bins, as in Guo et al., ICML 2017, eq. 3.

    Returns
    -------
    float in [0, 1]
    """
    probabilities = softmax(logits)
    confidence, right = probabilities.max(-1), probabilities.argmax(-1) == labels
    which = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    return float(
        sum(
            (which == b).mean() * abs(right[which == b].mean() - confidence[which == b].mean())
            for b in np.unique(which)
        )
    )


def matching_temperature(logits, confidence):
    """The temperature at which a network's mean confidence is a given one.

    Parameters
    ----------
    logits : ndarray of shape [N, K]
    confidence : float
        Wanted mean of the largest probability of ``logits / temperature``, between 1 / K and 1.

    Returns
    -------
    float
        Between 1e-3 and 1e3, to which out of reach confidences lead.
    """
    low, high = np.log(1e-3), np.log(1e3)
    for _ in range(50):
        middle = (low + high) / 2
        surer = softmax(np.asarray(logits) / np.exp(middle)).max(-1).mean() > confidence
        low, high = (middle, high) if surer else (low, middle)
    return float(np.exp((low + high) / 2))
