"""Which device, how many threads: asked of the machine, said in the record."""

import importlib.metadata
import platform
import subprocess
from pathlib import Path

import torch

from .errors import InputError


def choose_device(name="auto"):
    """Device to compute on.

    Parameters
    ----------
    name : str, default="auto"
        ``auto`` (cuda, else mps, else cpu), ``cpu``, ``cuda`` or ``mps``.

    Returns
    -------
    torch.device

    Raises
    ------
    ValueError
        If the name is unknown or the device is not there.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next(device for device in ("cuda", "mps", "cpu") if there[device])
    if name not in there:
        raise InputError(f"unknown device {name!r}; choose auto, cpu, cuda or mps")
    if not there[name]:
        raise InputError(f"device {name!r} is not available on this machine; use auto or cpu")
    return torch.device(name)


def describe(device):
    """What a record says of the machine: device name, threads, versions, git commit."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else _processor()
    packages = ("torch", "torchvision", "numpy", "scikit-learn", "pytorch-ood")
    return {
        "device": device.type,
        "device_name": name,
        "threads": torch.get_num_threads(),
        "git_commit": _git_commit(),
        "versions": {
            "python": platform.python_version(),
            **{package: importlib.metadata.version(package) for package in packages},
        },
    }


def _processor():
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    return str(capabilities.get("cpu_name") or platform.processor() or platform.machine())


def _git_commit():
    """Commit of the source tree this package runs from, with ``+`` when it has local changes."""
    folder = Path(__file__).resolve().parent.parent
    try:

        def git(*args):
            return subprocess.run(
                ["git", "-C", folder, *args], capture_output=True, text=True, check=True, timeout=10
            ).stdout.strip()

        commit = git("rev-parse", "--short=12", "HEAD")
        return commit + ("+" if git("status", "--porcelain", "--", "bgood_lib", "notebooks") else "")
    except (OSError, subprocess.SubprocessError):
        return "unknown"
