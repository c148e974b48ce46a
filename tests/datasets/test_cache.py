"""What lies in the cache is read whole, or refused; the embedded sets are made on the spot."""

import json
import os
from hashlib import sha256

import numpy as np
import pytest

from bgood_lib import datasets
from bgood_lib.datasets import Description, catalogue, sources
from bgood_lib.utils.errors import DataError


def test_round_trip(foreign):
    put = foreign("mine", labels=np.arange(20, dtype=np.int32), classes=np.array(["a", "b"]))
    [info] = foreign.adopt()
    images, labels = datasets.load("mine", "test")
    assert (images == put["images"]).all() and images.dtype == np.uint8
    assert (labels == np.arange(20)).all() and labels.dtype == np.int64
    assert datasets.extra("mine", "test", "classes").tolist() == ["a", "b"]
    assert info == datasets.info("mine") == datasets.verify("mine", "test")
    assert info.sha256 == datasets.content_sha256(images, labels)
    assert info.description == Description("mine", "mine", "own", n=20)


@pytest.mark.parametrize("side", [8, 96, 512])
def test_images_may_have_any_side(foreign, side):
    put = foreign("mine", images=np.random.default_rng(0).integers(256, size=(3, side, side, 3), dtype=np.uint8))
    [info] = foreign.adopt()
    assert (datasets.load("mine")[0] == put["images"]).all()
    assert info.side == datasets.info("mine").side == side and f"N = 3, {side} px" in str(info)


def test_an_older_cache_is_of_32_pixels(foreign, cache):
    foreign("mine")
    [info] = foreign.adopt()
    path = cache / "mine-test.npz"
    with np.load(path) as file:
        arrays = dict(file)
    meta = json.loads(str(arrays["meta"]))
    del meta["side"]
    np.savez(path, **arrays | {"meta": np.array(json.dumps(meta))})
    assert datasets.verify("mine", "test") == info and info.side == 32


def test_labels_are_minus_one_where_there_are_none(foreign):
    foreign("mine")
    foreign.adopt()
    assert (datasets.load("mine")[1] == -1).all()


def test_sha256_is_of_the_bytes():
    images, labels = np.zeros((2, 32, 32, 3), np.uint8), np.array([1, 2])
    expected = sha256(images.tobytes() + labels.tobytes()).hexdigest()
    assert datasets.content_sha256(images, labels) == expected
    assert datasets.content_sha256(images, labels[::-1]) != expected


def test_missing_extra(foreign):
    foreign("mine", classes=np.array(["a"]))
    foreign.adopt()
    with pytest.raises(DataError, match="no array 'foreground'.*it has: classes"):
        datasets.extra("mine", "test", "foreground")


def test_unknown_name():
    with pytest.raises(DataError, match=r"'cifar11'; there are scenes, .*; did you mean 'cifar10'"):
        datasets.load("cifar11", "test")
    assert not datasets.available("cifar11", "test")


def test_unknown_split():
    with pytest.raises(DataError, match="svhn has no split 'train'; it has: test"):
        datasets.load("svhn", "train")


def test_not_prepared():
    for read in (datasets.load, datasets.info):
        with pytest.raises(DataError, match="cifar10 test is not prepared.*data prepare cifar10$"):
            read("cifar10", "test")
    with pytest.raises(DataError, match="data prepare chars74k --from FOLDER"):
        datasets.load("chars74k", "test")
    assert not datasets.available("cifar10", "test")


def test_truncated_file_is_refused(foreign, cache):
    foreign("mine")
    foreign.adopt()
    path = cache / "mine-test.npz"
    path.write_bytes(path.read_bytes()[:-3000])
    for read in (datasets.load, datasets.info, datasets.verify):
        with pytest.raises(DataError, match=r"mine-test\.npz is damaged.*data prepare mine --from"):
            read("mine", "test")


def test_flipped_bytes_never_pass(foreign, cache):
    foreign("mine", n=3, foreground=np.ones((3, 32, 32), bool))
    [info] = foreign.adopt()
    path = cache / "mine-test.npz"
    whole, expected = path.read_bytes(), datasets.load("mine")
    refused = 0
    for position in np.linspace(0, len(whole) - 1, 150).astype(int):
        altered = bytearray(whole)
        altered[position] ^= 0x10
        path.write_bytes(altered)
        try:
            assert datasets.verify("mine", "test") == info
            assert all((a == b).all() for a, b in zip(datasets.load("mine"), expected, strict=True))
        except DataError:
            refused += 1
    assert refused > 130  # the others hit zip fields, such as time stamps, that carry no content


@pytest.mark.parametrize("key", ["images", "labels", "foreground"])
def test_altered_content_in_an_intact_file_is_refused(foreign, cache, key):
    foreign("mine", labels=np.zeros(20, int), foreground=np.zeros((20, 32, 32), bool))
    foreign.adopt()
    path = cache / "mine-test.npz"
    with np.load(path) as file:
        arrays = dict(file)
    arrays[key].flat[0] ^= 1
    np.savez(path, **arrays)
    with pytest.raises(DataError, match="damaged.*SHA-256"):
        datasets.verify("mine", "test")


def test_a_file_under_another_name_is_refused(foreign, cache):
    foreign("mine")
    foreign.adopt()
    os.rename(cache / "mine-test.npz", cache / "svhn-test.npz")
    with pytest.raises(DataError, match="svhn-test.npz is damaged: it holds mine test"):
        datasets.info("svhn")


def test_a_failing_write_leaves_the_old_file(foreign, cache, monkeypatch):
    foreign("mine")
    [info] = foreign.adopt()
    foreign("mine", n=7)

    def fail(path, **arrays):
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="disk full"):
        foreign.adopt()
    assert datasets.verify("mine", "test") == info
    assert [path.name for path in cache.iterdir()] == ["mine-test.npz"]


def test_scenes_are_made_on_first_load(cache):
    assert datasets.available("scenes", "test") and not cache.exists()
    images, labels = datasets.load("scenes", "test")
    foreground = datasets.extra("scenes", "test", "foreground")
    assert images.shape == (2000, 32, 32, 3) and foreground.shape == (2000, 32, 32)
    assert datasets.extra("scenes", "test", "classes").tolist() == list("012345")
    first = datasets.info("scenes", "test")
    assert first.description == Description("scenes", "Scenes test", "whole", n=2000)
    (cache / "scenes-test.npz").unlink()
    assert datasets.info("scenes", "test") == first


def test_scenes_of_an_earlier_recipe_are_made_anew(monkeypatch):
    first = datasets.info("scenes_novel")
    monkeypatch.setitem(
        catalogue.RECIPES, ("scenes_novel", "test"), "generated by bgood_lib.scenes, recipe of tomorrow"
    )
    later = datasets.info("scenes_novel")
    assert later.origin != first.origin and later.sha256 == first.sha256
    assert datasets.extra("scenes_novel", "test", "foreground").shape == (2000, 32, 32)


def test_altered_scenes_are_refused_and_repaired(cache):
    first = datasets.info("scenes_novel")
    path = cache / "scenes_novel-test.npz"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match="damaged.*Repair it: bgood data prepare scenes_novel$"):
        datasets.load("scenes_novel")
    assert datasets.prepare("scenes_novel", say=lambda line: None) == [first]
    assert datasets.verify("scenes_novel", "test") == first


def test_an_older_cache_gets_the_new_scenes(cache):
    first = datasets.info("scenes_novel")
    stamp = (cache / "scenes_novel-test.npz").stat().st_mtime_ns
    assert datasets.available("scenes_elsewhere", "test")
    assert datasets.info("scenes_elsewhere").title == "Scenes, unseen digits on novel textures"
    assert datasets.extra("scenes_elsewhere", "test", "foreground").any(axis=(1, 2)).all()
    assert datasets.info("scenes_novel") == first
    assert (cache / "scenes_novel-test.npz").stat().st_mtime_ns == stamp


def test_a_canvas_without_its_cifar_says_what_to_prepare(small_canvas):
    with pytest.raises(DataError, match="canvas train is made from cifar10 train, which is not prepared. "
                       "Run: bgood data prepare cifar10 canvas$"):  # fmt: skip
        datasets.load("canvas", "train")
    with pytest.raises(DataError, match="Run: bgood data prepare cifar100 canvas_objects$"):
        datasets.info("canvas_objects")
    with pytest.raises(DataError, match="canvas train is made from cifar10 train"):
        datasets.prepare("canvas", say=str)
    assert not datasets.available("canvas", "test") and not datasets.available("canvas_elsewhere", "test")
    assert datasets.available("canvas_bare", "test") and datasets.info("canvas_bare").title == "Canvas, bare"


def test_a_canvas_is_made_on_first_load(small_canvas, cache):
    datasets.prepare("cifar10", say=str)
    assert datasets.available("canvas", "train") and not (cache / "canvas-train.npz").exists()
    images, labels = datasets.load("canvas", "train")
    assert images.shape == (12, 32, 32, 3) and labels.tolist() == [*range(10), 0, 1]
    assert datasets.extra("canvas", "train", "foreground").sum(axis=(1, 2)).tolist() == [400] * 12
    assert datasets.extra("canvas", "train", "classes").tolist() == list(sources.CIFAR10_CLASSES)
    first = datasets.verify("canvas", "train")
    assert (first.title, first.n) == ("Canvas train", 12) and datasets.info("canvas").title == "Canvas test"
    (cache / "canvas-train.npz").unlink()
    assert datasets.info("canvas", "train") == first
    assert datasets.command("canvas") == "bgood data prepare canvas"


def test_a_canvas_of_an_earlier_recipe_is_made_anew(small_canvas, monkeypatch):
    datasets.prepare("cifar10", say=str)
    first = datasets.info("canvas")
    monkeypatch.setitem(catalogue.RECIPES, ("canvas", "test"), "generated by bgood_lib.canvas, recipe of tomorrow")
    later = datasets.info("canvas")
    assert later.origin != first.origin and later.sha256 == first.sha256
