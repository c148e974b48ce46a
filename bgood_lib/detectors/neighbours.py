"""Scores that compare an image with the training images: one product of features serves them all."""

from typing import ClassVar

import torch
from pytorch_ood.api import DetectorInfo, FeaturesDetector, Paper, RequiresFittingException, Task
from pytorch_ood.detector import KNN as TheirKNN
from pytorch_ood.detector import NNGuide as TheirNNGuide
from torch.nn.functional import normalize, threshold_

from ..utils.errors import InputError

CELLS = 2**24  # of a similarity matrix at a time: 64 MB


def largest(values, k):
    """The k largest entries of every row, exactly, about twice as fast as ``torch.topk`` on long rows.

    A row is cut into blocks; its k largest entries lie in the k blocks with the largest maxima.

    Parameters
    ----------
    values : Tensor of shape [N, M]
    k : int, at most M

    Returns
    -------
    values : Tensor of shape [N, k], sorted, largest first
    indices : Tensor of shape [N, k]
    """
    size = int((values.shape[1] / k) ** 0.5)
    if size < 2:
        return values.topk(k, dim=1)
    count = values.shape[1] // size
    body, tail = values[:, : size * count], values[:, size * count :]
    body = body.unflatten(1, (size, count))  # block b holds the columns b, b + count, b + 2 count, ...
    best = body.amax(1).topk(k, dim=1, sorted=False).indices
    candidates = body.gather(2, best[:, None].expand(-1, size, -1)).flatten(1)
    found, where = torch.cat([candidates, tail], 1).topk(k, dim=1)
    in_body = where // k * count + best.gather(1, where % k)
    return found, torch.where(where < size * k, in_body, where - size * k + size * count)


def predict_together(detectors, features):
    """Scores under several neighbour detectors; those fitted on the same features share one product.

    Parameters
    ----------
    detectors : list of Neighbours
        Fitted.
    features : Tensor of shape [N, C]

    Returns
    -------
    list of Tensor of shape [N] : larger = more OOD.
    """
    groups = []
    for detector in detectors:
        if detector.bank is None:
            raise RequiresFittingException()
        for group in groups:
            if torch.equal(group[0].bank, detector.bank):
                group.append(detector)
                break
        else:
            groups.append([detector])
    scores = {id(detector): [] for detector in detectors}
    for group in groups:
        bank = group[0].bank
        rows = max(1, CELLS // len(bank))
        memory = bank.new_empty(min(rows, len(features)), len(bank))  # reused: fresh memory costs more than the product
        for chunk in features.to(bank.dtype).split(rows):
            unit = normalize(chunk, dim=1)
            similarities = torch.mm(unit, bank.T, out=memory[: len(chunk)])
            for detector in group:
                scores[id(detector)].append(detector.from_similarities(similarities, unit, chunk))
    return [torch.cat(scores[id(detector)]) for detector in detectors]


class Neighbours(FeaturesDetector):
    """Base class: keeps the L2-normalised training features.

    Parameters
    ----------
    encoder : callable or None
        Images to features [N, C]; only ``fit`` and ``predict`` need it.
    head : callable or None
        Features [N, C] to logits [N, K].
    """

    requires_fit = True
    bank = None

    def __init__(self, encoder, head=None):
        self.encoder, self.head = encoder, head

    @torch.no_grad()
    def fit_features(self, z, labels):
        """Keep the features [N, C] with a label of 0 or more.

        Raises
        ------
        ValueError
            If there is none.
        """
        known = z[labels >= 0]
        if not len(known):
            raise InputError(f"{type(self).__name__}: none of {len(z)} training images has a label of 0 or more")
        self.bank = normalize(known, dim=1)
        self._fit_more(known)
        return self

    def _fit_more(self, z):
        """What else a detector keeps of the training features [N, C]."""

    def predict(self, x):
        """Images to scores of shape [N]."""
        return self.predict_features(self.encoder(x))

    @torch.no_grad()
    def predict_features(self, z):
        """Features of shape [N, C] to scores of shape [N], larger = more OOD."""
        return predict_together([self], z)[0]

    def from_similarities(self, similarities, unit, z):
        """Scores of shape [N].

        Parameters
        ----------
        similarities : Tensor of shape [N, M]
            Cosines to the training features. Shared: not to be changed.
        unit, z : Tensor of shape [N, C]
            Features, with and without L2 normalisation.
        """
        raise NotImplementedError


class KNN(Neighbours):
    """Distance to the k-th nearest training feature on the unit sphere (Sun et al., ICML 2022).

    pytorch-ood's score without its ball tree. A zero feature stays zero: its distance is 1.

    Parameters
    ----------
    encoder : callable or None
    k : int, default=50
    """

    info = TheirKNN.info
    hyperparameter_space = TheirKNN.hyperparameter_space

    def __init__(self, encoder, k=50):
        super().__init__(encoder)
        self.k = k

    def _fit_more(self, z):
        if not 1 <= self.k <= len(z):
            raise InputError(f"KNN: k={self.k} with {len(z)} training features; choose 1 to {len(z)}")

    def from_similarities(self, similarities, unit, z):
        """See :class:`Neighbours`. The distance is taken from the difference: 2 - 2 cos would cancel."""
        nearest = self.bank[largest(similarities, self.k)[1][:, -1]]
        return (unit - nearest).norm(dim=1)


class NNGuide(Neighbours):
    """Energy, weighted by the similarity to confident training features (Park et al., ICCV 2023).

    The score is ``-LSE(z) * mean of the k largest cos(f, f_i) LSE(z_i)``.

    Parameters
    ----------
    encoder : callable or None
    head : callable
    k : int, default=10
        Never more than a tenth of the features to compare with (but at least one): the mean over
        all of them has no neighbours. 10 with ``alpha=1`` is what the authors' code has; OpenOOD
        has 100 with 0.01.
    alpha : float in (0, 1], default=1
        Share of the training features to compare with. They are spaced evenly, not drawn.
    """

    info = TheirNNGuide.info
    hyperparameter_space: ClassVar = {"k": [1, 5, 10, 20, 50, 100]}

    def __init__(self, encoder, head, k=10, alpha=1.0):
        super().__init__(encoder, head)
        if not 0 < alpha <= 1 or k < 1:
            raise InputError(f"NNGuide: alpha={alpha}, k={k}; alpha must be in (0, 1] and k at least 1")
        self.k, self.alpha = k, alpha

    def _fit_more(self, z):
        n = max(1, round(self.alpha * len(z)))
        chosen = torch.arange(n) * len(z) // n
        self.bank, self.energy = self.bank[chosen], self.head(z[chosen]).logsumexp(1)

    def from_similarities(self, similarities, unit, z):
        """See :class:`Neighbours`."""
        k = max(1, min(self.k, len(self.bank) // 10))
        guidance = largest(similarities * self.energy, k)[0].mean(1)
        return -guidance * self.head(z).logsumexp(1)


class Relation(Neighbours):
    """Sum of the edges to the training images (Kim et al., Neural Relation Graph, NeurIPS 2023).

    An edge is ``max(0, cos(f, f_i)) <p, p_i>`` with the softmax p; weak edges do not count.

    Parameters
    ----------
    encoder : callable or None
    head : callable
    power : float, default=1
        Exponent of an edge.
    threshold : float, default=0.03
        Edges up to this do not count.
    """

    info = DetectorInfo(
        tasks={Task.CLASSIFICATION},
        paper=Paper(
            title="Neural Relation Graph: A Unified Framework for Identifying Label Noise and Outlier Data",
            venue="NeurIPS",
            year=2023,
            url="https://arxiv.org/abs/2301.12321",
            code="https://github.com/snu-mllab/Neural-Relation-Graph",
        ),
    )
    hyperparameter_space: ClassVar = {"power": [1, 2, 4, 6, 8]}

    def __init__(self, encoder, head, power=1, threshold=0.03):
        super().__init__(encoder, head)
        self.power, self.threshold = power, threshold

    def _fit_more(self, z):
        self.probabilities = self.head(z).softmax(1)

    def from_similarities(self, similarities, unit, z):
        """See :class:`Neighbours`. A few training images at a time: they stay in the processor's cache."""
        p, scores = self.head(z).softmax(1), 0
        for cosines, theirs in zip(similarities.split(1024, dim=1), self.probabilities.split(1024)):
            edges = threshold_((p @ theirs.T).mul_(cosines), self.threshold, 0)
            scores = scores - (edges if self.power == 1 else edges.pow_(self.power)).sum(1)
        return scores
