"""Scenes: a data set of digits on photographs, made on the spot, with true foreground masks.

Real handwritten digits are blended, at random size, place and colour, onto random crops of two
real photographs. Every image comes with the mask of its digit, so that whatever claims to find
the background of an image can be checked against the truth. In distribution are the digits 0 to
5. Four sets are out of distribution: *unseen* digits 6 to 9 on the same kind of background, the
bare *background*, *novel* textures of kinds that no training image shows, and the unseen digits
*elsewhere*: on such textures.

Training and test images share neither a digit nor a region of a photograph.
"""

from functools import cache

import numpy as np
from PIL import Image

from ..utils.errors import InputError

RECIPE = 2  # count it up with every change of the arrays: caches then make the sets anew
SIZES = {"train": 6000, "test": 2000, "unseen": 2000, "background": 2000, "novel": 2000, "elsewhere": 2000}
CLASSES = tuple("012345")
SIDE = 32  # of an image, px
DIGIT_SIDE = (14, 22)  # of a digit, px, both ends included
CROP_SIDE = (48, 96)  # of a photo crop before it is resized to SIDE, px, both ends included
OPACITY = (0.85, 1.0)  # blending weight where the ink is full
MASK_THRESHOLD = 0.2  # a smaller blending weight counts as none: the pixel stays background
CONTRAST = 120  # least RGB distance of the digit's colour from the mean colour behind it, of 441
TRAIN_DIGITS = 1300  # of the 1,797; the others are for the test sets
CELLS = (4, 5)  # rows and columns each photograph is cut into; training and test alternate
_SEED = 20240501


def generate(kind: str) -> dict[str, np.ndarray]:
    """Make one set of scenes: the same arrays at every call.

    Parameters
    ----------
    kind : {"train", "test", "unseen", "background", "novel", "elsewhere"}
        Which set; `SIZES` gives the number N of its images.

    Returns
    -------
    dict of str to numpy.ndarray
        ``images`` uint8 RGB [N, 32, 32, 3]; ``labels`` int64 [N], the digit 0 to 5 where in
        distribution and -1 elsewhere; ``foreground`` bool [N, 32, 32], true on the digit.
        Outside ``foreground`` the pixels of an image are exactly those of its photo crop or texture.

    Raises
    ------
    ValueError
        If `kind` is none of the six.

    Notes
    -----
    The digits are scikit-learn's `load_digits` (the test part of the UCI Optical Recognition of
    Handwritten Digits data, 8 x 8), the photographs its `load_sample_images` (china.jpg and
    flower.jpg).
    """
    if kind not in SIZES:
        raise InputError(f"no set of scenes is called {kind!r}; there are: {', '.join(SIZES)}")
    n = SIZES[kind]
    rng = np.random.default_rng([_SEED, list(SIZES).index(kind)])
    images = np.empty((n, SIDE, SIDE, 3), np.uint8)
    labels = np.full(n, -1, np.int64)
    foreground = np.zeros((n, SIDE, SIDE), bool)
    rows = digit_rows(kind)
    for i in range(n):
        images[i] = novel_texture(rng) if kind in ("novel", "elsewhere") else photo_crop(kind, rng)
        if len(rows):
            row = rng.choice(rows)
            weight = digit_weight(_digits().images[row], rng)
            images[i] = blend(images[i], weight, contrasting_colour(images[i], weight, rng))
            foreground[i] = weight > 0
            labels[i] = _digits().target[row] if kind in ("train", "test") else -1
    return {"images": images, "labels": labels, "foreground": foreground}


def digit_rows(kind: str) -> np.ndarray:
    """Rows of `load_digits` that a set draws from: int64 [R], none for sets without digits."""
    order = np.random.default_rng(_SEED).permutation(len(_digits().target))
    part = order[:TRAIN_DIGITS] if kind == "train" else order[TRAIN_DIGITS:]
    target = _digits().target[part]
    wanted = {"train": target <= 5, "test": target <= 5, "unseen": target > 5, "elsewhere": target > 5}
    return part[wanted.get(kind, np.zeros(len(part), bool))]


def photo_cells(kind: str) -> list[tuple[int, int, int, int]]:
    """Cells of both photographs that a set's crops come from: left, top, right, bottom, in px.

    Each photograph is a chessboard of `CELLS`: training crops lie inside the even cells, test
    crops inside the odd ones.
    """
    rows, columns = CELLS
    height, width = _photos()[0].height // rows, _photos()[0].width // columns
    return [
        (width * j, height * i, width * (j + 1), height * (i + 1))
        for i in range(rows)
        for j in range(columns)
        if (i + j) % 2 == (kind != "train")
    ]


def photo_crop(kind: str, rng: np.random.Generator) -> np.ndarray:
    """A random square of a photograph, resized and perhaps mirrored: uint8 [32, 32, 3]."""
    photo = _photos()[rng.integers(len(_photos()))]
    cells = photo_cells(kind)
    left, top, right, bottom = cells[rng.integers(len(cells))]
    side = int(rng.integers(*CROP_SIDE, endpoint=True))
    x = int(rng.integers(left, right - side, endpoint=True))
    y = int(rng.integers(top, bottom - side, endpoint=True))
    crop = photo.crop((x, y, x + side, y + side))  # first, so that no pixel beside it mixes in
    crop = np.asarray(crop.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    return crop[:: rng.choice([1, -1]), :: rng.choice([1, -1])]


def digit_weight(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blending weights of a digit at random size, place and opacity.

    Parameters
    ----------
    digit : numpy.ndarray
        Ink, 0 to 16, [8, 8].
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    numpy.ndarray
        uint8 [32, 32], of 255; 0 wherever the weight would be below `MASK_THRESHOLD`.
    """
    side = int(rng.integers(*DIGIT_SIDE, endpoint=True))
    top, left = rng.integers(SIDE - side, endpoint=True, size=2)
    ink = Image.fromarray((digit * (255 / 16)).astype(np.uint8))
    ink = np.asarray(ink.resize((side, side), Image.Resampling.BICUBIC))
    weight = np.zeros((SIDE, SIDE), np.uint8)
    weight[top : top + side, left : left + side] = ink * rng.uniform(*OPACITY)
    weight[weight < MASK_THRESHOLD * 255] = 0
    return weight


def contrasting_colour(image: np.ndarray, weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random colour, uint8 [3], at least `CONTRAST` from what it will cover."""
    behind = image[weight > 0].mean(axis=0)
    while True:
        colour = rng.integers(256, size=3)
        if np.linalg.norm(colour - behind) >= CONTRAST:
            return colour.astype(np.uint8)


def blend(image: np.ndarray, weight: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Lay a colour [3] over an image [32, 32, 3] by weights [32, 32], all uint8, weights of 255."""
    weight = weight[..., None].astype(np.int64)
    return ((image * (255 - weight) + colour * weight + 127) // 255).astype(np.uint8)


def novel_texture(rng: np.random.Generator) -> np.ndarray:
    """A texture that no photograph shows, uint8 [32, 32, 3].

    A pattern of random kind (stripes, checkerboard, rings, polygons, noise of random grain), at
    random angle, scale and place, mixes two random colours.
    """
    y, x = np.mgrid[:SIDE, :SIDE] - rng.uniform(0, SIDE, size=(2, 1, 1))
    angle, period = rng.uniform(0, np.pi), rng.uniform(3, 16)
    u = (x * np.cos(angle) + y * np.sin(angle)) / period
    v = (y * np.cos(angle) - x * np.sin(angle)) / period
    kind = rng.choice(["stripes", "checkerboard", "rings", "polygons", "noise"])
    if kind == "stripes":
        pattern = 0.5 + 0.5 * np.sin(2 * np.pi * u)
    elif kind == "checkerboard":
        pattern = (np.floor(u) + np.floor(v)) % 2
    elif kind == "rings":
        pattern = 0.5 + 0.5 * np.sin(2 * np.pi * np.hypot(u, v))
    elif kind == "polygons":
        seeds = rng.uniform(0, SIDE, size=(2, rng.integers(4, 25), 1, 1))
        rows, columns = np.mgrid[:SIDE, :SIDE]
        nearest = ((rows - seeds[0]) ** 2 + (columns - seeds[1]) ** 2).argmin(axis=0)
        pattern = rng.uniform(size=seeds.shape[1])[nearest]
    else:
        grain = rng.integers(4, SIDE, endpoint=True)
        noise = Image.fromarray(rng.integers(256, size=(grain, grain), dtype=np.uint8))
        pattern = np.asarray(noise.resize((SIDE, SIDE), Image.Resampling.BILINEAR)) / 255
    one, other = rng.integers(256, size=(2, 3))
    return np.round(one + pattern[..., None] * (other - one)).astype(np.uint8)


@cache
def _digits():
    from sklearn.datasets import load_digits  # slow to import: only where images are made

    return load_digits()


@cache
def _photos() -> list[Image.Image]:
    from sklearn.datasets import load_sample_images

    return [Image.fromarray(photo) for photo in load_sample_images().images]
