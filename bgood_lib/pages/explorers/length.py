"""A feature vector to pull: its length decides how sure the softmax is, and a temperature does the same."""

import numpy as np

from ... import datasets
from ...utils.errors import DataError
from .. import plots
from . import trained
from .base import Choice, Slider, Stops, description, pack, unpack

SIZE = (5.4, 7)
LIMIT = 12.0  # where the plane ends
DOTS = 80  # images of each set that are shown
TEMPERATURES = (0.25, 0.5, 1, 2, 4, 8)
DRAWN = "drawn"  # the plane that no network has


def describe(runs="runs/scenes", networks=("cross_entropy-s0", "background-s0"), classes=(0, 1, 2)):
    """A plane with three directions, drawn by hand, and the planes of three classes of trained networks.

    What the softmax over three classes says depends on the feature through a plane alone: that of their head's weights
    less their mean. There it is exact.

    Parameters
    ----------
    runs : path
        Folder of the study's runs.
    networks : sequence of str
        Names of runs.
    classes : sequence of 3 int

    Returns
    -------
    dict
        See :func:`.description`. ``data`` has ``limit``, ``titles`` of the sets and, by plane, ``planes``: ``names`` of
        the classes, ``weights`` [3, 2], ``bias`` [3] and, of networks, what ``_network`` says. Lengths are in units in
        which the weights have a mean length of 1.
    """
    found = {name: trained.load(runs, name) for name in networks}
    first = next(iter(found.values()))
    names = _class_names(first.config["dataset"])
    titles = {"test": "ID", **trained.set_titles(first.record)}
    angles = np.deg2rad([90, 210, 330])
    planes = {
        DRAWN: {
            "title": "drawn by hand", "names": ["A", "B", "C"], "bias": [0.0, 0.0, 0.0],
            "weights": np.stack([np.cos(angles), np.sin(angles)], 1).round(6).tolist(),
        }
    }  # fmt: skip
    for name, each in found.items():
        title = trained.TITLES.get(each.config["method"], name)
        called = [str(names[k]) for k in classes]
        planes[name] = {
            "title": f"{title}: {', '.join(called)}",
            "names": called,
            **_network(each, list(classes), titles),
        }
    controls = {
        "plane": Choice("Whose directions", [[name, plane["title"]] for name, plane in planes.items()], DRAWN),
        "length": Slider("Length", 0, LIMIT, 6, 0.1),
        "direction": Slider("Direction", -180, 180, 75, 1, "degrees"),
        "temperature": Stops("Temperature", [[t, f"{t:g}"] for t in TEMPERATURES], 1),
        "ood": Choice("OOD images", [[name, title] for name, title in list(titles.items())[1:]], list(titles)[1]),
    }
    return description("A feature to pull", controls, {"limit": LIMIT, "titles": titles, "planes": planes})


def _class_names(dataset):
    try:
        return datasets.extra(dataset, "train", "classes")
    except DataError:
        return np.arange(1000)


def _network(each, classes, titles):
    """Weights, bias and images of a network in the plane of three classes; the first class points upwards.

    Images are those which the network takes for one of the three: ``dots`` by set, the first ``DOTS`` of them, and
    ``middle``, the median length of all of them.
    """
    bank = each.bank
    weight = bank.weight[classes].astype(float)
    weight = weight - weight.mean(0)
    basis = np.linalg.svd(weight, full_matrices=False)[2][:2]
    flat = weight @ basis.T
    up = flat[0] / np.linalg.norm(flat[0])
    turn = np.array([[up[1], -up[0]], [up[0], up[1]]])
    if (turn @ flat[1])[0] > 0:  # the second lies to the left
        turn = np.diag([-1, 1]) @ turn
    unit = np.linalg.norm(flat, axis=1).mean()
    dots, middle = {}, {}
    for name in titles:
        taken = np.isin(bank[name].logits.argmax(1), classes)
        points = unit * bank[name].features[taken] @ basis.T @ turn.T
        dots[name] = pack(points[:DOTS].astype(np.float16))
        middle[name] = round(float(np.median(np.linalg.norm(points, axis=1))), 2) if len(points) else None
    return {
        "weights": (flat @ turn.T / unit).round(6).tolist(),
        "bias": (bank.bias[classes] - bank.bias[classes].mean()).astype(float).round(6).tolist(),
        "dots": dots, "middle": middle, **each.about(),
    }  # fmt: skip


def answer(plane, points, temperature=1.0):
    """Logits and softmax of features in a plane.

    Parameters
    ----------
    plane : dict
        Of a description's ``planes``.
    points : array of shape [..., 2]
    temperature : float, default=1
        What the logits are divided by before the softmax.

    Returns
    -------
    logits, probabilities : ndarray of shape [..., 3]
    """
    logits = np.asarray(points, float) @ np.asarray(plane["weights"]).T + np.asarray(plane["bias"])
    shares = np.exp((logits - logits.max(-1, keepdims=True)) / temperature)
    return logits, shares / shares.sum(-1, keepdims=True)


def draw(figure, data, values):
    """The plane with the vector above, the softmax below."""
    plane, limit = data["planes"][values["plane"]], data["limit"]
    length, temperature = values["length"], values["temperature"]
    angle = np.deg2rad(values["direction"])
    towards = np.array([np.cos(angle), np.sin(angle)])
    logits, shares = answer(plane, length * towards, temperature)
    top, low = figure.subplots(2, height_ratios=(4, 1))
    grid = np.stack(np.meshgrid(np.linspace(-limit, limit, 60), np.linspace(-limit, limit, 60)), -1)
    sure = answer(plane, grid, temperature)[1].max(-1)
    top.imshow(
        1 - sure,
        cmap="Greys",
        vmin=0,
        vmax=1.2,
        interpolation="bilinear",
        origin="lower",
        extent=(-limit, limit, -limit, limit),
    )
    for name, colour in (("test", plots.ID_COLOUR), (values["ood"], plots.OOD_COLOUR)) if "dots" in plane else ():
        dots = unpack(plane["dots"][name]).astype(float)
        label = f"{data['titles'][name]}, median length {plane['middle'][name]:.2f}" if len(dots) else None
        top.scatter(*dots.T, s=14, color=colour, edgecolors="white", linewidths=0.4, label=label)
    for name, weight in zip(plane["names"], np.asarray(plane["weights"])):
        tip = 0.9 * limit * weight / np.linalg.norm(weight)
        top.annotate("", tip, (0, 0), arrowprops={"arrowstyle": "->", "color": plots.INK, "alpha": 0.5})
        top.annotate(name, 1.07 * tip, ha="center", va="center")
    top.annotate(
        "", length * towards, (0, 0), arrowprops={"arrowstyle": "-|>", "linewidth": 3, "color": plots.COLOURS[0]}
    )
    if temperature != 1:
        top.plot(*(length / temperature * towards), "o", color=plots.COLOURS[0], fillstyle="none", markersize=9)
    top.set(xlim=(-limit, limit), ylim=(-limit, limit), xticks=[], yticks=[])
    if "dots" in plane:
        top.legend(loc="upper left", bbox_to_anchor=(0, 0))
    low.barh(plane["names"], shares, color=plots.INK)
    for i, (logit, share) in enumerate(zip(logits, shares)):
        low.text(share + 0.01, i, f"{share:.1%} (logit {logit:+.1f})", va="center")
    low.set(xlim=(0, 1.6), xticks=[0, 0.5, 1], xlabel="probability by the softmax", ylabel="class")
    low.invert_yaxis()
    told = (
        f"length {length:g}"
        if temperature == 1
        else f"length {length:g} at temperature {temperature:g}: as length {length / temperature:g}"
    )
    top.set_title(told)
    figure.subplots_adjust(left=0.12, right=0.97, top=0.95, bottom=0.09, hspace=0.3)
