"""How far the runs of a study are, and how long the others will take."""

import json
import statistics
from pathlib import Path

import nbformat

from .. import datasets
from ..runs.identity import run_id
from ..runs.record import read_record
from ..runs.start import starting_sha256
from ..training.config import Config, make_config
from ..training.loop import choose_precision
from ..utils.machine import choose_device
from .notebooks import check_parameters


def config_of(study, name):
    """The effective configuration of a study's run.

    Parameters
    ----------
    study : Study
    name : str
        One of ``study.runs``.

    Returns
    -------
    Config
    """
    values = check_parameters(study.notebook, study.runs[name])
    if values.get("precision", "auto") == "auto":
        values["precision"] = choose_precision(choose_device(values.get("device", "auto")))
    values["init"] = starting_sha256(values.get("init", ""))
    fields = Config.__dataclass_fields__
    return make_config(values.get("profile", "scenes"), **{k: v for k, v in values.items() if k in fields})


def state_of(folder, config):
    """How far a run is.

    Parameters
    ----------
    folder : path
        Of the run.
    config : Config
        What it should be.

    Returns
    -------
    state : str
        ``done``, ``changed`` (its record is of another configuration, data or code: it will be
        trained again), ``failed``, ``begun`` or ``to do``.
    about : str
        Accuracy, or the reason of a failure.
    """
    folder = Path(folder)
    name = config.dataset
    prepared = datasets.available(name, "train")
    run = run_id(config, datasets.info(name, "train").sha256) if prepared else None
    error = _error_of(folder / "train.ipynb")
    if error:
        return "failed", error
    if (folder / "record.json").is_file():
        record = read_record(folder / "record.json")
        if run in (None, record["identity"]):
            return "done", f"accuracy {100 * record['accuracy']:.2f}%"
        return "changed", "configuration, data or code are not those of its record"
    if folder.is_dir() and any(folder.iterdir()):
        return "begun", ""
    return "to do", "" if prepared else f"{name} is not prepared: {datasets.command(name)}"


def _error_of(notebook):
    """What a notebook that ran failed with, or nothing."""
    if not notebook.is_file():
        return ""
    try:
        cells = nbformat.read(notebook, 4).cells
    except (OSError, ValueError) as error:  # half-written: it is running, or was killed
        return f"{notebook} cannot be read ({type(error).__name__})"
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    errors = [f"{o.ename}: {o.evalue}" for o in outputs if o.output_type == "error"]
    return errors[-1].splitlines()[0] if errors else ""


def alike(config, records):
    """The past records whose network is that of a configuration: list."""
    size = ("network", "stages", "width")
    return [record for record in records if all(record["config"].get(key) == getattr(config, key) for key in size)]


def minutes_of(config, records):
    """Minutes that a training will take, by the median pace of past ones of the same network.

    Parameters
    ----------
    config : Config
    records : iterable of dict

    Returns
    -------
    float or None : None if there is no such training, or its data set is not prepared.
    """
    paces = []
    for record in alike(config, records):
        n = record["config"]["n_train"] or record["data"]["train"]["n"]
        paces.append(record["train_seconds"] / n / record["config"]["epochs"])
    if not paces or not datasets.available(config.dataset, "train"):
        return None
    n = config.n_train or datasets.info(config.dataset, "train").n
    return statistics.median(paces) * n * config.epochs / 60


def past_records(runs):
    """Records of this project's runs and of the published ones; what is not whole is left out."""
    found = []
    for file in [*Path(runs).glob("*/*/record.json"), *Path("results").glob("*/*.json")]:
        try:
            found.append(read_record(file))
        except (ValueError, json.JSONDecodeError):
            continue  # not for the estimate to judge
    return found
