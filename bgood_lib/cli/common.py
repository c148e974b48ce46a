"""What the commands share: arguments, and the one place where errors become messages."""

import traceback
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from ..utils.errors import BgoodError, ParameterError

RunOrBank = Annotated[Path, typer.Argument(metavar="RUN|BANK.npz", help="folder of a run, or a bank")]
Dataset = Annotated[str | None, typer.Option(help="in-distribution set of a bank that has no record.json beside it")]
Out = Annotated[Path | None, typer.Option(metavar="FOLDER", help="where the tables go; by default beside the bank")]
Detectors = Annotated[str | None, typer.Option(metavar="NAME,NAME", help="by default all")]


class Boundary(TyperGroup):
    """Commands whose errors are shown once, here.

    What a user can put right (:class:`~bgood_lib.utils.errors.BgoodError`, ``OSError``) is one message
    and exit code 1, of a parameter 2. Anything else is a bug of ours: it keeps its traceback and says so.
    """

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except (BgoodError, OSError) as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(2 if isinstance(error, ParameterError) else 1) from None
        except Exception as error:
            if type(error).__module__.startswith(("click", "typer")):  # usage, --help, an exit code
                raise
            traceback.print_exc()
            typer.echo("this is a bug of bgood: please report it with the lines above", err=True)
            raise typer.Exit(70) from None
