"""The folder of a class: it works as it is handed out, and holds nothing that is not for students."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import nbformat
import planted
import pytest

from bgood_lib.classroom.exercise import read_exercises
from bgood_lib.classroom.generate import BRANCH, student_notebook, write_exercise
from bgood_lib.classroom.handout import make_class
from bgood_lib.utils.errors import InputError

ROOT = planted.EXERCISES.parent
SECONDS, LONG = 30, 90  # of a cell, and of one that says so, on one core

# Runs all cells of a notebook and tells, as JSON, what each ended with and how many seconds of the processor it took.
RUN = """
import json, sys, time
for name in sys.argv[2].split():
    sys.modules[name] = None
names, found = {"__name__": "__main__"}, []
for cell in json.load(open(sys.argv[1]))["cells"]:
    if cell["cell_type"] == "code":
        begun = time.process_time()
        try:
            exec("".join(cell["source"]), names)
            error = ""
        except BaseException as e:
            error = f"{type(e).__name__}: {e}"
        found.append([cell["metadata"].get("nbgrader", {}).get("grade_id", ""), error, time.process_time() - begun])
print("RESULT" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory):
    return make_class(read_exercises(planted.EXERCISES), tmp_path_factory.mktemp("class") / "class", ROOT, report=str)


def run(folder, notebook, without=""):
    environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", RUN, notebook, without]
    command[2] = "import sys; sys.path.insert(0, '.')\n" + command[2]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=1800, env=environment)
    assert "RESULT" in done.stdout, done.stderr[-2000:]
    return json.loads(done.stdout.rpartition("RESULT")[2])


# Of a cell that only shows something, what is made shorter but for `make grade-test`: same code, fewer images or steps.
SHORTER = {
    "5_background_loss": ("steps, begun = 300", "steps, begun = 50"),
    "8_photographs": ("seed=0, steps=30", "seed=0, steps=4"),
    "9_project": ("asking.draw(number)", "asking.draw(number, 300, 200)"),
}
HEAVY = "torch torchvision bgood_lib scipy sklearn pandas"  # what a lean installation has not


def names(needs):
    return [name for name in planted.NAMES if planted.exercise(name).needs == needs]


@pytest.mark.parametrize("name", names("numpy"))
def test_a_solution_is_right_in_the_folder_without_torch(handed_out, name):
    found = run(handed_out / "instructor" / name, "solution.ipynb", HEAVY)
    assert [(cell, error) for cell, error, _ in found if error] == []
    assert max(seconds for *_, seconds in found) < SECONDS


@pytest.mark.slow
@pytest.mark.parametrize("name", names("bgood"))
def test_a_solution_is_right_in_the_folder(handed_out, name):
    folder, (long, short) = handed_out / "instructor" / name, SHORTER.get(name, ("", ""))
    notebook = nbformat.read(folder / "solution.ipynb", 4)
    shown = [cell for cell in notebook.cells if "exploration" in cell.metadata.get("tags", []) and long in cell.source]
    assert not long or len(shown) == 1
    for cell in shown if not planted.WHOLE else []:
        cell.source = cell.source.replace(long, short) if long else cell.source
    nbformat.write(notebook, folder / "run.ipynb")
    found = run(folder, "run.ipynb")
    assert [(cell, error) for cell, error, _ in found if error] == []
    assert max(seconds for *_, seconds in found) < LONG


@pytest.mark.parametrize("name", planted.NAMES)
def test_a_stub_fails_only_because_it_is_not_written(handed_out, tmp_path, name):
    lean = planted.exercise(name).needs == "numpy"
    if not lean and not planted.WHOLE:
        pytest.skip("runs whole cells; `make grade-test`")
    folder = shutil.copytree(handed_out / "students" / name, tmp_path / name)  # its cells may write files
    found = run(folder, f"{name}.ipynb", HEAVY if lean else "")
    of = {cell: error for cell, error, _ in found if cell}
    for question in planted.exercise(name).asked():
        assert of[f"{question.name}-check"].startswith("NotImplementedError"), of[f"{question.name}-check"]
    stubs = {error.split(":")[0] for cell, error, _ in found if cell and error}
    assert stubs == {"NotImplementedError"}


def test_students_get_no_solution_and_no_hidden_input(handed_out):
    files = [path for path in (handed_out / "students").rglob("*") if path.is_file()]
    assert not [path for path in files if path.name in ("questions.py", "solution.ipynb", "make_data.py", "marking.md")]
    with zipfile.ZipFile(handed_out / "students.zip") as archive:
        assert len(archive.namelist()) == len(files)
    for name in planted.NAMES:
        made = nbformat.read(handed_out / "students" / name / f"{name}.ipynb", 4)
        assert not any("BEGIN SOLUTION" in cell.source for cell in made.cells)
        assert (handed_out / "instructor" / name / "marking.md").is_file()


def test_no_cell_needs_a_name_that_only_the_solution_has(handed_out):
    notebooks = sorted(map(str, (handed_out / "students").glob("*/*.ipynb")))
    command = ["ruff", "check", "--isolated", "--no-cache", "--select", "F821", *notebooks]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("who", ["students", "instructor"])
def test_the_zip_is_small_and_slides_have_words_for_every_picture(handed_out, who):
    assert (handed_out / "students.zip").stat().st_size < 10 * 2**20
    slides = (handed_out / who / "slides.html").read_text()
    assert slides.count("<img ") == slides.count(' alt="') > 0
    assert 'alt=""' not in slides and "http" not in slides.replace("http://www.w3.org", "")
    assert "`" not in slides


def test_students_are_not_told_how_it_ends(handed_out):
    students, instructor = ((handed_out / who / "slides.html").read_text() for who in ("students", "instructor"))
    ends = [f'id="{name}"' for name in ("measuring-end", "length-end", "controls-end", "photographs-end", "verdict")]
    assert [end for end in ends if end in students] == []
    assert [end for end in ends if end not in instructor] == []
    notebook = nbformat.read(handed_out / "students" / "6_controls" / "6_controls.ipynb", 4)
    told = "\n".join(cell.source for cell in notebook.cells) + (handed_out / "students" / "README.md").read_text()
    assert not re.search("(?i)not best|masks (lose|win)|they (lose|win)|beat the loss|winners", told)
    figures = {path.name for path in (handed_out / "students" / "figures").iterdir()}
    assert figures and not {
        name for name in figures if name.startswith(("controls", "how_sure", "photographs", "claims"))
    }


def test_slides_that_the_guide_names_are_there(handed_out):
    guide = (handed_out / "instructor" / "guide.md").read_text()
    slides = (handed_out / "instructor" / "slides.html").read_text()
    named = set(re.findall(r"`#([\w-]+)`", guide))
    assert len(named) > 5
    assert named <= set(re.findall(r'<section id="([\w-]+)"', slides))


def test_the_guide_has_the_minutes_and_points_of_the_exercises():
    guide = (planted.EXERCISES / "guide.md").read_text()
    rows = dict(re.findall(r"(?m)^\| (\d) \| [^|]+ \| (\d+) \|", guide))
    every = read_exercises(planted.EXERCISES)
    assert rows == {name[0]: str(exercise.minutes) for name, exercise in every.items()}
    points = re.findall(r"(\d) has (\d+) \+ (\d+)", guide)
    found = {name[0]: (str(exercise.points), str(exercise.read_points)) for name, exercise in every.items()}
    assert points and all(found[number] == (machine, read) for number, machine, read in points)
    told = "".join(re.findall(r"(?m)^\| ([\d, ]+) \| (?:any|\*)", guide))
    assert set(re.findall(r"\d", told)) == {name[0] for name, exercise in every.items() if exercise.first}


def test_a_notebook_tells_its_minutes_and_its_chapter_afterwards():
    for name, exercise in read_exercises(planted.EXERCISES).items():
        top = nbformat.read(exercise.folder / "solution.ipynb", 4).cells[0].source
        assert name.startswith("9") or f"**Time:** {exercise.minutes} minutes" in top
        assert ("read afterwards" in top) == exercise.first


@pytest.mark.parametrize("name", planted.NAMES)
def test_data_are_what_their_recipe_made(name):
    folder = planted.EXERCISES / name
    if not (folder / "data").is_dir():
        pytest.skip("it has no data")
    listed = dict(line.split("  ")[::-1] for line in (folder / "data.sha256").read_text().splitlines())
    files = [str(path.relative_to(folder)) for path in (folder / "data").rglob("*") if path.is_file()]
    assert set(files) <= set(listed)
    assert {file: hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in listed} == listed
    assert (folder / "make_data.py").is_file()


def test_a_folder_of_others_is_not_overwritten(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not written by this command"):
        make_class(read_exercises(planted.EXERCISES), tmp_path, ROOT, report=str)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_with_an_address_a_notebook_fetches_its_folder(tmp_path):
    of, made, alone = planted.exercise("1_measuring"), tmp_path / "made", tmp_path / "alone"
    write_exercise(of, made / of.name, str(made))
    git = ["git", "-C", str(made), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q", "-b", BRANCH], ["add", "-A"], ["commit", "-q", "-m", "made"]):
        subprocess.run([*git, *command], check=True)
    alone.mkdir()
    cells = nbformat.read(made / of.name / f"{of.name}.ipynb", 4).cells
    source = cells[0].source + "\nfrom checking import check\nprint(os.getcwd())"
    for _ in range(2):  # the second time the folder is there, as after a kernel's restart
        done = subprocess.run([sys.executable, "-c", source], cwd=alone, capture_output=True, text=True)
        assert done.stdout.strip() == str(alone / "folder" / of.name), done.stderr
    assert len(cells) == len(student_notebook(of).cells) + 1
    assert "pip" in student_notebook(planted.exercise("5_background_loss"), "https://example.org/x").cells[0].source
