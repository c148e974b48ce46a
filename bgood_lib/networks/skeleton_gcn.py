"""A small graph network for skeletons: joints learn from their neighbours in the body, moments from those beside them."""

import torch
from torch import nn
from torch.nn import functional as F

from ..utils.errors import InputError
from .base import NETWORKS, MapNetwork

# The parent of each joint: pelvis, chest, neck, head, then left and right arm, left and right leg.
PARENTS = (-1, 0, 1, 2, 2, 4, 5, 2, 7, 8, 0, 10, 11, 0, 13, 14)
REACH = 5  # moments that a temporal convolution sees
# Variant of ASH: the share of a sequence's features that it takes away in Skeleton-OOD (arXiv 2405.20633).
ASH = {"ash_p": 0.75, "ash_s": 0.85, "ash_b": 0.95}


def adjacency(parents):
    """Who is whose neighbour: itself, towards the middle of the body, away from it.

    Parameters
    ----------
    parents : sequence of J ints
        -1 for the middle.

    Returns
    -------
    Tensor of shape [3, J, J]
        A row is a joint; its entries are equal and sum up to 1 (to 0 where there is no such neighbour).
    """
    parent = torch.zeros(len(parents), len(parents))
    for joint, towards in enumerate(parents):
        if towards >= 0:
            parent[joint, towards] = 1
    parts = torch.stack([torch.eye(len(parents)), parent, parent.T])
    return parts / parts.sum(2, keepdim=True).clamp(min=1)


class GraphBlock(nn.Module):
    """A convolution over the graph, then one over time, each with batch normalisation, and a shortcut around them."""

    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.spatial = nn.Conv2d(3 * in_channels, out_channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.temporal = nn.Conv2d(out_channels, out_channels, (1, REACH), (1, stride), (0, REACH // 2), bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 1, (1, stride), bias=False), nn.BatchNorm2d(out_channels)
        )

    def graph(self, x, neighbours):
        """What joints learn from their neighbours: [B, C, J, T] to [B, C', J, T]; each kind of them has weights of its own."""
        return self.spatial(torch.cat([kind @ x for kind in neighbours], 1))

    def forward(self, x, neighbours):
        y = F.relu(self.bn1(self.graph(x, neighbours)))
        return F.relu(self.bn2(self.temporal(y)) + self.shortcut(x))


class Shaped(nn.Module):
    """Energy of features of which the smallest are taken away (ASH: Djurisic et al., ICLR 2023), as Skeleton-OOD scores."""

    def forward(self, network, images, feature_map):
        """Scores [B] by variant of ``ASH``, larger = more OOD. Features that are all zero stay as they are."""
        from pytorch_ood.detector import ash  # slow to import

        features, energies = network.pool(feature_map)[:, :, None, None], {}
        for variant, share in ASH.items():
            shaped = torch.where(features.any(1, keepdim=True), getattr(ash, variant)(features, share), features)
            energies[variant] = -network.head(shaped.flatten(1)).logsumexp(1)
        return energies


@NETWORKS.register("skeleton_gcn", sizes=("stages", "width"))
class SkeletonGCN(MapNetwork):
    """A graph network for skeletons; a cell of its map is a joint in some moments.

    It reads a sequence as a picture, of which a row is a joint and a column a moment. A first block keeps the moments;
    each stage halves them and doubles the width. The joints stay: with two stages, 16 joints in 16 moments end in a map of
    16 x 4 cells.

    Parameters
    ----------
    n_classes : int
        Number of in-distribution classes K.
    stages : int, default=2
        Number of halvings, 1 to 4.
    width : int, default=8
        Channels of the first block; the map has C = width * 2**stages channels.
    mean, std : sequence of 3 floats
        Channel statistics of the training sequences, in units of [0, 1].

    Raises
    ------
    ValueError
        If ``stages`` is not between 1 and 4, or what comes in has not a row for each joint.

    References
    ----------
    Yan et al., "Spatial temporal graph convolutional networks", AAAI 2018, for the block and its three kinds of neighbours.
    """

    has_previous = False
    side = len(PARENTS)  # of what it can be tried with

    def __init__(self, n_classes, stages=2, width=8, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25)):
        super().__init__(mean, std)
        if not 1 <= stages <= 4:
            raise InputError(f"stages is {stages}; 16 moments can be halved 1 to 4 times")
        widths = [width * 2**stage for stage in range(stages + 1)]
        self.register_buffer("neighbours", adjacency(PARENTS), persistent=False)
        self.first = GraphBlock(3, width, 1)
        self.stages = nn.ModuleList(GraphBlock(a, b, 2) for a, b in zip(widths, widths[1:]))
        self.head = nn.Linear(widths[-1], n_classes)
        self.beside = Shaped()

    def feature_maps(self, images):
        """None, and the last map of shape [B, C, 16, 16 / 2**stages], see :class:`.MapNetwork`."""
        if images.shape[2] != len(PARENTS):
            raise InputError(
                f"what comes in has {images.shape[2]} rows; a skeleton has {len(PARENTS)} joints, so use dataset skeletons, or "
                "another profile"
            )
        x = self.first(self.normalise(images), self.neighbours)
        for stage in self.stages:
            x = stage(x, self.neighbours)
        return None, x
