"""Image sets as arrays: which there are, and how they come into the cache and out of it."""

from .cache import (
    available,
    cache_folder,
    command,
    content_sha256,
    extra,
    has_extra,
    info,
    load,
    names,
    prepared,
    splits,
    verify,
)
from .catalogue import EMBEDDED, FULL, NAMES, TRAINABLE, Description, Info
from .prepare import prepare

__all__ = [
    "EMBEDDED", "FULL", "NAMES", "TRAINABLE", "Description", "Info", "available", "cache_folder", "command",
    "content_sha256", "extra", "has_extra", "info", "load", "names", "prepare", "prepared", "splits", "verify",
]  # fmt: skip
