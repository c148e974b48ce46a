"""Which detectors there are: a line each. One in a file of its own, beside this one, enters itself (see below)."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pytorch_ood.detector import ODIN, EnergyBased, Entropy, KLMatching, MaxLogit, MaxSoftmax, ReAct, fDBD

from ..utils.registry import Registry
from .gaussians import RMD, Mahalanobis, MahalanobisPlusPlus
from .gen import GEN
from .head_weights import DICE, NCI, GradNorm
from .neighbours import KNN, NNGuide, Relation
from .norms import FeatureNorm, MapNorm, NormContrast, PooledNorm
from .openmax import OpenMax
from .prototypes import CFMPLS, SHE
from .shaping import ASH, SCALE, VRA
from .ssod import SSOD, OODHead
from .subspace import ViM
from .temperature import ScaledMSP, TemperatureScaling
from .transductive import ETLT


@dataclass(frozen=True)
class Entry:
    """How to build a detector, and what is known about it.

    Attributes
    ----------
    build : callable
        The bank's head (a :class:`~bgood_lib.detectors.scoring.Head`) and hyper-parameters, as
        keywords with their published defaults, to an unfitted pytorch-ood detector.
    grid : dict of str to list
        Values to search per hyper-parameter, all combinations: OpenOOD's where it has some.
    reads : str
        Which field of ``Features`` a detector of features or of feature maps sees. ``all_stages`` not every bank has.
    fits_on : str
        ``train``, or ``val`` where the publication (or OpenOOD) fits on validation images: the
        bank's set of that name, or ``train`` if it has none.
    transductive : bool
        Does an image's score depend on the images scored with it?
    needs_ood_head : bool
        Does it read the bank's second head, which tells ID from OOD features?
    own : tuple of 2 str
        If it is a score that a part beside the network gave when the bank was made: its name in ``Features.own``, of
        images with a label, and of images without.
    title : str
        What pages call it, if not by its name.
    """

    build: Callable
    grid: dict = field(default_factory=dict)
    reads: str = "features"
    fits_on: str = "train"
    transductive: bool = False
    needs_ood_head: bool = False
    own: tuple = ()
    title: str = ""

    @property
    def parameters(self):
        """Hyper-parameters and their defaults, dict of str to value."""
        return {name: p.default for name, p in list(inspect.signature(self.build).parameters.items())[1:]}


PERCENTILES = [0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]


def _ash(variant):
    return Entry(lambda head, percentile=0.9: ASH(None, head, variant, percentile), {"percentile": PERCENTILES})


DETECTORS = Registry("detector")
DETECTORS |= {
    "MSP": Entry(lambda head: MaxSoftmax(None)),
    "MaxLogit": Entry(lambda head: MaxLogit(None)),
    "Energy": Entry(lambda head, t=1.0: EnergyBased(None, t)),
    "TemperatureScaling": Entry(lambda head: TemperatureScaling(None), fits_on="val"),
    "ScaledMSP": Entry(
        lambda head, spread=2.0: ScaledMSP(None, spread),
        ScaledMSP.hyperparameter_space,
        fits_on="val",
        title="MSP at equal spread",
    ),
    "Entropy": Entry(lambda head: Entropy(None)),
    "GEN": Entry(
        lambda head, gamma=0.1, M=100: GEN(None, gamma, M),
        {"gamma": [0.01, 0.1, 0.5, 1, 2, 5, 10], "M": [10, 50, 100, 200, 500, 1000]},
    ),
    "KLMatching": Entry(lambda head: KLMatching(None), fits_on="val"),
    "OpenMax": Entry(
        lambda head, tailsize=20, alpha=3, euclid_weight=1.0: OpenMax(None, tailsize, alpha, euclid_weight),
        OpenMax.hyperparameter_space,
    ),
    "ReAct": Entry(
        lambda head, percentile=0.9: ReAct(None, head, percentile=percentile),
        {"percentile": [0.85, 0.9, 0.95, 0.99]},
        fits_on="val",
    ),
    "VRA": Entry(
        lambda head, lower_percentile=0.1, upper_percentile=0.9: VRA(None, head, lower_percentile, upper_percentile),
        {"lower_percentile": [0.01, 0.05, 0.1, 0.15], "upper_percentile": [0.85, 0.9, 0.95, 0.99]},
        fits_on="val",
    ),
    "ASH-P": _ash("ash-p"),
    "ASH-B": _ash("ash-b"),
    "ASH-S": _ash("ash-s"),
    "SCALE": Entry(lambda head, percentile=0.85: SCALE(None, head, percentile), {"percentile": PERCENTILES}),
    "DICE": Entry(lambda head, p=0.9: DICE(None, head.weight, head.bias, p), {"p": [0.9]}),
    "CFMPLS": Entry(lambda head, p=0.6, threshold=1.6: CFMPLS(None, head, p, threshold), CFMPLS.hyperparameter_space),
    "CFM": Entry(
        lambda head, p=0.6, threshold=1.6: CFMPLS(None, head, p, threshold, smooth=False), CFMPLS.hyperparameter_space
    ),
    "PLS": Entry(lambda head: CFMPLS(None, head, mask=False)),
    "KNN": Entry(lambda head, k=50: KNN(None, k), {"k": [50, 100, 200, 500, 1000]}),
    "NNGuide": Entry(lambda head, k=10, alpha=1.0: NNGuide(None, head, k, alpha), NNGuide.hyperparameter_space),
    "Relation": Entry(
        lambda head, power=1, threshold=0.03: Relation(None, head, power, threshold), {"power": [1, 2, 4, 6, 8]}
    ),
    "Mahalanobis": Entry(lambda head: Mahalanobis(None)),
    "Mahalanobis++": Entry(lambda head: MahalanobisPlusPlus(None)),
    "RMD": Entry(lambda head: RMD(None)),
    "ViM": Entry(lambda head, d=None: ViM(None, d, head.weight, head.bias), {"d": [256, 1000]}),
    "SHE": Entry(lambda head: SHE(None, head)),
    "fDBD": Entry(lambda head: fDBD(None, head)),
    "NCI": Entry(lambda head, alpha=1e-4: NCI(None, head, alpha), {"alpha": [1e-4, 1e-3, 1e-2, 1e-1]}),
    "GradNorm": Entry(lambda head, temperature=1.0: GradNorm(None, head, temperature)),
    "FeatureNorm": Entry(lambda head: FeatureNorm(), reads="channel_norms"),
    "MapNorm": Entry(lambda head: MapNorm(), reads="cell_norms"),
    "NormContrast": Entry(lambda head, share=0.25: NormContrast(share=share), reads="cell_norms"),
    "PooledNorm": Entry(lambda head: PooledNorm()),
    "SSOD": Entry(lambda head: SSOD(None, head), needs_ood_head=True),
    "OODHead": Entry(lambda head: OODHead(None, head), needs_ood_head=True, title="OOD head"),
    "ETLT": Entry(lambda head: ETLT(None, head), transductive=True),
}
# Those that must see the images: built from a network, not from a bank's head, and scored by `score_images`.
IMAGE_DETECTORS = Registry("detector")
IMAGE_DETECTORS |= {
    # Pixels are in [0, 1] and the network normalises them itself: there OpenOOD's step, which it divides by the
    # channels' standard deviations after normalising, is epsilon.
    "ODIN": Entry(
        lambda network, temperature=1000.0, eps=0.0014: ODIN(network, eps=eps, temperature=temperature),
        {"temperature": [1, 10, 100, 1000], "eps": [0.0014, 0.0028]},
    ),
}

# DETECTORS["Peak"] = Entry(lambda head: Peak()), as the last line of peak.py, is all that it takes.
for _module in pkgutil.iter_modules([str(Path(__file__).parent)]):
    importlib.import_module(f".{_module.name}", __package__)
