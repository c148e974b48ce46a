"""What the stages before a network's last say of images, caught while they pass."""

import torch
from torch import nn


def earlier_stages(network):
    """The stages of a network but the last, in order.

    Parameters
    ----------
    network : torch.nn.Module

    Returns
    -------
    list of torch.nn.Module
        Of ``stages``, or of ``layer1``, ``layer2`` and so on; empty if it has neither.
    """
    stages = getattr(network, "stages", None)
    if not isinstance(stages, nn.Sequential):
        stages = [stage for name, stage in network.named_children() if name.startswith("layer") and name[5:].isdigit()]
    return list(stages)[:-1]


class StageMeans:
    """Channel means of the maps of :func:`earlier_stages`, as a context.

    Parameters
    ----------
    network : torch.nn.Module

    Examples
    --------
    >>> with StageMeans(network) as stages:
    ...     feature_map = network.feature_map(images)
    ...     means = stages.take()  # [B, S], S channels in all; None if the network shows no earlier stage
    """

    def __init__(self, network):
        self.network, self.caught, self.hooks = network, [], []

    def __enter__(self):
        self.hooks = [stage.register_forward_hook(self._catch) for stage in earlier_stages(self.network)]
        return self

    def __exit__(self, *_):
        for hook in self.hooks:
            hook.remove()

    def _catch(self, stage, inputs, output):
        self.caught.append(output.mean((2, 3)))

    def take(self):
        """What the last images left, Tensor of shape [B, S]; what other images leave in between is for :meth:`clear`."""
        means = torch.cat(self.caught, 1) if self.caught else None
        self.clear()
        return means

    def clear(self):
        """Forget what was caught."""
        self.caught = []
