"""``bgood study plan``, ``status`` and ``publish``: what a study would train, how far it is, what is kept of it."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)
StudyName = Annotated[str, typer.Argument(metavar="STUDY", help="name of a file in studies/, or its path")]
Runs = Annotated[Path, typer.Option(help="where runs are kept")]


def _open(name):
    from ..studies.study import read_study

    return read_study(Path(name) if name.endswith(".yaml") else Path("studies") / f"{name}.yaml")


@app.command()
def plan(name: StudyName, runs: Runs = Path("runs")):
    """What would be trained, how long that takes by past records, and what is there already."""
    from ..studies.status import alike, config_of, minutes_of, past_records, state_of

    study = _open(name)
    records, total, unknown, devices = past_records(runs), 0.0, 0, set()
    for run in study.runs:
        config = config_of(study, run)
        state, about = state_of(runs / study.name / run, config)
        minutes = None if state == "done" else minutes_of(config, records)
        if minutes is not None:
            total += minutes
            devices |= {record["machine"]["device_name"] for record in alike(config, records)}
            about = "; ".join(filter(None, [f"about {minutes:.1f} minutes", about]))
        unknown += state != "done" and minutes is None
        typer.echo(f"{state:8}{run}  {about}".rstrip())
    typer.echo(
        f"{len(study.runs)} runs; to train: about {total / 60:.1f} hours of one process"
        + f", by past trainings on {' and '.join(sorted(devices))}" * bool(devices)
        + f", and {unknown} runs of unknown length" * bool(unknown)
    )


@app.command()
def status(name: StudyName, runs: Runs = Path("runs")):
    """How far a study is: done, begun, failed with the reason."""
    from ..studies.status import config_of, state_of

    study = _open(name)
    counts = {}
    for run in study.runs:
        state, about = state_of(runs / study.name / run, config_of(study, run))
        counts[state] = counts.get(state, 0) + 1
        typer.echo(f"{state:8}{run}  {about}".rstrip())
    typer.echo(", ".join(f"{n} {state}" for state, n in counts.items()))


@app.command()
def publish(
    name: StudyName,
    runs: Runs = Path("runs"),
    results: Annotated[Path, typer.Option(help="where it is published")] = Path("results"),
):
    """Write what is published of a study: tables or records, as its file says."""
    from ..studies.publish import publish as write

    study = _open(name)
    folder, missing = write(study, runs, results)
    typer.echo(f"{folder}: {len(study.runs) - len(missing)} of {len(study.runs)} runs")
    if missing:
        typer.echo(f"missing, so some settings have fewer seeds: {', '.join(missing)}")
