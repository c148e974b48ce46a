"""Letters on photographs: nothing of them is in a test set."""

import numpy as np

from bgood_lib.datasets import letters


def test_the_same_letters_at_every_call(monkeypatch):
    monkeypatch.setattr(letters, "N", 40)
    one, two = letters.generate(), letters.generate()
    assert all(np.array_equal(one[key], two[key]) for key in one)
    assert one["images"].shape == (40, 32, 32, 3) and one["images"].dtype == np.uint8
    assert one["foreground"].any((1, 2)).all() and set(one["labels"]) <= set(range(len(letters.CLASSES)))


def test_they_lie_on_the_regions_that_training_images_show(monkeypatch):
    seen = []
    real = letters.photo_crop
    monkeypatch.setattr(letters, "photo_crop", lambda kind, rng: seen.append(kind) or real(kind, rng))
    monkeypatch.setattr(letters, "N", 5)
    letters.generate()
    assert seen == ["train"] * 5


def test_none_is_a_digit():
    assert not set("BDGIJLOQSTYZ0123456789") & set(letters.CLASSES)
    assert set(letters.DRAWN) == set(letters.CLASSES)
    assert all(drawn.shape == (7, 5) for drawn in letters.DRAWN.values())


def test_ink_is_that_of_a_digit():
    ink = letters.letter("K", np.random.default_rng(0))
    assert ink.shape == (8, 8) and ink.min() >= 0 and 8 < ink.max() <= 16
