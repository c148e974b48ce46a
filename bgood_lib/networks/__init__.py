"""Networks that show their feature map, and what a cell of it sees. A new one is a file, imported here."""

from . import packaged
from .base import NETWORKS, MapNetwork, channel_statistics
from .pretrained import Pretrained
from .residual_cnn import ResidualCNN
from .resnet18 import ResNet18_32x32
from .skeleton_gcn import SkeletonGCN
from .small_resnet import SmallResNet
from .small_vit import SmallViT
from .whitened_cnn import WhitenedCNN
from .wrapped import Wrapped

__all__ = [
    "NETWORKS", "MapNetwork", "Pretrained", "ResidualCNN", "ResNet18_32x32", "SkeletonGCN", "SmallResNet", "SmallViT",
    "WhitenedCNN", "Wrapped", "channel_statistics", "packaged",
]  # fmt: skip
