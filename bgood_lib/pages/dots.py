"""From differences to rows of a dot plot."""

import pandas as pd

from .names import is_control

# What a selector is called in figures, and its colour.
CONTROLS = {"all": "all cells", "random": "random cells", "oracle": "true masks", "border": "border"}


def colour_of(selector):
    """The colour name of a selector, see :func:`bgood_lib.pages.plots.colour`."""
    if selector in CONTROLS:
        return selector
    return "other" if is_control(selector) else "background"


def row(label, difference, colour, **more):
    """One row of :func:`bgood_lib.pages.plots.intervals`, in points.

    Parameters
    ----------
    label : str
    difference : Difference
    colour : str
        A name of :func:`bgood_lib.pages.plots.colour`.
    **more
        For example ``panel``.
    """
    figures = {name: 100 * getattr(difference, name) for name in ("mean", "low", "high")}
    return {"label": label, **figures, "colour": colour, **more}


def rows(entries):
    """A frame of rows, without those whose difference was not measured.

    Parameters
    ----------
    entries : list of (str, Difference or None, str, str)
        Label, difference, colour, panel.
    """
    return pd.DataFrame(
        [row(label, found, colour, panel=panel) for label, found, colour, panel in entries if found is not None]
    )


def seeds(*differences):
    """``n = 3`` or ``n = 3 to 5``: how many seeds differences rest on, those not measured left out."""
    n = sorted({found.n for found in differences if found is not None})
    return f"n = {n[0]}" if len(n) == 1 else f"n = {n[0]} to {n[-1]}"
