"""Nine convolutions behind a whitening layer, with shortcuts."""

from torch import nn
from torch.nn import functional as F

from ..utils.errors import InputError
from .base import NETWORKS
from .whitened_cnn import WhitenedNetwork


@NETWORKS.register("residual_cnn", sizes=("stages", "width"))
class ResidualCNN(WhitenedNetwork):
    """Nine convolutions behind a whitening layer, for the profile ``strong``.

    Filters begin as the identity (Dirac), the scales of batch normalisation stay one.

    Parameters
    ----------
    n_classes : int
        Number of in-distribution classes K.
    stages : int, default=3
        Number of halvings, 2 to 5; three end in a 4 x 4 feature map.
    width : int, default=64
        Channels of the first stage; every further one has as many more: C = width * stages.
    mean, std : sequence of 3 floats
        Channel statistics of the training images, in units of [0, 1].

    Raises
    ------
    ValueError
        If ``stages`` is not between 2 and 5.

    References
    ----------
    Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", arXiv 2404.00498, 2024: airbench96 has
    such blocks; the widths, SiLU and the ReLU at the end of a stage are ours.
    """

    def __init__(self, n_classes, stages=3, width=64, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25)):
        if stages == 1:
            raise InputError("stages is 1; this network has at least 2, each of which ends in a ReLU")
        widths = [width * (stage + 1) for stage in range(stages)]
        super().__init__(n_classes, ShortcutBlock, widths, F.silu, mean, std)
        nn.init.normal_(self.head.weight, std=0.012)
        nn.init.zeros_(self.head.bias)


class ShortcutBlock(nn.Module):
    """A 3 x 3 convolution, 2 x 2 max-pooling, then two 3 x 3 convolutions and a shortcut around them."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        for i, before in enumerate((in_channels, out_channels, out_channels), 1):
            conv, bn = nn.Conv2d(before, out_channels, 3, 1, 1, bias=False), nn.BatchNorm2d(out_channels)
            nn.init.dirac_(conv.weight.data[:before])  # the other filters stay random
            bn.weight.requires_grad_(False)
            self.add_module(f"conv{i}", conv)
            self.add_module(f"bn{i}", bn)

    def forward(self, x):
        x = F.silu(self.bn1(F.max_pool2d(self.conv1(x), 2)))
        y = self.bn3(self.conv3(F.silu(self.bn2(self.conv2(x)))))
        return F.relu(y + x)
