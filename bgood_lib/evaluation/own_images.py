"""One's own pictures: which class, which score, and whether the network knows such images."""

import contextlib
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from .. import datasets
from ..datasets.images import read_images
from ..detectors.registry import DETECTORS
from ..detectors.scoring import fit
from ..features import Features, extract
from ..utils.errors import DataError, InputError
from ..utils.files import atomic_write

ACCEPTED = 0.95  # share of the ID images that the threshold accepts
KNOWN, UNKNOWN = "known", "unknown"  # the verdicts


@dataclass(frozen=True)
class Judged:
    """Pictures, and what a network says of them.

    Attributes
    ----------
    table : DataFrame
        One row per picture: ``path``, ``class`` (the likeliest in-distribution one), ``score`` (larger = more OOD),
        ``threshold``, ``verdict`` (``known`` or ``unknown``).
    images : ndarray of shape [N, side, side, 3], uint8
    features : Features
        Its ``cell_norms`` tell which cells spoke.
    """

    table: pd.DataFrame
    images: np.ndarray
    features: Features


def threshold(run, fitted):
    """The score up to which an image counts as known: 95% of the ID images of :func:`threshold_set` do.

    In a run's folder it is kept in ``threshold.json``, and computed anew for other weights. A file that is
    damaged is written anew; a folder that cannot be written to is left as it is.

    Parameters
    ----------
    run : bgood_lib.runs.run.Run
    fitted : bgood_lib.detectors.scoring.Fitted

    Returns
    -------
    float
    """
    file = run.folder / "threshold.json"
    weights = run.record and run.record["weights_sha256"]
    kept = _kept(file) if weights else {}
    entry = kept.get(fitted.name)
    name = threshold_set(run.bank)
    if not entry or entry["weights_sha256"] != weights or entry.get("set", "test") != name:
        scores = np.sort(fitted.score(run.bank[name]))
        entry = {
            "threshold": float(scores[int(np.ceil(ACCEPTED * len(scores))) - 1]),
            "accepted": ACCEPTED,
            "set": name,
            "n": len(scores),
            "weights_sha256": weights,
        }
        if weights:
            with contextlib.suppress(OSError), atomic_write(file) as temporary:
                content = json.dumps({**kept, fitted.name: entry}, indent=1)
                Path(temporary).write_text(content + "\n", encoding="utf-8")
    return entry["threshold"]


def threshold_set(bank):
    """The set of a bank whose images set the threshold: ``val`` where there is one, otherwise ``test``."""
    return "val" if "val" in bank.sets else "test"


def side_of(run):
    """Side, in px, that pictures are brought to: that of the images which the run was trained on."""
    try:
        return datasets.info(run.dataset, "test").side
    except DataError:  # no longer prepared
        return getattr(run.network(), "side", 32)


def _kept(file):
    """The entries of ``threshold.json`` that are whole, by detector."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return {name: entry for name, entry in found.items() if _whole(entry)} if isinstance(found, dict) else {}


def _whole(entry):
    numbers = isinstance(entry, dict) and all(type(entry.get(key)) in (int, float) for key in ("threshold", "accepted"))
    return numbers and math.isfinite(entry["threshold"]) and entry["accepted"] == ACCEPTED and "weights_sha256" in entry


def score_images(run, files, detector="MSP", network=None, bad=None):
    """Class, score and verdict of one's own pictures.

    Parameters
    ----------
    run : bgood_lib.runs.run.Run
    files : sequence of path
    detector : str, default="MSP"
        One of ``registry.DETECTORS`` that is not transductive.
    network : torch.nn.Module, optional
        By default the run's.
    bad : list, optional
        Receives (file, reason) of each picture that cannot be read, which then has no row. Without it,
        the first one is an error.

    Returns
    -------
    DataFrame
        One row per file, see :class:`Judged`.

    Raises
    ------
    InputError
        If the detector is unknown or transductive, or a file is not an image.
    """
    return judge_files(run, files, detector, network, bad).table


def judge_files(run, files, detector="MSP", network=None, bad=None):
    """One's own pictures with all that is said of them; parameters and errors are those of :func:`score_images`.

    Returns
    -------
    Judged
    """
    fitted = _fit(run, detector)
    images = read_images(files, bad, side_of(run))
    left_out = {file for file, _ in bad or ()}
    table, features = _judge(run, fitted, images, network)
    table.insert(0, "path", [str(file) for file in files if file not in left_out])
    return Judged(table, images, features)


def judge_images(run, images, detector="MSP", network=None):
    """Class, score and verdict of images.

    Parameters
    ----------
    run : bgood_lib.runs.run.Run
    images : ndarray of shape [N, side, side, 3], uint8
        Of the side of those that the run was trained on.
    detector : str, default="MSP"
        One of ``registry.DETECTORS`` that is not transductive.
    network : torch.nn.Module, optional
        By default the run's.

    Returns
    -------
    DataFrame
        One row per image: all of :class:`Judged` but the path.

    Raises
    ------
    InputError
        If the images are no such array, or the detector is unknown or transductive.
    """
    images, side = np.asarray(images), side_of(run)
    if images.dtype != np.uint8 or images.shape[1:] != (side, side, 3) or not len(images):
        raise InputError(
            f"images are {images.dtype} of shape {images.shape}; expected uint8 [N, {side}, {side}, 3], values of 0 to "
            "255"
        )
    return _judge(run, _fit(run, detector), images, network)[0]


def _fit(run, detector):
    if detector in DETECTORS and DETECTORS[detector].transductive:
        raise InputError(f"{detector} is transductive: a score depends on the whole batch; choose another detector")
    return fit(detector, run.bank)


def _judge(run, fitted, images, network):
    features = extract(network or run.network(), images, [-1] * len(images))
    return verdicts(run, fitted, features), features


def verdicts(run, fitted, features):
    """Class, score, threshold and verdict of images by their features: a row each.

    Parameters
    ----------
    run : bgood_lib.runs.run.Run
    fitted : bgood_lib.detectors.scoring.Fitted
    features : Features

    Returns
    -------
    DataFrame
    """
    names, scores, limit = class_names(run), fitted.score(features), threshold(run, fitted)
    return pd.DataFrame({
        "class": [names[i] for i in features.logits.argmax(1)],
        "score": scores,
        "threshold": limit,
        "verdict": np.where(scores > limit, UNKNOWN, KNOWN),
    })  # fmt: skip


def class_names(run):
    """Names of the in-distribution classes; their numbers where the set is not prepared."""
    try:
        return datasets.extra(run.dataset, "train", "classes")
    except DataError:
        return np.arange(len(run.bank.bias)).astype(str)
