import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from bgood_lib.background_loss.penalties import PENALTIES, penalise

B, C, K = 2, 3, 4


@pytest.fixture
def patches():
    return torch.rand(B, C, 2, 2, generator=torch.Generator().manual_seed(0)).requires_grad_()


@pytest.fixture
def chosen():
    return torch.tensor([[[True, False], [False, True]], [[False, False], [True, False]]])


@pytest.fixture
def context(patches):
    torch.manual_seed(1)
    head = nn.Linear(C, K)
    return {"head": head, "feature_map": patches, "labels": torch.tensor([0, 3]), "ood_head": nn.Linear(C, 2)}


def cells(patches, chosen):
    """The chosen cells, [n, C]."""
    return patches.permute(0, 2, 3, 1)[chosen]


def test_norms_by_hand(patches, chosen):
    norms = cells(patches, chosen).norm(dim=1)
    assert torch.isclose(penalise("norm", patches, chosen), norms.mean())
    assert torch.isclose(penalise("squared_norm", patches, chosen), (norms**2).mean())
    of_image = patches.norm(dim=1).mean((1, 2))[[0, 0, 1]]
    assert torch.isclose(penalise("relative_norm", patches, chosen), (norms / of_image).mean())


def test_the_relative_norm_is_free_of_scale_and_constant_for_all_cells(patches, chosen):
    whole = torch.ones_like(chosen)
    assert torch.isclose(penalise("relative_norm", 100 * patches, chosen), penalise("relative_norm", patches, chosen))
    loss = penalise("relative_norm", patches, whole)
    assert loss.item() == pytest.approx(1)
    (gradient,) = torch.autograd.grad(loss, patches)
    assert gradient.abs().max() < 1e-6


def test_entropy_by_hand(patches, chosen, context):
    p = context["head"](cells(patches, chosen)).softmax(-1)
    expected = (p * p.log()).sum(-1).mean()
    assert penalise("entropy", patches, chosen, **context).item() == pytest.approx(expected.item(), abs=1e-3)
    context["head"].weight.data.zero_(), context["head"].bias.data.zero_()
    lowest = penalise("entropy", patches, chosen, **context).item()
    assert lowest == pytest.approx(-math.log(K), abs=1e-3), "least where all classes are equally likely"


def test_objectosphere_by_hand(patches, chosen, context):
    some = cells(patches, chosen)
    even = -F.log_softmax(context["head"](some), -1).mean()
    pooled = patches.mean((2, 3)).norm(dim=1)
    expected = even + (some.norm(dim=1) ** 2).mean() + (1 - pooled).clamp(min=0).square().mean()
    assert torch.isclose(penalise("objectosphere", patches, chosen, **context), expected)


def test_ood_head_by_hand(patches, chosen, context):
    context["head"].weight.data.zero_()
    context["head"].bias.data = torch.tensor([9.0, 0, 0, 0])  # sure of class 0: right for the first image only
    log_p = F.log_softmax(context["ood_head"](patches.permute(0, 2, 3, 1)), -1)
    expected = -0.5 * (log_p[0, ..., 0].mean() + log_p[..., 1][chosen].mean())
    assert torch.isclose(penalise("ood_head", patches, chosen, **context), expected)


@pytest.mark.parametrize("name", PENALTIES)
def test_nothing_chosen_costs_nothing_finite_gradients_anyway(name, patches, chosen, context):
    nothing = penalise(name, patches, torch.zeros_like(chosen), **context)
    if name not in ("objectosphere", "ood_head"):  # these also look at what is known
        assert nothing.item() == 0
    zero = torch.zeros(B, C, 2, 2, requires_grad=True)
    context["feature_map"] = zero
    penalise(name, zero, chosen, **context).backward()
    assert zero.grad.isfinite().all()


def test_errors_name_the_penalty(patches, chosen):
    with pytest.raises(ValueError, match="unknown penalty 'nrom'; choose one of norm"):
        penalise("nrom", patches, chosen)
    with pytest.raises(ValueError, match="needs `ood_head`"):
        penalise("ood_head", patches, chosen, head=nn.Linear(C, K))
