"""Is it the picture's sharpness? The same figures when every image went through the same small size.

Image sets come from cameras and files of many kinds, and a network may tell them apart by how sharp they are. Where a
gain is there although all images, ID and OOD, were shrunk to the same side and enlarged again, sharpness is not its reason.
"""

import numpy as np
import torch
from torch.nn.functional import interpolate

from .. import datasets
from ..detectors.scoring import score_all
from ..features import extract
from ..metrics.accuracy import accuracies
from ..utils.errors import InputError
from .apart import leave_out
from .bank import bank_from
from .judge import measure
from .protocols import load_ood, ood_sets

SCORES = ("MSP", "ScaledMSP", "Energy", "KNN")


def resample(images, side):
    """Images shrunk to ``side`` pixels and enlarged to their own size again.

    Parameters
    ----------
    images : ndarray of shape [N, H, W, 3], uint8
    side : int
        In pixels, less than H and W.

    Returns
    -------
    ndarray of shape [N, H, W, 3], uint8

    Raises
    ------
    ValueError
        If the images are no larger than that.
    """
    if not 0 < side < min(images.shape[1:3]):
        raise InputError(
            f"cannot shrink images of {images.shape[2]} x {images.shape[1]} px to {side} px; give a smaller side"
        )
    parts = []
    for start in range(0, len(images), 256):
        part = torch.as_tensor(images[start : start + 256]).permute(0, 3, 1, 2).float()
        small = interpolate(part, size=(side, side), mode="bilinear", antialias=True)
        part = interpolate(small, size=part.shape[2:], mode="bicubic").round().clamp(0, 255).byte()
        parts.append(part.permute(0, 2, 3, 1).contiguous().numpy())
    return np.concatenate(parts)


def judge_resampled(network, dataset, side, fit_images=10_000, outliers=None):
    """Accuracy and AUROC when all images, those for fitting included, went through :func:`resample`.

    Parameters
    ----------
    network : torch.nn.Module
    dataset : str
        In-distribution set; its OOD sets as far as they are prepared.
    side : int
        In pixels.
    fit_images : int, default=10_000
        Training images that scores are fitted on.
    outliers : str, optional
        Image set that was trained with as unknown, see :func:`.leave_out`.

    Returns
    -------
    dict : ``side``, ``accuracy`` and by OOD set the AUROC of `SCORES`, by name; a score that fails is left out.
    """

    def features(images, labels):
        return extract(network, resample(images, side), labels, keep=True)

    images, labels = datasets.load(dataset, "train")
    sets = {"train": features(images[:fit_images], labels[:fit_images])}
    for split in ("test", "val"):
        if split in datasets.splits(dataset):
            sets[split] = features(*datasets.load(dataset, split))
    entries = [entry for entry in leave_out(ood_sets(dataset), outliers) if datasets.available(entry.name, "test")]
    for entry in entries:
        images, _ = load_ood(entry)
        sets[entry.name] = features(images, [-1] * len(images))
    bank = bank_from(network, sets)
    scores, found = score_all(bank, SCORES), {"side": side}
    found["accuracy"] = accuracies(bank["test"].logits, bank["test"].labels)["accuracy"]
    for entry in entries:
        measured = {name: measure(of_sets, entry.name, name) for name, of_sets in scores.items()}
        found[entry.name] = {name: row["auroc"] for name, row in measured.items() if "error" not in row}
    return found
