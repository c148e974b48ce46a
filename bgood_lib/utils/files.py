"""Write files so that a reader never meets half of one, and notice a byte that changed since."""

import errno
import glob
import hashlib
import json
import os
import platform
import secrets
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import ASIDE, InputError
from .kinds import UNKNOWN, kind_of


def write_json(path, content):
    """Write a dict, whole or not at all, with a ``checksum`` of it."""
    content = json.loads(json.dumps(content, allow_nan=False))  # as it will be read
    text = json.dumps({**content, "checksum": _checksum(content)}, indent=1)
    with atomic_write(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read_json(path, way_out):
    """What :func:`write_json` wrote, without the checksum.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not whole, was changed since, or has no checksum; ends with the ``way_out``.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        content = json.loads(text, parse_constant=_no_number, parse_int=_short)
        if not isinstance(content, dict) or not content:
            return content
        *others, last = content
        rest = {name: content[name] for name in others}
        signed = content[last] == _checksum(rest)  # whatever has become of its name
    except (ValueError, RecursionError) as error:  # bytes that are no text, text that is no JSON
        raise InputError(f"{path} is not whole JSON ({_why_no_json(path, error)}); {way_out}") from None
    if signed:
        return rest
    if "checksum" in content:
        raise InputError(f"{path} was changed after it was written (its checksum says so); {way_out}")
    raise InputError(f"{path} has no checksum, so nobody can say whether it is as it was written; {way_out}")


def _why_no_json(path, error):
    """In words what Python says of a file that is no JSON."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    kind = kind_of(path)
    if kind not in ("a JSON file", "text", UNKNOWN):
        return f"it is {kind}"
    if isinstance(error, UnicodeDecodeError):
        return f"its byte {error.start + 1:,} is {error.object[error.start]:#04x}, no text in UTF-8"
    if not isinstance(error, json.JSONDecodeError):
        return f"{error}"
    if error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated string"):
        return f"it is cut off: it ends in line {error.doc.rstrip().count(chr(10)) + 1}, before all is closed"
    found = (
        repr(error.doc[error.pos : error.pos + 20].partition("\n")[0])
        if error.doc[error.pos] != "\n"
        else "the end of the line"
    )
    return f"line {error.lineno}, column {error.colno} on: {found} cannot stand there"


def _short(text):
    if len(text) < 20:
        return int(text)
    raise ValueError(f"the number {text[:20]}... is too long, {len(text):,} digits")


def _no_number(text):
    raise ValueError(f"{text} is no number in JSON")


def _checksum(content):
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def locate(path):
    """A relative path seen from this folder or, if it is not here, from one above it.

    Notebooks find ``runs/`` whether they are run from the project's top folder or opened in
    ``notebooks/``.
    """
    path = Path(path)
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / path).exists():
            return folder / path
    return path


_MACHINE = f"{zlib.crc32(platform.node().encode()):08x}"


def user_path(text, name, kind="a folder"):
    """A path as a user writes it: ``~`` is the home folder; an empty one is refused.

    Parameters
    ----------
    text : path
    name : str
        Of the setting, for the message.
    kind : str, default="a folder"
        What is expected, for the message.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If it is empty, or holds a zero byte.
    """
    if not str(text).strip() or "\0" in str(text):
        raise InputError(f"{name} is {str(text)!r}; expected {kind}")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise InputError(f"{name} is {str(text)!r}, but there is no such home folder; write the path out") from None


def refuse_unwritable(path):
    """Refuse a file or folder that cannot be written, before what is to stand there has been computed.

    Raises
    ------
    InputError
        If it lies below a file, or the nearest folder that is there takes no files.
    """
    there = nearest_there(path)
    if not there.is_dir():
        raise InputError(f"{path} is below {there}, which is a file; name another place")
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return  # it is told of with what could not be written
        closed = error.errno in (errno.EACCES, errno.EPERM)
        raise InputError(
            f"{path} cannot be written, as {there} takes no files; {'change its permissions, or ' * closed}name another "
            "place"
        ) from None


def nearest_there(path):
    """A folder itself, or the nearest above a path that is there: Path."""
    return next(place for place in ((path, *path.parents) if path.is_dir() else path.parents) if place.exists())


@contextmanager
def atomic_write(path: str | os.PathLike) -> Iterator[Path]:
    """Replace a file as a whole, or not at all.

    Parameters
    ----------
    path : path-like
        The file to write; its folder is made where missing.

    Yields
    ------
    pathlib.Path
        A temporary path in the same folder, with the same ending. Write to it; when the block
        ends it is flushed to disk and takes the place of `path`. When the block raises, it is
        removed and `path` stays as it was. When the process is killed it stays, hidden, until
        `path` is written again.

    Raises
    ------
    OSError
        If the disk is full; the message names `path` and says what to do.
    """
    path = Path(path)
    begin = f".{path.stem}.{_MACHINE}-"
    temporary = path.with_name(f"{begin}{os.getpid()}-{secrets.token_hex(4)}{path.suffix}")
    try:
        with naming_full_disk(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            for other in path.parent.glob(f"{glob.escape(begin)}*-*{glob.escape(path.suffix)}"):
                if _ended(other.name.removeprefix(begin).partition("-")[0]):
                    other.unlink(missing_ok=True)
            with _as_of(path, temporary):
                yield temporary
            with open(temporary, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(temporary, path)
    finally:
        with suppress(OSError):  # such as a folder that is a file, of which there is an error already
            temporary.unlink()


@contextmanager
def _as_of(path: Path, temporary: Path) -> Iterator[None]:
    """A block whose errors about a temporary file name the one that it stands for."""
    try:
        yield
    except OSError as error:
        if error.filename is not None and os.fspath(error.filename) == str(temporary):
            error.filename = str(path)
        raise


@contextmanager
def naming_full_disk(path: str | os.PathLike) -> Iterator[None]:
    """A block that writes `path`: where the disk is full, an `OSError` that says so in its place."""
    try:
        yield
    except Exception as error:
        if _is_full(error, Path(path).parent):
            raise OSError(
                f"the disk is full: {path} could not be written. Make room, then give the same command again"
            ) from error
        raise


def _ended(process: str) -> bool:
    """Whether there is no process of that number on this machine."""
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError):
        pass  # somebody else's, or none of our files
    return False


def _is_full(error: Exception, folder: Path) -> bool:
    """Whether a write failed for want of room; PyTorch's error does not say so."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return isinstance(error, RuntimeError) and shutil.disk_usage(folder).free < 2**16


def check_zip(path: str | os.PathLike) -> None:
    """Compare every byte of a checkpoint, a zip file, with the checksums in it; `torch.load` does not.

    Raises
    ------
    ValueError
        If the file is not as it was written.
    """
    try:
        with zipfile.ZipFile(path) as file:
            whole = file.testzip() is None
    except FileNotFoundError:
        raise
    except Exception:  # whatever a changed byte leads to
        whole = False
    if not whole:
        raise no_checkpoint(path)


def no_checkpoint(path):
    """The error of a file that is not, or no longer, a checkpoint: an `InputError` that says what it is instead."""
    kind = kind_of(path)
    what = f"it is {kind}" if kind != "a checkpoint of PyTorch" else "a part of it is not as it was written"
    return InputError(f"{path} is no checkpoint, or is damaged: {what}; {ASIDE}")
