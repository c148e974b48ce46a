"""Tables that say how many seeds they rest on."""

import pandas as pd

from .config import METHODS

_LOSS = {"cross_entropy": "cross-entropy", "logitnorm": "LogitNorm"}
_SELECTOR = {"least_evidence": "least evidence", "all": "all cells", "random": "random cells", "oracle": "true masks"}


def training_name(config):
    """How a training is called in tables, for example ``LogitNorm + background (rank)``.

    Parameters
    ----------
    config : dict
        ``config`` of a record.
    """
    loss, background = METHODS[config["method"]]
    name = _LOSS[loss]
    if background:
        selector = config["selector"]
        name += f" + background ({_SELECTOR.get(selector, selector)})"
    return name


def comparison(records, weight):
    """The runs that differ in method, selector or seed only.

    Parameters
    ----------
    records : dict of str to dict
    weight : float
        Keep background runs of this weight, patch size 1, and the longest schedule of the study.

    Returns
    -------
    dict of str to dict

    Raises
    ------
    ValueError
        If no background run has this weight; the message names the weights there are.
    """
    def schedule(record):
        config = record["config"]
        return config["epochs"], config["n_train"] or float("inf")

    longest = max(map(schedule, records.values()))
    kept = {
        name: record for name, record in records.items()
        if schedule(record) == longest
        and record["config"]["weight"] in (0, weight)
        and record["config"]["patch_size"] in (None, 1)
    }  # fmt: skip
    if not any(record["config"]["weight"] == weight for record in kept.values()):
        weights = sorted({record["config"]["weight"] for record in records.values()} - {0})
        raise ValueError(f"no background run of weight {weight}; there are {weights}")
    return kept


def mean_and_spread(values, digits=1, scale=100):
    """``88.3 ± 0.4`` over seeds (standard deviation, ddof 1), or ``88.3`` for one seed."""
    values = pd.Series(values).dropna() * scale
    if values.empty:
        return "not available"
    text = f"{values.mean():.{digits}f}"
    return text if len(values) == 1 else f"{text} ± {values.std(ddof=1):.{digits}f}"


def seeds_note(records):
    """A sentence: how many seeds each training of a table has."""
    counts = pd.Series([training_name(record["config"]) for record in records.values()]).value_counts()
    if counts.nunique() == 1 and counts.iloc[0] == 1:
        return "Every row is one training (n = 1): differences of a point or two may be chance."
    parts = ", ".join(f"{name}: n = {n}" for name, n in counts.sort_index().items())
    return f"Seeds: {parts}. Where n > 1, mean ± standard deviation over seeds (ddof 1)."


def ood_table(records, value="auroc", detector="MSP"):
    """One row per training, one column per OOD set, ID accuracy first.

    Parameters
    ----------
    records : dict of str to dict
    value : str
        A metric of :func:`bgood_lib.metrics.ood_metrics`.
    detector : str

    Returns
    -------
    DataFrame of str, in percent
    """
    rows = {}
    for record in records.values():
        row = rows.setdefault(training_name(record["config"]), {})
        row.setdefault("n", []).append(1)
        row.setdefault("ID accuracy", []).append(record["accuracy"])
        scores = {m["ood"]: m[value] for m in record["metrics"] if m["detector"] == detector}
        for entry in record["data"]["ood"]:
            row.setdefault(entry.get("title", f"{entry['name']}, not available"), []).append(scores.get(entry["name"]))
    table = {
        name: {
            key: str(len(values)) if key == "n" else mean_and_spread(values, digits=2 if key == "ID accuracy" else 1)
            for key, values in row.items()
        }
        for name, row in rows.items()
    }
    return pd.DataFrame(table).T


def data_table(records):
    """Every image set that some records rest on: what, N, and the start of its checksum."""
    rows = {}
    for record in records.values():
        for role in ("train", "test"):
            entry = record["data"][role]
            rows[f"ID {role}"] = {"set": entry["title"], "N": entry["n"], "sha256": entry["sha256"][:12]}
        for entry in record["data"]["ood"]:
            rows[f"OOD {entry['group']}: {entry['name']}"] = {
                "set": entry.get("title", "not available"), "N": entry.get("n", 0), "sha256": entry.get("sha256", "")[:12],
            }  # fmt: skip
    return pd.DataFrame(rows).T
