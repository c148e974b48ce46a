"""The network of a configuration, with the further heads that some forms of the background loss need."""

import torch
from torch import nn
from torch.nn.utils import parametrize

from .base import NETWORKS, channel_statistics


def add_heads(network, config):
    """Give a network the heads that its configuration asks for.

    ``early_head`` judges patches of the map before the last stage (``config.judge`` is ``own``); it
    learns to classify that map's pooled features and sends no gradient into the network.
    ``ood_head``, of the penalty of that name, tells background patches from sure ones: SSOD's two
    layers of 256 hidden units (Pei, ICLR 2024).

    Parameters
    ----------
    network : MapNetwork
        Changed in place; without such a wish it stays as it is.
    config : Config
    """
    if config.judge == "own":
        with torch.no_grad():
            previous, _ = network.eval().feature_maps(torch.zeros(1, 3, 32, 32))
        network.early_head = nn.Linear(previous.shape[1], network.head.out_features)
    if config.penalty == "ood_head":
        network.ood_head = nn.Sequential(nn.Linear(network.head.in_features, 256), nn.ReLU(), nn.Linear(256, 2))


def make_network(config, images, labels):
    """The network of a configuration, with initial weights drawn from its seed.

    Parameters
    ----------
    config : Config
    images : ndarray of shape [N, 32, 32, 3], uint8
        Training images; their channel statistics become the network's normalisation.
    labels : ndarray of shape [N], int64
        Classes 0 to K - 1.

    Returns
    -------
    MapNetwork
    """
    torch.manual_seed(config.seed)
    network = build_network(config, int(labels.max()) + 1, *channel_statistics(images))
    network.prepare(images)
    return network


def build_network(config, n_classes, mean, std):
    """The network of a configuration, for K = ``n_classes`` and given channel statistics (3 floats each)."""
    kind = NETWORKS.find(config.network)
    network = kind(n_classes, mean=mean, std=std, **{name: getattr(config, name) for name in kind.sizes})
    if config.head_divisor is not None:
        parametrize.register_parametrization(network.head, "weight", Divided(config.head_divisor))
    add_heads(network, config)
    return network


class Divided(nn.Module):
    """Weights that are used divided by a temperature."""

    def __init__(self, temperature):
        super().__init__()
        self.temperature = temperature

    def forward(self, weight):
        return weight / self.temperature
