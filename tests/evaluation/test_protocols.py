"""Which OOD images stand against an in-distribution set."""

import numpy as np
import pytest

from bgood_lib import datasets
from bgood_lib.datasets import Description, catalogue
from bgood_lib.datasets.cache import store
from bgood_lib.evaluation import protocols, validation
from bgood_lib.utils.errors import DataError


def own(folder, stem, **arrays):
    np.savez(folder / f"{stem}.npz", **arrays)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BGOOD_DATA", str(tmp_path / "cache"))
    return tmp_path


def test_nothing_to_evaluate_on_is_said_at_once(cache):
    with pytest.raises(DataError, match="none of the OOD sets of cifar10.*bgood data prepare cifar100"):
        protocols.require_ood("cifar10")
    protocols.require_ood("scenes")
    protocols.require_ood("my_own_pictures")  # has none: its own images, shuffled, serve


@pytest.fixture
def tiny_imagenet(cache):
    """A whole Tiny-ImageNet: image i shows grey i % 251 and is of class i % 45."""
    images = np.arange(10_000, dtype=np.int64)[:, None, None, None] % 251
    images = np.broadcast_to(images, (10_000, 32, 32, 3)).astype(np.uint8)
    wnids = np.array(["n00000001", *protocols.TINY_IMAGENET_OVERLAP_CIFAR10, *protocols.TINY_IMAGENET_VALIDATION])
    own(cache, "tiny_imagenet_val", images=images, labels=np.arange(10_000) % 45, classes=wnids)
    datasets.prepare(None, cache, say=str)
    return images


def test_overlapping_and_validation_classes_are_left_out(tiny_imagenet):
    entry = next(ood for ood in protocols.PROTOCOLS["cifar10"] if ood.name == "tiny_imagenet")
    kept, description = protocols.load_ood(entry)
    assert len(protocols.TINY_IMAGENET_OVERLAP_CIFAR10) == 24
    assert np.array_equal(kept, tiny_imagenet[::45])
    note = "without 24 classes that CIFAR-10 has and 20 kept for validation"
    assert description == Description("tiny_imagenet", "Tiny-ImageNet val", "whole", note, 223)


def test_validation_is_what_the_test_leaves_out(tiny_imagenet):
    kept, description = protocols.load_ood(protocols.VALIDATION["cifar10"])
    assert np.array_equal(kept, tiny_imagenet[np.arange(10_000) % 45 > 24])
    assert (description.note, description.n) == ("20 classes for validation", len(kept))


def test_class_lists_share_nothing():
    lists = [
        protocols.TINY_IMAGENET_OVERLAP_CIFAR10 + protocols.TINY_IMAGENET_OVERLAP_CIFAR100,
        protocols.TINY_IMAGENET_VALIDATION,
    ]
    assert not set(lists[0]) & set(lists[1])
    for names in lists:
        assert all(len(name) == 9 and name[0] == "n" and name[1:].isdigit() for name in names)
    assert len(set(protocols.TINY_IMAGENET_OVERLAP_CIFAR100)) == 46 and len(set(lists[1])) == 20


def test_rows_are_left_out(cache):
    images = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    own(cache, "mine", images=images)
    datasets.prepare(None, cache, say=str)
    kept, description = protocols.load_ood(protocols.OODSet("mine", "near", drop_rows=(1, 3)))
    assert np.array_equal(kept, images[[0, 2, 4]])
    assert (description.standing, description.n) == ("own", 3)


def test_validation_may_be_another_split(cache, monkeypatch):
    arrays = {"images": np.full((3, 16, 16, 3), 7, np.uint8), "labels": np.full(3, -1)}
    store("photos_bare", "val", "VOC photographs, bare crops", "whole", "a test", arrays)
    monkeypatch.setitem(catalogue.RECIPES, ("photos_bare", "val"), "a test")
    kept, description = protocols.load_ood(protocols.VALIDATION["photos"])
    assert np.array_equal(kept, arrays["images"])
    assert (description.note, description.n) == ("of photographs for validation", 3)


def test_photographs_are_chosen_and_judged_on_different_images():
    tests = {(ood.name, ood.split) for ood in protocols.PROTOCOLS["photos"]}
    chosen = protocols.VALIDATION["photos"]
    assert (chosen.name, chosen.split) == ("photos_bare", "val") and ("photos_bare", "test") in tests
    assert all(split in datasets.NAMES[name] for name, split in tests | {(chosen.name, chosen.split)})
    for dataset, names in protocols.SHIFTED.items():  # in distribution: never an OOD set
        assert all((name, "test") not in tests and "test" in datasets.NAMES[name] for name in names)
        assert dataset in protocols.PROTOCOLS


def test_protocols_are_whole():
    for name, protocol in protocols.BENCHMARKS.items():
        assert protocol.name == name
        for dataset, sets in protocol.sets.items():
            assert dataset in protocols.PROTOCOLS
            assert len(sets) == len({ood.name for ood in sets}) == 6
            assert all(ood.name in datasets.NAMES and ood.name != dataset for ood in sets)
    assert protocols.BENCHMARKS["openood15"].fpr95 == "fpr95_ood_positive"
    assert protocols.BENCHMARKS["classic6"].fpr95 == "fpr95_id_positive"
    groups = [ood.group for ood in protocols.BENCHMARKS["openood15"].sets["cifar100"]]
    assert groups == ["near"] * 2 + ["far"] * 4
    for dataset, sets in protocols.PROTOCOLS.items():  # what openood15 asks for is part of every training's bank
        if dataset in ("cifar10", "cifar100"):
            assert set(protocols.BENCHMARKS["openood15"].sets[dataset]) <= set(sets)


def test_a_protocol_is_found_or_refused():
    assert protocols.find_protocol("all", "cifar100").sets["cifar100"] == protocols.PROTOCOLS["cifar100"]
    assert protocols.find_protocol("all", None).sets == {None: ()}
    with pytest.raises(ValueError, match="unknown protocol 'openood'; choose one of all, openood15, classic6"):
        protocols.find_protocol("openood", "cifar10")
    with pytest.raises(
        ValueError, match="classic6 is for networks trained on cifar10 or cifar100; this one is of scenes"
    ):
        protocols.find_protocol("classic6", "scenes")


def test_a_tenth_is_set_aside_always_the_same():
    rows = validation.validation_rows(10_000)
    assert len(set(rows)) == 1_000 and rows.max() < 10_000 and (np.diff(rows) > 0).all()
    assert np.array_equal(rows, validation.validation_rows(10_000))
    assert rows[:3].tolist() == [1, 27, 36]


@pytest.mark.parametrize("standing, n, expected", [
    ("whole", 26_032, "whole"), ("whole", 10, "part"), ("part", 26_032, "part"), ("stand-in", 10, "stand-in"),
    ("own", 9, "own"),
])  # fmt: skip
def test_fewer_images_than_published_are_a_part(standing, n, expected):
    entry = protocols.OODSet("svhn", "far", published_n=26_032)
    assert protocols.standing(entry, Description("svhn", "SVHN", standing, n=n)) == expected
