"""One's own pictures: which class, which score, and whether the network knows such images."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageOps, UnidentifiedImageError

from . import datasets
from .dataset_sources import fit as bring_to_size
from .feature_bank import extract
from .files import atomic_write
from .posthoc import DETECTORS, fit

ACCEPTED = 0.95  # share of ID test images that the threshold accepts


def find_images(paths):
    """Image files, in order, and those in folders and the folders below.

    Parameters
    ----------
    paths : sequence of path

    Returns
    -------
    list of Path

    Raises
    ------
    FileNotFoundError
        If a path does not exist, or there is no image at all.
    """
    known = Image.registered_extensions()
    files = []
    for path in map(Path, paths):
        if path.is_dir():
            files += sorted(file for file in path.rglob("*") if file.suffix.lower() in known and file.is_file())
        elif path.is_file():
            files.append(path)
        else:
            raise FileNotFoundError(f"there is no file or folder {path}")
    if not files:
        raise FileNotFoundError(f"no images in {', '.join(map(str, paths))}; known endings: {' '.join(sorted(known))}")
    return files


def read_images(files):
    """Pictures of any size, brought to 32 x 32 as all test sets are: RGB, short side to 32 px, centre crop.

    Parameters
    ----------
    files : sequence of path

    Returns
    -------
    ndarray of shape [N, 32, 32, 3], uint8

    Raises
    ------
    ValueError
        If a file is not an image; the message names it.
    """
    images = []
    for file in files:
        try:
            with Image.open(file) as image:
                images.append(bring_to_size(ImageOps.exif_transpose(image)))
        except (UnidentifiedImageError, OSError) as error:
            raise ValueError(f"{file} cannot be read as an image ({error}); leave it out") from error
    return np.stack(images)


def read_classes(folder):
    """A folder that holds one folder of pictures per class.

    Parameters
    ----------
    folder : path

    Returns
    -------
    images : ndarray of shape [N, 32, 32, 3], uint8
    labels : ndarray of shape [N], int64
        Place of the class in ``classes``.
    classes : list of str
        Names of the folders, sorted.

    Raises
    ------
    FileNotFoundError
        If there are no such folders, or one has no image.
    ValueError
        If a file is not an image.
    """
    folders = sorted(path for path in Path(folder).glob("[!.]*") if path.is_dir())
    if not folders:
        raise FileNotFoundError(f"{folder} holds no folders; it needs one per class")
    files = [find_images([path]) for path in folders]
    labels = np.repeat(np.arange(len(folders)), list(map(len, files)))
    return read_images([file for some in files for file in some]), labels, [path.name for path in folders]


def threshold(run, fitted):
    """The score up to which an image counts as in-distribution: 95% of the ID test images do.

    It is kept in ``threshold.json`` beside the bank and computed anew for other weights.

    Parameters
    ----------
    run : bgood_lib.benchmark.Run
    fitted : bgood_lib.posthoc.Fitted

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
    run : bgood_lib.benchmark.Run
    files : sequence of path
    detector : str, default="MSP"
        One of ``posthoc.DETECTORS`` that is not transductive.
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
        raise ValueError(f"{detector} is transductive: a score depends on the whole batch; choose another detector")
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
    except datasets.DataError:
        return np.arange(len(run.bank.bias)).astype(str)
