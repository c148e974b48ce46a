"""What the workflow would do with a study, without doing it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from copied import copy_project

from bgood_lib.studies.study import read_study
from bgood_lib.utils.errors import StudyError

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow
MINE = "title: Mine\nnotebook: notebooks/train.ipynb\ncommon: {epochs: 1, n_train: 128}\n"


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """A function from a study's text to what snakemake says of it, in a copy of the project."""
    folder = tmp_path_factory.mktemp("plan")
    project = copy_project(folder / "project")
    environment = {
        **os.environ,
        "BGOOD_DATA": str(folder / "cache"),
        "PYTHONPATH": str(project),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }

    def of(text, *options):
        (project / "studies" / "mine.yaml").write_text(text)
        command = [
            "snakemake",
            *options,
            "--printshellcmds",
            "--cores",
            "1",
            "--config",
            "studies=mine",
            "--",
            "trained",
        ]
        return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=120)

    of.project = project
    return of


def test_all_runs_of_the_study_and_no_others(plan):
    done = plan(MINE + "runs: [{method: [cross_entropy, background], seed: [0, 1]}]\n", "-n")
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    for run in ("cross_entropy-s0", "cross_entropy-s1", "background-s0", "background-s1"):
        assert f"runs/mine/{run}/record.json" in said
    assert "runs/scenes" not in said and "_build" not in said


def test_the_notebook_of_the_study_runs(plan):
    text = (plan.project / "notebooks" / "train.ipynb").read_text()
    (plan.project / "notebooks" / "mine.ipynb").write_text(text)
    study = MINE.replace("notebooks/train.ipynb", "notebooks/mine.ipynb") + "runs: [{seed: 0}]\n"
    done = plan(study, "-n")
    assert "bgood run notebooks/mine.ipynb" in done.stdout + done.stderr


@pytest.mark.parametrize("line", [
    'runs: [{out: "$(touch pwned)"}]', 'runs: [{selector: "$(touch pwned)"}]', 'runs: [{"$(touch pwned)": 1}]',
    'runs: [{seed: 0}]\npages: {"$(touch pwned)": {}}',
])  # fmt: skip
def test_a_name_for_a_shell_is_refused_where_the_workflow_reads_it(line, tmp_path):
    (tmp_path / "mine.yaml").write_text(MINE + line + "\n")
    with pytest.raises(StudyError):
        read_study(tmp_path / "mine.yaml")


@pytest.mark.parametrize("line", [
    'runs: [{out: "$(touch pwned)"}]', "runs: [{seed: 0, init: '`touch pwned`; touch pwned'}]",
])  # fmt: skip
def test_nothing_of_a_study_is_executed(plan, line):
    assert plan(MINE + line + "\n").returncode != 0
    assert not list(plan.project.rglob("pwned"))


def test_a_fresh_clone_makes_no_page_again_but_those_of_newer_results(tmp_path):
    project = copy_project(tmp_path / "project")
    old, page = 1_000_000_000, project / "book/results/study/claims.ipynb"
    shutil.copytree(ROOT / "book/results/study", page.parent)
    for path in page.parent.iterdir():
        os.utime(path, (old, old))  # as git may leave them
    environment = {
        **os.environ,
        "PYTHONPATH": str(project),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }

    def made():
        command = ["snakemake", "-n", "--cores", "1", "--quiet", "host", "--rerun-triggers", "mtime"]
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr[-3000:]
        return f"output: {page.relative_to(project)}" in done.stdout + done.stderr

    assert not made()
    (project / ".snakemake").mkdir(exist_ok=True)
    (project / ".snakemake/alone").touch()  # a workflow was here
    assert not made()
    os.utime(page, (old, old))
    assert made()


@pytest.mark.parametrize("name", ["cifar10", "photos"])  # what is published of them: records, tables
def test_the_book_with_a_study_more(plan, name):
    command = ["snakemake", "-n", "--quiet", "host", "--cores", "1", "--config", f"studies={name}"]
    for path in (plan.project / "results" / name).iterdir():
        path.touch()  # as in a fresh clone
    environment = {**os.environ, "PYTHONPATH": str(plan.project)}
    environment["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(command, cwd=plan.project, env=environment, capture_output=True, text=True, timeout=120)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-3000:]
    assert f"runs/{name}/cross_entropy-s0/record.json" in said and "_build/html/index.html" in said
