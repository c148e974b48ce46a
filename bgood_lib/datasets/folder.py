"""One's own pictures, a folder a class, split into training, validation and test pictures."""

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..utils.errors import DataError
from ..utils.files import user_path
from .images import ENDINGS, WAY_OUT, find_images, read_images

SHARES = {"test": 0.2, "val": 0.1}  # of each class; the rest is for training
FEWEST = 3  # pictures of a class: one for each split
FEW = 20  # pictures of a class below which its figures are coarse
UNEVEN = 10  # times that the largest class may be as large as another; pictures of smaller ones are repeated
THUMBNAIL = 8  # side of what near-duplicates are compared by
# Share of its own contrast by which a picture may differ from its near-duplicate. Re-encoded and resized photographs
# differ by at most 0.04 (1,900 tried, JPEG quality 30 to 95, sides 40 to 100), different ones by at least 0.14.
ALIKE = 0.07


@dataclass(frozen=True)
class Listing:
    """Which pictures a folder holds, before any is read.

    Attributes
    ----------
    folder : Path
    classes : tuple of str
        Names of its folders, sorted.
    files : list of Path
        In the order of the classes.
    labels : ndarray of shape [N], int64
    astray : tuple of str
        Names of the pictures beside the folders, which belong to no class.
    """

    folder: Path
    classes: tuple
    files: list
    labels: np.ndarray
    astray: tuple = ()

    def names(self, rows):
        """Paths within the folder, of some pictures."""
        return [self.files[i].relative_to(self.folder).as_posix() for i in rows]

    def key(self, *settings):
        """A checksum of names, sizes and times of all files and of settings: 8 hexadecimal digits."""
        stats = [file.stat() for file in self.files]
        facts = [[name, s.st_size, s.st_mtime_ns] for name, s in zip(self.names(range(len(self.files))), stats)]
        return hashlib.sha256(json.dumps([facts, settings]).encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Pictures:
    """A folder's pictures, read and split.

    Attributes
    ----------
    splits : dict of str to dict of str to ndarray
        ``train``, ``val`` and ``test``: ``images`` uint8 [N, side, side, 3], ``labels`` int64 [N], ``classes`` [K] and
        ``names`` [N], paths within the folder.
    unreadable : list of (Path, str)
        Files that were left out, and why.
    alike : list of list of str
        Groups of near-duplicates, by name; each lies in one split.
    warnings : list of str
    """

    splits: dict
    unreadable: list = field(default_factory=list)
    alike: list = field(default_factory=list)
    warnings: list = field(default_factory=list)


def list_folder(folder):
    """What a folder holds that has a folder of pictures per class (of those below it, too).

    Parameters
    ----------
    folder : path

    Returns
    -------
    Listing

    Raises
    ------
    DataError
        If these are not at least two classes of at least three pictures, with names that differ in more than case.
    """
    folder = user_path(folder, "the folder")
    if not folder.is_dir():
        what = f"{folder} is a file" if folder.exists() else f"there is no folder {folder}"
        raise DataError(f"{what}; give a folder that holds a folder of pictures per class")
    inside = sorted(path for path in folder.glob("[!.]*"))
    folders = [path for path in inside if path.is_dir()]
    astray = tuple(path.name for path in inside if path.suffix.lower() in ENDINGS and path.is_file())
    if not folders:
        found = f"pictures ({len(astray):,}) but no folders" if astray else "no folders"
        raise DataError(f"{folder} holds {found}; put the pictures of each class into a folder of its own in it")
    _refuse_equal(folder, [path.name for path in folders])
    if len(folders) == 1:
        raise DataError(
            f"{folder} holds one class only, {folders[0].name}; a classifier needs at least two. What is not "
            f"{folders[0].name} can be the second, in a folder beside it"
        )
    files = []
    for path in folders:
        try:
            files.append(find_images([path]))
        except FileNotFoundError:
            hidden = sum(file.name.startswith(".") for file in path.rglob("*"))
            skipped = f"{hidden} hidden skipped; " * bool(hidden)
            raise DataError(f"{path} holds no pictures ({skipped}known endings: {' '.join(ENDINGS)}); put some there, or "
                            f"move the folder out of {folder}") from None  # fmt: skip
    _refuse_few([path.name for path in folders], [len(some) for some in files], folder)
    labels = np.repeat(np.arange(len(folders)), [len(some) for some in files])
    return Listing(folder, tuple(path.name for path in folders), [f for some in files for f in some], labels, astray)


def _refuse_equal(folder, names):
    """Refuse classes that somebody else's computer, or a reader, would take for one."""
    seen = {}
    for name in names:
        same = seen.setdefault(" ".join(unicodedata.normalize("NFKC", name).casefold().split()), name)
        if same != name:
            raise DataError(f"{folder} holds two classes of equal names, {same!r} and {name!r}; rename one, or put "
                            "their pictures together")  # fmt: skip


def _refuse_few(classes, counts, folder):
    for name, n in zip(classes, counts):
        if n < FEWEST:
            raise DataError(
                f"the class {name} in {folder} has {n} {'picture' if n == 1 else 'pictures'}; at least {FEWEST} are "
                f"needed: to learn from, to set the threshold by, and to test. Add some, or move the folder out of {folder}"
            )


def read_folder(listing, side=224, seed=0, strict=False, progress=list):
    """Read the pictures of a folder and set some aside, by class: about 10% for validation, 20% for the test.

    Near-duplicates (the same picture resized, saved again or mirrored) stay in one split, those that lie in two
    classes in the training split. There, pictures of a class stand several times where another class has more than ten
    times as many.

    Parameters
    ----------
    listing : Listing
        Of :func:`list_folder`.
    side : int, default=224
        In pixels, a multiple of 8; see :func:`~bgood_lib.datasets.images.read_images`.
    seed : int, default=0
        Of who is set aside.
    strict : bool, default=False
        Stop at the first file that cannot be read, or lies beside the folders; by default it is left out.
    progress : callable, default=list
        Takes the list of files and gives it back with a way to show how far it is gone through, such as ``tqdm``.

    Returns
    -------
    Pictures

    Raises
    ------
    DataError
        If too few pictures remain.
    bgood_lib.utils.errors.InputError
        If ``strict``, and a file cannot be read.
    """
    astray = f"beside the folders, so in no class, lie {_some(listing.astray)}"
    if strict and listing.astray:
        raise DataError(f"{listing.folder}: {astray}; put them into one, or take them away")
    bad = None if strict else []
    images = read_images(progress(listing.files), bad, side)
    refused = {file for file, _ in bad or ()}
    rows = np.array([i for i, file in enumerate(listing.files) if file not in refused])
    labels, n_classes = listing.labels[rows], len(listing.classes)
    counts = np.bincount(labels, minlength=n_classes)
    if refused and counts.min() < FEWEST:
        reasons = "; ".join(reason.removesuffix(WAY_OUT) for _, reason in bad[:3])
        raise DataError(
            f"{len(refused)} of {len(listing.files)} files cannot be read, and the class "
            f"{listing.classes[counts.argmin()]} has {counts.min()} left where {FEWEST} are needed; replace these files: "
            f"{reasons}"
        )
    groups = near_duplicates(images)
    where = split(labels, groups, seed)
    if len(set(where)) < 3:
        raise DataError(
            f"nothing can be set aside in {listing.folder}: its pictures are near-duplicates of each other, which stay "
            "together; put others there, too"
        )
    together = [members for members in _members(groups) if len(members) > 1]
    order = np.argsort(where, kind="stable")
    _reorder(images, order)
    ends = np.cumsum(np.bincount(where, minlength=3))
    splits = {}
    for name, start, end in zip(("train", "val", "test"), (0, *ends), ends):
        splits[name] = {
            "images": images[start:end],
            "labels": labels[order[start:end]],
            "classes": np.array(listing.classes),
            "names": np.array(listing.names(rows[order[start:end]]), dtype=str),
        }
    splits["train"] = _repeated(splits["train"])
    warnings = _warnings(listing.classes, counts, [name for name in splits if name != "train"], splits)
    warnings += [
        f"the same picture lies in two classes, so it cannot be right in both: {_some(listing.names(rows[members]))}"
        for members in together
        if len(set(labels[members])) > 1
    ]
    warnings += [astray] if listing.astray else []
    return Pictures(splits, bad or [], [listing.names(rows[members]) for members in together], warnings)


def _some(names, most=4):
    return ", ".join(names[:most]) + f" and {len(names) - most} more" * (len(names) > most)


def _warnings(classes, counts, set_aside, splits):
    found = []
    few = [f"{name} ({n})" for name, n in zip(classes, counts) if n < FEW]
    if few:
        found.append(f"fewer than {FEW} pictures, so figures are coarse: {_some(few)}")
    if counts.max() >= UNEVEN * counts.min():
        large, small = counts.argmax(), counts.argmin()
        found.append(
            f"{classes[large]} has {counts[large]:,} pictures and {classes[small]} has {counts[small]:,}: read the "
            "balanced accuracy, in which each class counts alike. Small classes are repeated to a tenth of the largest"
        )
    for name in set_aside:
        lacking = sorted(set(range(len(classes))) - set(splits[name]["labels"].tolist()))
        if lacking:
            found.append(
                f"no picture of {_some([classes[i] for i in lacking])} in the {name} split, as near-duplicates stay "
                "together; put others there, too"
            )
    return found


def _repeated(part):
    """A training split in which no class is ``UNEVEN`` times as large as another."""
    counts = np.bincount(part["labels"])
    times = np.maximum(1, -(-counts.max() // (UNEVEN * np.maximum(counts, 1))))
    more = np.repeat(np.arange(len(part["labels"])), times[part["labels"]] - 1)
    if not len(more):
        return part
    return part | {key: np.concatenate([part[key], part[key][more]]) for key in ("images", "labels", "names")}


def near_duplicates(images):
    """Which pictures are the same one: resized, saved again or mirrored.

    Two pictures are alike if their thumbnails (8 x 8 RGB) differ by less than ``ALIKE`` of their own variance. What is
    alike to a third one belongs together too.

    Parameters
    ----------
    images : ndarray of shape [N, side, side, 3], uint8
        ``side`` is a multiple of 8.

    Returns
    -------
    ndarray of shape [N], int64
        The first picture of each one's group.
    """
    small = np.stack([_thumbnail(image) for image in images])
    plain = small.reshape(len(small), -1)
    mirrored = small[:, :, ::-1].reshape(len(small), -1)
    squares, contrast = (plain**2).sum(1), plain.var(1)
    group = np.arange(len(images))
    for start in range(0, len(images), 512):
        rows = slice(start, start + 512)
        allowed = 1 + ALIKE * (contrast[rows, None] + contrast[None]) / 2  # 1: rounding, in squared grey levels
        alike = np.zeros(allowed.shape, bool)
        for others in (plain, mirrored):
            alike |= (squares[rows, None] + squares[None] - 2 * plain[rows] @ others.T) / plain.shape[1] < allowed
        for i in np.flatnonzero(alike.sum(1) > 1):
            joined = np.unique(group[alike[i]])
            group[np.isin(group, joined)] = joined[0]
    return group


def _thumbnail(image):
    cell = len(image) // THUMBNAIL
    return image.reshape(THUMBNAIL, cell, THUMBNAIL, cell, 3).mean((1, 3), dtype=np.float32)


def _members(groups):
    """Rows of each group, in the order of their first ones."""
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)


def split(labels, groups, seed=0):
    """Which pictures are for training (0), validation (1) and test (2): by class, seeded, groups on one side.

    Parameters
    ----------
    labels, groups : ndarray of shape [N], int64
        Classes, each of at least three pictures; groups that may not be torn apart.
    seed : int, default=0

    Returns
    -------
    ndarray of shape [N], int64
        Of each class at least one picture is in each, if its groups allow; in training always.
    """
    where = np.zeros(len(labels), np.int64)
    rng = np.random.default_rng(seed)
    by_class = {}
    for members in _members(groups):
        of = set(labels[members].tolist())
        if len(of) == 1:  # what lies in two classes is no fair test
            by_class.setdefault(of.pop(), []).append(members)
    for label in sorted(by_class):
        n = int((labels == label).sum())
        room = {place: max(1, round(SHARES[name] * n)) for name, place in (("test", 2), ("val", 1))}
        for i in rng.permutation(len(by_class[label])):
            members = by_class[label][i]
            if place := next((place for place, left in room.items() if len(members) <= left), 0):
                where[members] = place
                room[place] -= len(members)
    return where


def _reorder(images, order):
    """``images[order]`` in place: a large array is in memory once."""
    left = np.ones(len(order), bool)
    for start in range(len(order)):
        if not left[start]:
            continue
        kept, to = images[start].copy(), start
        while (source := order[to]) != start:
            images[to] = images[source]
            left[to], to = False, source
        images[to], left[to] = kept, False


def set_name(listing, *settings):
    """What a folder's pictures are called as an image set: after it, and a checksum of its files and of settings."""
    plain = unicodedata.normalize("NFKD", listing.folder.resolve().name).encode("ascii", "ignore").decode().lower()
    return f"{re.sub(r'[^a-z0-9]+', '_', plain).strip('_')[:40] or 'pictures'}_{listing.key(*settings)}"
