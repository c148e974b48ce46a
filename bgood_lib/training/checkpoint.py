"""The state of a training on disk, and the network in it."""

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import torch

from ..utils.errors import InputError
from ..utils.files import atomic_write, no_checkpoint
from .config import Config
from .equip import equipped_network


def save(network, optimizer, checkpoint, identity, config, history):
    """Write the state of a training, whole or not at all."""
    state = {
        "identity": identity, "history": history, "config": dataclasses.asdict(config),
        "n_classes": network.head.out_features, "mean": network.mean.flatten().tolist(), "std": network.std.flatten().tolist(),
        "network": network.state_dict(), "optimizer": optimizer.state_dict(),
    }  # fmt: skip
    with atomic_write(checkpoint) as temporary:
        torch.save(state, temporary)


def resume(network, optimizer, checkpoint, identity, device):
    """History of the epochs that a checkpoint of this training already holds."""
    if not checkpoint or not Path(checkpoint).exists():
        return []
    state = _read(checkpoint, device)
    if state.get("identity") != identity:
        return []
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    return state["history"]


def _read(checkpoint, device):
    try:
        return torch.load(checkpoint, map_location=device, weights_only=True)
    except FileNotFoundError:
        raise
    except Exception as error:
        raise no_checkpoint(checkpoint) from error


def identity_of(checkpoint):
    """Identity of the training that a checkpoint is of, "" of an older version's; raises as :func:`load_network`."""
    return _read(checkpoint, "cpu").get("identity", "")


def load_network(checkpoint, identity=None):
    """The trained network of a checkpoint, on the CPU, in evaluation mode.

    Parameters
    ----------
    checkpoint : path
    identity : str, optional
        Of the training that it must be of.

    Returns
    -------
    MapNetwork

    Raises
    ------
    InputError
        If the file is not a whole checkpoint, or of another training.
    """
    state = _read(checkpoint, "cpu")
    if identity is not None and state.get("identity") != identity:
        raise InputError(
            f"{checkpoint} is of another training (identity {state.get('identity')!r}, expected {identity!r}); "
            "put back its own, or run the training again"
        )
    try:
        network = equipped_network(Config(**state["config"]), state["n_classes"], state["mean"], state["std"])
        network.load_state_dict(state["network"])
    except (KeyError, TypeError, RuntimeError) as error:
        raise InputError(f"{checkpoint} is of another version of this project ({error}); train again") from error
    return network.eval()


def weights_sha256(network):
    """Checksum of all weights and buffers: two trainings with equal ones are one training."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensor.detach().cpu().contiguous().numpy()).tobytes())
    return digest.hexdigest()
