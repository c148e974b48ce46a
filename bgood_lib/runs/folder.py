"""Where a run's bank is, and what is said where its files do not belong together; imports nothing that is slow."""

from pathlib import Path

from ..utils.errors import InputError, nearest
from ..utils.files import user_path


def bank_file(path):
    """The bank that a user names.

    Parameters
    ----------
    path : path
        A folder with ``bank.npz``, or an npz file of a bank.

    Returns
    -------
    Path
        That is there; whether it is a bank, :meth:`bgood_lib.features.Bank.load` finds out.

    Raises
    ------
    FileNotFoundError
        If there is none; the message lists the runs there are.
    InputError
        If the path is empty, or that of a weights file.
    """
    path = user_path(path, "the run", "the folder of a run, or a bank")
    if path.suffix == ".safetensors":
        raise InputError(
            f"{path} is a network alone, which only `bgood score` takes; give the folder of a run, or a bank"
        )
    file = path / "bank.npz" if path.is_dir() else path
    if not file.is_file():
        raise FileNotFoundError(f"there is no bank {file}; {_runs_there_are(path)}")
    return file


def _runs_there_are(path, most=8):
    """What to give instead of a run that is not there."""
    found = {file.parent for file in [*Path("runs").glob("*/*/bank.npz"), *path.parent.glob("*/bank.npz")]}
    found = sorted(map(str, found))
    if not found:
        return "give the folder of a run, or the npz file of a bank; `make book` trains runs/scenes/..."
    more = f" and {len(found) - most} more" * (len(found) > most)
    return f"there are {', '.join(found[:most])}{more}{nearest(path, found)}"


def not_of_one_training(checkpoint, other):
    """The error of a checkpoint whose weights are not those of the file of that name beside it."""
    return InputError(
        f"{checkpoint} and {other} beside it are not of one training (their weights differ); put back whichever was "
        "replaced, or run the training again"
    )
