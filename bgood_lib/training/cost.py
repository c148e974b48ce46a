"""How long a training would take, asked before it begins."""

import copy
import time

import torch
from torch.nn import functional as F

from ..trunk_maps import has_trunk
from ..utils.errors import TooLongError

PATIENCE_HOURS = 3.0


def estimate_hours(network, config, n_images, device):
    """Hours that a training will take, from a few steps on random pixels.

    Parameters
    ----------
    network : torch.nn.Module
        Not changed.
    config : Config
    n_images : int
        Training images per epoch.
    device : torch.device

    Returns
    -------
    float
    """
    network = copy.deepcopy(network).to(device, memory_format=torch.channels_last).train()
    precision = getattr(torch, config.precision)
    batch = min(config.batch_size, 32)
    side = getattr(network, "side", 32)
    x = torch.rand(batch, 3, side, side, device=device)
    y = torch.zeros(batch, dtype=torch.long, device=device)
    maps_of, passes = network.feature_maps, 0
    if has_trunk(network):  # its trunk sees an image once, or twice if that is mirrored
        maps_of, passes = network.rest, 1 + bool(config.flip)
    seconds, once = [], []
    for _ in range(4):
        begin = time.monotonic()
        with torch.no_grad():
            inputs = network.trunk(x) if passes else x
        once.append(time.monotonic() - begin)
        begin = time.monotonic()
        with torch.autocast(device.type, precision, enabled=precision != torch.float32):
            loss = F.cross_entropy(network.head(network.pool(maps_of(inputs)[1])).float(), y)
        loss.backward()
        seconds.append(time.monotonic() - begin)
    return (min(seconds) * config.epochs + min(once) * passes) / batch * n_images / 3600


def refuse_endless(network, config, n_images, device, force=False, report=print):
    """Say how long a training will take on a CPU, and stop before one of more than three hours.

    Parameters
    ----------
    network, config, n_images, device
        As for :func:`estimate_hours`.
    force : bool, default=False
        Only say it.
    report : callable, default=print

    Raises
    ------
    TooLongError
        With the hours and what to do instead.
    """
    if device.type != "cpu":
        return
    hours = estimate_hours(network, config, n_images, device)
    if hours <= PATIENCE_HOURS:
        return
    what = (
        f"{config.epochs} epochs of {config.network} on {n_images:,} images will take about {hours:.0f} hours "
        f"on this CPU ({torch.get_num_threads()} thread{'s' * (torch.get_num_threads() > 1)})"
    )
    if not force:
        raise TooLongError(
            f"{what}. Use a GPU (DEVICE=cuda), the profile `cpu`, fewer epochs or images, "
            "or say that you mean it: FORCE=1 with make, -p force=true with bgood run"
        )
    report(f"warning: {what}")
