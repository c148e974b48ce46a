"""The control experiment: two trainings compared, on every kind of image that both were tried on."""

import textwrap
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np

from ..utils.files import locate
from . import plots
from .venues import View, views


@dataclass(frozen=True)
class Kind:
    """One kind of OOD images, with the studies that speak of it.

    Attributes
    ----------
    place, label : str
        Where, and what is shown: they head a panel and a row of a figure.
    sets : tuple of str
        Names of its OOD sets.
    studies : tuple of View
        The first one that has both trainings of a comparison counts.
    """

    place: str
    label: str
    sets: tuple
    studies: tuple

    def difference(self, ours, other, score="MSP", metric="auroc", other_score=None):
        """How one training differs from another, seed by seed, in the mean over the sets.

        Parameters
        ----------
        ours, other : str
            ``background`` (the book's choice), ``plain`` (without background loss), or a selector.
        score : str, default="MSP"
            ``firm`` is the score like MSP that no temperature moves.
        metric : str, default="auroc"
        other_score : str, optional
            The score of the other training, where it is not the same; ``firm`` as above.

        Returns
        -------
        Difference or None : None where no study has both.
        """
        for study in self.studies:
            settings = [self._setting(study, name) for name in (ours, other)]
            if all(settings):
                scores = [study.firm if name == "firm" else name for name in (score, other_score)]
                return study.difference(*settings, scores[0], self.sets, metric, scores[1])
        return None

    def _setting(self, study, name):
        if name == "plain":
            return study.plain
        first = self.studies[0]
        selector = first.about.loc[first.chosen, "selector"] if name == "background" else name
        return study.like(study.chosen, selector)


def kinds(root="results"):
    """The kinds of images of all venues that have a study of true masks: list of Kind.

    Parameters
    ----------
    root : path, default="results"
    """
    found = []
    for view in views(root).values():
        if not view.venue.masks:
            continue
        studies = [view]
        with_masks = locate(root) / view.venue.masks
        if view.venue.masks != view.folder and (with_masks / "runs.csv").is_file():
            studies.append(View(view.venue, with_masks))
        found += [Kind(view.venue.title, label, sets, tuple(studies)) for label, sets in view.venue.parts.items()]
    return found


def beside(rows, series, xlabel):
    """Several means with their intervals in every row, one colour a series; panels one above the other.

    Parameters
    ----------
    rows : list of (str, str, list)
        Panel, label, and a Difference or None for each of the series.
    series : dict of str to str
        What a legend calls it, and its colour: a name of :func:`bgood_lib.pages.plots.colour`.
    xlabel : str

    Returns
    -------
    matplotlib Figure
        In points.
    """
    panels = {}
    for panel, label, found in rows:
        panels.setdefault(panel, []).append((label, found))
    counts = [len(part) for part in panels.values()]
    tall = 0.14 + 0.16 * len(series)
    figure, axes = plt.subplots(
        len(panels), sharex=True, squeeze=False, layout="constrained", height_ratios=counts,
        figsize=(plots.WIDTH, 1.0 + 0.24 * len(series) + 0.36 * len(panels) + tall * sum(counts)),
    )  # fmt: skip
    offsets = np.linspace(-0.3, 0.3, len(series)) if len(series) > 1 else [0.0]
    for axis, (panel, part) in zip(axes[:, 0], panels.items()):
        for i, (name, method) in enumerate(series.items()):
            drawn = [(y + offsets[i], found[i]) for y, (_, found) in enumerate(part) if found[i] is not None]
            if drawn:
                y, found = zip(*drawn)
                ink = plots.colour(method)
                again = method in list(series.values())[:i]  # a second series in one colour has hollow marks
                axis.hlines(y, [100 * d.low for d in found], [100 * d.high for d in found], color=ink, linewidth=2)
                axis.scatter(
                    [100 * d.mean for d in found], y, s=34, marker="osD^"[i % 4], label=name,
                    facecolor="white" if again else ink, edgecolor=ink, linewidth=1.5, zorder=3,
                )  # fmt: skip
        axis.set_yticks(range(len(part)), [textwrap.fill(label, 18) for label, _ in part])
        axis.set_ylim(len(part) - 0.45, -0.55)
        axis.tick_params(axis="y", length=0)
        axis.spines["left"].set_visible(False)
        axis.grid(axis="x", color=plots.LIGHT)
        axis.set_axisbelow(True)
        axis.axvline(0, color="#888888", linewidth=1, zorder=1)
        axis.set_title(panel, loc="left", fontweight="bold")
    handles = {label: handle for axis in axes[:, 0] for handle, label in zip(*axis.get_legend_handles_labels())}
    ordered = [name for name in series if name in handles]
    figure.legend([handles[name] for name in ordered], ordered, loc="outside upper left", ncols=1, handletextpad=0.3)
    figure.supxlabel(textwrap.fill(xlabel.replace("n = ", "n\u00a0=\u00a0"), 56), fontsize=plots.FONT)
    return figure
