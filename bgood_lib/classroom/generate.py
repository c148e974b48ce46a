"""From a solution to what a student gets: the notebook without solutions, and what the check cells know."""

import json
import shutil
from pathlib import Path

import nbformat
import numpy as np

from ..utils.errors import InputError, MissingExtra
from . import checking
from .exercise import hashed
from .solution import check_source, read_solution, run_solution

STUB = "# Your code here.\nraise NotImplementedError()"
BRANCH = "students"  # of the repository, where what `make class` made can be opened by Colab and Binder
COPIED = ("asking.py", "data")  # of an exercise's folder, as they are


def student_notebook(exercise, address=""):
    """The notebook to hand out, made by nbgrader: solutions are stubs, checks are locked.

    Parameters
    ----------
    exercise : Exercise
    address : str
        Of the repository: with one, a first cell fetches the folder where the notebook was opened alone, as on Colab.

    Returns
    -------
    NotebookNode
    """
    try:
        from nbgrader.preprocessors import (
            CheckCellMetadata,
            ClearOutput,
            ClearSolutions,
            ComputeChecksums,
            LockCells,
        )
    except ImportError as error:
        raise MissingExtra(f"nbgrader makes the notebooks of a class ({error})", "class") from None

    notebook = read_solution(exercise)
    check_source(exercise, notebook)
    steps = [
        LockCells(),
        ClearSolutions(code_stub={"python": STUB}),
        ClearOutput(),
        CheckCellMetadata(),
        ComputeChecksums(),
    ]
    for step in steps:
        notebook, _ = step.preprocess(notebook, {"unique_key": exercise.name})
    if address:
        notebook.cells.insert(0, nbformat.v4.new_code_cell(fetching(exercise, address), id="fetch"))
    nbformat.validate(notebook)
    return notebook


def fetching(exercise, address):
    """The cell that fetches an exercise's folder, if it is not there: str."""
    clone = f'["git", "clone", "-q", "--depth", "1", "-b", "{BRANCH}", "{address}", "folder"]'
    lines = [
        "# Opened alone, as on Colab? Then this fetches the files that belong to it.",
        "import os, pathlib, subprocess, sys",
        'if not pathlib.Path("checking.py").exists():',
        '    if not pathlib.Path("folder").exists():',
        f"        subprocess.run({clone}, check=True)",
        f'    os.chdir("folder/{exercise.name}")',
        '    sys.path.insert(0, "")',
    ]
    if exercise.needs == "bgood":
        wanted = f'"bgood[photos] @ git+{address}"'
        lines.append(f'    subprocess.run([sys.executable, "-m", "pip", "install", "-q", {wanted}], check=True)')
    return "\n".join(lines)


def checks(exercise, solution):
    """What the check cells know, checked: every mistake can be told from the right answer and from the others.

    Parameters
    ----------
    exercise : Exercise
    solution : dict
        See :func:`bgood_lib.classroom.solution.run_solution`.

    Returns
    -------
    (dict, dict of str to ndarray)
        For ``checks.json`` and ``checks.npz``.

    Raises
    ------
    InputError
        Some cannot be told apart, or the solution is not right.
    """
    questions, arrays, confused = {}, {}, []
    for question in exercise.asked():
        known = exercise.known(question, solution)
        if question.kind == "value":
            questions[question.name] = hashed(question, known)
            confused += exercise.confusions(question, known)
            continue
        questions[question.name] = question.public()
        arrays |= checking.pack(question.name, known["inputs"], known["right"], known["wrong"])
        if question.kind == "judged":
            found = exercise.weigh(question, exercise.outcomes(question, solution[question.name]), known, solution)
            if found["share"] < 1:
                confused.append(f"{question.name}: the solution is not right: {found['text']}")
        confused += exercise.confusions(question, known)
    if confused:
        raise InputError(f"{exercise.folder / 'questions.py'}: {'; '.join(confused)}")
    return questions, arrays


def write_exercise(exercise, folder, address=""):
    """Write what a student gets of one exercise.

    Parameters
    ----------
    exercise : Exercise
    folder : path
        It gets ``NAME.ipynb``, ``checking.py``, ``checks.json``, ``checks.npz`` and what is in ``COPIED``.
    address : str
        See :func:`student_notebook`.
    """
    folder = Path(folder)
    notebook = student_notebook(exercise, address)
    questions, arrays = checks(exercise, run_solution(exercise))
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / f"{exercise.name}.ipynb")
    (folder / "checks.json").write_text(json.dumps(questions, indent=1, ensure_ascii=False), encoding="utf-8")
    np.savez_compressed(folder / "checks.npz", **arrays)
    write_files(exercise, folder)


def write_files(exercise, folder):
    """Write what a student gets as it is: ``checking.py`` and what is in ``COPIED``."""
    shutil.copy(checking.__file__, folder / "checking.py")
    for name in COPIED:
        if (exercise.folder / name).is_dir():
            shutil.copytree(exercise.folder / name, folder / name, dirs_exist_ok=True)
        elif (exercise.folder / name).is_file():
            shutil.copy(exercise.folder / name, folder / name)
