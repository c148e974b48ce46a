"""Marks as tables: for people, for Moodle, for Canvas."""

import csv
from pathlib import Path

from ..utils import files
from ..utils.errors import InputError, system_words
from ..utils.kinds import kind_of

FULL_NAME, GRADE, IDENTIFIER = "Full name", "Grade", "Identifier"  # columns of Moodle's grading worksheet
COMMENTS = "Feedback comments"


def total(result):
    """Points of a submission, those of a person's reading apart."""
    return round(sum(one["points"] for one in result["questions"].values()), 2)


def ambiguous(results):
    """Names that more than one submission to an exercise bears: dict of (name, exercise) to their sources."""
    found = {}
    for result in results:
        found.setdefault((result["student"].casefold(), result["exercise"]), []).append(result["source"])
    return {key: sources for key, sources in found.items() if len(sources) > 1}


def write_marks(results, exercises, out):
    """Write all tables.

    Parameters
    ----------
    results : list of dict
        See :func:`bgood_lib.classroom.grading.grade`.
    exercises : dict of str to Exercise
    out : path

    Returns
    -------
    list of dict
        Those results that are in the files for Moodle and Canvas: of one exercise each, and nobody's twice.
    """
    out = Path(out)
    twice = ambiguous(results)
    rows = []
    for result in results:
        exercise = exercises.get(result["exercise"])
        reason = result["reason"]
        if (result["student"].casefold(), result["exercise"]) in twice:
            reason = "; ".join(filter(None, [reason, "another submission bears this name"]))
        rows.append(
            {
                "student": result["student"], "exercise": result["exercise"], "submission": result["source"],
                "points": total(result), "of": exercise.points if exercise else "",
                "to read": sum(q.points for q in exercise.questions.values() if q.kind == "open") if exercise else "",
                "reason": reason,
            }
        )  # fmt: skip
    _write(out / "marks.csv", ["student", "exercise", "submission", "points", "of", "to read", "reason"], rows)
    single = [
        {
            "student": result["student"], "exercise": result["exercise"], "submission": result["source"], "question": name,
            "points": one["points"], "of": one["of"], "seen": one["label"],
        }
        for result in results
        for name, one in result["questions"].items()
    ]  # fmt: skip
    _write(out / "questions.csv", ["student", "exercise", "submission", "question", "points", "of", "seen"], single)
    counted = [one for one in results if (one["student"].casefold(), one["exercise"]) not in twice and one["exercise"]]
    _write_moodle(counted, exercises, out)
    _write_canvas(counted, exercises, out)
    return counted


def _comment(result):
    """What a student reads beside the mark."""
    lost = [
        f"{name}: {one['text']}"
        for name, one in result["questions"].items()
        if one["share"] < 1 and one["label"] != "no answer"
    ]
    return " ".join(filter(None, [result["reason"] and f"{result['reason']}.", *lost]))


def _write_moodle(results, exercises, out):
    """A worksheet an exercise, with the columns that Moodle's import asks for."""
    columns = [IDENTIFIER, FULL_NAME, GRADE, "Maximum grade", "Last modified (grade)", COMMENTS]
    for name in sorted({result["exercise"] for result in results}):
        rows = [
            {
                IDENTIFIER: f"Participant {result['id']}" if result["platform"] == "moodle" else "",
                FULL_NAME: result["student"], GRADE: f"{total(result):.2f}",
                "Maximum grade": f"{exercises[name].points:.2f}", "Last modified (grade)": "-", COMMENTS: _comment(result),
            }
            for result in results
            if result["exercise"] == name
        ]  # fmt: skip
        _write(out / f"moodle-{name}.csv", columns, rows)


def _write_canvas(results, exercises, out):
    """All exercises in one gradebook, with the columns that Canvas's import asks for."""
    names = sorted({result["exercise"] for result in results})
    titles = {name: exercises[name].title for name in names}
    people = {}
    for result in results:
        row = people.setdefault(result["student"].casefold(), {"Student": result["student"], "ID": ""})
        if result["platform"] == "canvas":
            row["ID"] = result["id"]
        row[titles[result["exercise"]]] = f"{total(result):g}"
    possible = {"Student": "    Points Possible", **{titles[name]: exercises[name].points for name in names}}
    columns = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *titles.values()]
    _write(out / "canvas.csv", columns, [possible, *people.values()])


def fill_in(roster, results, exercises, out):
    """Fill marks into a file that Moodle or Canvas has written, its columns and rows unchanged.

    Parameters
    ----------
    roster : path
        Moodle: a worksheet of one exercise, whose rows are found by the number of the participant or the full name.
        Canvas: a gradebook, whose rows are found by ID or name, and whose columns by the exercise's title.
    results : list of dict
    exercises : dict of str to Exercise
    out : path
        ``filled-NAME`` goes there.

    Returns
    -------
    list of str
        Students who are in no row.

    Raises
    ------
    InputError
        It is neither, or has no place for an exercise.
    """
    path = Path(roster)
    rows, columns = read_roster(path)
    missing, names = [], sorted({result["exercise"] for result in results})
    if GRADE in columns and len(names) > 1:
        raise InputError(
            f"{path} is Moodle's worksheet of one assignment, and there are submissions to {', '.join(names)}: "
            "mark the folder of each assignment by itself, with its own --out"
        )
    for result in results:
        name, number = result["student"].casefold(), result["id"]
        if IDENTIFIER in columns and GRADE in columns:
            row = next((r for r in rows if number and r[IDENTIFIER].split()[-1:] == [number]), None)
            row = row or next((r for r in rows if (r.get(FULL_NAME) or "").casefold() == name), None)
            column = GRADE
        else:
            row = next((r for r in rows if number and r["ID"] == number), None)
            row = row or next((r for r in rows if _letters(r["Student"]) == _letters(name)), None)
            title = exercises[result["exercise"]].title
            column = next((c for c in columns if c.startswith(title)), None)
            if column is None:
                raise InputError(
                    f"{path} has no column {title!r}: make the assignment in Canvas first, under this name"
                )
        if row is None:
            missing.append(result["student"])
            continue
        row[column] = f"{total(result):.2f}"
        if COMMENTS in columns:
            row[COMMENTS] = _comment(result)
    _write(Path(out) / f"filled-{path.name}", columns, rows, plain=False)
    return missing


def read_roster(path):
    """Rows and columns of a file that Moodle or Canvas has written.

    Raises
    ------
    InputError
        It cannot be read, or is of neither.
    """
    wanted = f"expected Moodle's ({IDENTIFIER}, {GRADE}) or Canvas's (Student, ID)"
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows, columns = list(reader), list(reader.fieldnames or [])
    except OSError as error:
        raise InputError(f"the roster: {'; '.join(system_words(error, path))}") from None
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"the roster {path} is {kind_of(path)}, not a table in UTF-8; {wanted}") from None
    if not {IDENTIFIER, GRADE} <= {*columns} and columns[:2] != ["Student", "ID"]:
        raise InputError(f"the roster {path} has the columns {', '.join(columns[:6]) or 'none'}; {wanted}")
    return rows, columns


def _letters(name):
    return "".join(sorted(letter for letter in name.casefold() if letter.isalnum()))


def _write(path, columns, rows, plain=True):
    """Write a table; text that a spreadsheet would take for a formula begins with an apostrophe, where it is ``plain``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with files.atomic_write(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: _plain(value) if plain else value for key, value in row.items()})


def _plain(value):
    odd = isinstance(value, str) and len(value) > 1 and value[0] in "=+-@\t\r"
    return f"'{value}" if odd else value
