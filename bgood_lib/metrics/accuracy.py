"""How often the likeliest class is the right one."""

import numpy as np


def accuracies(logits, labels):
    """Accuracy, and the mean over classes of each one's accuracy.

    Parameters
    ----------
    logits : ndarray of shape [N, K]
    labels : ndarray of shape [N], int64

    Returns
    -------
    dict of str to float : ``accuracy`` and ``balanced_accuracy``, shares in [0, 1].
    """
    right = logits.argmax(1) == labels
    of_classes = [right[labels == label].mean() for label in np.unique(labels)]
    return {"accuracy": float(right.mean()), "balanced_accuracy": float(np.mean(of_classes))}
