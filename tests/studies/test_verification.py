"""Records against the scores that they claim to come from."""

import dataclasses
import datetime
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from small_bank import make_bank
from typer.testing import CliRunner

from bgood_lib.cli.main import app
from bgood_lib.evaluation.judge import judge
from bgood_lib.runs.record import read_record, write_record
from bgood_lib.studies.results import published, read_results
from bgood_lib.studies.tables import make_study_tables, write_study_tables
from bgood_lib.studies.verification import verify
from bgood_lib.utils.files import write_json

RESULTS = Path(__file__).parents[2] / "results"


@pytest.fixture
def project(tmp_path, make_record):
    """A run with its bank, and its published record."""
    run, bank = tmp_path / "runs" / "study" / "one", make_bank()
    record = make_record(**judge(bank))
    bank.identity = record["identity"]
    bank.save(run / "bank.npz")
    entry = {**record["data"]["ood"][0], "name": "ood", "n": 50}
    record["data"]["ood"] = [entry]
    write_record(run / "record.json", record)
    (tmp_path / "results" / "study").mkdir(parents=True)
    (tmp_path / "results" / "study" / "one.json").write_bytes((run / "record.json").read_bytes())
    return tmp_path


def change(file, edit):
    record = json.loads(file.read_text())
    del record["checksum"]
    edit(record)
    write_json(file, record)


def test_an_honest_record_is_verified_from_both_places(project):
    [run] = verify(project / "runs" / "study" / "one")
    [published] = verify(project / "results", project / "runs")
    for found in (run, published):
        assert found.verdict == "verified" and found.worst < 1e-9 and not found.missing
        assert found.figures > 100


def test_one_changed_figure_is_found(project):
    file = project / "runs" / "study" / "one" / "record.json"

    def edit(record):
        table = record["metrics"]
        table["rows"][3][table["columns"].index("auroc")] -= 0.01

    change(file, edit)
    [found] = verify(project / "runs" / "study" / "one")
    assert found.verdict == "differs" and found.worst == pytest.approx(0.01, abs=1e-6)
    assert found.where.startswith("metrics/ood/") and found.where.endswith("/auroc")
    done = CliRunner().invoke(app, ["verify", str(project / "runs" / "study" / "one")])
    assert done.exit_code == 1 and "1 differs" in done.output


def test_a_figure_without_scores_is_found(project):
    change(project / "runs" / "study" / "one" / "record.json", lambda r: r["mean_norm"].update(extra={"cell": 1.0}))
    [found] = verify(project / "runs" / "study" / "one")
    assert found.verdict == "differs" and "mean_norm/extra/cell" in found.missing


def test_scores_that_are_not_here_are_said_to_be(project):
    published = project / "results" / "study" / "one.json"
    change(published, lambda record: record.update(weights_sha256="c" * 64))
    [found] = verify(published, project / "runs")
    assert found.verdict == "scores not here" and "another training" in found.missing
    [found] = verify(published, project / "elsewhere")
    assert found.verdict == "scores not here" and "bank.npz" in found.missing
    done = CliRunner().invoke(app, ["verify", str(project / "results"), "--runs", str(project / "elsewhere")])
    assert done.exit_code == 3 and "1 scores not here. Of those 1, the files are whole" in done.output


def test_tables_are_verified_too(project, sign_again):
    run = project / "runs" / "study" / "one" / "record.json"
    (project / "results" / "study" / "one.json").unlink()
    write_study_tables(make_study_tables({"one": read_record(run)}), project / "results" / "study")
    [found] = verify(project / "results", project / "runs")
    assert found.verdict == "verified" and 0 < found.worst < 1e-6 and found.figures > 60
    assert found.record == project / "results" / "study" / "one"
    auroc = project / "results" / "study" / "auroc.csv"
    first = auroc.read_text().splitlines()[1]
    value = float(first.split(",")[2])
    auroc.write_text(auroc.read_text().replace(first, first.replace(f",{value}", f",{value - 0.01:.6f}", 1)))
    sign_again(project / "results" / "study")
    [found] = verify(project / "results", project / "runs")
    assert found.verdict == "differs" and found.worst == pytest.approx(0.01, abs=1e-6)
    assert found.where == f"metrics/ood/{first.split(',')[1]}/auroc"
    [found] = verify(project / "results", project / "elsewhere")
    assert found.verdict == "scores not here" and "bank.npz" in found.missing


def test_a_detector_that_was_withdrawn_is_no_difference(project):
    def edit(record):
        table = record["metrics"]
        table["rows"] = [row for row in table["rows"] if row[1] != "KNN"]

    change(project / "results" / "study" / "one.json", edit)
    [whole], [found] = verify(project / "runs" / "study" / "one"), verify(project / "results", project / "runs")
    assert found.verdict == "verified" and found.figures == whole.figures - 5 and not found.missing


def test_a_checkpoint_is_that_of_the_record(project, small_run):
    run = project / "runs" / "study" / "one"
    shutil.copy(small_run / "checkpoint.pt", run)
    [found] = verify(run)
    assert (
        found.verdict == "not whole" and "checkpoint.pt and the bank beside it are not of one training" in found.missing
    )
    content = bytearray((run / "checkpoint.pt").read_bytes())
    content[len(content) // 2] ^= 1
    (run / "checkpoint.pt").write_bytes(content)
    [found] = verify(run)
    assert found.verdict == "not whole" and "checkpoint.pt is no checkpoint, or is damaged" in found.missing
    assert "move it aside" in found.missing
    done = CliRunner().invoke(app, ["verify", str(run)])
    assert done.exit_code == 1 and "1 not whole" in done.output


def test_what_else_a_run_holds_is_no_record(project):
    for folder in (project / "runs" / "study" / "one", project / "runs"):
        (folder / "threshold.json").write_text("{}")
    assert [found.verdict for found in verify(project / "runs")] == ["verified"]


def test_what_is_committed_is_whole_and_the_book_s_explorers_are_no_records():
    found = list(verify(RESULTS, "nowhere"))
    assert found and all(one.whole for one in found), [one.missing for one in found if not one.whole]


def test_nothing_to_verify_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="no record in"):
        list(verify(tmp_path))


def test_a_verification_is_plain_data(project):
    [found] = verify(project / "runs" / "study" / "one")
    assert dataclasses.asdict(found)["figures"] == found.figures


def test_the_outcome_is_kept(project):
    file = project / "kept" / "verified.csv"
    results, runs = str(project / "results"), str(project / "runs")
    command = ["verify", results, "--runs", runs, "--write", str(file)]
    assert CliRunner().invoke(app, command).exit_code == 0
    [row] = pd.read_csv(file).to_dict("records")
    assert (row["study"], row["verdict"], row["records"]) == ("study", "verified", 1)
    assert row["figures"] > 100 and row["largest_difference"] < 1e-9
    assert row["date"] == datetime.date.today().isoformat()
    record = project / "results" / "study" / "one.json"
    change(record, lambda record: record.update(accuracy=record["accuracy"] - 0.25))
    assert CliRunner().invoke(app, command).exit_code == 1
    [row] = pd.read_csv(file).to_dict("records")
    assert (row["verdict"], row["largest_difference"]) == ("differs", 0.25)


def test_the_committed_outcome_is_of_what_is_published():
    kept = pd.read_csv(RESULTS / "verified.csv")
    assert set(kept["verdict"]) <= {"verified", "scores not here"}
    for folder in published(RESULTS):
        assert kept.loc[kept["study"] == folder.name, "records"].sum() == len(read_results(folder).runs), folder.name
