"""Scores that change the features before the head: finite on all-zero features too."""

from typing import ClassVar

import numpy as np
import torch
from pytorch_ood.detector import ASH as TheirASH
from pytorch_ood.detector import SCALE as TheirSCALE
from pytorch_ood.detector import VRA as TheirVRA
from pytorch_ood.detector.ash import ash_s
from pytorch_ood.detector.scale import scale


def _zeros_stay_zero(shape):
    """Scaling by exp(sum / sum of the largest) is 0/0 where all is 0; nothing times anything is nothing."""

    def shaped(maps, percentile):
        return torch.where(maps.any(dim=(1, 2, 3), keepdim=True), shape(maps, percentile), maps)

    return shaped


class ASH(TheirASH):
    """pytorch-ood's ASH (Djurisic et al., ICLR 2023); variant S leaves all-zero features as they are."""

    variants: ClassVar = {**TheirASH.variants, "ash-s": _zeros_stay_zero(ash_s)}


class SCALE(TheirSCALE):
    """pytorch-ood's SCALE (Xu et al., ICLR 2024), but all-zero features stay as they are."""

    @torch.no_grad()
    def predict_feature_maps(self, maps):
        """Maps of shape [N, C, h, w] to scores of shape [N], larger = more OOD."""
        return self.detector(self.head(_zeros_stay_zero(scale)(maps, self.percentile)))


class VRA(TheirVRA):
    """Energy of features clipped from below and above (Xu et al., NeurIPS 2023), as in OpenOOD.

    The two thresholds are percentiles of all activations; pytorch-ood has a pair for every channel.
    """

    def fit_feature_maps(self, z, y):
        """Take the thresholds from maps [N, C, h, w] with a label of 0 or more."""
        levels = np.percentile(z[y >= 0].numpy(), [100 * self.lower_percentile, 100 * self.upper_percentile])
        self._lower_threshold, self._upper_threshold = torch.as_tensor(levels, dtype=z.dtype)
        return self
