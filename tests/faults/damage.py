"""Change bytes of what a study reads, and see whether it is noticed."""

import random
from collections import Counter
from pathlib import Path

from small_project import differences, flat

WAYS_OUT = ("move it aside", "Repair it: bgood data prepare", "publish the study again")


def damages(content, n, rng):
    """n times the content with one bit turned over, n / 10 times cut off."""
    for _ in range(n):
        changed = bytearray(content)
        changed[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        yield bytes(changed)
    for _ in range(n // 10):
        yield content[: rng.randrange(len(content))]


def damage(path, read, n, seed=0):
    """Damage a file many times, and read it each time; it is whole again afterwards.

    Parameters
    ----------
    path : path
    read : callable
        Reads the file, with everything that is checked on the way, and returns what it holds.
    n : int
        Bits to turn over, one at a time.
    seed : int

    Returns
    -------
    Counter
        ``noticed``: refused by a message that names the file and the way out. ``harmless``: all that
        is read is the same. ``unclear``: refused by another message. ``silent``: something else is read.
    """
    path, counts = Path(path), Counter(noticed=0, harmless=0, unclear=0, silent=0)
    whole, expected = path.read_bytes(), flat(read())
    try:
        for changed in damages(whole, n, random.Random(seed)):
            path.write_bytes(changed)
            try:
                found = flat(read())
            except Exception as error:
                clear = str(path) in str(error) and any(way in str(error) for way in WAYS_OUT)
                counts["noticed" if clear else "unclear"] += 1
            else:
                counts["silent" if differences(found, expected) else "harmless"] += 1
    finally:
        path.write_bytes(whole)
    return counts
