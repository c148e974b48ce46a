"""Makes data/scores.npz: every fifth score of MSP and ViM, of the network `cross_entropy-s0` of the study `scenes`.

ID are the test images of `scenes`, OOD those of `scenes_unseen` (digits that the network was not trained on).

    make book    # trains it, if it is not there
    python exercises/1_measuring/make_data.py
"""

from pathlib import Path

import numpy as np

from bgood_lib.detectors import scoring
from bgood_lib.features import Bank

STEP = 5

bank = Bank.load("runs/scenes/cross_entropy-s0/bank.npz")
arrays = {}
for name in ("MSP", "ViM"):
    scores = scoring.score(name, bank)
    arrays[f"{name}_id"] = scores["test"][::STEP].astype(np.float32)
    arrays[f"{name}_ood"] = scores["scenes_unseen"][::STEP].astype(np.float32)
np.savez_compressed(Path(__file__).parent / "data/scores.npz", **arrays)
