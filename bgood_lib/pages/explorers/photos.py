"""Photographs that may be shown, with the lengths of their cells under networks trained in several ways."""

import base64
import io
import textwrap

import numpy as np
import torch
from PIL import Image

from ... import datasets
from ...background_loss.patches import foreground_share
from ...datasets.photos import generate
from ...detectors.registry import DETECTORS
from ...detectors.scoring import fit
from ...evaluation.own_images import threshold_set
from ...features import extract
from ...metrics.calibration import softmax
from ...utils.errors import InputError
from .. import plots
from . import trained
from .base import Choice, Slider, Toggle, description, pack, unpack

SIZE = (5.4, 6.4)
EACH = 12  # photographs of each kind of animal
SCORES = ("MSP", "ScaledMSP")
# The trainings that stand beside each other: method, selector, what they are called.
NETWORKS = (
    ("cross_entropy", None, "Cross-entropy"),
    ("background", "cam_threshold", "Background loss"),
    ("background", "all", "All cells (control)"),
    ("background", "oracle", "True masks (control)"),
)
CREDIT = "Oxford-IIIT Pet (Parkhi et al. 2012), CC BY-SA 4.0; cropped to 128 x 128 pixels"
VIEWS = {"whole": "the photograph", "bare": "a square beside the animal"}


def describe(runs="runs/photos", seed=0, weight=0.01, quality=70):
    """Photographs of cats and dogs, which these networks know, and squares of them that show no animal.

    Parameters
    ----------
    runs : path
        Folder of runs on ``photos``.
    seed : int
    weight : float
        Of the background loss.
    quality : int
        Of the JPEGs.

    Returns
    -------
    dict
        See :func:`.description`. ``data`` has ``pictures`` (``kind``, ``name``, ``views``: by view a ``jpeg``, where there is
        one, and its ``cells`` [h, w], 1 where less than 10% is animal) and ``networks``, with what ``_answers`` says of
        each view.

    Raises
    ------
    InputError
        If a training is missing.
    """
    found = [_find(runs, seed, weight, *which) for which in NETWORKS]
    arrays, rows, kinds = _photographs()
    views = {"whole": (arrays["images"], arrays["foreground"], np.arange(len(rows)))}
    bare = generate("bare", arrays)
    of = [int(np.flatnonzero(arrays["names"] == name)[0]) for name in bare["names"]]
    views["bare"] = (bare["images"], bare["foreground"], np.array(of, int))
    pictures = [{"kind": kinds[i], "name": str(arrays["names"][i]), "views": {}} for i in range(len(rows))]
    networks = [
        {"title": title, **each.about(), **_answers(each, views, len(rows))}
        for each, (*_, title) in zip(found, NETWORKS)
    ]
    side = networks[0]["norms"]["whole"]["shape"][1]
    for view, (images, foreground, places) in views.items():
        cells = foreground_share(torch.as_tensor(foreground), (side, side)) < 0.1
        for image, background, i in zip(images, cells.numpy(), places):
            pictures[i]["views"][view] = {"jpeg": _jpeg(image, quality), "cells": pack(background.astype(np.uint8))}
    longest = np.quantile(np.concatenate([each.bank["test"].cell_norms.ravel() for each in found[:1]]), 0.99)
    controls = {
        "picture": Slider("Picture", 1, len(pictures), 1),
        "view": Choice("Show", [[name, title] for name, title in VIEWS.items()], "whole"),
        "score": Choice("Score", [[name, DETECTORS[name].title or name] for name in SCORES], "MSP"),
        "mask": Toggle("Frame the cells without animal (true mask)", False),
    }
    data = {
        "pictures": pictures, "networks": networks, "vmax": float(f"{longest:.1g}"), "credit": CREDIT,
        "scores": {name: DETECTORS[name].title or name for name in SCORES},
    }  # fmt: skip
    return description("Photographs, and the lengths of their cells", controls, data)


def _find(runs, seed, weight, method, selector, title):
    wanted = {"dataset": "photos", "method": method, "selector": selector, "seed": seed, "learning_rate": 0.005}
    if selector:
        wanted |= {"weight": weight, "patch_size": 1, "penalty": "norm", "layer": "last"}
    names = trained.runs_where(runs, **wanted)
    if not names:
        told = ", ".join(f"{key} {value}" for key, value in wanted.items() if value is not None)
        raise InputError(f"{runs} holds no training with {told}, for {title!r}; train it: make photos")
    return trained.load(runs, names[0])


def _photographs():
    """Arrays of the first cats and the first dogs, their rows, and their kinds."""
    images, labels = datasets.load("photos_show", "test")
    breeds = datasets.extra("photos_show", "test", "classes")[labels]
    cats = np.array([breed[0].isupper() for breed in breeds])  # so Oxford-IIIT Pet writes them
    rows = np.concatenate([np.flatnonzero(cats)[:EACH], np.flatnonzero(~cats)[:EACH]])
    arrays = {key: datasets.extra("photos_show", "test", key)[rows] for key in ("names", "foreground", "object")}
    return (
        {"images": images[rows], "labels": labels[rows], **arrays},
        rows,
        ["cat" if cats[row] else "dog" for row in rows],
    )


def _answers(each, views, n):
    """What a network says of the pictures: ``classes``, and by view ``norms`` [n, h, w], ``likeliest`` and ``confidence`` [n].

    ``scores`` has for each score its ``threshold``, which 95% of ID images (``set``) do not exceed, and by view ``known``,
    a sign a picture: 1 where the score does not exceed it, 0 where it does, - where there is no picture.
    """
    fitted = {name: fit(name, each.bank) for name in SCORES}
    which = threshold_set(each.bank)
    limits = {name: trained.threshold(one.score(each.bank[which])) for name, one in fitted.items()}
    said = {"norms": {}, "likeliest": {}, "confidence": {}}
    scores = {name: {"threshold": limits[name], "known": {}} for name in SCORES}
    for view, (images, _, places) in views.items():
        features = extract(each.network, images, [-1] * len(images))
        norms = np.zeros((n, *features.cell_norms.shape[1:]), np.float16)
        norms[places] = features.cell_norms
        likeliest, confidence = np.full(n, -1), np.zeros(n)
        likeliest[places], confidence[places] = features.logits.argmax(1), softmax(features.logits).max(1)
        said["norms"][view] = pack(norms)
        said["likeliest"][view], said["confidence"][view] = likeliest.tolist(), confidence.round(4).tolist()
        for name, one in fitted.items():
            known = np.full(n, "-")
            known[places] = np.where(one.score(features) <= limits[name], "1", "0")
            scores[name]["known"][view] = "".join(known)
    return {
        "classes": [str(name) for name in datasets.extra("photos", "train", "classes")],
        "set": which,
        "scores": scores,
        **said,
    }


def _jpeg(image, quality):
    with io.BytesIO() as file:
        Image.fromarray(image).save(file, "JPEG", quality=quality, optimize=True)
        return base64.b64encode(file.getvalue()).decode()


def counts(data, score, view):
    """How many of the pictures each network knows by a score: list of (known, all)."""
    signs = [network["scores"][score]["known"][view] for network in data["networks"]]
    return [(each.count("1"), len(each) - each.count("-")) for each in signs]


def prepare(data):
    """The data with its pictures as arrays."""
    pictures = [
        {
            **picture,
            "views": {
                name: {
                    "image": np.asarray(Image.open(io.BytesIO(base64.b64decode(view["jpeg"])))),
                    "cells": unpack(view["cells"]),
                }
                for name, view in picture["views"].items()
            },
        }
        for picture in data["pictures"]
    ]
    return {**data, "pictures": pictures}


def draw(figure, data, values):
    """The picture, and below it the map of each network with what it says."""
    i, name = values["picture"] - 1, values["view"]
    picture = data["pictures"][i]
    view, told = picture["views"].get(name), f"a {picture['kind']}: {VIEWS[name]}"
    if view is None:
        figure.text(0.5, 0.5, f"{told}\nNo such square is 40 pixels wide.", ha="center")
        return
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(0, 4), ylim=(4.74, 0))
    axis.set_axis_off()
    axis.text(2, 0.12, told, ha="center", va="center")
    axis.imshow(view["image"], extent=(1, 3, 2.25, 0.25))
    for j, network in enumerate(data["networks"]):
        norms = unpack(network["norms"][name])[i].astype(float)
        box = (j + 0.04, j + 0.96, 3.72, 2.8)
        axis.imshow(norms, cmap=plots.NORMS, vmin=0, vmax=data["vmax"], extent=box, interpolation="nearest")
        if values["mask"]:
            rows, columns = np.nonzero(view["cells"])
            size = 0.92 / len(norms)
            places = box[0] + (columns + 0.5) * size, box[3] + (rows + 0.5) * size
            axis.scatter(*places, s=40, marker="s", facecolors="none", edgecolors="white", linewidths=0.8)
        known = network["scores"][values["score"]]["known"][name][i] == "1"
        axis.text(j + 0.5, 2.75, textwrap.fill(network["title"], 11), ha="center", va="bottom")
        answer = f"{network['classes'][network['likeliest'][name][i]]}, {network['confidence'][name][i]:.0%}"
        axis.text(j + 0.5, 3.78, f"{answer}\n{'known' if known else 'unknown'}", ha="center", va="top")
    axis.text(2, 4.42, f"colours: {plots.LENGTH},\n0 (dark) to {data['vmax']:g} (bright)", ha="center", va="center")
