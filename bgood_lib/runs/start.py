"""A network to begin a training from: that of a run, or of a weights file."""

from functools import lru_cache
from pathlib import Path

from ..training.checkpoint import load_network, weights_sha256
from ..utils.errors import InputError
from ..utils.files import user_path
from .weights import load_weights


def starting_network(init):
    """The network that fine-tuning begins from.

    Parameters
    ----------
    init : path
        A run's folder, or a ``.safetensors`` file of ``bgood export``; "" for none.

    Returns
    -------
    MapNetwork or None

    Raises
    ------
    InputError
        If there is no such network.
    """
    if init == "":
        return None
    path = user_path(init, "init")
    if path.is_dir() and (path / "checkpoint.pt").is_file():
        return load_network(path / "checkpoint.pt")
    if path.is_file() and path.suffix == ".safetensors":
        return load_weights(path)
    raise InputError(f"init is {str(init)!r}; expected a run's folder with a checkpoint.pt, or a .safetensors file")


@lru_cache
def _sha256(init, changed):
    network = starting_network(init)
    return network and weights_sha256(network)


def starting_sha256(init):
    """Checksum of the weights that a training begins from, for its configuration; None where it begins anew."""
    path = Path(init, "checkpoint.pt") if Path(init).is_dir() else Path(init)
    return _sha256(init, path.stat().st_mtime_ns if init and path.is_file() else None)


def take_over(network, start, config):
    """Give a new network the weights of another one, but for heads that only one of them has.

    Parameters
    ----------
    network : MapNetwork
        Changed in place.
    start : MapNetwork
    config : Config
        Its ``init`` is the checksum of the weights of ``start``.

    Raises
    ------
    InputError
        If these are not the weights that the configuration names, or they do not fit.
    """
    if weights_sha256(start) != config.init:
        raise InputError(f"the network to begin from is not the one of the configuration, {config.init[:12]}...")
    extra = ("early_head.", "ood_head.")  # of forms of the background loss: trained anew
    theirs = {name: value for name, value in start.state_dict().items() if not name.startswith(extra)}
    try:
        lacking = network.load_state_dict(theirs, strict=False)
    except RuntimeError as error:
        raise InputError(f"the network to begin from does not fit {config.network}: {error}") from None
    if odd := [*lacking.unexpected_keys, *(key for key in lacking.missing_keys if not key.startswith(extra))]:
        raise InputError(f"the network to begin from does not fit {config.network} ({odd[0]}); name its profile")
