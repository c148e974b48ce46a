"""Write files so that a reader never meets half of one."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
        removed and `path` stays as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(6)}{path.suffix}")
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
