"""One's own pictures: class, score, verdict."""

import dataclasses
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from bgood_lib import datasets
from bgood_lib.cli.main import app
from bgood_lib.datasets import scenes
from bgood_lib.datasets.images import find_images, read_images
from bgood_lib.detectors.scoring import fit, score
from bgood_lib.evaluation import own_images
from bgood_lib.features import extract
from bgood_lib.runs.run import open_run
from bgood_lib.runs.weights import load_weights, save_weights
from bgood_lib.training.config import make_config


@pytest.fixture
def run_folder(small_run, tmp_path, monkeypatch):
    """A copy of the small run that may be written to."""
    monkeypatch.setenv("BGOOD_DATA", str(small_run / "cache"))
    return shutil.copytree(small_run, tmp_path / "run", ignore=shutil.ignore_patterns("cache", "threshold.json"))


@pytest.mark.parametrize("detector", ["MSP", "KNN"])
def test_scores_are_those_of_the_network(run_folder, pictures, detector):
    run, files = open_run(run_folder), find_images([pictures])
    table = own_images.score_images(run, files, detector)
    images = read_images(files)
    features = extract(run.network(), images, [-1] * len(images))
    assert table["score"].tolist() == fit(detector, run.bank).score(features).tolist()
    assert table["class"].tolist() == [scenes.CLASSES[i] for i in features.logits.argmax(1)]
    assert table["path"].tolist() == list(map(str, files))
    limit = table["threshold"][0]
    assert (table["verdict"] == np.where(table["score"] > limit, "unknown", "known")).all()
    accepted = np.mean(score(detector, run.bank)["test"] <= limit)
    assert 0.95 <= accepted < 0.96


def test_the_threshold_is_kept_for_these_weights(run_folder):
    run = open_run(run_folder)
    fitted = fit("Energy", run.bank)
    value = own_images.threshold(run, fitted)
    own_images.threshold(run, fit("MSP", run.bank))
    file = run_folder / "threshold.json"
    kept = json.loads(file.read_text())
    assert set(kept) == {"Energy", "MSP"} and kept["Energy"]["threshold"] == value
    assert kept["Energy"]["accepted"] == 0.95 and kept["Energy"]["n"] == 2000
    kept["Energy"]["threshold"] = 7.0
    file.write_text(json.dumps(kept))
    assert own_images.threshold(run, fitted) == 7
    kept["Energy"]["weights_sha256"] = "other"
    file.write_text(json.dumps(kept))
    assert own_images.threshold(run, fitted) == value


def test_a_transductive_detector_is_refused(run_folder, pictures):
    with pytest.raises(ValueError, match="ETLT is transductive"):
        own_images.score_images(open_run(run_folder), [pictures / "b.png"], "ETLT")


def test_command(run_folder, pictures, tmp_path):
    arguments = ["score", str(run_folder), str(pictures), str(pictures / "b.png"), "--detector", "KNN"]
    done = CliRunner().invoke(app, [*arguments, "--csv", str(tmp_path / "scores.csv")])
    assert done.exit_code == 0, done.output
    table = pd.read_csv(tmp_path / "scores.csv")
    assert list(table.columns) == ["path", "class", "score", "threshold", "verdict"] and len(table) == 5
    assert "verdict" in done.output and str(pictures / "b.png") in done.output
    refused = CliRunner().invoke(app, ["score", str(run_folder), str(pictures / "notes.txt")])
    assert refused.exit_code == 1 and "notes.txt cannot be read as an image" in refused.output
    unknown = CliRunner().invoke(app, [*arguments[:3], "--detector", "knn"])
    assert unknown.exit_code == 1 and "error: unknown detector 'knn'" in unknown.output


def test_an_array_is_judged(run_folder, images):
    run = open_run(run_folder)
    table = run.judge(images, "Energy")
    assert list(table.columns) == ["class", "score", "threshold", "verdict"] and len(table) == len(images)
    assert table["score"].tolist() == fit("Energy", run.bank).score(extract(run.network(), images, [-1] * 40)).tolist()
    for wrong in (images / 255, images[0], images[:0], images.transpose(0, 3, 1, 2)):
        with pytest.raises(ValueError, match="images are .*; expected uint8 .N, 32, 32, 3."):
            run.judge(wrong)


def test_a_network_alone_judges_by_the_id_test_images(run_folder, pictures, tmp_path):
    run = open_run(run_folder)
    config = dataclasses.asdict(make_config("scenes", method="cross_entropy", epochs=1))
    save_weights(run.network(), tmp_path / "net.safetensors", config)
    network = load_weights(tmp_path / "net.safetensors")
    done = CliRunner().invoke(
        app, ["score", str(tmp_path / "net.safetensors"), str(pictures), "--csv", str(tmp_path / "t.csv")]
    )
    assert done.exit_code == 0, done.output
    table = pd.read_csv(tmp_path / "t.csv")
    features = extract(network, read_images(find_images([pictures])), [-1] * 4)
    np.testing.assert_allclose(
        table["score"], -np.exp(features.logits - np.logaddexp.reduce(features.logits, 1)[:, None]).max(1), rtol=1e-5
    )
    logits = extract(network, *datasets.load("scenes", "test")).logits
    scores = -np.exp(logits - np.logaddexp.reduce(logits, 1)[:, None]).max(1)
    assert 0.95 <= np.mean(scores <= table["threshold"][0] + 1e-6) < 0.96
    assert not (tmp_path / "threshold.json").exists()


def test_own_pictures_are_an_ood_set(run_folder, pictures, tmp_path):
    command = ["evaluate", str(run_folder), "--resamples", "0", "--detectors", "MSP", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, [*command, "--ood", str(pictures), "--ood", "scenes_unseen"])
    assert done.exit_code == 0, done.output
    [file] = tmp_path.glob("evaluation-*.csv")  # the table of the protocol's own sets has another name
    assert file.name.startswith("evaluation-all-with-pictures-") and file.name.endswith("-MSP.csv")
    rows = pd.read_csv(file).set_index("set")
    assert (rows.loc["pictures", "standing"], rows.loc["pictures", "n"]) == ("own", 4)
    assert "scenes_unseen" in rows.index and "OOD, own: pictures (own), N = 4" in done.output


def test_images_for_validation_set_the_threshold(run_folder):
    """Where a bank has some; a threshold that was kept for test images is not taken."""
    run = open_run(run_folder)
    fitted = fit("MSP", run.bank)
    by_test = own_images.threshold(run, fitted)
    val = run.bank["test"].take(slice(0, 30))
    with_val = dataclasses.replace(run, bank=run.bank.with_sets({"val": val}))
    limit = own_images.threshold(with_val, fitted)
    assert limit == np.sort(fitted.score(val))[28] != by_test
    assert json.loads((run_folder / "threshold.json").read_text())["MSP"] | {"weights_sha256": ""} == {
        "threshold": limit, "accepted": 0.95, "set": "val", "n": 30, "weights_sha256": "",
    }  # fmt: skip
    assert own_images.threshold(run, fitted) == by_test


def test_the_command_draws_cells_and_a_page(run_folder, pictures, tmp_path):
    command = ["score", str(run_folder), str(pictures), "--cells", str(tmp_path / "cells")]
    done = CliRunner().invoke(app, [*command, "--html", str(tmp_path / "page.html")])
    assert done.exit_code == 0, done.output
    assert [file.name for file in sorted((tmp_path / "cells").iterdir())] == [
        "0001-a.png", "0002-b.png", "0003-grey.png", "0004-c.png",
    ]  # fmt: skip
    assert (tmp_path / "page.html").read_text().count("<figcaption") == 4
    (tmp_path / "mine.html").write_text("mine")
    refused = CliRunner().invoke(app, [*command[:3], "--html", str(tmp_path / "mine.html")])
    assert refused.exit_code == 1 and "was not written by this command" in refused.output
