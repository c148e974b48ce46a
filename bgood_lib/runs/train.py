"""One training from its configuration to its record; ``notebooks/train.ipynb`` shows these steps."""

import dataclasses
import time
from dataclasses import dataclass

import torch

from .. import datasets
from ..background_loss.patches import foreground_share
from ..background_loss.quality import judge_selectors, shares
from ..evaluation.bank import build_bank, describe_set, shifted_accuracy
from ..evaluation.judge import judge
from ..evaluation.protocols import require_ood
from ..evaluation.resampled import judge_resampled
from ..networks.build import make_network
from ..training.checkpoint import identity_of, weights_sha256
from ..training.cost import refuse_endless
from ..training.equip import equip
from ..training.loop import train
from ..training.losses import CLASSIFICATION
from ..training.steps import train_in_steps
from ..trunk_maps import feature_maps_of
from ..utils import locks
from ..utils.errors import InputError
from ..utils.files import user_path
from ..utils.machine import describe
from .identity import run_id
from .record import read_record, write_record
from .start import take_over

JUDGED_IMAGES = 1000  # with true masks, on which selectors are judged


@dataclass(frozen=True)
class Trained:
    """What a training left.

    Attributes
    ----------
    network : MapNetwork
    identity : str
        See :func:`bgood_lib.runs.identity.run_id`.
    history : list of dict
        See :func:`bgood_lib.training.loop.train`.
    n : int
        Training images.
    lock : file
        Held on the run's folder for as long as this lives.
    """

    network: object
    identity: str
    history: list
    n: int
    lock: object


def train_run(config, device, out, force=False, overwrite=False, start=None, report=print, teacher=None):
    """Train the network of a configuration, or finish what the folder's checkpoint holds.

    Parameters
    ----------
    config : Config
    device : torch.device
    out : path
        Folder of the run; ``checkpoint.pt`` is kept there.
    force : bool, default=False
        Train even if it takes more than three hours on a CPU.
    overwrite : bool, default=False
        Take the folder even if it holds another training, whose files are then lost.
    start : MapNetwork, optional
        Begin from its weights, see :func:`bgood_lib.runs.start.starting_network`; ``config.init`` names them.
    report : callable, default=print
        Receives a line an epoch.
    teacher : MapNetwork, optional
        A finished network that the method learns from; ``config.teacher`` names its weights.

    Returns
    -------
    Trained

    Raises
    ------
    bgood_lib.utils.errors.BgoodError
        If an image set is missing, the folder holds another training, this one would take too long, or
        its loss is not finite.
    """
    out = user_path(out, "out")
    lock = locks.take(out / ".lock", lambda other: report(f"waiting: {out} is in the hands of {other}"))
    identity = run_id(config, datasets.info(config.dataset, "train").sha256)
    if not overwrite:
        _refuse_another(out, identity)
    require_ood(config.dataset)
    images, labels = datasets.load(config.dataset, "train")
    n = len(images[: config.n_train or None])
    refuse_endless(make_network(config, images, labels), config, n, device, force, report)
    told = (config, device, images, labels, out / "checkpoint.pt", identity, start, report)
    if hasattr(CLASSIFICATION[config.classification], "steps"):
        network, history = fit_in_steps(*told, teacher)
    else:
        network, history = fit_network(*told)
    return Trained(network, identity, history, n, lock)


def fit_network(config, device, images, labels, checkpoint, identity, start, report):
    """What decides the weights, and so, with all that it reaches, counts in a run's identity."""
    keep = slice(config.n_train or None)
    masks = datasets.extra(config.dataset, "train", "foreground")[keep] if config.selector == "oracle" else None
    network = make_network(config, images, labels)
    if config.init is not None:
        take_over(network, start, config)
    history = train(
        network, images[keep], labels[keep], config, device,
        masks=masks, checkpoint=checkpoint, identity=identity, report=report,
    )  # fmt: skip
    return network, history


def fit_in_steps(config, device, images, labels, checkpoint, identity, start, report, teacher=None):
    """What :func:`fit_network` is for a method that has steps of its own, see :mod:`bgood_lib.training.methods`."""
    method, keep = CLASSIFICATION[config.classification], slice(config.n_train or None)
    masks = None
    if datasets.has_extra(config.dataset, "train", "foreground"):
        masks = datasets.extra(config.dataset, "train", "foreground")[keep]
    network = make_network(config, images, labels)
    if config.init is not None:
        take_over(network, start, config)
    equip(network, config)
    history = train_in_steps(
        method.steps, network, images[keep], labels[keep], config, device,
        masks=masks, checkpoint=checkpoint, identity=identity, report=report, teacher=teacher,
    )  # fmt: skip
    return network, history


def _refuse_another(out, identity):
    """Refuse a folder that another training has left."""
    if (out / "record.json").is_file():
        other = read_record(out / "record.json")["identity"]
    elif (out / "checkpoint.pt").is_file():
        other = identity_of(out / "checkpoint.pt")
    else:
        return
    if other != identity:
        raise InputError(
            f"{out} holds another training (identity {other}, this one is {identity}); "
            "name another folder, or say overwrite=true to lose that one"
        )


def evaluate_run(trained, config, device, out, fit_images=10_000, report=print, resampled=0, apart=None):
    """Pass every image through a trained network once, judge it, and write ``bank.npz`` and ``record.json``.

    Parameters
    ----------
    trained : Trained
    config : Config
    device : torch.device
    out : path
        Folder of the run.
    fit_images : int, default=10_000
        Training images that scores such as KNN are fitted on; no more than there are.
    report : callable, default=print
        Receives a line about every set that is missing.
    resampled : int, default=0
        Judge also with all images brought to so many pixels a side and back, see
        :func:`bgood_lib.evaluation.resampled.judge_resampled`; 0: not.
    apart : str, optional
        Image set whose classes no test may show, see :func:`bgood_lib.evaluation.apart.leave_out`: the outliers of trainings that
        this one is compared with. By default its own.

    Returns
    -------
    dict : the record, see :func:`bgood_lib.runs.record.write_record`.
    """
    out = user_path(out, "out")
    if apart:
        datasets.splits(apart)  # refuses what is no set
    network, name, begin = trained.network, config.dataset, time.monotonic()
    apart = apart or config.outliers
    bank, ood = build_bank(network, name, min(fit_images, trained.n), report, apart)
    bank.identity = trained.identity
    bank.save(out / "bank.npz")
    background = {}  # where true masks are known: how well background is found, what accuracy rests on
    if datasets.has_extra(name, "test", "foreground"):
        known = *datasets.load(name, "test"), datasets.extra(name, "test", "foreground")
        images, labels, masks = (array[:JUDGED_IMAGES] for array in known)
        options = {"patch_size": config.patch_size or 1, "top_k": config.top_k}
        background = judge_selectors(network, feature_maps_of(network, images), labels, masks, **options)
        if hasattr(getattr(network, "beside", None), "background"):  # MECAM's exits: the map of all of them
            chosen = network.beside.background(network, torch.as_tensor(images).permute(0, 3, 1, 2))
            there = foreground_share(torch.as_tensor(masks), chosen.shape[1:]) < 0.1
            background["selection"]["merged_cams"] = shares(chosen, there)
    if shifted := shifted_accuracy(network, name):
        background["shifted"] = shifted
    if resampled:
        background["resampled"] = judge_resampled(network, name, resampled, min(fit_images, trained.n), apart)
    figures = judge(bank)
    return write_record(out / "record.json", {
        "identity": trained.identity,
        "config": dataclasses.asdict(config),
        "data": {
            "train": describe_set(name, "train"), "test": describe_set(name, "test"),
            "fit_images": len(bank["train"]), "ood": ood,
        },
        "machine": describe(device),
        "train_seconds": sum(epoch["seconds"] for epoch in trained.history),
        "weights_sha256": weights_sha256(network),
        "history": trained.history,
        "evaluation_seconds": time.monotonic() - begin,
        **figures,
        **background,
    })  # fmt: skip
