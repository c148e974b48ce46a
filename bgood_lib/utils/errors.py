"""What a user can put right: one family of errors, each saying what is wrong and what to do."""

import builtins
import errno
import re
from pathlib import PurePath

ASIDE = "move it aside, then copy the original back, or run the training again"  # never: delete it
OTHER_VERSION = "run the training again with this version, or use the version that wrote it"


# What the system says of a file, in words, and what to do then.
_SYSTEM = {
    errno.ENOENT: ("there is no {}", "look whether it is spelt right"),
    errno.EACCES: ("{} is not open to you", "change its permissions, or name another place"),
    errno.EPERM: ("{} is not open to you", "change its permissions, or name another place"),
    errno.EROFS: ("{} can be read only", "name a place that can be written to"),
    errno.ENOTDIR: ("a part of the path {} is a file", "name another place"),
    errno.EISDIR: ("{} is a folder", "name a file"),
    errno.EEXIST: ("{} is there already", "name another place"),
    errno.ENOSPC: ("no room is left for {}", "make room, then give the same command again"),
    errno.EDQUOT: ("no room is left for {}", "make room, then give the same command again"),
    errno.ENAMETOOLONG: ("the name {} is too long", "choose a shorter name"),
    errno.ELOOP: ("{} is a link that leads to itself", "name another place"),
}


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


def in_a_line(kind, text):
    """An error of a notebook, of which only its kind's name and its text are known, as a line for its reader.

    Ours, and those of files, say all in their text: the kind is left out.
    """
    known = globals().get(kind) or getattr(builtins, kind, None)
    if not (isinstance(known, type) and issubclass(known, (BgoodError, OSError))):
        return f"{kind}: {text}"
    system = re.fullmatch(r"\[Errno (\d+)\] (.*?)(?:: '(.*?)'( -> '.*')?)?", text, re.DOTALL)
    return "; ".join(system_words(OSError(int(system[1]), system[2], system[3]))) if system else text


def system_words(error, file=None):
    """What an error of the system says of a file, and what to do.

    Parameters
    ----------
    error : OSError
        One with a number.
    file : path, optional
        By default the one that the error names.

    Returns
    -------
    what, way_out : str
    """
    file = file or error.filename2 or error.filename
    shown = "a file" if file is None else str(file)
    shown = shown if len(shown) <= 200 else f"{shown[:60]}... ({len(shown):,} characters)"
    if error.errno in _SYSTEM:
        what, way_out = _SYSTEM[error.errno]
        return what.format(shown), way_out
    return f"{shown}: {error.strerror}", "try again, or name another place"


def odd_name(name, most=100):
    """What is wrong with a name that is to be one of a set or a file, or nothing."""
    if not isinstance(name, str) or not name.strip():
        what = "is empty" if isinstance(name, str) else "is no text"
        return f"it {what}; expected letters, digits, '_', '.' and '-'"
    if odd := re.search(r"[^\w.-]", name):
        return f"it holds {odd.group()!r}; expected letters, digits, '_', '.' and '-'"
    if name[0] in ".-":
        return f"it begins with {name[0]!r}; expected a letter, a digit or '_' first"
    return f"it is too long, {len(name)} characters; expected at most {most}" if len(name) > most else ""


def nearest(name, names):
    """A hint such as ``; did you mean 'rank'?`` of the :func:`closest`, or nothing."""
    found = closest(name, names)
    return "" if found is None else f"; did you mean {found!r}?"


def closest(name, names):
    """The name of some that a slip of the hand or two tell apart from another, or that begins with it; or None."""
    wanted = PurePath(str(name)).stem.lower()
    allowed = min(2, len(wanted) // 3)
    found = {}
    for other in map(str, names):
        known = PurePath(other).stem.lower()
        slips = _slips(wanted, known)
        if slips <= allowed:
            found[other] = slips
        elif len(wanted) > 3 and known.startswith(wanted):
            found[other] = len(known)
    return min(found, key=found.get) if found else None


def _slips(one, other):
    """How many letters are wrong, missing, too many, or swapped with the next (Damerau and Levenshtein's distance)."""
    before, row = [], list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, above, row = row, before, [i]
        for j, its in enumerate(other, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != its)))
            if i > 1 and j > 1 and (letter, one[i - 2]) == (other[j - 2], its):
                row[-1] = min(row[-1], above[j - 2] + 1)
    return row[-1]
