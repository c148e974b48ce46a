"""What is published of a study is what its records say, and no training counts twice."""

import hashlib
import json
import re
from pathlib import Path

import pandas as pd
import pytest

from bgood_lib.metrics.ood import METRICS
from bgood_lib.pages.changes import with_baselines
from bgood_lib.runs.record import metrics_frame, read_records, write_record
from bgood_lib.studies.results import published, read_results
from bgood_lib.studies.tables import check_distinct, make_study_tables, read_study_tables, write_study_tables

RESULTS = Path(__file__).parents[2] / "results"


@pytest.fixture
def make(make_record):
    """A function that makes the record of a training of its own: other weights, other figures, two OOD sets."""

    def make(number, config=None, **entries):
        record = make_record(
            {"seed": number, **(config or {})}, weights_sha256=hashlib.sha256(bytes([number])).hexdigest()
        )
        record.update({"identity": f"{number}e26178846263782", "accuracy": 0.9 + number / 3e3, **entries})
        svhn, places = record["data"]["ood"]
        record["data"]["ood"] = [svhn, {**svhn, "name": "mnist", "group": "near", "title": "MNIST"}, places]
        good = record["metrics"][0]
        record["metrics"] = [
            {**good, "ood": ood, "detector": detector, "auroc": (number + 1) / (7 + i)}
            for i, detector in enumerate(("MSP", "ViM", "KNN"))
            for ood in ("svhn", "mnist")
        ]
        return record

    return make


@pytest.fixture
def records(make):
    plain = make(0, {"method": "cross_entropy", "selector": None, "weight": 0.0, "patch_size": None})
    full = make(
        1, {"penalty": "squared_norm", "threshold": 0.5, "flip": True},
        selection={"rank": {"precision": 1 / 3, "recall": 0.5, "chance": 0.25, "chosen": 0.1}},
        norms={"foreground": 2.0, "background": 1.0, "ratio": 2.0},
        overconfidence={"test": {"mean_confidence": 0.9, "above_0.9": 0.7}},
        validation=[{"ood": "val_jigsaw", "detector": "MSP", "auroc": 2 / 3}],
    )  # fmt: skip
    failed = make(2)
    failed["metrics"][2:4] = [
        {"ood": ood, "detector": "ViM", "error": 'ValueError: "a", b'} for ood in ("svhn", "mnist")
    ]
    return {"plain-s0": plain, "full-s1": full, "failed-s2": failed}


def equal(left, right, **how):
    pd.testing.assert_frame_equal(left, right, **how)


def same_as_records(tables, records):
    wanted = metrics_frame(records).drop(columns=["aupr_ood", "aupr_id"])
    got = tables.metrics_frame()
    assert list(got) == list(wanted)
    empty = wanted.notna()
    equal(got.where(got.notna(), "-"), wanted.where(empty, "-"), check_dtype=False, rtol=0, atol=5.1e-7)


def test_what_is_written_is_read(records, tmp_path):
    tables = make_study_tables(records, missing=["full-s0"])
    write_study_tables(tables, tmp_path)
    read = read_study_tables(tmp_path)
    equal(read.runs, tables.runs)
    equal(read.errors, tables.errors, check_dtype=False)
    assert list(read.metrics) == list(METRICS) and read.data == tables.data
    for metric in METRICS:
        equal(read.metrics[metric], tables.metrics[metric])
    same_as_records(tables, records)
    same_as_records(read, records)


def test_every_figure_has_its_place(records, tmp_path):
    write_study_tables(make_study_tables(records), tmp_path)
    read = read_study_tables(tmp_path)
    row = read.runs.set_index("run").loc["full-s1"]
    assert row["selection/rank/precision"] == 0.333333 and row["norms/ratio"] == 2 and row["penalty"] == "squared_norm"
    assert row["overconfidence/test/above_0.9"] == 0.7 and row["accuracy"] == 0.900333 and row["threshold"] == 0.5
    assert row["identity"] == "1e26178846263782" and row["device_name"] == "x" and row["train_seconds"] == 1.5
    assert read.runs["penalty"].isna().tolist() == [True, False, True]
    auroc = read.metrics["auroc"].set_index(["run", "detector"])
    assert list(auroc) == ["svhn", "mnist", "val_jigsaw"]
    assert auroc.loc[("full-s1", "MSP"), "val_jigsaw"] == 0.666667 and auroc["val_jigsaw"].notna().sum() == 1
    assert auroc.loc[("full-s1", "KNN"), "svhn"] == 0.222222
    assert list(read.metrics["fpr95_id_positive"])[2:] == ["svhn", "mnist"]
    assert read.errors["error"].tolist() == ['ValueError: "a", b'] * 2


def test_the_published_records_as_tables(tmp_path):
    records = read_records(RESULTS / "cifar10")
    write_study_tables(make_study_tables(records), tmp_path)
    same_as_records(read_results(tmp_path), records)
    equal(read_results(tmp_path).runs, read_results(RESULTS / "cifar10").runs)


def test_names_that_look_like_numbers_stay_text(make, tmp_path):
    record = make(1, identity="0" * 16)
    record["machine"]["git_commit"] = "123456789012"
    write_study_tables(make_study_tables({"1e5": record}), tmp_path)
    row = read_study_tables(tmp_path).runs.iloc[0]
    assert (row["run"], row["identity"], row["git_commit"]) == ("1e5", "0" * 16, "123456789012")


def test_machines_and_sets_stand_once_or_are_listed(records, tmp_path):
    records["plain-s0"]["machine"]["git_commit"] = "abc"  # has a column of its own
    data = make_study_tables(records, ["full-s0"]).data
    assert (
        [machine["runs"] for machine in data["machines"]]
        == [list(records)]
        == [entry["runs"] for entry in data["data"]]
    )
    assert data["missing"] == ["full-s0"]
    assert [entry["standing"] for entry in data["data"][0]["ood"]] == ["whole", "whole", "missing"]
    records["full-s1"]["machine"]["versions"] = {"torch": "9"}
    machines = make_study_tables(records).data["machines"]
    assert [machine["runs"] for machine in machines] == [["plain-s0", "failed-s2"], ["full-s1"]]


def test_a_set_that_only_some_runs_have_is_missing_in_the_others_only(records, tmp_path):
    places = records["full-s1"]["data"]["ood"][2]
    places.update(standing="whole", n=5, sha256="d" * 64)
    records["full-s1"]["metrics"].append({**records["full-s1"]["metrics"][0], "ood": "places"})
    tables = make_study_tables(records)
    assert len(tables.data["data"]) == 2
    frame = tables.metrics_frame()
    places = frame[frame["ood"] == "places"].set_index("run")
    assert places["n"].to_dict() == {"plain-s0": 0, "full-s1": 5, "failed-s2": 0}
    assert places["detector"].isna().to_dict() == {"plain-s0": True, "full-s1": False, "failed-s2": True}


@pytest.mark.parametrize("place, message", [
    (("train",), "different images called scenes (train)"), (("ood", 0), "different images called svhn (OOD)"),
])  # fmt: skip
def test_one_name_for_different_images_is_refused(records, place, message):
    entry = records["failed-s2"]["data"]
    for key in place:
        entry = entry[key]
    entry["sha256"] = "f" * 64
    with pytest.raises(ValueError, match=f"plain-s0 and failed-s2 saw {re.escape(message)}"):
        make_study_tables(records)


@pytest.mark.parametrize("file", ["runs.csv", "auroc.csv", "errors.csv", "data.json"])
def test_a_changed_digit_is_named_with_the_way_out(records, tmp_path, file):
    write_study_tables(make_study_tables(records), tmp_path)
    text = (tmp_path / file).read_text()
    (tmp_path / file).write_text(re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), text, count=1))
    with pytest.raises(ValueError, match=f"{file} .*checksum.*; publish the study again"):
        read_study_tables(tmp_path)
    (tmp_path / file).write_text(text[:-20])
    with pytest.raises(ValueError, match=f"{file} .*; publish the study again"):
        read_study_tables(tmp_path)


def test_tables_without_checksums_are_refused(records, tmp_path):
    write_study_tables(make_study_tables(records), tmp_path)
    (tmp_path / "data.json").write_text(json.dumps({"missing": []}))
    with pytest.raises(ValueError, match="data.json has no checksum, .*; publish the study again"):
        read_study_tables(tmp_path)


def test_what_a_killed_publishing_left_stands_in_nobodys_way(records, tmp_path):
    tables = make_study_tables(records)
    (tmp_path / ".data.00000000-1-00000000.json").write_text("{half")
    write_study_tables(tables, tmp_path)
    assert published(tmp_path.parent) and len(read_study_tables(tmp_path).runs) == len(records)


def test_one_training_counted_twice_is_refused(records, tmp_path, sign_again):
    twice = {**records, "again-s3": {**records["full-s1"], "identity": "f" * 16}}
    with pytest.raises(ValueError, match="full-s1 and again-s3 have equal weights: they are one training"):
        make_study_tables(twice)
    write_study_tables(make_study_tables(records), tmp_path)
    hashes = [record["weights_sha256"] for record in records.values()]
    runs = tmp_path / "runs.csv"
    runs.write_text(runs.read_text().replace(hashes[2], hashes[0]))
    sign_again(tmp_path)
    with pytest.raises(ValueError, match="plain-s0 and failed-s2 have equal weights"):
        read_study_tables(tmp_path)


def test_files_that_do_not_belong_together_are_refused(records, tmp_path, sign_again):
    write_study_tables(make_study_tables(records), tmp_path)
    auroc = tmp_path / "auroc.csv"
    whole = auroc.read_text()
    auroc.write_text("".join(line for line in whole.splitlines(True) if "failed-s2" not in line))
    sign_again(tmp_path)
    with pytest.raises(ValueError, match=r"auroc.csv and runs.csv are not of the same runs \(failed-s2\)"):
        read_study_tables(tmp_path)
    auroc.write_text(whole.replace("detector", "score", 1))
    sign_again(tmp_path)
    with pytest.raises(ValueError, match="auroc.csv has no column detector"):
        read_study_tables(tmp_path)
    auroc.unlink()
    with pytest.raises(FileNotFoundError, match="auroc.csv"):
        read_study_tables(tmp_path)


def test_a_folder_of_records_gets_no_tables(records, tmp_path):
    write_record(tmp_path / "plain-s0.json", records["plain-s0"])
    with pytest.raises(ValueError, match="holds records already .plain-s0.json"):
        write_study_tables(make_study_tables(records), tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_published_again_leaves_nothing_of_before(records, tmp_path):
    write_study_tables(make_study_tables(records), tmp_path)
    assert (tmp_path / "errors.csv").is_file()
    del records["failed-s2"]
    write_study_tables(make_study_tables(records), tmp_path)
    assert not (tmp_path / "errors.csv").exists()
    same_as_records(read_results(tmp_path), records)


def test_a_run_without_metrics_is_named(records):
    records["full-s1"]["metrics"] = []
    with pytest.raises(ValueError, match="full-s1 was judged on no OOD set"):
        make_study_tables(records)


def test_a_large_study_stays_small(make, tmp_path):
    sets = [f"scenes_a_long_name_{i}" for i in range(5)]
    records = {}
    for number in range(120):
        record = make(number)
        entry = record["data"]["ood"][0]
        record["data"]["ood"] = [{**entry, "name": name} for name in sets]
        record["metrics"] = [
            {"ood": name, "detector": f"a_detector_{i}", **dict.fromkeys(METRICS, (number + i + 1) / 789)}
            for name in sets for i in range(33)
        ]  # fmt: skip
        record["validation"] = [
            {"ood": name, "detector": f"a_detector_{i}", "auroc": 2 / 3}
            for name in ("val_jigsaw", "val_ood")
            for i in range(33)
        ]
        records[f"logitnorm_background-least_evidence-w0.05-squared_norm-s{number}"] = record
    write_study_tables(make_study_tables(records), tmp_path)
    assert max(file.stat().st_size for file in tmp_path.iterdir()) < 1_000_000
    assert len(read_study_tables(tmp_path).metrics_frame()) == 120 * 33 * 5


def test_distinct_runs_only():
    check_distinct(pd.DataFrame({"run": ["a", "b"], "weights_sha256": ["x", "y"]}))
    with pytest.raises(ValueError, match="two runs called a"):
        check_distinct(pd.DataFrame({"run": ["a", "a"], "weights_sha256": ["x", "y"]}))


def test_every_kind_of_folder_is_found(records, tmp_path):
    write_record(tmp_path / "whole" / "plain-s0.json", records["plain-s0"])
    write_study_tables(make_study_tables({"full-s1": records["full-s1"]}), tmp_path / "small")
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "SHA256SUMS").touch()
    assert [folder.name for folder in published(tmp_path)] == ["small", "whole"]
    assert [list(read_results(folder).runs["run"]) for folder in published(tmp_path)] == [["full-s1"], ["plain-s0"]]


def test_several_folders_read_as_one(records, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for name in list(records)[:-1]:
        write_record(one / f"{name}.json", records[name])
    last = list(records)[-1]
    write_study_tables(make_study_tables({last: records[last]}, missing=["gone"]), two)
    joined, whole = read_results(one, two), make_study_tables(records)
    assert set(joined.runs["run"]) == set(records) and joined.data["missing"] == ["gone"]
    columns = ["run", "ood", "detector", "auroc"]
    pd.testing.assert_frame_equal(
        joined.metrics_frame()[columns].sort_values(columns).reset_index(drop=True),
        whole.metrics_frame()[columns].sort_values(columns).reset_index(drop=True),
        atol=1e-6,
        check_dtype=False,
    )
    assert len(joined.errors) == len(whole.errors) > 0


def test_baselines_come_from_another_study(records, make, tmp_path):
    small = make(3, {"method": "cross_entropy", "selector": None, "weight": 0.0, "n_train": 200})
    for name, record in {"plain-s0": records["plain-s0"], "full-s1": records["full-s1"], "small-s3": small}.items():
        write_record(tmp_path / "first" / f"{name}.json", record)
    write_record(tmp_path / "mine" / "failed-s2.json", records["failed-s2"])
    study, runs, metrics = with_baselines(tmp_path / "mine", tmp_path / "first")
    assert set(runs["run"]) == set(metrics["run"]) == {"plain-s0", "failed-s2"}
    assert len(study.runs) == 4


def test_several_folders_must_not_share_a_training_or_differ_in_a_set(records, tmp_path):
    names = list(records)
    write_record(tmp_path / "one" / f"{names[0]}.json", records[names[0]])
    write_record(tmp_path / "two" / "again-s7.json", records[names[0]])
    with pytest.raises(ValueError, match="equal weights: they are one training, counted twice"):
        read_results(tmp_path / "one", tmp_path / "two")
    records[names[1]]["data"]["ood"][0]["sha256"] = "0" * 64
    write_record(tmp_path / "three" / f"{names[1]}.json", records[names[1]])
    with pytest.raises(ValueError, match="different images called svhn"):
        read_results(tmp_path / "one", tmp_path / "three")


# Studies some of whose trainings are another study's, tested on other images, as their records say.
TESTED_ANEW = {"relatives_photos": "photos_objects"}


@pytest.mark.parametrize("study, name", TESTED_ANEW.items())
def test_what_is_tested_anew_is_tested_on_other_images(study, name):
    for part in read_results(RESULTS / study).data["data"]:
        assert [entry["note"] for entry in part["ood"] if entry["name"] == name] != [""]


def test_no_training_is_published_twice():
    folders = [folder for folder in published(RESULTS) if folder.name not in TESTED_ANEW]
    assert folders
    runs = [
        read_results(folder).runs.assign(run=lambda runs, at=folder: f"{at.name}/" + runs["run"]) for folder in folders
    ]
    check_distinct(pd.concat(runs), "results")


@pytest.mark.parametrize("folder", published(RESULTS), ids=lambda folder: folder.name)
def test_what_was_withdrawn_is_said_and_gone(folder):
    """A study that was trained since has them back, and ``ScaledMSP`` with them."""
    study, mended = read_results(folder), {"OpenMax", "NNGuide", "GEN"}
    if "withdrawn" in study.data:
        assert set(study.data["withdrawn"]["detectors"]) == mended and study.data["withdrawn"]["why"]
    for table in study.metrics.values():
        there = set(table["detector"])
        assert "MSP" in there and (mended <= there if "ScaledMSP" in there else not mended & there)


def test_data_json_is_plain(records, tmp_path):
    write_study_tables(make_study_tables(records), tmp_path)
    data = json.loads((tmp_path / "data.json").read_text())
    assert list(data) == ["missing", "config", "data", "machines", "sha256", "checksum"]
    assert data["data"][0]["fit_images"] == 100
