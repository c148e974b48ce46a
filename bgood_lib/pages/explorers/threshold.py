"""One line between known and unknown: what it flags, what it catches, and the figures that follow from all lines."""

import string

import numpy as np

from ...detectors.registry import DETECTORS
from .. import plots
from . import trained
from .base import Choice, Slider, description

SIZE = (5.4, 5.4)
SCORES = ("MSP", "Energy", "KNN", "Mahalanobis", "PooledNorm", "ReAct")
LEVELS = 500  # places of the line on the axis
BINS = 50
TITLES = {"PooledNorm": "feature norm"}
# What the axis says of a score: its quantity, larger or smaller towards OOD.
AXES = {
    "MSP": "confidence", "Energy": "log-sum-exp of the logits", "KNN": "distance to the 50th nearest training feature",
    "Mahalanobis": "distance to the nearest class mean", "PooledNorm": "length of the pooled feature",
    "ReAct": "log-sum-exp of the logits, features clipped",
}  # fmt: skip
NAMES = {"auroc": "AUROC", "fpr95_id_positive": "fpr95_id_positive", "fpr95_ood_positive": "fpr95_ood_positive"}
LINES = [["id", "95% of ID accepted"], ["ood", "95% of OOD caught"], ["hand", "I put it"]]


def describe(runs="runs/scenes", networks=("cross_entropy-s0", "background-s0"), scores=SCORES):
    """Two networks, some scores, and all OOD sets that both were judged on.

    Parameters
    ----------
    runs : path
        Folder of the study's runs.
    networks : sequence of str
        Names of runs.
    scores : sequence of str
        Of ``DETECTORS``.

    Returns
    -------
    dict
        See :func:`.description`. ``data`` has ``sets`` (``letter``, ``title``, ``n``; ``a`` is ID), ``networks``,
        ``axes`` (``label`` and ``ticks`` of each score, which the networks share) and, by network and score, ``places``: the
        letters of the sets of all images from the smallest score to the largest, a capital where the score equals the
        one before, and a bar wherever the next of ``LEVELS`` steps of the axis begins.
    """
    found = {name: trained.load(runs, name) for name in networks}
    first = found[networks[0]]
    titles = {"test": first.record["data"]["test"]["title"], **trained.set_titles(first.record)}
    sets = [name for name in titles if all(name in each.bank.sets for each in found.values())]
    letters = dict(zip(sets, string.ascii_lowercase))
    scored = {name: trained.scores(each, scores) for name, each in found.items()}
    axes, places = {}, {name: {} for name in networks}
    for score in scores:
        values = {name: [scored[name][score][each] for each in sets] for name in networks}
        positions, ticks = axis(np.concatenate([each for parts in values.values() for each in parts]), score)
        ticks = [[round(float(where) * LEVELS, 1), text] for where, text in ticks]
        axes[score] = {"label": AXES.get(score, "score"), "ticks": ticks}
        for name, part in zip(networks, np.split(positions, len(networks))):
            places[name][score] = _places(values[name], list(letters.values()), part)
    controls = {
        "network": Choice("Network", [[name, _title(each)] for name, each in found.items()], networks[0]),
        "score": Choice(
            "Score", [[name, TITLES.get(name, DETECTORS[name].title or name)] for name in scores], scores[0]
        ),
        "ood": Choice("OOD images", [[name, titles[name]] for name in sets[1:]], sets[1]),
        "at": Choice("The line stands where", LINES, "id"),
        "line": Slider("The line", 0, LEVELS, LEVELS // 2),
    }
    data = {
        "sets": {name: {"letter": letters[name], "title": titles[name], "n": len(first.bank[name])} for name in sets},
        "networks": {name: {"title": _title(each), **each.about()} for name, each in found.items()},
        "axes": axes, "places": places,
    }  # fmt: skip
    return description("One line to drag", controls, data)


def _title(each):
    return trained.TITLES.get(each.config["method"], each.name)


def _places(values, letters, positions):
    """The images of all sets in the order of their scores, as letters and bars."""
    of = np.repeat(letters, [len(part) for part in values])
    pooled = np.concatenate(values)
    order = np.argsort(pooled, kind="stable")
    again = np.append(False, np.diff(pooled[order]) == 0)
    steps = np.diff(np.minimum((positions[order] * LEVELS).astype(int), LEVELS - 1), prepend=0)
    return "".join("|" * step + (each.upper() if tied else each) for each, tied, step in zip(of[order], again, steps))


def axis(scores, name):
    """Where scores lie on an axis from 0 to 1, rightwards more OOD; logarithmic where they span orders of magnitude.

    Parameters
    ----------
    scores : ndarray of shape [N]
    name : str
        Of the score. MSP is shown as a confidence, on the scale of its distance to 1.

    Returns
    -------
    positions : ndarray of shape [N], in [0, 1], in the order of the scores
    ticks : list of (position, text)
    """
    confidence = name == "MSP"
    scores = np.maximum(1 + scores, 1e-6) if confidence else np.asarray(scores, float)
    sign = 1 if np.median(scores) > 0 else -1
    low, high = np.quantile(sign * scores, [0.005, 0.995])
    if low > 0 and high > 20 * low:
        place = sign * np.log10(np.maximum(sign * scores, low))
        marks = [digit * 10.0**power for power in range(-8, 9) for digit in (1, 3)]
        marks = marks if high < 1000 * low else marks[::2]
        told = [(sign * np.log10(mark), mark) for mark in marks]
    else:
        place = scores
        told = [(sign * mark, mark) for mark in _steps(low, high)]
    low, high = np.quantile(place, [0.005, 0.995])
    span = (high - low) or 1.0
    text = (lambda mark: f"{100 * (1 - mark):.10g}%") if confidence else "{:g}".format
    ticks = sorted((float((where - low) / span), text(mark)) for where, mark in told)
    ticks = [tick for tick in ticks if 0.04 < tick[0] < 0.96]  # what stands at an end is cut
    return np.clip((place - low) / span, 0, 1), ticks[:: max(1, -(-len(ticks) // 5))]


def _steps(low, high):
    """About four round numbers between two."""
    size = 10 ** np.floor(np.log10(max(high - low, 1e-12) / 3))
    size *= next(factor for factor in (5, 2, 1) if (high - low) / (factor * size) >= 3 or factor == 1)
    return [round(float(each), 10) for each in np.arange(np.ceil(low / size), np.floor(high / size) + 1) * size]


def sweep(data, network, score, ood):
    """Every place of the line between images, from flagging all to flagging none.

    Parameters
    ----------
    data : dict
        Of a description.
    network, score, ood : str

    Returns
    -------
    dict of str to ndarray of shape [P]
        ``rank``: images of all sets below the line; ``id``, ``ood``: shares of these sets that are flagged.
    """
    order, _ = _read(data, network, score)
    rank = np.append(np.flatnonzero(np.char.islower(order)), len(order))  # no line between equal scores
    swept = {"rank": rank}
    for key, name in (("id", "test"), ("ood", ood)):
        is_in = np.char.lower(order) == data["sets"][name]["letter"]
        below = np.append(0, np.cumsum(is_in))[rank]
        swept[key] = (is_in.sum() - below) / is_in.sum()
    return swept


def figures(swept):
    """AUROC and both FPR95 of a :func:`sweep`, with the places (indices) of their lines.

    Returns
    -------
    dict
        ``auroc``, ``fpr95_id_positive``, ``fpr95_ood_positive``: shares in [0, 1]; ``id``, ``ood``: places.
    """
    accepted = np.flatnonzero(swept["id"] <= 0.05 + 1e-12)[0]  # the lowest line that accepts 95% of ID
    caught = np.flatnonzero(swept["ood"] >= 0.95 - 1e-12)[-1]  # the highest that catches 95% of OOD
    return {
        "auroc": float(np.trapezoid(swept["ood"][::-1], swept["id"][::-1])),
        "fpr95_id_positive": float(1 - swept["ood"][accepted]), "fpr95_ood_positive": float(swept["id"][caught]),
        "id": int(accepted), "ood": int(caught),
    }  # fmt: skip


def _read(data, network, score):
    """Letter and level of every image, in the order of the scores."""
    signs = np.array(list(data["places"][network][score]))
    bar = signs == "|"
    return signs[~bar], np.cumsum(bar)[~bar]


def histograms(data, network, score, ood):
    """Shares of the ID and of the OOD set in each of ``BINS`` equal parts of the axis: two arrays."""
    order, levels = _read(data, network, score)
    order = np.char.lower(order)
    parts = [levels[order == data["sets"][name]["letter"]] * BINS // LEVELS for name in ("test", ood)]
    return [np.bincount(part, minlength=BINS) / len(part) for part in parts]


def stand(data, values, swept, found):
    """The place of the line, an index of the sweep, and the level of the axis that it stands at."""
    _, levels = _read(data, values["network"], values["score"])
    if values["at"] == "hand":
        below = np.searchsorted(levels, values["line"])
        return int(np.searchsorted(swept["rank"], below)), values["line"]
    place = found[values["at"]]
    rank = swept["rank"][place]
    return place, int(levels[rank]) if rank < len(levels) else LEVELS


def draw(figure, data, values):
    """Histograms with the line above, the curve of all lines below."""
    picked = values["network"], values["score"], values["ood"]
    swept = sweep(data, *picked)
    found = figures(swept)
    place, level = stand(data, values, swept, found)
    known, unknown = swept["id"][place], swept["ood"][place]
    top, curve = figure.subplots(2, height_ratios=(1, 1.15))
    edges = np.linspace(0, LEVELS, BINS + 1)
    for shares, colour, name in zip(histograms(data, *picked), (plots.ID_COLOUR, plots.OOD_COLOUR), ("ID", "OOD")):
        top.stairs(shares, edges, color=colour, fill=True, alpha=0.35)
        top.stairs(shares, edges, color=colour, label=name)
    top.axvline(level, color=plots.INK, linewidth=2)
    top.set(xlim=(0, LEVELS), yticks=[], xlabel=f"{data['axes'][values['score']]['label']} (right: more OOD)")
    top.set_xticks(*zip(*data["axes"][values["score"]]["ticks"]))
    top.legend(loc="upper left")
    top.set_title(f"right of the line: {known:.1%} of ID flagged, {unknown:.1%} of OOD caught")
    curve.fill_between(swept["id"], swept["ood"], color=plots.OOD_COLOUR, alpha=0.2)
    curve.plot(swept["id"], swept["ood"], color=plots.OOD_COLOUR)
    curve.plot([known], [unknown], "o", color=plots.INK, clip_on=False)
    curve.set(xlim=(0, 1), ylim=(0, 1), xlabel="ID flagged", ylabel="OOD caught", aspect="equal", anchor="W")
    curve.set(xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
    lines = [f"{name}\n{found[key]:.1%}" for key, name in NAMES.items()]
    curve.text(1.15, 0.5, "\n\n".join(lines), va="center")
    figure.subplots_adjust(left=0.12, right=0.97, top=0.93, bottom=0.1, hspace=0.42)
