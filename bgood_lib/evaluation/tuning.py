"""Hyper-parameters of detectors, chosen in three ways and shown side by side.

``default``
    the published values.
``ood``
    the best of a grid on an OOD validation set, as OpenOOD does. None of its classes is tested on.
``jigsaw``
    the best of the same grid on shuffled ID images: no OOD image is needed.

Both searches maximise AUROC on images that are no part of the test.
"""

import itertools
import warnings

import pandas as pd

from ..detectors.registry import DETECTORS
from ..detectors.scoring import fit
from ..utils.errors import InputError
from .benchmark import evaluate
from .judge import measure
from .report import means
from .validation import set_aside

WAYS = {"default": None, "ood": "val_ood", "jigsaw": "val_jigsaw"}  # the set that each searches on


class EdgeWarning(UserWarning):
    """The best value lies on the edge of its grid: a better one may lie beyond."""


def search(detector, bank, val_ood):
    """The hyper-parameters of a detector's grid that are best on validation images.

    Parameters
    ----------
    detector : str
        One of ``registry.DETECTORS``, with a grid.
    bank : Bank
        With ``val``, see :func:`bgood_lib.evaluation.validation.set_aside`.
    val_ood : str
        Name of the OOD validation set in the bank.

    Returns
    -------
    best : dict of str to value
        Of equally good ones, one that is not on an edge.
    grid : DataFrame
        One row per combination: its values, ``auroc`` and the other metrics (shares), ``error``
        where it failed.

    Warns
    -----
    EdgeWarning
        If a value of ``best`` is the smallest or largest of its grid; names detector, parameter
        and value.

    Raises
    ------
    ValueError
        If the detector has no grid or fails on all of it, or the bank lacks a set.
    """
    values = DETECTORS[detector].grid
    if not values:
        raise InputError(f"{detector} has no grid to search; with one: {', '.join(searchable())}")
    for name in ("val", val_ood):
        if name not in bank.sets:
            raise InputError(
                f"the bank has no set {name!r} to choose hyper-parameters on; it has {', '.join(bank.sets)}"
            )
    rows = []
    for combination in itertools.product(*values.values()):
        chosen = dict(zip(values, combination))
        try:
            fitted = fit(detector, bank, **chosen)
            scores = {"test": fitted.score(bank["val"]), val_ood: fitted.score(bank[val_ood])}
        except Exception as error:  # this combination may not suit this bank
            scores = f"{type(error).__name__}: {error}"
        figures = measure(scores, val_ood, detector)
        edges = [name for name in values if _on_edge(chosen[name], values[name])]
        rows.append({"chosen": chosen, "edges": edges, **figures})
    good = [row for row in rows if "auroc" in row]
    if not good:
        raise InputError(f"{detector} fails on all of its grid: {rows[0]['error']}")
    best = min(good, key=lambda row: (-row["auroc"], len(row["edges"])))
    for name in best["edges"]:
        warnings.warn(
            f"{detector}: the best {name}, {best['chosen'][name]}, is on the edge of its grid {list(values[name])}",
            EdgeWarning,
            stacklevel=2,
        )
    return best["chosen"], pd.DataFrame([{**row.pop("chosen"), **row} for row in rows]).drop(columns="edges")


def searchable():
    """Names of the detectors that have more than one point to search and need no mixed batch."""
    return [
        name
        for name, entry in DETECTORS.items()
        if not entry.transductive and any(len(values) > 1 for values in entry.grid.values())
    ]


def _on_edge(value, values):
    numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)
    return numbers and len(values) > 1 and value in (min(values), max(values))


def compare(bank, dataset=None, protocol="all", detectors=None, n_resamples=0, say=print, outliers=None):
    """Detectors on the sets of a protocol, with hyper-parameters chosen in each of ``WAYS``.

    Parameters
    ----------
    bank : Bank
        With ``val_jigsaw``, and ``val_ood`` where there is one; see
        :func:`bgood_lib.evaluation.bank.build_bank`.
    dataset, protocol, n_resamples, outliers
        As for :func:`bgood_lib.evaluation.benchmark.evaluate`.
    detectors : sequence of str, optional
        By default :func:`searchable` ones.
    say : callable, default=print
        Receives a line per detector and search.

    Returns
    -------
    dict of str to Evaluation
        By way. ``rows`` has further columns ``parameters`` and ``edge`` (text; empty where
        nothing is on an edge). The ID images of validation are no part of the test. A way whose
        validation set the bank lacks is left out, and said.

    Raises
    ------
    ValueError
        If a detector or protocol is unknown.
    """
    names = list(detectors or searchable())
    for name in names:
        DETECTORS.find(name)
    bank = set_aside(bank)
    found = {}
    for way, val_ood in WAYS.items():
        chosen, edges = {}, {}
        if val_ood and val_ood not in bank.sets:
            say(f"{way}: none, as there is no OOD set to spare (the bank has no {val_ood})")
            continue
        for name in names if val_ood else ():
            if name not in searchable():
                continue
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", EdgeWarning)
                try:
                    chosen[name], _ = search(name, bank, val_ood)
                except ValueError as error:
                    say(f"{way}: {error}; its default stays")
                    continue
            edges[name] = "; ".join(str(w.message) for w in caught if issubclass(w.category, EdgeWarning))
            say(f"{way}: {name} {chosen[name]}" + (f" - {edges[name]}" if edges[name] else ""))
        evaluation = evaluate(bank, protocol, dataset, names, n_resamples, parameters=chosen, outliers=outliers)
        used = {name: {**DETECTORS[name].parameters, **chosen.get(name, {})} for name in names}
        detector = evaluation.rows["detector"]
        # A transductive detector has a row for each mix, "NAME (5:1)".
        named = {label: str(used[label.split(" (")[0]]) for label in detector.dropna().unique()}
        evaluation.rows.insert(1, "parameters", detector.map(named))
        evaluation.rows.insert(2, "edge", detector.map(lambda name, edges=edges: edges.get(name, "")))
        found[way] = evaluation
    return found


def side_by_side(found, metric="auroc"):
    """One row per detector and mean, one column per way: the figure in percent, and its parameters.

    Parameters
    ----------
    found : dict of str to Evaluation
        Of :func:`compare`.
    metric : str, default="auroc"

    Returns
    -------
    DataFrame of str
        ``edge`` marks a choice on the edge of its grid; a mean that is not given says why.
    """
    rows = {}
    for way, evaluation in found.items():
        texts = means(evaluation)
        for _, row in evaluation.rows[evaluation.rows["set"].isin(list(texts))].iterrows():
            cell = rows.setdefault((row["detector"], f"{row['group']}: {texts[row['set']]}"), {})
            figure = "failed" if pd.notna(row["error"]) else f"{100 * row[metric]:.1f}"
            mark = ", edge" if row["edge"] else ""
            cell[way] = "" if row["standing"] == "missing" else f"{figure} {row['parameters']}{mark}"
    return pd.DataFrame(rows).T.rename_axis(["detector", "mean"])
