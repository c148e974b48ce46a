"""What several explorers read of a study's runs: networks, their records, scores and thresholds."""

from dataclasses import dataclass

import numpy as np

from ... import datasets
from ...detectors import scoring
from ...features import Bank
from ...networks.base import MapNetwork
from ...runs.record import read_records
from ...training.checkpoint import load_network
from ...utils.errors import InputError
from ...utils.files import locate

SCORES = {"MSP": "MSP", "Energy": "Energy", "MapNorm": "Map norm"}
TITLES = {"cross_entropy": "Cross-entropy", "background": "Background loss"}

# Of the images that are shown: known ones, then the first of these sets.
SHOWN = ("scenes_unseen", "scenes_background", "scenes_elsewhere")


@dataclass(frozen=True)
class Trained:
    """A training: the name of its run, its record, its network and its features."""

    name: str
    record: dict
    network: MapNetwork
    bank: Bank

    @property
    def config(self):
        """The configuration, a dict."""
        return self.record["config"]

    def about(self):
        """What a description says of it."""
        facts = ("dataset", "method", "selector", "weight", "seed")
        return {
            "run": self.name, "identity": self.record["identity"], "accuracy": self.record["accuracy"],
            **{fact: self.config[fact] for fact in facts},
        }  # fmt: skip


def runs_where(runs, **wanted):
    """Names of a study's runs whose configurations hold certain values: list of str."""
    return [
        name
        for name, record in read_records(runs).items()
        if all(record["config"].get(key) == value for key, value in wanted.items())
    ]


def load(runs, name):
    """A training from its folder.

    Parameters
    ----------
    runs : path
        The study's folder.
    name : str
        The run's.

    Returns
    -------
    Trained

    Raises
    ------
    InputError, FileNotFoundError
        If there is no such run, or it is not whole.
    """
    records, folder = read_records(runs), locate(runs) / name
    if name not in records:
        raise InputError(f"there is no run {name!r} in {runs}; there are: {', '.join(records)}")
    bank = Bank.load(folder / "bank.npz")
    return Trained(name, records[name], load_network(folder / "checkpoint.pt", records[name]["identity"]), bank)


def pair(runs, selector="cam_threshold", seed=0, **wanted):
    """The two trainings that pages compare: without, and with background loss of weight 0.1.

    Parameters
    ----------
    runs : path
        Folder of the study's runs.
    selector : str
    seed : int
    **wanted
        Further fields of the configurations.

    Returns
    -------
    list of two Trained

    Raises
    ------
    InputError
        If one of the two is missing.
    """
    loss = {"method": "background", "selector": selector, "patch_size": 1, "weight": 0.1}
    found = [runs_where(runs, seed=seed, **kind, **wanted)[:1] for kind in ({"method": "cross_entropy"}, loss)]
    if not all(found):
        raise InputError(
            f"{runs} lacks a training of seed {seed} with cross_entropy, or with background, selector {selector} and "
            "weight 0.1; train both: make book"
        )
    return [load(runs, name) for (name,) in found]


def longest(trained):
    """The length of a cell that maps show brightest: 99% of the cells of ID test images are shorter; one digit."""
    return float(f"{np.quantile(trained.bank['test'].cell_norms, 0.99):.1g}")


def some_images(dataset, titles):
    """Two ID test images and the first of up to three OOD sets.

    Parameters
    ----------
    dataset : str
    titles : dict of str to str
        See :func:`set_titles`.

    Returns
    -------
    images : ndarray of shape [n, H, W, 3], uint8
    captions : list of str
    """
    images, labels = datasets.load(dataset, "test")
    classes = datasets.extra(dataset, "test", "classes")
    known = [0, len(images) // 2]
    others = [name for name in SHOWN if name in titles] or list(titles)[:3]
    shown = [images[i] for i in known] + [datasets.load(name, "test")[0][0] for name in others]
    return np.stack(shown), [*(f"known: {classes[labels[i]]}" for i in known), *(titles[name] for name in others)]


def threshold(scores):
    """The least threshold that accepts 95% of images: a larger score is "unknown".

    Parameters
    ----------
    scores : ndarray of shape [N]
        Of in-distribution test images, larger = more OOD.
    """
    return float(np.sort(scores)[int(np.ceil(0.95 * len(scores))) - 1])


def figures(record, detector):
    """A score's figures on each OOD set of a record: dict of set to dict of metric to share."""
    metrics = ("auroc", "fpr95_ood_positive", "fpr95_id_positive")
    return {
        row["ood"]: {metric: round(row[metric], 4) for metric in metrics}
        for row in record["metrics"]
        if row["detector"] == detector
    }


def set_titles(record):
    """What each OOD set of a record is called beside its ID set, "unseen digits": dict of str to str."""
    return {ood["name"]: ood["title"].removeprefix("Scenes, ") for ood in record["data"]["ood"] if ood["n"]}


def scores(trained, names=SCORES):
    """Scores of a training's images: dict of detector to (dict of set to ndarray of shape [N])."""
    return {name: scoring.score(name, trained.bank) for name in names}
