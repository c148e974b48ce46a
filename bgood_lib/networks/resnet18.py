"""ResNet-18 for 32 x 32 images, with the architecture and parameter names of OpenOOD.

Its state dict is that of OpenOOD's ``ResNet18_32x32``, so the checkpoints that project publishes
load unchanged.
"""

from torch import nn
from torch.nn import functional as F

from .base import NETWORKS, MapNetwork


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions; the shortcut is a convolution only where the shape changes."""

    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
            )

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


@NETWORKS.register("resnet18_32x32", sizes=())
class ResNet18_32x32(MapNetwork):
    """ResNet-18 with a 3 x 3 stem and no max-pooling: a 4 x 4 map of 512 channels.

    Parameters
    ----------
    n_classes : int, default=10
        Number of in-distribution classes K.
    mean, std : sequence of 3 floats
        Channel statistics of the training images, in units of [0, 1]. They are not part of the
        state dict, which OpenOOD's is not either. The default is what OpenOOD's CIFAR-10
        checkpoints were trained with.

    References
    ----------
    Zhang et al., "OpenOOD v1.5: Enhanced Benchmark for Out-of-Distribution Detection", DMLR 2024,
    for the variant; He et al., "Deep Residual Learning for Image Recognition", CVPR 2016.
    """

    def __init__(self, n_classes=10, mean=(0.4914, 0.4822, 0.4465), std=(0.2470, 0.2435, 0.2616)):
        super().__init__(mean, std, persistent=False)
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(BasicBlock(64, 64, 1), BasicBlock(64, 64, 1))
        self.layer2 = nn.Sequential(BasicBlock(64, 128, 2), BasicBlock(128, 128, 1))
        self.layer3 = nn.Sequential(BasicBlock(128, 256, 2), BasicBlock(256, 256, 1))
        self.layer4 = nn.Sequential(BasicBlock(256, 512, 2), BasicBlock(512, 512, 1))
        self.fc = nn.Linear(512, n_classes)

    @property
    def head(self):
        """The linear classifier, [..., 512] to [..., K]."""
        return self.fc

    def feature_maps(self, images):
        """The last one of shape [B, 512, H / 8, W / 8], see :class:`bgood_lib.networks.MapNetwork`."""
        x = F.relu(self.bn1(self.conv1(self.normalise(images))))
        previous = self.layer3(self.layer2(self.layer1(x)))
        return previous, self.layer4(previous)
