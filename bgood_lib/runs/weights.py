"""Trained networks small enough to keep: float16 weights in one safetensors file, with what made them."""

import dataclasses
import hashlib
import json
import math
from pathlib import Path

import safetensors
import torch
from safetensors.torch import save_file

from ..networks.build import build_network
from ..training.config import Config
from ..utils.errors import InputError
from ..utils.files import atomic_write

LARGEST = {"n_classes": 100_000, "stages": 5, "width": 4096}  # what a header may claim, before anything is built

_AGAIN = "give the original, or export it again: bgood export RUN FILE"


def save_weights(network, path, config, **about):
    """Write a network's weights, floating point ones as float16.

    Parameters
    ----------
    network : torch.nn.Module
        Of :func:`bgood_lib.networks.build.build_network`.
    path : path
        A ``.safetensors`` file, written whole or not at all.
    config : dict
        Fields of :class:`bgood_lib.training.config.Config`.
    **about
        Anything JSON that says where they come from, such as ``identity`` and ``record``.
    """
    tensors = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).cpu().contiguous()
        for name, tensor in network.state_dict().items()
    }
    header = {
        **about, "config": config, "n_classes": network.head.out_features,
        "mean": network.mean.flatten().tolist(), "std": network.std.flatten().tolist(),
    }  # fmt: skip
    header["checksum"] = _checksum(header, tensors)
    with atomic_write(path) as temporary:
        save_file(tensors, temporary, metadata={"bgood": json.dumps(header)})


def _checksum(header, tensors):
    """SHA-256 of what a file says of itself and of its tensors: names, types, shapes and values."""
    told = {name: value for name, value in header.items() if name != "checksum"}
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _read(path):
    """What a file says of itself, and its tensors, if they are as they were written."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no weights file {path}; give one that `bgood export` wrote")
    try:
        with safetensors.safe_open(path, "pt") as file:
            about = _told(file.metadata())
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        if about.get("checksum") != _checksum(about, tensors):
            raise InputError("it was changed after it was written" if "checksum" in about else "it has no checksum")
        return about, tensors
    except Exception as error:  # whatever changed bytes lead to
        why = "its header cannot be read" if isinstance(error, safetensors.SafetensorError) else error
        raise InputError(f"{path} is not a whole weights file of this project ({why}); {_AGAIN}") from error


def _told(metadata):
    try:
        about = json.loads(metadata["bgood"])
    except (TypeError, KeyError, ValueError, RecursionError):
        about = None
    if not isinstance(about, dict):
        raise InputError("it does not say which network and configuration it is of")
    return about


def read_about(path):
    """What a weights file says of itself.

    Parameters
    ----------
    path : path

    Returns
    -------
    dict : ``config``, ``n_classes``, ``mean``, ``std`` and what :func:`save_weights` was told.

    Raises
    ------
    FileNotFoundError, InputError
        If it is not there, or not a whole weights file of this project.
    """
    return _read(path)[0]


def load_weights(path):
    """A network from a weights file, in float32, on the CPU, in evaluation mode. Nothing in the file is executed.

    Parameters
    ----------
    path : path

    Returns
    -------
    MapNetwork

    Raises
    ------
    FileNotFoundError, InputError
        If it is not there, or not a whole weights file of this project.
    """
    about, tensors = _read(path)
    try:
        network = _build(about)
        network.load_state_dict({
            name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()
        })  # fmt: skip
    except Exception as error:  # what it says of itself does not make the network that it holds
        why = f"{error} is unknown" if isinstance(error, KeyError) else str(error)[:300]
        if isinstance(error, RuntimeError):  # of load_state_dict, in many lines
            config = about["config"]
            why = f"they are not those of a {config.get('network')} of width {config.get('width')} and {about['n_classes']} classes"
        raise InputError(f"{path}: the weights do not fit what it says of itself ({why}); {_AGAIN}") from error
    bad = [name for name, tensor in network.state_dict().items() if not torch.isfinite(tensor).all()]
    if bad:
        raise InputError(f"{path}: {bad[0]} holds values that are not finite; {_AGAIN}")
    return network.eval()


def _build(about):
    """The network that a file says it holds, with weights still to be put in."""
    if lacking := [name for name in ("config", "n_classes", "mean", "std") if name not in about]:
        raise InputError(f"it does not say its {lacking[0]}")
    if not isinstance(about["config"], dict):
        raise InputError(f"config is {about['config']!r}; expected settings by name")
    fields = {field.name for field in dataclasses.fields(Config)}
    config = Config(**{name: value for name, value in about["config"].items() if name in fields})
    if not isinstance(config.dataset, str):
        raise InputError(f"dataset is {config.dataset!r}; expected a name")
    for name, largest in LARGEST.items():
        value = about[name] if name in about else getattr(config, name)
        if value is not None and not (type(value) is int and 1 <= value <= largest):
            raise InputError(f"{name} is {value!r}; expected 1 to {largest}")
    for name in ("mean", "std"):
        if (
            not isinstance(about[name], list)
            or len(about[name]) != 3
            or not all(type(x) is float and math.isfinite(x) for x in about[name])
        ):
            raise InputError(f"{name} is {about[name]!r}; expected 3 numbers")
    return build_network(config, about["n_classes"], about["mean"], about["std"])
