"""From a trained network to a feature bank, and from the bank to rows of figures."""

import numpy as np

from . import datasets
from .feature_bank import Bank, extract
from .metrics import calibration_error, ood_metrics, overconfidence, softmax
from .posthoc import score_all
from .protocols import PROTOCOLS, VALIDATION, load_ood, validation_rows


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


def jigsaw(images, tiles=4, seed=0):
    """Images cut into square tiles that change places: OOD without any OOD image.

    Parameters
    ----------
    images : ndarray of shape [N, H, W, 3]
        H and W are multiples of ``tiles``.
    tiles : int, default=4
        Tiles a side.
    seed : int, default=0
        Each image has an order of its own, never the true one.

    Returns
    -------
    ndarray of shape [N, H, W, 3], of the same type

    Raises
    ------
    ValueError
        If the images cannot be cut into so many tiles.

    References
    ----------
    Noroozi and Favaro, "Unsupervised learning of visual representations by solving jigsaw
    puzzles", ECCV 2016.
    """
    n, height, width, channels = images.shape
    if tiles < 2 or height % tiles or width % tiles:
        raise ValueError(f"images of {height} x {width} cannot be cut into {tiles} x {tiles} tiles")
    h, w = height // tiles, width // tiles
    pieces = images.reshape(n, tiles, h, tiles, w, channels).swapaxes(2, 3).reshape(n, tiles**2, h, w, channels)
    rng = np.random.default_rng(seed)
    orders = rng.permuted(np.tile(np.arange(tiles**2), (n, 1)), axis=1)
    same = (orders == np.arange(tiles**2)).all(1)
    orders[same] = np.roll(orders[same], 1, axis=1)
    shuffled = np.take_along_axis(pieces, orders[:, :, None, None, None], axis=1)
    return shuffled.reshape(n, tiles, tiles, h, w, channels).swapaxes(2, 3).reshape(images.shape)


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
        row per OOD set and detector, see :func:`bgood_lib.metrics.ood_metrics`. A detector that
        fails has rows with its reason as ``error`` instead of metrics. ``validation``: AUROC of
        the set-aside ID test images (:func:`~bgood_lib.protocols.validation_rows`) against the
        bank's validation sets, to choose hyper-parameters by.
    """
    test, scores = bank["test"], score_all(bank)
    if bank.ood_head is not None:
        scores["SSOD"] = {name: ssod_score(bank, features) for name, features in bank.sets.items() if name != "train"}
    aside = validation_rows(len(test))
    shown = {name: bank[name] for name in ("test", *bank.ood)}
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
        "metrics": [
            {"ood": name, "detector": detector, **measure(of_sets, name, detector)}
            for detector, of_sets in scores.items()
            for name in bank.ood
        ],
        "validation": [
            {"ood": name, "detector": detector, "auroc": ood_metrics(of_sets["test"][aside], of_sets[name])["auroc"]}
            for detector, of_sets in scores.items()
            for name in ("val_jigsaw", "val_ood")
            if name in bank.sets and not isinstance(of_sets, str) and np.isfinite(of_sets[name]).all()
        ],
    }


def ssod_score(bank, features):
    """SSOD's score (Pei, ICLR 2024): largest class probability times that of being in distribution, from 1.

    Parameters
    ----------
    bank : Bank
        With an ``ood_head``.
    features : Features of N images

    Returns
    -------
    ndarray of shape [N], float64 : larger = more OOD.
    """
    weight1, bias1, weight2, bias2 = bank.ood_head
    hidden = np.maximum(features.features @ weight1.T + bias1, 0)
    in_distribution = softmax(hidden @ weight2.T + bias2)[:, 0]
    return 1 - softmax(features.logits).max(1) * in_distribution


def measure(scores, name, detector, figures=ood_metrics):
    """Metrics of ``test`` against one set, or ``{"error": reason}``.

    Parameters
    ----------
    scores : dict or str
        Of one detector, as :func:`bgood_lib.posthoc.score_all` gives them.
    name, detector : str
    figures : callable, default=ood_metrics
        Takes ID scores, OOD scores and the detector's name.
    """
    if isinstance(scores, str):
        return {"error": scores}
    try:
        return figures(scores["test"], scores[name], detector)
    except ValueError as error:
        return {"error": str(error)}
