"""The command line: ``bgood data``, ``study``, ``run``, ``evaluate``, ``tune``, ``score``, ``export`` and ``verify``."""

from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
import yaml

from .data_cli import app as data_app
from .study_cli import app as study_app

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Local background features for OOD detection.")
app.add_typer(data_app, name="data", help="Which image sets there are, get them, check them.")
app.add_typer(study_app, name="study", help="What a study would train, and how far it is.")


RunOrBank = Annotated[Path, typer.Argument(metavar="RUN|BANK.npz", help="folder of a run, or a bank")]
Dataset = Annotated[str | None, typer.Option(help="in-distribution set of a bank that has no record.json beside it")]
Out = Annotated[Path | None, typer.Option(metavar="FOLDER", help="where the tables go; by default beside the bank")]
Detectors = Annotated[str | None, typer.Option(metavar="NAME,NAME", help="by default all")]


@contextmanager
def _clean_errors():
    """Print what a user can put right as one message and exit with 1."""
    from .datasets import DataError

    try:
        yield
    except (DataError, OSError, ValueError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None


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

    from .notebook_runs import KernelDied, ParameterError, run_notebook

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
    except (KernelDied, OSError, ValueError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    except PapermillExecutionError as error:
        typer.echo(f"error: {error.ename}: {error.evalue}\nthe notebook as far as it got: {output}", err=True)
        raise typer.Exit(1) from None


@app.command()
def evaluate(
    run: RunOrBank,
    protocol: Annotated[str, typer.Option(help="all, openood15 or classic6")] = "all",
    detectors: Detectors = None,
    dataset: Dataset = None,
    out: Out = None,
    resamples: Annotated[int, typer.Option(min=0, help="of the bootstrap; 0: no intervals")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="of the bootstrap")] = 0,
    odin: Annotated[
        bool, typer.Option("--odin", help="also ODIN: passes all images through the network again")
    ] = False,
):
    """Every detector on every set of a protocol: AUROC, both FPR95, means; saved as csv, md and tex."""
    from . import benchmark
    from .protocols import find_protocol

    with _clean_errors():
        opened = benchmark.open_run(run, dataset)
        entries = benchmark.entries_of(opened.bank, find_protocol(protocol, opened.dataset), opened.dataset)
        bank = benchmark.complete(opened, entries, say=typer.echo)
        names = detectors.split(",") if detectors else None
        more = odin and benchmark.score_sets_of_images(opened.network(), bank, entries, opened.dataset, typer.echo)
        found = benchmark.evaluate(bank, protocol, opened.dataset, names, resamples, seed, more_scores=more or None)
        typer.echo(benchmark.to_markdown(found))
        for file in benchmark.write(found, out or opened.folder):
            typer.echo(f"wrote {file}")


@app.command()
def tune(
    run: RunOrBank,
    protocol: Annotated[str, typer.Option(help="all, openood15 or classic6")] = "all",
    detectors: Detectors = None,
    dataset: Dataset = None,
    out: Out = None,
):
    """Hyper-parameters in three ways: published, by an OOD validation set, by shuffled ID images; saved as csv."""
    import pandas as pd

    from . import benchmark, hyperparameters
    from .files import atomic_write
    from .protocols import find_protocol

    with _clean_errors():
        opened = benchmark.open_run(run, dataset)
        entries = benchmark.entries_of(opened.bank, find_protocol(protocol, opened.dataset), opened.dataset)
        bank = benchmark.complete(opened, entries, validation=True, say=typer.echo)
        names = detectors.split(",") if detectors else None
        found = hyperparameters.compare(bank, opened.dataset, protocol, names, say=typer.echo)
        for line in benchmark.notes(found["default"]):
            typer.echo(f"- {line}")
        typer.echo(hyperparameters.side_by_side(found).to_string())
        rows = pd.concat([found[way].rows.assign(way=way) for way in found])
        file = (out or opened.folder) / f"tuning-{protocol}.csv"
        with atomic_write(file) as temporary:
            rows.to_csv(temporary, index=False)
        typer.echo(f"wrote {file}")


@app.command()
def score(
    run: Annotated[Path, typer.Argument(help="folder of a run")],
    images: Annotated[list[Path], typer.Argument(help="images of any size, or folders of them")],
    detector: Annotated[str, typer.Option(help="one that is not transductive")] = "MSP",
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="also write the table there")] = None,
):
    """Your own pictures: class, score, and ID or OOD at a threshold that accepts 95% of the ID test images."""
    from . import benchmark, own_images
    from .files import atomic_write

    with _clean_errors():
        opened = benchmark.open_run(run)
        table = own_images.score_images(opened, own_images.find_images(images), detector)
        typer.echo(table.to_string(index=False))
        if csv is not None:
            with atomic_write(csv) as temporary:
                table.to_csv(temporary, index=False)
            typer.echo(f"wrote {csv}")


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="folder of a run")],
    file: Annotated[Path, typer.Argument(metavar="FILE.safetensors")],
):
    """Keep a run's network: float16 weights in one small file, with the run and configuration that made them."""
    from . import training, weights
    from .records import read_record

    with _clean_errors():
        record = read_record(run / "record.json")
        network = training.load_network(run / "checkpoint.pt")
        if training.weights_sha256(network) != record["weights_sha256"]:
            raise ValueError(f"{run}: checkpoint.pt is not that of record.json; run the training again")
        name = f"{run.parent.name}/{run.name}.json"
        about = {key: record[key] for key in ("run", "weights_sha256", "accuracy")}
        weights.save_weights(network, file, record["config"], record=name, **about)
        typer.echo(f"wrote {file}, {file.stat().st_size / 1e6:.1f} MB")


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(metavar="RUN|RECORD|FOLDER", help="a run's folder, a record, or many")],
    runs: Annotated[Path, typer.Option(help="where the banks of published records are looked for")] = Path("runs"),
    write: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="keep the outcome, a row per study")] = None,
):
    """Recompute every figure of records from the stored scores, and compare."""
    from . import verification
    from .files import atomic_write

    with _clean_errors():
        counts, every = {}, []
        for found in verification.verify(path, runs):
            every.append(found)
            counts[found.verdict] = counts.get(found.verdict, 0) + 1
            about = f"{found.figures} figures, largest difference {found.worst:.1e} ({found.where})" * bool(
                found.figures
            )
            about = "; ".join(filter(None, [about, found.missing]))
            typer.echo(f"{found.verdict:16}{found.record}: {about}")
        typer.echo(", ".join(f"{n} {verdict}" for verdict, n in counts.items()))
        if write:
            with atomic_write(write) as temporary:
                verification.summary(every).to_csv(temporary, index=False, lineterminator="\n", float_format="%.1e")
        if "differs" in counts:
            raise typer.Exit(1)
