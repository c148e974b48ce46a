"""Skeleton-OOD's scores: energy after ASH at its percentiles, which the network for skeletons gives itself."""

from .own import Given
from .registry import DETECTORS, Entry

DETECTORS["SkeletonOOD"] = Entry(lambda head: Given(), own=("ash_p", "ash_p"), title="Skeleton-OOD (ASH-P 75)")
DETECTORS["SkeletonOOD-S"] = Entry(lambda head: Given(), own=("ash_s", "ash_s"), title="Skeleton-OOD (ASH-S 85)")
DETECTORS["SkeletonOOD-B"] = Entry(lambda head: Given(), own=("ash_b", "ash_b"), title="Skeleton-OOD (ASH-B 95)")
