"""What the commands share: arguments, what may be overwritten, and the one place where errors become messages."""

import shlex
import traceback
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from ..utils.errors import BgoodError, InputError, ParameterError, system_words
from ..utils.files import refuse_unwritable, user_path
from .usage import empty_argument, reword

RunOrBank = Annotated[Path, typer.Argument(metavar="RUN|BANK.npz", help="folder of a run, or a bank")]
Dataset = Annotated[str | None, typer.Option(help="in-distribution set of a bank that has no record.json beside it")]
Out = Annotated[Path | None, typer.Option(metavar="FOLDER", help="where the tables go; by default beside the bank")]
Detectors = Annotated[str | None, typer.Option(metavar="NAME,NAME", help="by default all")]


class Boundary(TyperGroup):
    """Commands whose errors are shown once, here.

    What a user can put right (:class:`~bgood_lib.utils.errors.BgoodError`, ``OSError``) is one message
    and exit code 1, of a parameter 2; Ctrl-C is exit code 130. Anything else is a bug of ours: it keeps its
    traceback and says so.
    """

    def parse_args(self, ctx, args):
        for before, text in zip(["", *args], args):
            if not text.strip():
                option = before.startswith("-")
                what = f"{before} is empty" if option else empty_argument(self, ctx, args)
                given = shlex.join([ctx.info_name, *args])
                way_out = "give it a value" + ", or leave it out" * option
                raise reword(typer.BadParameter(f"{what} in: {given}; {way_out}"))
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            raise reword(error) from error.__cause__

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except (BgoodError, OSError) as error:
            typer.echo(f"error: {in_words(error)}", err=True)
            raise typer.Exit(2 if isinstance(error, ParameterError) else 1) from None
        except Exception as error:
            if type(error).__module__.startswith(("click", "typer")):  # usage, --help, an exit code
                raise reword(error) from error.__cause__
            traceback.print_exc()
            typer.echo("this is a bug of bgood: please report it with the lines above", err=True)
            raise typer.Exit(70) from None


def in_words(error):
    """An error for a user: the system's own with the file and a way out."""
    if not isinstance(error, OSError) or error.errno is None:
        return str(error)
    return "; ".join(system_words(error))


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
    path = user_path(path, "the output", "a file")
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


def output_folder(path, option="--out"):
    """A folder that a command may write to; ``option`` is its name in the command."""
    path = user_path(path, option)
    if path.exists() and not path.is_dir():
        raise InputError(f"{option} {path} is a file; name a folder")
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
