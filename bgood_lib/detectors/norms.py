"""Scores from the length of features: of the pooled ones, of the map's channels, of its cells."""

from typing import ClassVar

import torch
from pytorch_ood.api import DetectorInfo, FeatureMapsDetector, FeaturesDetector, Paper, Task

from ..utils.errors import InputError


class _NormOfMaps(FeatureMapsDetector):
    """Base class: nothing to fit, images through the backbone to maps [N, C, h, w]."""

    info = DetectorInfo(tasks={Task.CLASSIFICATION})
    requires_fit = False

    def __init__(self, backbone=None):
        self.backbone = backbone

    def predict(self, x):
        """Images to scores of shape [N]."""
        return self.predict_feature_maps(self.backbone(x))


class FeatureNorm(_NormOfMaps):
    """Minus the mean over channels of the channels' L2 norms over the map (Yu et al., CVPR 2023).

    The norm of one cell is its value: maps of shape [N, C, 1, 1] that hold channel norms give the
    same score as the maps themselves. The authors choose the block by norms of shuffled images;
    here it is the last one.

    Parameters
    ----------
    backbone : callable, optional
        Images to maps [N, C, h, w]; only ``predict`` needs it.
    """

    info = DetectorInfo(
        tasks={Task.CLASSIFICATION},
        paper=Paper(
            title="Block Selection Method for Using Feature Norm in Out-of-Distribution Detection",
            venue="CVPR",
            year=2023,
            url="https://arxiv.org/abs/2212.02295",
            code="https://github.com/gist-ailab/block-selection-for-OOD-detection",
        ),
    )

    def predict_feature_maps(self, maps):
        """Maps of shape [N, C, h, w] to scores of shape [N], larger = more OOD."""
        return -maps.relu().norm(dim=(2, 3)).mean(1)


class MapNorm(_NormOfMaps):
    """Minus the mean over cells of the cells' L2 norms over channels: what the background loss shrinks.

    Maps of shape [N, 1, h, w] that hold cell norms give the same score as the maps themselves.
    """

    def predict_feature_maps(self, maps):
        """Maps of shape [N, C, h, w] to scores of shape [N], larger = more OOD."""
        return -maps.norm(dim=1).mean((1, 2))


class NormContrast(_NormOfMaps):
    """Minus the contrast between the longest and the shortest cells of a map.

    With the mean norms ``a`` of the longest and ``b`` of the shortest cells it is the Michelson
    contrast ``(a - b) / (a + b)``: it ranks images as ``a / b`` does, but lies in [0, 1] even where
    ``b`` is 0; an all-zero map has contrast 0. Maps of one cell have none either.

    Parameters
    ----------
    backbone : callable, optional
    share : float in (0, 0.5], default=0.25
        Of the cells, at either end; at least one cell.
    """

    hyperparameter_space: ClassVar = {"share": [0.1, 0.25, 0.5]}

    def __init__(self, backbone=None, share=0.25):
        super().__init__(backbone)
        if not 0 < share <= 0.5:
            raise InputError(f"NormContrast: share={share}; it must be in (0, 0.5]")
        self.share = share

    def predict_feature_maps(self, maps):
        """Maps of shape [N, C, h, w] to scores of shape [N] in [-1, 0], larger = more OOD."""
        norms = maps.norm(dim=1).flatten(1).sort(1).values
        k = max(1, int(self.share * norms.shape[1]))
        low, high = norms[:, :k].mean(1), norms[:, -k:].mean(1)
        return -(high - low) / (high + low).clamp(min=torch.finfo(norms.dtype).tiny)


class PooledNorm(FeaturesDetector):
    """Minus the L2 norm of the pooled features, which the background loss acts on.

    Parameters
    ----------
    encoder : callable, optional
        Images to features [N, C]; only ``predict`` needs it.
    """

    info = DetectorInfo(tasks={Task.CLASSIFICATION})
    requires_fit = False

    def __init__(self, encoder=None):
        self.encoder = encoder

    def predict(self, x):
        """Images to scores of shape [N]."""
        return self.predict_features(self.encoder(x))

    def predict_features(self, z):
        """Features of shape [N, C] to scores of shape [N], larger = more OOD."""
        return -z.norm(dim=1)
