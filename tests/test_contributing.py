"""The recipes of CONTRIBUTING.md, all followed in a copy of the project: what they add works, and retrains nothing."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from copied import ROOT, copy_project

from bgood_lib.runs.identity import training_fingerprint
from bgood_lib.runs.record import read_record
from bgood_lib.training.config import make_config

pytestmark = pytest.mark.slow
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
BLOCK = re.compile(r"```\w+\n# ([\w./]+)(?:, below: (.*?))?\n(.*?)```", re.S)
BLOCKS = BLOCK.findall(TEXT)
FINGERPRINT = """
from bgood_lib.runs.identity import training_fingerprint
from bgood_lib.training.config import make_config
print(training_fingerprint(make_config("scenes")), end="")
"""


def follow(path, below, text):
    """Put the text of a recipe where it says."""
    if path.suffix == ".ipynb":
        cells = [nbformat.v4.new_code_cell(cell.strip()) for cell in text.split("\n\n", 1)]
        cells[0].metadata["tags"] = ["parameters"]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
        return
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    found = [i for i, line in enumerate(lines, 1) if below and line.strip() == below]
    assert len(found) == bool(below), f"{path.name} has the line {below!r} {len(found)} times"
    lines.insert(*found or [len(lines)], text if below or not lines else f"\n\n{text}")
    path.write_text("".join(lines))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A function that runs a command where all recipes were followed, and returns what it printed."""
    project = copy_project(tmp_path_factory.mktemp("contributing") / "project")
    for name, below, text in BLOCKS:
        follow(project / name, below, text)
    cache = {"BGOOD_DATA": str(project.parent / "cache"), "PYTHONPATH": str(project), "OMP_NUM_THREADS": "1"}

    def run(*command):
        command = [str(word) for word in command]
        done = subprocess.run(
            command, cwd=project, env={**os.environ, **cache}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run.project = project
    return run


@pytest.mark.parametrize("what", ["selector", "penalty", "detector", "data set", "page"])
def test_a_file_and_at_most_a_line_elsewhere(what):
    recipe = re.search(rf"^### A {what}$(.*?)(?=^##|\Z)", TEXT, re.S | re.M)[1]
    first, *others = BLOCK.findall(recipe)
    assert len(others) <= 1 and all(below and text.count("\n") == 1 for _, below, text in others)


def test_what_the_recipes_add_is_trained_evaluated_and_shown(run):
    bgood = [Path(sys.executable).with_name("bgood")]
    assert "smoothed_background" in run(*bgood, "study", "plan", "mine")
    np.savez(run.project / "usps_test.npz", images=np.zeros((2007, 32, 32, 3), np.uint8))
    run(*bgood, "data", "prepare", "usps", "--from", run.project)
    values = ["method=smoothed_background", "selector=left_half", "penalty=largest_feature", "profile=tiny"]
    words = [
        word for value in [*values, "n_train=384", "fit_images=200", "out=runs/mine/one"] for word in ("-p", value)
    ]
    run(*bgood, "run", "-q", "notebooks/train.ipynb", "out/train.ipynb", *words)
    record = read_record(run.project / "runs/mine/one/record.json")
    assert record["config"]["smoothing"] == 0.1 and record["config"]["network"] == "tiny_cnn"
    assert ("usps", "Peak") in {(row["ood"], row["detector"]) for row in record["metrics"]}
    assert "Peak" in run(*bgood, "evaluate", "runs/mine/one", "--detectors", "Peak", "--resamples", "0")


def test_the_page_is_made_by_itself(run):
    plan = run(
        sys.executable,
        "-m",
        "snakemake",
        "-n",
        "--quiet",
        "rules",
        "--cores",
        "1",
        "--",
        "book/results/study/mine.ipynb",
    )
    assert "book/results/study/mine.ipynb" in plan
    run(
        Path(sys.executable).with_name("bgood"),
        "run",
        "-q",
        "notebooks/mine.ipynb",
        "out/mine.ipynb",
        "-p",
        "detector=MSP",
    )
    assert "background" in (run.project / "out/mine.ipynb").read_text()


def test_no_training_of_others_counts_as_another(run):
    assert run(sys.executable, "-c", FINGERPRINT) == training_fingerprint(make_config("scenes"))
