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
    trainable,
    trainable_names,
    verify,
)
from .catalogue import EMBEDDED, FULL, NAMES, TRAINABLE, Description, Info
from .prepare import adopt, prepare

__all__ = [
    "EMBEDDED", "FULL", "NAMES", "TRAINABLE", "Description", "Info", "adopt", "available", "cache_folder", "command",
    "content_sha256", "extra", "has_extra", "info", "load", "names", "prepare", "prepared", "splits", "trainable",
    "trainable_names", "verify",
]  # fmt: skip
