"""One cell of the map: what it says, what can reach it, and what is left of it when its surroundings are cut off."""

import numpy as np
import torch
from torch.nn import functional as F

from ... import datasets
from ...networks import locality
from .. import plots
from . import trained
from .base import Choice, Slider, Stops, description, pack, unpack

SIZE = (7.2, 4.6)
SAMPLE = 256  # test images that the yardstick is taken from


def describe(runs="runs/scenes", selector="cam_threshold", seed=0):
    """Cells of a few images, in the whole image and from crops alone.

    Parameters
    ----------
    runs : path
        Folder of the study's runs.
    selector : str
        Of the training with background loss.
    seed : int

    Returns
    -------
    dict
        See :func:`.description`. ``data`` has ``images``, ``captions``, ``vmax``, ``crops`` (sides in pixels, not cut
        at the border), ``field`` (side of what can reach a cell), and for each of ``networks`` ``norms`` [n, h, w],
        ``whole`` [n, h, w, K] and ``alone`` [crops, n, h, w, K] (probabilities of the classes, of 255), ``similar``
        [crops, n, h, w] (cosine similarity of the cell's feature with that from the crop; -2 where one is zero) and
        ``unrelated`` [h, w] (of the same cell in another image, the median of ``SAMPLE`` test images).

    Raises
    ------
    InputError
        If one of the two trainings is missing.
    """
    pair = trained.pair(runs, selector, seed)
    dataset = pair[0].config["dataset"]
    images, captions = trained.some_images(dataset, trained.set_titles(pair[0].record))
    networks = [
        {**each.about(), **_cells(each.network, images, datasets.load(dataset, "test")[0][:SAMPLE])} for each in pair
    ]
    side, cells = images.shape[1], networks[0]["norms"]["shape"][1]
    block = side // cells
    crops = [block * (2 * margin + 1) for margin in _margins(cells)]
    classes = datasets.extra(dataset, "test", "classes").tolist()
    controls = {
        "image": Choice("Image", [[str(i), caption] for i, caption in enumerate(captions)], "0"),
        "network": Choice(
            "Network", [[str(i), trained.TITLES[each["method"]]] for i, each in enumerate(networks)], "0"
        ),
        "crop": Stops("The crop", [[i, f"{crop} x {crop} px"] for i, crop in enumerate(crops)], min(1, len(crops) - 1)),
        "row": Slider("Row of the cell", 1, cells, cells // 2 + 1),
        "column": Slider("Column of the cell", 1, cells, cells // 2 + 1),
    }
    data = {
        "images": pack(images), "captions": captions, "classes": classes, "block": block, "crops": crops,
        "field": _field(pair[0].network, block), "vmax": trained.longest(pair[0]), "networks": networks,
    }  # fmt: skip
    return description("What a cell sees", controls, data)


def _field(network, block, cell=8):
    """Where the pixels that can reach a cell begin, seen from its own block, and how many they are a side."""
    image = torch.rand(
        8, 3, 2 * cell * block, 2 * cell * block, generator=torch.Generator().manual_seed(0)
    ).requires_grad_()
    (gradient,) = torch.autograd.grad(network.feature_map(image)[:, :, cell, cell].sum(), image)
    rows = (gradient.abs().sum((0, 1, 3)) > 0).nonzero().flatten().tolist()
    return [rows[0] - cell * block, rows[-1] - rows[0] + 1]


def _margins(cells):
    return range((cells - 1) // 2 + 1)


@torch.no_grad()
def _cells(network, images, sample):
    pixels = torch.as_tensor(images).permute(0, 3, 1, 2)
    full = network.feature_map(pixels)
    cells = full.shape[-1]
    alone, similar = zip(*(_alone(network, pixels, full, margin) for margin in _margins(cells)))
    unrelated = np.nanmedian(locality.unrelated_similarity(network, sample), 0).reshape(cells, cells)
    return {
        "norms": pack(full.norm(dim=1).numpy().astype(np.float16)), "whole": _shares(network, full),
        "alone": pack(np.stack(alone)), "similar": pack(np.stack(similar)), "unrelated": pack(np.nan_to_num(unrelated, nan=-2).astype(np.float16)),
    }  # fmt: skip


def _shares(network, features, packed=True):
    """Probabilities of 255, [n, h, w, K], of features [n, C, h, w]."""
    shares = F.softmax(network.head(features.permute(0, 2, 3, 1)), -1)
    shares = (255 * shares).round().to(torch.uint8).numpy()
    return pack(shares) if packed else shares


def _alone(network, pixels, full, margin):
    """Every cell from a crop of the image: shares [n, h, w, K], and cosine similarity with the whole image's [n, h, w]."""
    cells = full.shape[-1]
    block, found = pixels.shape[-1] // cells, torch.zeros_like(full)
    for i in range(cells):
        for j in range(cells):
            top, left = max(0, i - margin), max(0, j - margin)
            bottom, right = min(cells, i + margin + 1), min(cells, j + margin + 1)
            crop = pixels[:, :, block * top : block * bottom, block * left : block * right]
            found[:, :, i, j] = network.feature_map(crop)[:, :, i - top, j - left]
    norms = found.norm(dim=1) * full.norm(dim=1)
    similar = torch.where(norms > 0, (found * full).sum(1) / norms.clamp(min=1e-12), -2.0)
    return _shares(network, found, packed=False), similar.numpy().astype(np.float16)


def box(cell, first, side, data):
    """A square of pixels about a cell, cut at the border: left, top, right, bottom in pixels.

    Parameters
    ----------
    cell : (int, int)
        Row and column, from 0.
    first : int
        Where it begins, seen from the first pixel that the cell stands for.
    side : int
    data : dict
        Of the description.
    """
    last = data["images"]["shape"][1]
    top, left = (data["block"] * place + first for place in cell)
    return max(0, left), max(0, top), min(last, left + side), min(last, top + side)


def draw(figure, data, values):
    """Draw it.

    Parameters
    ----------
    figure : matplotlib Figure
    data : dict
        Of the description.
    values : dict
        Of the controls.
    """
    i, network = int(values["image"]), data["networks"][int(values["network"])]
    cell, crop = (int(values["row"]) - 1, int(values["column"]) - 1), values["crop"]
    image, axes = unpack(data["images"])[i], [figure.add_axes((0.01 + 0.33 * k, 0.45, 0.31, 0.47)) for k in range(3)]
    axes[0].imshow(image)
    ink = plots.colour(network["method"])
    cut = (data["block"] - data["crops"][crop]) // 2, data["crops"][crop]
    for square, style in (((0, data["block"]), "-"), (cut, "--"), (data["field"], ":")):
        _frame(axes[0], box(cell, *square, data), style)
    axes[0].set_title("the image")
    plots.norm_map(axes[1], unpack(network["norms"])[i].astype(float), data["vmax"])
    _frame(axes[1], (cell[1], cell[0], cell[1] + 1, cell[0] + 1), "-")
    axes[1].set_title(f"{plots.LENGTH}, 0 to {data['vmax']:g}", fontsize=9)
    left, top, right, bottom = box(cell, *cut, data)
    axes[2].imshow(image[top:bottom, left:right])
    axes[2].set_title("the crop")
    for axis in axes:
        axis.set_axis_off()
    axis, rows = figure.add_axes((0.06, 0.09, 0.6, 0.3)), np.arange(len(data["classes"]))
    whole, alone = unpack(network["whole"])[i][cell] / 2.55, unpack(network["alone"])[crop, i][cell] / 2.55
    axis.barh(rows - 0.2, whole, 0.4, color=ink, label="the cell in the whole image")
    axis.barh(rows + 0.2, alone, 0.4, color=plots.colour("other"), label="from the crop alone")
    axis.set(xlim=(0, 100), yticks=rows, yticklabels=data["classes"], xlabel="%")
    axis.invert_yaxis()
    figure.legend(loc=(0.68, 0.24), fontsize=9)
    figure.text(
        0.685,
        0.12,
        _said(float(unpack(network["similar"])[crop, i][cell]), float(unpack(network["unrelated"])[cell])),
        fontsize=9,
    )


def _said(similar, unrelated):
    first = "one of the two features is zero" if similar < -1 else f"similarity {similar:.2f}"
    return f"{first}\n(another image: {unrelated:.2f}, the median)"


def _frame(axis, where, style):
    left, top, right, bottom = (value - 0.5 for value in where)
    for colour, width in (("black", 3), ("white", 1.5)):
        axis.plot(
            [left, right, right, left, left], [top, top, bottom, bottom, top], style, color=colour, linewidth=width
        )
