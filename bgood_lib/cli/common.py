"""What the commands share: arguments, what may be overwritten, and the one place where errors become messages."""

import errno
import traceback
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from ..utils.errors import BgoodError, InputError, ParameterError
from ..utils.files import refuse_unwritable, user_path

RunOrBank = Annotated[Path, typer.Argument(metavar="RUN|BANK.npz", help="folder of a run, or a bank")]
Dataset = Annotated[str | None, typer.Option(help="in-distribution set of a bank that has no record.json beside it")]
Out = Annotated[Path | None, typer.Option(metavar="FOLDER", help="where the tables go; by default beside the bank")]
Detectors = Annotated[str | None, typer.Option(metavar="NAME,NAME", help="by default all")]

_WAYS_OUT = {
    errno.ENOENT: "look whether it is spelt right",
    errno.EACCES: "change its permissions, or name another place",
    errno.EPERM: "change its permissions, or name another place",
    errno.EROFS: "name a place that can be written to",
    errno.ENOTDIR: "a part of its path is a file; name another place",
    errno.EISDIR: "name a file in it",
    errno.EEXIST: "a file is there, where a folder should be; name another place",
    errno.ENOSPC: "make room, then give the same command again",
    errno.EDQUOT: "make room, then give the same command again",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ELOOP: "a link leads to itself; name another place",
}


class Boundary(TyperGroup):
    """Commands whose errors are shown once, here.

    What a user can put right (:class:`~bgood_lib.utils.errors.BgoodError`, ``OSError``) is one message
    and exit code 1, of a parameter 2; Ctrl-C is exit code 130. Anything else is a bug of ours: it keeps its
    traceback and says so.
    """

    def parse_args(self, ctx, args):
        for before, text in zip(["", *args], args):
            if not text.strip():
                what = before if before.startswith("-") else "an argument"
                raise typer.BadParameter(f"{what} is empty: {args}; give it a value, or leave it out")
        return super().parse_args(ctx, args)

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except (BgoodError, OSError) as error:
            typer.echo(f"error: {in_words(error)}", err=True)
            raise typer.Exit(2 if isinstance(error, ParameterError) else 1) from None
        except Exception as error:
            if type(error).__module__.startswith(("click", "typer")):  # usage, --help, an exit code
                _say_value(error)
                raise
            traceback.print_exc()
            typer.echo("this is a bug of bgood: please report it with the lines above", err=True)
            raise typer.Exit(70) from None


def _say_value(error):
    """Give a message of the command line's library the value that it is about, and what was expected."""
    if not hasattr(error.__cause__, "errors") or getattr(error, "param", None) is None:
        return
    value = error.__cause__.errors()[0]["input"]
    low, high = getattr(error.param, "min", None), getattr(error.param, "max", None)
    expected = "a whole number"
    if low is not None:
        expected += f" of at least {low:,}" if high is None else f" from {low:,} to {high:,}"
    error.message = f"{value!r}; expected {expected}"


def in_words(error):
    """An error for a user: the system's own with the file and a way out."""
    if not isinstance(error, OSError) or error.errno is None:
        return str(error)
    file = error.filename2 or error.filename
    way_out = _WAYS_OUT.get(error.errno, "try again, or name another place")
    return f"{f'{file}: ' * (file is not None)}{error.strerror}; {way_out}"


def output_file(path, ending, begins=None):
    """A file that a command may write: of this ending, and new or written by the same command before.

    Parameters
    ----------
    path : path
    ending : str
        Such as ``.csv``.
    begins : str, optional
        How what the command writes begins; a file that begins otherwise is left alone.

    Returns
    -------
    Path
    """
    path = user_path(path, "the output")
    if path.suffix != ending:
        raise InputError(f"the output is {path}; expected a file that ends in {ending}")
    if path.is_dir():
        raise InputError(f"the output {path} is a folder; name a file in it")
    refuse_unwritable(path)
    if path.exists() and begins is not None:
        with open(path, "rb") as file:
            if not file.read(len(begins)) == begins.encode():
                raise InputError(
                    f"{path} is there already, and was not written by this command; name another file, or move that one"
                )
    return path


def output_folder(path):
    """A folder that a command may write to."""
    path = user_path(path, "--out")
    if path.exists() and not path.is_dir():
        raise InputError(f"--out {path} is a file; name a folder")
    refuse_unwritable(path)
    return path


def detector_names(text):
    """Names of ``--detectors NAME,NAME``, each once, or None for all."""
    from ..detectors.registry import DETECTORS, IMAGE_DETECTORS

    if text is None:
        return None
    if not text.strip(", "):
        raise InputError(f"--detectors {text!r} names none; choose some of {', '.join(DETECTORS)}")
    names = list(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name in IMAGE_DETECTORS:
            raise InputError(
                f"{name} must see the images, which a bank does not hold; give --{name.lower()} for it instead"
            )
        DETECTORS.find(name)
    return names
