"""ID images set aside for choosing, and OOD images made from them."""

import dataclasses

import numpy as np

from .. import datasets
from ..utils.errors import InputError


def validation_rows(n):
    """Rows of an ID test set that are set aside for choosing hyper-parameters: a tenth, always the same.

    Parameters
    ----------
    n : int
        Size of the ID test set.

    Returns
    -------
    ndarray of shape [n // 10], int64, sorted
    """
    return np.sort(np.random.default_rng(0).permutation(n)[: n // 10])


def validation_images(dataset):
    """ID images for choosing: of the split ``val`` where a set has one, otherwise the set-aside rows of its test.

    Parameters
    ----------
    dataset : str
        In-distribution set.

    Returns
    -------
    images : ndarray of shape [N, S, S, 3], uint8
    description : Description
        Of the set they are from.
    """
    split = "val" if "val" in datasets.splits(dataset) else "test"
    images, what = datasets.load(dataset, split)[0], datasets.info(dataset, split).description
    return (images if split == "val" else images[validation_rows(len(images))]), what


def validation_part(bank):
    """What a bank's network says of ID images for choosing: its ``val``, or the set-aside rows of ``test``.

    Parameters
    ----------
    bank : Bank

    Returns
    -------
    Features
    """
    return bank["val"] if "val" in bank.sets else bank["test"].take(validation_rows(len(bank["test"])))


def jigsaw(images, tiles=4, seed=0):
    """Images cut into square tiles that change places: OOD without any OOD image.

    Parameters
    ----------
    images : ndarray of shape [N, H, W, 3]
        H and W are multiples of ``tiles``.
    tiles : int, default=4
        Tiles a side.
    seed : int, default=0
        Each image has an order of its own, never the true one.

    Returns
    -------
    ndarray of shape [N, H, W, 3], of the same type

    Raises
    ------
    ValueError
        If the images cannot be cut into so many tiles.

    References
    ----------
    Noroozi and Favaro, "Unsupervised learning of visual representations by solving jigsaw
    puzzles", ECCV 2016.
    """
    n, height, width, channels = images.shape
    if tiles < 2 or height % tiles or width % tiles:
        raise InputError(f"images of {height} x {width} cannot be cut into {tiles} x {tiles} tiles")
    h, w = height // tiles, width // tiles
    pieces = images.reshape(n, tiles, h, tiles, w, channels).swapaxes(2, 3).reshape(n, tiles**2, h, w, channels)
    rng = np.random.default_rng(seed)
    orders = rng.permuted(np.tile(np.arange(tiles**2), (n, 1)), axis=1)
    same = (orders == np.arange(tiles**2)).all(1)
    orders[same] = np.roll(orders[same], 1, axis=1)
    shuffled = np.take_along_axis(pieces, orders[:, :, None, None, None], axis=1)
    return shuffled.reshape(n, tiles, tiles, h, w, channels).swapaxes(2, 3).reshape(images.shape)


def set_aside(bank):
    """A bank whose ``test`` lacks the images that validation uses; they are ``val``, if there is no such set yet.

    Parameters
    ----------
    bank : Bank

    Returns
    -------
    Bank
    """
    if "val" in bank.sets:
        return bank
    test = bank["test"]
    held = np.zeros(len(test), bool)
    held[validation_rows(len(test))] = True
    sets = {"test": test.take(~held), "val": test.take(held)}
    notes = {"test": f"without {held.sum():,} images for validation", "val": "images for validation"}
    whole = bank.descriptions["test"]
    return bank.with_sets(
        sets, {name: dataclasses.replace(whole, note=notes[name], n=len(part)) for name, part in sets.items()}
    )
