"""From a network to a bank, and from the bank to figures."""

import dataclasses

import numpy as np
import pytest
import torch

from bgood_lib import datasets
from bgood_lib.datasets import Description
from bgood_lib.detectors import registry, scoring
from bgood_lib.evaluation import judge, validation
from bgood_lib.evaluation.bank import build_bank
from bgood_lib.evaluation.protocols import PROTOCOLS, OODSet
from bgood_lib.networks.small_resnet import SmallResNet
from bgood_lib.utils.errors import DataError
from bgood_lib.utils.registry import Registry


@pytest.fixture
def protocol(tmp_path, monkeypatch):
    monkeypatch.setenv("BGOOD_DATA", str(tmp_path))
    monkeypatch.setitem(PROTOCOLS, "scenes", (OODSet("scenes_novel", "novel"), OODSet("svhn", "far")))
    return tmp_path


def test_a_missing_set_is_a_row_and_a_damaged_one_an_error(protocol):
    torch.manual_seed(0)
    network = SmallResNet(6, stages=2, width=16)
    bank, ood = build_bank(network, "scenes", fit_images=100, report=str)
    missing = Description("svhn", "SVHN", "missing", "not prepared", 0)
    assert ood[1] == {"group": "far", "split": "test", **dataclasses.asdict(missing)}
    assert Description.of(ood[0]) == bank.descriptions["scenes_novel"] == datasets.info("scenes_novel").description
    assert ood[0]["n"] == len(bank["scenes_novel"]) == 2000
    assert bank.descriptions["train"].note == "first 100 images"
    assert len(bank["train"]) == 100

    figures = judge.judge(bank)
    assert {row["ood"] for row in figures["metrics"]} == {"scenes_novel"}
    right = bank["test"].logits.argmax(1) == datasets.load("scenes", "test")[1]
    assert figures["accuracy"] == pytest.approx(right.mean())
    assert len(bank["val_jigsaw"]) == 200 and "val_ood" not in bank.sets
    assert set(figures["overconfidence"]) == set(figures["mean_norm"]) == {"test", "scenes_novel"}

    file = protocol / "scenes_novel-test.npz"
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(DataError, match="scenes_novel"):
        build_bank(network, "scenes", fit_images=100, report=str)


def test_a_detector_that_fails_leaves_a_row(protocol, monkeypatch):
    def broken(head):
        raise ZeroDivisionError("no luck")

    entries = Registry("detector")
    entries |= {"MSP": registry.DETECTORS["MSP"], "Broken": registry.Entry(broken)}
    monkeypatch.setattr(scoring, "DETECTORS", entries)
    bank, _ = build_bank(SmallResNet(6, stages=2, width=16), "scenes", fit_images=100, report=str)
    rows = judge.judge(bank)["metrics"]
    assert [row["detector"] for row in rows] == ["MSP", "Broken"]
    assert rows[1] == {"ood": "scenes_novel", "detector": "Broken", "error": "ZeroDivisionError: no luck"}
    assert 0 <= rows[0]["auroc"] <= 1


def test_scores_that_are_not_finite_leave_a_row():
    scores = {"test": np.zeros(3), "a": np.array([np.nan]), "b": np.ones(2)}
    assert "not finite" in judge.measure(scores, "a", "KNN")["error"]
    assert judge.measure(scores, "b", "KNN")["auroc"] == 1


def test_a_jigsaw_holds_the_same_tiles_elsewhere(images):
    shuffled = validation.jigsaw(images)
    assert shuffled.shape == images.shape and shuffled.dtype == images.dtype

    def tiles(image):
        return [image[y : y + 8, x : x + 8].tobytes() for y in range(0, 32, 8) for x in range(0, 32, 8)]

    for before, after in zip(images, shuffled):
        assert tiles(before) != tiles(after) and sorted(tiles(before)) == sorted(tiles(after))
    assert np.array_equal(shuffled, validation.jigsaw(images))
    assert not np.array_equal(shuffled, validation.jigsaw(images, seed=1))
    with pytest.raises(ValueError, match="images of 32 x 32 cannot be cut into 3 x 3 tiles"):
        validation.jigsaw(images, tiles=3)
