"""One's own pictures: what a folder must hold, near-duplicates, the split."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bgood_lib.datasets import folder as folders
from bgood_lib.datasets.folder import list_folder, near_duplicates, read_folder, set_name, split
from bgood_lib.utils.errors import DataError, InputError


def scene(seed, side=96):
    """A picture with structure at all scales, as photographs have: smooth noise."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), np.uint8)
    return Image.fromarray(coarse).resize((side, side), Image.BICUBIC)


@pytest.fixture
def make(tmp_path):
    """A function that makes a folder with so many pictures of each class."""

    def make(**classes):
        for i, (name, n) in enumerate(classes.items()):
            (tmp_path / "mine" / name).mkdir(parents=True)
            for k in range(n):
                scene(1000 * i + k).save(tmp_path / "mine" / name / f"{k:04}.png")
        return tmp_path / "mine"

    return make


def test_five_a_class_are_three_one_and_one(make):
    found = read_folder(list_folder(make(cat=5, dog=5)), side=64)
    assert {name: part["labels"].tolist() for name, part in found.splits.items()} == {
        "train": [0, 0, 0, 1, 1, 1], "val": [0, 1], "test": [0, 1],
    }  # fmt: skip
    for part in found.splits.values():
        assert part["images"].shape[1:] == (64, 64, 3) and part["classes"].tolist() == ["cat", "dog"]
        for image, name, label in zip(part["images"], part["names"], part["labels"]):
            assert name.startswith(("cat/", "dog/")[label])
            seed = 1000 * label + int(name[4:8])
            assert np.abs(image.astype(int) - np.asarray(scene(seed).resize((64, 64), Image.BILINEAR))).mean() < 2
    assert not found.unreadable and not found.alike and "fewer than 20" in found.warnings[0]


def test_twenty_beside_two_thousand_are_told_of(make):
    found = read_folder(list_folder(make(rare=4, common=60)), side=32)
    assert [len(part["labels"]) for part in found.splits.values()] == [3 * 2 + 42, 1 + 6, 1 + 12]
    train = found.splits["train"]
    names, counts = np.unique(train["names"], return_counts=True)
    assert len(names) == 44 and counts[np.char.startswith(names, "rare/")].tolist() == [3, 3]
    for name in names:
        assert len(np.unique(train["images"][train["names"] == name], axis=0)) == 1
        assert set(train["labels"][train["names"] == name]) == {name.startswith("rare/")}
    assert any("common has 60 pictures and rare has 4: read the balanced accuracy" in text for text in found.warnings)


def test_the_split_is_seeded(make):
    listing = list_folder(make(cat=20, dog=20))
    names = [read_folder(listing, 32, seed).splits["test"]["names"].tolist() for seed in (0, 0, 1)]
    assert names[0] == names[1] != names[2]
    assert set_name(listing, 32, 0) == set_name(list_folder(listing.folder), 32, 0) != set_name(listing, 32, 1)


def test_near_duplicates_stay_together(make):
    """The same picture smaller, saved again as JPEG, mirrored: one group, in one split."""
    folder = make(cat=12, dog=12)
    for k in range(6):
        picture = scene(k)
        picture.resize((50, 50)).save(folder / "cat" / f"small{k}.jpg", quality=50)
        picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "cat" / f"mirrored{k}.webp", quality=60)
    found = read_folder(list_folder(folder), side=64)
    assert sorted(map(sorted, found.alike)) == [
        [f"cat/000{k}.png", f"cat/mirrored{k}.webp", f"cat/small{k}.jpg"] for k in range(6)
    ]
    splits = {name: key for key, part in found.splits.items() for name in part["names"]}
    assert len(splits) == 36 and {len({splits[name] for name in group}) for group in found.alike} == {1}


def test_a_picture_in_two_classes_is_for_training_and_told_of(make):
    folder = make(cat=6, dog=6)
    scene(3).resize((40, 40)).save(folder / "dog" / "again.jpg")
    found = read_folder(list_folder(folder), side=64)
    assert {"cat/0003.png", "dog/again.jpg"} <= set(found.splits["train"]["names"])
    assert any("the same picture lies in two classes" in text and "dog/again.jpg" in text for text in found.warnings)


def test_different_pictures_are_not_alike():
    """Among them pictures whose differing object is small, on the same plain ground."""
    images = np.full((30, 64, 64, 3), 250, np.uint8)
    for i in range(30):
        images[i, 8 + i : 16 + i, 40 - i : 52 - i] = np.random.default_rng(i).integers(0, 150, 3)
    assert len(set(near_duplicates(images))) == 30
    assert near_duplicates(np.repeat(images[:3], 4, 0)).tolist() == [0] * 4 + [4] * 4 + [8] * 4


@given(st.lists(st.integers(3, 60), min_size=2, max_size=5), st.integers(0, 5), st.integers(0, 9))
def test_every_class_is_in_every_split(counts, seed, groups_seed):
    labels = np.repeat(np.arange(len(counts)), counts)
    where = split(labels, np.arange(len(labels)), seed)
    for label, n in enumerate(counts):
        test = max(1, round(0.2 * n))
        val = max(1, round(0.1 * n))
        assert np.bincount(where[labels == label]).tolist() == [n - test - val, val, test]
    groups = np.minimum(
        np.arange(len(labels)), np.random.default_rng(groups_seed).integers(0, len(labels), len(labels))
    )
    groups = groups[groups]  # two levels are enough for groups of several
    where = split(labels, groups, seed)
    assert all(len(set(where[groups == group])) == 1 for group in set(groups))
    assert all((where[labels == label] == 0).any() for label in range(len(counts)))


@given(st.permutations(range(12)))
def test_reordering_in_place(order):
    images = np.arange(12)[:, None] * np.ones((1, 2), int)
    folders._reorder(images, np.array(order))
    assert images[:, 0].tolist() == list(order)


def test_what_cannot_be_read_is_listed(make):
    folder = make(cat=6, dog=6)
    (folder / "cat/0001.png").write_bytes(b"")
    (folder / "dog/bad.jpg").write_bytes(b"hello")
    (folder / "dog/notes.txt").write_text("mine")
    found = read_folder(list_folder(folder), side=32)
    assert [file.name for file, _ in found.unreadable] == ["0001.png", "bad.jpg"]
    assert sum(len(part["labels"]) for part in found.splits.values()) == 11
    with pytest.raises(InputError, match="0001.png cannot be read as an image .it is empty."):
        read_folder(list_folder(folder), side=32, strict=True)
    for k in range(2, 5):
        (folder / f"cat/000{k}.png").write_bytes(b"x")
    with pytest.raises(DataError, match="5 of 13 files cannot be read, and the class cat has 2 left where 3"):
        read_folder(list_folder(folder), side=32)


def test_pictures_beside_the_folders_are_told_of(make):
    folder = make(cat=5, dog=5)
    scene(9).save(folder / "stray.jpg")
    found = read_folder(list_folder(folder), side=32)
    assert "beside the folders, so in no class, lie stray.jpg" in found.warnings
    with pytest.raises(DataError, match="stray.jpg; put them into one"):
        read_folder(list_folder(folder), side=32, strict=True)


@pytest.mark.parametrize("classes, message", [
    (dict(cat=5), "one class only, cat; a classifier needs at least two"),
    (dict(cat=1, dog=1), "the class cat in .* has 1 picture; at least 3"),
    (dict(cat=5, dog=2), "the class dog in .* has 2 pictures; at least 3 are needed"),
    (dict(cat=5, dog=0), "dog holds no pictures .*put some there, or move the folder out"),
    (dict(Cat=5, cat=5, dog=5), "equal names, 'Cat' and 'cat'; rename one"),
    ({unicodedata.normalize("NFC", "é"): 5, unicodedata.normalize("NFD", "é"): 5}, "equal names, .*rename one"),
    ({"a b": 5, "a  b ": 5}, "equal names"), ({}, "there is no folder .*; give a folder"),
], ids=str)  # fmt: skip
def test_folders_that_are_no_classes(make, tmp_path, classes, message):
    make(**classes)
    with pytest.raises(DataError, match=message):
        list_folder(tmp_path / "mine")


def test_pictures_without_folders(make, tmp_path):
    scene(1).save(tmp_path / "a.png")
    with pytest.raises(DataError, match="holds pictures .1. but no folders; put the pictures of each class"):
        list_folder(tmp_path)


def test_nothing_but_one_picture(make):
    folder = make(cat=0, dog=0)
    for name in ("cat", "dog"):
        for k in range(4):
            scene(1).save(folder / name / f"{k}.png")
    with pytest.raises(DataError, match="nothing can be set aside .*near-duplicates of each other"):
        read_folder(list_folder(folder), side=32)


@pytest.mark.parametrize(
    "name, start", [("Meine Bilder!", "meine_bilder_"), ("каша", "pictures_"), ("x" * 80, "x" * 40 + "_")]
)
def test_a_name_that_the_cache_takes(make, tmp_path, name, start):
    make(cat=3, dog=3).rename(tmp_path / name)
    found = set_name(list_folder(tmp_path / name), 224, 0)
    assert found.startswith(start) and found[len(start) :].isalnum()
