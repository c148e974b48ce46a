"""The network of a configuration, with what its training method adds to it."""

from ..networks.build import build_network
from .losses import CLASSIFICATION


def equip(network, config):
    """Give a network the further parts that its training method needs, if any; changed in place.

    Parameters
    ----------
    network : MapNetwork
    config : Config
    """
    method = CLASSIFICATION[config.classification]
    if hasattr(method, "equip"):
        method.equip(network, config)


def equipped_network(config, n_classes, mean, std):
    """:func:`bgood_lib.networks.build.build_network`, equipped."""
    network = build_network(config, n_classes, mean, std)
    equip(network, config)
    return network
