"""A network in a form that a page can run: batch normalisation folded into the convolutions, float16 once.

``book/touch/network.js`` runs the same numbers in the same order in a reader's browser.
"""

import numpy as np
import torch
from torch.nn import functional as F

from ...networks.small_resnet import SmallResNet
from ...utils.errors import InputError
from .base import pack, unpack


def fold(network):
    """All that a page needs to run a network.

    Parameters
    ----------
    network : SmallResNet
        In evaluation mode; its batch normalisation is a scale and a shift of each channel, which the
        convolution before it takes over.

    Returns
    -------
    dict
        ``mean`` and ``std`` (of pixels in [0, 1]), ``layers``: the ``shape`` [O, I, k, k] and ``stride`` of every
        convolution (the stem; then of each stage both convolutions and the shortcut), ``head`` [K, C], and
        ``weights``: all in this order, of each layer weights and then biases, packed as float16.

    Raises
    ------
    InputError
        If it is no SmallResNet.
    """
    if not isinstance(network, SmallResNet):
        raise InputError(f"a page runs networks of class SmallResNet only; this is a {type(network).__name__}")
    pairs = [(network.stem[0], network.stem[1])]
    for block in network.stages:
        pairs += [(block.conv1, block.bn1), (block.conv2, block.bn2), (block.shortcut[0], block.shortcut[1])]
    layers, parts = [], []
    for conv, norm in pairs:
        scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
        weight = conv.weight.double() * scale.view(-1, 1, 1, 1)
        layers.append({"shape": list(weight.shape), "stride": conv.stride[0]})
        parts += [weight, norm.bias.double() - norm.running_mean.double() * scale]
    parts += [network.head.weight.double(), network.head.bias.double()]
    return {
        "mean": network.mean.flatten().tolist(), "std": network.std.flatten().tolist(), "layers": layers,
        "head": list(network.head.weight.shape),
        "weights": pack(np.concatenate([part.detach().flatten().numpy() for part in parts]).astype(np.float16)),
    }  # fmt: skip


class Folded:
    """A folded network, run by PyTorch.

    Parameters
    ----------
    folded : dict
        Of :func:`fold`.
    """

    def __init__(self, folded):
        values, self.layers = torch.as_tensor(unpack(folded["weights"])).float(), []
        for layer in [*folded["layers"], {"shape": folded["head"], "stride": None}]:
            size = int(np.prod(layer["shape"]))
            weight, values = values[:size].view(layer["shape"]), values[size:]
            self.layers.append((weight, values[: len(weight)], layer["stride"]))
            values = values[len(weight) :]
        self.mean, self.std = (torch.tensor(folded[name]).view(3, 1, 1) for name in ("mean", "std"))

    @torch.no_grad()
    def run(self, images):
        """What it says of images.

        Parameters
        ----------
        images : ndarray of shape [N, H, W, 3], uint8

        Returns
        -------
        norms : ndarray of shape [N, h, w]
            Lengths of the map's cells.
        cells : ndarray of shape [N, h, w, K]
            What the head says of each.
        logits : ndarray of shape [N, K]
        """
        stem, *convolutions, (weight, bias, _) = self.layers
        x = (torch.as_tensor(images).permute(0, 3, 1, 2).float() / 255 - self.mean) / self.std
        x = _convolve(x, *stem).relu()
        for first, second, shortcut in zip(convolutions[::3], convolutions[1::3], convolutions[2::3]):
            x = (_convolve(_convolve(x, *first).relu(), *second) + _convolve(x, *shortcut)).relu()
        cells = F.linear(x.permute(0, 2, 3, 1), weight, bias)
        return x.norm(dim=1).numpy(), cells.numpy(), F.linear(x.mean((2, 3)), weight, bias).numpy()


def _convolve(x, weight, bias, stride):
    return F.conv2d(x, weight, bias, stride, weight.shape[-1] // 2)
