"""Slips that published code has made with these scores; each was once a wrong number in somebody's table."""

import numpy as np
import pytest
import torch
from pytorch_ood import detector as theirs
from small_bank import C, K, make_bank, make_ood_head

from bgood_lib.detectors.registry import DETECTORS
from bgood_lib.detectors.scoring import fit, score


@pytest.fixture(scope="module")
def bank():
    return make_bank(ood_head=make_ood_head(), own=True)


def changed(bank, which, **columns):
    """The same bank with other columns in one set."""
    features = type(bank[which])(**{**vars(bank[which]), **columns})
    return bank.with_sets({which: features})


@pytest.mark.parametrize("name", [n for n, entry in DETECTORS.items() if not (entry.transductive or entry.own)])
def test_an_all_zero_feature_has_a_finite_score(bank, name):
    """Normalising by x / norm + epsilon, or scaling by 0/0, gives NaN."""
    test = bank["test"]
    zero = {key: np.zeros_like(getattr(test, key)) for key in ("features", "cell_norms", "channel_norms", "stages")}
    got = fit(name, bank).score(type(test)(**{**vars(test), **zero, "logits": np.tile(bank.bias, (60, 1))}))
    assert np.isfinite(got).all()


def test_a_zero_feature_neither_shifts_knn_nor_breaks_it(bank):
    z = bank["train"].features.copy()
    z[0] = 0
    with_zero = changed(bank, "train", features=z)
    zero = type(bank["ood"])(**{**vars(bank["ood"]), "features": 0 * bank["ood"].features})
    assert np.allclose(fit("KNN", with_zero, k=2).score(zero), 1)  # all the others are at distance 1
    own = type(bank["train"])(**vars(bank["train"]))
    assert np.abs(fit("KNN", bank, k=1).score(own)).max() < 1e-6  # and an image's distance to itself is 0


def test_scaling_leaves_zero_features_at_the_bias(bank):
    energy = -np.log(np.exp(bank.bias.astype(float)).sum())
    zero = type(bank["ood"])(**{**vars(bank["ood"]), "features": 0 * bank["ood"].features})
    for name in ("SCALE", "ASH-S", "ASH-P", "ASH-B"):
        np.testing.assert_allclose(fit(name, bank).score(zero), energy, rtol=1e-6)


def test_nci_at_the_training_mean(bank):
    fitted = fit("NCI", bank)
    z = np.tile(fitted.detector.global_mean.numpy(), (50, 1))
    got = fitted.score(type(bank["ood"])(**{**vars(bank["ood"]), "features": z}))
    np.testing.assert_allclose(got, -1e-4 * np.abs(z).sum(1), rtol=1e-5)


@pytest.mark.parametrize("d", [C, C + 1, 256, 0])
def test_vim_without_a_residual_is_an_error(bank, d):
    with pytest.raises(ValueError, match=f"ViM: d={d} with features of 16 dimensions; choose 1 to 15"):
        fit("ViM", bank, d=d)


@pytest.mark.parametrize(("width", "d"), [(16, 8), (256, 128), (512, 256)])
def test_vim_chooses_a_dimension_that_leaves_a_residual(width, d):
    head = torch.nn.Linear(width, K)
    assert DETECTORS["ViM"].build(head).d == d


def test_vims_subspace_follows_its_dimension(bank):
    narrow, wide = (fit("ViM", bank, d=d) for d in (4, 12))
    assert narrow.detector.principal_subspace.shape == (C, 12) and wide.detector.principal_subspace.shape == (C, 4)
    assert not np.allclose(narrow.score(bank["ood"]), wide.score(bank["ood"]))


def test_the_variants_of_ash_differ(bank):
    scores = [score(f"ASH-{variant}", bank)["ood"] for variant in "PBS"] + [score("Energy", bank)["ood"]]
    assert all(not np.allclose(a, b) for i, a in enumerate(scores) for b in scores[:i])


def test_a_sweep_over_dices_share_changes_its_mask(bank):
    kept = [int((fit("DICE", bank, p=p).detector.masked_w != 0).sum()) for p in (0.1, 0.5, 0.9)]
    assert kept == [72, 40, 8]  # of 5 x 16


def test_temperature_is_where_the_loss_is_smallest(bank):
    """A hundredth of every step for 50 steps stops far from it."""
    logits, labels = torch.as_tensor(bank["train"].logits), torch.as_tensor(bank["train"].labels)

    def loss(t):
        return float(torch.nn.functional.cross_entropy(logits.double() / t, labels))

    t = fit("TemperatureScaling", bank).detector.t
    assert loss(t) <= min(loss(t * 0.99), loss(t * 1.01))
    slow = theirs.TemperatureScaling(None).fit_logits(logits, labels).t.item()
    assert loss(t) < loss(slow)


def test_temperature_of_images_that_are_all_right_is_a_warning(bank):
    logits = 10 * np.eye(K, dtype="f4")[bank["train"].labels]
    with pytest.warns(UserWarning, match="at the end of .*, 0.1$"):
        fit("TemperatureScaling", changed(bank, "train", logits=logits))


def test_scale_and_ash_of_features_that_are_not_zero_are_pytorch_oods(bank):
    maps = torch.as_tensor(bank["ood"].features)[:, :, None, None]
    for name, their in (("SCALE", theirs.SCALE), ("ASH-S", theirs.ASH)):
        p = DETECTORS[name].parameters["percentile"]
        expected = their(None, fit(name, bank).detector.head, percentile=p).predict_feature_maps(maps)
        np.testing.assert_allclose(score(name, bank)["ood"], expected, rtol=1e-6)
