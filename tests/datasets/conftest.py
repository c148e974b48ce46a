"""An empty cache, foreign files, and sets small enough to be downloaded."""

import numpy as np
import pytest

from bgood_lib import datasets
from bgood_lib.datasets import canvas, catalogue, photos, sources

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


@pytest.fixture
def voc(monkeypatch):
    """Arrays of a file of 20 photographs of each of the ten kinds, 64 px: a disc before noise, split as those of VOC."""
    kinds = sorted(photos.CLASSES + photos.UNSEEN)
    rng = np.random.default_rng(2)
    n = 20 * len(kinds)
    images = rng.integers(256, size=(n, 64, 64, 3), dtype=np.uint8)
    y, x = np.mgrid[:64, :64]
    masks = np.zeros((n, 64, 64), np.uint8)
    for mask, radius in zip(masks, rng.integers(4, 30, n)):
        mask[np.hypot(y - 20, x - 20) < radius + 2] = 2  # the border
        mask[np.hypot(y - 20, x - 20) < radius] = 1
    names = np.array([f"2008_{i:06}" for i in rng.permutation(n)])
    labels = np.arange(n) % len(kinds)
    classes = {name: kinds[label] for name, label in zip(names.tolist(), labels)}
    split = photos.draw_split(classes)
    monkeypatch.setattr(photos, "split_table", lambda: {name: (classes[name], split[name]) for name in names.tolist()})
    monkeypatch.setattr(photos, "CROP_SIDE", 28)
    return {"images": images, "labels": labels, "classes": np.array(kinds), "masks": masks, "names": names}


@pytest.fixture
def photographs(voc, foreign, monkeypatch):
    """A folder with small files of VOC and of places; the latter as arrays."""
    monkeypatch.setattr(photos, "N_PLACES", 12)
    monkeypatch.setattr(photos, "N_GROUNDS", 8)
    foreign("photos_voc10", **voc)
    images = np.random.default_rng(3).integers(256, size=(25, 64, 64, 3), dtype=np.uint8)
    return foreign("photos_places", images=images, labels=np.arange(25) % 5, classes=np.array(list("abcde")))
