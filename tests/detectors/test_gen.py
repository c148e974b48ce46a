"""GEN against its formula in Python's decimals."""

from decimal import Decimal, getcontext

import pytest
import torch
from pytorch_ood import detector as theirs

from bgood_lib.detectors.gen import GEN


def exact(row, gamma, m):
    """The sum in 60 digits."""
    getcontext().prec = 60
    e = [Decimal(x).exp() for x in row]
    terms = []
    for i, mine in enumerate(e):
        p, rest = mine / sum(e), sum(e[:i] + e[i + 1 :]) / sum(e)
        terms.append((p, (p * rest) ** Decimal(gamma)))
    return float(sum(term for _, term in sorted(terms, reverse=True)[:m]))


@pytest.mark.parametrize("row", [[1.0, 0.5, -2.0, 0.25], [40.0, 1.0, 0.0, -30.0], [90.0, -90.0, 3.0, 2.0], [2.0] * 4])
@pytest.mark.parametrize("gamma", [0.01, 0.1, 1.0])
@pytest.mark.parametrize("m", [1, 2, 4, 100])
def test_is_exact(row, gamma, m):
    got = GEN(None, gamma, m).predict_logits(torch.tensor([row]))
    assert got.item() == pytest.approx(exact(row, gamma, m), rel=1e-9)


def test_all_classes_count_from_m_equal_k_on():
    logits = torch.randn(20, 6, generator=torch.Generator().manual_seed(0))
    of = {m: GEN.score(logits, 0.1, m) for m in (5, 6, 7, 100, None)}
    assert all(torch.equal(of[6], of[m]) for m in (7, 100, None)) and not torch.equal(of[5], of[6])


def test_sure_images_are_ranked_where_a_clamp_makes_them_equal():
    logits = torch.tensor([[60.0, 0, 0, 0], [50.0, 0, 0, 0], [40.0, 0, 0, 0]])
    surest, sure, least = GEN.score(logits).tolist()
    assert surest < sure < least
    assert len(set(theirs.GEN.score(logits).tolist())) == 1
