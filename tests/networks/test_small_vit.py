"""A transformer's tokens are a map like any other."""

import pytest
import torch

from bgood_lib.background_loss.loss import background_loss
from bgood_lib.networks.small_vit import SmallViT

pytest.importorskip("timm", reason="the extra `photos` is not installed")


@pytest.mark.parametrize("stages, side", [(2, 8), (3, 4)])
def test_tokens_are_a_map_that_is_pooled_for_the_head(stages, side):
    network, x = SmallViT(3, stages, width=32).eval(), torch.rand(2, 3, 32, 32)
    previous, feature_map = network.feature_maps(x)
    assert previous is None and feature_map.shape == (2, 32, side, side) and feature_map.min() >= 0
    mean = feature_map.flatten(2).mean(2)
    torch.testing.assert_close(network(x), mean @ network.head.weight.T + network.head.bias)


def test_a_cell_is_the_patch_that_stands_there():
    network, x = SmallViT(3, 2, width=32).eval(), torch.rand(1, 3, 32, 32)
    network.vit.blocks = torch.nn.Identity()  # no patch hears of another, but for the convolutions' edges
    changed = x.clone()
    changed[:, :, 8:12, 20:24] += 1
    moved = (network.feature_map(x) != network.feature_map(changed)).any(1)[0]
    assert (
        moved[2, 5]
        and not moved[:2].any()
        and not moved[4:].any()
        and not moved[:, :5].any()
        and not moved[:, 7:].any()
    )


def test_the_background_loss_works_on_it():
    network, x = SmallViT(3, 2, width=32), torch.rand(4, 3, 32, 32)
    background_loss(network.feature_map(x), torch.zeros(4, dtype=torch.long), network.head).backward()
    assert network.vit.patch_embed.backbone[0][0].weight.grad.abs().sum() > 0


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="stages is 5"):
        SmallViT(3, 5)
    with pytest.raises(ValueError, match="width is 16"):
        SmallViT(3, 2, 16)
