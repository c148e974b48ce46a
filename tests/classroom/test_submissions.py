"""What was handed in is found, however a learning platform names it; what cannot be read is a row with the reason."""

import io
import zipfile

import pytest

from bgood_lib.classroom import submissions
from bgood_lib.classroom.submissions import find_submissions
from bgood_lib.utils.errors import InputError

EXERCISES = ["1_measuring", "7_critical"]


@pytest.fixture
def folder(tmp_path):
    def put(name, data=b"{}"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    put.path = tmp_path
    return put


def zipped(**files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


@pytest.mark.parametrize(
    "name, student, exercise, platform, number",
    [
        ("Ada Lovelace_1234_assignsubmission_file/1_measuring.ipynb", "Ada Lovelace", "1_measuring", "moodle", "1234"),
        ("Ada Lovelace_1234_assignsubmission_file_/1_measuring.ipynb", "Ada Lovelace", "1_measuring", "moodle", "1234"),
        ("lovelaceada_55_777_1_measuring.ipynb", "lovelaceada", "1_measuring", "canvas", "55"),
        ("lovelaceada_LATE_55_777_1_measuring-2.ipynb", "lovelaceada", "1_measuring", "canvas", "55"),
        ("ada/1_measuring/1_measuring.ipynb", "ada", "1_measuring", "", ""),
        ("ada/7_critical (1).ipynb", "ada", "7_critical", "", ""),
        ("ada_7_critical.ipynb", "ada", "7_critical", "", ""),
        ("Zoë Ångström/1_measuring.ipynb", "Zoë Ångström", "1_measuring", "", ""),
    ],
)
def test_names_of_learning_platforms(folder, name, student, exercise, platform, number):
    folder(name)
    [found] = find_submissions(folder.path, EXERCISES)
    assert (found.student, found.exercise, found.platform, found.id) == (student, exercise, platform, number)
    assert found.data == b"{}" and not found.problem


def test_several_exercises_of_one_student(folder):
    folder("ada/1_measuring.ipynb")
    folder("ada/7_critical.ipynb")
    folder("ada/.ipynb_checkpoints/1_measuring-checkpoint.ipynb")
    assert [one.exercise for one in find_submissions(folder.path, EXERCISES)] == EXERCISES
    [one] = find_submissions(folder.path, EXERCISES, "7_critical")
    assert one.exercise == "7_critical" and one.source == "ada/7_critical.ipynb"


def test_a_zip_with_a_notebook(folder):
    folder("ada_1_measuring.zip", zipped(**{"1_measuring.ipynb": b"{ }", "__MACOSX/._1_measuring.ipynb": b"x"}))
    [found] = find_submissions(folder.path, EXERCISES)
    assert found.data == b"{ }" and found.student == "ada"


@pytest.mark.parametrize(
    "name, data, why",
    [
        ("ada/report.pdf", b"x", "no notebook"),
        ("ada_1_measuring.pdf", b"x", "is no notebook"),
        ("ada.ipynb", b"{}", "says no exercise"),
        ("ada_1_measuring.zip", b"no zip", "cannot be read"),
        ("ada_1_measuring.zip", zipped(**{"a.ipynb": b"", "b.ipynb": b""}), "2 notebooks"),
        ("ada_1_measuring.zip", zipped(**{"../../escape.txt": b""}), "0 notebooks"),
    ],
)
def test_what_cannot_be_read_says_why(folder, name, data, why):
    folder(name, data)
    [found] = find_submissions(folder.path, EXERCISES)
    assert found.data is None and why in found.problem


def test_too_large_or_a_link_or_empty(folder, monkeypatch):
    monkeypatch.setattr(submissions, "LARGEST", 10)
    folder("big_1_measuring.ipynb", b"x" * 11)
    folder("bomb_1_measuring.zip", zipped(**{"1.ipynb": b"0" * 11}))
    (folder.path / "spy_1_measuring.ipynb").symlink_to("/etc/passwd")
    (folder.path / "inner").mkdir()
    (folder.path / "inner" / "1_measuring.ipynb").symlink_to("/etc/passwd")
    (folder.path / "nothing").mkdir()
    found = {one.student.split("_")[0]: one for one in find_submissions(folder.path, EXERCISES)}
    assert all(one.data is None for one in found.values())
    assert (
        "more than 10" in found["big"].problem
        and "a link" in found["spy"].problem
        and "a link" in found["inner"].problem
    )
    assert "empty" in found["nothing"].problem and found["bomb"].problem


def test_no_folder_and_nothing_in_it(tmp_path):
    with pytest.raises(InputError, match="there is no folder"):
        find_submissions(tmp_path / "none", EXERCISES)
    with pytest.raises(InputError, match="is empty"):
        find_submissions(tmp_path, EXERCISES)
