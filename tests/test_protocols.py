"""Which OOD images stand against an in-distribution set."""

import numpy as np
import pytest

from bgood_lib import datasets, protocols


def own(folder, stem, **arrays):
    np.savez(folder / f"{stem}.npz", **arrays)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BGOOD_DATA", str(tmp_path / "cache"))
    return tmp_path


def test_nothing_to_evaluate_on_is_said_at_once(cache):
    with pytest.raises(datasets.DataError, match="none of the OOD sets of cifar10.*bgood data prepare cifar100"):
        protocols.require_ood("cifar10")
    protocols.require_ood("scenes")


def test_overlapping_classes_and_rows_are_left_out(cache):
    images = np.arange(10_000, dtype=np.int64)[:, None, None, None] % 251
    images = np.broadcast_to(images, (10_000, 32, 32, 3)).astype(np.uint8)
    wnids = np.array(["n00000001", *protocols.TINY_IMAGENET_OVERLAP_CIFAR10])
    own(cache, "tiny_imagenet_val", images=images, labels=np.arange(10_000) % 25, classes=wnids)
    datasets.prepare(None, cache, say=str)
    entry = next(ood for ood in protocols.PROTOCOLS["cifar10"] if ood.name == "tiny_imagenet")
    kept, title = protocols.load_ood(entry)
    assert len(protocols.TINY_IMAGENET_OVERLAP_CIFAR10) == 24
    assert np.array_equal(kept, images[::25])
    assert title == "Tiny-ImageNet val, without 24 classes that CIFAR-10 has, N = 400"


def test_rows_are_left_out(cache):
    images = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    own(cache, "mine", images=images)
    datasets.prepare(None, cache, say=str)
    kept, title = protocols.load_ood(protocols.OODSet("mine", "near", drop_rows=(1, 3)))
    assert np.array_equal(kept, images[[0, 2, 4]])
    assert title.endswith("N = 3")
