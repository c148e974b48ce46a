"""Makes the data: what the heads of three networks of the study `scenes` say of each cell, of test images.

data/cells.npz, handed out: `cross_entropy-s0`, and `background-s0`, which was trained with the background loss (selector
CAM threshold, weight 0.1). hidden.npz, to mark by: `cross_entropy-s0` and `cross_entropy-s1`, of other images.

    make book    # trains them, if they are not there
    python exercises/4_finding_background/make_data.py
"""

from pathlib import Path

import numpy as np
import torch

from bgood_lib import datasets
from bgood_lib.training import checkpoint
from bgood_lib.trunk_maps import feature_maps_of

SHOWN, HIDDEN, PICTURES = slice(0, 200), slice(200, 500), 12

here = Path(__file__).parent
images, labels = datasets.load("scenes", "test")
masks = datasets.extra("scenes", "test", "foreground")


@torch.no_grad()
def logits(run, part):
    """Of each cell: [N, 8, 8, 6], float16."""
    network = checkpoint.load_network(f"runs/scenes/{run}/checkpoint.pt")
    cells = feature_maps_of(network, images[part]).permute(0, 2, 3, 1)
    return network.head(cells).numpy().astype(np.float16)


np.savez_compressed(
    here / "data/cells.npz",
    images=images[SHOWN][:PICTURES],
    labels=labels[SHOWN],
    masks=np.packbits(masks[SHOWN], axis=2),
    plain=logits("cross_entropy-s0", SHOWN),
    trained=logits("background-s0", SHOWN),
)
shares = masks[HIDDEN].reshape(-1, 8, 4, 8, 4).mean((2, 4))
np.savez_compressed(
    here / "hidden.npz",
    labels=labels[HIDDEN],
    background=shares < 0.1,
    logits=np.stack([logits(f"cross_entropy-s{seed}", HIDDEN) for seed in (0, 1)]),
)
