"""What was handed in: whose it is, which exercise it answers, its bytes or why it cannot be read."""

import io
import re
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

from ..utils.errors import InputError

LARGEST = 20 * 2**20  # bytes of a notebook
EXPECTED = "the folder that holds one file or one folder per student"
# Names that learning platforms give: a folder a student, a file a student.
MOODLE = re.compile(r"(?P<student>.+?)_(?P<id>\d+)_assignsubmission_\w+$")
CANVAS = re.compile(r"(?P<student>[^_]+)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<rest>.+)$")


@dataclass(frozen=True)
class Submission:
    """One thing that was handed in.

    Attributes
    ----------
    student : str
    exercise : str
        Name of the exercise; empty where that is not known.
    source : str
        Where it lies below the folder of submissions.
    data : bytes or None
        The notebook.
    problem : str
        Why it cannot be marked; empty where it can.
    platform, id : str
        ``moodle`` or ``canvas``, and the number it knows the student by; else empty.
    """

    student: str
    exercise: str
    source: str
    data: bytes | None = None
    problem: str = ""
    platform: str = ""
    id: str = ""


def find_submissions(folder, exercises, exercise=None):
    """All submissions of a folder, sorted by where they lie.

    Parameters
    ----------
    folder : path
        It holds a folder or a file for each student: a notebook, or a zip with one. As Moodle and Canvas hand them
        over, as nbgrader collects them, or by hand.
    exercises : iterable of str
        Names of the exercises there are.
    exercise : str, optional
        The one that is marked; by default the name of each notebook says it.

    Returns
    -------
    list of Submission

    Raises
    ------
    InputError
        There is no such folder, or nothing in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        what = f"{folder} is a file" if folder.exists() else f"there is no folder {folder}"
        raise InputError(f"{what}; name {EXPECTED}")
    found = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_symlink():
            found.append(Submission(entry.name, exercise or "", entry.name, problem="it is a link, not a file"))
        elif entry.is_dir():
            found += _of_folder(entry, folder, exercises, exercise)
        else:
            found.append(_of_file(entry, folder, exercises, exercise))
    if not found:
        raise InputError(f"{folder} is empty; name {EXPECTED}")
    return found


def _of_folder(entry, root, exercises, exercise):
    known = MOODLE.match(entry.name)
    base = Submission(
        known["student"].strip() if known else entry.name, exercise or "", entry.name,
        platform="moodle" if known else "", id=known["id"] if known else "",
    )  # fmt: skip
    files = [path for path in sorted(entry.rglob("*")) if ".ipynb_checkpoints" not in path.parts]
    links = [path for path in files if path.is_symlink()]
    fit = [path for path in files if path.suffix.lower() in (".ipynb", ".zip") and path not in links and path.is_file()]
    if exercise and len(fit) > 1:
        fit = [path for path in fit if _exercise_of(path, exercises) == exercise] or fit
    if not fit:
        why = f"it holds {files[0].name}, and no notebook" if files else "its folder is empty"
        return [replace(base, problem="it is a link, not a file" if links else why)]
    if exercise and len(fit) > 1:
        names = ", ".join(path.name for path in fit)
        return [replace(base, problem=f"several notebooks ({names}): which one counts?")]
    return [_filled(base, path, root, exercises, exercise) for path in fit]


def _of_file(entry, root, exercises, exercise):
    known = CANVAS.match(entry.name)
    student = known["student"] if known else entry.stem
    if not known:
        for name in exercises:  # alice_1_measuring.ipynb
            student = re.sub(rf"[ _.-]*{re.escape(name)}.*$", "", student) or student
    base = Submission(
        student, exercise or "", entry.name, platform="canvas" if known else "", id=known["id"] if known else ""
    )
    return _filled(base, entry, root, exercises, exercise)


def _exercise_of(path, exercises):
    """The exercise that a file or its folder is named after, or an empty string."""
    for text in (path.stem, *(parent.name for parent in path.parents)):
        for name in sorted(exercises, key=len, reverse=True):
            if name in text:
                return name
    return ""


def _filled(base, path, root, exercises, exercise):
    """A submission with its bytes, or with the reason why there are none."""
    base = replace(
        base, source=str(path.relative_to(root)), exercise=exercise or _exercise_of(path.relative_to(root), exercises)
    )
    try:
        if path.stat().st_size > LARGEST:
            return replace(base, problem=f"{path.stat().st_size} bytes, more than {LARGEST}")
        data = path.read_bytes()
        if path.suffix.lower() == ".zip":
            data = _from_zip(data)
        elif path.suffix.lower() != ".ipynb":
            return replace(base, problem=f"{path.suffix or 'this'} is no notebook; expected .ipynb, or a .zip with one")
    except (OSError, InputError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        return replace(base, problem=f"it cannot be read: {error}")
    if not base.exercise:
        named = ", ".join(exercises)
        return replace(base, problem=f"its name says no exercise; expected one of {named}, or give --exercise NAME")
    return replace(base, data=data)


def _from_zip(data):
    """The one notebook of a zip: bytes."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        inside = [
            one for one in archive.infolist()
            if one.filename.lower().endswith(".ipynb") and ".ipynb_checkpoints" not in one.filename and "__MACOSX" not in one.filename
        ]  # fmt: skip
        if len(inside) != 1:
            raise InputError(f"the zip holds {len(inside)} notebooks; expected one")
        with archive.open(inside[0]) as file:
            found = file.read(LARGEST + 1)
    if len(found) > LARGEST:
        raise InputError(f"the notebook in the zip has more than {LARGEST} bytes")
    return found
