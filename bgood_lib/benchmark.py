"""A bank against a protocol: one table of every detector, which says by itself what it rests on."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from . import datasets
from .evaluation import add_validation, measure, pass_ood
from .feature_bank import Bank
from .files import atomic_write, check_zip
from .metrics import bootstrap, ood_metrics
from .posthoc import DETECTORS, IMAGE_DETECTORS, score, score_all, score_images, score_mixed
from .protocols import OODSet, find_protocol, load_ood, shortfall, validation_rows
from .records import read_record

METRICS = ("auroc", "fpr95_ood_positive", "fpr95_id_positive")
MIXES = (5, 20)  # ID images per OOD image that transductive detectors are tried at besides 1


@dataclass(frozen=True)
class Run:
    """A bank and, where they are known, the folder and the record of the run that left it.

    Attributes
    ----------
    bank : Bank
    folder : Path
        Where the bank lies.
    record : dict or None
    dataset : str or None
        In-distribution set.
    """

    bank: Bank
    folder: Path
    record: dict | None
    dataset: str | None

    def network(self):
        """The trained network, on the CPU, in evaluation mode.

        Raises
        ------
        FileNotFoundError
            If there is no checkpoint beside the bank.
        ValueError
            If it is not whole, or of another version of this project.
        """
        from . import training

        check_zip(self.folder / "checkpoint.pt")
        return training.load_network(self.folder / "checkpoint.pt")


def open_run(path, dataset=None):
    """Open a run's folder, or a bank alone.

    Parameters
    ----------
    path : path
        A folder with ``bank.npz``, or an npz file of a bank.
    dataset : str, optional
        In-distribution set; by default that of ``record.json`` beside the bank, if there is one.

    Returns
    -------
    Run

    Raises
    ------
    FileNotFoundError
        If there is no bank.
    ValueError
        If the bank or the record is not whole.
    """
    path = Path(path)
    file = path / "bank.npz" if path.is_dir() else path
    if not file.is_file():
        raise FileNotFoundError(f"there is no bank {file}; give the folder of a run, or the npz file of a bank")
    beside = file.parent / "record.json"
    record = read_record(beside) if beside.is_file() and file.name == "bank.npz" else None
    return Run(Bank.load(file), file.parent, record, dataset or (record and record["config"]["dataset"]))


def complete(run, entries, validation=False, say=print):
    """A bank with the sets of a protocol as they are prepared today.

    A set that the bank lacks, or holds with other images (its title differs), is passed through
    the run's network if it is prepared. The bank's file stays as it is.

    Parameters
    ----------
    run : Run
    entries : sequence of OODSet
    validation : bool, default=False
        Whether the sets that serve to choose hyper-parameters are wanted too.
    say : callable, default=print
        Receives a line about everything that is done, or cannot be.

    Returns
    -------
    Bank

    Raises
    ------
    bgood_lib.datasets.DataError
        If a prepared set is damaged.
    """
    wanted = [
        entry
        for entry in entries
        if datasets.available(entry.name, "test") and load_ood(entry)[1] != run.bank.titles.get(entry.name)
    ]
    validation = validation and run.dataset is not None and "val_jigsaw" not in run.bank.sets
    if not wanted and not validation:
        return run.bank
    names = ", ".join([entry.name for entry in wanted] + ["validation sets"] * validation)
    try:
        network = run.network()
    except (OSError, ValueError) as error:
        say(f"{names}: not computed, the bank counts as it is ({error})")
        return run.bank
    sets, titles = dict(run.bank.sets), dict(run.bank.titles)
    for entry in wanted:
        say(f"{entry.name}: passed through the network of {run.folder}, as the bank holds no such images")
        sets[entry.name], titles[entry.name] = pass_ood(network, entry)
    if validation:
        say(f"validation sets: passed through the network of {run.folder}")
        add_validation(network, run.dataset, sets, titles)
    return Bank(sets, run.bank.weight, run.bank.bias, titles)


def set_aside(bank):
    """A bank whose ``test`` lacks the images that validation uses; they are ``val`` instead.

    Parameters
    ----------
    bank : Bank

    Returns
    -------
    Bank
    """
    test = bank["test"]
    held = np.zeros(len(test), bool)
    held[validation_rows(len(test))] = True
    sets = {**bank.sets, "test": test.take(~held), "val": test.take(held)}
    title = bank.titles.get("test", "test").rsplit(", N =", 1)[0]
    titles = {
        **bank.titles,
        "test": f"{title}, without {held.sum():,} images for validation, N = {(~held).sum():,}",
        "val": f"{title}, images for validation, N = {held.sum():,}",
    }
    return Bank(sets, bank.weight, bank.bias, titles)


def entries_of(bank, protocol, dataset):
    """The sets of a protocol; for ``all`` also what the bank holds besides."""
    entries = protocol.sets.get(dataset, ())
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
        detector one per mean. Columns: ``detector``, ``set``, ``group``, ``title``,
        ``shortfall`` (see :func:`bgood_lib.protocols.shortfall`; ``missing``), ``n``,
        ``published_n``, ``n_id``, ``accuracy``, the metrics (shares), their 95% bootstrap intervals
        (``auroc_low``, ``auroc_high``, ...) and ``error``.
    protocol : Protocol
    about : str
        The ID test set, with N and accuracy.
    """

    rows: pd.DataFrame
    protocol: object
    about: str


def score_sets_of_images(network, bank, entries, dataset, say=print):
    """Scores under the detectors that must see the images (``posthoc.IMAGE_DETECTORS``), set by set.

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
            raise ValueError(f"{name} has {len(pictures)} images and the bank {len(bank[name])}; prepare the run again")
    found = {}
    for name in IMAGE_DETECTORS:
        begin = time.monotonic()
        found[name] = {which: score_images(name, network, pictures) for which, pictures in images.items()}
        say(f"{name}: {sum(map(len, images.values())):,} images in {time.monotonic() - begin:.0f} s")
    return found


def evaluate(
    bank, protocol="all", dataset=None, detectors=None, n_resamples=200, seed=0, parameters=None, more_scores=None
):  # fmt: skip
    """Every detector on every set of a protocol.

    Parameters
    ----------
    bank : Bank
    protocol : str, default="all"
        See :func:`bgood_lib.protocols.find_protocol`.
    dataset : str, optional
        In-distribution set of the bank.
    detectors : sequence of str, optional
        By default all of ``posthoc.DETECTORS``. One that is transductive scores batches of ID images
        and each OOD set, equally many and in ``MIXES``, each a row of its own.
    n_resamples : int, default=200
        For the bootstrap; 0 for no intervals.
    seed : int, default=0
        Of the bootstrap.
    parameters : dict of str to dict, optional
        Hyper-parameters by detector; the others keep the published ones.
    more_scores : dict, optional
        Scores that the bank cannot give, of all its images, see :func:`score_sets_of_images`.

    Returns
    -------
    Evaluation

    Raises
    ------
    ValueError
        If a detector or protocol is unknown, or the bank holds none of the protocol's sets.
    """
    protocol = find_protocol(protocol, dataset)
    entries = entries_of(bank, protocol, dataset)
    present = [entry for entry in entries if entry.name in bank.sets]
    if not present:
        wanted = ", ".join(entry.name for entry in entries) or "any OOD set"
        raise ValueError(f"the bank holds none of the sets of protocol {protocol.name} ({wanted})")
    names = list(detectors or DETECTORS)
    for name in names:
        if name not in DETECTORS:
            raise ValueError(f"unknown detector {name!r}; choose among {', '.join(DETECTORS)}")
    more_scores = dict(more_scores or {})
    if protocol.holds_out and "val" not in bank.sets:
        kept = np.setdiff1d(np.arange(len(bank["test"])), validation_rows(len(bank["test"])))
        more_scores = {name: {**by_set, "test": by_set["test"][kept]} for name, by_set in more_scores.items()}
        bank = set_aside(bank)
    kept = ("train", "test", "val", *(entry.name for entry in present))
    bank = Bank({n: f for n, f in bank.sets.items() if n in kept}, bank.weight, bank.bias, bank.titles)
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
        start = {"set": entry.name, "group": entry.group, "published_n": entry.published_n}
        if entry not in present:
            title = f"{datasets.FULL.get(entry.name, entry.name)}: missing"
            rows.append({"detector": None, **start, "title": title, "shortfall": "missing", "n": 0})
            continue
        n, title = len(bank[entry.name]), bank.titles.get(entry.name, entry.name)
        start |= {"title": title, "shortfall": shortfall(entry, title, n), "n": n, "accuracy": accuracy}
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
    about = f"{bank.titles.get('test', 'test')}; accuracy {100 * accuracy:.2f}%"
    rows = pd.concat([rows, _means(rows, list(rows_of))], ignore_index=True)
    counts = dict.fromkeys(("n", "published_n", "n_id"), "Int64")
    return Evaluation(rows.astype(counts), protocol, about)


def _columns(rows):
    """Figures last, in a fixed order, ``error`` at the very end."""
    first = ["detector", "set", "group", "title", "shortfall", "n", "published_n", "n_id", "accuracy", *METRICS]
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
        about = part.drop_duplicates("set")
        missing = [datasets.FULL.get(name, name) for name in about["set"][about["shortfall"] == "missing"]]
        short = int(about["shortfall"].isin(["part", "stand-in"]).sum())
        title = f"mean of {len(about)} sets" + (f", {short} of them parts or stand-ins" if short else "")
        for name in names:
            found = part[part["detector"] == name]
            row = {"detector": name, "set": f"mean {label}", "group": label, "title": title}
            if missing:
                row["title"] = f"not given: {', '.join(missing)} missing"
            elif found["error"].notna().any():
                row["error"] = "not given: the detector failed on a set"
            else:
                figures = [metric for metric in found if metric in METRICS or metric.startswith("aupr")]
                row |= {"accuracy": found["accuracy"].iloc[0], **found[figures].mean().to_dict()}
            means.append(row)
    return pd.DataFrame(means)


def wide(evaluation, metric):
    """One row per detector, one column per set and mean that is given: a figure in percent.

    Parameters
    ----------
    evaluation : Evaluation
    metric : str
        One of ``METRICS``.

    Returns
    -------
    DataFrame of str
        A set that is not the whole one says so in its column's name; ``failed`` where a detector
        did.
    """
    table = {}
    for name, part in evaluation.rows.groupby("set", sort=False):
        first = part.iloc[0]
        if first["shortfall"] == "missing" or str(first["title"]).startswith("not given"):
            continue
        if name.startswith("mean "):
            title = f"{first['group']}: {first['title']}"
        else:
            note = f", {first['shortfall']}" if first["shortfall"] else ""
            title = f"{datasets.FULL.get(name, name)}{note} (N = {first['n']:,})"
        values = part.set_index("detector")[metric]
        table[title] = values.map(lambda value: "failed" if np.isnan(value) else f"{100 * value:.1f}")
    table = pd.DataFrame(table)
    return table.rename_axis("detector")


def notes(evaluation):
    """What must be known to read the tables: a list of str, a line each."""
    protocol, rows = evaluation.protocol, evaluation.rows
    convention = f" Its FPR95 is {protocol.fpr95}." if protocol.fpr95 else ""
    source = f" ({protocol.source})" if protocol.source else ""
    lines = [
        f"Protocol {protocol.name}: {protocol.title}{source}.{convention} Images: {protocol.resize}.",
        f"ID: {evaluation.about}.",
    ]
    is_mean = rows["set"].str.startswith("mean ")
    for _, row in rows[~is_mean].drop_duplicates("set").iterrows():
        published = row["published_n"]
        lines.append(
            f"OOD, {row['group']}: {row['title']}"
            + (f" (published N = {published:,.0f})" if pd.notna(published) and published != row["n"] else "")
        )
    for _, row in rows[is_mean].drop_duplicates("set").iterrows():
        if row["title"].startswith("not given"):
            lines.append(f"{row['set'].capitalize()} {row['title']}.")
    failed = rows[~is_mean & rows["error"].notna()]
    for (detector, error), part in failed.groupby(["detector", "error"], sort=False):
        lines.append(f"{detector} failed on {', '.join(part['set'])}: {error}")
    seen = rows["detector"].dropna().unique()
    together = [name for name in seen if name in DETECTORS and DETECTORS[name].transductive]
    mixes = ", ".join(f"{mix}:1" for mix in (1, *MIXES))
    if together:
        lines.append(
            f"{', '.join(together)}: transductive, scores mixed batches (ID to OOD images {mixes}; 1:1 where none is named), "
            "so N is smaller."
        )
    return lines


def to_markdown(evaluation):
    """Notes and a table per metric, in percent, as Markdown."""
    parts = ["\n".join(f"- {line}" for line in notes(evaluation))]
    for metric in METRICS:
        table = wide(evaluation, metric).reset_index()
        grid = [list(table.columns), ["---", *["--:"] * (len(table.columns) - 1)], *table.values.tolist()]
        parts.append(f"**{metric}**, in percent\n\n" + "\n".join("| " + " | ".join(row) + " |" for row in grid))
    return "\n\n".join(parts) + "\n"


def to_latex(evaluation):
    """A tabular per metric, in percent, with the notes as comments; needs LaTeX's booktabs."""
    parts = ["\n".join(f"% {line}" for line in notes(evaluation))]
    for metric in METRICS:
        table = wide(evaluation, metric).map(str)
        escaped = table.rename(columns=_escape, index=_escape).rename_axis(None)
        parts.append(f"% {metric}, in percent\n" + escaped.to_latex(column_format="l" + "r" * table.shape[1]))
    return "\n".join(parts)


def _escape(text):
    return "".join(f"\\{letter}" if letter in "&%$#_{}" else letter for letter in str(text))


def write(evaluation, folder):
    """Write ``evaluation-PROTOCOL`` as csv (all figures, shares), md and tex (percent).

    Parameters
    ----------
    evaluation : Evaluation
    folder : path

    Returns
    -------
    list of Path : the files.
    """
    texts = {
        "csv": evaluation.rows.to_csv(index=False),
        "md": to_markdown(evaluation),
        "tex": to_latex(evaluation),
    }
    files = [Path(folder) / f"evaluation-{evaluation.protocol.name}.{ending}" for ending in texts]
    for file, text in zip(files, texts.values()):
        with atomic_write(file) as temporary:
            Path(temporary).write_text(text, encoding="utf-8")
    return files
