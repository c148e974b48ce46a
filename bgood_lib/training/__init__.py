"""From a configuration to a trained network."""

from . import methods as methods
