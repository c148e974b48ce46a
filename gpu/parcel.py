"""Image sets small enough to travel: pictures of 1,000 images each, packed without loss and unpacked bit by bit.

A parcel is a folder of parts, ``1``, ``2``, ...; each holds files and a copy of ``manifest.json``, which says what
the parcel holds in all. A set is ``NAME-SPLIT.npz`` (labels, extra arrays, what the set is) and pictures
``NAME-SPLIT-000.webp``, ...; wheels lie beside them.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

PER_PICTURE, ACROSS = 1000, 25  # of one set: 25 images side by side, 40 rows

# What a bare PyTorch image lacks of what `bgood_lib` needs for a training and its evaluation.
WHEELS = ("pytorch-ood", "jsonschema", "jsonschema-specifications", "referencing", "rpds-py", "platformdirs")
_TARGET = (
    "--no-deps --only-binary=:all: --python-version 3.12 --implementation cp --platform manylinux_2_28_x86_64 "
    "--platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64"
).split()


def download_wheels(folder, constraints):
    """Download ``WHEELS`` for CPython 3.12 on x86-64 Linux; versions as in a constraints file where it names them."""
    pinned = dict(line.split("==") for line in Path(constraints).read_text().split() if "==" in line)
    names = [f"{name}=={pinned[name]}" if name in pinned else name for name in WHEELS]
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", *_TARGET, "-d", folder, *names], check=True)


def pack(npz, folder):
    """Pack one cached set.

    Parameters
    ----------
    npz : path
        A file of the cache of `bgood_lib.datasets`.
    folder : path
        Where the packed files go; one that is there already is kept.

    Returns
    -------
    list of str : names of the packed files, the small one first.
    """
    npz, folder = Path(npz), Path(folder)
    with np.load(npz, allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    images = arrays.pop("images")
    names = [npz.name]
    np.savez_compressed(folder / npz.name, n=len(images), **arrays)
    for i in range(0, len(images), PER_PICTURE):
        names.append(f"{npz.stem}-{i // PER_PICTURE:03d}.webp")
        if not (folder / names[-1]).exists():
            picture = to_picture(images[i : i + PER_PICTURE])
            Image.fromarray(picture).save(folder / ".half.webp", lossless=True, method=4, quality=75, exact=True)
            os.replace(folder / ".half.webp", folder / names[-1])
    return names


def unpack(folder, names, cache):
    """Write a set back into a cache, unless some of its files are not there yet.

    Parameters
    ----------
    folder : path
        Holds the packed files.
    names : list of str
        As `pack` returned them.
    cache : path

    Returns
    -------
    bool : whether the set is in the cache now. Whether it is the same as before is for
        `bgood_lib.datasets.verify` to say.
    """
    folder, target = Path(folder), Path(cache) / names[0]
    if target.exists():
        return True
    if not all((folder / name).exists() for name in names):
        return False
    with np.load(folder / names[0], allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    rest, images = int(arrays.pop("n")), []
    for name in names[1:]:
        with Image.open(folder / name) as picture:
            images.append(from_picture(np.asarray(picture.convert("RGB")), min(rest, PER_PICTURE)))
        rest -= len(images[-1])
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".{target.name}")
    np.savez(half, images=np.concatenate(images), **arrays)
    os.replace(half, target)
    return True


def to_picture(images):
    """Images [N, 32, 32, 3] side by side in one picture; the last row is filled up with black."""
    rows = -(-len(images) // ACROSS)
    full = np.zeros((rows * ACROSS, *images.shape[1:]), np.uint8)
    full[: len(images)] = images
    _, height, width, channels = full.shape
    return full.reshape(rows, ACROSS, height, width, channels).swapaxes(1, 2).reshape(rows * height, -1, channels)


def from_picture(picture, n, side=32):
    """The first ``n`` images of a picture of `to_picture`."""
    rows = len(picture) // side
    return picture.reshape(rows, side, ACROSS, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3)[:n]


def divide(sizes, limit):
    """Deal files out to parts of at most ``limit`` bytes, in order.

    Parameters
    ----------
    sizes : dict of str to int
    limit : int

    Returns
    -------
    list of list of str
    """
    parts, room = [], 0
    for name, size in sizes.items():
        if size > limit:
            raise ValueError(f"{name} has {size:,} bytes; a part may have {limit:,}. Raise --limit")
        if size > room or not parts:
            parts.append([])
            room = limit
        parts[-1].append(name)
        room -= size
    return parts


def take_in(parts, store):
    """Move all parts that are there into one folder.

    Parameters
    ----------
    parts : path
        Folder with parts ``1``, ``2``, ...; they stay as they are.
    store : path

    Returns
    -------
    dict : the manifest.
    """
    store = Path(store)
    store.mkdir(parents=True, exist_ok=True)
    for file in sorted(Path(parts).glob("*/*")):
        target = store / file.name
        if file.parent.name.isdigit() and not (target.exists() and target.stat().st_size == file.stat().st_size):
            shutil.copyfile(file, store / ".half")
            os.replace(store / ".half", target)
    if not (store / "manifest.json").exists():
        raise FileNotFoundError(f"no part of the parcel in {parts}; make it with: python gpu/prepare.py")
    return json.loads((store / "manifest.json").read_text())
