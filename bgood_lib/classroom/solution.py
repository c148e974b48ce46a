"""An exercise's source notebook: the solution, from which what students get is made."""

import contextlib
import io
import os
import sys
from pathlib import Path

import nbformat

from ..utils.errors import InputError
from . import checking

SKIPPED = "exploration"  # tag of code cells that only show something: not run while marked
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


def read_solution(exercise):
    """The notebook ``solution.ipynb`` of an exercise: NotebookNode."""
    return nbformat.read(exercise.folder / "solution.ipynb", as_version=4)


def grade_id(cell):
    """nbgrader's name of a cell, or None."""
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def is_check(cell):
    """Is a cell one that checks an answer?"""
    about = cell.metadata.get("nbgrader", {})
    return bool(about.get("grade") and not about.get("solution"))


def check_source(exercise, notebook):
    """Does the notebook fit its ``questions.py``?

    Raises
    ------
    InputError
        A question has no cell, not its points, or a cell is of no question.
    """
    problems = []
    cells = {grade_id(cell): cell for cell in notebook.cells if grade_id(cell)}
    for question in exercise.questions.values():
        name = question.name if question.kind == "open" else f"{question.name}-check"
        about = cells[name].metadata.nbgrader if name in cells else None
        if about is None:
            problems.append(f"no cell has the grade_id {name!r}")
        elif about.get("points") != question.points:
            problems.append(f"cell {name!r} has {about.get('points')} points, questions.py {question.points}")
        if question.kind != "open" and question.name not in cells:
            problems.append(f"no cell to write in has the grade_id {question.name!r}")
        if question.kind != "open" and name in cells and f'check("{question.name}", ' not in cells[name].source:
            problems.append(f'cell {name!r} does not hold check("{question.name}", ...)')
    asked = {f"{name}-check" for name in exercise.questions} | set(exercise.questions)
    problems += [f"cell {name!r} is of no question" for name in cells if name not in asked]
    for cell in notebook.cells:
        if cell.source.count(BEGIN) != cell.source.count(END):
            problems.append(f"cell {grade_id(cell) or cell.id!r}: {BEGIN} without {END}")
        if cell.cell_type == "markdown" and BEGIN in cell.source:
            problems.append(f"cell {cell.id!r}: a solution in text is not taken out; use questions.py's rubric")
        if cell.cell_type == "code" and (cell.get("outputs") or cell.get("execution_count")):
            problems.append(f"cell {cell.id!r} holds outputs; clear them")
    if problems:
        raise InputError(f"{exercise.folder / 'solution.ipynb'}: {'; '.join(problems)}")


@contextlib.contextmanager
def inside(folder):
    """Work in a folder, whose modules and ``checking`` can be imported."""
    folder = str(Path(folder).resolve())
    before, modules = os.getcwd(), dict(sys.modules)
    os.chdir(folder)
    sys.path.insert(0, folder)
    sys.modules["checking"] = checking
    try:
        yield
    finally:
        os.chdir(before)
        sys.path.pop(0)
        for name in set(sys.modules) - set(modules):
            if str(getattr(sys.modules[name], "__file__", None) or "").startswith(folder):
                del sys.modules[name]
        sys.modules.pop("checking", None)


def run_solution(exercise):
    """Run an exercise's solution without its checks.

    Returns
    -------
    dict
        The names it makes. It is our own code: it runs here.
    """
    notebook = read_solution(exercise)
    check_source(exercise, notebook)
    names = {"__name__": "__main__"}
    with inside(exercise.folder), contextlib.redirect_stdout(io.StringIO()):
        for cell in notebook.cells:
            if cell.cell_type == "code" and not is_check(cell) and SKIPPED not in cell.metadata.get("tags", []):
                exec(compile(cell.source, f"<{exercise.name}: {grade_id(cell) or cell.id}>", "exec"), names)
    missing = [question.name for question in exercise.asked() if question.name not in names]
    if missing:
        raise InputError(f"the solution of {exercise.name} makes no {', '.join(missing)}")
    return names
