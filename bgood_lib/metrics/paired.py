"""Differences between trainings that share seeds, with the interval that few seeds allow."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.stats import t as student

from ..utils.errors import InputError

FEWEST = 3  # seeds: with fewer, or with a collapsed training among them, there is no interval


@dataclass(frozen=True)
class Difference:
    """What one setting changes against another, seed by seed.

    Attributes
    ----------
    n : int
        Seeds that both have.
    mean : float
        Of the differences.
    sd : float
        Their standard deviation (ddof 1); NaN where n < 2.
    low, high : float
        Confidence interval of the mean. NaN where n < 3 or a training collapsed: too few say nothing of chance,
        and a network that learned nothing is no draw from the same distribution.
    collapsed : int
        How many of the n pairs have a collapsed training.
    """

    n: int
    mean: float
    sd: float
    low: float
    high: float
    collapsed: int = 0

    @property
    def p(self):
        """Of the paired t test, two-sided; NaN where there is no interval."""
        if math.isnan(self.low):
            return math.nan
        if not self.sd:
            return float(self.mean == 0)
        return float(2 * student.sf(abs(self.mean) / self.sd * math.sqrt(self.n), self.n - 1))

    def text(self, digits=1, scale=100):
        """``+1.2 [0.4, 2.0], n = 3`` or, without an interval, ``+1.2, n = 2``; with ``, 1 collapsed`` behind it.

        Parameters
        ----------
        digits : int, default=1
        scale : float, default=100
            100 writes shares as percentage points.
        """
        if not self.n:
            return "no shared seed"
        text = _fixed(self.mean * scale, digits, "+")
        if not math.isnan(self.low):
            text += f" [{_fixed(self.low * scale, digits)}, {_fixed(self.high * scale, digits)}]"
        return f"{text}, n = {self.n}" + f", {self.collapsed} collapsed" * bool(self.collapsed)


def _fixed(value, digits, sign=""):
    return f"{round(value, digits) + 0.0:{sign}.{digits}f}"  # + 0.0: nothing is -0.0


@lru_cache
def _quantile(confidence, n):
    return float(student.ppf((1 + confidence) / 2, n - 1))


def paired_difference(a, b, confidence=0.95, collapsed=()):
    """Mean of ``a - b`` over the seeds that both have, with Student's t interval.

    Parameters
    ----------
    a, b : dict of int to float
        A figure by seed; a seed whose figure is None or NaN counts as not there.
    confidence : float, default=0.95
        Of the interval, which takes the differences for draws from a normal distribution.
    collapsed : collection of int, default=()
        Seeds of which a training collapsed.

    Returns
    -------
    Difference

    Raises
    ------
    ValueError
        If no seed is in both, or the confidence is no share.
    """
    found = _difference(a, b, confidence, collapsed)
    if not found.n:
        there = " and ".join(", ".join(map(str, sorted(_there(side)))) or "none" for side in (a, b))
        raise InputError(f"no seed is in both: there are seeds {there}; only trainings of one seed make a pair")
    return found


def _there(values):
    return {seed: value for seed, value in values.items() if not pd.isna(value)}


def _difference(a, b, confidence, collapsed=()):
    """As :func:`paired_difference`, but n = 0 where no seed is shared."""
    if not 0 < confidence < 1:
        raise InputError(f"confidence is {confidence}; it must be between 0 and 1, 0.95 for 95%")
    a, b = _there(a), _there(b)
    seeds = sorted(a.keys() & b.keys())
    pairs, n, bad = [a[seed] - b[seed] for seed in seeds], len(seeds), len(set(seeds) & set(collapsed))
    mean = math.fsum(pairs) / n if n else math.nan
    sd = math.sqrt(math.fsum((pair - mean) ** 2 for pair in pairs) / (n - 1)) if n > 1 else math.nan
    half = math.nan if n < FEWEST or bad else _quantile(confidence, n) * sd / math.sqrt(n)
    return Difference(n, mean, sd, mean - half, mean + half, bad)


def holm(p):
    """P-values of a family of tests, corrected for their number (Holm, Scandinavian Journal of Statistics 1979).

    Parameters
    ----------
    p : array-like of shape [N]
        NaN counts as no test.

    Returns
    -------
    ndarray of shape [N]
        Under 0.05 where the test still holds when at most one family in twenty may have a single false one.
    """
    p = np.asarray(p, float)
    order = np.argsort(p)[: np.isfinite(p).sum()]  # NaN is sorted to the end
    corrected = np.full(len(p), np.nan)
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)), 1)
    return corrected


def compare(frame, value, baseline, by, within=(), confidence=0.95):
    """Paired difference of every setting to a baseline setting.

    Each interval stands for itself: of forty settings that change nothing, two are expected to
    have a 95% interval without zero; :func:`holm` corrects for that.

    Parameters
    ----------
    frame : DataFrame
        A row per run, or per run and whatever ``within`` names; with a column ``seed`` and, where some may have
        collapsed, ``collapsed`` (bool).
    value : str
        The column that is compared.
    baseline : dict of str to value
        Says which setting is the baseline: values of some columns of ``by``, None for an empty one.
    by : list of str
        The columns that make a setting, for example ``["method", "selector", "weight"]``.
    within : list of str
        Columns such as ``["detector", "ood"]``: one comparison for each of their values.
    confidence : float, default=0.95

    Returns
    -------
    DataFrame
        A row per value of ``within`` and setting other than the baseline, in the frame's order:
        these columns, then ``n``, ``mean``, ``sd``, ``low``, ``high``, ``collapsed`` and ``difference`` (a
        :class:`Difference`, for its text). Where no seed is shared, n = 0 and no figures.

    Raises
    ------
    ValueError
        If the baseline is not exactly one setting, a setting has one seed twice, or not one
        setting shares a seed with the baseline.
    """
    by, within = list(by), list(within)
    if unknown := [c for c in [*by, *within, *baseline, value, "seed"] if c not in frame]:
        raise InputError(f"the frame has no column {', '.join(unknown)}; it has {', '.join(map(str, frame.columns))}")
    if outside := [column for column in baseline if column not in by]:
        raise InputError(
            f"the baseline speaks of {', '.join(outside)}, which `by` does not: a setting is {', '.join(by)}"
        )
    settings, bad = {}, {}
    for key, rows in frame.groupby([*within, *by], dropna=False, sort=False):
        key = tuple(None if pd.isna(part) else part for part in key)
        if twice := sorted(rows["seed"][rows["seed"].duplicated()].unique()):
            raise InputError(
                f"{_say(by, key[len(within) :])} has seed {twice[0]} twice; name in `by` or `within` what differs"
            )
        settings[key] = dict(zip(rows["seed"], rows[value]))
        bad[key] = set(rows["seed"][rows["collapsed"]]) if "collapsed" in rows else set()
    names = dict.fromkeys(key[len(within) :] for key in settings)
    wanted = {column: None if pd.isna(v) else v for column, v in baseline.items()}
    found = [name for name in names if all(name[by.index(column)] == v for column, v in wanted.items())]
    if len(found) != 1:
        there = "; ".join(_say(by, name) for name in found or names)
        problem = "fits more than one setting" if found else "is no setting of the frame"
        raise InputError(f"the baseline {_say(wanted, wanted.values())} {problem}: {there}")
    rows = []
    for key, values in settings.items():
        place, name = key[: len(within)], key[len(within) :]
        if name == found[0]:
            continue
        other = (*place, *found[0])
        collapsed = bad[key] | bad.get(other, set())
        difference = _difference(values, settings.get(other, {}), confidence, collapsed)
        rows.append({**dict(zip([*within, *by], key)), **vars(difference), "difference": difference})
    if rows and not any(row["n"] for row in rows):
        raise InputError(
            f"no setting shares a seed with the baseline {_say(by, found[0])}; train both with the same seeds"
        )
    return pd.DataFrame(rows)


def _say(columns, values):
    return ", ".join(f"{column} {value}" for column, value in zip(columns, values) if value is not None)
