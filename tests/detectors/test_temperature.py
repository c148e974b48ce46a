"""Scores that no temperature moves, and those that it does."""

import numpy as np
import pytest
import torch
from pytorch_ood.api import RequiresFittingException
from small_bank import make_bank

from bgood_lib.detectors.registry import DETECTORS
from bgood_lib.detectors.scoring import score
from bgood_lib.detectors.temperature import ScaledMSP
from bgood_lib.features import Bank


def times(bank, factor):
    """The same network with logits, weight and bias times a factor."""
    sets = {name: type(f)(**{**vars(f), "logits": factor * f.logits}) for name, f in bank.sets.items()}
    return Bank(sets, factor * bank.weight, factor * bank.bias, {})


@pytest.mark.parametrize("factor", [0.03, 0.5, 3, 40])
def test_a_factor_that_all_logits_share_cancels(factor):
    bank = make_bank()
    changed = times(bank, np.float32(factor))
    for which in ("test", "ood"):
        before, after = (score("ScaledMSP", b)[which] for b in (bank, changed))
        np.testing.assert_allclose(after, before, rtol=1e-5)
        order = [np.argsort(score("MaxLogit", b)[which], kind="stable") for b in (bank, changed)]
        assert np.array_equal(*order)
        before, after = (score("MSP", b)[which] for b in (bank, changed))
        assert np.abs(after - before).max() > 0.05
        assert not np.array_equal(np.argsort(before), np.argsort(after))


@pytest.mark.parametrize("factor", [0.5, 3])
def test_the_likeliest_temperature_has_the_same_invariance(factor):
    bank = make_bank()
    before, after = (score("TemperatureScaling", b)["ood"] for b in (bank, times(bank, np.float32(factor))))
    np.testing.assert_allclose(after, before, rtol=1e-4)


def test_spread_by_hand():
    """Standard deviations over classes of (3, 0, 0) and (0, 6, 6): sqrt(2) and sqrt(8)."""
    fitted = ScaledMSP(None, spread=2).fit_logits(
        torch.tensor([[3.0, 0, 0], [0, 6, 6], [99, 0, 0]]), torch.tensor([1, 0, -1])
    )
    scale = 2 / ((2**0.5 + 8**0.5) / 2)
    assert fitted.scale == pytest.approx(scale)
    e = np.exp(scale * np.array([1.0, 2, 4]))
    assert fitted.predict_logits(torch.tensor([[1.0, 2, 4]])).item() == pytest.approx(-e[2] / e.sum())


def test_the_spread_of_a_sure_image_of_ten_classes_is_two():
    """So says the docstring, whence comes the default."""
    logits = torch.zeros(1, 10)
    logits[0, 0] = 7
    sure = -ScaledMSP(None).fit_logits(logits, torch.tensor([0])).predict_logits(logits)
    assert sure.item() == pytest.approx(0.99, abs=0.002)
    assert DETECTORS["ScaledMSP"].title == "MSP at equal spread"


def test_errors():
    with pytest.raises(ValueError, match="spread=0; it must be above 0"):
        ScaledMSP(None, 0)
    with pytest.raises(ValueError, match="each of 3 images has equal logits"):
        ScaledMSP(None).fit_logits(torch.full((3, 4), 2.0), torch.zeros(3))
    with pytest.raises(ValueError, match="none of 3 images has a label"):
        ScaledMSP(None).fit_logits(torch.rand(3, 4), torch.full((3,), -1))
    with pytest.raises(RequiresFittingException):
        ScaledMSP(None).predict_logits(torch.rand(3, 4))
