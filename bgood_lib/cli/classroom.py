"""``bgood class`` and ``bgood grade``: exercises for a class, and their marks."""

from pathlib import Path
from typing import Annotated

import typer

from .common import output_folder

Exercises = Annotated[Path, typer.Option(metavar="FOLDER", help="where the exercises are written")]
ONLY = "names of exercises, with commas; by default all"


def _chosen(folder, only):
    """The exercises of a folder, all or those that are named."""
    from ..classroom.exercise import read_exercises
    from ..utils.errors import InputError, nearest

    found = read_exercises(folder)
    names = [name.strip() for name in only.split(",")] if only else list(found)
    for name in names:
        if name not in found:
            raise InputError(f"there is no exercise {name!r}; there are {', '.join(found)}{nearest(name, found)}")
    return {name: found[name] for name in names}


def make(
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="where the class's folder goes")] = Path("class"),
    exercises: Exercises = Path("exercises"),
    only: Annotated[str | None, typer.Option(metavar="NAMES", help=ONLY)] = None,
):
    """Make the folder to hand out: exercises without solutions, data, slides; the instructor's part apart."""
    from ..classroom.handout import make_class

    made = make_class(_chosen(exercises, only), output_folder(out), book=exercises.parent, report=typer.echo)
    typer.echo(f"to hand out: {made / 'students.zip'}; for yourself: {made / 'instructor'}")


def grade(
    submissions: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="the folder that holds one file or one folder per student")
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="where marks and feedback go")] = Path("marks"),
    exercise: Annotated[
        str | None, typer.Option(metavar="NAME", help="the one that all answer; else file names say it")
    ] = None,
    key: Annotated[str, typer.Option(help="words that the hidden inputs are drawn by")] = "bgood",
    jobs: Annotated[int, typer.Option(min=1, max=64, help="submissions at a time")] = 2,
    again: Annotated[bool, typer.Option("--again", help="mark also what was marked before")] = False,
    roster: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Moodle's worksheet or Canvas's gradebook, to be filled in")
    ] = None,
    exercises: Exercises = Path("exercises"),
):
    """Mark a folder of submissions, each kept apart, on inputs that students have not seen."""
    from ..classroom.grading import grade as mark
    from ..classroom.marks import read_roster

    chosen = _chosen(exercises, None)
    out = output_folder(out)
    if roster:
        read_roster(roster)
    if exercise:
        _chosen(exercises, exercise)
    mark(submissions, chosen, out, exercise, key, jobs, again, roster, typer.echo)
    typer.echo(f"marks: {out / 'marks.csv'}; what was seen: {out / 'summary.html'}; for students: {out / 'feedback'}")
