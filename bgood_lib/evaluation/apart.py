"""What a training was shown as unknown is no test of it: what is left out of OOD sets then."""

import dataclasses

from ..datasets.photos import OUTLIERS
from .protocols import TINY_IMAGENET_OVERLAP_CIFAR100

# By set of outliers: classes that other OOD sets share with it.
SHARED = {
    "cifar100": {"tiny_imagenet": TINY_IMAGENET_OVERLAP_CIFAR100},
    "photos_outliers": {"photos_objects": OUTLIERS},
}


def leave_out(entries, outliers):
    """OOD sets without the outliers of a training: without that set, and without the classes that others share with it.

    Parameters
    ----------
    entries : sequence of OODSet
    outliers : str or None
        Image set that was trained with as unknown; None, or ``background``: nothing is left out.

    Returns
    -------
    tuple of OODSet
    """
    shared = SHARED.get(outliers, {})
    return tuple(_without(entry, shared.get(entry.name, ())) for entry in entries if entry.name != outliers)


def _without(entry, classes):
    if not classes:
        return entry
    told = f"without {len(classes)} classes that outliers of a training show"
    note = f"{entry.note}, and {told}" if entry.note else told
    return dataclasses.replace(entry, drop_classes=entry.drop_classes + classes, note=note)
