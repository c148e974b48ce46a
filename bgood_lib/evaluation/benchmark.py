"""A bank against a protocol: one table of every detector, which says by itself what it rests on."""

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .. import datasets
from ..datasets import Description
from ..detectors.registry import DETECTORS, IMAGE_DETECTORS
from ..detectors.scoring import available, score, score_all, score_images, score_mixed
from ..metrics.ood import METRICS, bootstrap, ood_metrics
from ..utils.errors import InputError
from .apart import leave_out
from .judge import measure
from .protocols import OODSet, find_protocol, load_ood, standing
from .validation import set_aside, validation_rows

MIXES = (5, 20)  # ID images per OOD image that transductive detectors are tried at besides 1


def entries_of(bank, protocol, dataset, outliers=None):
    """The sets of a protocol (:func:`.leave_out` says what of them); for ``all`` also what the bank holds besides."""
    entries = leave_out(protocol.sets.get(dataset, ()), outliers)
    if protocol.name == "all":
        known = {entry.name for entry in entries}
        entries = (*entries, *(OODSet(name, "own") for name in bank.ood if name not in known))
    return entries


@dataclass(frozen=True)
class Evaluation:
    """A bank's figures under a protocol.

    Attributes
    ----------
    rows : DataFrame
        One row per detector and set (a missing set has one row without detector), then per
        detector one per mean (``mean far``: of the sets of that group; ``missing`` if one of them is).
        Columns: ``detector``, ``set``, ``group``, ``title``, ``standing`` (see
        :func:`bgood_lib.evaluation.protocols.standing`), ``note``, ``n``, ``published_n``, ``n_id``,
        ``accuracy``, the metrics (shares), their 95% bootstrap intervals (``auroc_low``,
        ``auroc_high``, ...) and ``error``.
    protocol : Protocol
    test : Description
        The ID test set.
    """

    rows: pd.DataFrame
    protocol: object
    test: Description


def score_sets_of_images(network, bank, entries, dataset, say=print):
    """Scores under the detectors that must see the images (``registry.IMAGE_DETECTORS``), set by set.

    Parameters
    ----------
    network : torch.nn.Module
    bank : Bank
        Of this network; tells which sets are wanted.
    entries : sequence of OODSet
    dataset : str
        In-distribution set of the bank.
    say : callable, default=print
        Receives the time that each detector took.

    Returns
    -------
    dict of str to dict of str to ndarray of shape [N] : by detector and set, ``test`` included.

    Raises
    ------
    ValueError
        If a set holds other images than the bank does.
    """
    images = {"test": datasets.load(dataset, "test")[0]}
    images |= {entry.name: load_ood(entry)[0] for entry in entries if entry.name in bank.sets}
    for name, pictures in images.items():
        if len(pictures) != len(bank[name]):
            raise InputError(f"{name} has {len(pictures)} images and the bank {len(bank[name])}; prepare the run again")
    found = {}
    for name in IMAGE_DETECTORS:
        begin = time.monotonic()
        found[name] = {which: score_images(name, network, pictures) for which, pictures in images.items()}
        say(f"{name}: {sum(map(len, images.values())):,} images in {time.monotonic() - begin:.0f} s")
    return found


def evaluate(
    bank, protocol="all", dataset=None, detectors=None, n_resamples=200, seed=0, parameters=None, more_scores=None, outliers=None
):  # fmt: skip
    """Every detector on every set of a protocol.

    Parameters
    ----------
    bank : Bank
    protocol : str, default="all"
        See :func:`bgood_lib.evaluation.protocols.find_protocol`.
    dataset : str, optional
        In-distribution set of the bank.
    detectors : sequence of str, optional
        By default all :func:`~bgood_lib.detectors.scoring.available`. One that is transductive
        scores batches of ID images and each OOD set, equally many and in ``MIXES``, each a row of
        its own.
    n_resamples : int, default=200
        For the bootstrap; 0 for no intervals.
    seed : int, default=0
        Of the bootstrap.
    parameters : dict of str to dict, optional
        Hyper-parameters by detector; the others keep the published ones.
    more_scores : dict, optional
        Scores that the bank cannot give, of all its images, see :func:`score_sets_of_images`.
    outliers : str, optional
        Image set that was trained with as unknown, see :func:`.leave_out`.

    Returns
    -------
    Evaluation

    Raises
    ------
    ValueError
        If a detector or protocol is unknown, or the bank holds none of the protocol's sets.
    """
    protocol = find_protocol(protocol, dataset)
    entries = entries_of(bank, protocol, dataset, outliers)
    present = [entry for entry in entries if entry.name in bank.sets]
    if not present:
        wanted = ", ".join(entry.name for entry in entries) or "any OOD set"
        raise InputError(f"the bank holds none of the sets of protocol {protocol.name} ({wanted})")
    names = list(detectors or available(bank))
    for name in names:
        DETECTORS.find(name)
    more_scores = dict(more_scores or {})
    if protocol.holds_out and "val" not in bank.sets:
        kept = np.setdiff1d(np.arange(len(bank["test"])), validation_rows(len(bank["test"])))
        more_scores = {name: {**by_set, "test": by_set["test"][kept]} for name, by_set in more_scores.items()}
        bank = set_aside(bank)
    bank = bank.take(("train", "test", "val", *(entry.name for entry in present)))
    test = bank["test"]
    accuracy = float((test.logits.argmax(1) == test.labels).mean())

    def figures(scores_id, scores_ood, name):
        found = {"n_id": len(scores_id), **ood_metrics(scores_id, scores_ood, name)}
        if n_resamples:
            ends = bootstrap(scores_id, scores_ood, n_resamples, seed, name=name)
            found |= {f"{key}_{end}": value for key, pair in ends.items() for end, value in zip(("low", "high"), pair)}
        return found

    parameters = parameters or {}
    plain = [name for name in names if not DETECTORS[name].transductive]
    scores = score_all(bank, [name for name in plain if name not in parameters])
    for name in set(plain) & set(parameters):
        scores[name] = _attempt(score, name, bank, **parameters[name])
    scores |= more_scores
    rows_of = {}  # how a row is called: its detector, and the mix it is scored in
    for name in names:
        if DETECTORS[name].transductive:
            rows_of |= {name: (name, 1), **{f"{name} ({mix}:1)": (name, mix) for mix in MIXES}}
        else:
            rows_of[name] = name, None
    rows_of |= {name: (name, None) for name in more_scores}
    rows = []
    for entry in entries:
        about = bank.descriptions.get(entry.name) or Description.missing(entry.name)
        start = {
            "set": entry.name, "group": entry.group, "title": about.title, "standing": standing(entry, about),
            "note": about.note, "n": about.n, "published_n": entry.published_n,
        }  # fmt: skip
        if entry not in present:
            rows.append({"detector": None, **start})
            continue
        start["accuracy"] = accuracy
        for label, (name, mix) in rows_of.items():
            if mix:
                mixed = _attempt(score_mixed, name, bank, entry.name, mix, **parameters.get(name, {}))
                mixed = mixed if isinstance(mixed, str) else dict(zip(("test", entry.name), mixed))
                found = measure(mixed, entry.name, name, figures)
            else:
                found = measure(scores[name], entry.name, name, figures)
            rows.append({"detector": label, **start, **found})
    rows = pd.DataFrame(rows)
    rows = rows.reindex(columns=_columns(rows))
    rows = pd.concat([rows, _means(rows, list(rows_of))], ignore_index=True)
    counts = dict.fromkeys(("n", "published_n", "n_id"), "Int64")
    return Evaluation(rows.astype(counts), protocol, bank.descriptions["test"])


def refuse_if_all_failed(evaluation):
    """An error in the place of a table that holds no figure at all.

    Raises
    ------
    InputError
        With the reasons.
    """
    rows = evaluation.rows
    if rows["auroc"].isna().all():
        failed = rows.dropna(subset=["detector", "error"]).drop_duplicates("detector")
        told = "; ".join(
            row.error.removeprefix("InputError: ").removeprefix(f"{row.detector}: ")
            for row in failed.head(3).itertuples()
        )
        raise InputError(f"no detector could be computed, so no table is written: {told}")


def _columns(rows):
    """Figures last, in a fixed order, ``error`` at the very end."""
    about = ["title", "standing", "note", "n", "published_n"]
    first = ["detector", "set", "group", *about, "n_id", "accuracy", *METRICS]
    return first + [name for name in rows if name not in (*first, "error")] + ["error"]


def _attempt(function, *values, **parameters):
    """What a function returns, or its error as text: as in ``score_all``, one that fails costs its own rows only."""
    try:
        return function(*values, **parameters)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _means(rows, names):
    """Mean rows per detector: of near and far sets where there are both, else of all sets."""
    groups = set(rows["group"])
    split = groups >= {"near", "far"}
    means = []
    for label in ("near", "far") if split else ("all",):
        part = rows[rows["group"] == label] if split else rows
        for name in names:
            found = part[part["detector"] == name]
            row = {"detector": name, "set": f"mean {label}", "group": label}
            if (part["standing"] == "missing").any():
                row["standing"] = "missing"
            elif found["error"].notna().any():
                row["error"] = "not given: the detector failed on a set"
            else:
                figures = [metric for metric in found if metric in METRICS or metric.startswith("aupr")]
                row |= {"accuracy": found["accuracy"].iloc[0], **found[figures].mean().to_dict()}
            means.append(row)
    return pd.DataFrame(means)
