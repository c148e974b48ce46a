"""The folder of a class: what students get, and apart from it what is for the instructor."""

import shutil
import zipfile
from pathlib import Path

import yaml

from ..utils import files
from ..utils.errors import InputError
from .generate import write_exercise
from .slides import write_slides

INSTALL = {
    "numpy": "pip install jupyterlab numpy matplotlib",
    "bgood": "the whole of bgood, PyTorch included: see its README",
}
GUIDE = "guide.md"  # of exercises/, for whoever teaches


def readme(exercises):
    """What students read first: str of Markdown."""
    lines = [
        "# Exercises",
        "",
        "A folder each. Open the notebook in it, write where it says *Your code here*, and run the cell below, which checks the answer and,",
        "where it is wrong, says what it looks like. Hand in the notebook alone, under its name; it is marked on other inputs. Points behind",
        "the plus are those of open questions, which a person reads.",
        "",
        "| exercise | you will | minutes | points | needs |",
        "|---|---|---|---|---|",
    ]
    for exercise in exercises:
        needs = "NumPy" if exercise.needs == "numpy" else "bgood"
        lines.append(
            f"| [{numbered(exercise)}]({exercise.name}/{exercise.name}.ipynb) | {exercise.goal} | {exercise.minutes} | {exercise.points} + {exercise.read_points} | {needs} |"
        )
    lines += ["", "To open them:", ""]
    for needs in sorted({exercise.needs for exercise in exercises}, reverse=True):
        named = ", ".join(exercise.name.partition("_")[0] for exercise in exercises if exercise.needs == needs)
        install = INSTALL[needs]
        lines.append(f"- Exercises {named}: {f'`{install}`, then `jupyter lab`' if needs == 'numpy' else install}.")
    lines += [
        "",
        "No exercise needs a GPU or the network. `slides.html` and `figures/` are pictures of the chapters, without those that tell how it ends.",
    ]
    return "\n".join(lines) + "\n"


def numbered(exercise):
    """Its title behind its number: str."""
    return f"{exercise.name.partition('_')[0]}. {exercise.title}"


def address_of(book):
    """The repository's address in the book's configuration, or an empty string."""
    path = Path(book) / "_config.yml"
    if not path.is_file():
        return ""
    options = yaml.safe_load(path.read_text(encoding="utf-8"))["sphinx"]["config"]["html_theme_options"]
    return options.get("repository_url") or ""


def make_class(exercises, out="class", book=".", report=print):
    """Write the folder of a class.

    Parameters
    ----------
    exercises : dict of str to Exercise
    out : path, default="class"
        ``students/`` and ``students.zip`` to hand out, ``instructor/`` apart.
    book : path, default="."
        The project, for its executed pages.
    report : function
        Gets a line for each part.

    Raises
    ------
    InputError
        ``out`` holds something that this did not write, or an exercise does not fit its questions.
    """
    out = Path(out)
    mark = out / ".bgood-class"
    if out.exists() and (not out.is_dir() or any(out.iterdir())) and not mark.is_file():
        raise InputError(
            f"{out} is not empty, and not written by this command; name another with --out, or move it aside"
        )
    shutil.rmtree(out, ignore_errors=True)
    students, instructor = out / "students", out / "instructor"
    students.mkdir(parents=True)
    instructor.mkdir()
    mark.touch()
    chosen, address = list(exercises.values()), address_of(book)
    for exercise in chosen:
        write_exercise(exercise, students / exercise.name, address)
        shutil.copytree(students / exercise.name, instructor / exercise.name)
        shutil.copy(exercise.folder / "solution.ipynb", instructor / exercise.name)
        _write(instructor / exercise.name / "marking.md", marking(exercise))
        points = f"{exercise.points} + {exercise.read_points} points"
        report(f"{exercise.name}: {len(exercise.questions)} questions, {points}")
    shown, all_slides = write_slides(chosen, book, students), write_slides(chosen, book, instructor, endings=True)
    report(f"slides.html: {shown} slides for students, {all_slides} for the instructor, with what came out")
    _write(students / "README.md", readme(chosen))
    _write(students / "requirements.txt", "jupyterlab\nmatplotlib\nnumpy\n")  # what Binder installs
    guide = chosen[0].folder.parent / GUIDE
    if guide.is_file():
        shutil.copy(guide, instructor)
    with zipfile.ZipFile(out / "students.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in students.rglob("*") if path.is_file()):
            archive.write(path, Path("exercises") / path.relative_to(students))
    return out


def marking(exercise):
    """The questions of an exercise, their points, the mistakes that are recognised, and rubrics: str of Markdown."""
    lines = [f"# {exercise.title}: marking", ""]
    lines += [f"{exercise.points} points by machine, {exercise.read_points} for texts that a person reads.", ""]
    for question in exercise.questions.values():
        lines += [f"## {question.name}: {question.points} points", ""]
        if question.kind == "open":
            lines += [f"Read by a person. {question.rubric}", ""]
        for name, about in question.mistakes.items():
            kept = f", keeps {about['worth'] * question.points:g} points" if about["worth"] else ""
            lines.append(f"- *{name}*{kept}: {about['hint']}")
        lines += [""] * bool(question.mistakes)
        if question.kind == "judged":
            lines += [f"Judged by `judge_{question.name}` in `asking.py`.", ""]
    return "\n".join(lines)


def _write(path, text):
    with files.atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
