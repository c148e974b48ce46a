"""Would you believe it? Seeds drawn again where nothing was changed: how often an interval misses zero all the same."""

import math

import numpy as np
from scipy.stats import t as student

from ...metrics.paired import FEWEST
from .. import changes, plots
from .base import Choice, Slider, description, pack, unpack

SIZE = (5.4, 6)
MOST_SEEDS, MOST_TESTS, MOST_PAGES = 20, 40, 500
# Studies whose real spread the draws have: the training with background loss, and that without.
STUDIES = {
    "scenes_confirm": ("scenes", {"selector": "cam_threshold", "weight": 0.1}, ()),
    "canvas": ("canvas", {"selector": "cam_threshold", "weight": 0.1}, ()),
    "cifar10_confirm": ("CIFAR-10", {"selector": "cam_threshold", "weight": 0.02}, ("cifar10",)),
    "photos": ("photographs", {"selector": "cam_threshold", "weight": 0.01}, ()),
}
DETECTOR = "MSP"


def describe(results="results", studies=tuple(STUDIES)):
    """Controls, the spread that seeds really had, and the quantiles that make intervals.

    Parameters
    ----------
    results : path
        Folder of the published studies.
    studies : sequence of str
        Of ``STUDIES``.

    Returns
    -------
    dict
        See :func:`.description`. ``data`` has by study ``spreads``: ``title``, ``n``, ``mean`` and ``sd`` (ddof 1) of the
        seeds' differences, in points; ``quantiles`` of Student's t for 95% intervals, a row for each number of
        seeds from ``fewest`` on, an entry for each number of tests that they are corrected for.
    """
    spreads = {name: measured(results, name) for name in studies}
    degrees = np.arange(FEWEST, MOST_SEEDS + 1)[:, None] - 1
    quantiles = student.isf(0.025 / np.arange(1, MOST_TESTS + 1), degrees)
    controls = {
        "n": Slider("Seeds of each test (n)", 1, MOST_SEEDS, 3),
        "tests": Slider("Tests on the page", 1, MOST_TESTS, 20),
        "study": Choice(
            "Seeds differ as much as on", [[name, what["title"]] for name, what in spreads.items()], studies[0]
        ),
        "page": Slider("Pages drawn", 1, MOST_PAGES, 1),
    }
    data = {"spreads": spreads, "fewest": FEWEST, "quantiles": pack(quantiles.astype(np.float32)), "detector": DETECTOR}
    return description("Would you believe it?", controls, data)


def measured(results, study):
    """What the seeds of a published study said: the change of mean AUROC by the background loss, in points.

    Parameters
    ----------
    results : path
    study : str
        Of ``STUDIES``.

    Returns
    -------
    dict : ``title``, ``setting``, ``n``, ``mean``, ``sd``.
    """
    title, wanted, more = STUDIES[study]
    _, _, metrics = changes.with_baselines(f"{results}/{study}", *(f"{results}/{name}" for name in more))
    metrics = changes.with_settings(metrics[metrics["detector"] == DETECTOR])
    setting = changes.setting_of(metrics, method="background", **wanted)
    moved = changes.changes(changes.mean_over_sets(metrics), within=()).set_index("setting")
    difference = moved.loc[setting, "difference"]
    return {
        "title": title, "setting": setting, "n": difference.n,
        "mean": round(100 * difference.mean, 4), "sd": round(100 * difference.sd, 4),
    }  # fmt: skip


def normals(page, count):
    """Draws of a standard normal distribution: the same on a page and in a notebook.

    Parameters
    ----------
    page : int
        Another one draws other numbers.
    count : int

    Returns
    -------
    ndarray of shape [count]

    Notes
    -----
    The generator is mulberry32, whose state only counts up; normal by Box and Muller.
    """
    state = np.uint32(page * 0x9E3779B9 & 0xFFFFFFFF) + np.arange(1, 2 * count + 1, dtype=np.uint32) * np.uint32(
        0x6D2B79F5
    )
    mixed = (state ^ (state >> np.uint32(15))) * (state | np.uint32(1))
    mixed ^= mixed + (mixed ^ (mixed >> np.uint32(7))) * (mixed | np.uint32(61))
    uniform = ((mixed ^ (mixed >> np.uint32(14))).astype(float) + 0.5) / 2**32
    return np.sqrt(-2 * np.log(uniform[::2])) * np.cos(2 * np.pi * uniform[1::2])


def draw_page(data, values, page):
    """The tests of one page: differences of paired seeds where the true difference is zero.

    Parameters
    ----------
    data : dict
        Of the description.
    values : dict
        Of the controls: ``n``, ``tests``, ``study``.
    page : int

    Returns
    -------
    dict of str to ndarray of shape [tests]
        ``mean`` and ``half``, half the width of the 95% interval (NaN with fewer than ``fewest`` seeds), in points;
        ``missed`` and ``corrected``: whether it misses zero, and whether it still does corrected for the number of tests.
    """
    n, tests, sd = values["n"], values["tests"], data["spreads"][values["study"]]["sd"]
    pairs = sd * normals(page, MOST_TESTS * MOST_SEEDS).reshape(MOST_TESTS, MOST_SEEDS)[:tests, :n]
    mean = pairs.mean(1)
    if n < data["fewest"]:
        nothing = np.zeros(tests, bool)
        return {"mean": mean, "half": np.full(tests, math.nan), "missed": nothing, "corrected": nothing}
    error = pairs.std(1, ddof=1) / math.sqrt(n)
    quantiles = unpack(data["quantiles"])[n - data["fewest"]]
    half = quantiles[0] * error
    return {
        "mean": mean, "half": half, "missed": np.abs(mean) > half,
        "corrected": np.abs(mean) > quantiles[tests - 1] * error,
    }  # fmt: skip


def count(data, values, pages):
    """Running count over pages: dict of str to int.

    ``tests``; ``missed``, tests whose interval misses zero; ``pages``; ``with_miss``, pages with at least one; ``with_corrected``,
    pages with at least one after correction (Holm); ``up``, means above zero; ``as_large``, means at least as large as
    the one that was measured.
    """
    total = dict.fromkeys(("tests", "missed", "pages", "with_miss", "with_corrected", "up", "as_large"), 0)
    real = data["spreads"][values["study"]]["mean"]
    for page in pages:
        drawn = draw_page(data, values, page)
        found = {
            "tests": len(drawn["mean"]), "missed": drawn["missed"].sum(), "pages": 1, "with_miss": drawn["missed"].any(),
            "with_corrected": drawn["corrected"].any(), "up": (drawn["mean"] > 0).sum(),
            "as_large": (drawn["mean"] >= real).sum() if real > 0 else (drawn["mean"] <= real).sum(),
        }  # fmt: skip
        for key in total:
            total[key] += int(found[key])
    return total


def draw(figure, data, values):
    """The tests of the last page as intervals, and the running count."""
    drawn, real = draw_page(data, values, values["page"]), data["spreads"][values["study"]]
    total = count(data, values, range(1, values["page"] + 1))
    axis = figure.add_axes((0.04, 0.31, 0.92, 0.62))
    y = np.arange(values["tests"])[::-1]
    shades = np.where(drawn["missed"], plots.INK, plots.ID_COLOUR)
    half = np.nan_to_num(drawn["half"])
    axis.hlines(y, drawn["mean"] - half, drawn["mean"] + half, colors=shades, linewidth=1.5)
    axis.scatter(drawn["mean"], y, c=shades, s=14, zorder=3)
    axis.axvline(0, color=plots.INK, linewidth=0.8)
    axis.axvline(
        real["mean"],
        color=plots.colour("background"),
        linestyle="--",
        label=f"measured: {real['mean']:+.1f}, n = {real['n']}",
    )
    axis.set(yticks=[], xlabel="change of AUROC, points (true change: 0)")
    axis.legend(loc="lower left", bbox_to_anchor=(0, 1))
    told = [
        f"{total['tests']} tests of no effect:",
        f"{total['up'] / total['tests']:.0%} look like a gain, {total['as_large'] / total['tests']:.0%} one as large as measured;",
    ]
    if values["n"] >= data["fewest"]:
        told += [
            f"{total['missed'] / total['tests']:.1%} of the intervals miss zero,",
            f"at least one does on {total['with_miss'] / total['pages']:.0%} of the pages, corrected (Holm) on {total['with_corrected'] / total['pages']:.0%}.",
        ]
    figure.text(0.04, 0.19, "\n".join(told), va="top")
