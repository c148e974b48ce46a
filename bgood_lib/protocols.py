"""Which OOD sets stand against which in-distribution set, and what is left out of them."""

from dataclasses import dataclass

import numpy as np

from . import datasets

# Tiny-ImageNet classes (WordNet ids) that overlap with a class of CIFAR-10.
TINY_IMAGENET_OVERLAP_CIFAR10 = tuple(
    "n01855672 n02002724 n02056570 n02058221 n02085620 n02094433 n02099601 n02099712 n02106662 n02113799 "
    "n02123045 n02123394 n02124075 n01641577 n01644900 n02814533 n03100240 n03670208 n04285008 n03796401 "
    "n03977966 n03662601 n03447447 n02423022".split()
)


@dataclass(frozen=True)
class OODSet:
    """One OOD test set.

    Attributes
    ----------
    name : str
        As :func:`bgood_lib.datasets.load` knows it; split ``test``.
    group : str
        ``near`` or ``far`` for real sets; what is foreign about a scenes set.
    drop_classes : tuple of str
        Classes left out because the in-distribution set has them too.
    drop_rows : tuple of int
        Images left out because they also are in-distribution images.
    """

    name: str
    group: str
    drop_classes: tuple = ()
    drop_rows: tuple = ()


PROTOCOLS = {
    "scenes": (
        OODSet("scenes_unseen", "object"),
        OODSet("scenes_background", "background"),
        OODSet("scenes_novel", "novel"),
    ),
    "cifar10": (
        OODSet("cifar100", "near", drop_rows=(2203, 2224)),
        OODSet("tiny_imagenet", "near", drop_classes=TINY_IMAGENET_OVERLAP_CIFAR10),
        OODSet("mnist", "far"),
        OODSet("svhn", "far"),
        OODSet("textures", "far"),
        OODSet("places365", "far"),
        OODSet("fashion_mnist", "far"),
        OODSet("chars74k", "far"),
    ),
}


def require_ood(dataset):
    """Refuse to begin what could not be evaluated.

    Parameters
    ----------
    dataset : str
        In-distribution set.

    Raises
    ------
    bgood_lib.datasets.DataError
        If none of the OOD sets of its protocol is available; the message says how to get some.
    """
    names = [ood.name for ood in PROTOCOLS[dataset]]
    if not any(datasets.available(name, "test") for name in names):
        raise datasets.DataError(
            f"none of the OOD sets of {dataset} is prepared ({', '.join(names)}), so nothing could be evaluated. "
            f"Run: bgood data prepare {names[0]}, or: bgood data prepare --from FOLDER"
        )


def load_ood(ood):
    """Images of an OOD set without what must be left out.

    Parameters
    ----------
    ood : OODSet

    Returns
    -------
    images : ndarray of shape [N, 32, 32, 3], uint8
    title : str
        What it is, with N and, if so, that it is a part or a stand-in.

    Raises
    ------
    bgood_lib.datasets.DataError
        If the set is not available, damaged, or has no labels where classes must be left out.
    """
    images, labels = datasets.load(ood.name, "test")
    keep = np.ones(len(images), bool)
    note = ""
    if ood.drop_rows:
        keep[list(ood.drop_rows)] = False
        note = f", without {len(ood.drop_rows)} images that CIFAR-10 holds"
    if ood.drop_classes:
        classes = datasets.extra(ood.name, "test", "classes")
        if labels.min() < 0:
            raise datasets.DataError(
                f"{ood.name} has no labels, so the classes that overlap cannot be left out; "
                f"prepare it again from a file with `labels`: {datasets.command(ood.name)}"
            )
        keep &= ~np.isin(classes[labels], ood.drop_classes)
        note = f", without {len(ood.drop_classes)} classes that CIFAR-10 has"
    name = datasets.info(ood.name, "test").label.rsplit(", N =", 1)[0]
    return images[keep], f"{name}{note}, N = {keep.sum():,}"
