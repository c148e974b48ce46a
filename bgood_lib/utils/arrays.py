"""Read npz files of anybody: nothing in them is executed, and none is larger than the file can be."""

import math
import re
import zipfile
from contextlib import contextmanager

import numpy as np

from .errors import InputError
from .kinds import kind_of

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
_DEFLATED = 1100  # times smaller, at most, is what was deflated
_WORDS = {"U": "text", "S": "bytes", "O": "Python objects", "M": "dates", "c": "complex numbers", "b": "true and false"}


@contextmanager
def open_npz(path):
    """Open an npz file after a look at the header of each array.

    Parameters
    ----------
    path : path

    Yields
    ------
    NpzFile : arrays by name, each read when it is asked for.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    InputError
        If two arrays have one name, one holds objects, or one claims another size than it has.
    """
    with open(path, "rb") as file:
        if file.read(4) not in (b"PK\3\4", b"PK\5\6"):
            raise InputError(f"it is {kind_of(path)}; expected an npz file, as numpy.savez writes it")
        size = file.seek(0, 2)
        with _refused_as("it is an npz file that is cut off, or was changed within; expected a whole one"):
            archive = zipfile.ZipFile(file)
        with archive:
            _check_members(archive, size)
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            try:
                yield arrays
            except zipfile.BadZipFile as error:
                part = re.search(r"CRC.*'(.+?)(\.npy)?'$", str(error))
                told = f", its part {part[1]} is not as it was written" if part else ""
                raise InputError(f"it is an npz file that is damaged{told}; expected a whole one") from None


@contextmanager
def _refused_as(message):
    """Whatever the block raises, but our own refusals, as a refusal with this message."""
    try:
        yield
    except InputError:
        raise
    except Exception:
        raise InputError(message) from None


def _check_members(archive, size):
    seen = set()
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        if name.endswith("/data.pkl"):
            raise InputError("it is a checkpoint of PyTorch; expected an npz file, as numpy.savez writes it")
        if name in seen:
            raise InputError(f"it holds {name!r} twice; expected each name once")
        seen.add(name)
        if member.compress_size > size or member.file_size > _DEFLATED * (member.compress_size + 1):
            raise InputError(f"{name!r} claims {member.file_size:,} bytes in a file of {size:,}")
        with archive.open(member) as content:
            with _refused_as(
                f"it is an npz file that is damaged, its part {name!r} does not begin as an array does; expected a whole one"
            ):
                shape, _, dtype = _HEADERS[np.lib.format.read_magic(content)](content)
            if dtype.hasobject:
                raise InputError(f"{name!r} holds Python objects; expected numbers")
            claimed = math.prod(shape) * dtype.itemsize
            if min(shape, default=0) < 0 or content.tell() + claimed != member.file_size:
                raise InputError(f"{name!r} claims the shape {shape}, {claimed:,} bytes; it holds {member.file_size:,}")


def _named(dtype):
    return f"{dtype}" + (f" ({_WORDS[dtype.kind]})" if dtype.kind in _WORDS else "")


def as_float32(array, what, shape, because=""):
    """An array of numbers as float32, or a refusal that names it.

    Parameters
    ----------
    array : array_like
        Of floats or integers.
    what : str
        Its name, for the message: ``features of test``.
    shape : sequence of int or str
        What it must be: a number, or a letter for any number of at least 1.
    because : str, optional
        Why, for the message: ``as the head's weight is [3, 4]``.

    Returns
    -------
    ndarray

    Raises
    ------
    InputError
        If it is no array of numbers, of another shape, or not finite.
    """
    try:
        array = np.asarray(array)
    except (ValueError, TypeError):
        raise InputError(f"{what} are no array, as {_uneven(array)}; expected rows of one length") from None
    if array.dtype.kind == "O" and len(array.ravel()):
        raise InputError(f"{what} hold {array.ravel()[0]!r:.60}; expected float32 or other real numbers")
    if array.dtype.kind not in "fiu":
        raise InputError(f"{what} have type {_named(array.dtype)}; expected float32 or other real numbers")
    if array.ndim == len(shape) and not len(array):
        raise InputError(f"{what} hold nothing, shape {array.shape}; at least one row is needed")
    fits = [have == want if isinstance(want, int) else have > 0 for have, want in zip(array.shape, shape)]
    if array.ndim != len(shape) or not all(fits):
        expected = ", ".join(map(str, shape)) + f"], {because}" if because else ", ".join(map(str, shape)) + "]"
        raise InputError(f"{what} have shape {array.shape}; expected [{expected}")
    with np.errstate(over="ignore", invalid="ignore"):
        found = array.astype(np.float32, copy=False)
    if len(bad := np.flatnonzero(~np.isfinite(found).reshape(len(found), -1).all(1))):
        value = array[bad[0]].ravel()[~np.isfinite(found[bad[0]]).ravel()][0]
        raise InputError(
            f"{what} hold {value}, not finite or too large for float32, in {len(bad):,} of {len(found):,} rows, first in row "
            f"{bad[0]} (from 0); expected finite numbers"
        )
    return found


def _uneven(rows):
    lengths = list(dict.fromkeys(len(row) if hasattr(row, "__len__") else 1 for row in rows))
    return f"its rows hold {' and '.join(map(str, lengths[:3]))} values"


def as_labels(labels, what, n, n_classes):
    """Labels of n images as int64; integers 0 to ``n_classes`` - 1, or -1 each where ``n_classes`` is 0.

    Raises
    ------
    InputError
        If they are anything else; the message names them, the value and the range.
    """
    try:
        labels = np.asarray(labels)
    except (ValueError, TypeError):
        raise InputError(f"{what} are no array, as {_uneven(labels)}; expected one number an image") from None
    if labels.shape != (n,):
        raise InputError(f"{what} have shape {labels.shape}; expected [{n}], one number for each of the {n} images")
    if labels.dtype.kind not in "iu":
        raise InputError(f"{what} have type {_named(labels.dtype)}; expected integers")
    low, high = (0, n_classes - 1) if n_classes else (-1, -1)
    if labels.min() < low or labels.max() > high:
        odd = labels.max() if labels.max() > high else labels.min()
        if n_classes and (labels.min(), labels.max()) == (1, n_classes):
            raise InputError(f"{what} are 1 to {n_classes}; expected 0 to {high}: subtract 1 from each")
        expected = f"0 to {high}" if n_classes else "-1 for every image, as those of an OOD set have no class"
        raise InputError(f"{what} hold {odd}; expected {expected}")
    return labels.astype(np.int64)
