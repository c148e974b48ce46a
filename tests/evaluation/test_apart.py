"""No test shows what a training was shown as unknown."""

import numpy as np
import pytest

from bgood_lib.datasets import Description, photos
from bgood_lib.evaluation import apart, protocols
from bgood_lib.evaluation.apart import leave_out
from bgood_lib.runs.train import evaluate_run
from bgood_lib.training.outliers import DEFAULT
from bgood_lib.utils.errors import DataError


@pytest.mark.parametrize("dataset, outliers", DEFAULT.items())
def test_the_outliers_of_a_data_set_are_none_of_its_tests(dataset, outliers):
    entries = protocols.PROTOCOLS[dataset]
    kept = leave_out(entries, outliers)
    assert outliers not in {entry.name for entry in kept} and len(kept) >= len(entries) - 2
    assert leave_out(entries, None) == leave_out(entries, "background") == entries


def test_classes_that_cifar100_shares_with_tiny_imagenet_are_left_out_besides():
    before = {entry.name: entry for entry in protocols.PROTOCOLS["cifar10"]}
    after = {entry.name: entry for entry in leave_out(before.values(), "cifar100")}
    assert before.keys() - after.keys() == {"cifar100", "places365"}
    assert {name for name in after if after[name] != before[name]} == {"tiny_imagenet"}
    tiny = after["tiny_imagenet"]
    assert set(tiny.drop_classes) == {
        *before["tiny_imagenet"].drop_classes, *protocols.TINY_IMAGENET_OVERLAP_CIFAR100,
    }  # fmt: skip
    assert tiny.note == (
        "without 24 classes that CIFAR-10 has and 20 kept for validation, and without 46 classes that outliers of a training "
        "show"
    )


def test_of_other_photographs_the_test_is_what_the_outliers_are_not(monkeypatch):
    classes = np.array([*photos.OUTLIERS, "church", "English springer", "parachute"])
    labels = np.array([0, 4, 1, 6, 6, 2, 3])
    images = np.arange(7, dtype=np.uint8)[:, None, None, None].repeat(8, 1).repeat(8, 2).repeat(3, 3)
    shown = photos.generate("outliers", {"images": images, "labels": labels, "classes": classes})
    assert shown["images"][:, 0, 0, 0].tolist() == [0, 2, 5, 6] and shown["labels"].tolist() == [0, 1, 2, 3]
    assert (shown["classes"] == classes).all()
    [entry] = leave_out([protocols.OODSet("photos_objects", "near")], "photos_outliers")
    monkeypatch.setattr(protocols.datasets, "load", lambda *name: (images, labels))
    monkeypatch.setattr(protocols.datasets, "extra", lambda *name: classes)
    whole = Description("photos_objects", "Imagenette", n=7)
    monkeypatch.setattr(protocols.datasets, "info", lambda *name: type("Info", (), {"description": whole}))
    tested, description = protocols.load_ood(entry)
    assert tested[:, 0, 0, 0].tolist() == [1, 3, 4]
    assert (description.n, description.note) == (3, "without 4 classes that outliers of a training show")


def test_shared_classes_are_of_sets_that_are_tests():
    for outliers, shared in apart.SHARED.items():
        [dataset] = [name for name, known in DEFAULT.items() if known == outliers]
        assert shared.keys() <= {entry.name for entry in protocols.PROTOCOLS[dataset]}


def test_a_set_that_is_none_is_refused_before_anything_is_passed(tmp_path):
    with pytest.raises(DataError, match="no data set is called 'photos_outlier'.*photos_outliers"):
        evaluate_run(None, None, None, tmp_path, apart="photos_outlier")
