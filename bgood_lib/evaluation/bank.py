"""From a trained network to a feature bank, and from the bank to rows of figures."""

from .. import datasets
from ..features import Bank, extract
from .protocols import PROTOCOLS, VALIDATION, load_ood
from .validation import jigsaw, validation_rows


def describe_set(name, split):
    """What a record says of a data set: name, split, title, N and checksum."""
    info = datasets.info(name, split)
    return {"name": name, "split": split, "title": info.label, "n": info.n, "sha256": info.sha256}


def build_bank(network, dataset, fit_images=10_000, report=print):
    """Pass the in-distribution and OOD images through a network once.

    Parameters
    ----------
    network : SmallResNet
    dataset : str
        In-distribution set; its OOD sets are those of ``PROTOCOLS[dataset]``.
    fit_images : int, default=10_000
        Scores that need fitting see the first ``fit_images`` training images.
    report : callable, default=print

    Returns
    -------
    bank : Bank
        Sets ``train``, ``test``, one per available OOD set, and for choosing hyper-parameters
        ``val_ood`` (where there is one) and ``val_jigsaw`` (see :func:`jigsaw`).
    ood : list of dict
        One entry per OOD set of the protocol: name, group, title, n, sha256, and ``available``
        (with ``reason`` where it is False).

    Raises
    ------
    bgood_lib.utils.errors.DataError
        If a set that is there is damaged.
    """
    train_images, train_labels = datasets.load(dataset, "train")
    sets = {
        "train": extract(network, train_images[:fit_images], train_labels[:fit_images]),
        "test": extract(network, *datasets.load(dataset, "test")),
    }
    titles = {
        "train": f"first {len(sets['train']):,} training images",
        "test": datasets.info(dataset, "test").label,
    }
    ood = []
    for entry in PROTOCOLS[dataset]:
        row = {"name": entry.name, "group": entry.group}
        if not datasets.available(entry.name, "test"):
            report(f"{entry.name}: not available")
            ood.append({**row, "available": False, "reason": "not prepared"})
            continue
        sets[entry.name], titles[entry.name] = pass_ood(network, entry)
        ood.append({
            **row, "available": True, "title": titles[entry.name], "n": len(sets[entry.name]),
            "sha256": datasets.info(entry.name, "test").sha256,
        })  # fmt: skip
    add_validation(network, dataset, sets, titles)
    return _bank(network, sets, titles), ood


def _bank(network, sets, titles):
    head, ood_head = network.head, getattr(network, "ood_head", None)
    ood_head = ood_head and [array.detach().cpu().numpy() for array in ood_head.parameters()]
    return Bank(sets, head.weight.detach().cpu().numpy(), head.bias.detach().cpu().numpy(), titles, ood_head)


def bank_of(network, train, test, ood):
    """A bank of one's own images.

    Parameters
    ----------
    network : torch.nn.Module
        See :func:`bgood_lib.feature_bank.extract`; :class:`bgood_lib.adapters.Wrapped` makes one of
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
    return _bank(network, sets, {name: f"{name}, N = {len(features):,}" for name, features in sets.items()})


def pass_ood(network, entry):
    """Features and title of an :class:`~bgood_lib.protocols.OODSet`; raises as ``load_ood`` does."""
    images, title = load_ood(entry)
    return extract(network, images, [-1] * len(images)), title


def add_validation(network, dataset, sets, titles):
    """Add the sets that serve to choose hyper-parameters, in place.

    ``val_jigsaw`` always: the set-aside ID test images (:func:`~bgood_lib.protocols.validation_rows`),
    shuffled. ``val_ood`` where ``protocols.VALIDATION`` names one and it is prepared. The set-aside
    ID images themselves are rows of ``test`` already.
    """
    images, _ = datasets.load(dataset, "test")
    shuffled = jigsaw(images[validation_rows(len(images))])
    sets["val_jigsaw"] = extract(network, shuffled, [-1] * len(shuffled))
    titles["val_jigsaw"] = f"set-aside ID test images in 4 x 4 shuffled tiles, N = {len(shuffled):,}"
    entry = VALIDATION.get(dataset)
    if entry and datasets.available(entry.name, "test"):
        sets["val_ood"], titles["val_ood"] = pass_ood(network, entry)
