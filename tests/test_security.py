"""Reading a file that came from elsewhere executes nothing that it holds."""

import os

import numpy as np
import pytest
import torch

from bgood_lib import datasets
from bgood_lib.features import Bank
from bgood_lib.runs.weights import load_weights
from bgood_lib.training import checkpoint
from bgood_lib.utils.errors import DataError


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.fixture
def made(tmp_path):
    """The folder that a trap makes; the trap works, as long as pickles are read."""
    np.save(tmp_path / "trap.npy", np.array([Trap(tmp_path / "works")], dtype=object))
    np.load(tmp_path / "trap.npy", allow_pickle=True)
    assert (tmp_path / "works").is_dir()
    return tmp_path / "made"


@pytest.mark.parametrize("where", ["weight", "test/logits", "descriptions"])
def test_a_bank(where, made, tmp_path):
    np.savez(tmp_path / "bank.npz", **{where: np.array([Trap(made)], dtype=object)})
    with pytest.raises(ValueError, match="bank.npz is no feature bank that can be used"):
        Bank.load(tmp_path / "bank.npz")
    assert not made.exists()


def test_a_checkpoint(made, tmp_path):
    torch.save({"weights": {}, "history": Trap(made)}, tmp_path / "checkpoint.pt")
    for read in (checkpoint.load_network, lambda path: checkpoint._read(path, "cpu")):
        with pytest.raises(ValueError, match="checkpoint.pt is no checkpoint, or is damaged"):
            read(tmp_path / "checkpoint.pt")
    assert not made.exists()


def test_weights(made, tmp_path):
    torch.save(Trap(made), tmp_path / "weights.safetensors")
    with pytest.raises(ValueError, match="weights.safetensors"):
        load_weights(tmp_path / "weights.safetensors")
    assert not made.exists()


def test_image_sets(made, tmp_path, monkeypatch):
    monkeypatch.setenv("BGOOD_DATA", str(tmp_path / "cache"))
    images = np.array([Trap(made)], dtype=object)
    np.savez(tmp_path / "mine.npz", images=images)
    with pytest.raises(DataError, match="mine.npz"):
        datasets.prepare("mine", tmp_path, say=str)
    (tmp_path / "cache").mkdir(exist_ok=True)
    np.savez(tmp_path / "cache" / "mnist-test.npz", meta=images, images=images)
    with pytest.raises(DataError, match="mnist-test.npz"):
        datasets.load("mnist", "test")
    assert not made.exists()
