"""KAN's splines move where they saw something; its score is for banks with the features of all stages only."""

import dataclasses

import numpy as np
import pytest
import torch
from scipy.interpolate import BSpline
from small_bank import make_bank

from bgood_lib.detectors.kan import KAN, Splines, median, trained_once
from bgood_lib.detectors.registry import DETECTORS
from bgood_lib.detectors.scoring import available, fit, score, score_all, score_mixed
from bgood_lib.evaluation.benchmark import evaluate
from bgood_lib.features import Bank
from bgood_lib.metrics.ood import ood_metrics

# Its formula is in test_scoring.py.


def test_splines_are_cubic_and_sum_to_one():
    x = torch.tensor([0.0, 0.004, 0.31, 0.99, 1.0]).double()[:, None]
    splines = Splines(1, 2, 10).requires_grad_(False)
    assert splines(x).shape == (5, 1, 2) and not splines(x).any()
    splines.coefficients[:, 0] = 1
    splines.coefficients[:, 1] = torch.arange(13).double() ** 2
    np.testing.assert_allclose(splines(x)[..., 0], 1)
    expected = BSpline(np.arange(-3, 14) / 10, np.arange(13.0) ** 2, 3)(x[:, 0].numpy())
    np.testing.assert_allclose(splines(x)[:, 0, 1], expected)


def test_one_step_moves_a_spline_only_where_an_image_was():
    x = torch.full((4, 1), 0.5).double()
    splines = trained_once(x, torch.tensor([0, 0, 0, 1]), 2, grid_size=10)
    everywhere = torch.linspace(0, 1, 101).double()[:, None]
    moved = splines(everywhere)[:, 0]
    assert (moved[:11] == 0).all() and (moved[-11:] == 0).all()  # four steps of the grid are touched
    np.testing.assert_allclose(moved[50], [0.1, -0.1], rtol=1e-5)  # up for the class that is there oftener


@pytest.mark.parametrize("n", [1, 2, 7, 8, 400])
def test_the_median_is_between_the_two_in_the_middle(n):
    values = torch.as_tensor(np.random.default_rng(n).integers(0, 5, (3, 2, n)) / 4).float()
    np.testing.assert_array_equal(median(values), np.median(values.numpy(), axis=2))


def in_two_places(rng, n, middle=False):
    """Forty features near 0 or near 1, for OOD images in between."""
    centre = 0.5 if middle else rng.integers(0, 2, (n, 1))
    return torch.as_tensor(centre + rng.normal(0, 0.05, (n, 40)))


def test_larger_is_more_ood():
    rng = np.random.default_rng(0)
    known, ood = in_two_places(rng, 500), in_two_places(rng, 100, middle=True)
    labels = (known[:, 0] > 0.5).long()
    detector = KAN(None, 2, grid_size=20, partitions=2, bins=50).fit_features(known, labels)
    scores = detector.predict_features(in_two_places(rng, 100)), detector.predict_features(ood)
    assert all(((0 <= part) & (part <= 0.1)).all() for part in scores)
    assert ood_metrics(*(part.numpy() for part in scores))["auroc"] > 0.99


def test_the_earlier_stage_and_every_parameter_matter():
    bank = make_bank(own=True)
    same = score("KAN", bank)["ood"]
    blank = {name: dataclasses.replace(part, stages=0 * part.stages) for name, part in bank.sets.items()}
    others = [score("KAN", bank.with_sets(blank))["ood"]]
    others += [score("KAN", bank, **more)["ood"] for more in ({"grid_size": 10}, {"partitions": 3}, {"bins": 10})]
    assert all(not np.allclose(same, other, rtol=1e-3) for other in others)


def test_a_feature_that_never_changes_is_no_error():
    z = torch.cat([torch.zeros(50, 3), torch.rand(50, 20)], 1)
    got = KAN(None, 5, partitions=2).fit_features(z, torch.arange(50) % 5).predict_features(z - 1e6)
    assert got.isfinite().all()


def test_too_few_images_or_no_labels_are_said():
    z = torch.rand(6, 3)
    with pytest.raises(
        ValueError, match="KAN: partitions=10 with 6 training images, 0 of them without a label; choose fewer"
    ):
        KAN(None, 2).fit_features(z, torch.zeros(6).long())
    with pytest.raises(ValueError, match="6 training images, 6 of them without"):
        KAN(None, 2, partitions=2).fit_features(z, torch.full((6,), -1))


def test_a_bank_without_stages_leaves_it_out():
    bank, older = make_bank(own=True), make_bank()
    assert "KAN" in available(bank) and "KAN" not in available(older)
    assert "KAN" not in score_all(older) and "KAN" not in set(evaluate(older, n_resamples=0).rows["detector"])
    with pytest.raises(
        ValueError, match=r"KAN needs the channel means of all stages, .* \(of train, test, ood\); run the training"
    ):
        fit("KAN", older)
    mixed = bank.with_sets({"test": older["test"]})
    assert "KAN" not in available(mixed)
    assert score_all(mixed, ["KAN"])["KAN"].startswith("InputError: KAN needs the channel means")


def test_stages_are_kept_with_the_bank(tmp_path):
    bank = make_bank(own=True)
    bank.save(tmp_path / "bank.npz")
    again = Bank.load(tmp_path / "bank.npz")
    np.testing.assert_array_equal(again["ood"].stages, bank["ood"].stages)
    np.testing.assert_array_equal(again["ood"].take([3, 1]).stages, bank["ood"].stages[[3, 1]])
    np.testing.assert_array_equal(score("KAN", again)["ood"], score("KAN", bank)["ood"])
    wrong = bank.with_sets({"test": dataclasses.replace(bank["test"], stages=bank["test"].stages[:, 1:])})
    wrong.save(tmp_path / "wrong.npz")
    with pytest.raises(ValueError, match=r"test/stages have shape \(60, 7\); expected \[60, 8\]"):
        Bank.load(tmp_path / "wrong.npz")


def test_a_mixed_batch_has_them_too():
    bank = make_bank(own=True)
    known, unknown = score_mixed("KAN", bank, "ood")
    assert set(unknown) <= set(score("KAN", bank)["ood"]) and len(known) == 50


def test_the_entry_reads_all_stages():
    part = make_bank(own=True)["ood"]
    assert DETECTORS["KAN"].reads == "all_stages"
    np.testing.assert_array_equal(part.all_stages, np.hstack([part.stages, part.features]))
