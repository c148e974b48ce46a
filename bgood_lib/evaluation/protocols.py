"""Which OOD sets stand against which in-distribution set, and what is left out of them."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from .. import datasets
from ..datasets.cache import SHUFFLED
from ..utils.errors import DataError, InputError

# Tiny-ImageNet classes (WordNet ids) that overlap with a class of CIFAR-10.
TINY_IMAGENET_OVERLAP_CIFAR10 = tuple(
    "n01855672 n02002724 n02056570 n02058221 n02085620 n02094433 n02099601 n02099712 n02106662 n02113799 "
    "n02123045 n02123394 n02124075 n01641577 n01644900 n02814533 n03100240 n03670208 n04285008 n03796401 "
    "n03977966 n03662601 n03447447 n02423022".split()
)
# The same for CIFAR-100, chosen by us from the names of both: goldfish and aquarium_fish, desk and table, ...
TINY_IMAGENET_OVERLAP_CIFAR100 = tuple(
    "n01443537 n01698640 n01742172 n01774384 n01774750 n01944390 n01983481 n01984695 n02129165 n02132136 "
    "n02165456 n02206856 n02233338 n02279972 n02281406 n02403003 n02410509 n02437312 n02481823 n02504458 "
    "n02823428 n02917067 n03085013 n03179701 n03201208 n03393912 n03637318 n03649909 n03902125 n03937543 "
    "n03983396 n04008634 n04099969 n04146614 n04311004 n04328186 n04366367 n04465501 n04487081 n04532670 "
    "n07579787 n07720875 n07734744 n07747607 n09193705 n09428293".split()
)
# 20 classes that overlap with neither, for choosing hyper-parameters only; chosen by us, as OpenOOD's 20 are not
# part of its code.
TINY_IMAGENET_VALIDATION = tuple(
    "n01784675 n02074367 n02268443 n02486410 n02769748 n02808440 n02883205 n02950826 n03026506 n03255030 "
    "n03444034 n03733131 n03838899 n03980874 n04118538 n04259630 n04398044 n04507155 n04597913 n07711569".split()
)


@dataclass(frozen=True)
class OODSet:
    """One OOD set.

    Attributes
    ----------
    name : str
        As :func:`bgood_lib.datasets.load` knows it.
    group : str
        ``near`` or ``far`` for real sets; what is foreign about a set made on the spot.
    drop_classes : tuple of str
        Classes left out because the in-distribution set has them too, or validation does.
    drop_rows : tuple of int
        Images left out because they also are in-distribution images.
    only_classes : tuple of str
        If given, all other classes are left out.
    note : str
        What is left out, in words; of its :class:`~bgood_lib.datasets.Description`.
    published_n : int, optional
        Number of images in the publication of a protocol, where it is known.
    split : str
        Of the set; for validation it may be another than ``test``.
    """

    name: str
    group: str
    drop_classes: tuple = ()
    drop_rows: tuple = ()
    only_classes: tuple = ()
    note: str = ""
    published_n: int | None = None
    split: str = "test"


@dataclass(frozen=True)
class Protocol:
    """Which sets an evaluation rests on, and how it counts.

    Attributes
    ----------
    name, title : str
    fpr95 : str or None
        The convention of its FPR95: ``fpr95_ood_positive`` or ``fpr95_id_positive``, see
        :func:`bgood_lib.metrics.ood_metrics`. None where no publication fixes one.
    sets : dict of str to tuple of OODSet
        By in-distribution set.
    resize : str
        How images of other sizes were brought to 32 x 32. Normalisation belongs to the network,
        which carries its own.
    holds_out : bool
        Whether the ID images that validation uses are left out of the ID test.
    source : str
        Publication.
    """

    name: str
    title: str
    fpr95: str | None
    sets: dict
    resize: str = "RGB, short side to 32 px (bilinear), centre crop"
    holds_out: bool = False
    source: str = ""


# CIFAR images that CIFAR-10 and CIFAR-100 share, to the last pixel.
_CIFAR100 = OODSet(
    "cifar100", "near", drop_rows=(2203, 2224), note="without 2 images that CIFAR-10 holds", published_n=9_000
)
_CIFAR10 = OODSet(
    "cifar10", "near", drop_rows=(1492, 9345), note="without 2 images that CIFAR-100 holds", published_n=9_000
)
_TINY_IMAGENET = {
    name: OODSet(
        "tiny_imagenet",
        "near",
        drop_classes=overlap + TINY_IMAGENET_VALIDATION,
        note=f"without {len(overlap)} classes that {title} has and {len(TINY_IMAGENET_VALIDATION)} kept for validation",
        published_n=n,
    )
    for name, title, overlap, n in (
        ("cifar10", "CIFAR-10", TINY_IMAGENET_OVERLAP_CIFAR10, 7_793),
        ("cifar100", "CIFAR-100", TINY_IMAGENET_OVERLAP_CIFAR100, None),
    )
}
_FAR = (
    OODSet("mnist", "far", published_n=70_000),
    OODSet("svhn", "far", published_n=26_032),
    OODSet("textures", "far", published_n=5_640),
    OODSet("places365", "far", published_n=35_195),
)
_CLASSIC = (
    OODSet("svhn", "far", published_n=26_032),
    OODSet("lsun_c", "far", published_n=10_000),
    OODSet("lsun_r", "far", published_n=10_000),
    OODSet("isun", "far", published_n=8_925),
    OODSet("textures", "far", published_n=5_640),
    OODSet("places365", "far", published_n=10_000),
)
_MORE = (OODSet("fashion_mnist", "far"), OODSet("chars74k", "far"))
# What a training on an in-distribution set is evaluated on.
PROTOCOLS = {
    "scenes": (
        OODSet("scenes_unseen", "object"),
        OODSet("scenes_background", "background"),
        OODSet("scenes_novel", "novel"),
        OODSet("scenes_elsewhere", "elsewhere"),
    ),
    "canvas": (
        OODSet("canvas_objects", "object"),
        OODSet("canvas_bare", "background"),
        OODSet("canvas_elsewhere", "elsewhere"),
    ),
    "cifar10": (_CIFAR100, _TINY_IMAGENET["cifar10"], *_FAR, *_MORE),
    "cifar100": (_CIFAR10, _TINY_IMAGENET["cifar100"], *_FAR, *_MORE),
    # Near: an object of another kind fills a part of the picture, as those to be known do. Far: a scene or a surface;
    # bare crops are what the in-distribution photographs show beside their objects.
    "photos": (
        OODSet("photos_unseen", "near"),
        OODSet("photos_unseen_moved", "near"),
        OODSet("photos_objects", "near"),
        OODSet("photos_bare", "far"),
        OODSet("photos_places", "far"),
        OODSet("photos_textures", "far"),
    ),
    "skeletons": (
        OODSet("skeletons_unseen", "action"),
        OODSet("skeletons_still", "background"),
        OODSet("skeletons_strange", "novel"),
    ),
}
# In-distribution sets whose right answer stays the class: on them accuracy counts, and nothing is OOD.
SHIFTED = {"photos": ("photos_moved", "photos_grey")}
# Protocols of the literature.
BENCHMARKS = {
    "openood15": Protocol(
        "openood15",
        "OpenOOD 1.5",
        "fpr95_ood_positive",
        {
            "cifar10": (_CIFAR100, _TINY_IMAGENET["cifar10"], *_FAR),
            "cifar100": (_CIFAR10, _TINY_IMAGENET["cifar100"], *_FAR),
        },
        holds_out=True,
        source='Zhang et al., "OpenOOD v1.5", arXiv 2306.09301',
    ),
    "classic6": Protocol(
        "classic6",
        "the six classic far sets",
        "fpr95_id_positive",
        {"cifar10": _CLASSIC, "cifar100": _CLASSIC},
        source='after Liang et al., "ODIN", ICLR 2018; Liu et al., "Energy-based OOD detection", NeurIPS 2020',
    ),
}
# OOD images for choosing hyper-parameters: never among those of a test. None for scenes and canvas: all their sets are
# tests.
VALIDATION = {
    name: OODSet("tiny_imagenet", "validation", only_classes=TINY_IMAGENET_VALIDATION, note="20 classes for validation")
    for name in ("cifar10", "cifar100")
} | {"photos": OODSet("photos_bare", "validation", note="of photographs for validation", split="val")}


def ood_sets(dataset):
    """OOD sets that a training on a data set is evaluated on.

    Parameters
    ----------
    dataset : str or None

    Returns
    -------
    tuple of OODSet
        Of ``PROTOCOLS``; of one's own set, its test images in shuffled tiles
        (:func:`~bgood_lib.evaluation.validation.jigsaw`) where they are prepared.
    """
    own = shuffled_name(dataset)
    default = (OODSet(own, "shuffled"),) if datasets.prepared(own, "test") else ()
    return PROTOCOLS.get(dataset, default)


def shuffled_name(dataset):
    """What the test images of one's own set, in shuffled tiles, are called as a set."""
    return f"{dataset}{SHUFFLED}"


def find_protocol(name, dataset):
    """A protocol by name, for an in-distribution set.

    Parameters
    ----------
    name : str
        ``all`` (what trainings on the set are evaluated on) or one of ``BENCHMARKS``.
    dataset : str or None
        In-distribution set. With None, or one that bgood does not know, ``all`` names no set:
        what a bank holds counts.

    Returns
    -------
    Protocol

    Raises
    ------
    ValueError
        If there is no such protocol, or not for this set; the message says what there is.
    """
    if name == "all":
        return Protocol("all", "all sets of the bank", None, {dataset: ood_sets(dataset)})
    if name not in BENCHMARKS:
        raise InputError(f"unknown protocol {name!r}; choose one of all, {', '.join(BENCHMARKS)}")
    if dataset not in BENCHMARKS[name].sets:
        raise InputError(
            f"protocol {name} is for networks trained on {' or '.join(BENCHMARKS[name].sets)}; "
            + (
                f"this one is of {dataset}: use --protocol all"
                if dataset
                else "name the set with --dataset, or use --protocol all"
            )
        )
    return BENCHMARKS[name]


def require_ood(dataset):
    """Refuse to begin what could not be evaluated.

    Parameters
    ----------
    dataset : str
        In-distribution set. One's own is not refused, whether :func:`ood_sets` knows any or not.

    Raises
    ------
    bgood_lib.utils.errors.DataError
        If none of the OOD sets of its protocol is available; the message says how to get some.
    """
    names = [ood.name for ood in PROTOCOLS.get(dataset, ())]
    if names and not any(datasets.available(name, "test") for name in names):
        raise DataError(
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
    images : ndarray of shape [N, S, S, 3], uint8
    description : Description
        Its ``n`` is that of the images given.

    Raises
    ------
    bgood_lib.utils.errors.DataError
        If the set is not available, damaged, or has no labels where classes must be left out.
    """
    images, labels = datasets.load(ood.name, ood.split)
    keep = np.ones(len(images), bool)
    keep[list(ood.drop_rows)] = False
    if ood.drop_classes or ood.only_classes:
        if labels.min() < 0:
            raise DataError(
                f"{ood.name} has no labels, so the classes that overlap cannot be left out; "
                f"prepare it again from a file with `labels`: {datasets.command(ood.name)}"
            )
        classes = datasets.extra(ood.name, ood.split, "classes")[labels]
        keep &= ~np.isin(classes, ood.drop_classes)
        if ood.only_classes:
            keep &= np.isin(classes, ood.only_classes)
    whole = datasets.info(ood.name, ood.split).description
    return images[keep], dataclasses.replace(whole, note=ood.note, n=int(keep.sum()))


def standing(ood, description):
    """The standing of a set in a protocol: ``part``, too, where N is less than 0.9 of the published N.

    Parameters
    ----------
    ood : OODSet
    description : Description
        As :func:`load_ood` gives it.

    Returns
    -------
    str
    """
    few = ood.published_n and description.n < 0.9 * ood.published_n
    return "part" if few and description.standing == "whole" else description.standing
