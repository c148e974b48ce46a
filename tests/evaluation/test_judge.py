"""What a bank is judged by: its own validation split where it has one, and ID sets in other surroundings."""

import dataclasses

import numpy as np
import pytest

from bgood_lib.evaluation import bank as banks
from bgood_lib.evaluation.judge import judge
from bgood_lib.evaluation.validation import set_aside, validation_part, validation_rows
from bgood_lib.features import Bank, Features


def part(rng, n, scale=1.0):
    """N images of two classes; the larger ``scale``, the surer."""
    labels = np.arange(n) % 2
    z = (scale * (np.eye(2)[labels] + rng.normal(0, 0.3, (n, 2)))).clip(0).astype("f4")
    norms = np.linalg.norm(z, axis=1)[:, None, None].astype("f4")
    return Features(z, z, norms, np.abs(z), labels)


@pytest.fixture
def bank():
    rng = np.random.default_rng(0)
    sets = {
        "train": part(rng, 60),
        "test": part(rng, 60),
        "other": part(rng, 60, 0.1),
        "val_jigsaw": part(rng, 60, 0.2),
    }
    return Bank(sets, np.eye(2, dtype="f4"), np.zeros(2, "f4"))


def of_msp(record):
    [found] = [row["auroc"] for row in record["validation"] if row["detector"] == "MSP" and row["ood"] == "val_jigsaw"]
    return found


def test_a_validation_split_takes_the_place_of_rows_of_the_test(bank):
    unsure = part(np.random.default_rng(1), 40, 0.2)
    with_val = bank.with_sets({"val": unsure})
    assert np.array_equal(validation_part(bank).labels, bank["test"].labels[validation_rows(60)])
    assert validation_part(with_val) is unsure
    assert set_aside(with_val) is with_val and len(set_aside(bank)["val"]) == 6
    plain, split = judge(bank), judge(with_val)
    assert of_msp(plain) > 0.9 and 0.3 < of_msp(split) < 0.7  # as unsure as the shuffled images
    assert split["accuracy"] == plain["accuracy"]


def test_accuracy_on_shifted_sets(monkeypatch):
    shifted = part(np.random.default_rng(2), 20)
    monkeypatch.setattr(banks, "SHIFTED", {"mine": ("moved", "absent")})
    monkeypatch.setattr(banks.datasets, "available", lambda name, split: name == "moved")
    monkeypatch.setattr(banks.datasets, "load", lambda name, split: (np.zeros((20, 8, 8, 3), np.uint8), shifted.labels))
    monkeypatch.setattr(banks, "extract", lambda network, images, labels, keep: shifted)
    right = float((shifted.logits.argmax(1) == shifted.labels).mean())
    found = banks.shifted_accuracy(None, "mine")
    assert found["moved"]["accuracy"] == right and found["moved"]["n"] == 20 and list(found) == ["moved"]
    assert banks.shifted_accuracy(None, "another") == {}


def test_accuracy_on_images_for_validation_is_not_that_of_the_test(bank):
    shuffled = part(np.random.default_rng(1), 40)
    shuffled = dataclasses.replace(shuffled, labels=1 - shuffled.labels % 2 * (np.arange(40) < 9))
    with_val = bank.with_sets({"val": shuffled})
    right = with_val["val"].logits.argmax(1) == with_val["val"].labels
    assert judge(with_val)["validation_accuracy"] == pytest.approx(right.mean())
    assert right.mean() != judge(with_val)["accuracy"]
