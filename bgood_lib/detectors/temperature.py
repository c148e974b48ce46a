"""Maximum softmax that no temperature can move: at the likeliest temperature, or at equal spread."""

import warnings
from typing import ClassVar

import numpy as np
import torch
from pytorch_ood.api import DetectorInfo, LogitsDetector, RequiresFittingException, Task
from pytorch_ood.detector import TemperatureScaling as TheirTemperatureScaling
from scipy.optimize import minimize_scalar

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
            message = f"TemperatureScaling: the best temperature is at the end of {self.bounds}, {self.t:.3g}"
            warnings.warn(message, stacklevel=2)
        self._is_fitted = True
        return self


class ScaledMSP(LogitsDetector):
    """MSP of logits brought to equal spread on ID images.

    Shrinking features softens the softmax as a temperature does, and MSP changes from that alone.
    Here logits are divided by their spread, the standard deviation over classes averaged over ID
    images, and multiplied by ``spread``: a factor that all logits share cancels.
    :class:`TemperatureScaling` has the same invariance, as the likeliest temperature of ``a``
    times the logits is ``a`` times as high; but it needs labels, some images classified wrong, and
    a temperature within its bounds.

    Parameters
    ----------
    model : callable or None
        Images to logits [N, K]; only ``predict`` needs it.
    spread : float, default=2
        To bring logits to; above 0. A constant of the score, not of the network: ten logits of
        which nine are equal have a spread of 2 where the tenth has a softmax of 0.99.

    Attributes
    ----------
    scale : float
        What logits are multiplied by: ``spread`` over the spread of the images fitted to.
    """

    info = DetectorInfo(tasks={Task.CLASSIFICATION})
    requires_fit = True
    hyperparameter_space: ClassVar = {"spread": [0.5, 1.0, 2.0, 4.0, 8.0]}
    scale = None

    def __init__(self, model, spread=2.0):
        if not spread > 0:
            raise InputError(f"ScaledMSP: spread={spread}; it must be above 0")
        self.model, self.spread = model, spread

    def fit_logits(self, logits, labels):
        """Take the spread of logits [N, K] with a label of 0 or more; their labels do not matter.

        Raises
        ------
        InputError
            If there is none, or all have equal logits.
        """
        known = logits[labels >= 0].double()
        if not len(known):
            raise InputError(f"ScaledMSP: none of {len(labels)} images has a label of 0 or more")
        spread = float(known.std(1, correction=0).mean())
        if spread == 0:
            raise InputError(
                f"ScaledMSP: each of {len(known)} images has equal logits; the network tells no class apart"
            )
        self.scale = self.spread / spread
        return self

    def predict_logits(self, logits):
        """Logits of shape [N, K] to scores of shape [N] in [-1, 0], larger = more OOD."""
        if self.scale is None:
            raise RequiresFittingException()
        return -(self.scale * logits.double()).softmax(1).max(1).values
