"""Scores that read logits alone."""

import warnings

import numpy as np
import torch
from pytorch_ood.detector import OpenMax as TheirOpenMax
from pytorch_ood.detector import TemperatureScaling as TheirTemperatureScaling
from scipy.optimize import minimize_scalar


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
            raise ValueError(f"TemperatureScaling: none of {len(labels)} images has a label of 0 or more")
        logits, labels = logits[known].double(), labels[known]

        def loss(log_temperature):
            return float(torch.nn.functional.cross_entropy(logits / np.exp(log_temperature), labels))

        low, high = np.log(self.bounds)
        best = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-5}).x
        self.t = float(np.exp(best))
        if min(best - low, high - best) < 1e-3:
            warnings.warn(f"TemperatureScaling: the best temperature, {self.t:.3g}, is at the end of {self.bounds}")
        self._is_fitted = True
        return self


class OpenMax(TheirOpenMax):
    """pytorch-ood's OpenMax (Bendale and Boult, CVPR 2016), all images at once."""

    def predict_logits(self, logits):
        """Logits of shape [N, K] to scores of shape [N]: the probability of "none of these"."""
        if self._openmax is None:
            return super().predict_logits(logits)  # raises pytorch-ood's error
        fitted, x = self._openmax, logits.numpy().astype(np.float64)
        weights = np.ones(x.shape)  # of the tails; a class without a training image keeps 1
        for label, tail in fitted.distributions.items():
            beyond = fitted._get_dists_to_center(label, x) + tail.translation - tail.min_val
            weights[:, label] = -np.expm1(-((np.maximum(beyond, 0) / tail.scale) ** tail.c))
        ranks = (-x).argsort(1, kind="stable").argsort(1)
        kept = 1 - weights * np.maximum(fitted.alpha - ranks, 0) / fitted.alpha
        revised = np.minimum(np.column_stack([(x * (1 - kept)).sum(1), x * kept]), 709)  # exp(710) is infinite
        e = np.exp(revised - revised.max(1, keepdims=True))
        return torch.as_tensor(e[:, 0] / e.sum(1))
