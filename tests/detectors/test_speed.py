"""Scores rewritten for speed equal pytorch-ood's: Mahalanobis, RMD, GradNorm, DICE."""

import numpy as np
import pytest
import torch
from pytorch_ood import detector as theirs
from small_bank import make_bank

from bgood_lib.detectors.head_weights import DICE, GradNorm
from bgood_lib.detectors.prototypes import class_means
from bgood_lib.detectors.scoring import Head, fit
from bgood_lib.features import Bank


@pytest.fixture(scope="module")
def bank():
    return make_bank()


@pytest.fixture(scope="module")
def data(bank):
    train, test = bank["train"], bank["test"]
    return Head(bank.weight, bank.bias), *map(torch.as_tensor, (train.features, train.labels, test.features))


@pytest.mark.parametrize("name", ["Mahalanobis", "RMD"])
def test_equal_pytorch_oods(bank, data, name):
    _, z, y, test = data
    expected = getattr(theirs, name)(None).fit_features(z, y).predict_features(test)
    np.testing.assert_allclose(fit(name, bank).score(bank["test"]), expected, rtol=1e-4, atol=1e-6)


def test_features_far_from_the_origin_do_not_cancel(bank, data):
    _, z, y, test = data
    here = fit("Mahalanobis", bank).detector.predict_features(test)
    moved = fit("Mahalanobis", bank).detector.fit_features(z.double() + 1e5, y)
    np.testing.assert_allclose(moved.predict_features(test.double() + 1e5), here, rtol=1e-5)


def test_a_class_without_images_is_named(data):
    _, z, y, _ = data
    with pytest.raises(ValueError, match=r"no training image of classes \[2\]"):
        class_means(z[y != 2], y[y != 2])
    with pytest.raises(ValueError, match="label -1 in the training set"):
        class_means(z, y - 1)
    with pytest.raises(ValueError, match=r"no training image of classes \[5, 6\]"):
        class_means(z, y, 7)


def test_she_names_a_class_that_is_never_classified_right(bank):
    train = bank["train"]
    never = type(train)(**{**vars(train), "labels": np.where(train.labels == 3, 2, train.labels)})
    with pytest.raises(
        ValueError, match=r"SHE, of images that are classified right: no training image of classes \[3\]"
    ):
        fit("SHE", Bank({"train": never}, bank.weight, bank.bias, {}))


@pytest.mark.parametrize("t", [1.0, 2.0])
def test_gradnorm_is_the_gradients_norm(data, t):
    head, _, _, test = data
    by_gradient = theirs.GradNorm(head, param_filter=lambda name: name == "weight", temperature=t).to("cpu")
    np.testing.assert_allclose(GradNorm(None, head, t).predict_features(test), by_gradient.predict(test), rtol=1e-5)


def test_dice_equals_pytorch_oods(data):
    head, z, y, test = data
    ours, their = (d(None, head.weight, head.bias, 0.7).fit_features(z, y) for d in (DICE, theirs.DICE))
    np.testing.assert_allclose(ours.predict_features(test), their.predict_features(test), rtol=1e-5)
