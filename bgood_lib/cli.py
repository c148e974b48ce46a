"""The command line: ``bgood data ...`` and ``bgood run ...``."""

from pathlib import Path
from typing import Annotated

import typer
import yaml

from .data_cli import app as data_app

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Local background features for OOD detection.")
app.add_typer(data_app, name="data", help="Which image sets there are, get them, check them.")


@app.callback()
def main():
    """Local background features for OOD detection."""


@app.command()
def run(
    notebook: Annotated[Path, typer.Argument(help="a notebook with a cell tagged 'parameters'")],
    output: Annotated[Path, typer.Argument(help="where the executed notebook goes")],
    parameter: Annotated[list[str] | None, typer.Option("-p", "--parameter", metavar="NAME=VALUE")] = None,
    file: Annotated[Path | None, typer.Option("-f", "--file", help="YAML file of parameters; -p wins over it")] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="do not show what the notebook prints")] = False,
):
    """Run a notebook with papermill, after checking every parameter."""
    from papermill import PapermillExecutionError

    from .notebook_runs import ParameterError, run_notebook

    try:
        values = {}
        if file is not None:
            if not file.is_file():
                raise ParameterError(f"there is no file {file}")
            try:
                values = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
            except yaml.YAMLError as error:
                raise ParameterError(f"{file} is not YAML: {error}") from None
            if not isinstance(values, dict):
                raise ParameterError(f"{file} must hold `name: value` lines")
        for text in parameter or []:
            name, equals, value = text.partition("=")
            if not equals:
                raise ParameterError(f"-p {text!r}: write -p name=value")
            values[name.strip()] = value
        run_notebook(notebook, output, values, show=not quiet)
    except ParameterError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from None
    except PapermillExecutionError as error:
        typer.echo(f"error: {error.ename}: {error.evalue}\nthe notebook as far as it got: {output}", err=True)
        raise typer.Exit(1) from None
