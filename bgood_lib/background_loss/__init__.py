"""The background loss: make the features of background patches small."""

from .loss import background_loss, two_map_loss
from .patches import background_patches, extract_patches, foreground_share
from .penalties import PENALTIES
from .selectors import SELECTORS

__all__ = [
    "PENALTIES", "SELECTORS", "background_loss", "background_patches", "extract_patches", "foreground_share", "two_map_loss",
]  # fmt: skip
