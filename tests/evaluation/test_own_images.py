"""One's own pictures: class, score, verdict."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from bgood_lib.cli.main import app
from bgood_lib.datasets import scenes
from bgood_lib.datasets.images import find_images, read_classes, read_images
from bgood_lib.detectors.scoring import fit, score
from bgood_lib.evaluation import own_images
from bgood_lib.features import extract
from bgood_lib.runs.run import open_run


@pytest.fixture
def run_folder(small_run, tmp_path, monkeypatch):
    """A copy of the small run that may be written to."""
    monkeypatch.setenv("BGOOD_DATA", str(small_run / "cache"))
    return shutil.copytree(small_run, tmp_path / "run", ignore=shutil.ignore_patterns("cache", "threshold.json"))


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name, size in (("b.png", (32, 32)), ("a.JPG", (50, 80)), ("more/c.png", (300, 40))):
        Image.fromarray(rng.integers(0, 256, (*size, 3), np.uint8)).save(folder / name)
    Image.new("L", (64, 64), 9).save(folder / "grey.gif")
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_images_are_found_in_folders_below(pictures):
    found = find_images([pictures / "b.png", pictures])
    assert [file.name for file in found] == ["b.png", "a.JPG", "b.png", "grey.gif", "c.png"]
    with pytest.raises(FileNotFoundError, match="there is no file or folder .*nowhere"):
        find_images([pictures / "nowhere"])
    (pictures / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no images in .*empty; known endings: .*.png"):
        find_images([pictures / "empty"])


def test_any_size_is_brought_to_32(pictures):
    wide = np.zeros((32, 64, 3), np.uint8)
    wide[:, 16:48] = 200
    Image.fromarray(wide).save(pictures / "wide.png")
    images = read_images([pictures / "a.JPG", pictures / "grey.gif", pictures / "wide.png"])
    assert images.shape == (3, 32, 32, 3) and images.dtype == np.uint8
    assert (images[1] == 9).all() and (images[2] == 200).all()  # the centre
    with pytest.raises(ValueError, match="notes.txt cannot be read as an image"):
        read_images([pictures / "notes.txt"])


def test_a_folder_per_class(tmp_path):
    for name, n in (("dog", 2), ("cat", 3)):
        (tmp_path / name).mkdir()
        for i in range(n):
            Image.new("RGB", (40, 40), (n, 0, 0)).save(tmp_path / name / f"{i}.png")
    images, labels, classes = read_classes(tmp_path)
    assert classes == ["cat", "dog"] and labels.tolist() == [0, 0, 0, 1, 1]
    assert images[:, 0, 0, 0].tolist() == [3, 3, 3, 2, 2]
    with pytest.raises(FileNotFoundError, match="holds no folders; it needs one per class"):
        read_classes(tmp_path / "cat")


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
    assert (table["verdict"] == np.where(table["score"] > limit, "OOD", "ID")).all()
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
