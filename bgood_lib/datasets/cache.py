"""Image sets as arrays, from a cache that says what each of them is.

The cache folder is ``$BGOOD_DATA``, or the user's cache folder for ``bgood``. It holds one file
per set and split, such as ``cifar10-test.npz``: the arrays, and a ``meta`` string with the set's
title, standing, origin and the SHA-256 of its content, against which every read is checked.

`prepare` fills the cache, `load` reads it. The embedded scenes need no `prepare`, nor does what is made of
other sets (the canvas of CIFAR's, crops and moved objects of photographs) once those are there.
"""

import errno
import json
import os
from contextlib import contextmanager
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import numpy as np
import platformdirs

from ..utils.arrays import open_npz
from ..utils.errors import DataError, nearest, system_words
from ..utils.files import atomic_write, nearest_there, user_path
from . import canvas, letters, photos, scenes, skeletons
from .catalogue import (
    CANVAS,
    EMBEDDED,
    EXPECTED_SHA256,
    FULL,
    LETTERS,
    NAMES,
    PHOTOS,
    RECIPES,
    SKELETONS,
    TRAINABLE,
    Info,
    made_from,
)  # fmt: skip
from .sources import OFFICIAL, Arrays

SHUFFLED = "_shuffled"  # ends the name of an own set's test images in shuffled tiles
FAMILY = {name for names in photos.FILES.values() for name in names}  # sets that come with ``photos``


def content_sha256(images: np.ndarray, labels: np.ndarray) -> str:
    """SHA-256, in hex, of the bytes of `images` (uint8) followed by those of `labels` (int64)."""
    digest = sha256(np.ascontiguousarray(images, np.uint8))
    digest.update(np.ascontiguousarray(labels, "<i8"))
    return digest.hexdigest()


def cache_folder() -> Path:
    """The folder of prepared sets: ``$BGOOD_DATA``, or the user's cache folder for bgood.

    Raises
    ------
    DataError
        If neither is there, or it is a file.
    """
    if told := os.environ.get("BGOOD_DATA"):
        folder = user_path(told, "BGOOD_DATA")
        if os.path.exists(folder) and not os.path.isdir(folder):
            raise DataError(f"BGOOD_DATA is {told}, which is no folder; set BGOOD_DATA to a folder")
        return folder
    folder = Path(platformdirs.user_cache_dir("bgood"))
    if not folder.is_absolute():  # ~ stands for nothing
        raise DataError("there is no home folder to keep image sets in; set BGOOD_DATA to a folder")
    return folder


@contextmanager
def writing(path: Path):
    """A block that writes to the cache: where it cannot, an error that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # it says so itself
            raise
        raise DataError(
            f"{path} cannot be written, as "
            + (f"{nearest_there(path)} takes no files" if error.errno == errno.ENOENT else system_words(error)[0])
            + "; set BGOOD_DATA to a folder that can be written to, and has room"
        ) from error


def names() -> list[tuple[str, str]]:
    """(name, split) of every known set, then of every own set in the cache."""
    known = [(name, split) for name, splits in NAMES.items() for split in splits]
    files = sorted(path.stem for path in cache_folder().glob("[!.]*-*.npz"))
    own = [tuple(stem.rsplit("-", 1)) for stem in files]
    return known + [pair for pair in own if pair not in known]


def splits(name: str) -> list[str]:
    """The splits of a set; raises `DataError` if there is no such set."""
    found = list(NAMES[name]) if name in NAMES else [split for known, split in names() if known == name]
    if not found:
        raise unknown(name)
    return found


def prepared(name: str, split: str) -> bool:
    """Whether the set lies in the cache. False if unknown."""
    known = split in NAMES[name] if name in NAMES else (name, split) in names()
    return known and _path(name, split).exists()


def available(name: str, split: str) -> bool:
    """Whether `load` would find the set: it is prepared, or can be made on the spot. False if unknown."""
    made = (name, split) in RECIPES and all(prepared(*source) for source in made_from(name, split))
    return made or prepared(name, split)


def trainable(name: str) -> bool:
    """Whether one can train on a set: it is made for that, or an own one whose split "train" has labels."""
    if name in NAMES or not prepared(name, "train"):
        return name in TRAINABLE
    try:
        return bool(read(name, "train", "labels")[1]["labels"].min() >= 0)
    except DataError:  # reading it will say what is wrong
        return True


def trainable_names() -> list[str]:
    """Every set that one can train on, the own ones last."""
    return [name for name in dict.fromkeys(name for name, _ in names()) if trainable(name)]


def command(name: str) -> str:
    """The shell command that prepares, or repairs, a set, and before it what the set is made of."""
    slots = [(name, split) for split in NAMES.get(name, ())]
    direct = any(slot in RECIPES or slot in OFFICIAL for slot in slots) or name in FAMILY - {"photos_show"}
    missing = [source[0] for slot in slots for source in made_from(*slot) if not prepared(*source)]
    sources = dict.fromkeys("photos" if source in FAMILY else source for source in missing)
    return f"bgood data prepare {' '.join([*sources, name])}" + ("" if direct else " --from FOLDER")


def load(name: str, split: str = "test") -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of a set.

    Parameters
    ----------
    name : str
        A key of `NAMES`, or an own set that `prepare` adopted.
    split : {"train", "val", "test"}
        As `splits` says; most sets for out-of-distribution tests have "test" only.

    Returns
    -------
    images : numpy.ndarray
        uint8 RGB [N, S, S, 3]; S is the side of `Info`.
    labels : numpy.ndarray
        int64 [N], -1 where there are none.

    Raises
    ------
    DataError
        If the set is unknown, not prepared, or damaged.
    """
    arrays = _load(name, split)
    return arrays["images"], arrays["labels"]


def _load(name: str, split: str, *keys: str | None) -> Arrays:
    """Images, labels and the named extra arrays, as `read` takes them, all checked."""
    info, arrays = read(name, split, "images", "labels", *keys)
    if content_sha256(arrays["images"], arrays["labels"]) != info.sha256:
        raise damaged(name, split, "its content does not have the recorded SHA-256")
    return arrays


def extra(name: str, split: str, key: str) -> np.ndarray:
    """A further array of a set, such as ``classes`` [C] or ``foreground`` bool [N, S, S].

    Raises
    ------
    DataError
        As `load` does, and if the set has no such array; the message lists those it has.
    """
    return read(name, split, key)[1][key]


def has_extra(name: str, split: str, key: str) -> bool:
    """Whether a set has a further array of that name; raises `DataError` as `load` does, but for that."""
    return key in read(name, split, None)[1]


def info(name: str, split: str = "test") -> Info:
    """What a set is, without reading its images; raises `DataError` as `load` does."""
    return read(name, split)[0]


def verify(name: str, split: str) -> Info:
    """Read all of a set and check it; raises `DataError` as `load` does."""
    _load(name, split, None)
    return info(name, split)


def _path(name: str, split: str) -> Path:
    return cache_folder() / f"{name}-{split}.npz"


def damaged(name: str, split: str, reason: str) -> DataError:
    return DataError(f"{_path(name, split)} is damaged: {reason}. Repair it: {_repair(name, split)}")


def _repair(name: str, split: str) -> str:
    """What makes a set again, by where it came from as far as that can be read."""
    origin = _meta(_path(name, split)).get("origin", "")
    stem, adopted, _ = origin.partition(".npz: ")
    if adopted:
        return f"bgood data prepare {name} --from FOLDER, a folder that holds {stem}.npz"
    if name not in NAMES and len(splits(name.removesuffix(SHUFFLED))) > 1:
        folder = origin.partition("pictures of ")[2] or "FOLDER"
        return f"move it away, then give the command that made it again: bgood train {folder}"
    or_from = any((name, part) in OFFICIAL for part in NAMES.get(name, ())) and not origin
    return command(name) + " (or, if you adopted it, with --from FOLDER)" * or_from


def unknown(name: str | None) -> DataError:
    valid = list(dict.fromkeys(known for known, _ in names()))
    return DataError(f"no data set is called {name!r}; there are {', '.join(valid)}{nearest(name, valid)}")


def read(name: str, split: str, *keys: str | None) -> tuple[Info, Arrays]:
    """Meta data and the named arrays; key None stands for all extra arrays."""
    if split not in splits(name):
        raise DataError(f"{name} has no split {split!r}; it has: {', '.join(splits(name))}")
    path = _path(name, split)
    if not path.exists():
        if (name, split) not in RECIPES:
            raise DataError(f"{name} {split} is not prepared. Run: {command(name)}")
        generate(name, split)
    try:
        with open_npz(path) as file:
            meta = json.loads(str(file["meta"]))
            extras = meta.pop("extras")
            found = Info(**meta)
            wanted = [key for k in keys for key in (extras if k is None else [k])]
            missing = [k for k in wanted if k not in (*extras, "images", "labels")]
            arrays = {key: file[key] for key in wanted if key not in missing}
    except Exception as error:  # whatever is wrong with the file, there is one way out
        raise damaged(name, split, f"it cannot be read ({error})") from error
    if found.origin != RECIPES.get((name, split), found.origin):  # made by an earlier version
        generate(name, split)
        return read(name, split, *keys)
    if missing:
        raise DataError(
            f"{name} {split} has no array {missing[0]!r}; besides images and labels it has: "
            f"{', '.join(extras) or 'none'}"
        )
    if (found.name, found.split) != (name, split):
        raise damaged(name, split, f"it holds {found.name} {found.split}")
    for key in set(wanted) & set(extras):
        if sha256(arrays[key].tobytes()).hexdigest() != extras[key]:
            raise damaged(name, split, f"{key} does not have the recorded SHA-256")
    return found, arrays


def store(name: str, split: str, title: str, standing: str, origin: str, arrays: Arrays) -> Info:
    """Write one set to the cache; refuse what is not the official content it claims to be."""
    images, labels = arrays["images"], arrays["labels"]
    digest = content_sha256(images, labels)
    expected = EXPECTED_SHA256.get((name, split))
    if standing == "whole" and expected not in (None, digest):
        raise DataError(
            f"{title} from {origin} is not the official content: its SHA-256 is {digest}, "
            f"not {expected}. Nothing was kept; try another source: "
            f"bgood data prepare {name} --from FOLDER"
        )
    result = Info(name, split, title, standing, origin, len(images), digest, images.shape[1])
    extras = {k: v for k, v in arrays.items() if k not in ("images", "labels")}
    digests = {key: sha256(value.tobytes()).hexdigest() for key, value in extras.items()}
    meta = json.dumps(asdict(result) | {"extras": digests})
    before = _meta(_path(name, split))
    with writing(_path(name, split)), atomic_write(_path(name, split)) as temporary:
        np.savez(temporary, images=images, labels=labels, meta=np.array(meta), **extras)
    if (before.get("sha256"), before.get("extras")) != (digest, digests):
        for slot in RECIPES:  # made of what was here before
            if (name, split) in made_from(*slot):
                drop(*slot)
    return result


def drop(name: str, split: str) -> None:
    """Take a set out of the cache, if it is there."""
    _path(name, split).unlink(missing_ok=True)


def _meta(path: Path) -> dict:
    """The meta data of a file in the cache; none where it is not there, or damaged."""
    try:
        with open_npz(path) as file:
            return json.loads(str(file["meta"]))
    except Exception:
        return {}


def generate(name: str, split: str) -> Info:
    """Make a set on the spot and store it."""
    slot = name, split
    sources = made_from(*slot)
    for source in sources:
        if not prepared(*source):
            raise DataError(
                f"{name} {split} is made from {' '.join(source)}, which is not prepared. Run: {command(name)}"
            )
    if slot in EMBEDDED:
        arrays = scenes.generate(EMBEDDED[slot]) | {"classes": np.array(scenes.CLASSES)}
    elif slot == LETTERS:
        arrays = letters.generate() | {"classes": np.array(letters.CLASSES)}
    elif slot in SKELETONS:
        arrays = skeletons.generate(SKELETONS[slot]) | {"classes": np.array(skeletons.CLASSES)}
    elif slot in PHOTOS:
        arrays = photos.generate(PHOTOS[slot][0], _load(*sources[0], None), *(load(*more)[0] for more in sources[1:]))
    else:
        arrays = canvas.generate(CANVAS[slot][0], *(load(*sources[0]) if sources else ()))
        extras = read(*sources[0], None)[1] if sources else {}
        arrays |= {"classes": extras["classes"]} if "classes" in extras else {}
    title = f"{FULL[name]} {split}" if name in TRAINABLE else FULL[name]
    return store(name, split, title, "whole", RECIPES[slot], arrays)
