"""A study as a few small files, for when its records are too many to publish.

::

    runs.csv                one row a run: configuration, identity, accuracy, every other single figure
    auroc.csv               one row a run and detector, one column an OOD set; likewise
    fpr95_ood_positive.csv  the two FPR95;
    fpr95_id_positive.csv   auroc.csv also has the sets for choosing hyper-parameters (val_...)
    errors.csv              why a detector failed; only where one did
    data.json               image sets, machines, which runs of the study are missing, which detectors were withdrawn
                            (and why), checksums of the other files

Figures have six decimals. A figure inside a group of the record is named by its place, for
example ``overconfidence/test/mean_confidence``. Training curves, AUPR and single scores are not here.
"""

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..metrics.ood import METRICS
from ..runs.record import describe_ood
from ..utils.errors import InputError
from ..utils.files import atomic_write, locate, read_json, write_json

# What runs.csv takes from elsewhere, or data.json has.
_NOT_SINGLE = ("schema", "identity", "config", "data", "machine")
# Never numbers, whatever they look like.
_TEXT = ("run", "identity", "weights_sha256", "git_commit", "device_name", "finished")
_ERRORS = ("run", "detector", "ood", "error")
_AGAIN = "publish the study again"


@dataclass(frozen=True)
class StudyTables:
    """What is published of a study.

    Attributes
    ----------
    runs : DataFrame
        One row per run: ``run`` (its name), the configuration, ``identity``, ``git_commit``,
        ``device_name`` and every single figure of the record.
    metrics : dict of str to DataFrame
        By metric, shares in [0, 1]: ``run``, ``detector``, then a column per OOD set.
    errors : DataFrame
        ``run``, ``detector``, ``ood``, ``error``: empty where nothing failed.
    data : dict
        ``missing``: runs of the study that there is no record of. ``withdrawn`` (only where there are some):
        ``detectors`` whose figures were taken out later, and ``why``. ``config``: which columns of
        ``runs`` are its configuration. ``data`` and ``machines``: the different ones there are,
        each with the ``runs`` that it holds for.
    """

    runs: pd.DataFrame
    metrics: dict
    errors: pd.DataFrame
    data: dict

    def metrics_frame(self):
        """One row per run, OOD set and detector: :func:`bgood_lib.runs.record.metrics_frame` without AUPR."""
        about = pd.DataFrame([
            {"run": run, **describe_ood(entry)}
            for variant in self.data["data"] for run in variant["runs"] for entry in variant["ood"]
        ])  # fmt: skip
        key = ["run", "detector", "ood"]
        rows = None
        for metric, table in self.metrics.items():
            sets = [column for column in table if column in set(about["ood"])]
            part = table.melt(["run", "detector"], sets, "ood", metric)
            rows = part if rows is None else rows.merge(part, on=key, how="outer", sort=False)
        if len(self.errors):
            rows = rows.merge(self.errors, on=key, how="outer", sort=False)
        rows = rows.dropna(subset=[name for name in (*METRICS, "error") if name in rows], how="all")
        detectors = {name: i for i, name in enumerate(self.metrics["auroc"]["detector"].unique())}
        rows = rows.sort_values("detector", key=lambda names: names.map(detectors), kind="stable")
        runs = self.runs[["run", "accuracy", *self.data["config"]]]
        return runs.merge(about, on="run", sort=False).merge(rows, on=["run", "ood"], how="left", sort=False)


def make_study_tables(records, missing=()):
    """The tables of some records.

    Parameters
    ----------
    records : dict of str to dict
        By run name, see :func:`bgood_lib.runs.record.read_records`.
    missing : sequence of str, default=()
        Names of runs that the study has and ``records`` lack.

    Returns
    -------
    StudyTables

    Raises
    ------
    ValueError
        If two runs are one training, one name stands for two image sets, or a run has no metrics.
    """
    if without := [name for name, record in records.items() if not record["metrics"]]:
        raise InputError(f"{without[0]} was judged on no OOD set; prepare one (`bgood data list`) and run it again")
    check_sets({name: record["data"] for name, record in records.items()})
    runs, errors = [], []
    cells = {metric: {} for metric in METRICS}
    for name, record in records.items():
        machine = record["machine"]
        runs.append({
            "run": name, **record["config"], "identity": record["identity"],
            "git_commit": machine["git_commit"], "device_name": machine["device_name"],
            **_singles({key: value for key, value in record.items() if key not in _NOT_SINGLE}),
        })  # fmt: skip
        for row in [*record["metrics"], *record.get("validation", ())]:
            for metric in METRICS:
                line = cells[metric].setdefault((name, row["detector"]), {"run": name, "detector": row["detector"]})
                if row.get(metric) is not None:
                    line[row["ood"]] = _rounded(row[metric])
            if "error" in row:
                errors.append({"run": name, "detector": row["detector"], "ood": row["ood"], "error": row["error"]})
    data = {
        "missing": list(missing),
        "config": list(dict.fromkeys(key for record in records.values() for key in record["config"])),
        "data": _variants({name: record["data"] for name, record in records.items()}),
        "machines": _variants({name: _without_commit(record["machine"]) for name, record in records.items()}),
    }
    tables = StudyTables(
        _frame(runs), {metric: _frame(cells[metric].values()) for metric in METRICS},
        pd.DataFrame(errors, columns=_ERRORS), data,
    )  # fmt: skip
    check_distinct(tables.runs)
    return tables


def write_study_tables(tables, folder):
    """Write the files that the module's first lines list.

    Parameters
    ----------
    tables : StudyTables
    folder : path
        Made where missing; files of these names are replaced.

    Raises
    ------
    ValueError
        If the folder holds records: a run must not be published twice.
    """
    folder = Path(folder)
    if records := sorted(path.name for path in folder.glob("[!.]*.json") if path.name != "data.json"):
        raise InputError(f"{folder} holds records already ({records[0]}); remove them, or publish into another folder")
    frames = {f"{metric}.csv": table for metric, table in tables.metrics.items()}
    if len(tables.errors):
        frames["errors.csv"] = tables.errors
    else:
        (folder / "errors.csv").unlink(missing_ok=True)
    frames["runs.csv"] = tables.runs  # last: who finds it finds everything
    csv = {name: frame.to_csv(index=False, lineterminator="\n").encode() for name, frame in frames.items()}
    write_json(folder / "data.json", {**tables.data, "sha256": {name: _sha256(text) for name, text in csv.items()}})
    for name, text in csv.items():
        with atomic_write(folder / name) as temporary:
            temporary.write_bytes(text)


def read_study_tables(folder):
    """What :func:`write_study_tables` wrote.

    Parameters
    ----------
    folder : path
        See :func:`bgood_lib.utils.files.locate`.

    Returns
    -------
    StudyTables

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is not as it was written, a column is missing, the files are not of the same runs,
        or two runs are one training.
    """
    folder = locate(folder)
    data = read_json(folder / "data.json", _AGAIN)
    if not isinstance(data.get("sha256"), dict):
        raise InputError(f"{folder / 'data.json'} has no checksums of the other files; {_AGAIN}")
    for name, sha256 in data.pop("sha256").items():
        if _sha256((folder / name).read_bytes()) != sha256:
            raise InputError(f"{folder / name} is not as it was written (its checksum in data.json says so); {_AGAIN}")
    runs = _read_csv(folder / "runs.csv", _TEXT, ["accuracy", "seed"])
    metrics = {metric: _read_csv(folder / f"{metric}.csv", ["run", "detector"]) for metric in METRICS}
    there = (folder / "errors.csv").is_file()
    errors = _read_csv(folder / "errors.csv", _ERRORS) if there else pd.DataFrame(columns=_ERRORS)
    found = {f"{metric}.csv": set(table["run"]) for metric, table in metrics.items()}
    found["data.json"] = {run for variant in data["data"] for run in variant["runs"]}
    for file, names in found.items():
        if odd := sorted(names ^ set(runs["run"])):
            raise InputError(f"{folder / file} and runs.csv are not of the same runs ({odd[0]}); {_AGAIN}")
    check_distinct(runs, folder)
    return StudyTables(runs, metrics, errors, data)


def check_distinct(runs, where="the study"):
    """Refuse runs that are one training counted twice.

    Parameters
    ----------
    runs : DataFrame
        With ``run`` and ``weights_sha256``.
    where : str
        Named in the error.

    Raises
    ------
    ValueError
        If two rows have one name or equal weights.
    """
    if twice := list(runs["run"][runs["run"].duplicated()]):
        raise InputError(f"{where} has two runs called {twice[0]}")
    if equal := [list(part["run"]) for _, part in runs.groupby("weights_sha256") if len(part) > 1]:
        raise InputError(
            f"{where}: {' and '.join(equal[0])} have equal weights: they are one training, counted twice; "
            "keep one of them"
        )


def _singles(entries, place=""):
    """Every figure that is not part of a list, by its place."""
    found = {}
    for name, value in entries.items():
        if isinstance(value, dict):
            found |= _singles(value, f"{place}{name}/")
        elif not isinstance(value, list):
            found[f"{place}{name}"] = _rounded(value)
    return found


def _rounded(value):
    return round(value, 6) if isinstance(value, float) else value


def _without_commit(machine):
    return {key: value for key, value in machine.items() if key != "git_commit"}


def _variants(entries):
    """The different values of a dict by run, each with its runs."""
    variants = {}
    for run, entry in entries.items():
        variants.setdefault(json.dumps(entry, sort_keys=True), {"runs": [], **entry})["runs"].append(run)
    return list(variants.values())


def check_sets(data_of):
    """Refuse one name for different images in the data of some runs: their figures would stand in one column."""
    seen = {}
    for run, data in data_of.items():
        for role, entry in [
            ("train", data["train"]),
            ("test", data["test"]),
            *(("OOD", entry) for entry in data["ood"]),
        ]:
            if entry["standing"] == "missing":
                continue
            other, checksum = seen.setdefault((role, entry["name"]), (run, entry["sha256"]))
            if checksum != entry["sha256"]:
                raise InputError(
                    f"{other} and {run} saw different images called {entry['name']} ({role}): "
                    f"sha256 {checksum[:12]} and {entry['sha256'][:12]}; run one of them again"
                )


def _frame(rows):
    frame = pd.DataFrame(list(rows))
    return frame.astype(object).where(frame.notna(), math.nan).infer_objects()


def _sha256(content):
    return hashlib.sha256(content).hexdigest()


def _read_csv(path, text, needed=()):
    frame = pd.read_csv(path, dtype=dict.fromkeys(text, str), keep_default_na=False, na_values=[""])
    if lacking := [column for column in [*text, *needed] if column not in frame]:
        raise InputError(f"{path} has no column {', '.join(lacking)}; {_AGAIN}")
    return frame
