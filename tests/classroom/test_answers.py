"""Right answers of all kinds are right; each planted mistake is recognised, on inputs that students do not see."""

import io
from contextlib import redirect_stderr, redirect_stdout

import planted
import pytest

from bgood_lib.classroom.generate import checks, student_notebook
from bgood_lib.classroom.handout import readme
from bgood_lib.classroom.marking import Marker
from bgood_lib.classroom.solution import inside, is_check, run_solution

ALL = [answer for name in planted.NAMES for answer in planted.answers(name)]
SHARE = 0.95  # of planted mistakes that have to be told by name


@pytest.fixture(scope="module")
def markers():
    made = {}

    def of(name):
        if name not in made:
            made[name] = Marker(planted.exercise(name))
        return made[name]

    return of


def seen(marker, answer):
    """What is said of an answer, asked in this process: its share and label."""
    exercise, question = marker.exercise, marker.exercise.questions[answer.question]
    names = dict(marker.solution)
    with inside(exercise.folder), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        exec(compile(answer.source, str(answer), "exec"), names)
        outcomes = exercise.outcomes(question, names[question.name], marker.seed)
    found = exercise.weigh(question, outcomes, marker.known[question.name], marker.solution)
    return found["share"], found["label"]


@pytest.mark.parametrize("answer", [a for a in ALL if a.right], ids=str)
def test_right_answers_of_all_kinds_have_all_points(markers, answer):
    assert seen(markers(answer.exercise), answer) == (1.0, "right")


def test_planted_mistakes_lose_points_and_are_recognised(markers):
    wrong = [answer for answer in ALL if not answer.right]
    missed = {}
    for answer in wrong:
        marker = markers(answer.exercise)
        share, label = seen(marker, answer)
        mistake = marker.exercise.questions[answer.question].mistakes.get(answer.label)
        assert share < 1, f"{answer} has all points"
        if label != answer.label or (mistake and share != mistake["worth"]):
            missed[str(answer)] = label
    assert len(missed) <= (1 - SHARE) * len(wrong), missed


@pytest.mark.parametrize("name", planted.NAMES)
def test_an_exercise_fits_its_questions(name):
    exercise = planted.exercise(name)
    checks(exercise, run_solution(exercise))


def test_students_are_told_of_all_points():
    cells = [cell.metadata.get("nbgrader", {}) for cell in planted.notebook("1_measuring").cells]
    of = planted.exercise("1_measuring")
    assert of.points + of.read_points == sum(about.get("points", 0) for about in cells)
    assert f"{of.points} + {of.read_points}" in readme([of])


@pytest.mark.parametrize("name", planted.NAMES)
def test_what_students_get_holds_no_solution(name):
    exercise = planted.exercise(name)
    made, source = student_notebook(exercise), planted.notebook(name)
    text = "\n".join(cell.source for cell in made.cells)
    assert "SOLUTION" not in text
    for before, after in zip(source.cells, made.cells):
        about = before.metadata.get("nbgrader", {})
        if about.get("solution") and before.cell_type == "code":
            assert "raise NotImplementedError()" in after.source
            hidden = before.source.split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0]
            assert hidden.strip() and hidden.strip() not in text
        else:
            assert after.metadata.get("nbgrader", {}).get("locked", False) == is_check(before)


@pytest.mark.parametrize("name", planted.NAMES)
def test_hidden_inputs_are_others_than_those_handed_out(markers, name):
    marker = markers(name)
    for question in marker.exercise.asked():
        if question.cases and question.kind == "function":
            assert str(question.inputs()) != str(marker.known[question.name]["inputs"])
