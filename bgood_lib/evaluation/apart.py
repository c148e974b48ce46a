"""What a training was shown as unknown is no test of it: what is left out of OOD sets then."""

import dataclasses

from ..datasets.photos import OUTLIERS
from .protocols import TINY_IMAGENET_OVERLAP_CIFAR100

# By set of outliers: classes that other OOD sets share with it, or ALL of such a set. CIFAR-100 shows scenes as Places365 does:
# bridges, forests, mountains, roads, the sea, skyscrapers.
ALL = "all"
SHARED = {
    "cifar100": {"tiny_imagenet": TINY_IMAGENET_OVERLAP_CIFAR100, "places365": ALL},
    "photos_outliers": {"photos_objects": OUTLIERS},
}


def leave_out(entries, outliers):
    """OOD sets without the outliers of a training: without that set, and without what others share with it.

    Parameters
    ----------
    entries : sequence of OODSet
    outliers : str or None
        Image set that was trained with as unknown; None, or ``background``: nothing is left out.

    Returns
    -------
    tuple of OODSet
    """
    shared = {**SHARED.get(outliers, {}), outliers: ALL}
    return tuple(_without(entry, shared.get(entry.name, ())) for entry in entries if shared.get(entry.name) != ALL)


def _without(entry, classes):
    if not classes:
        return entry
    told = f"without {len(classes)} classes that outliers of a training show"
    note = f"{entry.note}, and {told}" if entry.note else told
    return dataclasses.replace(entry, drop_classes=entry.drop_classes + classes, note=note)
