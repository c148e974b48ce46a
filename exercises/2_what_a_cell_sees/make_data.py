"""Makes the data: a trained network, and test images with their masks.

data/network.safetensors is `cross_entropy-s0` of the study `scenes`, in half precision; data/images.npz has the first 120
test images of `scenes`.

    make book    # trains it, if it is not there
    python exercises/2_what_a_cell_sees/make_data.py
"""

import dataclasses
from pathlib import Path

import numpy as np
import torch

from bgood_lib import datasets
from bgood_lib.runs.weights import save_weights
from bgood_lib.training import checkpoint
from bgood_lib.training.config import make_config

N = 120

here, run = Path(__file__).parent, Path("runs/scenes/cross_entropy-s0/checkpoint.pt")
network = checkpoint.load_network(run)
config = make_config("scenes", method="cross_entropy", seed=0)
with torch.no_grad():
    save_weights(network, here / "data/network.safetensors", dataclasses.asdict(config))
images, _ = datasets.load("scenes", "test")
masks = datasets.extra("scenes", "test", "foreground")
np.savez_compressed(here / "data/images.npz", images=images[:N], masks=np.packbits(masks[:N], axis=2))
