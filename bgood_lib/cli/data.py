"""``bgood data``: which image sets there are, get them, check them."""

from pathlib import Path
from typing import Annotated

import typer

from .. import datasets
from ..utils.errors import DataError

app = typer.Typer(no_args_is_help=True, add_completion=False)
NAMES = "sets, by their names in `bgood data list`"


@app.command("list")
def list_sets():
    """Show every set, where it stands, and what exactly is in it."""
    rows = [("name", "split", "state", "standing", "set", "N", "px", "sha256"), *map(_row, datasets.names())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def _row(pair: tuple[str, str]) -> tuple[str, ...]:
    embedded = pair in datasets.EMBEDDED
    if not datasets.prepared(*pair):
        if datasets.available(*pair):
            return (*pair, "embedded" if embedded else "available", "", "made on first use", "", "", "")
        return (*pair, "not available", "", f"get it: {datasets.command(pair[0])}", "", "", "")
    try:
        info = datasets.info(*pair)
    except DataError:
        return (*pair, "damaged", "", f"repair it: {datasets.command(pair[0])}", "", "", "")
    state = "embedded" if embedded else "prepared"
    return (*pair, state, info.standing, info.title, f"{info.n:,}", f"{info.side}", info.sha256[:12])


@app.command()
def prepare(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help=NAMES)] = None,
    folder: Annotated[
        Path | None, typer.Option("--from", help="adopt npz files from here instead of downloading")
    ] = None,
):
    """Bring sets into the cache; with --from FOLDER alone, all that the folder holds."""
    if not names and folder is None:
        raise DataError(
            "nothing to prepare. Name a set, as in: bgood data prepare cifar10; "
            "or adopt a folder of npz files: bgood data prepare --from FOLDER"
        )
    for name in names or [None]:
        datasets.prepare(name, folder, say=typer.echo)


@app.command()
def verify(names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help=NAMES)] = None):
    """Check the content of every prepared set, or of those named; exit with 1 if one is bad."""
    bad = False
    for name in names or []:
        datasets.splits(name)  # refuses an unknown name
    for name, split in datasets.names():
        wanted = name in names if names else datasets.prepared(name, split)
        if not wanted:
            continue
        try:
            typer.echo(f"ok   {datasets.verify(name, split)}")
        except DataError as error:
            bad = True
            typer.echo(f"BAD  {error}", err=True)
    if bad:
        raise typer.Exit(1)
