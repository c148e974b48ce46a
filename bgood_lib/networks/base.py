"""What a network must show: its feature map, pooled features and logits.

Every network here reads ``feature map -> pooled features -> logits`` and carries its
own input normalisation, so the images that go in are always the raw ones.
"""

import torch
from torch import nn

from ..utils.registry import Registry

# Networks that a configuration can name. Their `sizes` are the fields of the configuration that they take.
NETWORKS = Registry("network")


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

    has_previous = True  # whether `feature_maps` shows the map before the last stage, too

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

    def prepare(self, images):
        """A look at training images [N, H, W, 3], uint8, before training begins; most networks need none."""

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
    # Exact integer sums: the same statistics whatever the order or the number of threads. In parts, for their memory.
    total, squares = torch.zeros(2, 3, dtype=torch.int64)
    for part in pixels.split(2**20):
        total += part.sum(0, dtype=torch.int64)
        squares += (part.int() ** 2).sum(0, dtype=torch.int64)
    mean = total.double() / len(pixels)
    std = (squares.double() / len(pixels) - mean**2).sqrt()
    return (mean / 255).tolist(), (std / 255).clamp(min=1e-3).tolist()  # a constant channel has none
