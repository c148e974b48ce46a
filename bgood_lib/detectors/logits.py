"""Scores that read logits alone."""

import warnings

import numpy as np
import torch
from pytorch_ood.api import RequiresFittingException
from pytorch_ood.detector import OpenMax as TheirOpenMax
from pytorch_ood.detector import TemperatureScaling as TheirTemperatureScaling
from scipy.optimize import brentq, minimize_scalar

from ..utils.errors import InputError


class TemperatureScaling(TheirTemperatureScaling):
    """Maximum softmax at the temperature with the smallest cross-entropy (Guo et al., ICML 2017).

    The common code, pytorch-ood's too, stops after 50 steps of a hundredth of the way. Here the
    minimum is found, within ``bounds``: of images that are all classified right, as training
    images can be, the best temperature is 0.

    Attributes
    ----------
    bounds : tuple of float
        Temperatures to search; a warning tells when the best lies at an end.
    """

    bounds = (0.1, 10.0)

    def fit_logits(self, logits, labels):
        """Fit to logits [N, K] and labels [N]; negative labels do not count."""
        known = labels >= 0
        if not known.any():
            raise InputError(f"TemperatureScaling: none of {len(labels)} images has a label of 0 or more")
        logits, labels = logits[known].double(), labels[known]

        def loss(log_temperature):
            return float(torch.nn.functional.cross_entropy(logits / np.exp(log_temperature), labels))

        low, high = np.log(self.bounds)
        best = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-5}).x
        if (logits.argmax(1) == labels).all():
            best = low  # where the loss is 0 to the last digit, a search cannot tell
        self.t = float(np.exp(best))
        if min(best - low, high - best) < 1e-3:
            warnings.warn(f"TemperatureScaling: the best temperature is at the end of {self.bounds}, {self.t:.3g}")
        self._is_fitted = True
        return self


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

    pytorch-ood's score with its defaults, all images at once. The Weibull tails are at the maximum
    of their likelihood, where scipy's search stops up to 0.001 short of it.

    Parameters
    ----------
    model : callable or None
    tailsize : int, default=25
        Images of a class, the farthest from its mean logits, to fit the tail to.
    alpha : int, default=10
        Number of top classes to revise.
    euclid_weight : float in [0, 1], default=1
        Weight of the Euclidean distance; the rest goes to the cosine distance.
    """

    def _distances(self, x, centres):
        euclid = torch.cdist(x, centres)
        lengths = x.norm(dim=1, keepdim=True) * centres.norm(dim=1)
        cosine = 1 - x @ centres.T / lengths.clamp(min=torch.finfo(x.dtype).tiny)
        return self.euclid_weight * euclid + (1 - self.euclid_weight) * cosine

    def fit_logits(self, logits, y):
        """Fit a tail to every class of logits [N, K] and labels [N]; negative labels do not count."""
        x, self.classes = logits.double(), y[y >= 0].unique()
        self.centres = torch.stack([x[y == label].mean(0) for label in self.classes])
        tails = []
        for label, centre in zip(self.classes, self.centres):
            tail = self._distances(x[y == label], centre[None])[:, 0].sort().values[-self.tailsize :].numpy()
            shift = 10_000 - tail[0]  # libMR's: far from 0 the Weibull tail is that of any distribution
            tails.append((shift, *fit_weibull(tail + shift)))
        self._openmax = torch.tensor(tails, dtype=x.dtype).T  # shift, shape, scale of every class
        return self

    def predict_logits(self, logits):
        """Logits of shape [N, K] to scores of shape [N] in [0, 1], larger = more OOD."""
        if self._openmax is None:
            raise RequiresFittingException()
        x = logits.double()
        shift, shape, scale = self._openmax
        weights = torch.ones_like(x)  # of the tails; a class without a training image keeps 1
        beyond = ((self._distances(x, self.centres) + shift) / scale).clamp(min=0)
        weights[:, self.classes] = -torch.expm1(-(beyond**shape))
        alpha = min(self.alpha, x.shape[1])
        ranks = x.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
        kept = 1 - weights * (alpha - ranks).clamp(min=0) / alpha
        revised = torch.cat([(x * (1 - kept)).sum(1, keepdim=True), x * kept], dim=1)
        return revised.softmax(1)[:, 0]
