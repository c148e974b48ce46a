"""The run for a bare GPU machine, in small and on the CPU: parcel, self check, queue, cut, collecting."""

import importlib.util
import json
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest

from bgood_lib import datasets, records
from bgood_lib.studies import run_name

GPU = Path(__file__).parent.parent / "gpu"


def module(name):
    """A module of gpu/, which is no package."""
    sys.path.insert(0, str(GPU))
    try:
        spec = importlib.util.spec_from_file_location(name, GPU / f"{name}.py")
        found = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(found)
        return found
    finally:
        sys.path.remove(str(GPU))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A data cache with small sets."""
    monkeypatch.setenv("BGOOD_DATA", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    for name, split, n in (
        ("cifar10", "train", 300),
        ("cifar10", "test", 100),
        ("svhn", "test", 60),
        ("mnist", "test", 60),
    ):
        images = rng.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)
        labels = np.arange(n, dtype=np.int64) % 10
        images[np.arange(n), labels] = 255  # something to learn
        datasets._store(name, split, name, "part", "test", {"images": images, "labels": labels})
    return tmp_path / "cache"


def test_pictures_hold_every_bit(tmp_path, monkeypatch):
    parcel = module("parcel")
    monkeypatch.setattr(parcel, "PER_PICTURE", 30)
    images = np.random.default_rng(0).integers(0, 256, (70, 32, 32, 3), dtype=np.uint8)
    np.savez(tmp_path / "a-test.npz", images=images, labels=np.arange(70))
    (tmp_path / "packed").mkdir()
    names = parcel.pack(tmp_path / "a-test.npz", tmp_path / "packed")
    assert len(names) == 4
    assert not parcel.unpack(tmp_path, names, tmp_path / "cache"), "its pictures are not here yet"
    assert parcel.unpack(tmp_path / "packed", names, tmp_path / "cache")
    with np.load(tmp_path / "cache/a-test.npz") as file:
        assert set(file.files) == {"images", "labels"}
        assert (file["images"] == images).all() and (file["labels"] == np.arange(70)).all()


def test_parts_keep_order_and_limit():
    divide = module("parcel").divide
    assert divide({"a": 5, "b": 4, "c": 2, "d": 9}, 10) == [["a", "b"], ["c"], ["d"]]
    with pytest.raises(ValueError, match="--limit"):
        divide({"a": 11}, 10)


def test_the_queue_is_valid_and_in_order():
    from bgood_lib.config import make_config

    items = module("run").queue("abc")
    assert [item["name"] for item in items[:6]] == [
        "cross_entropy-s0",
        "background-rank-w0.05-s0",
        "logitnorm-s0",
        "logitnorm_background-rank-w0.05-s0",
        "background-all-w0.05-s0",
        "logitnorm_background-all-w0.05-s0",
    ]
    assert len({(item["study"], item["name"]) for item in items}) == len(items) == 18 + 9 + 4
    for item in items:
        config = make_config(item["profile"], **item["settings"])
        assert config.network == "resnet18_32x32" and config.epochs == item["epochs"]
        assert item["name"] == run_name({k: v for k, v in item["settings"].items() if k != "dataset"})
    assert [item["weights"] for item in items].count(True) == 4


def test_no_training_begins_that_cannot_end(cache, tmp_path):
    worker = module("worker").Worker(tmp_path / "work", "cpu", [_item("cross_entropy", 100)], {"sets": {}})
    worker.found = {"images_per_second": 100.0, "jobs": 1}  # 100 epochs of 300 images: 300 s
    run = worker.runs[0]
    (tmp_path / "work/stop.json").write_text('{"at": null, "final": false}')
    assert worker.fits(run), "no end is known"
    for seconds, fits in ((300, False), (300 + 15 + worker.scoring_seconds + 5, True)):
        (tmp_path / "work/stop.json").write_text(json.dumps({"at": time.time() + seconds, "final": True}))
        assert worker.fits(run) is fits


def test_what_differs_is_dropped():
    agreeing = module("worker").Worker._agreeing
    base = {"loss": [2.0, 1.0], "background_loss": [0.0, 0.5], "statistics": [0.1, 0.2]}
    off = {**base, "loss": [2.0, 1.6]}
    near = {**base, "loss": [2.0, 1.01]}
    assert agreeing({"none": base, "none-2": near, "graph": near, "compile": off}) == ["none", "graph"]
    assert agreeing({"none": base, "none-2": None, "graph": None, "compile": near}) == ["none", "compile"]


def test_large_files_go_in_pieces_over_several_calls(tmp_path):
    collect = module("collect")
    run = tmp_path / "work/runs/study/one"
    run.mkdir(parents=True)
    weights = os.urandom(250_000)
    (run / "weights.pt").write_bytes(weights)
    (run / "outputs.npz").write_bytes(os.urandom(30_000))
    limits = dict(files=3, file_bytes=200_000, total_bytes=250_000)
    for call in ("1", "2", "3"):
        came = collect.outgoing(tmp_path / "work", tmp_path / call, **limits)
        sizes = [path.stat().st_size for path in (tmp_path / call).iterdir()]
        assert len(sizes) <= 3 and max(sizes) <= 200_000 and sum(sizes) <= 250_000
        assert came or call == "3"
    assert collect.join([tmp_path / "1", tmp_path / "2", tmp_path / "3"], tmp_path / "results", tmp_path / "home") == []
    assert (tmp_path / "home/weights/study/one.pt").read_bytes() == weights
    assert (tmp_path / "home/outputs/study/one.npz").stat().st_size == 30_000


@pytest.mark.parametrize("kind", ["out", "link"])
def test_what_came_back_stays_in_its_folder(kind, tmp_path):
    collect, folder = module("collect"), tmp_path / "1"
    folder.mkdir()
    (folder / "records.jsonl").touch()
    member = tarfile.TarInfo("../evil" if kind == "out" else "link")
    if kind == "link":
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with tarfile.open(folder / "bundle-1.tar", "w") as tar:
        tar.addfile(member)
    with pytest.raises(ValueError, match="leads out of|is no plain file"):
        collect.join([folder], tmp_path / "results", tmp_path / "home")
    assert list((tmp_path / "home").iterdir()) == [] and not (tmp_path / "evil").exists()


def _item(method, epochs=2, **settings):
    small = dict(network="small_resnet", stages=2, width=16, dataset="cifar10", seed=0)
    settings = {**small, "method": method, "epochs": epochs, **settings}
    name = run_name({"method": method, "seed": 0})
    return {
        "study": "dry", "name": name, "profile": "cpu", "settings": settings, "epochs": epochs,
        "weights": method == "background", "commit": "abc",
    }  # fmt: skip


def test_dry_run(cache, tmp_path):
    sizes = module("prepare").prepare(tmp_path / "parcel", limit=1_100_000, wheels=False, say=lambda line: None)
    assert len(sizes) == 2
    queue = [_item("cross_entropy"), _item("background", selector="rank"), _item("logitnorm")]
    queue.insert(2, _item("background", selector="rnk") | {"name": "broken"})  # one that fails does no harm
    (tmp_path / "queue.json").write_text(json.dumps(queue))
    work = tmp_path / "work"

    def call(number, until, *more):
        arguments = {
            "--until": until, "--device": "cpu", "--queue": tmp_path / "queue.json", "--work": work,
            "--parcel": tmp_path / "parcel", "--out": tmp_path / f"out{number}",
        }  # fmt: skip
        command = [sys.executable, GPU / "run.py", *(str(x) for pair in arguments.items() for x in pair), *more]
        environment = {k: v for k, v in os.environ.items() if k != "BGOOD_DATA"} | {"OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1900)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    # The first call has a part only, and ends in the middle of what it does.
    (tmp_path / "parcel/2").rename(tmp_path / "second")
    text = call(1, 42)
    assert "not all here yet" in text
    assert not list(work.glob("runs/*/*/record.json"))
    # The second one brings the rest and does it all.
    (tmp_path / "second").rename(tmp_path / "parcel/2")
    text = call(2, 1800)
    log = (tmp_path / "out2/log.txt").read_text()
    assert "from training to record: works" in log, log
    assert "dry/broken: training failed" in log and "given up" in log
    folders = [tmp_path / "out1", tmp_path / "out2"]
    files = list((tmp_path / "out2").iterdir())
    assert len(files) <= 8 and max(file.stat().st_size for file in files) <= 15_000_000
    home = tmp_path / "home"
    names = module("collect").join(folders, home / "results", home)
    assert sorted(names) == ["dry/background-s0", "dry/cross_entropy-s0", "dry/logitnorm-s0"], log
    found = records.read_records(home / "results/dry")
    for record in found.values():
        there = {entry["name"] for entry in record["data"]["ood"] if entry["available"]}
        assert there == {"svhn", "mnist"} and record["data"]["fit_images"] == 300
        assert len(record["history"]) == 2
    with np.load(home / "outputs/dry/background-s0.npz") as file:
        accuracy = (file["test/logits"].argmax(1) == file["labels"]).mean()
        assert file["svhn/norm"].shape == (60,)
    assert accuracy == found["background-s0"]["accuracy"]
    assert (home / "curves.png").exists() and (home / "weights/dry/background-s0.pt").exists()
    # Nothing is left: a third call ends by itself and brings nothing twice.
    call(3, 1800)
    assert sorted(path.name for path in (tmp_path / "out3").iterdir()) == ["log.txt", "records.jsonl"]
