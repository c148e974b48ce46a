"""OpenMax by hand, against pytorch-ood, and where the two part."""

import math

import numpy as np
import pytest
import torch
from pytorch_ood import detector as theirs
from pytorch_ood.detector.openmax.libnotmr import LibNotMR
from small_bank import K, make_bank

from bgood_lib.detectors.openmax import OpenMax, fit_weibull
from bgood_lib.detectors.registry import DETECTORS
from bgood_lib.detectors.scoring import fit, score
from bgood_lib.features import Bank

# Two classes, four images each that are classified right, and one labelled 0 that is not. By hand: the mean logits are
# (3, 0) and (0, 3), and the distances to them 1, 1, 2, 2 and 1, 1, 3, 3.
LOGITS = torch.tensor([[4, 0], [2, 0], [3, 2], [3, -2], [0, 4], [0, 2], [3, 3.001], [-3, 2.999], [0, 9]])
LABELS = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1, 0])


def likelihood(shape, scale, values):
    return sum(math.log(shape / scale) + (shape - 1) * math.log(v / scale) - (v / scale) ** shape for v in values)


def test_by_hand():
    """Tails of the three farthest, moved to begin at 1: (1, 2, 2) and (1, 3, 3)."""
    fitted = OpenMax(None, tailsize=3, alpha=2).fit_logits(LOGITS, LABELS)
    np.testing.assert_allclose(fitted.centres, [[3, 0], [0, 3]], atol=1e-6)
    tails = (1, 2, 2), (1, 3, 3)
    weibulls = fitted._openmax[1:].T.tolist()
    for tail, (shape, scale) in zip(tails, weibulls):  # nothing is likelier
        best = likelihood(shape, scale, tail)
        for a, b in ((1.02, 1), (0.98, 1), (1, 1.02), (1, 0.98)):
            assert likelihood(shape * a, scale * b, tail) < best
    x, distances = (2.0, 1.0), (math.hypot(1, 1), math.hypot(2, 2))
    w = [1 - math.exp(-((d / scale) ** shape)) for d, (shape, scale) in zip(distances, weibulls)]
    first, second = 2.0 * w[0], 1.0 * w[1] / 2  # what the winner loses, and the next, by half as much
    unknown = math.exp(first + second)
    expected = unknown / (unknown + math.exp(x[0] - first) + math.exp(x[1] - second))
    assert fitted.predict_logits(torch.tensor([x])).item() == pytest.approx(expected, rel=1e-5)


def test_images_that_are_classified_wrong_do_not_count():
    all_nine = OpenMax(None).fit_logits(LOGITS, LABELS)
    right = OpenMax(None).fit_logits(LOGITS[:8], LABELS[:8])
    assert torch.equal(all_nine.predict_logits(LOGITS), right.predict_logits(LOGITS))
    unlabelled = OpenMax(None).fit_logits(LOGITS, torch.cat([LABELS[:8], torch.tensor([-1])]))
    assert torch.equal(unlabelled.predict_logits(LOGITS), right.predict_logits(LOGITS))


def test_a_class_that_is_never_classified_right_is_named():
    bank = make_bank()
    train = bank["train"]
    never = type(train)(**{**vars(train), "labels": np.where(train.labels == 3, 2, train.labels)})
    with pytest.raises(
        ValueError, match=r"OpenMax, of images that are classified right: no training image of classes \[3\]"
    ):
        fit("OpenMax", Bank({"train": never}, bank.weight, bank.bias, {}))


def test_alpha_is_at_most_the_number_of_classes_and_not_all_of_them_by_default():
    bank = make_bank()
    by_alpha = {alpha: score("OpenMax", bank, alpha=alpha)["ood"] for alpha in (1, 2, 3, K, 10)}
    assert np.array_equal(by_alpha[10], by_alpha[K])
    assert np.array_equal(by_alpha[3], score("OpenMax", bank)["ood"])
    assert all(not np.allclose(by_alpha[a], by_alpha[b]) for a in (1, 2, 3, K) for b in (1, 2, 3, K) if a < b)
    with pytest.raises(ValueError, match="tailsize=20, alpha=0; both must be at least 1"):
        OpenMax(None, alpha=0)
    assert DETECTORS["OpenMax"].grid == {"alpha": [1, 3, 5, 10], "tailsize": [10, 20, 40]}


@pytest.mark.parametrize(
    "settings",
    [
        {"tailsize": 25, "alpha": K},
        {"tailsize": 20, "alpha": 3},
        {"tailsize": 20, "alpha": 3, "euclid_weight": 0.0},
        {"tailsize": 10, "alpha": 2, "euclid_weight": 0.5},
    ],
)
def test_pytorch_oods_but_for_its_tails(settings, monkeypatch):
    """Of images that are classified right, with libmr's translation."""

    class Moved(LibNotMR):
        def __init__(self, tailsize):
            super().__init__(tailsize)
            self.translation = 1

    monkeypatch.setattr("pytorch_ood.detector.openmax.numpy.LibNotMR", Moved)
    bank = make_bank()
    train = bank["train"].take(bank["train"].logits.argmax(1) == bank["train"].labels)
    logits, y, test = map(torch.as_tensor, (train.logits, train.labels, bank["test"].logits))
    ours, their = (kind(None, **settings).fit_logits(logits, y) for kind in (OpenMax, theirs.OpenMax))
    for label, (_, shape, scale) in enumerate(ours._openmax.T.tolist()):
        found = their._openmax.distributions[label]  # by a search that stops early
        assert shape == pytest.approx(found.c, rel=0.05) and scale == pytest.approx(found.scale, rel=1e-4)
        found.c, found.scale = shape, scale
    np.testing.assert_allclose(ours.predict_logits(test), their.predict_logits(test), rtol=1e-4)


def test_weibull_fit_finds_the_distribution_it_was_drawn_from():
    values = 3 * np.random.default_rng(0).weibull(5, 20_000)
    assert fit_weibull(values) == pytest.approx((5, 3), rel=0.02)
    assert fit_weibull(np.full(5, 2.0)) == pytest.approx((1e9, 2))
