"""What a user can put right: one family of errors, each saying what is wrong and what to do."""

import difflib
import re
from pathlib import PurePath

ASIDE = "move it aside, then copy the original back, or run the training again"  # never: delete it


class BgoodError(Exception):
    """Something that a user can put right; the command line shows its message and nothing else."""


class InputError(BgoodError, ValueError):
    """A value, a shape, a name or a file does not fit."""


class DataError(BgoodError):
    """A set is unknown, absent, damaged or malformed."""


class ParameterError(InputError):
    """A parameter that the notebook does not have, or a value it does not take."""


class StudyError(InputError):
    """A study file that cannot be used."""


class TooLongError(BgoodError):
    """A training would take so long that nobody can have meant it."""


class TrainingDiverged(BgoodError):
    """The loss became infinite or not a number."""


class MissingExtra(BgoodError):
    """Something that comes with an extra of this package.

    Parameters
    ----------
    what : str
        What is missing.
    extra : str
        The extra.
    """

    def __init__(self, what, extra):
        super().__init__(f"{what}; to have it: pip install 'bgood[{extra}]', here pip install -e '.[{extra}]'")


class KernelDied(BgoodError):
    """The process that ran a notebook ended before the notebook did."""


def odd_name(name, most=100):
    """What is wrong with a name that is to be one of a set or a file, or nothing."""
    if not isinstance(name, str) or not name.strip():
        return "it is empty, or no text; expected letters, digits, '_', '.' and '-'"
    if odd := re.search(r"[^\w.-]", name):
        return f"it holds {odd.group()!r}; expected letters, digits, '_', '.' and '-'"
    if name[0] in ".-":
        return f"it begins with {name[0]!r}; expected a letter, a digit or '_' first"
    return f"it is too long, {len(name)} characters; expected at most {most}" if len(name) > most else ""


def nearest(name, names):
    """A hint such as ``; did you mean 'rank'?``, or nothing."""
    known = {PurePath(str(other)).stem.lower(): other for other in names}
    wanted = PurePath(str(name)).stem.lower()
    close = difflib.get_close_matches(wanted, known, n=5)
    close.sort(key=lambda other: sorted(other) != sorted(wanted))  # two letters swapped come first
    return f"; did you mean {known[close[0]]!r}?" if close else ""
