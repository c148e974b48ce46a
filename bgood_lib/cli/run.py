"""``bgood run``, ``export`` and ``verify``."""

from pathlib import Path
from typing import Annotated

import typer

from ..utils.errors import InputError, ParameterError


def run(
    notebook: Annotated[Path, typer.Argument(help="a notebook with a cell tagged 'parameters'")],
    output: Annotated[Path, typer.Argument(help="where the executed notebook goes")],
    parameter: Annotated[list[str] | None, typer.Option("-p", "--parameter", metavar="NAME=VALUE")] = None,
    file: Annotated[Path | None, typer.Option("-f", "--file", help="YAML file of parameters; -p wins over it")] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="do not show what the notebook prints")] = False,
):
    """Run a notebook with papermill, after checking every parameter."""
    from papermill import PapermillExecutionError

    from ..studies.notebooks import run_notebook
    from ..utils.strict_yaml import read_yaml

    values = read_yaml(file, ParameterError) if file is not None else {}
    for text in parameter or []:
        name, equals, value = text.partition("=")
        if not equals:
            raise ParameterError(f"-p {text!r}: write -p name=value")
        values[name.strip()] = value
    try:
        run_notebook(notebook, output, values, show=not quiet)
    except PapermillExecutionError as error:
        typer.echo(f"error: {error.ename}: {error.evalue}\nthe notebook as far as it got: {output}", err=True)
        raise typer.Exit(1) from None


def export(
    run: Annotated[Path, typer.Argument(help="folder of a run")],
    file: Annotated[Path, typer.Argument(metavar="FILE.safetensors")],
):
    """Keep a run's network: float16 weights in one small file, with the run and configuration that made them."""
    from ..runs import weights
    from ..runs.record import read_record
    from ..training import checkpoint

    record = read_record(run / "record.json")
    network = checkpoint.load_network(run / "checkpoint.pt")
    if checkpoint.weights_sha256(network) != record["weights_sha256"]:
        raise InputError(f"{run}: checkpoint.pt is not that of record.json; run the training again")
    name = f"{run.parent.name}/{run.name}.json"
    about = {key: record[key] for key in ("identity", "weights_sha256", "accuracy")}
    weights.save_weights(network, file, record["config"], record=name, **about)
    typer.echo(f"wrote {file}, {file.stat().st_size / 1e6:.1f} MB")


def verify(
    path: Annotated[Path, typer.Argument(metavar="RUN|RECORD|FOLDER", help="a run's folder, a record, or many")],
    runs: Annotated[Path, typer.Option(help="where the banks of published records are looked for")] = Path("runs"),
    write: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="keep the outcome, a row per study")] = None,
):
    """Recompute every figure of records from the stored scores, and compare."""
    from ..studies import verification
    from ..utils.files import atomic_write

    counts, every = {}, []
    for found in verification.verify(path, runs):
        every.append(found)
        counts[found.verdict] = counts.get(found.verdict, 0) + 1
        about = f"{found.figures} figures, largest difference {found.worst:.1e} ({found.where})" * bool(found.figures)
        about = "; ".join(filter(None, [about, found.missing]))
        typer.echo(f"{found.verdict:16}{found.record}: {about}")
    typer.echo(", ".join(f"{n} {verdict}" for verdict, n in counts.items()))
    if write:
        with atomic_write(write) as temporary:
            verification.summary(every).to_csv(temporary, index=False, lineterminator="\n", float_format="%.1e")
    if "differs" in counts:
        raise typer.Exit(1)
