"""Photographs of Pascal VOC with true masks, and sets that are made of them.

In distribution are airplane, boat, car, cat, dog and horse, each photograph in a split that is drawn
once and kept by its VOC id in ``photos_split.csv``. The other kinds, bicycle, cow, motorbike and sheep, are *unseen*:
they share meadows, roads and skies with the first.

The masks tell what is object (`object`: of the labelled kind) and what may not count as background
(`foreground`: also its border and objects of any other VOC kind). From them are made: *bare* crops that hold no object;
objects *moved*, each at its own place and scale, onto photographs of other places; and objects before plain *grey*.

Of the other objects, Imagenette's, half of the kinds may be trained with as unknowns (*outliers*): then the test is the rest.
"""

import csv
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from PIL import Image

from ..utils.errors import DataError, InputError

RECIPE = 1  # count it up with every change of the arrays: caches then make the sets anew
SIDE = 128  # of an image, px
CLASSES = ("airplane", "boat", "car", "cat", "dog", "horse")
UNSEEN = ("bicycle", "cow", "motorbike", "sheep")
# Every second kind of Imagenette's, from the first on, without the two that are left out.
OUTLIERS = ("tench", "chain saw", "French horn", "golf ball")
SHARES = {"val": 0.1, "test": 0.2}  # of the photographs of each class; the others are for training
N_PLACES, N_GROUNDS = 1500, 500  # photographs of places to be judged, and those that objects are moved onto
CROP_SIDE = 40  # least side of a bare crop before it is enlarged, px
GREY = 127
_SEED = 20261124
# The files that photographs come in: the sets that each fills.
FILES = {
    "photos_voc10": ("photos", "photos_unseen"),
    "photos_places": ("photos_places", "photos_grounds"),
    "photos_textures": ("photos_textures",),
    "photos_objects": ("photos_objects",),
    "photos_show": ("photos_show",),
}
PREPARED = "short side to 128 px, centre crop"
ORIGINS = {
    "photos_voc10": f"Pascal VOC 2012 photographs of ten classes with VOC's and SBD's masks, {PREPARED}, WebP of quality 92",
    "photos_places": f"MiniPlaces train, 20 on average of each of 100 scene classes, {PREPARED}, WebP of quality 92",
    "photos_textures": f"DTD, original JPEGs, {PREPARED}, WebP of quality 92",
    "photos_objects": f"Imagenette val without English springer and garbage truck, {PREPARED}, WebP of quality 92",
    "photos_show": f"Oxford-IIIT Pet (Parkhi et al. 2012), {PREPARED}, WebP of quality 92; CC BY-SA 4.0",
}
TITLES = {  # title and standing of a set from its file
    "photos_unseen": ("VOC photographs, unseen kinds", "whole"),
    "photos_places": ("MiniPlaces photographs", "part"),
    "photos_grounds": ("MiniPlaces photographs to move objects onto", "part"),
    "photos_textures": ("DTD photographs, 10 of 47 classes", "part"),
    "photos_objects": ("Imagenette val, 8 of 10 classes", "part"),
    "photos_show": ("Oxford-IIIT Pet, photographs that may be shown", "part"),
}
OTHER_TITLES = {  # where torchvision brings them
    "photos_places": ("Places365 val, some photographs", "stand-in"),
    "photos_grounds": ("Places365 val, photographs to move objects onto", "stand-in"),
    "photos_textures": ("DTD photographs", "whole"),
}
DOWNLOADED = tuple(stem for stem in FILES if stem != "photos_show")


class Piece(NamedTuple):
    """What a file holds for one set: where it goes, its title and standing, its arrays."""

    name: str
    split: str
    title: str
    standing: str
    arrays: dict[str, np.ndarray]


@cache
def split_table() -> dict[str, tuple[str, str]]:
    """Class and split (train, val, test or unseen) of every photograph, by its VOC id."""
    text = files(__package__).joinpath("photos_split.csv").read_text(encoding="utf-8")
    return {row["id"]: (row["class"], row["split"]) for row in csv.DictReader(text.splitlines())}


def draw_split(classes: dict[str, str]) -> dict[str, str]:
    """Draw the split anew: what `split_table` says of photographs, from their classes.

    Parameters
    ----------
    classes : dict of str to str
        Class of every photograph, by id.

    Returns
    -------
    dict of str to str
        train, val, test or unseen, by id; of each class of `CLASSES` the shares `SHARES`.
    """
    rng = np.random.default_rng(_SEED)
    split = dict.fromkeys(sorted(classes), "unseen")
    for name in CLASSES:
        ids = rng.permutation([photo for photo in split if classes[photo] == name]).tolist()
        n_val, n_test = (round(share * len(ids)) for share in SHARES.values())
        parts = ["val"] * n_val + ["test"] * n_test + ["train"] * (len(ids) - n_val - n_test)
        split.update(zip(ids, parts, strict=True))
    return split


def pieces(stem: str, arrays: dict[str, np.ndarray]) -> list[Piece]:
    """What a file of photographs holds, set by set.

    Parameters
    ----------
    stem : str
        A key of `FILES`.
    arrays : dict of str to numpy.ndarray
        Its arrays: ``images`` uint8 [N, S, S, 3], ``labels`` int64 [N], ``classes`` [C]; with masks also
        ``masks`` [N, S, S] (1 the labelled class, 0 background, 2 border or another object) and ``names`` [N].

    Returns
    -------
    list of Piece

    Raises
    ------
    DataError
        If an array is missing or of another shape, or the photographs are not those of `split_table`.
    """
    with_masks = stem in ("photos_voc10", "photos_show")
    _check(stem, arrays, with_masks)
    arrays = _with_masks(arrays) if with_masks else arrays
    if stem == "photos_voc10":
        return _of_voc(arrays)
    if stem == "photos_places":
        n, wanted = len(arrays["images"]), N_PLACES + N_GROUNDS
        if n < wanted:
            raise DataError(f"{stem} has {n:,} photographs; expected {wanted:,} or more. Bring the whole file")
        order = np.random.default_rng(_SEED).permutation(n)[:wanted]
        rows = {"photos_places": order[:N_PLACES], "photos_grounds": order[N_PLACES:]}
        return [Piece(name, "test", *TITLES[name], _take(arrays, part)) for name, part in rows.items()]
    return [Piece(name, "test", *TITLES[name], arrays) for name in FILES[stem]]


def _check(stem, arrays, with_masks):
    n, height, width, _ = arrays["images"].shape
    shapes = {"classes": arrays.get("classes", np.zeros(0)).shape[:1]}
    shapes |= {"masks": (n, height, width), "names": (n,)} if with_masks else {}
    for key, shape in shapes.items():
        if key not in arrays or arrays[key].shape != shape:
            found = f"of shape {arrays[key].shape}" if key in arrays else "missing"
            raise DataError(f"{stem}: array {key!r} is {found}; expected the shape {shape}. Bring the whole file")
    low, high = arrays["labels"].min(), arrays["labels"].max()
    if low < 0 or high >= len(arrays["classes"]):
        raise DataError(f"{stem}: labels are {low} to {high}, but there are {len(arrays['classes'])} classes")


def _with_masks(arrays):
    masks = arrays["masks"]
    rest = {key: array for key, array in arrays.items() if key not in ("masks", "split")}
    return rest | {"foreground": masks != 0, "object": masks == 1}


def _of_voc(arrays):
    table = split_table()
    row = {photo: i for i, photo in enumerate(arrays["names"].tolist())}
    if lacking := table.keys() ^ row.keys():
        raise DataError(
            f"photos_voc10 holds {len(row):,} photographs that should be the {len(table):,} of the split; "
            f"{len(lacking):,} are missing or not among them, such as {min(lacking)}. Bring the whole file"
        )
    named = arrays["classes"][arrays["labels"]].tolist()
    if odd := [photo for photo, i in row.items() if named[i] != table[photo][0]]:
        raise DataError(f"photos_voc10: {odd[0]} is labelled {named[row[odd[0]]]!r}, not {table[odd[0]][0]!r}")
    found = []
    for part in ("train", "val", "test", "unseen"):
        ids = sorted(photo for photo in row if table[photo][1] == part)
        classes = UNSEEN if part == "unseen" else CLASSES
        labels = np.array([classes.index(table[photo][0]) for photo in ids], np.int64)
        rows = _take(arrays, [row[photo] for photo in ids]) | {"labels": labels, "classes": np.array(classes)}
        place = ("photos_unseen", "test", *TITLES["photos_unseen"])
        found.append(Piece(*place if part == "unseen" else ("photos", part, f"VOC photographs {part}", "whole"), rows))
    return found


def _take(arrays, rows):
    """Rows of every array but the names of the classes."""
    return {key: array if key == "classes" else array[rows] for key, array in arrays.items()}


def generate(kind: str, photographs: dict[str, np.ndarray], grounds: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Make one set: the same arrays at every call with the same photographs.

    Parameters
    ----------
    kind : {"bare", "moved", "grey", "outliers"}
        Crops without an object; objects on `grounds`; objects before grey; photographs of the classes `OUTLIERS`.
    photographs : dict of str to numpy.ndarray
        Of a set that `pieces` gives: ``images`` [N, S, S, 3], ``labels``, ``classes``, ``names``, ``foreground`` and
        ``object`` [N, S, S]; "outliers" reads ``images``, ``labels`` and ``classes`` only.
    grounds : numpy.ndarray, optional
        For "moved": uint8 RGB [M, S, S, 3]. Each is used once before one is used again.

    Returns
    -------
    dict of str to numpy.ndarray
        ``images`` uint8 [N', S, S, 3], ``labels`` int64 (-1 for bare crops), ``names``, ``foreground`` bool
        [N', S, S] (of bare crops nowhere true) and, but for bare crops, ``classes``. Of outliers ``images``, ``labels``
        and ``classes``.

    Raises
    ------
    ValueError
        If `kind` is none of the four.
    """
    if kind == "outliers":
        arrays = {key: photographs[key] for key in ("images", "labels", "classes")}
        return _take(arrays, np.isin(arrays["classes"][arrays["labels"]], OUTLIERS))
    images, names = photographs["images"], photographs["names"]
    if kind == "bare":
        squares = largest_squares(~photographs["foreground"])
        kept = np.flatnonzero(squares[:, 2] >= CROP_SIDE)
        crops = [_enlarge(images[i], *squares[i]) for i in kept]
        return {
            "images": np.array(crops, np.uint8).reshape(len(kept), *images.shape[1:]),
            "labels": np.full(len(kept), -1, np.int64),
            "names": names[kept],
            "foreground": np.zeros((len(kept), *images.shape[1:3]), bool),
        }
    if kind not in ("moved", "grey"):
        raise InputError(f"no set of photographs is called {kind!r}; there are: bare, moved, grey, outliers")
    if kind == "grey":
        behind = np.full((1, 1, 1, 3), GREY, np.uint8)
    else:
        order = np.random.default_rng(_SEED).permutation(len(grounds))
        behind = grounds[np.resize(order, len(images))]
    return {
        "images": paste(images, photographs["object"], behind),
        "labels": photographs["labels"],
        "classes": photographs["classes"],
        "names": names,
        "foreground": photographs["object"],
    }


def largest_squares(free: np.ndarray) -> np.ndarray:
    """The largest square of each picture in which all is free.

    Parameters
    ----------
    free : numpy.ndarray
        bool [N, H, W].

    Returns
    -------
    numpy.ndarray
        int64 [N, 3]: top, left and side, px; of several largest squares the one that ends first.
    """
    n, height, width = free.shape
    sides = np.zeros((height + 1, width + 1, n), np.int64)  # of the largest square that ends in a pixel
    for y in range(height):
        for x in range(width):
            least = np.minimum(np.minimum(sides[y, x], sides[y, x + 1]), sides[y + 1, x])
            sides[y + 1, x + 1] = np.where(free[:, y, x], least + 1, 0)
    sides = sides[1:, 1:].reshape(-1, n)
    end, side = sides.argmax(0), sides.max(0)
    return np.stack([end // width + 1 - side, end % width + 1 - side, side], axis=1)


def _enlarge(image, top, left, side):
    crop = Image.fromarray(image[top : top + side, left : left + side])
    return np.asarray(crop.resize(image.shape[1::-1], Image.Resampling.BILINEAR))


def paste(images: np.ndarray, masks: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """Lay what masks show over other pictures; the edge is feathered inwards, so no pixel beside a mask comes along.

    Parameters
    ----------
    images : numpy.ndarray
        uint8 [N, S, S, 3].
    masks : numpy.ndarray
        bool [N, S, S].
    behind : numpy.ndarray
        uint8 [N, S, S, 3], or of a shape that broadcasts to it.

    Returns
    -------
    numpy.ndarray
        uint8 [N, S, S, 3].
    """
    padded = np.pad(masks.astype(np.uint8), ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    weight = masks * (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:])  # of 16
    result = np.empty_like(images)
    behind = np.broadcast_to(behind, images.shape)
    for i, w in enumerate(weight[..., None].astype(np.uint16)):  # one by one, to save memory
        result[i] = (images[i] * w + behind[i] * (16 - w) + 8) // 16
    return result
