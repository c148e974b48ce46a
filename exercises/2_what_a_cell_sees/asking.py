"""How questions 3 and 5 are asked. Handed out."""

import numpy as np
import torch
from torch import nn


class Smooth(nn.Module):
    """Convolutions without a ReLU, of positive weights: what can reach a cell does reach it."""

    def __init__(self, layers):
        super().__init__()
        convolutions, channels = [], 3
        for kernel, stride, padding in np.asarray(layers).tolist():
            convolution = nn.Conv2d(channels, 2, kernel, stride, padding)
            nn.init.constant_(convolution.weight, 0.1)
            convolutions.append(convolution)
            channels = 2
        self.body = nn.Sequential(*convolutions)

    def feature_map(self, images):
        """Images [N, 3, H, W] to the map [N, 2, h, w]."""
        return self.body(images)


def ask_reached(function, layers, images, row, column):
    """On a network of these layers: kernel, stride, padding."""
    return function(Smooth(layers), torch.as_tensor(images).float(), row, column)
