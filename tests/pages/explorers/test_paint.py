"""Be the selector: what the explorer says of cells is what the library says."""

import numpy as np
import pytest
import torch

from bgood_lib import datasets
from bgood_lib.background_loss.quality import selection_quality
from bgood_lib.pages.explorers import base, paint
from bgood_lib.training.checkpoint import load_network

NAMES = ("cross_entropy-s0", "background-s0")


@pytest.fixture
def described(two_runs):
    return paint.describe(two_runs, NAMES)


def test_selectors_are_scored_as_the_library_scores_them(two_runs, described):
    data = described["data"]
    images, background = base.unpack(data["images"]), base.unpack(data["background"])
    all_images, labels = datasets.load("scenes", "test")
    rows = [int(np.flatnonzero((all_images == image).all((1, 2, 3)))[0]) for image in images]
    masks = datasets.extra("scenes", "test", "foreground")[rows]
    assert labels[rows].tolist() == sorted([*range(6)] * paint.PER_CLASS)
    for name in NAMES:
        network = load_network(two_runs / name / "checkpoint.pt")
        for selector in paint.SHOWN:
            expected = selection_quality(network, images, labels[rows], masks, selector)
            found = paint.quality(base.unpack(data["networks"][name]["chosen"][selector]), background)
            assert found == pytest.approx({key: expected[key] for key in found}, nan_ok=True), selector


def test_what_cannot_be_divided_is_no_number():
    nothing, something = np.zeros((2, 2)), np.eye(2)
    assert np.isnan(paint.quality(nothing, something)["precision"]) and paint.quality(nothing, something)["recall"] == 0
    assert np.isnan(paint.quality(something, nothing)["recall"])


def test_a_set_without_masks_is_refused(two_runs, monkeypatch):
    monkeypatch.setattr(datasets, "has_extra", lambda *_: False)
    with pytest.raises(ValueError, match="scenes has no true masks"):
        paint.describe(two_runs, NAMES)


def test_cells_are_painted_with_buttons():
    pytest.importorskip("ipywidgets")
    described = base.read("results/touch/paint.json")
    box = base.explore("paint", described)
    shown, cells = box.children[0], next(child for child in box.children if hasattr(child, "cells"))
    before = shown.value
    cells.cells[9].value = True
    assert cells.value == "0" * 9 + "1" + "0" * 54 and shown.value != before
    cells.value = "1" * 64
    assert all(cell.value for cell in cells.cells)


def test_the_truth_of_the_book_is_the_scenes_own(two_runs):
    data = base.read("results/touch/paint.json")["data"]
    images, _ = datasets.load("scenes", "test")
    row = int(np.flatnonzero((images == base.unpack(data["images"])[5]).all((1, 2, 3)))[0])
    mask = torch.as_tensor(datasets.extra("scenes", "test", "foreground")[row]).float()
    share = mask.reshape(8, 4, 8, 4).mean((1, 3))
    assert (base.unpack(data["background"])[5] == (share < 0.1).numpy()).all()
