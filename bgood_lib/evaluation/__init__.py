"""From a trained network to tables of figures."""

from .bank import bank_of, build_bank

__all__ = ["bank_of", "build_bank"]
