"""What several tests share: one thread, no display, small images and a valid record."""

import copy
import os

os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings
from PIL import Image

torch.set_num_threads(1)
# Nothing that depends on how busy the machine is, on chance, or on an earlier run.
settings.register_profile(
    "calm", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("calm")


def pytest_collection_modifyitems(items):
    """Of two processes, one opens the built book, and a file's tests share what it made; what takes long begins first."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: ("built_book" not in item.fixturenames, item.path not in slow))
    for item in items:
        item.add_marker(pytest.mark.xdist_group("book" if "built_book" in item.fixturenames else str(item.path)))


@pytest.fixture
def images():
    """40 random images of 32 x 32, uint8."""
    return np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)


@pytest.fixture
def labels():
    """Their labels: 0, 1, 2, 3, 0, ..."""
    return np.arange(40, dtype=np.int64) % 4


@pytest.fixture
def pictures(tmp_path):
    """A folder of four pictures of several sizes and formats, one in a folder below, and a file of text."""
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name, size in (("b.png", (32, 32)), ("a.JPG", (50, 80)), ("more/c.png", (300, 40))):
        Image.fromarray(rng.integers(0, 256, (*size, 3), np.uint8)).save(folder / name)
    Image.new("L", (64, 64), 9).save(folder / "grey.gif")
    (folder / "notes.txt").write_text("no picture")
    return folder


def _set(name, n=100, split="test"):
    return {
        "name": name, "split": split, "title": name, "standing": "whole", "note": "", "n": n,
        "sha256": "a" * 64,
    }  # fmt: skip


_METRICS = {"auroc": 0.8, "aupr_ood": 0.7, "aupr_id": 0.9, "fpr95_ood_positive": 0.5, "fpr95_id_positive": 0.6}
_RECORD = {
    "schema": 2,
    "identity": "0" * 16,
    "config": {
        "dataset": "scenes", "method": "background", "seed": 0, "weight": 0.1, "selector": "rank",
        "patch_size": 1, "epochs": 3, "n_train": 0, "stages": 2, "width": 16,
        "precision": "float32",
    },
    "data": {
        "train": _set("scenes", split="train"), "test": _set("scenes", 50), "fit_images": 100,
        "ood": [
            {"group": "far", **_set("svhn", 20)},
            {
                "group": "far", "split": "test", "name": "places", "title": "Places", "standing": "missing",
                "note": "not prepared", "n": 0,
            },
        ],
    },
    "machine": {"device": "cpu", "device_name": "x", "threads": 1, "git_commit": "unknown", "versions": {}},
    "finished": "2026-01-01T00:00:00+00:00",
    "train_seconds": 1.5,
    "weights_sha256": "b" * 64,
    "history": [{"epoch": 1}],
    "accuracy": 0.9,
    "calibration_error": 0.1,
    "overconfidence": {},
    "mean_norm": {},
    "metrics": [{"ood": "svhn", "detector": name, **_METRICS} for name in ("MSP", "KNN")],
}  # fmt: skip


@pytest.fixture
def make_record():
    """A function that makes a valid record, with other settings or top-level entries."""

    def make(config=None, **entries):
        record = copy.deepcopy(_RECORD)
        record["config"].update(config or {})
        record.update(entries)
        return record

    return make


@pytest.fixture(scope="session")
def small_run(tmp_path_factory):
    """Folder of a run on a few scenes: bank, record and checkpoint; only to be read."""
    from bgood_lib import datasets
    from bgood_lib.evaluation import protocols
    from bgood_lib.evaluation.bank import build_bank
    from bgood_lib.networks import build
    from bgood_lib.runs.record import write_record
    from bgood_lib.training import checkpoint, loop
    from bgood_lib.training.config import make_config

    folder = tmp_path_factory.mktemp("small_run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BGOOD_DATA", str(folder / "cache"))
        patch.setitem(protocols.PROTOCOLS, "scenes", (protocols.OODSet("scenes_novel", "novel"),))
        config = make_config("scenes", method="cross_entropy", epochs=1)
        images, labels = datasets.load("scenes", "train")
        network = build.make_network(config, images[:300], labels[:300])
        loop.train(
            network, images[:300], labels[:300], config, torch.device("cpu"),
            checkpoint=folder / "checkpoint.pt", report=str,
        )  # fmt: skip
        bank, _ = build_bank(network, "scenes", 300, report=str)
        bank.identity = _RECORD["identity"]
        bank.save(folder / "bank.npz")
        record = copy.deepcopy(_RECORD)
        record["config"]["dataset"] = "scenes"
        record["weights_sha256"] = checkpoint.weights_sha256(network)
        write_record(folder / "record.json", record)
    return folder
