"""The graph network: its convolution is a product with adjacency, its map has a row for each joint."""

import numpy as np
import pytest
import torch

from bgood_lib.background_loss import background_loss
from bgood_lib.networks.skeleton_gcn import ASH, PARENTS, GraphBlock, SkeletonGCN, adjacency
from bgood_lib.training.config import make_config
from bgood_lib.training.cost import estimate_hours


def test_neighbours_are_oneself_the_parent_and_the_children():
    own, inward, outward = adjacency((-1, 0, 1, 1)).numpy()
    np.testing.assert_array_equal(own, np.eye(4))
    np.testing.assert_array_equal(inward, [[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0]])
    np.testing.assert_array_equal(outward, [[0, 1, 0, 0], [0, 0, 0.5, 0.5], [0, 0, 0, 0], [0, 0, 0, 0]])


def test_the_convolution_is_a_sum_of_adjacency_products():
    block, neighbours = GraphBlock(3, 4, 1), adjacency(PARENTS)
    x = torch.rand(2, 3, 16, 5)
    weights = block.spatial.weight.detach().numpy()[:, :, 0, 0].reshape(4, 3, 3)  # out, kind, in
    expected = sum(np.einsum("oc,ij,bcjt->boit", weights[:, k], neighbours[k].numpy(), x.numpy()) for k in range(3))
    np.testing.assert_allclose(block.graph(x, neighbours).detach().numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("stages", [1, 2, 4])
def test_the_map_has_a_row_for_each_joint_and_pooling_is_its_mean(stages):
    network, x = SkeletonGCN(6, stages).eval(), torch.rand(2, 3, 16, 16)
    feature_map = network.feature_map(x)
    assert feature_map.shape == (2, 8 * 2**stages, 16, 16 // 2**stages) and feature_map.min() >= 0
    torch.testing.assert_close(network(x), network.head(feature_map.flatten(2).mean(2)))


def test_a_joint_hears_of_others_only_along_bones():
    network, x = SkeletonGCN(6, 2).eval(), torch.rand(1, 3, 16, 16)
    moved = x.clone()
    moved[:, :, 6] += 1  # the left hand: three blocks reach three bones far, to the neck and no further
    changed = (network.feature_map(moved) - network.feature_map(x)).abs().amax((0, 1, 3)) > 0
    assert set(changed.nonzero().flatten().tolist()) == {2, 4, 5, 6}


def test_cells_are_joints_in_some_moments_to_the_background_loss():
    network, x, y = SkeletonGCN(6, 2), torch.rand(4, 3, 16, 16), torch.arange(4)
    masks = torch.zeros(4, 16, 16)
    masks[:, 6] = 1
    feature_map = network.feature_map(x).detach()
    found = background_loss(feature_map, y, network.head, selector="oracle", masks=masks)
    rest = [joint for joint in range(16) if joint != 6]
    torch.testing.assert_close(found, feature_map[:, :, rest].norm(dim=1).mean())


def test_scores_after_ash_are_its_formula():
    network, x = SkeletonGCN(6, 2).eval(), torch.rand(5, 3, 16, 16)
    feature_map = network.feature_map(x)
    f = network.pool(feature_map).detach().numpy().astype(float)
    weight, bias = (part.detach().numpy().astype(float) for part in (network.head.weight, network.head.bias))
    found = network.beside(network, x, feature_map)
    for variant, share in ASH.items():
        keep = f.shape[1] - round(f.shape[1] * share)
        kept = np.where(f >= np.sort(f, 1)[:, -keep][:, None], f, 0)
        shaped = {
            "ash_p": kept,
            "ash_s": kept * np.exp(f.sum(1) / kept.sum(1))[:, None],
            "ash_b": (kept > 0) * (f.sum(1) / keep)[:, None],
        }[variant]
        z = shaped @ weight.T + bias
        np.testing.assert_allclose(found[variant].detach().numpy(), -np.log(np.exp(z).sum(1)), rtol=1e-4)
    nothing = network.beside(network, x, torch.zeros_like(feature_map))
    assert all(scores.isfinite().all() for scores in nothing.values())


def test_what_is_no_skeleton_is_refused(images):
    with pytest.raises(ValueError, match="has 32 rows; a skeleton has 16 joints, so use dataset skeletons"):
        SkeletonGCN(6)(torch.as_tensor(images).permute(0, 3, 1, 2))
    with pytest.raises(ValueError, match="stages is 5"):
        SkeletonGCN(6, 5)
    config = make_config("skeletons", dataset="skeletons")
    assert estimate_hours(SkeletonGCN(6), config, 3000, torch.device("cpu")) < 1
