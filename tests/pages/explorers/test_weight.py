import numpy as np
import pytest

from bgood_lib.features import Bank
from bgood_lib.metrics.ood import fpr_at_tpr
from bgood_lib.pages.explorers import base, trained, weight
from bgood_lib.utils.errors import InputError


@pytest.fixture(scope="module")
def described(two_runs):
    return weight.describe(two_runs)


def test_its_stops_are_the_weights_that_were_trained(described):
    assert [text for _, text in described["controls"]["weight"]["stops"]] == ["0 (cross-entropy alone)", "0.1"]
    assert [network["weight"] for network in described["data"]["networks"]] == [0, 0.1]


def test_shares_are_of_all_images(described):
    for network in described["data"]["networks"]:
        for score in network["scores"].values():
            for of_both in score["shares"].values():
                for shares in of_both:
                    assert base.unpack(shares).astype(float).sum() == pytest.approx(1, abs=0.01)


def test_one_training_has_no_weights_to_go_through(two_runs):
    with pytest.raises(InputError, match="holds 1 trainings of selector rank"):
        weight.describe(two_runs, selector="rank")


def test_a_threshold_lets_pass_what_fpr95_id_positive_counts(two_runs):
    bank = Bank.load(two_runs / "background-s0/bank.npz")
    known, unknown = (-bank[name].features.max(1) for name in ("test", "scenes_novel"))
    passed = (unknown <= trained.threshold(known)).mean()
    assert passed == pytest.approx(fpr_at_tpr(-known, -unknown))
    assert np.mean(known <= trained.threshold(known)) >= 0.95


def test_a_run_that_is_not_there_is_named(two_runs):
    with pytest.raises(InputError, match=r"'mine'.*cross_entropy-s0"):
        trained.load(two_runs, "mine")
