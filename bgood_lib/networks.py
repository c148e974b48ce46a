"""Small residual networks that show their feature map.

Every network here reads ``feature map -> pooled features -> logits`` and carries its
own input normalisation, so the images that go in are always the raw ones.
"""

import torch
from torch import nn
from torch.nn import functional as F


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions with batch normalisation, and a shortcut around them."""

    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
            nn.BatchNorm2d(out_channels),
        )

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class MapNetwork(nn.Module):
    """What every network here has: its own normalisation, a feature map, pooling and a head.

    A subclass has a linear ``head`` and ``feature_maps(images)``: from images [B, 3, H, W], uint8 (0
    to 255) or floating point (0 to 1), not normalised, to the maps before and after its last stage,
    both after the ReLU: [B, C', 2 h, 2 w] and [B, C, h, w], non-negative.

    Parameters
    ----------
    mean, std : sequence of 3 floats
        Channel statistics of the training images, in units of [0, 1].
    persistent : bool, default=True
        Whether they are part of the state dict.
    """

    def __init__(self, mean, std, persistent=True):
        super().__init__()
        for name, values in (("mean", mean), ("std", std)):
            values = torch.as_tensor(values, dtype=torch.float32).view(1, 3, 1, 1)
            self.register_buffer(name, values, persistent=persistent)

    def normalise(self, images):
        """uint8 (0 to 255) or floating point (0 to 1) images [B, 3, H, W] to what the first layer reads."""
        if images.dtype == torch.uint8:
            images = images.float() / 255
        return ((images - self.mean) / self.std).contiguous(memory_format=torch.channels_last)

    def feature_map(self, images):
        """The map of the last stage, [B, C, h, w], see above."""
        return self.feature_maps(images)[1]

    @staticmethod
    def pool(feature_map):
        """Global average pooling: [B, C, h, w] to [B, C]."""
        return feature_map.mean((2, 3))

    def forward(self, images):
        """Logits of shape [B, K]."""
        return self.head(self.pool(self.feature_map(images)))


class SmallResNet(MapNetwork):
    """A residual network for 32 x 32 images, small enough to train on a CPU.

    A 3 x 3 stem keeps the resolution; each stage is one residual block that halves it
    and doubles the width. Two stages end in an 8 x 8 feature map, three in 4 x 4.

    Parameters
    ----------
    n_classes : int
        Number of in-distribution classes K.
    stages : int, default=3
        Number of halvings, 1 to 5: the map of a 32 x 32 image has 32 / 2**stages cells a side.
    width : int, default=32
        Channels of the stem; the map has C = width * 2**stages channels.
    mean, std : sequence of 3 floats
        Channel statistics of the training images, in units of [0, 1]. Stored with the
        weights.

    Raises
    ------
    ValueError
        If ``stages`` is not between 1 and 5.

    References
    ----------
    He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, for the block.
    """

    def __init__(self, n_classes, stages=3, width=32, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25)):
        super().__init__(mean, std)
        if not 1 <= stages <= 5:
            raise ValueError(f"stages is {stages}; a 32 x 32 image can be halved 1 to 5 times")
        widths = [width * 2**stage for stage in range(stages + 1)]
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        self.stages = nn.Sequential(*(ResidualBlock(a, b, stride=2) for a, b in zip(widths, widths[1:])))
        self.head = nn.Linear(widths[-1], n_classes)

    def feature_maps(self, images):
        """The last one of shape [B, C, H / 2**stages, W / 2**stages], see :class:`MapNetwork`."""
        previous = self.stages[:-1](self.stem(self.normalise(images)))
        return previous, self.stages[-1](previous)


class WhitenedCNN(MapNetwork):
    """Six convolutions behind a whitening layer: much accuracy for a few minutes of a CPU.

    The first layer is not learned: it decorrelates 2 x 2 blocks of pixels. Each stage is two 3 x 3
    convolutions, a 2 x 2 max-pooling after the first; three stages end in a 4 x 4 feature map.

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

    References
    ----------
    Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", arXiv 2404.00498, 2024, for the
    whitening layer and the order of layers; the widths and ReLU are ours.
    """

    def __init__(self, n_classes, stages=3, width=64, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25)):
        super().__init__(mean, std)
        if not 1 <= stages <= 5:
            raise ValueError(f"stages is {stages}; a 32 x 32 image can be halved 1 to 5 times")
        self.whitening = nn.Conv2d(3, 24, 2, bias=False).requires_grad_(False)
        widths = [24, *(width * 2**stage for stage in range(stages))]
        self.stages = nn.Sequential(*(PooledBlock(a, b) for a, b in zip(widths, widths[1:])))
        self.head = nn.Linear(widths[-1], n_classes)

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
        """The last one of shape [B, C, H / 2**stages, W / 2**stages], see :class:`MapNetwork`."""
        x = F.pad(self.normalise(images), (0, 1, 0, 1))  # a 2 x 2 filter keeps the size
        previous = self.stages[:-1](F.relu(self.whitening(x)))
        return previous, self.stages[-1](previous)


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


def channel_statistics(images):
    """Mean and standard deviation of each channel.

    Parameters
    ----------
    images : ndarray of shape [N, H, W, 3], uint8

    Returns
    -------
    mean, std : lists of 3 floats, in units of [0, 1]
    """
    pixels = torch.as_tensor(images).reshape(-1, 3)
    # Exact integer sums: the same statistics whatever the order or the number of threads.
    total = pixels.sum(0, dtype=torch.int64).double()
    squares = torch.stack([(channel.int() ** 2).sum(dtype=torch.int64) for channel in pixels.T])
    mean = total / len(pixels)
    std = (squares.double() / len(pixels) - mean**2).sqrt()
    return (mean / 255).tolist(), (std / 255).clamp(min=1e-3).tolist()  # a constant channel has none
