"""Be the selector: paint the background cells of a picture, and be scored beside the selectors and the controls."""

import numpy as np
import torch

from ... import datasets
from ...background_loss.patches import background_patches, foreground_share
from ...background_loss.selectors import SELECTORS
from ...utils.errors import InputError
from ..names import is_control
from . import trained
from .base import Cells, Choice, Slider, Toggle, description, pack, unpack

SIZE = (5.4, 7.2)
PER_CLASS = 2  # pictures of each class, the first of the test images
BACKGROUND = 0.1  # a cell with a smaller share of foreground counts as background
VEIL = (214, 0, 127)  # over cells that are taken for background
SHOWN = [name for name in SELECTORS if name != "oracle"]  # by the true masks one is scored


def describe(runs="runs/scenes", networks=("cross_entropy-s0", "background-s0")):
    """Pictures with their true masks, and the cells that each selector takes on two networks.

    Parameters
    ----------
    runs : path
        Folder of runs on a data set with true masks.
    networks : sequence of str
        Names of runs, whose heads tell the selectors what is in a cell.

    Returns
    -------
    dict
        See :func:`.description`. ``data`` has ``images`` [n, H, W, 3], ``captions``, ``background`` [n, h, w] (1 where under
        10% is foreground), ``selectors`` (``title``, ``control``) and, by network, ``chosen`` [n, h, w] of each selector and
        ``whole``, its precision, recall and share on all test images.

    Raises
    ------
    InputError
        If the data set has no true masks.
    """
    found = {name: trained.load(runs, name) for name in networks}
    first = found[networks[0]]
    dataset = first.config["dataset"]
    if not datasets.has_extra(dataset, "test", "foreground"):
        raise InputError(
            f"{dataset} has no true masks, so nobody can be scored; choose runs on scenes, canvas or photos"
        )
    images, labels = datasets.load(dataset, "test")
    classes = datasets.extra(dataset, "test", "classes")
    rows = np.concatenate([np.flatnonzero(labels == k)[:PER_CLASS] for k in range(len(classes))])
    masks = torch.as_tensor(datasets.extra(dataset, "test", "foreground")[rows])
    pictures, truths = torch.as_tensor(images[rows]).permute(0, 3, 1, 2), torch.as_tensor(labels[rows])
    judges = {}
    for name, each in found.items():
        with torch.no_grad():
            maps = each.network.eval().feature_map(pictures)
        background = foreground_share(masks, maps.shape[2:]) < BACKGROUND
        chosen = {selector: _chosen(maps, truths, each, selector) for selector in SHOWN}
        whole = {
            selector: {key: each.record["selection"][selector][key] for key in ("precision", "recall", "chosen")}
            for selector in SHOWN
        }
        title = trained.TITLES.get(each.config["method"], name)
        judges[name] = {"title": title, "chosen": chosen, "whole": whole, **each.about()}
    side = background.shape[1]
    controls = {
        "picture": Slider("Picture", 1, len(rows), 1),
        "painted": Cells("Your background", side, "0" * side * side),
        "network": Choice(
            "Selectors look through the head of", [[name, each["title"]] for name, each in judges.items()], networks[0]
        ),
        "compare": Toggle("Show the truth and the selectors", False),
    }
    data = {
        "images": pack(images[rows]), "captions": [str(classes[k]) for k in labels[rows]],
        "background": pack(background.numpy().astype(np.uint8)), "n": len(images),
        "selectors": {name: {"title": SELECTORS[name].title, "control": is_control(name)} for name in SHOWN},
        "networks": judges,
    }  # fmt: skip
    return description("Be the selector", controls, data)


def _chosen(maps, labels, each, selector):
    generator = torch.Generator().manual_seed(0)
    _, chosen = background_patches(maps, labels, each.network.head, selector, generator=generator)
    return pack(chosen.numpy().astype(np.uint8))


def quality(chosen, background):
    """Precision, recall and share of chosen cells.

    Parameters
    ----------
    chosen, background : array of shape [...], bool

    Returns
    -------
    dict of str to float
        ``precision`` (chosen cells that are background; NaN where none is chosen), ``recall`` (background cells that are
        chosen), ``chosen`` (cells that are chosen).
    """
    chosen, background = np.asarray(chosen, bool), np.asarray(background, bool)
    right = (chosen & background).sum()
    return {
        "precision": float(right / chosen.sum()) if chosen.any() else float("nan"),
        "recall": float(right / background.sum()) if background.any() else float("nan"),
        "chosen": float(chosen.mean()),
    }


def draw(figure, data, values):
    """The picture with what is painted and, to compare, the truth and what the selectors take."""
    i = values["picture"] - 1
    image, background = unpack(data["images"])[i], unpack(data["background"])[i].astype(bool)
    judge = data["networks"][values["network"]]["chosen"]
    painted = (np.array(list(values["painted"])) == "1").reshape(background.shape)
    shown = {"you": painted}
    if values["compare"]:
        shown["true masks"] = background
        shown |= {what["title"]: unpack(judge[name])[i].astype(bool) for name, what in data["selectors"].items()}
    axis = figure.add_axes((0, 0, 1, 1))
    columns = 3 if values["compare"] else 1
    height = 1.36 if values["compare"] else 1.12
    for place, (title, chosen) in enumerate(shown.items()):
        row, column = divmod(place, columns)
        left, top = column + 0.05, height * (row + 1) - 0.95
        axis.imshow(_tile(image, chosen), extent=(left, left + 0.9, top + 0.9, top))
        found = quality(chosen, background)
        scored = f"{title}\nprecision {found['precision']:.0%}\nrecall {found['recall']:.0%}"
        told = scored if values["compare"] else f"a {data['captions'][i]}: which cells are background?"
        axis.text(column + 0.5, top - 0.02, told, ha="center", va="bottom", linespacing=1.1)
    axis.set(xlim=(0, columns), ylim=(height * -(-len(shown) // columns), 0), anchor="N")
    axis.set_axis_off()


def _tile(image, chosen, dots=24):
    """A picture with its chosen cells under a veil, and lines between the cells: [side * dots, side * dots, 3]."""
    side = len(chosen)
    pixel = np.arange(side * dots) * len(image) // (side * dots)
    veil = np.kron(chosen, np.ones((dots, dots), bool))[..., None]
    big = image[np.ix_(pixel, pixel)]
    tile = np.where(veil, 0.45 * big + 0.55 * np.array(VEIL), big).astype(np.uint8)
    tile[::dots], tile[:, ::dots] = 255, 255
    return tile
