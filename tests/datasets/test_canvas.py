import hashlib

import numpy as np
import pytest

from bgood_lib.datasets import canvas, scenes

N = 40
# The first images as every machine should make them, from the objects of `objects`. A change here
# changes every number measured on the canvas, and needs a new `canvas.RECIPE`.
FROZEN = {
    "train": "23554af04f4a4d64",
    "test": "d40e6a5866499c48",
    "objects": "fd55c0a563d57540",
    "bare": "01d3c7bb4ba09d07",
    "elsewhere": "f005c9d796e4fab3",
}


@pytest.fixture
def objects():
    images = np.random.default_rng(0).integers(256, size=(N + 3, 32, 32, 3), dtype=np.uint8)
    return images, np.arange(N + 3) % 10


@pytest.fixture
def sets(monkeypatch, objects):
    monkeypatch.setattr(canvas, "SIZES", dict.fromkeys(canvas.SIZES, N))
    return {kind: canvas.generate(kind, *objects) for kind in canvas.SIZES}


def test_form(sets, objects):
    for kind, arrays in sets.items():
        assert arrays["images"].dtype == np.uint8 and arrays["images"].shape == (N, 32, 32, 3)
        assert arrays["foreground"].dtype == bool and arrays["foreground"].shape == (N, 32, 32)
        assert arrays["labels"].dtype == np.int64
        assert (arrays["labels"] == (-1 if kind == "bare" else objects[1][:N])).all()


def test_sizes():
    assert canvas.SIZES == {"train": 20_000, "test": 5_000, "objects": 2_000, "bare": 2_000, "elsewhere": 2_000}


def test_the_same_arrays_on_every_machine(sets):
    def digest(arrays):
        return hashlib.sha256(b"".join(arrays[key].tobytes() for key in sorted(arrays))).hexdigest()[:16]

    assert {kind: digest(arrays) for kind, arrays in sets.items()} == FROZEN


def test_what_is_pasted_is_the_object_and_nothing_else_changes(sets, objects):
    for kind in ("train", "test", "objects", "elsewhere"):
        bare = canvas.canvases(kind, N)
        for i, (image, mask) in enumerate(zip(sets[kind]["images"], sets[kind]["foreground"], strict=True)):
            assert (image[~mask] == bare[i][~mask]).all()
            assert (image[mask].reshape(20, 20, 3) == canvas.shrink(objects[0][i])).all()


def test_every_mask_is_one_whole_square_and_places_vary(sets):
    mask = sets["train"]["foreground"]
    rows, columns = mask.any(axis=2), mask.any(axis=1)
    assert (rows.sum(axis=1) == 20).all() and (columns.sum(axis=1) == 20).all() and (mask.sum(axis=(1, 2)) == 400).all()
    for side in (rows.argmax(axis=1), columns.argmax(axis=1)):
        assert side.min() <= 1 and side.max() >= 11


def test_sets_are_paired(sets):
    shared, bare, elsewhere = sets["objects"], sets["bare"], sets["elsewhere"]
    mask = shared["foreground"]
    assert not bare["foreground"].any()
    assert (shared["images"][~mask] == bare["images"][~mask]).all()
    assert (elsewhere["foreground"] == mask).all()
    assert (elsewhere["images"][mask] == shared["images"][mask]).all()
    assert (elsewhere["images"][~mask] != shared["images"][~mask]).any(axis=-1).mean() > 0.95


def test_canvases_are_of_their_part_of_the_photographs(monkeypatch):
    asked = []
    crop = scenes.photo_crop
    monkeypatch.setattr(canvas, "photo_crop", lambda part, rng: asked.append(part) or crop(part, rng))
    for kind in canvas.SIZES:
        canvas.canvases(kind, 1)
    assert asked == ["train", "test", "test", "test"]  # none for textures


def test_shrinking_keeps_what_is_shown():
    ramp = np.broadcast_to(np.linspace(0, 255, 32)[:, None, None], (32, 32, 3)).astype(np.uint8)
    small = canvas.shrink(ramp).astype(int)
    assert small.shape == (20, 20, 3) and (np.diff(small, axis=0) > 0).all()
    assert abs(small.mean() - ramp.mean()) < 1


def test_refusals(objects, monkeypatch):
    with pytest.raises(ValueError, match="'object'.*train, test, objects"):
        canvas.generate("object")
    with pytest.raises(ValueError, match="canvas 'train' needs 20,000 objects with labels, but got 43 objects"):
        canvas.generate("train", *objects)
    with pytest.raises(ValueError, match="canvas 'test' needs 5,000 objects with labels, but got 0"):
        canvas.generate("test")
