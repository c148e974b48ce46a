import numpy as np
import pytest
import torch

from bgood_lib.background_loss.quality import foreground_background_norms, selection_quality
from bgood_lib.networks.small_resnet import SmallResNet


@pytest.fixture
def network():
    torch.manual_seed(0)
    return SmallResNet(4, stages=2, width=16)


@pytest.fixture
def masks():
    """Cells are blocks of 4 x 4 pixels: 12 of the 64 are foreground in every image."""
    masks = np.zeros((40, 32, 32), bool)
    masks[:, 8:24, 4:16] = True
    return masks


@pytest.mark.parametrize("patch_size, background", [(1, 64 - 12), (2, 49 - 5 * 4)])
def test_oracle_is_perfect(network, images, labels, masks, patch_size, background):
    got = selection_quality(network, images, labels, masks, "oracle", patch_size=patch_size)
    share = background / (9 - patch_size) ** 2
    assert got == pytest.approx({"precision": 1, "recall": 1, "chance": share, "chosen": share})


def test_choosing_all_is_choosing_blindly(network, images, labels, masks):
    got = selection_quality(network, images, labels, masks, "all")
    assert got == pytest.approx({"precision": 52 / 64, "recall": 1, "chance": 52 / 64, "chosen": 1})


def test_a_selector_judged_by_hand(network, images, labels, masks, monkeypatch):
    from bgood_lib.background_loss import quality
    from bgood_lib.background_loss.quality import selection_quality

    chosen = torch.zeros(40, 8, 8, dtype=torch.bool)
    chosen[:, 2, :4] = True  # cells (2, 0) to (2, 3): one background, three foreground
    monkeypatch.setattr(quality, "background_patches", lambda *args, **kwargs: (None, chosen))
    got = selection_quality(network, images, labels, masks, "least_evidence")
    assert got == pytest.approx({"precision": 1 / 4, "recall": 1 / 52, "chance": 52 / 64, "chosen": 4 / 64})


def test_options_reach_the_selector(network, images, labels, masks):
    got = selection_quality(network, images, labels, masks, "random", n_patches=8)
    assert got["chosen"] == 8 / 64
    assert got["precision"] == pytest.approx(52 / 64, abs=0.1)


def test_choosing_nothing_has_no_precision(network, images, labels, masks):
    network.head.bias.data[1] = 1e4
    got = selection_quality(network, images, np.ones(40, np.int64), masks, "rank", top_k=1)
    assert np.isnan(got["precision"]) and got["recall"] == got["chosen"] == 0


def test_norms_by_hand(network, images, masks):
    with torch.no_grad():
        norms = network.eval().feature_map(torch.as_tensor(images).permute(0, 3, 1, 2)).norm(dim=1).numpy()
    inside = np.zeros((40, 8, 8), bool)
    inside[:, 2:6, 1:4] = True
    got = foreground_background_norms(network, images, masks)
    assert got["foreground"] == pytest.approx(norms[inside].mean(), rel=1e-5)
    assert got["background"] == pytest.approx(norms[~inside].mean(), rel=1e-5)
    assert got["ratio"] == pytest.approx(got["foreground"] / got["background"])
