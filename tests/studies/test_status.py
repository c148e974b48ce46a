"""What `bgood study plan` and `bgood study status` say."""

import dataclasses
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from bgood_lib import datasets
from bgood_lib.cli.main import app
from bgood_lib.runs.identity import run_id
from bgood_lib.studies.status import config_of, minutes_of, state_of
from bgood_lib.studies.study import read_study
from bgood_lib.utils.files import write_json

ROOT = Path(__file__).parents[2]


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study of three short runs, in a folder of its own."""
    monkeypatch.chdir(ROOT)
    file = tmp_path / "mine.yaml"
    file.write_text(
        "title: Mine\nnotebook: notebooks/train.ipynb\ncommon: {epochs: 2, n_train: 100}\n"
        "runs: [{method: [cross_entropy, background, logitnorm], seed: 0}]\npages: {}\n"
    )
    return file


def finish(folder, config, make_record, **entries):
    folder.mkdir(parents=True)
    run = run_id(config, datasets.info("scenes", "train").sha256)
    record = make_record(dataclasses.asdict(config), **{"identity": run, "train_seconds": 60.0, **entries})
    write_json(folder / "record.json", record)


def fail(folder):
    folder.mkdir(parents=True, exist_ok=True)
    output = nbformat.v4.new_output("error", ename="TrainingDiverged", evalue="the loss is not finite", traceback=[])
    cell = nbformat.v4.new_code_cell("train()", outputs=[output])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / "train.ipynb")


def test_plan_and_status(study, tmp_path, make_record):
    opened, runs = read_study(study), tmp_path / "runs"
    finish(runs / "mine" / "cross_entropy-s0", config_of(opened, "cross_entropy-s0"), make_record)
    fail(runs / "mine" / "background-s0")
    done = CliRunner().invoke(app, ["study", "status", str(study), "--runs", str(runs)])
    lines = done.output.splitlines()
    assert lines[0] == "done    cross_entropy-s0  accuracy 90.00%"
    assert lines[1] == "failed  background-s0  the loss is not finite"
    assert lines[2] == "to do   logitnorm-s0"
    assert lines[3] == "1 done, 1 failed, 1 to do"
    done = CliRunner().invoke(app, ["study", "plan", str(study), "--runs", str(runs)])
    assert "about 1.0 minutes" in done.output  # as long as the one that is done
    device = make_record()["machine"]["device_name"]
    said = f"3 runs; to do: about 2 minutes of one process (training only), by past runs on {device}"
    assert said in done.output


def test_a_record_of_something_else_is_changed(study, tmp_path, make_record):
    opened, folder = read_study(study), tmp_path / "one"
    config = config_of(opened, "background-s0")
    finish(folder, config, make_record)
    assert state_of(folder, config)[0] == "done"
    assert state_of(folder, dataclasses.replace(config, weight=0.2))[0] == "changed"
    (folder / "record.json").unlink()
    assert state_of(folder, config) == ("to do", "")
    (folder / "checkpoint.pt").touch()
    assert state_of(folder, config) == ("begun", "")


def test_minutes_come_from_the_same_network_only(study, make_record):
    config = config_of(read_study(study), "background-s0")
    same = make_record({**dataclasses.asdict(config), "epochs": 4, "n_train": 200}, train_seconds=240.0)
    assert minutes_of(config, [same]) == (pytest.approx(1.0), False)  # 0.3 s an image and epoch
    assert minutes_of(config, [{**same, "evaluation_seconds": 90.0}]) == (pytest.approx(2.5), True)
    assert minutes_of(dataclasses.replace(config, width=32), [same]) == (None, False)


def test_an_impossible_run_hides_no_other(study, tmp_path):
    study.write_text(
        "title: Mine\nnotebook: notebooks/train.ipynb\ncommon: {epochs: 2, n_train: 100}\nruns:\n"
        "  - {method: background, patch_size: [1, 8, 32]}\n  - {method: [cross_entropy, nothing]}\n"
        "  - {method: cross_entropy, weight: 0.5}\n  - {selector: rank, top_k: 6}\npages: {report: {wieght: 1}}\n"
    )
    for command in ("plan", "status"):
        done = CliRunner().invoke(app, ["study", command, str(study), "--runs", str(tmp_path)])
        lines = {line.split()[-1 if line.startswith("to do") else 1]: line for line in done.output.splitlines()}
        assert done.exit_code == 1 and "cannot be made; put right what is told" in done.output
        assert lines["background-p1"].startswith("to do") and lines["background-p8"].startswith("to do")
        assert "patch_size is 32; on this map it must be between 1 and 8" in lines["background-p32"]
        assert "method is 'nothing'" in lines["nothing"]
        told = "the same training as cross_entropy, as weight (not given, 0.5) makes no difference with method cross_entropy"
        assert f"{told}; take weight away" in lines["cross_entropy-w0.5"]
        assert "has no parameter 'wieght'; did you mean 'weight'?" in done.output


def test_an_unknown_study_is_named(tmp_path):
    done = CliRunner().invoke(app, ["study", "plan", "scnes"])
    assert done.exit_code == 1 and "no study 'scnes'" in done.output
