"""A whole class is marked: right, wrong, crashing, endless and hostile submissions, each as it deserves; and again at once."""

import csv
import json
import time

import hostile
import planted
import pytest

from bgood_lib.classroom import sandbox
from bgood_lib.classroom.exercise import read_exercises
from bgood_lib.classroom.feedback import mistakes, summary_page, words
from bgood_lib.classroom.grading import grade
from bgood_lib.classroom.marks import fill_in
from bgood_lib.utils.errors import InputError

NAME = "1_measuring"
APART = pytest.mark.skipif(sandbox.best_way() == "plain", reason="this system has no namespaces to keep code apart")
POINTS = 17


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def expected(answer, exercise):
    """Points of a submission whose answer to one question is a planted one."""
    question = exercise.questions[answer.question]
    worth = question.mistakes.get(answer.label, {"worth": 0})["worth"]
    return exercise.points - (0 if answer.right else (1 - worth) * question.points)


class Class:
    """A folder of submissions, and the points that each should have (None: anything up to all but the first question's)."""

    def __init__(self, folder):
        self.folder, self.points = folder, {}

    def add(self, student, made, points):
        path = self.folder / student / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(made if isinstance(made, bytes) else planted.data(made))
        self.points[student] = points


def wrong_answers(n):
    """Planted mistakes of questions on which no other depends."""
    found = [a for a in planted.answers(NAME) if not a.right and a.question in ("errors_at", "winners")]
    return found[:n]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Seven submissions of all kinds."""
    made = Class(tmp_path_factory.mktemp("class") / "submissions")
    exercise = planted.exercise(NAME)
    made.add("right", planted.notebook(NAME), POINTS)
    made.add("empty", planted.notebook(NAME, start="student"), 0)
    for number, answer in enumerate(wrong_answers(2)):
        made.add(
            f"wrong-{number}", planted.notebook(NAME, {answer.question: answer.source}), expected(answer, exercise)
        )
    made.add("ended", planted.notebook(NAME, {"errors_at": hostile.CELLS["os._exit"]}), 0)
    made.add("=cmd|' calc'!A0", b"no notebook", 0)
    made.add("Right", planted.notebook(NAME), POINTS)  # a second one of this name
    return made


def marks_of(made, out, **options):
    said = []
    grade(made.folder, read_exercises(planted.EXERCISES), out, report=said.append, **options)
    return {
        row["submission"].split("/")[0].removeprefix("'"): float(row["points"]) for row in rows(out / "marks.csv")
    }, said


@APART
def test_a_small_class(small, tmp_path):
    found, said = marks_of(small, tmp_path, key="autumn")
    assert found == small.points
    assert any("bear one name" in line for line in said)
    moodle, canvas = rows(tmp_path / f"moodle-{NAME}.csv"), rows(tmp_path / "canvas.csv")
    for table, column in ((moodle, "Full name"), (canvas, "Student")):
        assert not {"right", "Right"} & {row[column] for row in table}  # which of the two it is, nobody can say
        assert "'=cmd|' calc'!A0" in {row[column] for row in table}  # no formula
    assert list(canvas[0])[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert {"Identifier", "Full name", "Grade", "Last modified (grade)", "Feedback comments"} <= set(moodle[0])
    pages = sorted(path.name for path in (tmp_path / "feedback" / NAME).iterdir())
    assert len(pages) == len(small.points)
    summary = (tmp_path / "summary.html").read_text()
    assert "sign flipped" in summary and "More than one submission" in summary and "<script" not in summary

    before = {path: path.read_bytes() for path in tmp_path.rglob("*.csv")}
    begun = time.process_time()
    again, said = marks_of(small, tmp_path, key="autumn")
    assert again == found and sum("marked before" in line for line in said) == len(small.points)
    assert time.process_time() - begun < 10
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*.csv")}

    stored = sorted((tmp_path / "done").glob("*.json"))
    stored[0].write_text(stored[0].read_text()[:-40])  # damaged: marked again
    stored[1].unlink()  # stopped before it was done
    assert marks_of(small, tmp_path, key="autumn")[0] == found
    assert all(json.loads(path.read_text()) for path in (tmp_path / "done").glob("*.json"))


@APART
def test_a_page_shows_a_students_own_words_as_words(tmp_path):
    made = Class(tmp_path / "submissions")
    notebook = planted.notebook(NAME)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "which_one":
            cell.source = "<script>alert(1)</script> & more"
    made.add("<b>eve</b>", notebook, POINTS)
    assert list(marks_of(made, tmp_path / "marks")[0].values()) == [POINTS]
    texts = [path.read_text() for path in (tmp_path / "marks").rglob("*.html")]
    assert len(texts) == 2
    assert all("<script>" not in text and "&lt;script&gt;" in text and "<b>eve" not in text for text in texts)


RESULT = {
    "student": "Ada Lovelace", "exercise": NAME, "source": "x", "problem": "", "platform": "moodle", "id": "1234", "reason": "",
    "errors": [], "texts": {}, "questions": {"auroc": {"points": 2.5, "of": 3, "share": 0.8, "label": "x", "text": "Look again."}},
}  # fmt: skip


@pytest.mark.parametrize(
    "header, row, column",
    [
        (
            "Identifier,Full name,Status,Grade,Last modified (grade),Feedback comments",
            "Participant 1234,A. L.,Submitted,,-,",
            "Grade",
        ),
        ("Identifier,Full name,Status,Grade,Last modified (grade)", "Participant 9,Ada Lovelace,Submitted,,-", "Grade"),
        (
            "Student,ID,SIS User ID,SIS Login ID,Section,Measuring by hand (77)",
            '"Lovelace, Ada",1234,s1,ada,A,',
            "Measuring by hand (77)",
        ),
        (
            "Student,ID,SIS User ID,SIS Login ID,Section,Measuring by hand (77)",
            '"Lovelace, Ada",9,s1,ada,A,',
            "Measuring by hand (77)",
        ),
    ],
)
def test_what_a_platform_wrote_is_filled_in(tmp_path, header, row, column):
    (tmp_path / "roster.csv").write_text(f"{header}\n{row}\n", encoding="utf-8-sig")
    missing = fill_in(tmp_path / "roster.csv", [RESULT], {NAME: planted.exercise(NAME)}, tmp_path)
    [filled] = rows(tmp_path / "filled-roster.csv")
    assert missing == [] and filled[column] == "2.50" and ",".join(filled) == header


def test_a_worksheet_of_moodle_is_of_one_assignment(tmp_path):
    (tmp_path / "roster.csv").write_text("Identifier,Full name,Grade\nParticipant 1234,Ada Lovelace,\n")
    of = {name: planted.exercise(name) for name in (NAME, "3_scores")}
    with pytest.raises(InputError, match="1_measuring, 3_scores"):
        fill_in(tmp_path / "roster.csv", [RESULT, {**RESULT, "exercise": "3_scores"}], of, tmp_path)
    stranger = {**RESULT, "student": "Eve", "id": "9"}
    assert fill_in(tmp_path / "roster.csv", [RESULT, stranger], of, tmp_path) == ["Eve"]


def test_a_summary_counts_mistakes_and_shows_hints_as_they_are_meant():
    asked = [question.name for question in planted.exercise(NAME).asked()]
    results = [
        {
            **RESULT,
            "questions": {name: {**RESULT["questions"]["auroc"], "points": points, "label": label} for name in asked},
        }
        for points, label in ((0, "sign flipped"), (2, "right"), (1, "sign flipped"), (2, "right"))
    ]
    assert mistakes(results, planted.exercise(NAME))[0] == (asked[0], 2, "sign flipped (2)")
    assert f"median {1.5 * len(asked):g} of" in summary_page(results, {NAME: planted.exercise(NAME)})
    assert words("`a*b` is *known* <i> 2*3*4") == "<code>a*b</code> is <em>known</em> &lt;i&gt; 2*3*4"


@APART
@planted.whole
def test_a_class_of_forty(tmp_path):
    made = Class(tmp_path / "submissions")
    exercise = planted.exercise(NAME)
    given = planted.answers(NAME)
    for number, answer in enumerate([a for a in given if a.right][:10]):
        made.add(f"right-{number}", planted.notebook(NAME, {answer.question: answer.source}), POINTS)
    for number, answer in enumerate(wrong_answers(10)):
        made.add(
            f"wrong-{number}", planted.notebook(NAME, {answer.question: answer.source}), expected(answer, exercise)
        )
    made.add("stub", planted.notebook(NAME, start="student"), 0)
    made.add("no notebook", b"%PDF-1.4", 0)
    for name, source in hostile.CELLS.items():
        made.add(f"hostile {name}", planted.notebook(NAME, {"errors_at": source.replace("FIRST", "errors_at")}), None)
    while len(made.points) < 40:
        made.add(f"more-{len(made.points)}", planted.notebook(NAME), POINTS)
    begun = time.monotonic()
    found, _ = marks_of(made, tmp_path / "marks")
    taken = time.monotonic() - begun
    print(f"{len(found)} submissions in {taken:.0f} seconds")
    assert taken < 20 * 60
    assert {name: points for name, points in found.items() if made.points[name] is not None} == {
        name: points for name, points in made.points.items() if points is not None
    }
    assert all(points in (0, 15) for name, points in found.items() if made.points[name] is None)
