"""Related methods by OOD set, as a mean of four sets hides what each of them says."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np

from ..metrics.paired import paired_difference
from . import said, verdict
from .plots import FONT, WIDTH
from .relatives import BASELINE, Relative
from .relatives_found import BY_SET

FAR = 30  # points at which a colour is full
STUDIES = "relatives_scenes", "scenes_factors"  # both have cross-entropy of the same seeds


def heat(measured, rows):
    """Change of AUROC of each row (to MSP of its own study's cross-entropy) on each OOD set, as coloured numbers.

    Parameters
    ----------
    measured : Measured
    rows : list of Relative

    Returns
    -------
    matplotlib Figure
        In points; bold where the 95% interval leaves out zero; a colour is full at 30 points.
    """
    gaps = [[measured.change(row, sets=sets) for sets in BY_SET.values()] for row in rows]
    values = np.array([[100 * gap.mean for gap in line] for line in gaps])
    figure, axis = plt.subplots(figsize=(WIDTH, 0.8 + 0.3 * len(rows)), layout="constrained")
    seen = axis.imshow(values, cmap="PuOr", vmin=-FAR, vmax=FAR, aspect="auto")
    dark = seen.to_rgba(values)[..., :3] @ (0.3, 0.6, 0.1) < 0.5
    for place, gap in np.ndenumerate(np.array(gaps, object)):
        clear = verdict.verdict(gap) in (verdict.YES, verdict.NO)
        axis.text(
            *place[::-1], said.number(gap.mean, sign=True), ha="center", va="center", fontsize=FONT,
            weight="bold" if clear else "normal", color="white" if dark[place] else "black",
        )  # fmt: skip
    heads = [textwrap.fill(name.replace("backgrounds", "back- grounds"), 11) for name in BY_SET]
    axis.set_xticks(range(len(BY_SET)), heads)
    axis.set_yticks(range(len(rows)), [row.label for row in rows])
    axis.xaxis.tick_top()
    axis.tick_params(length=0, labelsize=FONT)
    axis.spines[:].set_visible(False)
    return figure


def of_sets(measured, row):
    """``unseen digits +4.2 points (95% interval ...); ...``: the change of a row on each OOD set."""
    return "; ".join(f"{name} {said.points(measured.change(row, sets=sets))}" for name, sets in BY_SET.items())


def two_ways(measured, row):
    """Whether a row is clearly ahead on one OOD set, and clearly behind on another, each by its own interval."""
    return {verdict.YES, verdict.NO} <= {verdict.verdict(measured.change(row, sets=sets)) for sets in BY_SET.values()}


def baselines(measured, row):
    """Two sentences: what cross-entropy has in each of two studies, and what a row would seem to gain over the other one.

    Parameters
    ----------
    measured : Measured
    row : Relative
        Of the first study.

    Returns
    -------
    str
    """
    plain = [Relative("cross-entropy", study, BASELINE) for study in STUDIES]
    texts = []
    for each in plain:
        of, runs = measured.of(each), measured.runs[each.study]
        texts += [
            f"{said.mean(of.values())}% in the study `{each.study}` ({said.listed(sorted(set(runs['device_name'])))}, n = {len(of)})"
        ]
    between = paired_difference(measured.of(plain[0]), measured.of(plain[1]))
    other = paired_difference(measured.of(row), measured.of(plain[1]))
    return (
        f"Cross-entropy of the same seeds has a mean AUROC of {' and '.join(texts)}: the first less the second {said.points(between)}. "
        f"Across the studies *{row.label}* would be at {said.points(other)}, where its own study says {said.points(measured.change(row))}."
    )
