"""``bgood study plan``, ``status`` and ``publish``: what a study would train, how far it is, what is kept of it."""

from pathlib import Path
from typing import Annotated

import typer

from ..utils.errors import InputError

app = typer.Typer(no_args_is_help=True)
StudyName = Annotated[str, typer.Argument(metavar="STUDY", help="name of a file in studies/, or its path")]
Runs = Annotated[Path, typer.Option(help="where runs are kept")]


def _open(name, check=True):
    from ..studies.study import read_study

    return read_study(_file(name), check)


def _file(name):
    return Path(name) if name.endswith(".yaml") else Path("studies") / f"{name}.yaml"


def _end(name, found):
    """Exit code 1 if a run or page is impossible."""
    if n := sum(one.state == "impossible" for one in found):
        typer.echo(
            f"error: {n:,} {'runs or pages' if n > 1 else 'run or page'} of {_file(name)} cannot be made; put right what is told behind "
            "'impossible' above, then give this command again",
            err=True,
        )
        raise typer.Exit(1)


def _count(n):
    return f"{n:,} run{'s' * (n != 1)}"


def _refuse_file(runs):
    if runs.exists() and not runs.is_dir():
        raise InputError(f"--runs {runs} is a file; name a folder")


@app.command()
def plan(name: StudyName, runs: Runs = Path("runs")):
    """What would be trained, how long that takes by past records, and what is there already."""
    _refuse_file(runs)
    study = _open(name, check=False)
    from ..studies.status import alike, minutes_of, past_records, states

    records, total, unknown, devices, partial = past_records(runs), 0.0, 0, set(), 0
    found = []
    for one in states(study, runs):
        found.append(one)
        about, wanted = one.about, one.state not in ("done", "impossible")
        minutes, whole = minutes_of(one.config, records) if wanted else (None, True)
        if minutes is not None:
            total += minutes
            partial += not whole
            devices |= {record["machine"]["device_name"] for record in alike(one.config, records)}
            about = "; ".join(filter(None, [f"about {minutes:.1f} minutes{' of training' * (not whole)}", about]))
        unknown += wanted and minutes is None
        typer.echo(f"{one.state:8}{' ' * (len(one.state) >= 8)}{one.run}  {about}".rstrip())
    told = [f"{_count(len(study.runs))}; to do"]
    if total:
        time = f"{total / 60:.1f} hours" if total >= 60 else f"{total:.0f} minutes"
        counted = "training only" if partial else "training and evaluation"
        told.append(f"about {time} of one process ({counted}), by past runs on {' and '.join(sorted(devices))}")
    told += [f"{_count(unknown)} of unknown length"] if unknown else [] if total else ["nothing"]
    typer.echo(f"{told[0]}: {', and '.join(told[1:])}")
    _end(name, found)


@app.command()
def status(name: StudyName, runs: Runs = Path("runs")):
    """How far a study is: done, begun, failed with the reason."""
    from collections import Counter

    _refuse_file(runs)
    study, found = _open(name, check=False), []
    from ..studies.status import states

    for one in states(study, runs):
        found.append(one)
        typer.echo(f"{one.state:8}{' ' * (len(one.state) >= 8)}{one.run}  {one.about}".rstrip())
    typer.echo(", ".join(f"{n} {state}" for state, n in Counter(one.state for one in found).items()))
    _end(name, found)


@app.command()
def publish(
    name: StudyName,
    runs: Runs = Path("runs"),
    results: Annotated[Path, typer.Option(help="where it is published")] = Path("results"),
):
    """Write what is published of a study: tables or records, as its file says."""
    study = _open(name)
    from ..studies.publish import publish as write

    folder, missing = write(study, runs, results)
    typer.echo(f"{folder}: {len(study.runs) - len(missing)} of {len(study.runs)} runs")
    if missing:
        typer.echo(f"missing, so some settings have fewer seeds: {', '.join(missing)}")
