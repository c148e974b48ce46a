"""ViM: how much of a feature lies outside the main directions of the training features."""

import torch
from pytorch_ood.detector import ViM as TheirViM

from ..utils.errors import InputError


class ViM(TheirViM):
    """pytorch-ood's ViM (Wang et al., CVPR 2022), fitted in float64, with a checked dimension.

    Parameters
    ----------
    encoder : callable or None
    d : int or None
        Dimensions of the main subspace. None: 256 (OpenOOD) where features have more, else half
        of theirs: with all of them nothing is left to measure.
    w : Tensor of shape [K, C]
    b : Tensor of shape [K]

    Raises
    ------
    ValueError
        If ``d`` is not in 1 to C - 1.
    """

    def __init__(self, encoder, d, w, b):
        width = w.shape[1]
        if d is None:
            d = 256 if width > 256 else width // 2
        if not 1 <= d < width:
            raise InputError(f"ViM: d={d} with features of {width} dimensions; choose 1 to {width - 1}")
        super().__init__(encoder, d, w, b)

    @torch.no_grad()
    def fit_features(self, features, labels):
        """Fit the subspace and the weight of the residual to features [N, C]."""
        centred = features.double() - self.u
        _, directions = torch.linalg.eigh(centred.T @ centred)  # eigenvalues ascend
        rest = directions[:, : features.shape[1] - self.d]
        self.alpha = float(
            self._get_logits(features).max(1).values.double().mean() / (centred @ rest).norm(dim=1).mean()
        )
        self.principal_subspace = rest.float().contiguous()  # pytorch-ood's name for what is beside it
        return self
