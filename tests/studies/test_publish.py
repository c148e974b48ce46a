"""`bgood study publish`: from runs to results."""

import dataclasses
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bgood_lib.cli.main import app
from bgood_lib.runs.record import read_records
from bgood_lib.studies.status import config_of
from bgood_lib.studies.study import read_study
from bgood_lib.studies.tables import read_study_tables
from bgood_lib.utils.files import read_json, write_json

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path, make_record):
    """A study of three runs, two of them finished, in a folder of its own."""

    def write(publish="publish: tables"):
        file = tmp_path / "mine.yaml"
        file.write_text(
            "title: Mine\nnotebook: notebooks/train.ipynb\ncommon: {epochs: 2}\n"
            f"runs: [{{method: [cross_entropy, background, logitnorm], seed: 0}}]\n{publish}\n"
        )
        study = read_study(file)
        for number, name in enumerate(["cross_entropy-s0", "background-s0"]):
            record = make_record(dataclasses.asdict(config_of(study, name)), weights_sha256=f"{number}" * 64)
            folder = tmp_path / "runs" / "mine" / name
            folder.mkdir(parents=True, exist_ok=True)
            write_json(folder / "record.json", record)
        return tmp_path

    return write


def publish(home):
    places = ["--runs", str(home / "runs"), "--results", str(home / "results")]
    return CliRunner().invoke(app, ["study", "publish", str(home / "mine.yaml"), *places])


def test_tables_are_written_and_what_is_missing_is_said(home):
    home = home()
    done = publish(home)
    assert done.exit_code == 0, done.output
    assert "2 of 3 runs" in done.output and "fewer seeds: logitnorm-s0" in done.output
    tables = read_study_tables(home / "results" / "mine")
    assert list(tables.runs["run"]) == ["cross_entropy-s0", "background-s0"]  # the study's order
    assert tables.data["missing"] == ["logitnorm-s0"]


def test_records_are_copied_where_the_study_says_true(home):
    home = home("publish: true")
    assert publish(home).exit_code == 0
    assert read_records(home / "results" / "mine") == read_records(home / "runs" / "mine")


def test_a_record_of_another_configuration_is_refused(home):
    home = home()
    file = home / "runs" / "mine" / "background-s0" / "record.json"
    record = read_json(file, "")
    record["config"]["weight"] = 0.7
    write_json(file, record)
    done = publish(home)
    assert done.exit_code == 1 and "background-s0 has weight 0.7, the study says 0.1" in done.output
    assert not (home / "results").exists()


@pytest.mark.parametrize("text", ["publish: tables", "publish: true"])
def test_one_training_under_two_names_is_refused(home, text):
    home = home(text)
    for name in ("cross_entropy-s0", "background-s0"):
        file = home / "runs" / "mine" / name / "record.json"
        write_json(file, {**read_json(file, ""), "weights_sha256": "e" * 64})
    done = publish(home)
    assert done.exit_code == 1 and "have equal weights" in done.output
    assert not (home / "results").exists()


def test_a_study_that_publishes_nothing_or_has_nothing_says_so(home):
    assert "write `publish: tables` into its file" in publish(home("publish: false")).output
    place = home()
    for file in place.glob("runs/mine/*/record.json"):
        file.unlink()
    done = publish(place)
    assert done.exit_code == 1 and "no run of study mine is finished" in done.output
