"""One's own pictures, judged: which cells spoke, drawn; and all of them on one page that needs nothing else."""

import base64
import io
from dataclasses import dataclass
from html import escape
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from ..evaluation.own_images import KNOWN, UNKNOWN
from ..utils.files import atomic_write
from . import plots

COLOURS = matplotlib.colormaps[plots.NORMS]
SHOWN = 24  # pictures of a group and verdict on the page
THUMBNAIL = 176  # their side on it, px
BINS = 40
CELLS = f"{plots.LENGTH} (L2 norm)"


@dataclass(frozen=True)
class Group:
    """Pictures that belong together.

    Attributes
    ----------
    title : str
        Such as ``test pictures``.
    table : DataFrame
        As :class:`~bgood_lib.evaluation.own_images.Judged` has it; a column ``truth`` may say the right classes.
    images : ndarray of shape [N, side, side, 3], uint8
    cells : ndarray of shape [N, h, w]
        L2 norms of the feature map's cells.
    """

    title: str
    table: pd.DataFrame
    images: np.ndarray
    cells: np.ndarray


def draw_cells(group, folder):
    """One PNG a picture: the picture, and over it how long the feature of each cell is, with a colour bar.

    Parameters
    ----------
    group : Group
    folder : path
        Made where missing. Files are called by number and picture, ``0001-cat.png``.

    Returns
    -------
    list of Path
    """
    high, files = _longest(group.cells), []
    for i, (image, cells) in enumerate(zip(group.images, group.cells)):
        row = group.table.iloc[i]
        figure = Figure(figsize=(7.2, 3.4), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.imshow(image)
        right.imshow(image)
        shown = right.imshow(
            cells, cmap=COLOURS, vmin=0, vmax=high, alpha=0.6, extent=(-0.5, len(image) - 0.5, len(image) - 0.5, -0.5)
        )
        for axis in (left, right):
            axis.set_axis_off()
        figure.colorbar(shown, ax=right, label=CELLS).solids.set_alpha(1)
        figure.suptitle(f"{Path(row['path']).name}: {row['verdict']}, {row['class']}, score {row['score']:.3f}")
        files.append(Path(folder) / f"{i + 1:04}-{Path(row['path']).stem}.png")
        with atomic_write(files[-1]) as temporary:
            figure.savefig(temporary, dpi=110)
    return files


def _longest(cells):
    """Where colours end: the longest of a hundred cells."""
    return float(np.quantile(cells, 0.99)) or 1.0


def html_page(title, facts, groups, detector):
    """A page of one file, without a script or a foreign host: histogram, and pictures by verdict with their cells.

    Parameters
    ----------
    title : str
    facts : sequence of (str, str)
        What is said, and of what, above the pictures.
    groups : list of Group
    detector : str
        Whose scores these are.

    Returns
    -------
    str
    """
    limit = float(groups[0].table["threshold"].iloc[0])
    high = _longest(np.concatenate([group.cells.ravel() for group in groups]))
    parts = [
        f"<h1>{escape(title)}</h1>",
        "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts) + "</dl>",
        f"<h2>Scores</h2>{_histogram(groups, limit, detector)}{_counts(groups)}",
        "<h2>Pictures</h2>",
        '<input type="checkbox" id="cells" checked><label for="cells"> show which cells spoke: how long the feature of each is</label>',
        f'<p class="bar">0 <img alt="colour scale from clear, short, to yellow, long" src="{_colour_bar()}"> '
        f"{high:.3g} and more: {CELLS}</p>",
    ]
    for group in groups:
        for verdict in (UNKNOWN, KNOWN):
            parts.append(_section(group, verdict, high))
    body = "\n".join(part for part in parts if part)
    return _PAGE.replace("TITLE", escape(title)).replace("BODY", body)


def _section(group, verdict, high):
    rows = np.flatnonzero(group.table["verdict"] == verdict)
    if not len(rows):
        return ""
    rows = rows[np.argsort(-group.table["score"].to_numpy()[rows], kind="stable")]
    shown = rows[np.unique(np.linspace(0, len(rows) - 1, min(SHOWN, len(rows))).round().astype(int))]
    about = f"{len(rows):,} of {len(group.table):,}"
    about += f"; {len(shown)} of these are shown, from the largest score to the smallest" * (len(shown) < len(rows))
    cards = "".join(_card(group.table.iloc[i], group.images[i], group.cells[i], high) for i in shown)
    return f'<h3>{escape(group.title)}: {verdict}</h3><p>{about}.</p><div class="cards">{cards}</div>'


def _card(row, image, cells, high):
    path, says = escape(str(row["path"])), escape(str(row["class"]))
    top, left = np.unravel_index(cells.argmax(), cells.shape)
    about = f"longest cell in row {top + 1} of {cells.shape[0]}, column {left + 1} of {cells.shape[1]}"
    if "truth" in row and row["truth"] != row["class"]:
        says += f", is {escape(str(row['truth']))}"
    side = min(THUMBNAIL, len(image))
    picture = _uri(Image.fromarray(image).resize((side, side), Image.Resampling.LANCZOS), "JPEG", quality=80)
    over = Image.fromarray((255 * _shades(np.clip(cells / high, 0, 1))).astype(np.uint8))
    return (
        f'<figure><div class="picture"><img alt="{path}" src="{picture}"><img class="over" alt="{about}" '
        f'src="{_uri(over, "PNG")}"></div><figcaption title="{path}"><b>{says}</b> {row["score"]:.3f}'
        f'<span class="path">{path}</span></figcaption></figure>'
    )


def _uri(image, kind, **options):
    content = io.BytesIO()
    image.save(content, kind, **options)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(content.getvalue()).decode()}"


def _shades(values):
    """Colours [..., 4] of values from 0 to 1: the shorter, the more of the picture shines through."""
    colours = COLOURS(values)
    colours[..., 3] = 0.1 + 0.6 * values
    return colours


def _colour_bar():
    return _uri(Image.fromarray((255 * _shades(np.linspace(0, 1, 64))[None]).astype(np.uint8)), "PNG")


def _counts(groups):
    """The table below the histogram, which says the same in figures."""
    rows = ""
    for i, group in enumerate(groups):
        unknown = int((group.table["verdict"] == UNKNOWN).sum())
        n, median = len(group.table), group.table["score"].median()
        rows += (
            f'<tr><th scope="row"><span class="key g{i % 5}"></span>{escape(group.title)}</th><td>{n:,}</td>'
            f"<td>{n - unknown:,} ({100 * (n - unknown) / n:.0f}%)</td><td>{unknown:,}</td><td>{median:.3f}</td></tr>"
        )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("", "N", KNOWN, UNKNOWN, "median score"))
    return f'<div class="wide"><table><tr>{head}</tr>{rows}</table></div>'


def _histogram(groups, limit, detector):
    """Scores of every group as shares, heights by their square root, so that few pictures are seen too: an SVG."""
    width, height, floor, start = 480, 235, 205, 58
    scores = [group.table["score"].to_numpy() for group in groups]
    low, top = min(s.min() for s in scores), max(s.max() for s in scores)
    low, top = min(low, limit), max(top, limit)
    top += (top == low) * 1.0
    edges = np.linspace(low, top, BINS + 1)
    shares = [np.histogram(s, edges)[0] / len(s) for s in scores]

    def x(value):
        return start + (width - start - 10) * (value - low) / (top - low)

    def y(share):
        return floor - (floor - 25) * share**0.5

    lines = []
    for share in (0.01, 0.1, 0.25, 0.5, 1):
        lines.append(
            f'<line class="grid" x1="{start}" x2="{width - 10}" y1="{y(share):.1f}" y2="{y(share):.1f}"/>'
            f'<text x="{start - 6}" y="{y(share) + 4:.1f}" text-anchor="end">{100 * share:g}%</text>'
        )
    for value, anchor in zip(np.linspace(low, top, 3), ("start", "middle", "end")):
        lines.append(f'<text x="{x(value):.1f}" y="{floor + 20}" text-anchor="{anchor}">{value:.3g}</text>')
    for i, part in enumerate(shares):
        steps = "".join(f"V{y(share):.1f}H{x(end):.1f}" for share, end in zip(part, edges[1:]))
        lines.append(f'<path class="g{i % 5}" d="M{x(low):.1f} {floor}{steps}V{floor}"/>')
    side = "end" if x(limit) > width / 2 else "start"
    lines.append(
        f'<line class="limit" x1="{x(limit):.1f}" x2="{x(limit):.1f}" y1="14" y2="{floor}"/>'
        f'<text x="{x(limit) + (-5 if side == "end" else 5):.1f}" y="12" text-anchor="{side}">threshold {limit:.3f}</text>'
    )
    told = "; ".join(
        f"{group.title}: {100 * (group.table['verdict'] == UNKNOWN).mean():.0f}% of {len(group.table):,} above it"
        for group in groups
    )
    alt = escape(f"Histogram of scores with the threshold at {limit:.3f}. {told}.")
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{alt}">{"".join(lines)}</svg><p>Score by '
        f"{escape(detector)}: known up to the threshold, unknown beyond it. A group's share of pictures in each of {BINS} steps; "
        "heights go by its square root, so that single pictures are seen too.</p>"
    )


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>TITLE</title>
<style>
:root { color-scheme: light dark; --text: #1b1b1b; --ground: #fff; --soft: #5b5b5b; --line: #d8d8d8; --card: #f4f4f4;
  --g0: #0072b2; --g1: #b34700; --g2: #00775a; --g3: #a0457f; --g4: #8a6100; }
@media (prefers-color-scheme: dark) { :root { --text: #e8e8e8; --ground: #161616; --soft: #a8a8a8; --line: #3c3c3c;
  --card: #232323; --g0: #6bb8ea; --g1: #ff9a57; --g2: #4fd1ae; --g3: #e79bc9; --g4: #e8bb4e; } }
body { color: var(--text); background: var(--ground); font: 16px/1.5 system-ui, sans-serif; max-width: 62rem;
  margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; } h2 { margin-top: 2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1rem; } dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 36rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; } }
svg { width: 100%; max-width: 44rem; height: auto; } svg text { fill: var(--text); font-size: 12px; }
@media (max-width: 36rem) { svg text { font-size: 17px; } }
svg path { fill: none; stroke-width: 2; } .grid { stroke: var(--line); }
.limit { stroke: var(--text); stroke-width: 2; stroke-dasharray: 5 3; }
.g0 { stroke: var(--g0); } .g1 { stroke: var(--g1); } .g2 { stroke: var(--g2); } .g3 { stroke: var(--g3); }
.g4 { stroke: var(--g4); }
.key { display: inline-block; width: .9rem; height: .9rem; margin-right: .4rem; vertical-align: -.1rem; }
.key.g0 { background: var(--g0); } .key.g1 { background: var(--g1); } .key.g2 { background: var(--g2); }
.key.g3 { background: var(--g3); } .key.g4 { background: var(--g4); }
.wide { overflow-x: auto; } table { border-collapse: collapse; }
th, td { padding: .25rem .8rem .25rem 0; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child { text-align: left; font-weight: normal; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .7rem; }
figure { margin: 0; background: var(--card); border-radius: .4rem; overflow: hidden; }
.picture { position: relative; aspect-ratio: 1; } .picture img { width: 100%; height: 100%; display: block; }
.picture .over { position: absolute; inset: 0; image-rendering: pixelated; opacity: 0; }
#cells:checked ~ .cards .over { opacity: 1; }
figcaption { padding: .35rem .5rem; font-size: .9rem; }
.path { display: block; color: var(--soft); font-size: .78rem; overflow-wrap: anywhere; }
.bar img { height: .9rem; width: 9rem; vertical-align: -.1rem; }
</style>
BODY
</html>
"""
