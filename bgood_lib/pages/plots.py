"""Figures that several notebooks draw. Colours and sizes are chosen here, once."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from .names import short_name


def change_plot(panels, xlabel, scale=100):
    """Differences with their intervals: one panel a column, one row a setting.

    Parameters
    ----------
    panels : dict of str to DataFrame
        ``setting``, ``mean``, ``low``, ``high`` and, where rows are to be told apart, ``colour``
        (0, 1, ...). All panels show the settings of the first, in its order.
    xlabel : str
    scale : float, default=100

    Returns
    -------
    matplotlib Figure
    """
    names = list(next(iter(panels.values()))["setting"])
    figure, axes = plt.subplots(
        1, len(panels), figsize=(2.4 + 1.75 * len(panels), 1.1 + 0.27 * len(names)),
        sharey=True, squeeze=False, layout="constrained",
    )  # fmt: skip
    y = np.arange(len(names))[::-1]
    for axis, (title, rows) in zip(axes[0], panels.items()):
        rows = rows.set_index("setting").reindex(names)
        axis.axvline(0, color="#888888", linewidth=0.8)
        colours = [COLOURS[int(i)] for i in rows.get("colour", pd.Series(0, rows.index)).fillna(0)]
        axis.hlines(y, scale * rows["low"], scale * rows["high"], colors=colours, linewidth=1.6)
        axis.scatter(scale * rows["mean"], y, color=colours, s=20, zorder=3)
        axis.set_title(textwrap.fill(title, 16))
        axis.grid(axis="x", color="#EEEEEE")
        axis.set_axisbelow(True)
    axes[0, 0].set_yticks(y, map(short_name, names))
    figure.supxlabel(xlabel, fontsize=10)
    return figure


# Okabe and Ito's colours, told apart by colour-blind readers too, but wine for black.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255", "#999999"]
plt.rcParams.update({
    "axes.prop_cycle": plt.cycler(color=COLOURS), "axes.spines.top": False, "axes.spines.right": False,
    "figure.dpi": 90, "font.size": 10, "axes.titlesize": 10, "legend.frameon": False,
})  # fmt: skip


def image_row(axes, images, titles=None):
    """Show images [n, H, W, 3] side by side, one an axis."""
    for i, axis in enumerate(axes):
        axis.imshow(images[i])
        axis.set_axis_off()
        if titles is not None:
            axis.set_title(titles[i])


def confidence_histogram(confidences):
    """Histograms of the maximum probability, one panel a set, the in-distribution one behind each.

    Parameters
    ----------
    confidences : dict of str to ndarray of shape [N]
        The first entry is the in-distribution set.
    """
    (id_name, id_values), *others = confidences.items()
    columns = min(4, len(others))
    rows = -(-len(others) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(3 * columns, 2.3 * rows), sharex=True, squeeze=False, layout="constrained"
    )
    bins = np.linspace(0, 1, 31)
    for axis, (name, values) in zip(axes.flat, others):
        axis.hist(
            id_values, bins, weights=np.full(len(id_values), 100 / len(id_values)), color="#BBBBBB", label=id_name
        )
        axis.hist(
            values,
            bins,
            weights=np.full(len(values), 100 / len(values)),
            histtype="step",
            color=COLOURS[1],
            linewidth=1.8,
            label="OOD",
        )
        axis.set_title(name)
    for axis in axes.flat[len(others) :]:
        axis.set_axis_off()
    axes[0, 0].legend(loc="upper left")
    figure.supxlabel("maximum probability")
    figure.supylabel("% of images")
    return figure


def patch_figure(images, maps, row_titles):
    """Images over their maps: one column an image, one row a map.

    Parameters
    ----------
    images : ndarray of shape [N, H, W, 3], uint8
    maps : list of ndarray of shape [N, h, w]
        Boolean maps are drawn over the image: chosen patches stay, the others are dimmed. Of the
        others, colours run from 0 to the largest value of the row.
    row_titles : list of str
    """
    count, size = len(images), images.shape[1]
    figure, axes = plt.subplots(
        1 + len(maps), count, figsize=(1.25 * count + 1.2, 1.3 * (1 + len(maps))), layout="constrained"
    )
    image_row(axes[0], images)
    for row, values in zip(axes[1:], maps):
        for axis, image, value in zip(row, images, values):
            if value.dtype == bool:
                pixel = np.arange(size) * len(value) // size
                big = value[np.ix_(pixel, pixel)]
                axis.imshow(np.where(big[..., None], image, 0.25 * image + 170).astype(np.uint8))
            else:
                axis.imshow(value, cmap="viridis", vmin=0, vmax=values.max())
            axis.set_axis_off()
    for row, title in zip(axes, ["image", *row_titles]):
        row[0].text(-0.12, 0.5, title, transform=row[0].transAxes, ha="right", va="center")
    return figure


def heat_table(panels, title, centre=None, digits=1):
    """Tables as a picture, side by side or, where that is too wide to read, one above the other.

    Coloured cells with their numbers. The few strongest cells (5%) share the strongest colour.

    Parameters
    ----------
    panels : dict of str to DataFrame
        Equal rows and columns; the key stands above its table. NaN is drawn as an empty cell.
    title : str
    centre : float, optional
        Diverging colours around this value; otherwise colours from low to high.
    digits : int, default=1
    """
    rows, columns = next(iter(panels.values())).axes
    values = np.stack([np.asarray(table, float) for table in panels.values()])
    n, stacked = len(panels), len(panels) * len(columns) > 8
    width, height = max(0.62 * len(columns), 1.9), 0.26 * len(rows) + 0.5
    figure, axes = plt.subplots(
        *((n, 1) if stacked else (1, n)), sharex=True, sharey=True, squeeze=False, layout="constrained",
        figsize=(width + 2.2, n * height + 1.4) if stacked else (n * width + 2.2, height + 1.4),
    )  # fmt: skip
    if centre is None:
        limits = {"vmin": np.nanmin(values), "vmax": np.nanmax(values), "cmap": "cividis"}
    else:
        reach = max(np.nanpercentile(np.abs(values - centre), 95), 1e-9)
        limits = {"vmin": centre - reach, "vmax": centre + reach, "cmap": "RdBu"}
    for axis, name, cells in zip(axes.flat, panels, values):
        image = axis.imshow(cells, aspect="auto", **limits)
        for i, j in np.ndindex(cells.shape):
            if np.isfinite(cells[i, j]):
                red, green, blue, _ = image.cmap(image.norm(cells[i, j]))
                dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
                text = f"{cells[i, j]:{'+' if centre is not None else ''}.{digits}f}"
                axis.text(j, i, text, ha="center", va="center", color="white" if dark else "black", fontsize=8)
        axis.set_xticks(range(len(columns)), columns, rotation=40, ha="right", rotation_mode="anchor")
        axis.set_yticks(range(len(rows)), rows)
        axis.set_title(name, fontsize=10)
        axis.spines[:].set_visible(False)
        axis.tick_params(length=0)
    figure.suptitle(title, fontsize=11)
    return figure
