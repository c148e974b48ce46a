"""Makes data/seeds.npz: MSP's AUROC of the study `scenes_confirm`, five trainings (seeds 10 to 14) of six settings on four OOD sets.

From the published tables in results/scenes_confirm; nothing is trained. `none` is without background loss; `p` are the p-values of paired
t-tests of each other setting against it. `t` has the factors of 95% intervals by degrees of freedom.

    python exercises/7_critical/make_data.py
"""

from pathlib import Path

import numpy as np
from scipy import stats

from bgood_lib.studies.results import read_results

SETTINGS = {  # name: selector and weight of the background loss
    "none": None,
    "all": ("all", 0.1),
    "random": ("random", 0.1),
    "cam_threshold": ("cam_threshold", 0.1),
    "least_evidence": ("least_evidence", 0.2),
    "all_strong": ("all", 0.5),
}
SETS = ["scenes_unseen", "scenes_background", "scenes_novel", "scenes_elsewhere"]

study = read_results("results/scenes_confirm")
metrics = study.metrics_frame()
metrics = metrics[metrics["detector"] == "MSP"]
arrays = {}
for name, setting in SETTINGS.items():
    method = "cross_entropy" if setting is None else "background"
    runs = study.runs[study.runs["method"] == method]
    if setting:
        runs = runs[(runs["selector"] == setting[0]) & (runs["weight"] == setting[1])]
    runs = runs.sort_values("seed")
    assert runs["seed"].tolist() == [10, 11, 12, 13, 14], name
    table = metrics.pivot_table(index="run", columns="ood", values="auroc").loc[runs["run"], SETS]
    arrays[name] = 100 * table.to_numpy()
    arrays[f"{name}_accuracy"] = 100 * runs["accuracy"].to_numpy()
others = [name for name in SETTINGS if name != "none"]
arrays["p"] = np.stack([stats.ttest_rel(arrays[name], arrays["none"]).pvalue for name in others])
arrays["t"] = np.array([np.nan, *stats.t.ppf(0.975, np.arange(1, 31))])
np.savez_compressed(Path(__file__).parent / "data/seeds.npz", **arrays)
