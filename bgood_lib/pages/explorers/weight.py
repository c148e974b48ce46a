"""The weight of the background loss, from none to much: what happens to the lengths of cells, and to the verdicts."""

import textwrap

import numpy as np
import torch

from ...utils.errors import InputError
from .. import plots
from . import trained
from .base import Choice, Stops, description, pack, unpack

SIZE = (7.2, 6.4)
BINS = 36


def describe(runs="runs/scenes", selector="cam_threshold", seed=0):
    """Trainings that differ in the weight alone.

    Parameters
    ----------
    runs : path
        Folder of the study's runs.
    selector : str
        Of the trainings with background loss.
    seed : int

    Returns
    -------
    dict
        See :func:`.description`. ``data`` has ``images`` [n, H, W, 3] and their ``captions``, ``vmax``, and for
        each of ``networks`` ``norms`` [n, h, w], ``accuracy`` and by score ``threshold``, ``figures`` and, by OOD set,
        ``shares`` of the ID test set and of that set in ``BINS`` bins over its axis in ``axes``.

    Raises
    ------
    InputError
        If there are fewer than two such trainings.
    """
    common = {"seed": seed, "n_train": 0}
    loss = {"method": "background", "selector": selector, "patch_size": 1, "penalty": "norm", "layer": "last"}
    names = trained.runs_where(runs, method="cross_entropy", **common)[:1] + trained.runs_where(runs, **loss, **common)
    found = sorted((trained.load(runs, name) for name in names), key=lambda each: each.config["weight"])
    if len(found) < 2:
        raise InputError(f"{runs} holds {len(found)} trainings of selector {selector}, seed {seed}; train two weights")
    titles = trained.set_titles(found[0].record)
    images, captions = trained.some_images(found[0].config["dataset"], titles)
    networks, axes = [], {}
    every = [trained.scores(each) for each in found]
    for score in trained.SCORES:  # one axis for all weights
        axes[score] = {}
        for ood in titles:
            values = np.concatenate([each[score][name] for each in every for name in ("test", ood)])
            axes[score][ood] = [float(f"{x:.3g}") for x in np.quantile(values, [0.005, 0.995])]
    for each, scores in zip(found, every):
        networks.append({
            **each.about(),
            "norms": pack(_norms(each.network, images)),
            "scores": {
                score: {
                    "threshold": trained.threshold(sets["test"]),
                    "figures": trained.figures(each.record, score),
                    "shares": {
                        ood: [pack(_shares(sets[name], *axes[score][ood])) for name in ("test", ood)] for ood in titles
                    },
                }
                for score, sets in scores.items()
            },
        })  # fmt: skip
    stops = [[i, _name(each.config["weight"])] for i, each in enumerate(found)]
    controls = {
        "weight": Stops("Weight of the background loss", stops, 0),
        "score": Choice("Score", [[name, title] for name, title in trained.SCORES.items()], "MSP"),
        "ood": Choice("OOD images", [[name, title] for name, title in titles.items()], next(iter(titles))),
    }
    data = {
        "images": pack(images), "captions": captions, "vmax": trained.longest(found[0]), "axes": axes,
        "titles": titles, "n": {name: len(found[0].bank[name]) for name in ("test", *titles)}, "networks": networks,
    }  # fmt: skip
    return description("The weight of the background loss", controls, data)


def _name(weight):
    return "0 (cross-entropy alone)" if weight == 0 else f"{weight:g}"


@torch.no_grad()
def _norms(network, images):
    maps = network.feature_map(torch.as_tensor(images).permute(0, 3, 1, 2))
    return maps.norm(dim=1).numpy().astype(np.float16)


def _shares(scores, low, high):
    counts, _ = np.histogram(np.clip(scores, low, high), BINS, (low, high))
    return (counts / len(scores)).astype(np.float16)


def draw(figure, data, values):
    """Draw it.

    Parameters
    ----------
    figure : matplotlib Figure
    data : dict
        Of the description.
    values : dict
        Of the controls: ``weight`` (place of a network), ``score``, ``ood``.
    """
    network, score, ood = data["networks"][values["weight"]], values["score"], values["ood"]
    images, norms = unpack(data["images"]), unpack(network["norms"])
    grid = figure.add_gridspec(
        5, len(images), height_ratios=[1, 1, 0.08, 0.5, 1.4], hspace=0.25, left=0.09, right=0.98, bottom=0.09, top=0.92
    )
    bar = figure.add_subplot(grid[2, 1:-1])
    bar.imshow(np.linspace(0, 1, 64)[None], cmap=plots.NORMS, aspect="auto", extent=(0, data["vmax"], 0, 1))
    bar.set(yticks=[], xlabel=plots.LENGTH)
    for i, (image, caption) in enumerate(zip(images, data["captions"])):
        above, below = figure.add_subplot(grid[0, i]), figure.add_subplot(grid[1, i])
        above.imshow(image)
        above.set_axis_off()
        above.set_title(textwrap.fill(caption, 17), fontsize=9)
        plots.norm_map(below, norms[i].astype(np.float32), data["vmax"])
    found, (low, high) = network["scores"][score], data["axes"][score][ood]
    axis = figure.add_subplot(grid[4, :])
    edges = np.linspace(low, high, BINS + 1)
    labels = ("ID", plots.ID_COLOUR), (data["titles"][ood], plots.OOD_COLOUR)
    for packed, (label, colour) in zip(found["shares"][ood], labels):
        axis.stairs(100 * unpack(packed).astype(float), edges, fill=True, alpha=0.4, color=colour, label=label)
    axis.axvline(found["threshold"], color=plots.INK)
    figures = found["figures"][ood]
    axis.set_title(
        f"AUROC {100 * figures['auroc']:.1f}%, fpr95_id_positive {100 * figures['fpr95_id_positive']:.1f}%, "
        f"ID accuracy {100 * network['accuracy']:.1f}% (one training)",
        fontsize=9,
    )
    axis.set(xlabel=f"{trained.SCORES[score]} (larger: more OOD)", ylabel="% of images")
    axis.legend()
