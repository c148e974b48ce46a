"""Skeletons on pages: a picture of some, and what was found of Skeleton-OOD and of the background loss on them."""

import matplotlib.pyplot as plt
import numpy as np

from ..datasets.skeletons import PARENTS
from . import said
from .plots import FONT, INK, OOD_COLOUR, WIDTH
from .relatives import BASELINE, Relative

STUDY = "skeletons"
BY_SET = {
    "unseen actions": ("skeletons_unseen",),
    "standing still": ("skeletons_still",),
    "bodies in strange places": ("skeletons_strange",),
}
SETS = tuple(name for names in BY_SET.values() for name in names)
ASH = "SkeletonOOD"  # energy after ASH-P at the published share
ROWS = (
    Relative("ASH alone", STUDY, BASELINE, ASH),
    Relative("margin −25, with ASH", STUDY, "energy_margin-energy_margin_-25", ASH),
    Relative("margin −8, with ASH", STUDY, "energy_margin-energy_margin_-8", ASH),
    Relative("margin −25", STUDY, "energy_margin-energy_margin_-25"),
    Relative("margin −8", STUDY, "energy_margin-energy_margin_-8"),
    Relative("background loss, least evidence", STUDY, "background-least_evidence", group="background"),
    Relative("loss on all cells", STUDY, "background-all", group="all"),
    Relative("loss on joints at rest", STUDY, "background-oracle", needs="true masks", group="oracle"),
)


def found(measured):
    """Lines of Markdown: of each row the change of AUROC to MSP of cross-entropy, mean of the three OOD sets; the controls.

    Parameters
    ----------
    measured : Measured
        Of ``ROWS``.
    """
    rows = {row.label: row for row in measured.rows}
    lines = [
        f"- {row.label} ({'ASH-P 75' if row.score == ASH else row.score}): {said.points(measured.change(row, sets=SETS))}; ID accuracy "
        f"{said.mean(measured.figure(row, 'accuracy').values())}%"
        for row in rows.values()
    ]
    tried = [label for label, row in rows.items() if row.run.startswith("background")]
    for control in tried[1:]:
        for score in ("MSP", "ScaledMSP"):
            told = "at equal spread" if score == "ScaledMSP" else "MSP"
            gap = measured.between(rows[tried[0]], rows[control], score, SETS)
            lines += [f"- {tried[0]} less {control} ({told}): {said.points(gap)}"]
    if resting := [row for row in rows.values() if row.group == "oracle"]:
        parts = [f"{name} {said.points(measured.change(resting[0], sets=sets))}" for name, sets in BY_SET.items()]
        right, chance = (
            said.mean(measured.figure(measured.plain(resting[0]), f"selection/least_evidence/{share}").values())
            for share in ("precision", "chance")
        )
        lines += [
            f"- {resting[0].label}, by set: {'; '.join(parts)}",
            f"- of the cells with the least evidence {right}% belong to joints at rest (blindly chosen: {chance}%), by plain cross-entropy",
        ]
    return lines


def draw(figures, masks, titles, moments=4):
    """Skeletons from the front, a figure a row, some moments side by side; joints that take part are coloured.

    Parameters
    ----------
    figures : ndarray of shape [N, 16, T, 3], uint8
    masks : ndarray of shape [N, 16, T], bool
    titles : list of N str
    moments : int, default=4

    Returns
    -------
    matplotlib Figure
    """
    canvas, axes = plt.subplots(len(figures), moments, figsize=(WIDTH, 1.15 * len(figures)), squeeze=False)
    shown = np.linspace(0, figures.shape[2] - 1, moments).round().astype(int)
    for row, figure, mask, title in zip(axes, figures.astype(int), masks, titles):
        for axis, moment in zip(row, shown):
            place = figure[:, moment]
            for joint, parent in enumerate(PARENTS):
                colour = OOD_COLOUR if mask[joint, moment] else INK
                ends = place[[joint, max(parent, 0)]]
                axis.plot(ends[:, 0], ends[:, 1], color=colour, linewidth=2, solid_capstyle="round")
            axis.set(xlim=(58, 198), ylim=(58, 210), xticks=[], yticks=[], aspect="equal")
            axis.spines[:].set_visible(False)
        row[0].set_ylabel(title, rotation=0, ha="right", va="center", fontsize=FONT)
    canvas.tight_layout(pad=0.3)
    return canvas
