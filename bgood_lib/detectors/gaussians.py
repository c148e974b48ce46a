"""Scores from Gaussians fitted to the training features: distances as lengths after whitening."""

import torch
from pytorch_ood.api import DetectorInfo, Paper, Task
from pytorch_ood.detector import RMD as TheirRMD
from pytorch_ood.detector import Mahalanobis as TheirMahalanobis
from torch.nn.functional import normalize

from .prototypes import class_means


def whitening(centred):
    """The matrix that turns a Mahalanobis length into a Euclidean one.

    Parameters
    ----------
    centred : Tensor of shape [N, C]

    Returns
    -------
    Tensor of shape [C, C] : V with ``|x V|^2 = x^T (S + 1e-6 I)^-1 x``, where S is the scatter
        ``centred^T centred`` (pytorch-ood's choice: not divided by N).
    """
    eye = torch.eye(centred.shape[1], dtype=centred.dtype)
    return torch.linalg.solve_triangular(torch.linalg.cholesky(centred.T @ centred + 1e-6 * eye), eye, upper=False).T


class Mahalanobis(TheirMahalanobis):
    """Half the squared Mahalanobis distance to the nearest class mean (Lee et al., NeurIPS 2018).

    One covariance for all classes, last layer, no noise on the input. pytorch-ood's score, in
    float64 and by one product instead of one per class.
    """

    def _prepare(self, z):
        return z.double()

    @torch.no_grad()
    def fit_features(self, z, y):
        """Fit to features [N, C] and labels [N]; see :func:`.prototypes.class_means` for errors."""
        z = self._prepare(z)
        self.mu = class_means(z, y)
        self.centre = z.mean(0)
        self.whiten = whitening(z - self.mu[y])
        self.white_mu = (self.mu - self.centre) @ self.whiten
        return self

    def distances(self, z):
        """Squared Mahalanobis distances [N, K] of features [N, C] to all class means."""
        white = (self._prepare(z) - self.centre) @ self.whiten
        squares = white.square().sum(1, keepdim=True) + self.white_mu.square().sum(1)
        return (squares - 2 * white @ self.white_mu.T).clamp(min=0)

    def _calc_gaussian_scores(self, z):
        return -0.5 * self.distances(z)


class MahalanobisPlusPlus(Mahalanobis):
    """:class:`Mahalanobis` on L2-normalised features (Mueller and Hein, ICML 2025)."""

    info = DetectorInfo(
        tasks={Task.CLASSIFICATION},
        paper=Paper(
            title="Mahalanobis++: Improving OOD Detection via Feature Normalization",
            venue="ICML",
            year=2025,
            url="https://arxiv.org/abs/2505.18032",
            code="https://github.com/mueller-mp/maha-norm",
        ),
    )

    def _prepare(self, z):
        return normalize(z.double(), dim=1)


class RMD(Mahalanobis):
    """Squared Mahalanobis distance to the nearest class mean, minus that to the mean of all (Ren et al., 2021)."""

    info = TheirRMD.info

    def fit_features(self, z, y):
        """Fit to features [N, C] and labels [N]; see :func:`.prototypes.class_means` for errors."""
        super().fit_features(z, y)
        self.whiten_all = whitening(self._prepare(z) - self.centre)
        return self

    @torch.no_grad()
    def predict_features(self, z):
        """Features of shape [N, C] to scores of shape [N], larger = more OOD."""
        to_all = ((self._prepare(z) - self.centre) @ self.whiten_all).square().sum(1)
        return self.distances(z).min(1).values - to_all
