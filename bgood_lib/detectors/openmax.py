"""OpenMax: logits that a Weibull tail revises, and a probability of "none of these"."""

from typing import ClassVar

import numpy as np
import torch
from pytorch_ood.api import RequiresFittingException
from pytorch_ood.detector import OpenMax as TheirOpenMax
from scipy.optimize import brentq

from ..utils.errors import InputError
from .prototypes import means_of_right


def fit_weibull(values):
    """The likeliest Weibull distribution of positive values.

    Parameters
    ----------
    values : ndarray of shape [N]

    Returns
    -------
    shape, scale : float
        The distribution function is ``1 - exp(-(x / scale)^shape)``. The shape is at most 1e9:
        equal values have no best one.
    """
    u = np.log(values / values.max())

    def slope(c):
        weights = np.exp(c * u)
        return (weights * u).sum() / weights.sum() - 1 / c - u.mean()

    c = brentq(slope, 1e-6, 1e9) if slope(1e9) > 0 else 1e9
    return c, values.max() * np.exp(np.log(np.exp(c * u).mean()) / c)


class OpenMax(TheirOpenMax):
    """Probability of "none of these" (Bendale and Boult, CVPR 2016).

    A class's mean logits and the tail of the distances to them are those of its training images
    that are classified right, as in the publication and in OpenOOD; pytorch-ood takes all. Tails
    are moved to begin at 1, as in libmr 0.1.9, which OpenOOD uses; the libmr of 2016 and
    pytorch-ood move them to 10,000, where the fit is nearly a Gumbel distribution instead. They
    are at the maximum of their likelihood.

    Parameters
    ----------
    model : callable or None
    tailsize : int, default=20
        Images of a class, the farthest from its mean logits, to fit the tail to; all of them if
        there are fewer. OpenOOD's; so is ``alpha``.
    alpha : int, default=3
        Number of top classes to revise, at most K. All of them leave nothing to compare "none of
        these" with: the authors revise 10 of 1,000.
    euclid_weight : float in [0, 1], default=1
        Weight of the Euclidean distance; the rest goes to the cosine distance.
    """

    hyperparameter_space: ClassVar = {"alpha": [1, 3, 5, 10], "tailsize": [10, 20, 40]}

    def __init__(self, model, tailsize=20, alpha=3, euclid_weight=1.0):
        if tailsize < 1 or alpha < 1:
            raise InputError(f"OpenMax: tailsize={tailsize}, alpha={alpha}; both must be at least 1")
        super().__init__(model, tailsize, alpha, euclid_weight)

    def _distances(self, x, centres):
        euclid = torch.cdist(x, centres)
        lengths = x.norm(dim=1, keepdim=True) * centres.norm(dim=1)
        cosine = 1 - x @ centres.T / lengths.clamp(min=torch.finfo(x.dtype).tiny)
        return self.euclid_weight * euclid + (1 - self.euclid_weight) * cosine

    def fit_logits(self, logits, y):
        """Fit a tail to every class of logits [N, K] and labels [N]; negative labels do not count.

        Raises
        ------
        InputError
            If no image of a class is classified right; names the classes.
        """
        x = logits.double()
        right, self.centres = means_of_right("OpenMax", x, logits, y)
        tails = []
        for label, centre in enumerate(self.centres):
            distances = self._distances(x[right & (y == label)], centre[None])[:, 0]
            tail = distances.sort().values[-self.tailsize :].numpy()
            shift = 1 - tail[0]
            tails.append((shift, *fit_weibull(tail + shift)))
        self._openmax = torch.tensor(tails, dtype=x.dtype).T  # shift, shape, scale of every class
        return self

    def predict_logits(self, logits):
        """Logits of shape [N, K] to scores of shape [N] in [0, 1], larger = more OOD."""
        if self._openmax is None:
            raise RequiresFittingException()
        x = logits.double()
        shift, shape, scale = self._openmax
        beyond = ((self._distances(x, self.centres) + shift) / scale).clamp(min=0)
        weights = -torch.expm1(-(beyond**shape))  # of the tails
        alpha = min(self.alpha, x.shape[1])
        ranks = x.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
        kept = 1 - weights * (alpha - ranks).clamp(min=0) / alpha
        revised = torch.cat([(x * (1 - kept)).sum(1, keepdim=True), x * kept], dim=1)
        return revised.softmax(1)[:, 0]
