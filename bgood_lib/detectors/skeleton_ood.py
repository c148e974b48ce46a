"""Skeleton-OOD's scores: energy after ASH at its percentiles, which the network for skeletons gives itself."""

from pytorch_ood.api import DetectorInfo, Paper, Task

from .own import Given
from .registry import DETECTORS, Entry


class GivenEnergy(Given):
    """The energy that the bank holds of each sequence, see :class:`bgood_lib.networks.skeleton_gcn.Shaped`."""

    info = DetectorInfo(
        paper=Paper("Skeleton-OOD", venue="arXiv", year=2024, url="https://arxiv.org/abs/2405.20633", code=None),
        tasks={Task.CLASSIFICATION},
    )


DETECTORS["SkeletonOOD"] = Entry(lambda head: GivenEnergy(), own=("ash_p", "ash_p"), title="Skeleton-OOD (ASH-P 75)")
DETECTORS["SkeletonOOD-S"] = Entry(lambda head: GivenEnergy(), own=("ash_s", "ash_s"), title="Skeleton-OOD (ASH-S 85)")
DETECTORS["SkeletonOOD-B"] = Entry(lambda head: GivenEnergy(), own=("ash_b", "ash_b"), title="Skeleton-OOD (ASH-B 95)")
