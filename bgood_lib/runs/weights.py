"""Trained networks small enough to keep: float16 weights in one safetensors file, with what made them."""

import dataclasses
import hashlib
import json
import math
from pathlib import Path

import safetensors
import torch
from safetensors.torch import save_file

from ..networks import NETWORKS
from ..training.config import METHODS, Config
from ..training.equip import equipped_network
from ..utils.errors import InputError
from ..utils.files import atomic_write
from ..utils.kinds import WEIGHTS, kind_of
from ..utils.strict_yaml import in_yaml

LARGEST = {"n_classes": 100_000, "stages": 5, "width": 4096}  # what a header may claim, before anything is built

_AGAIN = "give the original, or export it again: bgood export RUN FILE.safetensors"


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
        why = f"{error}" if isinstance(error, InputError) else _why_not(path)
        raise InputError(f"{path} is not a whole weights file of bgood: {why}; {_AGAIN}") from error


def _why_not(path):
    """What a file is that cannot be read as one of weights."""
    kind = kind_of(path)
    if kind != WEIGHTS:
        return f"it is {kind}; expected a whole safetensors file"
    if _is_short(path):
        return "it is a safetensors file that is cut off: it is shorter than its header says"
    return "it is a safetensors file that was changed within"


def _is_short(path):
    """Whether a file ends before the tensors that its header tells of."""
    size = Path(path).stat().st_size
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        text = file.read(length)
    if 8 + length > size:
        return True
    try:
        parts = json.loads(text).values()
        ends = [part["data_offsets"][1] for part in parts if "data_offsets" in part]
        return 8 + length + max(ends, default=0) > size
    except (ValueError, RecursionError, AttributeError, TypeError, LookupError):  # a header that was changed
        return False


def _told(metadata):
    try:
        about = json.loads(metadata["bgood"])
    except (TypeError, KeyError, ValueError, RecursionError):
        about = None
    if not isinstance(about, dict):
        raise InputError("it does not say which network it holds, as those that bgood writes do")
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
    wrong = "its header cannot be used"
    try:
        network = _build(about)
        wrong = "the weights do not fit what it says of itself"
        _refuse_others(tensors, network.state_dict(), about)
        network.load_state_dict({
            name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()
        })  # fmt: skip
    except Exception as error:  # what it says of itself does not make the network that it holds
        why = f"{error}" if isinstance(error, InputError) else f"{type(error).__name__}: {error}"[:300]
        raise InputError(f"{path}: {wrong}: {why}; {_AGAIN}") from error
    for name, tensor in tensors.items():
        if (bad := ~torch.isfinite(tensor)).any():
            raise InputError(
                f"{path}: {name} holds {tensor[bad][0]} in {int(bad.sum()):,} of {bad.numel():,} places; {_AGAIN}"
            )
    return network.eval()


def _refuse_others(tensors, wanted, about):
    """Refuse tensors that are not those of the network that a file says it holds."""
    config = about["config"]
    network = f"a {config['network']} of width {config.get('width')} and {about['n_classes']} classes"
    for name in [*wanted, *tensors]:
        have, want = (list(some[name].shape) if name in some else None for some in (tensors, wanted))
        if have != want:
            have, want = (
                f"{name!r} of shape {shape}" if shape is not None else f"no {name!r}" for shape in (have, want)
            )
            raise InputError(f"it has {have}, {network} has {want}")


def _build(about):
    """The network that a file says it holds, with weights still to be put in."""
    if lacking := [name for name in ("config", "n_classes", "mean", "std") if name not in about]:
        raise InputError(f"it has no entry {lacking[0]!r}")
    if not isinstance(about["config"], dict):
        raise InputError(f"config is {in_yaml(about['config'])}; expected settings by name")
    fields = {field.name for field in dataclasses.fields(Config)}
    config = Config(**{name: value for name, value in about["config"].items() if name in fields})
    if not isinstance(config.dataset, str):
        raise InputError(f"dataset is {in_yaml(config.dataset)}; expected a name")
    if config.network not in NETWORKS:
        raise InputError(f"network is {in_yaml(config.network)}; expected one of {', '.join(NETWORKS)}")
    if config.method not in METHODS:
        raise InputError(f"method is {in_yaml(config.method)}; expected one of {', '.join(METHODS)}")
    for name, largest in LARGEST.items():
        value = about[name] if name in about else getattr(config, name)
        if value is not None and not (type(value) is int and 1 <= value <= largest):
            shown = f"{'the text ' * isinstance(value, str)}{in_yaml(value)}"
            raise InputError(f"{name} is {shown}; expected a whole number from 1 to {largest:,}")
    for name in ("mean", "std"):
        if (
            not isinstance(about[name], list)
            or len(about[name]) != 3
            or not all(type(x) is float and math.isfinite(x) for x in about[name])
        ):
            raise InputError(f"{name} is {in_yaml(about[name])}; expected 3 numbers")
    return equipped_network(config, about["n_classes"], about["mean"], about["std"])
