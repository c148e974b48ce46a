import itertools

import numpy as np
import pytest
import torch
from pytorch_ood.loss import LogitNorm
from torch import nn
from torch.nn import functional as F

from bgood_lib.background_loss.loss import background_loss, two_map_loss
from bgood_lib.background_loss.patches import background_patches, extract_patches, foreground_share

B, C, H, W, K = 3, 5, 4, 6, 4


@pytest.fixture
def case():
    """A map of 4 x 6 cells, labels, a linear head and masks of 12 x 24 pixels."""
    torch.manual_seed(0)
    masks = torch.rand(B, 12, 24) < 0.12
    return torch.rand(B, C, H, W, requires_grad=True), torch.tensor([0, 2, 3]), nn.Linear(C, K), masks


def reference(feature_map, labels, head, masks, selector, patch_size, n_patches=None, top_k=3):
    """The chosen patches and the loss, patch by patch in NumPy float64."""
    z = feature_map.detach().double().numpy()
    weight, bias = head.weight.detach().double().numpy(), head.bias.detach().double().numpy()
    h, w = H - patch_size + 1, W - patch_size + 1
    n = max(1, h * w // 4) if n_patches is None else n_patches
    draws = torch.rand(B, h, w, generator=torch.Generator().manual_seed(7)).numpy()
    chosen, norms = np.zeros((B, h, w), bool), np.zeros((B, h, w))
    evidence = np.zeros((B, h, w))
    for b, i, j in itertools.product(range(B), range(h), range(w)):
        patch = z[b, :, i : i + patch_size, j : j + patch_size].mean((1, 2))
        norms[b, i, j] = np.sqrt((patch**2).sum())
        logits = weight @ patch + bias
        evidence[b, i, j] = np.exp(logits[labels[b]]) / np.exp(logits).sum()
        if selector == "rank":
            chosen[b, i, j] = (logits > logits[labels[b]]).sum() >= top_k
        if selector == "oracle":
            block = masks[b, 3 * i : 3 * (i + patch_size), 4 * j : 4 * (j + patch_size)]
            chosen[b, i, j] = block.double().mean().item() < 0.1
    for b in range(B):
        for values in [v for name, v in (("least_evidence", evidence), ("random", draws)) if name == selector]:
            chosen[b].flat[np.argsort(values[b], axis=None)[:n]] = True
    if selector == "all":
        chosen[:] = True
    return chosen, norms[chosen].mean() if chosen.any() else 0.0


@pytest.mark.parametrize("patch_size", [1, 2, 3])
@pytest.mark.parametrize("options", [
    {"selector": "least_evidence"}, {"selector": "least_evidence", "n_patches": 3}, {"selector": "rank", "top_k": 2},
    {"selector": "random", "n_patches": 4}, {"selector": "all"}, {"selector": "oracle"},
])  # fmt: skip
def test_equals_numpy_patch_by_patch(case, options, patch_size):
    feature_map, labels, head, masks = case
    options = {**options, "patch_size": patch_size}
    expected_chosen, expected = reference(feature_map, labels, head, masks, **options)
    assert expected_chosen.any() and (options["selector"] == "all") == bool(expected_chosen.all())
    generators = [torch.Generator().manual_seed(7) for _ in range(2)]
    _, chosen = background_patches(feature_map, labels, head, masks=masks, generator=generators[0], **options)
    loss = background_loss(feature_map, labels, head, masks=masks, generator=generators[1], **options)
    assert np.array_equal(chosen.numpy(), expected_chosen)
    assert loss.shape == () and loss.dtype == torch.float32
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_the_mean_is_over_all_chosen_patches_of_the_batch_and_not_per_image():
    # Image 0 has two background patches of norm 5, image 1 has one of norm 13.
    feature_map = torch.tensor([[[[3.0, 3.0]], [[4.0, 4.0]]], [[[5.0, 9.0]], [[12.0, 9.0]]]])
    masks = torch.tensor([[[0, 0]], [[0, 1]]])
    loss = background_loss(feature_map, torch.tensor([0, 0]), nn.Linear(2, 2), "oracle", masks=masks)
    assert loss.item() == pytest.approx((5 + 5 + 13) / 3)


@pytest.mark.parametrize("patch_size", [1, 2])
def test_gradient_reaches_the_chosen_cells_only_and_never_the_head(case, patch_size):
    feature_map, labels, head, _ = case
    options = {"patch_size": patch_size, "n_patches": 2}
    background_loss(feature_map, labels, head, **options).backward()
    _, chosen = background_patches(feature_map, labels, head, **options)
    covered = F.max_pool2d(F.pad(chosen.float(), [patch_size - 1] * 4), patch_size, stride=1) > 0
    assert torch.equal(feature_map.grad.abs().sum(1) > 0, covered)
    assert covered.any() and not covered.all()
    assert head.weight.grad is None and head.bias.grad is None


def test_gradient_of_a_norm_is_the_unit_vector(case):
    feature_map, labels, head, _ = case
    background_loss(feature_map, labels, head, "all").backward()
    expected = (feature_map / feature_map.norm(dim=1, keepdim=True)).detach() / (B * H * W)
    torch.testing.assert_close(feature_map.grad, expected)


def test_zero_features_have_a_finite_gradient():
    feature_map = torch.zeros(2, C, 3, 3, requires_grad=True)
    loss = background_loss(feature_map, torch.tensor([0, 1]), nn.Linear(C, K))
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-5)
    assert torch.isfinite(feature_map.grad).all()


def test_choosing_no_patch_gives_zero_with_a_zero_gradient(case):
    feature_map, _, head, _ = case
    head.bias.data[1] = 100  # every patch is surely of class 1, the true one
    loss = background_loss(feature_map, torch.ones(B, dtype=torch.int64), head, "rank", top_k=1)
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(feature_map.grad, torch.zeros_like(feature_map))


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 2), (5, 5)])
def test_any_map_size(size):
    loss = background_loss(torch.ones(2, C, *size), torch.tensor([0, 1]), nn.Linear(C, K), patch_size=min(size))
    assert loss.item() == pytest.approx(C**0.5)


def test_a_plain_function_can_be_the_head(case):
    feature_map, labels, head, _ = case
    weight, bias = head.weight.detach(), head.bias.detach()
    loss = background_loss(feature_map, labels, lambda z: z @ weight.T + bias)
    assert loss.item() == pytest.approx(background_loss(feature_map, labels, head).item())


@pytest.mark.parametrize("background_first", [True, False])
def test_under_autocast_the_loss_is_float32_and_the_head_still_learns(case, background_first):
    # A weight cast to bfloat16 without gradient must not be reused by the classification loss.
    feature_map, labels, head, _ = case

    def classification():
        return F.cross_entropy(head(feature_map.mean((2, 3))).float(), labels)

    with torch.autocast("cpu", torch.bfloat16):
        terms = [lambda: background_loss(feature_map.bfloat16(), labels, head), classification]
        background, loss = [term() for term in terms] if background_first else [term() for term in terms[::-1]][::-1]
    assert background.dtype == torch.float32
    (loss + background).backward()
    assert head.weight.grad.abs().sum() > 0 and torch.isfinite(feature_map.grad).all()


@pytest.mark.parametrize("options, message", [
    ({"patch_size": 5}, "patch_size is 5; .* between 1 and 4"),
    ({"patch_size": 0}, "patch_size is 0"),
    ({"n_patches": 25}, "n_patches is 25; an image has 24 patches"),
    ({"n_patches": 0}, "n_patches is 0"),
    ({"n_patches": 16, "patch_size": 2}, "n_patches is 16; an image has 15 patches of size 2"),
    ({"selector": "rank", "top_k": 4}, "top_k is 4; with 4 classes"),
    ({"selector": "least"}, "unknown selector 'least'.*least_evidence"),
    ({"selector": "oracle"}, "mask"),
    ({"labels": torch.tensor([0, 1])}, r"labels have shape \(2,\); expected \(3,\)"),
    ({"feature_map": torch.rand(3, 5, 4)}, r"feature_map has shape \(3, 5, 4\)"),
    ({"selector": "oracle", "masks": torch.zeros(1, 12, 24)}, r"masks.*\(1, 12, 24\)"),
    ({"selector": "oracle", "masks": torch.zeros(3, 1, 12, 24)}, r"masks.*\(3, 1, 12, 24\)"),
])  # fmt: skip
def test_errors_name_the_value(case, options, message):
    feature_map, labels, head, _ = case
    with pytest.raises(ValueError, match=message):
        background_loss(**{"feature_map": feature_map, "labels": labels, "head": head, **options})


@pytest.mark.parametrize("pixels, is_background", [(9, True), (10, False)])
def test_oracle_counts_ten_percent_of_the_footprint(pixels, is_background):
    # A map of 2 x 3 cells over 20 x 30 pixels: a footprint is 10 x 10, so a pixel is 1%.
    mask = torch.zeros(1, 20, 30, dtype=torch.bool)
    mask[0, 10, 10 : 10 + pixels] = True  # the first row of cell (1, 1): next to (0, 1) and (1, 0)
    _, chosen = background_patches(torch.rand(1, C, 2, 3), torch.tensor([0]), nn.Linear(C, K), "oracle", masks=mask)
    expected = torch.ones(1, 2, 3, dtype=torch.bool)
    expected[0, 1, 1] = is_background
    assert torch.equal(chosen, expected)


def test_a_larger_patch_has_a_larger_footprint():
    mask = torch.zeros(1, 20, 30)
    mask[0, 0, 0] = 1
    share = foreground_share(mask, (2, 3), patch_size=2)
    torch.testing.assert_close(share, torch.tensor([[[1 / 400, 0.0]]]))


def test_patches_are_means_of_windows():
    feature_map = torch.arange(12.0).view(1, 1, 3, 4)
    torch.testing.assert_close(extract_patches(feature_map, 2), torch.tensor([[[[2.5, 3.5, 4.5], [6.5, 7.5, 8.5]]]]))


def someone_elses_loop(classification, weight, steps=30):
    """A trunk, a head and a loop that know nothing of this package.

    Each image has a bright object in one corner; its class is the colour.
    """
    torch.manual_seed(0)
    y = torch.arange(32) % 3
    x = 0.1 * torch.rand(32, 3, 32, 32)
    x[torch.arange(32), y, :12, :12] += 1
    trunk = nn.Sequential(
        nn.Conv2d(3, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU()
    )
    head = nn.Linear(32, 3)
    optimizer = torch.optim.Adam([*trunk.parameters(), *head.parameters()], lr=0.01)
    background = []
    for _ in range(steps):
        feature_map = trunk(x)
        logits = head(feature_map.mean((2, 3)))
        loss_background = background_loss(feature_map, y, head)
        loss = classification(logits, y) + weight * loss_background
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        background.append(loss_background.item())
    return background, (logits.argmax(1) == y).float().mean().item()


@pytest.mark.parametrize("classification", [nn.CrossEntropyLoss(), LogitNorm(t=0.04)])
def test_in_someone_elses_loop(classification):
    background, accuracy = someone_elses_loop(classification, weight=0.2)
    without, _ = someone_elses_loop(classification, weight=0)
    assert background[0] == without[0]
    assert background[-1] < 0.5 * background[0] and background[-1] < 0.5 * without[-1]
    assert accuracy > 0.9


def test_on_torchvisions_resnet():
    from torchvision.models import resnet18

    network = resnet18(num_classes=5)
    trunk = nn.Sequential(*list(network.children())[:-2])
    loss = background_loss(trunk(torch.rand(2, 3, 64, 64)), torch.tensor([0, 1]), network.fc)
    loss.backward()
    assert loss > 0 and network.conv1.weight.grad.abs().sum() > 0 and network.fc.weight.grad is None


def test_the_last_map_judges_the_finer_one():
    """A cell of the finer map is background where the cell over it is: four small cells for a large one."""
    previous, last = torch.rand(1, 3, 4, 4), torch.zeros(1, 2, 2, 2)
    last[0, 0, 0, 1] = 1  # the head below sees class 0 there and class 1 elsewhere
    head = nn.Linear(2, 2)
    head.weight.data, head.bias.data = torch.tensor([[9.0, 0], [0, 0]]), torch.tensor([0.0, 1])
    loss = two_map_loss(previous, last, torch.tensor([0]), head, selector="rank", top_k=1)
    background = torch.ones(4, 4, dtype=torch.bool)
    background[:2, 2:] = False
    assert torch.isclose(loss, previous[0].norm(dim=0)[background].mean())
    both = two_map_loss(previous, last, torch.tensor([0]), head, both=True, selector="rank", top_k=1)
    assert torch.isclose(both, (loss + background_loss(last, torch.tensor([0]), head, "rank", top_k=1)) / 2)


def test_a_head_of_its_own_judges_the_finer_map():
    previous, last = torch.rand(2, 3, 4, 4), torch.rand(2, C, 2, 2)
    labels, head, early_head = torch.tensor([0, 1]), nn.Linear(C, K), nn.Linear(3, K)
    loss = two_map_loss(previous, last, labels, head, early_head, n_patches=5)
    assert torch.isclose(loss, background_loss(previous, labels, early_head, n_patches=5))
