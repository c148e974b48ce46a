"""Trained networks small enough to keep: float16 weights in one safetensors file, with what made them."""

import dataclasses
import json
from pathlib import Path

import safetensors
import torch
from safetensors.torch import save_file

from ..networks.build import build_network
from ..training.config import Config
from ..utils.errors import InputError
from ..utils.files import atomic_write


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
    with atomic_write(path) as temporary:
        save_file(tensors, temporary, metadata={"bgood": json.dumps(header)})


def read_about(path):
    """What a weights file says of itself.

    Returns
    -------
    dict : ``config``, ``n_classes``, ``mean``, ``std`` and what :func:`save_weights` was told.

    Raises
    ------
    ValueError
        If it is not a whole weights file of this project.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no weights file {path}")
    try:
        with safetensors.safe_open(path, "pt") as file:
            return json.loads(file.metadata()["bgood"])
    except (safetensors.SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise InputError(f"{path} is not a whole weights file of this project ({error}); get it again") from error


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
    FileNotFoundError, ValueError
        If it is not there, or not a whole weights file of this project.
    """
    about = read_about(path)
    fields = {field.name for field in dataclasses.fields(Config)}
    config = Config(**{name: value for name, value in about["config"].items() if name in fields})
    network = build_network(config, about["n_classes"], about["mean"], about["std"])
    with safetensors.safe_open(path, "pt") as file:
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    network.load_state_dict({
        name: tensor.float() if tensor.is_floating_point() else torch.as_tensor(tensor)
        for name, tensor in state.items()
    })  # fmt: skip
    return network.eval()
