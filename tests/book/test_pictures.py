"""The picture of the idea is chosen by the rule that stands under it."""

import numpy as np
import pictures
import pytest


@pytest.fixture
def three(monkeypatch):
    """Three images of 16 x 16 pixels and 4 x 4 cells: digit in one inner cell, on the rim, and inside again."""
    masks = np.zeros((3, 16, 16), bool)
    masks[0, 4:8, 4:8] = masks[1, 0:4, 4:8] = masks[2, 8:12, 8:12] = True
    chosen = ~masks[:, ::4, ::4]
    monkeypatch.setattr(pictures.quality, "patch_maps", lambda *_, **__: {"chosen": chosen})
    return masks, chosen


def picked(masks):
    return pictures.choose(None, np.zeros((3, 16, 16, 3), np.uint8), None, masks, "rank")


def test_the_first_image_on_which_the_choice_is_right(three):
    masks, chosen = three
    found = picked(masks)
    assert (found["image"], found["kept"], found["n"], found["precision"]) == (0, 3, 3, 100)
    chosen[0, 1, 1] = True  # the digit is framed
    found = picked(masks)
    assert (found["image"], found["kept"]) == (2, 2), "on the second the digit lies on the rim"
    assert found["precision"] == pytest.approx(100 * 45 / 46) and found["chance"] == pytest.approx(100 * 45 / 48)
    chosen[2, :2] = False  # too little background is framed
    assert picked(masks)["image"] == 1 and "On no test image" in picked(masks)["why"]
