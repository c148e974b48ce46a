"""What a network's frozen trunk says of images, computed once and kept.

A pass through the trunk of a pre-trained network takes most of the time of a training, and of a look at an
image set; and it always says the same. The maps lie in ``trunks/`` of the cache of image sets, in bfloat16, in
files that know their checksum. They may be deleted at any time.
"""

import hashlib

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from tqdm import tqdm

from .datasets.cache import cache_folder, writing
from .utils.files import atomic_write

PART = 512  # images a file: what a stop may cost


def has_trunk(network):
    """Whether a network has frozen layers whose maps can be kept; one that trains all of its layers has none."""
    return bool(getattr(network, "cut", 0))


@torch.no_grad()
def trunk_maps(network, images, keep=True):
    """Maps [N, c, h, w], bfloat16, that a network's trunk makes of images; on the CPU.

    Parameters
    ----------
    network : MapNetwork
        With a ``trunk`` and ``trunk_name()``, see :class:`bgood_lib.networks.pretrained.Pretrained`.
    images : ndarray of shape [N, H, W, 3], uint8
    keep : bool, default=True
        Look whether the maps are kept, and keep them.

    Returns
    -------
    Tensor of shape [N, c, h, w], bfloat16, channels last
    """
    network.eval()
    device = next(network.parameters()).device
    parts, name = [], network.trunk_name() if keep else ""
    starts = range(0, len(images), PART)
    progress = tqdm(
        total=len(images), desc="trunk", unit="image", leave=False, disable=None if len(images) > PART else True
    )
    for start in starts:
        part = np.ascontiguousarray(images[start : start + PART])
        file = cache_folder() / "trunks" / f"{_digest(name, part)}.safetensors" if keep else None
        maps = _read(file) if keep else None
        if maps is None:
            batches = torch.as_tensor(part).permute(0, 3, 1, 2).split(16)
            maps = torch.cat([network.trunk(batch.to(device)).bfloat16().cpu() for batch in batches])
            if keep:
                _write(file, maps)
        parts.append(maps)
        progress.update(len(part))
    progress.close()
    return torch.cat(parts).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def feature_maps_of(network, images):
    """The feature map [N, C, h, w] of images that belong to a set; by way of the kept maps where there is a trunk.

    Parameters
    ----------
    network : MapNetwork
        On the CPU.
    images : ndarray of shape [N, H, W, 3], uint8

    Returns
    -------
    Tensor of shape [N, C, h, w], float32
    """
    network.eval()
    if not has_trunk(network):
        return network.feature_map(torch.as_tensor(images).permute(0, 3, 1, 2))
    maps = trunk_maps(network, images)
    return torch.cat([network.rest(batch.float())[1] for batch in maps.split(100)])


def _digest(name, images):
    digest = hashlib.sha256(f"{name} {images.shape}".encode())
    digest.update(images)
    return digest.hexdigest()[:40]


def _checksum(maps):
    return hashlib.sha256(maps.contiguous().view(torch.uint8).numpy()).hexdigest()


def _write(file, maps):
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(file) as temporary:
            save_file({"maps": maps.contiguous()}, temporary, {"sha256": _checksum(maps)})


def _read(file):
    """The maps of a file; None if it is not there, or not whole."""
    try:
        with safe_open(file, "pt") as opened:
            maps, told = opened.get_tensor("maps"), opened.metadata()["sha256"]
    except Exception:  # whatever is wrong with it, it is made again
        return None
    return maps if _checksum(maps) == told else None
