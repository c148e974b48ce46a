"""Makes data/bank.npz: what the network `cross_entropy-s0` of the study `scenes` says of some images.

600 training images (features, labels), every fifth test image, and every fifth image of two OOD sets: `scenes_unseen` (digits that the
network was not trained on) and `scenes_novel` (known digits' backgrounds replaced by unknown ones: see the appendix of the book). The head
is the network's last layer. Features are float16; logits follow from them.

    make book    # trains it, if it is not there
    python exercises/3_scores/make_data.py
"""

from pathlib import Path

import numpy as np

from bgood_lib.features import Bank

bank = Bank.load("runs/scenes/cross_entropy-s0/bank.npz")
train = bank["train"].take(np.arange(600))
arrays = {
    "train": train.features.astype(np.float16),
    "labels": train.labels,
    "weight": bank.weight.astype(np.float32),
    "bias": bank.bias.astype(np.float32),
}
for name, of in (("test", "test"), ("unseen", "scenes_unseen"), ("novel", "scenes_novel")):
    arrays[name] = bank[of].features[::5].astype(np.float16)
np.savez_compressed(Path(__file__).parent / "data/bank.npz", **arrays)
