"""From a trained network to a feature bank, and from the bank to rows of figures."""

from . import datasets
from .feature_bank import Bank, extract
from .metrics import calibration_error, ood_metrics, overconfidence
from .posthoc import DETECTORS, score
from .protocols import PROTOCOLS, load_ood


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
        Sets ``train``, ``test`` and one per available OOD set.
    ood : list of dict
        One entry per OOD set of the protocol: name, group, title, n, sha256, and ``available``
        (with ``reason`` where it is False).

    Raises
    ------
    bgood_lib.datasets.DataError
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
        images, title = load_ood(entry)
        sets[entry.name] = extract(network, images, [-1] * len(images))
        titles[entry.name] = title
        ood.append({
            **row, "available": True, "title": title, "n": len(images),
            "sha256": datasets.info(entry.name, "test").sha256,
        })  # fmt: skip
    head = network.head
    bank = Bank(sets, head.weight.detach().cpu().numpy(), head.bias.detach().cpu().numpy(), titles)
    return bank, ood


def judge(bank):
    """All figures that a record holds about a bank.

    Parameters
    ----------
    bank : Bank

    Returns
    -------
    dict
        ``accuracy`` and ``calibration_error`` on ``test``; ``overconfidence`` and ``mean_norm``
        (mean L2 norm of the pooled features and of the map's cells) per set; ``metrics``, one
        row per OOD set and detector, see :func:`bgood_lib.metrics.ood_metrics`.

    Raises
    ------
    ValueError
        If a detector gives a score that is not finite; the message names it.
    """
    test = bank["test"]
    shown = {name: features for name, features in bank.sets.items() if name != "train"}
    rows = []
    for detector in DETECTORS:
        scores = score(detector, bank)
        for name in shown:
            if name != "test":
                rows.append({"ood": name, "detector": detector, **ood_metrics(scores["test"], scores[name], detector)})
    return {
        "accuracy": float((test.logits.argmax(1) == test.labels).mean()),
        "calibration_error": calibration_error(test.logits, test.labels),
        "overconfidence": {name: overconfidence(features.logits) for name, features in shown.items()},
        "mean_norm": {
            name: {
                "pooled": float((features.features**2).sum(1).__pow__(0.5).mean()),
                "cell": float(features.cell_norms.mean()),
            }
            for name, features in shown.items()
        },
        "metrics": rows,
    }
