"""One training from its configuration to its record; ``notebooks/train.ipynb`` shows these steps."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from .. import datasets
from ..background_loss.quality import judge_selectors
from ..evaluation.bank import build_bank, describe_set
from ..evaluation.judge import judge
from ..evaluation.protocols import require_ood
from ..networks.build import make_network
from ..training.checkpoint import weights_sha256
from ..training.cost import refuse_endless
from ..training.loop import train
from ..utils.machine import describe
from .identity import run_id
from .record import write_record

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
    """

    network: object
    identity: str
    history: list
    n: int


def train_run(config, device, out, force=False, report=print):
    """Train the network of a configuration, or finish what the folder's checkpoint holds.

    Parameters
    ----------
    config : Config
    device : torch.device
    out : path
        Folder of the run; ``checkpoint.pt`` is kept there.
    force : bool, default=False
        Train even if it takes more than three hours on a CPU.
    report : callable, default=print
        Receives a line an epoch.

    Returns
    -------
    Trained

    Raises
    ------
    bgood_lib.utils.errors.BgoodError
        If an image set is missing, the training would take too long, or its loss is not finite.
    """
    require_ood(config.dataset)
    images, labels = datasets.load(config.dataset, "train")
    keep = slice(config.n_train or None)
    masks = datasets.extra(config.dataset, "train", "foreground")[keep] if config.selector == "oracle" else None
    network = make_network(config, images, labels)
    n = len(images[keep])
    refuse_endless(network, config, n, device, force, report)
    identity = run_id(config, datasets.info(config.dataset, "train").sha256)
    history = train(
        network, images[keep], labels[keep], config, device,
        masks=masks, checkpoint=Path(out) / "checkpoint.pt", run=identity, report=report,
    )  # fmt: skip
    return Trained(network, identity, history, n)


def evaluate_run(trained, config, device, out, fit_images=10_000, report=print):
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

    Returns
    -------
    dict : the record, see :func:`bgood_lib.runs.record.write_record`.
    """
    network, name = trained.network, config.dataset
    bank, ood = build_bank(network, name, min(fit_images, trained.n), report)
    bank.save(Path(out) / "bank.npz")
    background = {}  # how well background is found, where the true masks are known
    if datasets.has_extra(name, "test", "foreground"):
        known = *datasets.load(name, "test"), datasets.extra(name, "test", "foreground")
        known = [array[:JUDGED_IMAGES] for array in known]
        background = judge_selectors(network, *known, patch_size=config.patch_size or 1, top_k=config.top_k)
    return write_record(Path(out) / "record.json", {
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
        **judge(bank),
        **background,
    })  # fmt: skip
