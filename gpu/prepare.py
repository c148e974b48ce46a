"""Pack wheels and image sets into parts that can be carried to a machine without internet.

python gpu/prepare.py    # needs the sets in the data cache: bgood data list
"""

import argparse
import json
import shutil
from pathlib import Path

import parcel

from bgood_lib import datasets, machine

HERE = Path(__file__).resolve().parent
# In the order in which a run needs them: training first, then what it is evaluated on.
SETS = (
    ("cifar10", "train"),
    ("cifar10", "test"),
    ("cifar100", "test"),
    ("svhn", "test"),
    ("textures", "test"),
    ("tiny_imagenet", "test"),
    ("mnist", "test"),
    ("fashion_mnist", "test"),
    ("places365", "test"),
    ("chars74k", "test"),
    ("cifar100", "train"),
)


def prepare(out, limit=59_500_000, wheels=True, sets=SETS, say=print):
    """Make the parcel; what was packed before is kept.

    Parameters
    ----------
    out : path
        Becomes ``out/1``, ``out/2``, ...; packed files are kept in ``out/packed``.
    limit : int
        Bytes of a part at most.
    wheels : bool, default=True
        False leaves the wheels out (and needs no internet).
    sets : sequence of (name, split)
    say : callable

    Returns
    -------
    list of int : bytes of each part.
    """
    packed = Path(out) / "packed"
    packed.mkdir(parents=True, exist_ok=True)
    if wheels and not list(packed.glob("*.whl")):
        parcel.download_wheels(packed, HERE.parent / "constraints.txt")
    order = sorted(path.name for path in packed.glob("*.whl")) if wheels else []
    manifest = {"commit": machine.describe(machine.choose_device("cpu"))["git_commit"], "sets": {}}
    for name, split in sets:
        if not datasets.available(name, split):
            say(f"{name} {split}: not in the data cache, left out; to have it: {datasets.command(name)}")
            continue
        info = datasets.verify(name, split)
        files = parcel.pack(datasets.cache_folder() / f"{name}-{split}.npz", packed)
        manifest["sets"][f"{name}-{split}"] = files
        order += files
        size = sum((packed / file).stat().st_size for file in files)
        say(f"{name} {split}: {size / 1e6:.1f} MB, {size / info.n:.0f} bytes an image")
    parts = parcel.divide({file: (packed / file).stat().st_size for file in order}, limit)
    for old in Path(out).glob("[0-9]*"):
        shutil.rmtree(old)
    sizes = []
    for number, files in enumerate(parts, 1):
        folder = Path(out) / str(number)
        folder.mkdir()
        for file in files:
            shutil.copyfile(packed / file, folder / file)
        (folder / "manifest.json").write_text(json.dumps(manifest))
        sizes.append(sum(path.stat().st_size for path in folder.iterdir()))
        say(f"part {number}: {sizes[-1] / 1e6:.1f} MB, {files[0]} to {files[-1]}")
    return sizes


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default=HERE / "parcel", type=Path)
    parser.add_argument("--limit", default=59_500_000, type=int, help="bytes of a part")
    parser.add_argument("--no-wheels", action="store_true")
    options = parser.parse_args()
    prepare(options.out, options.limit, not options.no_wheels)
