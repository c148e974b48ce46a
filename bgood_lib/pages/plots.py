"""Figures that several notebooks draw. Colours and sizes are chosen here, once.

A page of the book is read on a phone, too: there a figure is about 358 CSS pixels wide. All text of
a figure is ``FONT`` points high, so that on a figure up to ``WIDTH`` inches wide it stays 10 pixels
high there. Draw narrow panels, one above the other, rather than wide ones.
"""

import textwrap

import matplotlib.pyplot as plt
import numpy as np

WIDTH = 5.4  # inches: no figure of a page is wider
FONT = 11  # points
INK, LIGHT = "#222222", "#EEEEEE"
ID_COLOUR, OOD_COLOUR = "#999999", "#D55E00"

# Okabe and Ito's colours, told apart by colour-blind readers too, but wine for black; in figures that
# compare methods, a method has its own.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255", "#999999"]
METHOD_COLOURS = {
    "cross_entropy": INK, "background": "#0072B2", "all": "#C47A00", "random": "#B8588F", "oracle": "#00856A",
    "border": "#2E93CC", "logitnorm": "#772255", "temperature": "#7F7A1E", "other": "#808080",
}  # fmt: skip
NORMS = "viridis"  # lengths of cells, from 0: dark is short
LENGTH = "length of a cell's feature"

plt.rcParams.update({
    "axes.prop_cycle": plt.cycler(color=COLOURS), "axes.spines.top": False, "axes.spines.right": False,
    "axes.titlesize": "medium", "figure.dpi": 144, "figure.figsize": (WIDTH, 3.4), "figure.labelsize": "medium",
    "figure.titlesize": "medium", "font.size": FONT, "legend.fontsize": "medium", "legend.frameon": False,
    "savefig.dpi": 144, "savefig.pad_inches": 0.03,
})  # fmt: skip


def colour(name):
    """The colour that a method has in every figure.

    Parameters
    ----------
    name : str
        ``cross_entropy``, ``background`` (the idea, whichever selector), ``all``, ``random``, ``oracle``
        (true masks), ``border``, ``logitnorm``, ``temperature`` or ``other``.

    Returns
    -------
    str
        Hexadecimal, at least three to one against white.

    Raises
    ------
    KeyError
        No such method.
    """
    if name not in METHOD_COLOURS:
        raise KeyError(f"no colour for {name!r}; there is one for {', '.join(METHOD_COLOURS)}")
    return METHOD_COLOURS[name]


def norm_map(axis, norms, vmax=None):
    """One heat map of the lengths of cells, in the book's one colour scale for them.

    Parameters
    ----------
    axis : matplotlib Axes
    norms : array of shape [h, w]
        Lengths of a map's cells, at least 0.
    vmax : float, optional
        The length that has the brightest colour; the longest cell's where it is left out. Maps that
        stand side by side share it, and one `norm_bar`.

    Returns
    -------
    matplotlib AxesImage
    """
    norms = np.asarray(norms, float)
    if norms.ndim != 2:
        raise ValueError(f"norms has shape {norms.shape}; a map has two dimensions, [h, w]")
    image = axis.imshow(norms, cmap=NORMS, vmin=0, vmax=norms.max() if vmax is None else vmax, interpolation="nearest")
    axis.set_axis_off()
    return image


def norm_bar(figure, axes, vmax, label=LENGTH):
    """The labelled colour bar of maps that `norm_map` drew: from 0 to ``vmax``.

    Parameters
    ----------
    figure : matplotlib Figure
        With ``layout="constrained"``, so that room is made for the bar.
    axes : Axes or array of Axes
        The maps it belongs to; it stands below them.
    vmax : float
    label : str

    Returns
    -------
    matplotlib Colorbar
    """
    return _norm_bar(figure, vmax, label, ax=axes, location="bottom", aspect=35, shrink=0.8)


def _norm_bar(figure, vmax, label=LENGTH, **where):
    bar = figure.colorbar(plt.cm.ScalarMappable(plt.Normalize(0, vmax), NORMS), label=label, **where)
    bar.outline.set_visible(False)
    return bar


def intervals(rows, xlabel):
    """Means with their 95% intervals: a dot plot, one row a setting, panels one above the other.

    Parameters
    ----------
    rows : DataFrame
        ``label``, ``mean``, ``low``, ``high``, ``colour`` (a name that `colour` knows) and, where there
        are several panels, ``panel`` (its title). Drawn from top to bottom in this order, in the unit
        in which they come; a row without an interval (NaN) is a dot.
    xlabel : str
        What is measured, its unit, and n.

    Returns
    -------
    matplotlib Figure
        All panels share their axis; it shows 0 as a line where 0 lies within or near.
    """
    missing = {"label", "mean", "low", "high", "colour"} - set(rows.columns)
    if missing:
        raise ValueError(f"rows has no column {', '.join(sorted(missing))}; it has {', '.join(map(str, rows.columns))}")
    if not len(rows):
        raise ValueError("rows is empty: there is nothing to draw")
    panels = list(rows.groupby("panel", sort=False)) if "panel" in rows else [(None, rows)]
    counts = [len(part) for _, part in panels]
    titles = 0.36 * sum(name is not None for name, _ in panels)
    figure, axes = plt.subplots(
        len(panels), sharex=True, squeeze=False, layout="constrained", height_ratios=counts,
        figsize=(WIDTH, 0.75 + titles + 0.3 * sum(counts)),
    )  # fmt: skip
    for axis, (name, part) in zip(axes[:, 0], panels):
        y = np.arange(len(part))
        colours = [colour(method) for method in part["colour"]]
        axis.hlines(y, part["low"], part["high"], colors=colours, linewidth=2)
        axis.scatter(part["mean"], y, color=colours, s=34, zorder=3)
        axis.set_yticks(y, [textwrap.fill(str(label), 26) for label in part["label"]])
        axis.set_ylim(len(part) - 0.4, -0.6)
        axis.tick_params(axis="y", length=0)
        axis.spines["left"].set_visible(False)
        axis.grid(axis="x", color=LIGHT)
        axis.set_axisbelow(True)
        if name is not None:
            axis.set_title(name, loc="left", fontweight="bold")
    low, high = axes[0, 0].get_xlim()
    if 0 < low < high - low:
        axes[0, 0].set_xlim(left=-0.05 * low)
    elif low - high < high < 0:
        axes[0, 0].set_xlim(right=-0.05 * high)
    low, high = axes[0, 0].get_xlim()
    for axis in axes[:, 0] if low < 0 < high else ():
        axis.axvline(0, color="#888888", linewidth=1, zorder=1)
    figure.supxlabel(textwrap.fill(xlabel, 56), fontsize=FONT)
    return figure


def image_row(axes, images, titles=None):
    """Show images [n, H, W, 3] side by side, one an axis."""
    for i, axis in enumerate(axes):
        axis.imshow(images[i])
        axis.set_axis_off()
        if titles is not None:
            axis.set_title(titles[i])


def _percent(values):
    return np.full(len(values), 100 / len(values))


def confidence_histogram(confidences):
    """Histograms of the maximum probability, one panel a set, the in-distribution one behind each.

    Parameters
    ----------
    confidences : dict of str to ndarray of shape [N]
        The first entry is the in-distribution set.
    """
    (id_name, id_values), *others = confidences.items()
    columns = min(2, len(others))
    rows = -(-len(others) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, 0.4 + 1.9 * rows), sharex=True, squeeze=False, layout="constrained"
    )
    bins = np.linspace(0, 1, 31)
    for axis, (name, values) in zip(axes.flat, others):
        axis.hist(id_values, bins, weights=_percent(id_values), color=ID_COLOUR, label=id_name)
        axis.hist(values, bins, weights=_percent(values), histtype="step", color=OOD_COLOUR, linewidth=1.8, label="OOD")
        axis.set_title(name)
    for axis in axes.flat[len(others) :]:
        axis.set_axis_off()
    axes[0, 0].legend(loc="upper left")
    figure.supxlabel("maximum probability")
    figure.supylabel("% of images")
    return figure


def patch_figure(images, maps, row_titles, shares=("evidence",)):
    """Images over their maps: one column an image, one row a map, its title above it.

    Parameters
    ----------
    images : ndarray of shape [N, H, W, 3], uint8
        At most six, or they are too small on a phone.
    maps : list of ndarray of shape [N, h, w]
        Boolean maps are drawn over the image: chosen patches stay, the others are dimmed. Of the
        others, lengths of cells share one colour scale, which stands below.
    row_titles : list of str
    shares : tuple of str
        Titles of rows that hold no lengths but shares: grey, from 0 (black) to 1 (white).
    """
    count, size = len(images), images.shape[1]
    side, gap, title, bar = WIDTH / count, 0.06, 0.3, 0.7
    lengths = [m for m, name in zip(maps, row_titles) if m.dtype != bool and name not in shares]
    height = (1 + len(maps)) * (side + title) + (bar if lengths else 0)
    figure = plt.figure(figsize=(WIDTH, height))
    vmax = max((float(m.max()) for m in lengths), default=1.0)
    for i, (name, values) in enumerate(zip(["image", *row_titles], [None, *maps])):
        bottom = height - (i + 1) * (side + title)
        figure.text(0.005, (bottom + side + 0.06) / height, name, va="bottom")
        for j, image in enumerate(images):
            axis = figure.add_axes((j * side / WIDTH, bottom / height, (side - gap) / WIDTH, (side - gap) / height))
            if values is None:
                axis.imshow(image)
            elif values.dtype == bool:
                pixel = np.arange(size) * len(values[j]) // size
                big = values[j][np.ix_(pixel, pixel)]
                axis.imshow(np.where(big[..., None], image, 0.25 * image + 170).astype(np.uint8))
            elif name in shares:
                axis.imshow(values[j], cmap="gray", vmin=0, vmax=1)
            else:
                norm_map(axis, values[j], vmax)
            axis.set_axis_off()
    if lengths:
        place = figure.add_axes((0.1, 0.5 / height, 0.8, 0.12 / height))
        _norm_bar(figure, vmax, cax=place, orientation="horizontal")
    return figure
