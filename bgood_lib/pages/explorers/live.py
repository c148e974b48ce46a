"""A digit to move on a photograph: what two networks make of it, at once."""

import numpy as np
import torch
from PIL import Image

from ...background_loss.selectors import select
from ...datasets import scenes
from .. import plots
from . import trained
from .base import Choice, Colour, Slider, description, pack, unpack
from .folded import Folded, fold

SIZE = (5.4, 7.7)
SHRINK = 2  # of a photograph; training crops are shrunk 1.5 to 3 times
# The set's photographs in its order: which of the pieces that test crops come from, and whose they are.
PHOTOS = {
    "china": (2, "Pagoda", "china.jpg by danielbuechele, CC BY 2.0"),
    "flower": (5, "Flower", "flower.jpg by vultilion, CC BY 2.0"),
}


def describe(runs="runs/scenes", selector="cam_threshold", seed=0):
    """Two trainings of the scenes, without and with background loss, and what a picture can be made of.

    Parameters
    ----------
    runs : path
        Folder of the study's runs.
    selector : str
        Of the training with background loss, the one of weight 0.1.
    seed : int

    Returns
    -------
    dict
        See :func:`.description`. ``data`` has ``pictures`` (by name ``title``, ``pixels``), ``digits`` [10, 8, 8]
        (ink, 0 to 16), ``vmax``, and ``networks``: what they are, folded, and by score ``low`` and ``threshold``
        (5% and 95% of the ID test images have at most these) and ``figures``.

    Raises
    ------
    InputError
        If one of the two is missing.
    """
    pair = trained.pair(runs, selector, seed, dataset="scenes")
    networks = []
    for each in pair:
        scores = {}
        for score, sets in trained.scores(each).items():
            low = float(np.sort(sets["test"])[int(0.05 * len(sets["test"]))])
            figures = trained.figures(each.record, score)
            scores[score] = {"low": low, "threshold": trained.threshold(sets["test"]), "figures": figures}
        networks.append(
            {
                **each.about(),
                "title": trained.TITLES[each.config["method"]],
                "scores": scores,
                **fold(each.network),
                "vmax": trained.longest(each),
            }
        )
    data = {
        "pictures": _pictures(), "digits": pack(_digits()), "classes": list(scenes.CLASSES), "side": scenes.SIDE,
        "least": scenes.MASK_THRESHOLD, "vmax": networks[0]["vmax"], "networks": networks,
        "scores": trained.SCORES, "n_unseen": scenes.SIZES["unseen"],
    }  # fmt: skip
    last = scenes.SIDE - 1
    width, height = (length - scenes.SIDE for length in unpack(data["pictures"]["china"]["pixels"]).shape[1::-1])
    controls = {
        "picture": Choice("Picture", [[name, each["title"]] for name, each in data["pictures"].items()], "china"),
        "digit": Choice("Digit", [["none", "none"], *([str(i), str(i)] for i in range(10))], "3"),
        "x": Slider("Digit, left to right", 0, last, 16, unit="px"),
        "y": Slider("Digit, top to bottom", 0, last, 16, unit="px"),
        "size": Slider("Size of the digit", 8, 32, 18, unit="px"),
        "opacity": Slider("Opacity of the digit", 0.1, 1, 0.95, 0.05),
        "colour": Colour("Colour of the digit", "#7b1fa2"),
        "left": Slider("Picture, left to right", 0, width, width // 2, unit="px"),
        "top": Slider("Picture, top to bottom", 0, height, height // 2, unit="px"),
    }
    return description("A digit on a photograph", controls, data)


def _pictures():
    """What stands behind a digit, larger than an image, to be moved: dict of name to title, credit and pixels."""
    found = {}
    for photo, (name, (piece, title, credit)) in zip(scenes._photos(), PHOTOS.items()):
        left, top, right, bottom = scenes.photo_cells("test")[piece]
        size = ((right - left) // SHRINK, (bottom - top) // SHRINK)
        pixels = np.asarray(photo.crop((left, top, right, bottom)).resize(size, Image.Resampling.BILINEAR))
        found[name] = {"title": title, "credit": credit, "pixels": pack(pixels)}
    y, x = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    board = (np.floor((0.9 * x + 0.45 * y) / 6) + np.floor((0.9 * y - 0.45 * x) / 6)) % 2
    board = np.where(board[..., None], [64, 190, 160], [190, 120, 150])
    found["board"] = {"title": "Texture", "credit": "", "pixels": pack(board.astype(np.uint8))}
    found["plain"] = {"title": "Plain grey", "credit": "", "pixels": pack(np.full_like(pixels, 128))}
    return found


def _digits():
    """The first test digit of each kind, uint8 [10, 8, 8]: ink, 0 to 16."""
    rows = [*scenes.digit_rows("test"), *scenes.digit_rows("unseen")]
    digits = scenes._digits()
    return np.stack([next(digits.images[row] for row in rows if digits.target[row] == i) for i in range(10)]).astype(
        np.uint8
    )


def compose(data, values):
    """The picture that the controls say.

    Parameters
    ----------
    data : dict
        Of the description.
    values : dict
        Of the controls.

    Returns
    -------
    ndarray of shape [side, side, 3], uint8
    """
    side = data["side"]
    pixels = unpack(data["pictures"][values["picture"]]["pixels"])
    image = pixels[int(values["top"]) :, int(values["left"]) :][:side, :side]
    if values["digit"] == "none":
        return image
    size = int(values["size"])
    ink = Image.fromarray((unpack(data["digits"])[int(values["digit"])] * (255 / 16)).astype(np.uint8))
    ink = np.asarray(ink.resize((size, size), Image.Resampling.BICUBIC)) * float(values["opacity"])
    left, top = int(values["x"]) - size // 2, int(values["y"]) - size // 2
    weight = np.zeros((side + 2 * size, side + 2 * size), np.uint8)  # a digit may hang over the edge
    weight[top + size : top + 2 * size, left + size : left + 2 * size] = ink
    weight = weight[size : size + side, size : size + side].copy()
    weight[weight < data["least"] * 255] = 0
    colour = np.array([int(values["colour"][i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
    return scenes.blend(image, weight, colour)


def judge(network, image):
    """What one network says of an image.

    Parameters
    ----------
    network : dict
        Of the prepared data.
    image : ndarray of shape [H, W, 3], uint8

    Returns
    -------
    dict
        ``norms`` and ``chosen`` [h, w] (cells that ``cam_threshold`` takes for background if the predicted class is
        the true one), ``probabilities`` [K], and ``scores``, each larger = more OOD.
    """
    (norms,), (cells,), (logits,) = network["folded"].run(image[None])
    predicted = torch.tensor([int(logits.argmax())])
    chosen = select("cam_threshold", torch.as_tensor(cells)[None], predicted)[0].numpy()
    probabilities = torch.softmax(torch.as_tensor(logits), 0).numpy()
    scores = {
        "MSP": -float(probabilities.max()),
        "Energy": -float(torch.logsumexp(torch.as_tensor(logits), 0)),
        "MapNorm": -float(norms.mean()),
    }
    return {"norms": norms, "chosen": chosen, "probabilities": probabilities, "scores": scores}


def prepare(data):
    """The data with networks that run."""
    return {**data, "networks": [{**network, "folded": Folded(network)} for network in data["networks"]]}


def draw(figure, data, values):
    """Draw it.

    Parameters
    ----------
    figure : matplotlib Figure
    data : dict
        Prepared.
    values : dict
        Of the controls.
    """
    image = compose(data, values)
    axis = figure.add_axes((0.05, 0.715, 0.38, 0.27))
    axis.imshow(image)
    axis.set_axis_off()
    bar = figure.add_axes((0.55, 0.83, 0.38, 0.02))
    bar.imshow(np.linspace(0, 1, 64)[None], cmap=plots.NORMS, aspect="auto", extent=(0, data["vmax"], 0, 1))
    bar.set(yticks=[], xlabel=plots.LENGTH)
    for place, network in enumerate(data["networks"]):
        _draw_network(figure, 0.03 + 0.5 * place, network, judge(network, image), data)


def _draw_network(figure, left, network, found, data):
    axis = figure.add_axes((left, 0.38, 0.42, 0.298))
    plots.norm_map(axis, found["norms"], data["vmax"])
    axis.set_title(network["title"])
    rows, columns = np.nonzero(found["chosen"])
    axis.scatter(columns, rows, s=120, marker="s", facecolors="none", edgecolors="white", linewidths=1)
    axis = figure.add_axes((left + 0.05, 0.215, 0.35, 0.145))
    names, shares = data["classes"], found["probabilities"]
    axis.barh(range(len(names)), 100 * shares, color=plots.colour(network["method"]))
    axis.set(
        xlim=(0, 100), ylim=(len(names) - 0.5, -0.5), yticks=range(len(names)), xticks=(0, 50, 100), yticklabels=names,
        xlabel="probability, %", ylabel="digit",
    )  # fmt: skip
    axis = figure.add_axes((left, 0.01, 0.44, 0.14))
    for row, (score, title) in enumerate(data["scores"].items()):
        low, threshold = (network["scores"][score][name] for name in ("low", "threshold"))
        at = np.clip((found["scores"][score] - low) / (threshold - low), -0.4, 1.6)
        known = found["scores"][score] <= threshold
        axis.plot([0, 1], [row, row], color=plots.ID_COLOUR, linewidth=5, alpha=0.4, solid_capstyle="butt")
        axis.plot(at, row, "o", color=plots.ID_COLOUR if known else plots.OOD_COLOUR, markeredgecolor=plots.INK)
        axis.text(-0.45, row - 0.2, title, va="bottom")
        axis.text(1.75, row - 0.2, "known" if known else "unknown", ha="right", va="bottom")
    axis.axvline(1, color=plots.INK, linewidth=1)
    axis.set(xlim=(-0.45, 1.75), ylim=(2.4, -0.9))
    axis.set_axis_off()
