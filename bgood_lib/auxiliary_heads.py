"""Further heads that some forms of the background loss need, trained beside the network."""

import torch
from torch import nn


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
