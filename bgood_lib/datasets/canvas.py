"""Canvas: CIFAR-10 objects small on photographs, made on the spot, with far more background than CIFAR's.

A CIFAR image fills its frame with its object. Here the same image, shrunk to a square of 20 x 20
pixels, lies at a random place on a random crop of two real photographs: three fifths of every
image are background that says nothing of its class. Every image comes with the mask of its square
(which holds what CIFAR-10 shows behind the object as well).

Three sets are out of distribution: *objects* of CIFAR-100 on the same kind of canvas, the *bare*
canvas, and the objects *elsewhere*: on the novel textures of :mod:`bgood_lib.datasets.scenes`.

Training and test images share neither a CIFAR image nor a region of a photograph.
"""

import numpy as np
from PIL import Image

from ..utils.errors import InputError
from .scenes import SIDE, novel_texture, photo_crop

RECIPE = 1  # count it up with every change of the arrays: caches then make the sets anew
SIZES = {"train": 20_000, "test": 5_000, "objects": 2_000, "bare": 2_000, "elsewhere": 2_000}
OBJECT_SIDE = 20  # of the pasted square, px
_SEED = 20261123
_STREAMS = {"train": 0, "test": 1, "objects": 2, "bare": 2, "elsewhere": 3}  # of chance, for canvases


def generate(kind: str, objects: np.ndarray | None = None, labels: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Make one set: the same arrays at every call with the same objects.

    Parameters
    ----------
    kind : {"train", "test", "objects", "bare", "elsewhere"}
        Which set; `SIZES` gives the number N of its images.
    objects : numpy.ndarray, optional
        uint8 RGB [M, 32, 32, 3], of which the first N are pasted. Only "bare" goes without.
    labels : numpy.ndarray, optional
        int64 [M], of the objects.

    Returns
    -------
    dict of str to numpy.ndarray
        ``images`` uint8 RGB [N, 32, 32, 3]; ``labels`` int64 [N], -1 where nothing is pasted;
        ``foreground`` bool [N, 32, 32], true on the pasted square.

    Raises
    ------
    ValueError
        If `kind` is none of the five, or there are fewer than N objects.

    Notes
    -----
    The sets are paired. "objects" and "bare" have the same canvases; "objects" and "elsewhere" the
    same objects at the same places.
    """
    if kind not in SIZES:
        raise InputError(f"no set of canvases is called {kind!r}; there are: {', '.join(SIZES)}")
    n = SIZES[kind]
    images = canvases(kind, n)
    foreground = np.zeros((n, SIDE, SIDE), bool)
    if kind == "bare":
        return {"images": images, "labels": np.full(n, -1, np.int64), "foreground": foreground}
    found = 0 if objects is None else len(objects)
    if found < n or len(labels) != found:
        raise InputError(f"canvas {kind!r} needs {n:,} objects with labels, but got {found:,} objects")
    for i, (top, left) in enumerate(places(n)):
        square = i, slice(top, top + OBJECT_SIDE), slice(left, left + OBJECT_SIDE)
        images[square] = shrink(objects[i])
        foreground[square] = True
    return {"images": images, "labels": labels[:n].astype(np.int64), "foreground": foreground}


def canvases(kind: str, n: int) -> np.ndarray:
    """The first `n` canvases of a set, nothing pasted yet: uint8 [n, 32, 32, 3]."""
    rng = np.random.default_rng([_SEED, _STREAMS[kind]])
    part = "train" if kind == "train" else "test"  # of the photographs
    return np.stack([novel_texture(rng) if kind == "elsewhere" else photo_crop(part, rng) for _ in range(n)])


def places(n: int) -> np.ndarray:
    """Top and left of the first `n` squares, px: int64 [n, 2], the same in every set."""
    return np.random.default_rng(_SEED).integers(SIDE - OBJECT_SIDE, endpoint=True, size=(n, 2))


def shrink(image: np.ndarray) -> np.ndarray:
    """An object at its size on the canvas: uint8 [32, 32, 3] to [20, 20, 3], without aliasing."""
    return np.asarray(Image.fromarray(image).resize((OBJECT_SIDE, OBJECT_SIDE), Image.Resampling.BILINEAR))
