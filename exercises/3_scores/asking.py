"""AUROC, for question 8."""

import numpy as np


def auroc(id_scores, ood_scores):
    """Share of pairs in which the OOD image has the larger score; equal scores count half."""
    known = np.sort(id_scores)
    ranks = np.searchsorted(known, ood_scores, "left") + np.searchsorted(known, ood_scores, "right")
    return ranks.mean() / 2 / len(known)
