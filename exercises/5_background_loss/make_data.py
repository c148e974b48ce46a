"""Makes data/network.safetensors: `cross_entropy-s0` of the study `scenes`, trained without the background loss, in half precision.

make book    # trains it, if it is not there
python exercises/5_background_loss/make_data.py
"""

import dataclasses
from pathlib import Path

from bgood_lib.runs.weights import save_weights
from bgood_lib.training import checkpoint
from bgood_lib.training.config import make_config

network = checkpoint.load_network(Path("runs/scenes/cross_entropy-s0/checkpoint.pt"))
config = make_config("scenes", method="cross_entropy", seed=0)
save_weights(network, Path(__file__).parent / "data/network.safetensors", dataclasses.asdict(config))
