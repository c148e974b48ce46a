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
from bgood_lib.pages.explorers import base
from bgood_lib.training import checkpoint

LEAST_RECALL = 0.75

# The picture of the idea with its words; the figures are those of the networks it was made with.
IDEA = """```{{figure}} results/scenes/idea.png
:alt: Four pictures. A digit on a photograph, divided into 8 by 8 cells. The same with a frame in each cell that is taken for background; none touches the digit. The lengths of the cells' features after plain training, long on and around the digit. The same after training with the background loss, on the same colour scale, long on the digit only.

The idea in one picture. *Above:* framed are the cells that one of this book's rules, `{selector}`, takes for background. *Below:* how long each cell's feature
is after plain training (ID accuracy {plain:.1f}%) and with the background loss by the same rule ({ours:.1f}%; n = 1 each). The library's default rule, CAM threshold, by which the book's results are, takes far more cells: {{doc}}`finding background <results/scenes/finding_background>`.
```

:::{{dropdown}} How this image was picked
{why} The choice is as good as that, digit on the rim or not, on {kept:,} of {n:,} test images. Over all of them, {precision:.1f}% of the framed cells are background, where
blind choice finds {chance:.1f}%.
:::
"""
RULE = "no framed cell touches the digit, at least three quarters of the background are framed, and the digit is off the rim"
WHY = {
    True: f"By a rule: it is the first test image on which {RULE}.",
    False: f"On no test image of these networks is the choice good enough for the rule of this picture ({RULE}); this one comes nearest.",
}


def scenes_picture():
    rows = {
        "scenes: digits 0 to 5 (ID)": datasets.load("scenes", "test")[0],
        "their true masks": datasets.extra("scenes", "test", "foreground"),
        "scenes_unseen: digits 6 to 9": datasets.load("scenes_unseen", "test")[0],
        "scenes_background: no digit": datasets.load("scenes_background", "test")[0],
        "scenes_novel: textures": datasets.load("scenes_novel", "test")[0],
        "scenes_elsewhere: digits 6 to 9 on textures": datasets.load("scenes_elsewhere", "test")[0],
    }
    figure, axes = plt.subplots(len(rows), 8, figsize=(plots.WIDTH, 6))
    for row, (name, images) in zip(axes, rows.items()):
        images = images[np.linspace(0, len(images) - 1, 8).astype(int)]
        if images.ndim == 3:
            images = np.repeat(images[..., None] * np.uint8(255), 3, axis=-1)
        plots.image_row(row, images)
        row[0].text(0, 1.12, name, transform=row[0].transAxes)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.95, bottom=0.005, hspace=0.5, wspace=0.08)
    return figure


def choose(network, images, labels, masks, selector):
    """The first image on which a selector is right, and how often it is, by the rule that `IDEA` states.

    Parameters
    ----------
    network : MapNetwork
    images : ndarray of shape [N, H, W, 3], uint8
    labels : ndarray of shape [N], int64
    masks : ndarray of shape [N, H, W], bool
        True on the digit.
    selector : str

    Returns
    -------
    dict
        ``image`` (its number), ``maps`` (of :func:`bgood_lib.background_loss.quality.patch_maps`), ``why`` (it is this image),
        ``kept`` (images on which it is right), ``n`` (images), ``precision`` and ``chance`` (in percent).
    """
    maps = quality.patch_maps(network, images, labels, selector=selector)
    chosen, cells = maps["chosen"], maps["chosen"].shape[-1]
    block = images.shape[1] // cells
    digit = masks.reshape(len(masks), cells, block, cells, block).mean((2, 4))
    background = digit < 0.1  # as the true masks are read everywhere in this project
    recall = (chosen & background).sum((1, 2)) / background.sum((1, 2))
    right = ~(chosen & (digit > 0)).any((1, 2)) & (recall >= LEAST_RECALL)
    inside = (digit > 0).sum((1, 2)) == (digit > 0)[:, 1:-1, 1:-1].sum((1, 2))  # no cell of the rim shows the digit
    found = (right & inside).any()
    wrong = (chosen & (digit > 0)).sum((1, 2)) + (background & ~chosen).sum((1, 2))
    return {
        "image": int((right & inside).argmax() if found else wrong.argmin()),
        "why": WHY[bool(found)],
        "selector": selector,
        "maps": maps,
        "kept": int(right.sum()),
        "n": len(images),
        "precision": 100 * (chosen & background).sum() / chosen.sum(),
        "chance": 100 * background.mean(),
    }


def frames(axis, chosen, block):
    """A frame in each chosen cell of a map, on an image whose cells are ``block`` pixels wide."""
    for i, j in np.argwhere(chosen):
        for colour, width in (("white", 3), (plots.colour("background"), 1.4)):
            corner = (j * block - 0.1, i * block - 0.1)
            axis.add_patch(plt.Rectangle(corner, block - 0.8, block - 0.8, fill=False, color=colour, linewidth=width))


def idea_picture(plain, ours, selector):
    """The picture, and what `IDEA` tells of it."""
    images, labels = datasets.load("scenes", "test")
    networks = {path: checkpoint.load_network(path / "checkpoint.pt") for path in (plain, ours)}
    found = choose(networks[ours], images, labels, datasets.extra("scenes", "test", "foreground"), selector)
    i, maps = found["image"], found["maps"]
    before = quality.patch_maps(networks[plain], images[[i]], labels[[i]], selector=selector)["norm"][0]
    after, chosen = maps["norm"][i], maps["chosen"][i]
    vmax, block = max(before.max(), after.max()), images.shape[1] // len(after)

    figure, axes = plt.subplots(2, 2, figsize=(plots.WIDTH, 6.4), layout="constrained")
    plots.image_row(axes[0], images[[i, i]], [f"an image, {len(after)} x {len(after)} cells", "taken for background"])
    for line in np.arange(len(after) + 1) * block - 0.5:
        axes[0, 0].axhline(line, color="white", linewidth=0.7)
        axes[0, 0].axvline(line, color="white", linewidth=0.7)
    frames(axes[0, 1], chosen, block)
    for axis, norms, title in zip(axes[1], (before, after), ("plain training", "with the background loss")):
        plots.norm_map(axis, norms, vmax)
        axis.set_title(title)
    plots.norm_bar(figure, axes[1], vmax)
    figure.get_layout_engine().set(hspace=0.05)
    accuracy = [
        100 * json.loads((run / "record.json").read_text(encoding="utf-8"))["accuracy"] for run in (plain, ours)
    ]
    return figure, found | dict(zip(("plain", "ours"), accuracy))


def live_picture():
    """What stands in the place of the digit to drag before it is started: a digit that no network has learned."""
    return base.still("live", base.read("results/touch/live.json"), digit="7")


if __name__ == "__main__":
    runs, output = Path(sys.argv[1]), Path(sys.argv[2])
    output.mkdir(parents=True, exist_ok=True)
    scenes_picture().savefig(output / "scenes.png")
    figure, found = idea_picture(runs / "cross_entropy-s0", runs / "background-rank-s0", "rank")
    figure.savefig(output / "idea.png")
    (output / "live.png").write_bytes(live_picture())
    (output / "idea.md").write_text(IDEA.format(**found), encoding="utf-8")
