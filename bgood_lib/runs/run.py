"""A run opened again: its bank, record and network; what it says of new images."""

from dataclasses import dataclass, replace
from pathlib import Path

from .. import datasets
from ..datasets import Description
from ..datasets.images import find_images, read_images
from ..detectors.registry import DETECTORS
from ..evaluation import own_images
from ..evaluation.bank import pass_ood, with_validation
from ..evaluation.protocols import OODSet, load_ood
from ..features import Bank, extract
from ..training import checkpoint
from ..utils.errors import DataError, InputError, closest, nearest, odd_name
from ..utils.files import check_zip, user_path
from .folder import bank_file, not_of_one_training
from .record import read_record
from .weights import load_weights, read_about

WITHOUT_FIT = ("MSP", "MaxLogit", "Energy")  # detectors that need no training images


@dataclass(frozen=True)
class Run:
    """A bank and, where they are known, the folder and the record of the run that left it.

    Attributes
    ----------
    bank : Bank
    folder : Path
        Where the bank lies.
    record : dict or None
    dataset : str or None
        In-distribution set.
    """

    bank: Bank
    folder: Path
    record: dict | None
    dataset: str | None

    @property
    def outliers(self):
        """Image set that was trained with as unknown; None where the record names none."""
        return self.record and self.record["config"].get("outliers")

    def network(self):
        """The trained network, on the CPU, in evaluation mode.

        Raises
        ------
        FileNotFoundError
            If there is no checkpoint beside the bank.
        InputError
            If it is not whole, of another version of this project, or of another training than bank and
            record.
        """
        file = self.folder / "checkpoint.pt"
        if not file.is_file():
            raise FileNotFoundError(f"there is no {file}, so no network; put it beside the bank, or train again")
        check_zip(file)
        network = checkpoint.load_network(file)
        told = self.record["weights_sha256"] if self.record else None
        head = network.head.weight.detach().numpy()
        same_head = head.shape == self.bank.weight.shape and (head == self.bank.weight).all()
        if not same_head or told not in (None, checkpoint.weights_sha256(network)):
            raise not_of_one_training(file, "record.json" if same_head else "the bank")
        return network

    def judge(self, images, detector="MSP"):
        """Class, score and verdict of images, as :func:`bgood_lib.evaluation.own_images.judge_images` gives them.

        Parameters
        ----------
        images : ndarray of shape [N, side, side, 3], uint8
        detector : str, default="MSP"

        Returns
        -------
        DataFrame : ``class``, ``score``, ``threshold`` and ``verdict`` of each image.
        """
        return own_images.judge_images(self, images, detector)


@dataclass(frozen=True)
class WeightsOnly(Run):
    """A network alone, of a weights file: its bank holds only the ID images that set the threshold."""

    weights: Path

    def network(self):
        return load_weights(self.weights)


def open_run(path, dataset=None):
    """Open a run's folder, or a bank alone.

    Parameters
    ----------
    path : path
        A folder with ``bank.npz``, or an npz file of a bank.
    dataset : str, optional
        In-distribution set of a bank that has no record; that of a record cannot be overridden.

    Returns
    -------
    Run

    Raises
    ------
    FileNotFoundError
        If there is no bank; the message lists the runs there are.
    InputError
        If the bank or the record is not whole, or they are of two trainings.
    """
    file = bank_file(path)
    beside = file.parent / "record.json"
    record = read_record(beside) if beside.is_file() and file.name == "bank.npz" else None
    known = record and record["config"]["dataset"]
    if record and dataset not in (None, known):
        raise InputError(f"{beside} says that {file.parent} was trained on {known}, not {dataset}; leave --dataset out")
    bank = Bank.load(file)
    if record and bank.identity != record["identity"]:
        theirs = record["identity"]
        told = f"is of training {bank.identity}" if bank.identity else "names no training"
        other = f"the record of {bank.identity} or " if bank.identity else ""
        raise InputError(
            f"{file} and record.json beside it do not belong together: the bank {told}, the record of {theirs}; put back "
            f"{other}the bank of {theirs}, or run the training again"
        )
    return Run(bank, file.parent, record, dataset or known)


def open_weights(path, detector="MSP"):
    """Open a weights file, to judge images with.

    Parameters
    ----------
    path : path
        A ``.safetensors`` file of :func:`bgood_lib.runs.weights.save_weights`.
    detector : str, default="MSP"
        What will be asked for: one of ``WITHOUT_FIT``, as there are no features of training images.

    Returns
    -------
    WeightsOnly

    Raises
    ------
    FileNotFoundError, InputError
        See :func:`bgood_lib.runs.weights.load_weights`; or if the detector is another one.
    bgood_lib.utils.errors.DataError
        If its ID images for validation (or, where it has none, for the test) are not prepared, which the threshold needs.
    """
    path = user_path(path, "the weights file", "a .safetensors file")
    if detector not in WITHOUT_FIT:
        what = f"{detector} cannot be computed from weights alone"
        what = what if detector in DETECTORS else f"unknown detector {detector!r}"
        raise InputError(
            f"{what}; choose one of {', '.join(WITHOUT_FIT)}, or give the folder of a run, which has a bank for the "
            f"others{nearest(detector, WITHOUT_FIT)}"
        )
    network, dataset = load_weights(path), read_about(path)["config"]["dataset"]
    try:
        split = "val" if "val" in datasets.splits(dataset) else "test"
        images, labels = datasets.load(dataset, split)
    except DataError as error:
        told = f"{path} was trained on {dataset}, whose images set its threshold"
        if dataset not in {name for name, _ in datasets.names()}:
            raise DataError(
                f"{told}: no data set of that name is here. Run: bgood data prepare --from FOLDER, with its npz files in it"
            ) from None
        raise DataError(f"{told}: {error}") from None
    sets = dict.fromkeys(("train", "test", split), extract(network, images, labels, keep=True))
    head = (array.detach().numpy() for array in (network.head.weight, network.head.bias))
    return WeightsOnly(Bank(sets, *head), path.parent, None, dataset, path)


def complete(run, entries, validation=False, say=print):
    """A bank with the sets of a protocol as they are prepared today.

    A set that the bank lacks, or holds with other images (its description differs), is passed through
    the run's network if it is prepared. The bank's file stays as it is.

    Parameters
    ----------
    run : Run
    entries : sequence of OODSet
    validation : bool, default=False
        Whether the sets that serve to choose hyper-parameters are wanted too.
    say : callable, default=print
        Receives a line about everything that is done, or cannot be.

    Returns
    -------
    Bank

    Raises
    ------
    bgood_lib.utils.errors.DataError
        If a prepared set is damaged.
    InputError
        If the run's checkpoint is needed, and damaged or of another training.
    """
    wanted = [
        entry
        for entry in entries
        if datasets.available(entry.name, "test") and load_ood(entry)[1] != run.bank.descriptions.get(entry.name)
    ]
    validation = validation and run.dataset is not None and "val_jigsaw" not in run.bank.sets
    if not wanted and not validation:
        return run.bank
    names = ", ".join([entry.name for entry in wanted] + ["validation sets"] * validation)
    try:
        network = run.network()
    except FileNotFoundError as error:
        say(f"{names}: not computed, the bank counts as it is ({error})")
        return run.bank
    bank = run.bank
    for entry in wanted:
        say(f"{entry.name}: passed through the network of {run.folder}, as the bank holds no such images")
        features, description = pass_ood(network, entry)
        bank = bank.with_sets({entry.name: features}, {entry.name: description})
    if validation:
        say(f"validation sets: passed through the network of {run.folder}")
        bank = with_validation(network, run.dataset, bank)
    return bank


def add_ood(run, wanted, protocol="all", say=print):
    """A run whose bank holds further OOD sets, with the standing "own".

    Parameters
    ----------
    run : Run
    wanted : sequence of str
        Names of prepared sets, or folders of pictures (called by the folder's name).
    protocol : str, default="all"
        What they are evaluated in; only ``all`` takes further sets.
    say : callable, default=print
        Receives a line about each.

    Returns
    -------
    Run

    Raises
    ------
    InputError, FileNotFoundError, bgood_lib.utils.errors.DataError
        If there is no such set or folder, its name is taken, or the run has no network.
    """
    if wanted and protocol != "all":
        raise InputError(f"--ood does not go with --protocol {protocol}, whose sets are fixed; use --protocol all")
    bank, network = run.bank, run.network() if wanted else None
    for name in dict.fromkeys(wanted):
        folder = user_path(name, "--ood")
        if datasets.available(name, "test"):
            features, description = pass_ood(network, OODSet(name, "own"))
        elif folder.is_dir():
            name = folder.resolve().name
            if wrong := odd_name(name):
                raise InputError(f"--ood {folder}: a set would be called {name!r}: {wrong}; rename the folder")
            images = read_images(find_images([folder]), side=own_images.side_of(run))
            features, description = extract(network, images, [-1] * len(images)), Description(name, name, n=len(images))
        else:
            every = [known for known, split in datasets.names() if split == "test"]
            known = [known for known in every if datasets.available(known, "test")]
            meant = name if name in every else closest(name, every)
            get = f"get it first: {datasets.command(meant)}" if meant and meant not in known else ""
            raise InputError(
                f"--ood {name}: {'a file, ' * folder.is_file()}neither a folder nor a prepared set; "
                + f"{get}, or " * (meant == name)
                + f"give a folder, or one of {', '.join(known)}"
                + (nearest(name, [meant]) + f" {get}" * bool(get) if meant not in (None, name) else "")
            )
        if name in ("train", "test", "val", "val_ood", "val_jigsaw") or (name in bank.sets and folder.is_dir()):
            raise InputError(f"--ood {folder}: the bank already holds a set called {name!r}; rename the folder")
        say(f"{name}: {len(features):,} images passed through the network of {run.folder}")
        bank = bank.with_sets({name: features}, {name: description})
    return replace(run, bank=bank)
