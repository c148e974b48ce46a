"""Hostile submissions harm nobody: the marks of others stay, nothing is read, written or reached."""

import io
import socket
import threading
from dataclasses import replace

import hostile
import numpy as np
import planted
import pytest

from bgood_lib.classroom import checking, sandbox
from bgood_lib.classroom.answering import WAIT
from bgood_lib.classroom.marking import Marker
from bgood_lib.classroom.submissions import Submission


def some(names):
    """All of them with `make grade-test`; else a few."""
    return [pytest.param(name, marks=[] if name in QUICK else planted.whole) for name in names]


pytestmark = pytest.mark.skipif(
    sandbox.best_way() == "plain", reason="this system has no namespaces to keep code apart"
)
QUICK = (
    "os._exit",
    "monkeypatches the checker",
    "endless loop",
    "a hundred gigabytes",
    "reads the right answers",
    "half a notebook",
)
FIRST = "errors_at"  # of 1_measuring


@pytest.fixture(scope="module")
def marker():
    exercise = planted.exercise("1_measuring")
    exercise.cell_seconds, exercise.seconds, exercise.memory = 3, 25, 2000
    return Marker(exercise)


def mark(marker, source):
    made = planted.notebook("1_measuring", {FIRST: source})
    return marker.mark(Submission("eve", "1_measuring", "eve.ipynb", planted.data(made)))


@pytest.mark.parametrize("name", some(hostile.CELLS))
def test_a_hostile_cell_has_no_points_of_its_own_and_ends_in_time(marker, name):
    found = mark(marker, hostile.CELLS[name].replace("FIRST", FIRST))
    assert found["seconds"] < WAIT * marker.exercise.seconds  # on the wall's clock, however busy the machine is
    assert found["questions"][FIRST]["points"] == 0
    others = [one["share"] for name, one in found["questions"].items() if name != FIRST]
    assert found["reason"] or all(share == 1 for share in others) or name == "monkeypatches the checker", found
    if name == "monkeypatches the checker":
        assert not any(others)


@pytest.mark.parametrize("name", some(hostile.SPIES))
def test_a_spy_finds_nothing(marker, name, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "questions.py").write_text("the right answers")
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: server.accept(), daemon=True).start()
        port = server.getsockname()[1]
        found = mark(marker, hostile.SPIES[name].replace("SECRET", str(secret)).replace("PORT", str(port)))
        with socket.create_connection(("127.0.0.1", port)):
            pass  # it could be reached from here
    assert [one["error"] for one in found["errors"]] == ["RuntimeError: found nothing"]
    assert (secret / "questions.py").read_text() == "the right answers"
    assert [path.name for path in secret.iterdir()] == ["questions.py"]
    assert not any(one["share"] < 1 for name, one in found["questions"].items() if name != FIRST)


@pytest.mark.parametrize("name", some(hostile.FILES))
def test_a_file_that_is_no_notebook_says_why(marker, name):
    submission = Submission("eve", "1_measuring", "eve.ipynb", hostile.FILES[name])
    found = marker.mark(submission)
    assert not any(one["points"] for one in found["questions"].values())
    assert found["reason"] or name == "no cells"


def test_points_and_names_of_cells_are_not_taken_from_the_submission(marker):
    made = planted.notebook("1_measuring", {"auroc": "def auroc(a, b):\n    return 1.0"})
    for number, cell in enumerate(made.cells):
        cell.id = f"other-{number}"
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader = {"grade_id": f"other-{number}", "points": 1000, "grade": True, "solution": True}
    found = marker.mark(Submission("eve", "1_measuring", "eve.ipynb", planted.data(made)))
    points = {name: one["points"] for name, one in found["questions"].items()}
    assert points == {
        "errors_at": 2, "auroc": 0, "fpr95_id_positive": 3, "fpr95_ood_positive": 3, "winners": 2, "quarrel": 4
    }  # fmt: skip


def test_what_only_the_judge_needs_is_not_given_to_a_submission():
    marker = Marker(planted.exercise("4_finding_background"))
    inputs = marker.known["my_selector"]["inputs"]
    assert all(background.dtype == bool for _, _, background in inputs)
    with np.load(io.BytesIO(marker.inputs.getvalue())) as sent:
        told = checking.unpack(sent, "my_selector")["inputs"]
    assert [len(given) for given in told] == [2] * len(inputs)


def test_missing_cells_cost_their_questions_only(marker):
    made = planted.notebook("1_measuring")
    made.cells = [cell for cell in made.cells if "def auroc" not in cell.source]
    found = marker.mark(Submission("eve", "1_measuring", "eve.ipynb", planted.data(made)))
    shares = {name: one["share"] for name, one in found["questions"].items()}
    assert shares.pop("auroc") == 0 and shares.pop("winners") == 0  # which needs it
    assert set(shares.values()) == {1}


def test_guards_that_are_missing_are_named():
    assert set(sandbox.lacking("plain")) >= {"files", "network"}
    assert not sandbox.lacking()
    assert set(sandbox.GUARDS) >= sandbox.lacking("plain")


@planted.whole
def test_a_submission_is_marked_the_same_beside_hostile_ones(marker):
    fine = Submission("ada", "1_measuring", "ada.ipynb", planted.data(planted.notebook("1_measuring")))
    evil = replace(fine, data=planted.data(planted.notebook("1_measuring", {FIRST: hostile.CELLS["fork bomb"]})))
    before = marker.mark(fine)
    thread = threading.Thread(target=marker.mark, args=(evil,))
    thread.start()
    beside = marker.mark(fine)
    thread.join()
    assert before["questions"] == beside["questions"]
    assert all(one["share"] == 1 for one in beside["questions"].values())
