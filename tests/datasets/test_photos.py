"""Photographs: one file becomes several sets, and what is made from the masks holds what it says."""

import collections
import hashlib

import numpy as np
import pytest
from PIL import Image

from bgood_lib import datasets
from bgood_lib.datasets import photos, sources
from bgood_lib.utils.errors import DataError

SPLITS = [("photos", "train"), ("photos", "val"), ("photos", "test"), ("photos_unseen", "test")]


def rows(name, split="test"):
    """Every array of a set, by the id of its photograph."""
    images, labels = datasets.load(name, split)
    classes = datasets.extra(name, split, "classes") if datasets.has_extra(name, split, "classes") else None
    arrays = [images, *(datasets.extra(name, split, key) for key in ("foreground", "names"))]
    kinds = classes[labels] if classes is not None else [None] * len(labels)
    return {str(photo): (image, mask, kind) for image, mask, photo, kind in zip(*arrays, kinds)}


def test_the_committed_split_is_the_one_that_the_seed_draws():
    table = photos.split_table()
    assert photos.draw_split({photo: kind for photo, (kind, _) in table.items()}) == {
        photo: split for photo, (_, split) in table.items()
    }
    assert len(table) == 4241 and {kind for kind, split in table.values() if split == "unseen"} == set(photos.UNSEEN)
    counts = collections.Counter(table.values())
    for kind in photos.CLASSES:
        n = [counts[kind, split] for split in ("train", "val", "test")]
        assert min(n) >= 8 and np.allclose(np.array(n) / sum(n), [0.7, 0.1, 0.2], atol=0.01)


def test_a_file_of_voc_becomes_the_known_and_the_unseen(photographs, voc, foreign):
    done = foreign.adopt("photos_unseen")
    assert [(info.name, info.split) for info in done] == SPLITS
    assert [info.n for info in done] == [6 * 14, 6 * 2, 6 * 4, 4 * 20] and {info.side for info in done} == {64}
    assert done[0].title == "VOC photographs train" and done[0].origin.startswith("photos_voc10.npz: Pascal VOC")
    seen = {}
    for slot in SPLITS:
        seen |= rows(*slot)
    assert len(seen) == len(voc["names"])
    for i, name in enumerate(voc["names"]):
        image, foreground, kind = seen[str(name)]
        assert (image == voc["images"][i]).all() and kind == voc["classes"][voc["labels"][i]]
        assert (foreground == (voc["masks"][i] != 0)).all()
    assert (datasets.extra("photos", "val", "foreground") >= datasets.extra("photos", "val", "object")).all()
    assert (np.bincount(datasets.load("photos", "val")[1]) == 2).all()


def test_places_are_judged_or_pasted_on_never_both(photographs, foreign):
    names = [info.name for info in foreign.adopt("photos")]
    assert names == ["photos_places", "photos_grounds", *(name for name, _ in SPLITS)]
    places, labels = datasets.load("photos_places")
    grounds, _ = datasets.load("photos_grounds")
    assert (len(places), len(grounds)) == (12, 8)
    found = [np.flatnonzero((photographs["images"] == image).all(axis=(1, 2, 3))) for image in (*places, *grounds)]
    assert len(set(np.concatenate(found))) == 20
    assert (photographs["labels"][np.concatenate(found)[:12]] == labels).all()
    assert datasets.info("photos_places").standing == "part"


def test_bare_crops_hold_no_masked_pixel_of_their_own_split(photographs, voc, foreign):
    foreign.adopt()
    for split in ("val", "test"):
        known, crops = rows("photos", split), rows("photos_bare", split)
        assert 0 < len(crops) < len(known) and crops.keys() <= known.keys()
        assert all(image.shape == (64, 64, 3) and not mask.any() for image, mask, _ in crops.values())
        assert (datasets.load("photos_bare", split)[1] == -1).all()
        for photo, (_, mask, _) in known.items():
            [[top, left, side]] = photos.largest_squares(~mask[None])
            assert not mask[top : top + side, left : left + side].any()
            assert (side >= photos.CROP_SIDE) == (photo in crops)


def test_largest_squares_are_the_largest():
    free = np.random.default_rng(0).random((30, 9, 9)) < 0.8
    for picture, (top, left, side) in zip(free, photos.largest_squares(free)):
        square = picture[top : top + side, left : left + side]
        assert square.shape == (side, side) and square.all()
        larger = np.lib.stride_tricks.sliding_window_view(picture, (side + 1, side + 1))
        assert not larger.all(axis=(2, 3)).any()
    assert photos.largest_squares(np.ones((1, 9, 9), bool)).tolist() == [[0, 0, 9]]
    assert photos.largest_squares(np.zeros((1, 9, 9), bool))[0, 2] == 0


@pytest.mark.parametrize("name, source", [
    ("photos_moved", "photos"), ("photos_grey", "photos"), ("photos_unseen_moved", "photos_unseen"),
])  # fmt: skip
def test_moved_objects_are_those_of_the_test_at_their_place_before_something_else(photographs, foreign, name, source):
    foreign.adopt()
    known, moved = rows(source), rows(name)
    objects = dict(zip(known, datasets.extra(source, "test", "object")))
    behind = datasets.load("photos_grounds")[0] if "moved" in name else np.full((1, 64, 64, 3), photos.GREY, np.uint8)
    used = collections.Counter()
    assert known.keys() == moved.keys()
    for photo, (image, mask, kind) in moved.items():
        assert kind == known[photo][2] and (mask == objects[photo]).all()
        [place] = np.flatnonzero((behind == image)[:, ~mask].all(axis=(1, 2)))  # beside the object, all is the ground's
        used[place] += 1
        inner = mask & (np.hypot(*np.mgrid[-20:44, -20:44]) < np.sqrt(mask.sum() / np.pi) - 3)
        assert (image[inner] == known[photo][0][inner]).all()
        assert mask.sum() < 100 or inner.any()
    assert max(used.values()) - min(used.values()) <= 1 and len(used) == len(behind)


def test_edges_are_feathered_inwards_and_thin_parts_stay():
    mask = np.zeros((1, 9, 9), bool)
    mask[0, 2:, 2:5] = mask[0, 4, 5:8] = True
    white, black = np.full((1, 9, 9, 3), 255, np.uint8), np.zeros((1, 1, 1, 3), np.uint8)
    shown = photos.paste(white, mask, black)[0, :, :, 0]
    assert (shown[~mask[0]] == 0).all() and shown[6, 3] == 255 and 150 < shown[6, 2] < 255
    assert shown[8, 3] == 255  # the frame of the picture is no edge
    assert 100 < shown[4, 6] < 200


def test_what_is_made_follows_its_source(photographs, voc, foreign):
    foreign.adopt("photos")
    first = datasets.info("photos_grey")
    foreign.adopt("photos")
    assert datasets.info("photos_grey") == first
    foreign("photos_voc10", **voc | {"images": 255 - voc["images"]})
    foreign.adopt("photos")
    assert datasets.info("photos_grey").sha256 != first.sha256


def test_without_its_sources_a_made_set_says_what_to_prepare(photographs, foreign):
    with pytest.raises(DataError, match="photos_moved test is made from photos test, which is not prepared. "
                       "Run: bgood data prepare photos photos_moved$"):  # fmt: skip
        datasets.load("photos_moved")
    foreign.adopt("photos_unseen")
    assert datasets.available("photos_grey", "test") and not datasets.available("photos_moved", "test")
    foreign.adopt("photos_places")
    assert datasets.available("photos_moved", "test")


@pytest.mark.parametrize("change, message", [
    ({"masks": None}, "'masks' is missing"),
    ({"names": np.array(["2008_000001"])}, r"'names' is of shape \(1,\); expected the shape \(200,\)"),
    ({"names": np.array([f"2009_{i:06}" for i in range(200)])}, "missing or not among them, such as 2008_000000"),
    ({"labels": np.zeros(200, int)}, "is labelled 'airplane', not"),
    ({"labels": np.full(200, 10)}, "labels are -?[0-9]+ to 10"),
    ({"classes": None}, "'classes' is missing"),
])  # fmt: skip
def test_another_file_of_that_name_is_refused(voc, foreign, change, message):
    foreign("photos_voc10", **voc | change)
    with pytest.raises(DataError, match=message):
        foreign.adopt("photos")
    assert not datasets.prepared("photos", "test")


def test_too_few_places_are_refused(foreign):
    foreign("photos_places", labels=np.zeros(20, int), classes=np.array(["a"]))
    with pytest.raises(DataError, match="photos_places has 20 photographs; expected 2,000"):
        foreign.adopt()


def test_pictures_that_may_be_shown_come_with_masks_and_credits(foreign):
    masks = np.arange(5)[:, None, None] % 3 * np.ones((5, 32, 32), np.uint8)
    names = np.array([f"Abyssinian_{i}" for i in range(5)])
    foreign("photos_show", n=5, labels=np.zeros(5, int), classes=np.array(["Abyssinian"]), masks=masks, names=names)
    [info] = foreign.adopt("photos_show")
    assert (info.name, info.split, info.standing) == ("photos_show", "test", "part") and "CC BY-SA 4.0" in info.origin
    assert datasets.extra("photos_show", "test", "object").any(axis=(1, 2)).tolist() == [
        False,
        True,
        False,
        False,
        True,
    ]
    assert datasets.extra("photos_show", "test", "names").tolist() == names.tolist()


def test_unknown_kind(voc):
    with pytest.raises(ValueError, match="'blue'; there are: bare, moved, grey"):
        photos.generate("blue", voc | {"foreground": voc["masks"] > 0})


FROZEN = {"bare": "63f87da6a38fce95", "moved": "c80e225b07b2cf8d", "grey": "04f5d8ca9aad7b44"}


def test_the_same_arrays_on_every_machine(voc):
    """A change here changes every number measured on these sets, and needs a new `photos.RECIPE`."""
    known = next(piece for piece in photos.pieces("photos_voc10", voc) if piece.split == "val").arrays
    grounds = np.random.default_rng(4).integers(256, size=(5, 64, 64, 3), dtype=np.uint8)

    def digest(arrays):
        return hashlib.sha256(b"".join(arrays[key].tobytes() for key in sorted(arrays))).hexdigest()[:16]

    assert {kind: digest(photos.generate(kind, known, grounds)) for kind in FROZEN} == FROZEN


class Listed:
    """A torchvision set: pairs, and the names of their files."""

    def __init__(self, pairs, classes=(), images=()):
        self.pairs, self.classes, self.images = pairs, list(classes), images

    def __getitem__(self, index):
        return self.pairs[index]

    def __len__(self):
        return len(self.pairs)


def test_torchvision_brings_what_the_files_hold(monkeypatch, voc):
    from torchvision import datasets as tv

    monkeypatch.setattr(photos, "N_PLACES", 3)
    monkeypatch.setattr(photos, "N_GROUNDS", 2)
    table = photos.split_table()
    ids = [*sorted(table), "2011_999999"]
    picture = Image.fromarray(np.full((64, 96, 3), 9, np.uint8))
    mask = np.zeros((64, 96), np.uint8)
    mask[:, 60:70] = 255  # the border
    masks = {name: np.where(mask, mask, np.uint8(sources._VOC_MASK.get(table.get(name, ("cat",))[0]))) for name in ids}
    for name in ids:
        masks[name][:, :40] = 0
    of_voc = [(picture, Image.fromarray(masks[name])) for name in ids]
    half = len(ids) // 2
    files = [f"x/{name}.jpg" for name in ids]
    monkeypatch.setattr(tv, "VOCSegmentation", lambda *a, **o: Listed(of_voc[:half], images=files[:half]))
    monkeypatch.setattr(tv, "SBDataset", lambda *a, **o: Listed(of_voc, images=files))
    grey = [(Image.fromarray(np.full((40, 60), 20 * i, np.uint8)), i % 2) for i in range(12)]
    monkeypatch.setattr(tv, "DTD", lambda *a, **o: Listed(grey, ["banded", "zigzagged"]))
    monkeypatch.setattr(tv, "Places365", lambda *a, **o: Listed(grey, ["/a/abbey", "/z/zoo"]))
    monkeypatch.setattr(tv, "Imagenette", lambda *a, **o: Listed(grey, [("tench", "Tinca"), ("English springer",)]))
    done = {(info.name, info.split): info for info in datasets.prepare("photos", say=str)}
    assert {name for name, _ in done} == {name for stem in photos.DOWNLOADED for name in photos.FILES[stem]}
    assert {info.side for info in done.values()} == {128} and done["photos", "train"].n == 6 * 14
    images, labels = datasets.load("photos", "val")
    assert (images == 9).all() and np.bincount(labels).tolist() == [2] * 6
    shown = datasets.extra("photos", "val", "object")[0, 64], datasets.extra("photos", "val", "foreground")[0, 64]
    assert [row.sum() for row in shown] == [128 - 48 - 20, 128 - 48]  # columns 16 to 80 of 96, twice as large
    about = {name: (info.title, info.standing, info.n) for (name, _), info in done.items()}
    assert about["photos_places"] == ("Places365 val, some photographs", "stand-in", 3)
    assert about["photos_grounds"][1:] == ("stand-in", 2)
    assert about["photos_textures"] == ("DTD photographs", "whole", 36)
    assert about["photos_objects"][1:] == ("part", 6) and (datasets.load("photos_objects")[1] == 0).all()
    assert datasets.info("photos_moved").n == done["photos", "test"].n


def test_what_is_out_of_reach_is_said_and_the_rest_kept(monkeypatch, voc):
    def some(stem, folder):
        if stem != "photos_textures":
            raise OSError("timed out")
        return {"images": np.zeros((2, 128, 128, 3), np.uint8), "labels": np.zeros(2, int), "classes": np.array(["a"])}

    monkeypatch.setattr(sources, "photographs", some)
    message = "photos_voc10: timed out.*put photos_voc10.npz and .*bgood data prepare photos --from FOLDER"
    with pytest.raises(DataError, match=message):
        datasets.prepare("photos", say=str)
    assert datasets.info("photos_textures").n == 2 and not datasets.prepared("photos", "train")
    assert datasets.command("photos_unseen") == "bgood data prepare photos_unseen"
    with pytest.raises(DataError, match="cannot be downloaded by bgood. Put photos_show.npz"):
        datasets.prepare("photos_show")
