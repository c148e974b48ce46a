"""A small residual network that trains on a CPU."""

from torch import nn
from torch.nn import functional as F

from ..utils.errors import InputError
from .base import NETWORKS, MapNetwork


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


@NETWORKS.register("small_resnet", sizes=("stages", "width"))
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
            raise InputError(f"stages is {stages}; a 32 x 32 image can be halved 1 to 5 times")
        widths = [width * 2**stage for stage in range(stages + 1)]
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        self.stages = nn.Sequential(*(ResidualBlock(a, b, stride=2) for a, b in zip(widths, widths[1:])))
        self.head = nn.Linear(widths[-1], n_classes)

    def feature_maps(self, images):
        """The last one of shape [B, C, H / 2**stages, W / 2**stages], see :class:`.MapNetwork`."""
        previous = self.stages[:-1](self.stem(self.normalise(images)))
        return previous, self.stages[-1](previous)
