"""How sure is a network, and how right is it to be?"""

import numpy as np
from scipy.optimize import minimize_scalar


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


def likeliest_temperature(logits, labels, bounds=(0.01, 100.0)):
    """The temperature at which the cross-entropy of ``logits / temperature`` is smallest.

    Parameters
    ----------
    logits : ndarray of shape [N, K]
    labels : ndarray of shape [N]
    bounds : tuple of 2 floats
        Of the search; where all images are classified right, the lower one is the answer.

    Returns
    -------
    float

    References
    ----------
    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
    """
    logits, rows = np.asarray(logits, np.float64), np.arange(len(labels))

    def loss(log_temperature):
        scaled = logits / np.exp(log_temperature)
        scaled = scaled - scaled.max(1, keepdims=True)
        return float((np.log(np.exp(scaled).sum(1)) - scaled[rows, labels]).mean())

    if (logits.argmax(1) == labels).all():
        return float(bounds[0])
    return float(np.exp(minimize_scalar(loss, bounds=np.log(bounds), method="bounded", options={"xatol": 1e-4}).x))
