"""Post-hoc scores on a feature bank: pytorch-ood's detectors, and what they lack.

``registry.DETECTORS`` maps a name to an :class:`~bgood_lib.detectors.registry.Entry`. A new
detector is one line there or, with a class of its own, one file beside this one.

>>> scores = score("KNN", bank, k=100)              # of every set of a bank
>>> scores = fit("KNN", bank).score(extract(...))   # of new images
>>> results = score_all(bank)                       # of every detector: scores, or why there are none
>>> scores = score_images("ODIN", network, images)  # one that must see the images themselves
"""

from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from pytorch_ood.api import FeatureMapsDetector, LogitsDetector

from ..features import PARTS, Features
from ..utils.errors import InputError, nearest
from .neighbours import Neighbours, predict_together
from .registry import DETECTORS, IMAGE_DETECTORS

ALL_STAGES = "all_stages"
CHUNK = 10_000  # images scored at a time, to bound memory


class Head(torch.nn.Linear):
    """A bank's head as the module that pytorch-ood's detectors expect.

    Parameters
    ----------
    weight : array of shape [K, C]
    bias : array of shape [K]
    ood_head : list of 4 arrays, optional
        The bank's second head, see :class:`bgood_lib.features.Bank`; kept as it is.
    """

    def __init__(self, weight, bias, ood_head=None):
        super().__init__(*np.shape(weight)[::-1], device="meta")
        self.weight = torch.nn.Parameter(torch.as_tensor(weight), requires_grad=False)
        self.bias = torch.nn.Parameter(torch.as_tensor(bias), requires_grad=False)
        self.ood_head = ood_head

    def forward(self, features):
        """Features [N, C] or maps [N, C, 1, 1] to logits [N, K]."""
        return super().forward(features.flatten(1))


@dataclass(frozen=True)
class Fitted:
    """A detector fitted on a bank.

    Attributes
    ----------
    name : str
        One of ``DETECTORS``.
    detector : pytorch_ood.api.Detector
    """

    name: str
    detector: object

    def read(self, features):
        """The tensor of ``features`` that the detector sees."""
        if own := DETECTORS[self.name].own:
            return torch.as_tensor(features.own[own[bool((features.labels < 0).all())]])[:, None]
        if isinstance(self.detector, LogitsDetector):
            return torch.as_tensor(features.logits)
        values = torch.as_tensor(getattr(features, DETECTORS[self.name].reads))
        if not isinstance(self.detector, FeatureMapsDetector):
            return values
        return values[:, None] if values.ndim == 3 else values[:, :, None, None]

    def score(self, features):
        """Scores of images.

        Parameters
        ----------
        features : Features
            Of N images. A transductive detector takes them for its batch.

        Returns
        -------
        ndarray of shape [N], float64 : larger = more OOD.

        Raises
        ------
        ValueError
            If a score is not finite.
        """
        predict = _entry_point(self.detector, "predict")
        inputs = self.read(features)
        chunks = [inputs] if DETECTORS[self.name].transductive else inputs.split(CHUNK)
        with torch.no_grad():
            return self.checked(torch.cat([predict(chunk) for chunk in chunks]))

    def checked(self, scores):
        """A tensor of scores as float64 ndarray; ValueError if one is not finite."""
        scores = np.asarray(scores, np.float64)
        bad = int((~np.isfinite(scores)).sum())
        if bad:
            raise InputError(f"{self.name}: {bad} of {len(scores)} scores are not finite")
        return scores


def _entry_point(detector, verb):
    """The method that fits or predicts from what a bank holds."""
    kind = "logits" if isinstance(detector, LogitsDetector) else "features"
    return getattr(detector, f"{verb}_{'feature_maps' if isinstance(detector, FeatureMapsDetector) else kind}")


def _entry(name, parameters, registry):
    """The entry of a detector, after checking its name and parameters."""
    entry = registry.find(name)
    for unknown in sorted(set(parameters) - set(entry.parameters)):
        known = ", ".join(entry.parameters) or "none"
        raise InputError(f"{name} has no parameter {unknown}; it has {known}{nearest(unknown, entry.parameters)}")
    return entry


def available(bank):
    """Names of the detectors for a bank, in order: all but those that need an OOD head, another part or stages that it lacks."""
    own = set.intersection(*(set(features.own) for features in bank.sets.values()))
    return [
        name for name, entry in DETECTORS.items()
        if (bank.ood_head is not None or not entry.needs_ood_head) and own.issuperset(entry.own)
        and (entry.reads != ALL_STAGES or has_stages(bank))
    ]  # fmt: skip


def has_stages(bank):
    """Whether all sets of a bank hold the channel means of all stages."""
    return all(features.stages is not None for features in bank.sets.values())


def score_images(name, network, images, batch_size=100, **parameters):
    """Scores under a detector that must see the images: forward and backward through the network.

    Parameters
    ----------
    name : str
        One of ``IMAGE_DETECTORS``.
    network : torch.nn.Module
        In evaluation mode, images of [0, 1] to logits, as those of this project.
    images : ndarray of shape [N, H, W, 3], uint8
    batch_size : int, default=100
    **parameters
        Hyper-parameters other than the published defaults.

    Returns
    -------
    ndarray of shape [N], float64 : larger = more OOD.

    Raises
    ------
    ValueError
        If the name or a parameter is unknown, or a score is not finite.
    """
    entry = _entry(name, parameters, IMAGE_DETECTORS)
    fitted = Fitted(name, entry.build(network.eval(), **parameters))
    device = next(network.parameters()).device
    chunks = torch.as_tensor(images).permute(0, 3, 1, 2).split(batch_size)
    return fitted.checked(torch.cat([fitted.detector.predict(x.to(device).float() / 255).cpu() for x in chunks]))


def fit(name, bank, **parameters):
    """Fit a detector on a bank's ``train`` set.

    Temperature scaling, MSP at equal spread, KL matching and the thresholds of ReAct and VRA are
    fitted on a set called ``val`` instead if the bank has one (``Entry.fits_on``).

    Parameters
    ----------
    name : str
        One of ``DETECTORS``.
    bank : Bank
    **parameters
        Hyper-parameters other than the published defaults, see ``DETECTORS[name].parameters``.

    Returns
    -------
    Fitted

    Raises
    ------
    ValueError
        If the name or a parameter is unknown, or the detector cannot be fitted on this bank.
    """
    entry = _entry(name, parameters, DETECTORS)
    if name not in available(bank) and entry.own:
        raise InputError(
            f"{name} needs what a part beside the network says, which the bank lacks; train with its method"
        )
    if entry.reads == ALL_STAGES and not has_stages(bank):
        lacking = ", ".join(which for which, features in bank.sets.items() if features.stages is None)
        raise InputError(
            f"{name} needs the channel means of all stages, which the bank lacks (of {lacking}); run the training again with "
            "the same folder, which only makes the bank anew, or take a network that names its stages"
        )
    if name not in available(bank):
        raise InputError(
            f"{name} needs an OOD head, and the bank has none; train with -p penalty=ood_head, or choose another detector"
        )
    fitted = Fitted(name, entry.build(Head(bank.weight, bank.bias, bank.ood_head), **parameters))
    seen = bank[entry.fits_on if entry.fits_on in bank.sets else "train"]
    _entry_point(fitted.detector, "fit")(fitted.read(seen), torch.as_tensor(seen.labels))
    return fitted


def score(name, bank, **parameters):
    """Scores of every image of a bank under one detector, fitted on its ``train`` set.

    Parameters
    ----------
    name : str
        One of ``DETECTORS`` that is not transductive.
    bank : Bank
    **parameters
        See :func:`fit`.

    Returns
    -------
    dict of str to ndarray of shape [N], float64 : one entry per set but ``train``; larger =
        more OOD.

    Raises
    ------
    ValueError
        If the name or a parameter is unknown, the detector cannot be fitted on this bank, a score
        is not finite, or the detector is transductive: see :func:`score_mixed`.
    """
    _refuse_transductive(name)
    return _score_sets(fit(name, bank, **parameters), bank)


def _refuse_transductive(name):
    if name in DETECTORS and DETECTORS[name].transductive:
        raise InputError(f"{name} is transductive: a score depends on the whole batch; call score_mixed")


def _score_sets(fitted, bank):
    return {which: fitted.score(features) for which, features in bank.sets.items() if which != "train"}


def score_all(bank, names=None):
    """Scores under many detectors at their defaults; one that fails does not stop the others.

    The neighbour detectors share their product of features.

    Parameters
    ----------
    bank : Bank
    names : iterable of str, optional
        Default: those :func:`available` that are not transductive.

    Returns
    -------
    dict of str to (dict of str to ndarray of shape [N], or str) : per detector what :func:`score`
        returns, or the class and message of its error.
    """
    if names is None:
        names = [name for name in available(bank) if not DETECTORS[name].transductive]
    results, neighbours = dict.fromkeys(names), []
    for name in results:
        with _reported(results, name):
            _refuse_transductive(name)
            fitted = fit(name, bank)
            if isinstance(fitted.detector, Neighbours):
                neighbours.append(fitted)
            else:
                results[name] = _score_sets(fitted, bank)
    if neighbours:
        with _reported(results, *(fitted.name for fitted in neighbours)):
            sets = {which: torch.as_tensor(f.features) for which, f in bank.sets.items() if which != "train"}
            detectors = [fitted.detector for fitted in neighbours]
            with torch.no_grad():
                scores = {which: predict_together(detectors, features) for which, features in sets.items()}
        for i, fitted in enumerate(neighbours):
            with _reported(results, fitted.name):
                results[fitted.name] = {which: fitted.checked(columns[i]) for which, columns in scores.items()}
    return results


@contextmanager
def _reported(results, *names):
    """An error becomes the result of these detectors."""
    try:
        yield
    except Exception as error:  # whatever it is, the other detectors go on
        results.update(dict.fromkeys(names, f"{type(error).__name__}: {error}"))


def score_mixed(name, bank, ood, id_per_ood=1.0, seed=0, **parameters):
    """Scores of one batch mixed of ``test`` and one OOD set; what a transductive detector needs.

    The batch is the largest with that mix, drawn by ``seed``. Any other detector scores the same
    images, so that both can be compared.

    Parameters
    ----------
    name : str
        One of ``DETECTORS``.
    bank : Bank
    ood : str
        The OOD set.
    id_per_ood : float, default=1
        In-distribution images per OOD image: 10 is a batch with few OOD images.
    seed : int, default=0
    **parameters
        See :func:`fit`.

    Returns
    -------
    scores_id, scores_ood : ndarray of shape [N] and [M], float64
        Larger = more OOD; N = M * id_per_ood but for rounding.

    Raises
    ------
    ValueError
        See :func:`fit`; or if there are too few images for the mix.
    """
    sets = bank["test"], bank[ood]
    unit = min(len(sets[0]) / id_per_ood, len(sets[1]))
    counts = int(unit * id_per_ood), int(unit)
    if min(counts) < 1:
        raise InputError(f"no batch with id_per_ood={id_per_ood} from {len(sets[0])} ID and {len(sets[1])} OOD images")
    draw = np.random.default_rng(seed)
    chosen = [draw.permutation(len(features))[:n] for features, n in zip(sets, counts)]
    parts = [features.take(index) for features, index in zip(sets, chosen)]
    batch = Features(*(np.concatenate([getattr(part, name) for part in parts]) for name in PARTS))
    if all(part.stages is not None for part in parts):
        batch = replace(batch, stages=np.concatenate([part.stages for part in parts]))
    scores = fit(name, bank, **parameters).score(batch)
    return scores[: counts[0]], scores[counts[0] :]
