"""A record: everything one run did and found, in one JSON file."""

import datetime
import functools
import json
import re
from pathlib import Path

from ..utils.errors import ASIDE, OTHER_VERSION, InputError
from ..utils.files import locate, read_json, write_json

_SCHEMA = json.loads((Path(__file__).parent / "record.schema.json").read_text(encoding="utf-8"))


@functools.cache
def _schema_errors():
    """What lists a record's errors, and what picks the one to tell; loaded with the first record, as it takes a while."""
    import jsonschema

    return jsonschema.Draft202012Validator(_SCHEMA).iter_errors, jsonschema.exceptions.best_match


def check_record(record, where="record"):
    """Refuse a record that does not follow ``record.schema.json``.

    Raises
    ------
    ValueError
        With the place in the record and what is wrong with it.
    """
    iter_errors, best_match = _schema_errors()
    if error := best_match(iter_errors(record)):
        raise InputError(
            f"{where} is not a valid record: {_in_words(error)}; {OTHER_VERSION if error.validator == 'const' else ASIDE}"
        )


_KINDS = {
    "object": "a mapping {name: value}", "array": "a list [...]", "string": "text", "integer": "a whole number",
    "number": "a number",
}  # fmt: skip


def _in_words(error):
    """Which entry is wrong, what stands there, and what is expected there."""
    place = "/".join(map(str, error.absolute_path)) or "it"
    if error.validator == "required":
        lacking = next(name for name in error.validator_value if name not in error.instance)
        return f"{place} has no entry {lacking!r}; expected one"
    stands = json.dumps(error.instance, default=str)
    stands = stands if len(stands) <= 60 else f"{stands[:60]} ..."
    if error.validator == "const":
        return f"{place} is {stands}, as of another version of this project; expected {error.validator_value!r}"
    if error.validator == "enum":
        return f"{place} is {stands}; expected one of {', '.join(error.validator_value)}"
    if error.validator == "pattern":
        return f"{place} is {stands}; expected {re.search(r'[0-9]+(?=})', error.validator_value)[0]} digits of 0-9, a-f"
    if error.validator in ("minItems", "minLength"):
        return f"{place} is empty; expected at least one entry"
    kind, low, high = (error.schema.get(name) for name in ("type", "minimum", "maximum"))
    expected = _KINDS.get(kind, kind)
    if low is not None:
        expected += f" of at least {low}" if high is None else f" from {low} to {high}"
    return f"{place} is {stands}; expected {expected}"


def write_record(path, record):
    """Check a record and write it, whole or not at all.

    Parameters
    ----------
    path : path
    record : dict
        All but ``schema`` and ``finished``, which are added.

    Returns
    -------
    dict : the record as :func:`read_records` will give it. The file holds ``metrics`` as a table,
        ``columns`` and ``rows``, so that no name is repeated, and a ``checksum`` of all the rest.
    """
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    record = {"schema": 2, "finished": now, **record}
    check_record(record, path)
    write_json(path, {**record, "metrics": _pack(record["metrics"])})
    return record


def _pack(rows):
    """A table of dicts as column names and rows; None where a dict has no such entry."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    return {"columns": columns, "rows": [[row.get(column) for column in columns] for row in rows]}


def _unpack(table):
    """What :func:`_pack` packed."""
    return [{k: v for k, v in zip(table["columns"], row) if v is not None} for row in table["rows"]]


def read_record(path):
    """One record.

    Parameters
    ----------
    path : path

    Returns
    -------
    dict
        ``metrics`` is a list of dicts, one per OOD set and detector.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a whole record, or not as it was written.
    """
    record = read_json(path, ASIDE)
    if isinstance(record, dict) and not isinstance(record.get("metrics", []), list):
        try:
            record["metrics"] = _unpack(record["metrics"])
        except (KeyError, TypeError):
            raise InputError(
                f"{path} is not a valid record: metrics is {json.dumps(record['metrics'])[:60]}; expected a table, "
                f"columns and rows; {ASIDE}"
            ) from None
    check_record(record, path)
    return record


def read_records(folder):
    """All records of a study.

    Parameters
    ----------
    folder : path
        Holds ``NAME/record.json`` or ``NAME.json`` files; see :func:`.locate`.

    Returns
    -------
    dict of str to dict : records by run name, sorted.

    Raises
    ------
    FileNotFoundError
        If there is no record; the message says what makes some.
    ValueError
        If a file is not a whole record, or the folder holds tables.
    """
    folder = locate(folder)
    if (folder / "runs.csv").is_file():
        raise InputError(
            f"{folder} holds tables of a study, not records; bgood_lib.studies.results.read_results reads both"
        )
    found = {path.parent.name: path for path in folder.glob("*/record.json")}
    found.update({path.stem: path for path in folder.glob("[!.]*.json")})
    if not found:
        raise FileNotFoundError(
            f"no records in {folder}; `make book` makes those of scenes, `make cifar10` those of CIFAR-10"
        )
    return {name: read_record(found[name]) for name in sorted(found)}


def metrics_frame(records):
    """All metric rows of some records as one tidy table.

    Parameters
    ----------
    records : dict of str to dict

    Returns
    -------
    DataFrame
        One row per run, OOD set and detector: ``run``, ``accuracy``, all fields of the
        configuration, ``group``, ``ood`` (name of the set), its ``title``, ``standing``, ``note`` and
        ``n`` (see :class:`bgood_lib.datasets.Description`), ``detector`` and the metrics. A missing set
        has one row with an empty ``detector``; a detector that failed has ``error`` and no metrics.
    """
    import pandas as pd

    rows = []
    fields = dict.fromkeys(field for record in records.values() for field in record["config"])
    for name, record in records.items():
        start = {"run": name, "accuracy": record["accuracy"], **fields, **record["config"]}
        for entry in record["data"]["ood"]:
            metrics = [row for row in record["metrics"] if row["ood"] == entry["name"]] or [{"detector": None}]
            rows += [{**start, **describe_ood(entry), **row} for row in metrics]
    return pd.DataFrame(rows)


def describe_ood(entry):
    """An entry of a record's ``data`` / ``ood`` as columns of a frame; ``ood`` is its name."""
    fields = ("group", "name", "title", "standing", "note", "n")
    return {"ood" if field == "name" else field: entry[field] for field in fields}
