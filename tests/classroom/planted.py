"""Submissions for tests: a student's notebook with answers in it."""

import copy
import os
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from bgood_lib.classroom.exercise import read_exercise
from bgood_lib.classroom.generate import student_notebook
from bgood_lib.classroom.solution import grade_id, read_solution

HERE = Path(__file__).parent
WHOLE = os.environ.get("BGOOD_CLASS") == "whole"
whole = pytest.mark.skipif(not WHOLE, reason="takes minutes; `make grade-test`")
EXERCISES = HERE.parents[1] / "exercises"
NAMES = sorted(path.parent.name for path in EXERCISES.glob("*/questions.py"))


@dataclass(frozen=True)
class Answer:
    """An answer to one question: its source, and what is expected of it.

    Attributes
    ----------
    exercise, question : str
    right : bool
    label : str
        Of a wrong one: what has to be seen. Of a right one: what is different in it.
    source : str
    """

    exercise: str
    question: str
    right: bool
    label: str
    source: str

    def __str__(self):
        return f"{self.exercise} {self.question} {'right' if self.right else 'wrong'} {self.label}"


def answers(name):
    """All planted answers to an exercise."""
    path = HERE / "answers" / f"{name}.py"
    if not path.is_file():
        return []
    found = []
    for block in re.split(r"(?m)^# %% ", path.read_text(encoding="utf-8"))[1:]:
        head, _, source = block.partition("\n")
        question, verdict, label = (part.strip() for part in head.split(":", 2))
        assert verdict in ("right", "wrong"), head
        found.append(Answer(name, question, verdict == "right", label, source.strip()))
    return found


def exercise(name):
    return read_exercise(EXERCISES / name)


def notebook(name, changed=None, start="solution"):
    """A notebook as it is handed in: the solution, or what students get, with other sources in some cells."""
    of = exercise(name)
    made = copy.deepcopy(read_solution(of) if start == "solution" else student_notebook(of))
    left = dict(changed or {})
    for cell in made.cells:
        if grade_id(cell) in left:
            cell.source = left.pop(grade_id(cell))
    assert not left, f"no cell {', '.join(left)}"
    return made


def data(made):
    return nbformat.writes(made).encode()
