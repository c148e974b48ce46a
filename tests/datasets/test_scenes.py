import hashlib

import numpy as np
import pytest

from bgood_lib.datasets import scenes

# The sets as every machine should make them. A change here changes every number measured on
# scenes, and needs a new `scenes.RECIPE`.
FROZEN = {
    "train": "c1a01a760f48b226",
    "test": "489177b86378c801",
    "unseen": "82482be470efda68",
    "background": "6f7aa33c6e636a74",
    "novel": "03c94759f6be5d29",
    "elsewhere": "e6497093c6dd2da0",
}


@pytest.fixture(scope="module")
def sets():
    return {kind: scenes.generate(kind) for kind in scenes.SIZES}


def digest(arrays):
    return hashlib.sha256(b"".join(arrays[key].tobytes() for key in sorted(arrays))).hexdigest()


@pytest.mark.parametrize("kind", scenes.SIZES)
def test_form(sets, kind):
    n, arrays = scenes.SIZES[kind], sets[kind]
    assert arrays["images"].dtype == np.uint8 and arrays["images"].shape == (n, 32, 32, 3)
    assert arrays["labels"].dtype == np.int64 and arrays["labels"].shape == (n,)
    assert arrays["foreground"].dtype == bool and arrays["foreground"].shape == (n, 32, 32)


@pytest.mark.parametrize("kind", scenes.SIZES)
def test_the_same_arrays_on_every_machine(sets, kind):
    assert digest(sets[kind])[:16] == FROZEN[kind]


def test_the_same_arrays_at_every_call(sets):
    assert digest(scenes.generate("test")) == digest(sets["test"])


def test_labels(sets):
    for kind in ("train", "test"):
        counts = np.bincount(sets[kind]["labels"], minlength=6)
        assert len(counts) == 6 and counts.min() > 0.1 * scenes.SIZES[kind]
    for kind in ("unseen", "background", "novel", "elsewhere"):
        assert (sets[kind]["labels"] == -1).all()


def test_digits_are_disjoint_and_of_the_right_classes():
    rows = {kind: scenes.digit_rows(kind) for kind in scenes.SIZES}
    target = scenes._digits().target
    assert not set(rows["train"]) & (set(rows["test"]) | set(rows["unseen"]))
    assert set(target[rows["train"]]) == set(target[rows["test"]]) == set(range(6))
    assert set(target[rows["unseen"]]) == {6, 7, 8, 9}
    assert (rows["elsewhere"] == rows["unseen"]).all()
    assert len(rows["background"]) == len(rows["novel"]) == 0


def test_photo_cells_are_disjoint():
    seen = np.zeros((427, 640), int)
    for kind in ("train", "test"):
        for left, top, right, bottom in scenes.photo_cells(kind):
            seen[top:bottom, left:right] += 1
            assert min(right - left, bottom - top) >= scenes.CROP_SIDE[1]
    assert seen.max() == 1 and seen.mean() > 0.95
    for kind in ("unseen", "background"):
        assert scenes.photo_cells(kind) == scenes.photo_cells("test")


def test_crops_stay_inside_their_cells(monkeypatch):
    chosen = []

    class Photo:
        def __init__(self, photo):
            self.photo, self.height, self.width = photo, photo.height, photo.width

        def crop(self, box):
            chosen.append(box)
            return self.photo.crop(box)

    photos = [Photo(photo) for photo in scenes._photos()]
    monkeypatch.setattr(scenes, "_photos", lambda: photos)
    rng = np.random.default_rng(0)
    for kind in ("train", "test"):
        chosen.clear()
        for _ in range(200):
            scenes.photo_crop(kind, rng)
        assert len(chosen) == 200
        for x, y, right, bottom in chosen:
            assert any(
                left <= x and top <= y and right <= r and bottom <= b for left, top, r, b in scenes.photo_cells(kind)
            )


@pytest.mark.parametrize("kind", ["train", "test", "unseen", "elsewhere"])
def test_every_digit_has_a_plausible_mask(sets, kind):
    fraction = sets[kind]["foreground"].mean(axis=(1, 2))
    assert fraction.min() > 0.02 and fraction.max() < 0.4 and 0.08 < fraction.mean() < 0.2


@pytest.mark.parametrize("kind", ["background", "novel"])
def test_sets_without_digits_have_empty_masks(sets, kind):
    assert not sets[kind]["foreground"].any()


def test_outside_the_mask_an_image_is_its_background():
    rng = np.random.default_rng(1)
    digits = scenes._digits().images
    for digit in digits[:50]:
        background = scenes.photo_crop("train", rng)
        weight = scenes.digit_weight(digit, rng)
        colour = scenes.contrasting_colour(background, weight, rng)
        image = scenes.blend(background, weight, colour)
        mask = weight > 0
        assert (image[~mask] == background[~mask]).all()
        assert (image[mask] != background[mask]).any(axis=-1).mean() > 0.9
        assert weight[mask].min() >= scenes.MASK_THRESHOLD * 255
        assert np.linalg.norm(colour - background[mask].mean(axis=0)) >= scenes.CONTRAST


def test_novel_textures_are_varied(sets):
    images = sets["novel"]["images"].astype(float)
    assert images.mean(axis=(1, 2)).std(axis=0).min() > 40  # colours differ between images
    assert (images.std(axis=(1, 2)).max(axis=1) > 5).mean() > 0.95  # few are plain


def test_elsewhere_no_pixel_is_of_a_photograph(monkeypatch):
    monkeypatch.setattr(scenes, "photo_crop", None)  # calling it would fail
    monkeypatch.setitem(scenes.SIZES, "elsewhere", 50)
    assert scenes.generate("elsewhere")["foreground"].any(axis=(1, 2)).all()


def test_unknown_kind():
    with pytest.raises(ValueError, match="'tset'.*train, test, unseen"):
        scenes.generate("tset")
