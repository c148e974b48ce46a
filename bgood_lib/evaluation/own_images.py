"""One's own pictures: which class, which score, and whether the network knows such images."""

import json
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

    It is kept in ``threshold.json`` beside the bank and computed anew for other weights.

    Parameters
    ----------
    run : bgood_lib.runs.run.Run
    fitted : bgood_lib.detectors.scoring.Fitted

    Returns
    -------
    float
    """
    file = run.folder / "threshold.json"
    kept = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    weights = run.record and run.record["weights_sha256"]
    entry = kept.get(fitted.name)
    if not weights or not entry or entry["weights_sha256"] != weights:
        scores = np.sort(fitted.score(run.bank["test"]))
        entry = {
            "threshold": float(scores[int(np.ceil(ACCEPTED * len(scores))) - 1]),
            "accepted": ACCEPTED,
            "n": len(scores),
            "weights_sha256": weights,
        }
        with atomic_write(file) as temporary:
            Path(temporary).write_text(json.dumps({**kept, fitted.name: entry}, indent=1) + "\n", encoding="utf-8")
    return entry["threshold"]


def score_images(run, files, detector="MSP", network=None):
    """Class, score and verdict of one's own pictures.

    Parameters
    ----------
    run : bgood_lib.runs.run.Run
    files : sequence of path
    detector : str, default="MSP"
        One of ``registry.DETECTORS`` that is not transductive.
    network : torch.nn.Module, optional
        By default the run's.

    Returns
    -------
    DataFrame
        One row per file: ``path``, ``class`` (the likeliest in-distribution one), ``score`` (larger
        = more OOD), ``threshold``, ``verdict`` (``ID`` or ``OOD``).

    Raises
    ------
    ValueError
        If the detector is unknown or transductive, or a file is not an image.
    """
    if detector in DETECTORS and DETECTORS[detector].transductive:
        raise InputError(f"{detector} is transductive: a score depends on the whole batch; choose another detector")
    fitted = fit(detector, run.bank)
    images = read_images(files)
    features = extract(network or run.network(), images, [-1] * len(images))
    scores, limit = fitted.score(features), threshold(run, fitted)
    return pd.DataFrame({
        "path": list(map(str, files)),
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
