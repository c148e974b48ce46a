"""One process at a time: a lock that ends with the process that has it, even one that is killed."""

import contextlib
import datetime
import fcntl
import os
import platform
from pathlib import Path

from .errors import BgoodError


class Taken(BgoodError):
    """Another process has the lock; the message says which."""


def take(path, wait=None):
    """Take a lock for as long as this process lives, or until what is returned is closed.

    Parameters
    ----------
    path : path
        A file of the lock's own; made where missing. It says who has the lock, and may stay.
    wait : callable, optional
        Where another process has the lock: receives a line that says which, then the lock is waited
        for. Without it, nothing is waited for.

    Returns
    -------
    file : keep it; closing it gives the lock back.

    Raises
    ------
    Taken
        If another process has the lock and ``wait`` is not given.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    file = open(path, "a+", encoding="utf-8")
    try:
        _lock(file, wait)
    except BaseException:
        file.close()
        raise
    now = datetime.datetime.now().isoformat(" ", "seconds")
    with contextlib.suppress(OSError):  # a full disk: the lock counts all the same
        os.ftruncate(file.fileno(), 0)
        os.write(file.fileno(), f"process {os.getpid()} on {platform.node()}, since {now}\n".encode())
    return file


def _lock(file, wait):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "another process"
        if wait is None:
            raise Taken(holder) from None
        wait(holder)
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError:
        pass  # a file system without locks
