"""The same figures when every image was shrunk and enlarged again."""

import numpy as np
import pytest
import torch

from bgood_lib.evaluation import bank, resampled
from bgood_lib.evaluation.resampled import judge_resampled, resample
from bgood_lib.networks.build import make_network
from bgood_lib.training.config import make_config


def test_fine_detail_goes_and_the_rest_stays():
    board = np.indices((32, 32)).sum(0) % 2 * np.uint8(255)
    halves = np.where(np.arange(32) < 16, 40, 200).astype(np.uint8) * np.ones((32, 1), np.uint8)
    images = np.stack([board, halves])[..., None].repeat(3, -1)
    before = images.copy()
    small = resample(images, 8)
    assert small.shape == images.shape and small.dtype == np.uint8
    assert small[0, 8:-8, 8:-8].std() < 3 and abs(small[0].mean() - 127.5) < 3
    assert np.abs(small[1, :, [2, 29]].astype(int) - [[[40]], [[200]]]).max() < 12
    assert np.array_equal(images, before)


@pytest.mark.parametrize("side", [0, 32, 40, -1])
def test_a_side_that_shrinks_nothing_is_refused(side):
    with pytest.raises(ValueError, match=f"32 x 32 px to {side} px; give a smaller side"):
        resample(np.zeros((1, 32, 32, 3), np.uint8), side)


@pytest.mark.slow
def test_every_set_goes_through_it_and_nothing_else_differs(monkeypatch):
    torch.manual_seed(0)
    network = make_network(make_config("scenes"), np.zeros((1, 32, 32, 3), np.uint8), np.arange(8))
    seen = []
    monkeypatch.setattr(resampled, "resample", lambda images, side: seen.append((len(images), side)) or images)
    found = judge_resampled(network, "scenes", 16, 100)
    assert {side for _, side in seen} == {16}
    assert [n for n, _ in seen] == [100, 2000, 2000, 2000, 2000, 2000]
    whole, _ = bank.build_bank(network, "scenes", 100, str)
    record = resampled.measure
    scores = resampled.score_all(whole, resampled.SCORES)
    assert found["side"] == 16
    for name in whole.ood:
        assert found[name] == {
            score: pytest.approx(record(of_sets, name, score)["auroc"], abs=1e-6) for score, of_sets in scores.items()
        }
