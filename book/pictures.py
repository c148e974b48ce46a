"""The pictures of the prose pages, made from the data and networks of this machine.

python book/pictures.py RUNS_FOLDER OUTPUT_FOLDER
"""

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np

from bgood_lib import datasets
from bgood_lib.background_loss import quality
from bgood_lib.pages import plots
from bgood_lib.training import checkpoint


def scenes_picture():
    rows = {
        "scenes": datasets.load("scenes", "test")[0],
        "their masks": datasets.extra("scenes", "test", "foreground"),
        "unseen": datasets.load("scenes_unseen", "test")[0],
        "background": datasets.load("scenes_background", "test")[0],
        "novel": datasets.load("scenes_novel", "test")[0],
        "elsewhere": datasets.load("scenes_elsewhere", "test")[0],
    }
    figure, axes = plt.subplots(len(rows), 10, figsize=(10, 1.05 * len(rows)), layout="constrained")
    for row, (name, images) in zip(axes, rows.items()):
        images = images[np.linspace(0, len(images) - 1, 10).astype(int)]
        if images.ndim == 3:
            images = np.repeat(images[..., None] * np.uint8(255), 3, axis=-1)
        plots.image_row(row, images)
        row[0].text(-0.15, 0.5, name, transform=row[0].transAxes, ha="right", va="center")
    return figure


def idea_picture(run):
    config = json.loads((run / "record.json").read_text(encoding="utf-8"))["config"]
    network = checkpoint.load_network(run / "checkpoint.pt")
    images, labels = datasets.load("scenes", "test")
    maps = quality.patch_maps(network, images, labels, selector=config["selector"])
    # An image whose chosen patches and lengths differ clearly between digit and background.
    digit = datasets.extra("scenes", "test", "foreground")
    cells = maps["norm"].shape[-1]
    block = images.shape[1] // cells
    share = digit.reshape(len(digit), cells, block, cells, block).mean((2, 4))
    contrast = [
        n[s > 0.5].mean() - n[s < 0.1].mean() if (s > 0.5).any() else -np.inf for n, s in zip(maps["norm"], share)
    ]
    i = int(np.argsort(contrast)[int(0.98 * len(contrast))])

    figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
    axes[0].imshow(images[i])
    for line in np.arange(0, cells + 1) * block - 0.5:
        axes[0].axhline(line, color="white", linewidth=0.7)
        axes[0].axvline(line, color="white", linewidth=0.7)
    axes[0].set_title(f"an image, {cells} x {cells} patches")
    chosen = np.kron(maps["chosen"][i], np.ones((block, block), bool))
    axes[1].imshow(np.where(chosen[..., None], images[i], 0.25 * images[i] + 170).astype(np.uint8))
    axes[1].set_title("taken for background: all that is not faded")
    shown = axes[2].imshow(maps["norm"][i], cmap="viridis", vmin=0)
    axes[2].set_title("length of each patch's features")
    figure.colorbar(shown, ax=axes[2], shrink=0.85)
    for axis in axes:
        axis.set_axis_off()
    return figure


if __name__ == "__main__":
    runs, output = Path(sys.argv[1]), Path(sys.argv[2])
    output.mkdir(parents=True, exist_ok=True)
    scenes_picture().savefig(output / "scenes.png", dpi=110)
    idea_picture(runs / "background-s0").savefig(output / "idea.png", dpi=130)
