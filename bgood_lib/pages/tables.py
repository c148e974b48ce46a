"""Tables that say how many seeds they rest on."""

import pandas as pd

from ..datasets import Description
from ..evaluation.report import label
from ..utils.errors import InputError
from .changes import with_settings
from .names import DEFAULT, place


def comparison(frame, weight):
    """The runs that differ in method, selector or seed only, with their settings.

    Parameters
    ----------
    frame : DataFrame
        Runs or metrics of a study.
    weight : float
        Keep background runs of this weight, patch size 1, and the longest schedule of the study.

    Returns
    -------
    DataFrame
        As :func:`bgood_lib.pages.changes.with_settings` gives it, no seed left out: cross-entropy first, then
        LogitNorm; without the background loss first.

    Raises
    ------
    ValueError
        If no background run has this weight; the message names the weights there are.
    """
    epochs, n_train = frame["epochs"], frame["n_train"].replace(0, float("inf"))
    longest = (epochs == epochs.max()) & (n_train == n_train[epochs == epochs.max()].max())
    kept = frame[longest & frame["weight"].isin([0, weight]) & (frame["patch_size"].fillna(1) == 1)]
    if weight not in set(kept["weight"]):
        weights = sorted(set(frame["weight"]) - {0})
        raise InputError(f"no background run of weight {weight}; there are {weights}")
    kept = with_settings(kept, {**DEFAULT, "weight": weight}, leave_out=False)
    runs = kept.drop_duplicates("run").set_index("run")
    order = sorted((*place(row), row["setting"], row["seed"], run) for run, row in runs.iterrows())
    order = {run: i for i, (*_, run) in enumerate(order)}
    return kept.sort_values("run", key=lambda names: names.map(order), kind="stable")


def mean_and_spread(values, digits=1, scale=100):
    """``88.3 ± 0.4`` over seeds (standard deviation, ddof 1; no line breaks), or ``88.3`` for one."""
    values = pd.Series(values).dropna() * scale
    if values.empty:
        return "not available"
    text = f"{values.mean():.{digits}f}"
    return text if len(values) == 1 else f"{text}\u00a0±\u00a0{values.std(ddof=1):.{digits}f}"


def data_table(study):
    """Every image set that a study rests on: what, N, and the start of its checksum."""
    rows = {}
    for variant in study.data["data"]:
        sets = {f"ID {role}": variant[role] for role in ("train", "test")}
        sets |= {f"OOD {entry['group']}: {entry['name']}": entry for entry in variant["ood"]}
        for name, entry in sets.items():
            rows[name] = {"set": label(Description.of(entry)), "N": entry["n"], "sha256": entry.get("sha256", "")[:12]}
    return pd.DataFrame(rows).T
