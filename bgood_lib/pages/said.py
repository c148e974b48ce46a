"""Figures as they stand in a sentence."""

import math

import pandas as pd


def number(value, digits=1, sign=False):
    """A share in percent or points, as text: ``1.8``, with ``sign`` also ``+1.8`` and ``−0.4``; never ``-0.0``.

    One decimal becomes two where it would say next to nothing: ``0.04``, not ``0.0``.
    """
    if digits == 1 and 0.005 <= abs(100 * value) < 0.1:
        digits = 2
    text = f"{round(100 * value, digits) + 0.0:{'+' if sign else ''}.{digits}f}"
    return text.replace("-", "−")


def span(difference, digits=1):
    """What a difference rests on: ``95% interval 1.7 to 1.9, n = 3``.

    Without an interval only n is said, and how many trainings collapsed.
    """
    seeds = f"n = {difference.n}" + f", {difference.collapsed} collapsed" * bool(difference.collapsed)
    if math.isnan(difference.low):
        return seeds
    return f"95% interval {number(difference.low, digits)} to {number(difference.high, digits)}, {seeds}"


def points(difference, digits=1):
    """A difference with all that it rests on: ``+1.8 points (95% interval 1.7 to 1.9, n = 3)``."""
    if difference is None:
        return "not measured"
    return f"{number(difference.mean, digits, sign=True)} points ({span(difference, digits)})"


def moves(difference, digits=1):
    """``rises by 4.1 points`` or ``falls by 0.3 points``."""
    return f"{'falls' if difference.mean < 0 else 'rises'} by {number(abs(difference.mean), digits)} points"


def mean(values, digits=1):
    """Mean and standard deviation over seeds (ddof 1): ``93.5 ± 0.2``; one seed has no spread."""
    values = pd.Series(values, dtype=float).dropna()
    if values.empty:
        return "–"
    spread = f"\u00a0±\u00a0{number(values.std(ddof=1), digits)}" if len(values) > 1 else ""
    return number(values.mean(), digits) + spread


def counted(numbers):
    """``3``, or ``3 to 5`` where numbers (of seeds) differ."""
    low, high = min(numbers), max(numbers)
    return f"{low}" if low == high else f"{low} to {high}"


def several(number, word):
    """A number and its noun: ``1 thread``, ``2 threads``."""
    return f"{number} {word}{'s' * (number != 1)}"


def counted_minutes(seconds):
    """Durations in minutes: ``1.2``, or ``8 to 11`` where they differ."""
    low, high = (f"{value / 60:.1f}" if value < 600 else f"{value / 60:.0f}" for value in (min(seconds), max(seconds)))
    return low if low == high else f"{low} to {high}"


def listed(parts):
    """``a``, ``a and b``, ``a, b and c``."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last
