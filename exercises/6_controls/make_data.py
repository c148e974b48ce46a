"""Makes data/table.npz and data/networks.npz.

The table is of the published study `scenes_factors`: AUROC of four trainings, three seeds each, on the four OOD sets of the scenes.
Its rows are shuffled.

The networks are three of the study `scenes`, of seed 0: what each makes of 300 images of three test sets. An image's feature is
given as two parts that add up to it, the part of cells on the digit and the part of all others (`split` of the exercise).

    make book    # trains them, if they are not there
    python exercises/6_controls/make_data.py
"""

from pathlib import Path

import numpy as np
import torch

from bgood_lib import datasets
from bgood_lib.runs.run import open_run
from bgood_lib.studies.results import read_results

DATA = Path(__file__).parent / "data"
TABLE = {
    "plain": "cross_entropy",
    "all cells": "background-all",
    "random cells": "background-random",
    "true masks": "background-oracle",
}
SETS = {
    "unseen digits": "scenes_unseen",
    "no digit": "scenes_background",
    "textures": "scenes_novel",
    "unseen digits on textures": "scenes_elsewhere",
}
SCORES = {"MSP": "MSP", "no temperature": "TemperatureScaling"}
NETWORKS = {"plain": "cross_entropy-s0", "all cells": "background-all-s0", "true masks": "background-oracle-s0"}
N, SHOWN = 300, 6


def table():
    """Rows of the published table: training, seed, score, AUROC on the four sets."""
    frame = read_results("results/scenes_factors").metrics_frame()
    auroc = frame.pivot_table(index=["run", "detector"], columns="ood", values="auroc")[list(SETS.values())]
    rows = [
        (training, seed, score, auroc.loc[(f"{run}-s{seed}", detector)].to_numpy())
        for training, run in TABLE.items()
        for seed in range(3)
        for score, detector in SCORES.items()
    ]
    order = np.random.default_rng(0).permutation(len(rows))
    training, seed, score, values = zip(*(rows[i] for i in order))
    return dict(training=training, seed=seed, score=score, auroc=np.round(values, 6), sets=list(SETS))


def networks():
    """Parts of features, heads, and a few images with their maps."""
    found = {}
    for label, name in {
        "known digits": "scenes",
        "unseen digits": "scenes_unseen",
        "no digit": "scenes_background",
    }.items():
        images, masks = datasets.load(name, "test")[0][:N], datasets.extra(name, "test", "foreground")[:N]
        on = masks.reshape(N, 8, 4, 8, 4).any((2, 4)).reshape(N, 64, 1)
        found[f"{label}/images"] = images[:SHOWN]
        found[f"{label}/on"] = on[:SHOWN, :, 0]
        for network, run in NETWORKS.items():
            model = open_run(f"runs/scenes/{run}").network()
            with torch.no_grad():
                maps = torch.cat(
                    [model.feature_map(torch.as_tensor(part).permute(0, 3, 1, 2)) for part in np.split(images, 3)]
                )
            cells = maps.flatten(2).transpose(1, 2).numpy()  # [N, 64 cells, 64 numbers]
            found[f"{network}/{label}/object"] = (cells * on).mean(1).astype(np.float16)
            found[f"{network}/{label}/background"] = (cells * ~on).mean(1).astype(np.float16)
            found[f"{network}/{label}/lengths"] = np.linalg.norm(cells[:SHOWN], axis=2).astype(np.float16)
            found[f"{network}/weight"] = model.head.weight.detach().numpy()
            found[f"{network}/bias"] = model.head.bias.detach().numpy()
            if label == "unseen digits" and network == "true masks":
                found["cells"] = cells[:SHOWN].astype(np.float16)
    return found


DATA.mkdir(exist_ok=True)
np.savez_compressed(DATA / "table.npz", **table())
np.savez_compressed(DATA / "networks.npz", **networks())
