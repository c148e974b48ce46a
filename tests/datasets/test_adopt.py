"""Own sets of several splits, and which sets one can train on."""

from pathlib import Path

import numpy as np
import pytest

from bgood_lib import datasets
from bgood_lib.studies.notebooks import check_value, read_parameters
from bgood_lib.utils.errors import DataError, ParameterError

TRAIN = Path(__file__).parents[2] / "notebooks/train.ipynb"
CLASSES = np.array(["cup", "pen"])


def part(n, side=48, **arrays):
    images = np.random.default_rng(n).integers(256, size=(n, side, side, 3), dtype=np.uint8)
    return {"images": images, "labels": np.arange(n) % 2, "classes": CLASSES} | arrays


def adopt(name="desk", **parts):
    parts = parts or {"train": part(9), "val": part(3), "test": part(4)}
    return datasets.adopt(name, parts, "My desk", "photographs of my desk")


def test_round_trip():
    done = adopt()
    assert [(info.split, info.n, info.side) for info in done] == [("train", 9, 48), ("val", 3, 48), ("test", 4, 48)]
    assert {(info.name, info.title, info.standing, info.origin) for info in done} == {
        ("desk", "My desk", "own", "photographs of my desk")
    }
    for info in done:
        put = part(info.n)
        images, labels = datasets.load("desk", info.split)
        assert (images == put["images"]).all() and (labels == put["labels"]).all()
        assert datasets.verify("desk", info.split) == info
    assert datasets.extra("desk", "train", "classes").tolist() == ["cup", "pen"]


def test_adopted_again_nothing_of_before_stays():
    adopt()
    adopt(train=part(5), test=part(2))
    assert datasets.splits("desk") == ["test", "train"] and datasets.info("desk", "train").n == 5


def test_trainable_are_those_made_for_it_and_own_ones_with_labels(foreign):
    adopt("my-desk.2")
    adopt("bare", train=part(5, labels=np.full(5, -1)), test=part(2))
    foreign("seen", labels=np.zeros(20, int))
    foreign.adopt()
    assert datasets.trainable_names() == [*datasets.TRAINABLE, "my-desk.2"]
    assert datasets.trainable("photos") and not datasets.prepared("photos", "train")
    assert not any(map(datasets.trainable, ("photos_unseen", "bare", "seen", "nothing")))


def test_a_notebook_accepts_an_own_set_as_soon_as_it_is_there():
    def dataset():
        return read_parameters(TRAIN)["dataset"]

    with pytest.raises(ParameterError, match="dataset is 'desk'; choose one of scenes, canvas"):
        check_value(dataset(), "desk")
    adopt()
    assert check_value(dataset(), "desk") == "desk"


def test_a_damaged_own_set_says_so_when_it_is_read(cache):
    adopt()
    (cache / "desk-train.npz").write_bytes(b"half")
    assert datasets.trainable("desk")
    with pytest.raises(DataError, match="desk-train.npz is damaged"):
        datasets.load("desk", "train")


def test_a_file_does_not_replace_the_test_of_a_set_to_train_on(foreign):
    adopt()
    foreign("desk")
    with pytest.raises(DataError, match="desk.npz cannot be adopted as 'desk': an own set to train on has that name"):
        foreign.adopt()
    assert datasets.info("desk").n == 4


@pytest.mark.parametrize("name, parts, message", [
    ("cifar10", {}, "an own set cannot be called 'cifar10': cifar10 is a set that bgood knows"),
    ("../desk", {}, "an own set cannot be called '../desk'"),
    ("desk", {"train": part(4)}, "desk has the splits train; expected test, and perhaps train and val"),
    ("desk", {"test": part(4), "dev": part(4)}, "desk has the splits test, dev"),
    ("desk", {"train": part(4), "test": part(4, side=32)}, "images of 32 and 48 px; bring all to one side"),
    ("desk", {"train": part(4, side=4), "test": part(4)}, "desk train cannot be kept: images are uint8 .4, 4, 4, 3"),
    ("desk", {"train": part(4), "test": part(4, classes=np.array(["pen", "cup"]))}, "desk test has no array `classes`"),
    ("desk", {"train": part(4, classes=CLASSES[:0]), "test": part(4)}, "desk train has no array `classes`"),
    ("desk", {"train": part(4), "test": part(4, labels=np.arange(4))}, "desk test has labels of 0 to 3; expected 0 to 1"),
    ("desk", {"train": part(4), "test": part(4, names=np.array([None] * 4))}, "'names' holds Python objects"),
])  # fmt: skip
def test_refusals(name, parts, message, cache):
    with pytest.raises(DataError, match=message):
        adopt(name, **parts)
    assert not list(cache.glob("*"))


@pytest.mark.parametrize("name, split, way_out", [
    ("desk", "val", "move it away, then give the command that made it again: bgood train FOLDER$"),
    ("desk_shuffled", "test", "move it away, then give the command that made it again: bgood train FOLDER$"),
    ("seen", "test", "bgood data prepare seen --from FOLDER$"),
    ("chars74k", "test", "bgood data prepare chars74k --from FOLDER$"),
    ("tiny_imagenet", "test", r"bgood data prepare tiny_imagenet \(or, if you adopted it, with --from FOLDER\)$"),
])  # fmt: skip
def test_a_damaged_set_is_repaired_by_what_made_it(name, split, way_out, cache):
    """As far as the file says where it came from; cut off, it says nothing."""
    adopt()
    cache.joinpath(f"{name}-{split}.npz").write_bytes(b"PK")
    with pytest.raises(DataError, match=f"{name}-{split}.npz is damaged: .*. Repair it: {way_out}"):
        datasets.load(name, split)


def test_where_it_came_from_is_read_from_a_file_that_is_changed_within(foreign, cache):
    foreign("seen", labels=np.zeros(20, int))
    foreign.adopt()
    datasets.adopt("desk_1", {"train": part(9), "test": part(4)}, "My desk", "pictures of /home/me/desk")
    for name, split, way_out in (
        ("seen", "test", "bgood data prepare seen --from FOLDER, a folder that holds seen.npz"),
        ("desk_1", "train", "move it away, then give the command that made it again: bgood train /home/me/desk"),
    ):
        file = cache / f"{name}-{split}.npz"
        content = bytearray(file.read_bytes())
        content[1000] ^= 1
        file.write_bytes(content)
        with pytest.raises(DataError, match=f"damaged.*Repair it: {way_out}$"):
            datasets.load(name, split)
