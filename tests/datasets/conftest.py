"""An empty cache, foreign files, and sets small enough to be downloaded."""

import numpy as np
import pytest

from bgood_lib import datasets
from bgood_lib.datasets import canvas, catalogue, sources

SMALL = {"train": 50, "test": 10}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("BGOOD_DATA", str(folder))
    return folder


@pytest.fixture
def foreign(tmp_path):
    """A folder of foreign files, a function that puts one there and one, ``adopt``, that adopts them."""
    folder = tmp_path / "foreign"
    folder.mkdir()

    def put(stem, n=20, **arrays):
        images = np.random.default_rng(n).integers(256, size=(n, 32, 32, 3), dtype=np.uint8)
        arrays = {"images": images} | arrays
        np.savez(folder / f"{stem}.npz", **{k: v for k, v in arrays.items() if v is not None})
        return arrays

    put.folder = folder
    put.adopt = lambda name=None: datasets.prepare(name, folder, say=str)
    return put


@pytest.fixture
def small_cifar10(monkeypatch):
    """CIFAR-10 of 60 images, official for the time being."""
    rng = np.random.default_rng(0)
    brought = {
        split: {
            "images": rng.integers(256, size=(n, 32, 32, 3), dtype=np.uint8),
            "labels": np.arange(n) % 10,
            "classes": np.array(sources.CIFAR10_CLASSES),
        }
        for split, n in SMALL.items()
    }
    for split, arrays in brought.items():
        digest = datasets.content_sha256(arrays["images"], arrays["labels"])
        official = (f"CIFAR-10 {split}", SMALL[split])
        monkeypatch.setitem(sources.OFFICIAL, ("cifar10", split), official)
        monkeypatch.setitem(catalogue.EXPECTED_SHA256, ("cifar10", split), digest)
    return brought


@pytest.fixture
def small_canvas(monkeypatch, small_cifar10):
    """Canvas sets of a few images, and CIFAR sets within reach that are hardly larger."""
    rng = np.random.default_rng(1)
    images = rng.integers(256, size=(9, 32, 32, 3), dtype=np.uint8)
    arrays = {"images": images, "labels": np.arange(9) * 11, "classes": np.array([f"c{i}" for i in range(100)])}
    brought = {"cifar10": small_cifar10, "cifar100": dict.fromkeys(SMALL, arrays)}
    for split in SMALL:
        monkeypatch.setitem(sources.OFFICIAL, ("cifar100", split), (f"CIFAR-100 {split}", 9))
        digest = datasets.content_sha256(images, arrays["labels"])
        monkeypatch.setitem(catalogue.EXPECTED_SHA256, ("cifar100", split), digest)
    monkeypatch.setattr(sources, "from_torchvision", lambda name, folder: brought[name])
    sizes = {"train": 12, "test": 10, "objects": 8, "bare": 8, "elsewhere": 8}
    monkeypatch.setattr(canvas, "SIZES", sizes)
    return brought
