"""A page for each submission, and one for the teacher: who has what, and which mistakes were how frequent."""

import re
from collections import Counter
from html import escape
from pathlib import Path
from statistics import median

from ..utils import files
from .marks import ambiguous, total

STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #8886; }
td.number { text-align: right; white-space: nowrap; }
td { overflow-wrap: anywhere; } td:first-child, th { overflow-wrap: normal; }
blockquote { margin: .5rem 0; padding-left: .8rem; border-left: 3px solid #8886; white-space: pre-wrap; overflow-wrap: anywhere; }
"""


def page(title, body):
    """A page of HTML: str."""
    return (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>\n'
        f"<body><main>\n<h1>{escape(title)}</h1>\n{body}\n</main></body>\n</html>\n"
    )


def words(text):
    """Text as HTML: what hints mark by `ticks` or *stars* is shown so, and nothing else that may stand in it."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
    text = re.sub(r"(?<![\w*])\*([\w -]+)\*(?![\w*])", r"<em>\1</em>", text)
    return text.replace("_", "_<wbr>")


def table(columns, rows):
    """A table of HTML: str. Numbers are set to the right; a name may break after an underscore."""
    lines = [
        "<table><thead><tr>",
        *(f'<th scope="col">{escape(column)}</th>' for column in columns),
        "</tr></thead><tbody>",
    ]
    for row in rows:
        cells = (
            f'<td class="number">{cell:g}</td>' if isinstance(cell, int | float) else f"<td>{words(cell)}</td>"
            for cell in row
        )
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return "\n".join([*lines, "</tbody></table>"])


def feedback_page(result, exercise):
    """What a student gets to read: str of HTML."""
    points = f"{total(result):g} of {exercise.points} points" if exercise else "no points"
    body = [f"<p><strong>{points}</strong>, before anything that a person reads.</p>"]
    if result["reason"]:
        body.append(f"<p>Your notebook could not be run to its end: {escape(result['reason'])}.</p>")
    if result["questions"]:
        rows = [
            (name, one["points"], one["of"], "right" if one["share"] == 1 else one["text"])
            for name, one in result["questions"].items()
        ]
        body.append(table(["question", "points", "of", "what was seen"], rows))
    if result["errors"]:
        body.append("<h2>Cells that ended with an error</h2>")
        body.append(table(["cell", "error"], [(str(one["cell"]), one["error"]) for one in result["errors"]]))
    for question in exercise.questions.values() if exercise else ():
        if question.kind == "open":
            text = result["texts"].get(question.name, "(nothing)")
            body.append(f"<h2>{escape(question.name)}: {question.points} points, read by a person</h2>")
            body.append(f"<blockquote>{escape(text)}</blockquote>")
    title = f"{exercise.title if exercise else 'An exercise'}: {result['student']}"
    return page(title, "\n".join(body))


def mistakes(results, exercise):
    """How often each question was right, and which mistakes were made: list of (question, how many right, the others in words).

    Parameters
    ----------
    results : list of dict
        Of one exercise.
    exercise : Exercise
    """
    rows = []
    for name in (question.name for question in exercise.asked()):
        seen = Counter(one["questions"][name]["label"] for one in results if name in one["questions"])
        right = seen.pop("right", 0)
        others = sorted(seen.items(), key=lambda item: (-item[1], item[0]))
        rows.append((name, right, ", ".join(f"{label} ({count})" for label, count in others)))
    return rows


def summary_page(results, exercises, missing=()):
    """What a teacher reads first: str of HTML."""
    body = []
    if missing:
        body.append("<p><strong>Guards that this system lacks while submissions run:</strong></p><ul>")
        body += [f"<li>{escape(text)}</li>" for text in missing]
        body.append("</ul>")
    for (name, exercise), sources in ambiguous(results).items():
        where = ", ".join(sources)
        body.append(
            f"<p>More than one submission by <em>{escape(name)}</em> to {escape(exercise)}: {escape(where)}</p>"
        )
    unread = [result for result in results if result["problem"]]
    if unread:
        body.append("<h2>Not marked</h2>")
        body.append(table(["submission", "why"], [(one["source"], one["problem"]) for one in unread]))
    for name, exercise in exercises.items():
        part = [result for result in results if result["exercise"] == name and result["questions"]]
        if not part:
            continue
        marks = [total(result) for result in part]
        body.append(f"<h2>{escape(exercise.title)}</h2>")
        body.append(
            f"<p>{len(part)} submissions; median {median(marks):g} of {exercise.points} points, "
            f"lowest {min(marks):g}, highest {max(marks):g}.</p>"
        )
        body.append(table(["question", "right", "what else was seen, how often"], mistakes(part, exercise)))
        rows = [(one["student"], total(one), len(one["errors"]), one["reason"]) for one in part]
        body.append("<h3>Submissions</h3>")
        body.append(table(["student", "points", "cells with errors", "what ended it"], rows))
        for question in exercise.questions.values():
            if question.kind == "open":
                body.append(f"<h3>To read: {escape(question.name)}, {question.points} points</h3>")
                body.append(f"<p>{escape(question.rubric)}</p>")
                for one in part:
                    text = one["texts"].get(question.name, "(nothing)")
                    body.append(f"<p>{escape(one['student'])}</p><blockquote>{escape(text)}</blockquote>")
    return page("Class summary", "\n".join(body))


def write_feedback(results, exercises, out, missing=()):
    """Write ``feedback/EXERCISE/NAME.html`` for each submission, and ``summary.html``."""
    folder, used = Path(out) / "feedback", set()
    for result in results:
        stem = re.sub(r"[^\w.-]+", "_", result["student"]).strip("._")[:80] or "nameless"
        name, number = stem, 1
        while (result["exercise"], name.casefold()) in used:
            number += 1
            name = f"{stem}-{number}"
        used.add((result["exercise"], name.casefold()))
        path = folder / (result["exercise"] or "unknown") / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, feedback_page(result, exercises.get(result["exercise"])))
    _write(Path(out) / "summary.html", summary_page(results, exercises, missing))


def _write(path, text):
    with files.atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
