"""From a trained network to a feature bank, and from the bank to rows of figures."""

from dataclasses import asdict, replace

from .. import datasets
from ..datasets import Description
from ..features import Bank, extract
from ..metrics.accuracy import accuracies
from .apart import leave_out
from .protocols import SHIFTED, VALIDATION, load_ood, ood_sets
from .validation import jigsaw, validation_images


def describe_set(name, split, description=None):
    """What a record says of a set: the fields of its description (by default of all of it), split and checksum."""
    info = datasets.info(name, split)
    return {"name": name, "split": split, **asdict(description or info.description), "sha256": info.sha256}


def build_bank(network, dataset, fit_images=10_000, report=print, outliers=None):
    """Pass the in-distribution and OOD images through a network once.

    Parameters
    ----------
    network : torch.nn.Module
    dataset : str
        In-distribution set; its OOD sets are those of :func:`~bgood_lib.evaluation.protocols.ood_sets`.
    fit_images : int, default=10_000
        Scores that need fitting see the first ``fit_images`` training images.
    report : callable, default=print
    outliers : str, optional
        Image set that was trained with as unknown, see :func:`.leave_out`.

    Returns
    -------
    bank : Bank
        Sets ``train``, ``test``, one per available OOD set, and for choosing hyper-parameters ``val``
        (where the dataset has such a split), ``val_ood`` (where there is one) and ``val_jigsaw``
        (see :func:`.jigsaw`).
    ood : list of dict
        One entry per OOD set of the protocol: its ``group`` and :func:`describe_set`; of a missing one
        without checksum.

    Raises
    ------
    bgood_lib.utils.errors.DataError
        If a set that is there is damaged.
    """
    train_images, train_labels = datasets.load(dataset, "train")
    sets = {
        "train": extract(network, train_images[:fit_images], train_labels[:fit_images], keep=True),
        "test": extract(network, *datasets.load(dataset, "test"), keep=True),
    }
    train, test = (datasets.info(dataset, split).description for split in ("train", "test"))
    n = len(sets["train"])
    descriptions = {"train": replace(train, note=f"first {n:,} images", n=n), "test": test}
    if "val" in datasets.splits(dataset):
        sets["val"] = extract(network, *datasets.load(dataset, "val"), keep=True)
        descriptions["val"] = datasets.info(dataset, "val").description
    bank, ood = bank_from(network, sets, descriptions), []
    for entry in leave_out(ood_sets(dataset), outliers):
        if datasets.available(entry.name, "test"):
            features, description = pass_ood(network, entry)
            bank = bank.with_sets({entry.name: features}, {entry.name: description})
            about = describe_set(entry.name, "test", description)
        else:
            report(f"{entry.name}: not available")
            about = {"split": "test", **asdict(Description.missing(entry.name, "not prepared"))}
        ood.append({"group": entry.group, **about})
    return with_validation(network, dataset, bank), ood


def bank_from(network, sets, descriptions=()):
    """A bank of sets that were passed through a network: its head goes with them.

    Parameters
    ----------
    network : torch.nn.Module
    sets : dict of str to Features
    descriptions : dict of str to Description, optional

    Returns
    -------
    Bank
    """
    head, ood_head = network.head, getattr(network, "ood_head", None)
    ood_head = ood_head and [array.detach().cpu().numpy() for array in ood_head.parameters()]
    return Bank(sets, head.weight.detach().cpu().numpy(), head.bias.detach().cpu().numpy(), descriptions, ood_head)


def bank_of(network, train, test, ood):
    """A bank of one's own images.

    Parameters
    ----------
    network : torch.nn.Module
        See :func:`bgood_lib.features.extract`; :class:`bgood_lib.networks.wrapped.Wrapped` makes one of
        any classifier.
    train, test : (ndarray of shape [N, H, W, 3] uint8, ndarray of shape [N] int64)
        Images and labels.
    ood : dict of str to ndarray of shape [N, H, W, 3], uint8
        OOD images by name.

    Returns
    -------
    Bank
    """
    sets = {"train": extract(network, *train), "test": extract(network, *test)}
    sets |= {name: extract(network, images, [-1] * len(images)) for name, images in ood.items()}
    return bank_from(network, sets)


def pass_ood(network, entry):
    """Features and description of an :class:`~bgood_lib.evaluation.protocols.OODSet`; raises as ``load_ood`` does."""
    images, description = load_ood(entry)
    return extract(network, images, [-1] * len(images), keep=True), description


def shifted_accuracy(network, dataset):
    """Accuracy on the shifted sets of ``protocols.SHIFTED`` that are there: same classes, other surroundings.

    Parameters
    ----------
    network : torch.nn.Module
    dataset : str
        In-distribution set.

    Returns
    -------
    dict of str to dict : by set, ``accuracy`` and ``balanced_accuracy`` (shares in [0, 1]) and ``n``.
    """
    found = {}
    for name in SHIFTED.get(dataset, ()):
        if datasets.available(name, "test"):
            features = extract(network, *datasets.load(name, "test"), keep=True)
            found[name] = {**accuracies(features.logits, features.labels), "n": len(features)}
    return found


def with_validation(network, dataset, bank):
    """The bank with the sets that serve to choose hyper-parameters.

    ``val_jigsaw`` always: the ID images for validation
    (:func:`~bgood_lib.evaluation.validation.validation_images`), shuffled. ``val_ood`` where
    ``protocols.VALIDATION`` names one and it is prepared.
    """
    images, whole = validation_images(dataset)
    shuffled = jigsaw(images)
    note = "images for validation in 4 x 4 shuffled tiles"
    sets = {"val_jigsaw": extract(network, shuffled, [-1] * len(shuffled), keep=True)}
    descriptions = {"val_jigsaw": replace(whole, note=note, n=len(shuffled))}
    entry = VALIDATION.get(dataset)
    if entry and datasets.available(entry.name, entry.split):
        sets["val_ood"], descriptions["val_ood"] = pass_ood(network, entry)
    return bank.with_sets(sets, descriptions)
