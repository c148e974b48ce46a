"""The commands ``bgood data``, ``study``, ``train``, ``run``, ``evaluate``, ``tune``, ``score``, ``export``, ``verify``, ``class`` and ``grade``."""

from typing import Annotated

import typer

from . import classroom, data, evaluate, run, study, train
from .common import Boundary

app = typer.Typer(
    cls=Boundary,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Local background features for OOD detection.",
)
app.add_typer(data.app, name="data", help="Which image sets there are, get them, check them.")
app.add_typer(study.app, name="study", help="What a study would train, and how far it is.")
for command in (train.train, run.run, evaluate.evaluate, evaluate.tune, evaluate.score, run.export, run.verify):
    app.command()(command)
app.command("class")(classroom.make)
app.command()(classroom.grade)


def _version(wanted):
    if wanted:
        import importlib.metadata

        typer.echo(f"bgood {importlib.metadata.version('bgood')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="show it")] = False,
):
    """Local background features for OOD detection."""
