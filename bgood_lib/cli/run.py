"""``bgood run``, ``export`` and ``verify``."""

from pathlib import Path
from typing import Annotated

import typer

from ..utils.errors import InputError, ParameterError, in_a_line
from .common import output_file


def run(
    notebook: Annotated[Path, typer.Argument(help="a notebook with a cell tagged 'parameters'")],
    output: Annotated[Path, typer.Argument(help="where the executed notebook goes")],
    parameter: Annotated[list[str] | None, typer.Option("-p", "--parameter", metavar="NAME=VALUE")] = None,
    file: Annotated[Path | None, typer.Option("-f", "--file", help="YAML file of parameters; -p wins over it")] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="do not show what the notebook prints")] = False,
):
    """Run a notebook with papermill, after checking every parameter."""
    from ..utils.strict_yaml import read_yaml

    if output.exists() and notebook.exists() and output.samefile(notebook):
        raise ParameterError(f"the output is {output}, the notebook itself; name another file")
    _refuse_other_notebook(output)
    values = read_yaml(file, ParameterError) if file is not None else {}
    places = {name: f"{file}{values.line(name)}" for name in values}
    for text in parameter or []:
        name, equals, value = text.partition("=")
        if not equals:
            raise ParameterError(f"-p {text!r} has no value; write -p {text or 'NAME'}=VALUE")
        values[name.strip()] = value
        places.pop(name.strip(), None)
    execute(notebook, output, values, show=not quiet, places=places)


def execute(notebook, output, values, show=True, places=None):
    """Run a notebook; where a cell fails, say so in a line and leave with exit code 1."""
    import logging

    from papermill import PapermillExecutionError

    from ..studies.notebooks import run_notebook

    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # a dead kernel is told of once, by us
    try:
        run_notebook(notebook, output, values, show=show, places=places)
    except PapermillExecutionError as error:
        typer.echo(f"error: {in_a_line(error.ename, error.evalue)}\nthe notebook as far as it got: {output}", err=True)
        raise typer.Exit(1) from None


def _refuse_other_notebook(output):
    """Only a notebook that was run before, or half of one, may be replaced."""
    import json

    if not output.exists():
        return
    text = output.read_text(encoding="utf-8", errors="replace")
    try:
        ours = "papermill" in json.loads(text)["metadata"]
    except (ValueError, RecursionError, KeyError, TypeError):
        ours = not text or text.startswith('{\n "cells"')  # half-written, as after a kill
    if not ours:
        raise ParameterError(
            f"{output} is there already, and is no notebook that bgood or papermill ran; name another file"
        )


def export(
    run: Annotated[Path, typer.Argument(help="folder of a run")],
    file: Annotated[Path, typer.Argument(metavar="FILE.safetensors")],
):
    """Keep a run's network: float16 weights in one small file, with the run and configuration that made them."""
    file = output_file(file, ".safetensors")
    for needed in ("record.json", "checkpoint.pt"):
        if not (run / needed).is_file():
            raise FileNotFoundError(f"there is no {run / needed}; give the folder of a run that is finished")
    from ..runs import weights
    from ..runs.folder import not_of_one_training
    from ..runs.record import read_record
    from ..training import checkpoint

    if file.exists():
        try:
            weights.read_about(file)
        except InputError:
            raise InputError(f"{file} is there already, and is no weights file of bgood; name another file") from None
    record = read_record(run / "record.json")
    network = checkpoint.load_network(run / "checkpoint.pt")
    if checkpoint.weights_sha256(network) != record["weights_sha256"]:
        raise not_of_one_training(run / "checkpoint.pt", "record.json")
    name = f"{run.parent.name}/{run.name}.json"
    about = {key: record[key] for key in ("identity", "weights_sha256", "accuracy")}
    weights.save_weights(network, file, record["config"], record=name, **about)
    typer.echo(f"wrote {file}, {file.stat().st_size / 1e6:.1f} MB")


def verify(
    path: Annotated[Path, typer.Argument(metavar="RUN|RECORD|FOLDER", help="a run's folder, a record, or many")],
    runs: Annotated[Path, typer.Option(help="where the banks of published records are looked for")] = Path("runs"),
    write: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="keep the outcome, a row per study")] = None,
):
    """Recompute every figure of records from the stored scores, and compare.

    Exit code 0: all agree. 1: a figure differs, or a file is not whole. 3: all files are whole, but for some
    the scores are not here, as in a clone.
    """
    from ..studies import verification
    from ..utils.files import atomic_write

    if runs.exists() and not runs.is_dir():
        raise InputError(f"--runs {runs} is a file; name a folder")
    write = write and output_file(write, ".csv", ",".join(verification.SUMMARY))
    every = []
    for found in verification.verify(path, runs):
        every.append(found)
        about = f"{found.figures} figures" * bool(found.figures)
        about += f", largest difference {found.worst:.1e} ({found.where})" if found.worst else ""
        about = "; ".join(filter(None, [about, found.missing]))
        typer.echo(f"{found.verdict:16}{f'{found.record}: ' * found.whole}{about}")
    typer.echo(verification.in_words(every, runs))
    if write:
        with atomic_write(write) as temporary:
            verification.summary(every).to_csv(temporary, index=False, lineterminator="\n", float_format="%.1e")
    raise typer.Exit(verification.exit_code(every))
