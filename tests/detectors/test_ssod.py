"""SSOD's score: for banks with a second head, and only for those."""

import numpy as np
import pytest
from small_bank import make_bank, make_ood_head

from bgood_lib.detectors.registry import DETECTORS
from bgood_lib.detectors.scoring import available, fit, score, score_all
from bgood_lib.evaluation.benchmark import evaluate
from bgood_lib.evaluation.judge import judge

# Its formula is in test_scoring.py.


def test_a_bank_with_a_second_head_has_the_score_everywhere():
    bank = make_bank(ood_head=make_ood_head())
    assert "SSOD" in available(bank)
    np.testing.assert_array_equal(score_all(bank)["SSOD"]["ood"], score("SSOD", bank)["ood"])
    recorded = next(row for row in judge(bank)["metrics"] if row["detector"] == "SSOD")
    evaluated = evaluate(bank, n_resamples=0).rows.set_index("detector").loc["SSOD"]
    assert recorded["auroc"] == evaluated[evaluated["set"] == "ood"]["auroc"].item()


def test_a_bank_without_leaves_it_out():
    bank = make_bank()
    assert available(bank) == [
        name
        for name, entry in DETECTORS.items()
        if not (entry.needs_ood_head or entry.own or entry.reads == "all_stages")
    ]
    assert "SSOD" not in score_all(bank)
    assert "SSOD" not in set(evaluate(bank, n_resamples=0).rows["detector"])
    for function in (fit, score):
        with pytest.raises(
            ValueError, match="SSOD needs an OOD head, and the bank has none; train with -p penalty=ood_head, or choose"
        ):
            function("SSOD", bank)
    assert score_all(bank, ["SSOD"])["SSOD"].startswith("InputError: SSOD needs an OOD head")


def test_the_second_head_matters():
    head = make_ood_head()
    blind = [*head[:2], 0 * head[2], np.array([0.0, 0.0], "f4")]
    sees, halves = (make_bank(ood_head=h) for h in (head, blind))
    assert not np.allclose(score("SSOD", sees)["ood"], score("SSOD", halves)["ood"])
    np.testing.assert_allclose(score("SSOD", halves)["ood"], 1 + score("MSP", halves)["ood"] / 2, rtol=1e-6)
