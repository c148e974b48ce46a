"""Convolutions behind a whitening layer."""

import torch
from torch import nn
from torch.nn import functional as F

from ..utils.errors import InputError
from .base import NETWORKS, MapNetwork


class WhitenedNetwork(MapNetwork):
    """A whitening layer, which is not learned, then stages that each halve the image.

    The layer decorrelates 2 x 2 blocks of pixels.

    Parameters
    ----------
    n_classes : int
        Number of in-distribution classes K.
    block : callable
        Makes a stage from its numbers of channels, in and out.
    widths : sequence of int
        Channels of every stage, 1 to 5 of them.
    activation : callable
        What follows the whitening layer.
    mean, std : sequence of 3 floats
        Channel statistics of the training images, in units of [0, 1].

    Raises
    ------
    ValueError
        If there are not 1 to 5 stages.

    References
    ----------
    Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", arXiv 2404.00498, 2024.
    """

    def __init__(self, n_classes, block, widths, activation, mean, std):
        super().__init__(mean, std)
        if not 1 <= len(widths) <= 5:
            raise InputError(f"stages is {len(widths)}; a 32 x 32 image can be halved 1 to 5 times")
        self.whitening = nn.Conv2d(3, 24, 2, bias=False).requires_grad_(False)
        self.activation = activation
        widths = [24, *widths]
        self.stages = nn.Sequential(*(block(a, b) for a, b in zip(widths, widths[1:])))
        self.head = nn.Linear(widths[-1], n_classes)

    def prepare(self, images):
        """Set the whitening layer from the first 5,000 images."""
        self.whiten(images[:5000])

    @torch.no_grad()
    def whiten(self, images):
        """Set the whitening layer from images.

        Its filters are the principal directions of their normalised 2 x 2 blocks, and the
        negatives, each scaled to variance one.

        Parameters
        ----------
        images : ndarray of shape [N, H, W, 3], uint8
        """
        blocks = F.unfold(self.normalise(torch.as_tensor(images).permute(0, 3, 1, 2)), 2)
        blocks = blocks.transpose(1, 2).flatten(0, 1).double()
        variance, directions = torch.linalg.eigh(blocks.T @ blocks / len(blocks))
        filters = (directions / (variance + 5e-4).sqrt()).T.reshape(-1, 3, 2, 2)
        self.whitening.weight.copy_(torch.cat([filters, -filters]))

    def feature_maps(self, images):
        """The last one of shape [B, C, H / 2**stages, W / 2**stages], see :class:`.MapNetwork`."""
        x = F.pad(self.normalise(images), (0, 1, 0, 1))  # a 2 x 2 filter keeps the size
        previous = self.stages[:-1](self.activation(self.whitening(x)))
        return previous, self.stages[-1](previous)


@NETWORKS.register("whitened_cnn", sizes=("stages", "width"))
class WhitenedCNN(WhitenedNetwork):
    """Six convolutions behind a whitening layer: much accuracy for a few minutes of a CPU.

    Each stage is two 3 x 3 convolutions, a 2 x 2 max-pooling after the first; three stages end in a
    4 x 4 feature map. The order of layers is that of Jordan (2024); the widths and ReLU are ours.

    Parameters
    ----------
    n_classes : int
        Number of in-distribution classes K.
    stages : int, default=3
        Number of halvings, 1 to 5.
    width : int, default=64
        Channels of the first stage, doubled by every further one: C = width * 2**(stages - 1).
    mean, std : sequence of 3 floats
        Channel statistics of the training images, in units of [0, 1].

    Raises
    ------
    ValueError
        If ``stages`` is not between 1 and 5.
    """

    def __init__(self, n_classes, stages=3, width=64, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25)):
        super().__init__(n_classes, PooledBlock, [width * 2**stage for stage in range(stages)], F.relu, mean, std)


class PooledBlock(nn.Module):
    """A 3 x 3 convolution, 2 x 2 max-pooling, another 3 x 3 convolution; each with batch norm and ReLU."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        x = F.relu(self.bn1(F.max_pool2d(self.conv1(x), 2)))
        return F.relu(self.bn2(self.conv2(x)))
