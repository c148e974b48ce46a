"""What a selector takes, beside what is there: four parts of all cells."""

import matplotlib.pyplot as plt
import numpy as np

from . import plots

PARTS = ("background, taken", "object, taken", "background, left", "object, left")
# Taken is dark, left is pale; what is object is hatched, so that no colour has to be told apart.
_LOOKS = (
    {"color": "#0072B2"}, {"color": "#D55E00", "hatch": "////"}, {"color": "#BFDDF0"}, {"color": "#F6D5BF", "hatch": "////"},
)  # fmt: skip


def parts(precision, chosen, chance):
    """Shares of all cells: background and object, each taken and left.

    Parameters
    ----------
    precision : float or None
        Share of the taken cells that are background; None or NaN where none is taken.
    chosen : float
        Share of all cells that are taken.
    chance : float
        Share of all cells that are background.

    Returns
    -------
    dict of str to float : by ``PARTS``; they add up to 1.
    """
    right = 0.0 if precision is None or np.isnan(precision) else precision * chosen
    return dict(zip(PARTS, (right, chosen - right, chance - right, 1 - chosen - chance + right)))


def selection_bars(panels):
    """Bars of all cells, cut into ``PARTS``: one row a selector, panels one above the other.

    Parameters
    ----------
    panels : dict of str to dict of str to dict
        By title and by the selector's name, as :func:`parts` gives them.

    Returns
    -------
    matplotlib Figure
    """
    counts = [len(rows) for rows in panels.values()]
    figure, axes = plt.subplots(
        len(panels), sharex=True, squeeze=False, layout="constrained", height_ratios=counts,
        figsize=(plots.WIDTH, 1.4 + 0.4 * len(panels) + 0.33 * sum(counts)),
    )  # fmt: skip
    for axis, (title, rows) in zip(axes[:, 0], panels.items()):
        y, left = np.arange(len(rows)), np.zeros(len(rows))
        for part, look in zip(PARTS, _LOOKS):
            widths = 100 * np.array([shares[part] for shares in rows.values()])
            axis.barh(y, widths, left=left, height=0.72, edgecolor="white", linewidth=0.5, label=part, **look)
            left += widths
        axis.set_yticks(y, rows)
        axis.tick_params(axis="y", length=0)
        axis.spines["left"].set_visible(False)
        axis.set(xlim=(0, 100), ylim=(len(rows) - 0.4, -0.6))
        axis.set_title(title, loc="left", fontweight="bold")
    axes[-1, 0].set_xlabel("% of all cells")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure
