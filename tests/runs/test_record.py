import json
import re
from pathlib import Path

import numpy as np
import pytest

from bgood_lib.runs.record import check_record, metrics_frame, read_records, write_record
from bgood_lib.utils.files import locate, write_json


def changed(record, path, value):
    """The record with one entry replaced, or taken out where ``value`` is ``...``."""
    *way, last = path
    place = record
    for key in way:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return record


def test_a_good_record_is_accepted(make_record):
    check_record(make_record())


@pytest.mark.parametrize("path, value, message", [
    (["accuracy"], ..., "it has no entry 'accuracy'; expected one"),
    (["accuracy"], 88.3, "accuracy is 88.3; expected a number from 0 to 1"),
    (["accuracy"], "0.9", "accuracy is \"0.9\"; expected a number from 0 to 1"),
    (["schema"], 1, "schema is 1, as of another version"),
    (["identity"], "xyz", "identity is \"xyz\"; expected 16 digits of 0-9, a-f"),
    (["weights_sha256"], "b" * 63, "weights_sha256"),
    (["history"], [], "history"),
    (["train_seconds"], -1, "train_seconds"),
    (["config", "seed"], ..., "config has no entry 'seed'; expected one"),
    (["config", "epochs"], ..., "config has no entry 'epochs'; expected one"),
    (["config", "n_train"], ..., "config has no entry 'n_train'; expected one"),
    (["data", "train", "n"], 0, "data/train/n"),
    (["data", "ood", 0, "sha256"], ..., "data/ood/0 has no entry 'sha256'; expected one"),
    (["data", "ood", 1, "note"], ..., "data/ood/1 has no entry 'note'; expected one"),
    (["data", "ood", 0, "standing"], "half", "data/ood/0/standing is \"half\"; expected one of whole, part"),
    (["data", "ood", 1, "standing"], "part", "data/ood/1"),
    (["config", "precision"], ..., "config has no entry 'precision'; expected one"),
    (["metrics", 0, "auroc"], 1.01, "metrics/0/auroc is 1.01; expected a number from 0 to 1"),
    (["metrics", 1, "fpr95_id_positive"], ..., "metrics/1 has no entry 'fpr95_id_positive'; expected one"),
])  # fmt: skip
def test_a_bad_record_is_refused_with_the_place(make_record, path, value, message):
    with pytest.raises(ValueError, match="here.json is not a valid record: " + re.escape(message)):
        check_record(changed(make_record(), path, value), "here.json")


def test_what_is_written_is_read(make_record, tmp_path):
    content = make_record()
    del content["schema"], content["finished"]
    written = write_record(tmp_path / "a-s0" / "record.json", content)
    assert written["schema"] == 2 and written["finished"].endswith("+00:00")
    assert read_records(tmp_path) == {"a-s0": written}


def test_a_detector_that_failed_is_written_and_read(make_record, tmp_path):
    record = make_record()
    failed = {"ood": "svhn", "detector": "ViM", "error": "ValueError: no"}
    record["metrics"].append(failed)
    write_record(tmp_path / "a.json", record)
    assert json.loads((tmp_path / "a.json").read_text())["metrics"]["columns"][:3] == ["ood", "detector", "auroc"]
    read = read_records(tmp_path)["a"]
    assert read["metrics"] == record["metrics"]
    row = metrics_frame({"a": read}).query("detector == 'ViM'").iloc[0]
    assert row["error"] == "ValueError: no" and np.isnan(row["auroc"])


def test_published_records_are_read():
    published = Path(__file__).parents[2] / "results/cifar10"
    assert all(len(record["metrics"]) > 10 for record in read_records(published).values())


def test_a_changed_digit_is_named_with_the_way_out(make_record, tmp_path):
    written = write_record(tmp_path / "a.json", make_record())
    text = (tmp_path / "a.json").read_text()
    (tmp_path / "a.json").write_text(text.replace("0.9", "0.8", 1))
    with pytest.raises(ValueError, match="a.json was changed .*checksum.*; move it aside"):
        read_records(tmp_path)
    for same in (json.dumps(json.loads(text)), text.replace('"checksum"', '"chegksum"')):
        (tmp_path / "a.json").write_text(same)
        assert read_records(tmp_path)["a"] == written


def test_bytes_that_are_no_text_are_named(make_record, tmp_path):
    write_record(tmp_path / "a.json", make_record())
    (tmp_path / "a.json").write_bytes(b"\xff" + (tmp_path / "a.json").read_bytes())
    with pytest.raises(ValueError, match="a.json is not whole JSON .*; move it aside"):
        read_records(tmp_path)


def test_what_a_killed_process_left_is_no_record(make_record, tmp_path):
    write_record(tmp_path / "a.json", make_record())
    (tmp_path / ".b.00000000-1-00000000.json").write_text("{half")
    assert list(read_records(tmp_path)) == ["a"]


def test_no_name_is_repeated(make_record, tmp_path):
    metrics = [{**make_record()["metrics"][0], "detector": f"d{i}"} for i in range(100)]
    write_record(tmp_path / "a.json", make_record(metrics=metrics))
    assert (tmp_path / "a.json").read_text().count("fpr95_id_positive") == 1


@pytest.mark.parametrize("metrics", [{"columns": ["ood"]}, 3, {"columns": ["ood"], "rows": [["a"]]}])
def test_a_bad_table_of_metrics_is_refused(make_record, tmp_path, metrics):
    write_json(tmp_path / "a.json", make_record(metrics=metrics))
    with pytest.raises(ValueError, match="a.json is not a valid record: metrics"):
        read_records(tmp_path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2])
def test_nothing_is_written_of_a_bad_record(make_record, tmp_path, value):
    with pytest.raises(ValueError):
        write_record(tmp_path / "record.json", make_record(accuracy=value))
    assert not list(tmp_path.iterdir())


def test_both_layouts_are_read_and_sorted(make_record, tmp_path):
    write_record(tmp_path / "b" / "record.json", make_record(accuracy=0.5))
    write_record(tmp_path / "a.json", make_record(accuracy=0.25))
    assert {name: record["accuracy"] for name, record in read_records(tmp_path).items()} == {"a": 0.25, "b": 0.5}
    assert list(read_records(tmp_path)) == ["a", "b"]


def test_half_a_record_is_named(make_record, tmp_path):
    path = tmp_path / "a" / "record.json"
    write_record(path, make_record())
    path.write_text(path.read_text()[:500])
    with pytest.raises(ValueError, match=re.escape(f"{path} is not whole JSON")):
        read_records(tmp_path)
    path.write_text(json.dumps({"schema": 2}))
    with pytest.raises(ValueError, match=re.escape(f"{path} has no checksum, so nobody can say")):
        read_records(tmp_path)
    write_json(path, {"schema": 2})
    with pytest.raises(ValueError, match=re.escape(f"{path} is not a valid record")):
        read_records(tmp_path)


@pytest.mark.parametrize("folder", [".", "missing"])
def test_no_records_says_what_makes_some(tmp_path, folder):
    with pytest.raises(FileNotFoundError, match="make book"):
        read_records(tmp_path / folder)


def test_locate_looks_upwards(tmp_path, monkeypatch):
    (tmp_path / "runs").mkdir()
    (tmp_path / "notebooks").mkdir()
    for folder in (tmp_path, tmp_path / "notebooks"):
        monkeypatch.chdir(folder)
        assert locate("runs").resolve() == (tmp_path / "runs").resolve()
    assert locate(tmp_path / "runs") == tmp_path / "runs"


def test_frame_has_a_row_per_set_and_detector_and_one_for_a_missing_set(make_record):
    frame = metrics_frame(
        {"one": make_record(), "two": make_record({"seed": 1, "selector": None, "patch_size": None}, accuracy=0.5)}
    )
    assert len(frame) == 6
    svhn, places = frame[frame["ood"] == "svhn"], frame[frame["ood"] == "places"]
    assert svhn["detector"].tolist() == ["MSP", "KNN"] * 2 and (svhn["auroc"] == 0.8).all() and (svhn["n"] == 20).all()
    assert places["detector"].isna().all() and places["auroc"].isna().all() and (places["n"] == 0).all()
    assert places["title"].tolist() == ["Places"] * 2 and (places["standing"] == "missing").all()
    two = frame[frame["run"] == "two"]
    assert (two["seed"] == 1).all() and (two["accuracy"] == 0.5).all() and two["selector"].isna().all()
    assert {"method", "weight", "epochs", "n_train", "group"} <= set(frame.columns)


def test_frame_carries_every_field_of_the_configuration(make_record):
    frame = metrics_frame({"old": make_record(), "new": make_record({"penalty": "squared_norm", "threshold": 0.5})})
    assert frame.groupby("run")["penalty"].first()["new"] == "squared_norm"
    assert frame[frame["run"] == "old"]["penalty"].isna().all() and frame["stages"].eq(2).all()


def test_a_folder_of_tables_is_not_taken_for_records(tmp_path):
    (tmp_path / "runs.csv").touch()
    (tmp_path / "data.json").write_text("{}")
    with pytest.raises(ValueError, match="holds tables of a study, not records; .*read_results"):
        read_records(tmp_path)
