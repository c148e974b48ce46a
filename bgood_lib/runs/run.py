"""A run opened again: its bank, record and network."""

from dataclasses import dataclass
from pathlib import Path

from .. import datasets
from ..evaluation.bank import pass_ood, with_validation
from ..evaluation.protocols import load_ood
from ..features import Bank
from ..training import checkpoint
from ..utils.files import check_zip
from .record import read_record


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

    def network(self):
        """The trained network, on the CPU, in evaluation mode.

        Raises
        ------
        FileNotFoundError
            If there is no checkpoint beside the bank.
        ValueError
            If it is not whole, or of another version of this project.
        """
        check_zip(self.folder / "checkpoint.pt")
        return checkpoint.load_network(self.folder / "checkpoint.pt")


def open_run(path, dataset=None):
    """Open a run's folder, or a bank alone.

    Parameters
    ----------
    path : path
        A folder with ``bank.npz``, or an npz file of a bank.
    dataset : str, optional
        In-distribution set; by default that of ``record.json`` beside the bank, if there is one.

    Returns
    -------
    Run

    Raises
    ------
    FileNotFoundError
        If there is no bank.
    ValueError
        If the bank or the record is not whole.
    """
    path = Path(path)
    file = path / "bank.npz" if path.is_dir() else path
    if not file.is_file():
        raise FileNotFoundError(f"there is no bank {file}; give the folder of a run, or the npz file of a bank")
    beside = file.parent / "record.json"
    record = read_record(beside) if beside.is_file() and file.name == "bank.npz" else None
    return Run(Bank.load(file), file.parent, record, dataset or (record and record["config"]["dataset"]))


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
    except (OSError, ValueError) as error:
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
