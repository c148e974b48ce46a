"""One's own pictures: which class, which score, and whether the network knows such images."""

import contextlib
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd

from .. import datasets
from ..datasets.images import read_images
from ..detectors.registry import DETECTORS
from ..detectors.scoring import fit
from ..features import extract
from ..utils.errors import DataError, InputError
from ..utils.files import atomic_write

ACCEPTED = 0.95  # share of ID test images that the threshold accepts


def threshold(run, fitted):
    """The score up to which an image counts as in-distribution: 95% of the ID test images do.

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
    if not entry or entry["weights_sha256"] != weights:
        scores = np.sort(fitted.score(run.bank["test"]))
        entry = {
            "threshold": float(scores[int(np.ceil(ACCEPTED * len(scores))) - 1]),
            "accepted": ACCEPTED,
            "n": len(scores),
            "weights_sha256": weights,
        }
        if weights:
            with contextlib.suppress(OSError), atomic_write(file) as temporary:
                content = json.dumps({**kept, fitted.name: entry}, indent=1)
                Path(temporary).write_text(content + "\n", encoding="utf-8")
    return entry["threshold"]


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
        One row per file: ``path``, and what :func:`judge_images` says.

    Raises
    ------
    InputError
        If the detector is unknown or transductive, or a file is not an image.
    """
    fitted = _fit(run, detector)
    images = read_images(files, bad)
    left_out = {file for file, _ in bad or ()}
    table = _judge(run, fitted, images, network)
    table.insert(0, "path", [str(file) for file in files if file not in left_out])
    return table


def judge_images(run, images, detector="MSP", network=None):
    """Class, score and verdict of images.

    Parameters
    ----------
    run : bgood_lib.runs.run.Run
    images : ndarray of shape [N, 32, 32, 3], uint8
    detector : str, default="MSP"
        One of ``registry.DETECTORS`` that is not transductive.
    network : torch.nn.Module, optional
        By default the run's.

    Returns
    -------
    DataFrame
        One row per image: ``class`` (the likeliest in-distribution one), ``score`` (larger = more OOD),
        ``threshold``, ``verdict`` (``ID`` or ``OOD``).

    Raises
    ------
    InputError
        If the images are no such array, or the detector is unknown or transductive.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.shape[1:] != (32, 32, 3) or not len(images):
        raise InputError(
            f"images are {images.dtype} of shape {images.shape}; expected uint8 [N, 32, 32, 3], values of 0 to 255"
        )
    return _judge(run, _fit(run, detector), images, network)


def _fit(run, detector):
    if detector in DETECTORS and DETECTORS[detector].transductive:
        raise InputError(f"{detector} is transductive: a score depends on the whole batch; choose another detector")
    return fit(detector, run.bank)


def _judge(run, fitted, images, network):
    features = extract(network or run.network(), images, [-1] * len(images))
    scores, limit = fitted.score(features), threshold(run, fitted)
    return pd.DataFrame({
        "class": [_class_names(run)[i] for i in features.logits.argmax(1)],
        "score": scores,
        "threshold": limit,
        "verdict": np.where(scores > limit, "OOD", "ID"),
    })  # fmt: skip


def _class_names(run):
    """Names of the in-distribution classes; their numbers where the set is not prepared."""
    try:
        return datasets.extra(run.dataset, "train", "classes")
    except DataError:
        return np.arange(len(run.bank.bias)).astype(str)
