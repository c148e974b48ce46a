"""How far the runs of a study are, and how long the others will take."""

import dataclasses
import statistics
from functools import lru_cache
from pathlib import Path

import nbformat
import torch

from .. import datasets
from ..networks.build import build_network
from ..runs.identity import run_id
from ..runs.record import read_record
from ..runs.start import starting_sha256
from ..training.config import SIZES, Config, make_config
from ..training.loop import choose_precision
from ..training.losses import losses
from ..utils.errors import BgoodError, InputError, in_a_line
from ..utils.files import read_json
from ..utils.machine import choose_device
from .notebooks import check_parameters

SHAPING = ("network", *SIZES, "judge", "penalty")  # the settings that shape a network and its heads


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
    values = check_parameters(study.notebook, study.runs[name], study.places.get(name))
    if values.get("precision", "auto") == "auto":
        values["precision"] = choose_precision(choose_device(values.get("device", "auto")))
    for name in ("init", "teacher"):
        values[name] = starting_sha256(values.get(name, ""))
    values["outliers"] = values.get("outliers") or None
    fields = Config.__dataclass_fields__
    return make_config(values.get("profile", "scenes"), **{k: v for k, v in values.items() if k in fields})


@dataclasses.dataclass(frozen=True)
class State:
    """How far a run of a study is.

    Attributes
    ----------
    run : str
    state : str
        As :func:`state_of` says it, or ``impossible``.
    about : str
        Accuracy, or the reason.
    config : Config or None
        None if there is none.
    """

    run: str
    state: str
    about: str
    config: Config | None = None


def states(study, runs):
    """How far each run of a study is; one that is impossible does not hide the others.

    Parameters
    ----------
    study : Study
        Read without a check of its runs.
    runs : path
        Where runs are kept.

    Yields
    ------
    State
        One a run, as soon as it is known, then one for each page that is impossible.
    """
    first = {}  # run of each training
    sha256_of, classes_of = lru_cache(_sha256_of), lru_cache(_classes_of)  # each set is looked at once
    for run in study.runs:
        try:
            config = config_of(study, run)
            if config not in first:
                plain = dataclasses.replace(config, seed=0, epochs=1, n_train=0, dataset="scenes")
                try_out(plain, classes_of(config.dataset))
            state, about = state_of(Path(runs) / study.name / run, config, sha256_of)
        except BgoodError as error:
            yield State(run, "impossible", _placed(error, study.places.get(run, {})))
            continue
        if first.setdefault(config, run) != run:
            state, about = "impossible", _same(study.runs, first[config], run, config)
            about = ": ".join([*study.places.get(run, {}).values()][-1:] + [about])
        yield State(run, state, about, config)
    for page, values in study.pages.items():
        places = study.places.get(f"page {page}", {})
        try:
            check_parameters(Path(study.notebook).with_name(f"{page}.ipynb"), values, places)
        except InputError as error:
            yield State(f"page {page}", "impossible", _placed(error, places))


def _same(runs, first, second, config):
    """Why two runs of a study are one training: what tells them apart makes no difference."""
    one, other = runs[first], runs[second]
    differ = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    told = ", ".join(f"{name} ({one.get(name, 'not given')}, {other.get(name, 'not given')})" for name in differ)
    used = f"method {config.method}" + f", selector {config.selector}" * bool(config.selector)
    return (
        f"the same training as {first}, as {told} makes no difference with {used}; take {' and '.join(differ)} away, or "
        f"choose a method that uses {'it' if len(differ) == 1 else 'them'}"
    )


def _placed(error, places):
    """An error in a line, after the place in the study's file of the parameter that it begins with."""
    text = " ".join(str(error).split())
    where = places.get(text.partition(" ")[0], places.get(""))
    return f"{where}: {text}" if where and not text.startswith(where.partition(",")[0]) else text


def _classes_of(dataset):
    """How many classes a data set has; 10 where it is not prepared."""
    known = {"cifar100": 100}
    if not datasets.prepared(dataset, "train"):
        return known.get(dataset, 10)
    return len(datasets.extra(dataset, "train", "classes"))


def _sha256_of(dataset):
    """Checksum of a data set's training images; None where it is not there, and cannot be made."""
    return datasets.info(dataset, "train").sha256 if datasets.available(dataset, "train") else None


@lru_cache
def try_out(config, n_classes):
    """What a batch of two black images costs: refuses what does not fit the network of a configuration.

    Raises
    ------
    InputError
        Such as a patch that is larger than the map.
    """
    shape = Config(**{name: getattr(config, name) for name in SHAPING})
    with torch.random.fork_rng(devices=[]):
        network, maps = _network_and_maps(shape, n_classes)
        masks, generator = torch.zeros(2, 32, 32), torch.Generator().manual_seed(0)
        losses(network, maps, torch.tensor([0, 1]), config, config.uses_background, generator, masks)


@lru_cache
def _network_and_maps(config, n_classes):
    network = build_network(config, n_classes, (0.5,) * 3, (0.25,) * 3)
    side = getattr(network, "side", 32)
    with torch.no_grad():
        return network, network.feature_maps(torch.zeros(2, 3, side, side, dtype=torch.uint8))


def state_of(folder, config, sha256_of=_sha256_of):
    """How far a run is.

    Parameters
    ----------
    folder : path
        Of the run.
    config : Config
        What it should be.
    sha256_of : callable, optional
        From a data set's name to the checksum of its training images, or None.

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
    sha256 = sha256_of(name)
    run = sha256 and run_id(config, sha256)
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
    return "to do", "" if sha256 else f"{name} is not prepared: {datasets.command(name)}"


def _error_of(notebook):
    """What a notebook that ran failed with, or nothing."""
    if not notebook.is_file():
        return ""
    try:
        cells = nbformat.read(notebook, 4).cells
    except (OSError, ValueError):  # half-written: it is running, or was killed
        return f"{notebook} is not whole: it is being written, or was stopped; run it again"
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    errors = [in_a_line(o.ename, o.evalue) for o in outputs if o.output_type == "error"]
    return errors[-1].splitlines()[0] if errors else ""


def alike(config, records):
    """The past records whose network is that of a configuration: list."""
    size = ("network", "stages", "width")
    return [record for record in records if all(record["config"].get(key) == getattr(config, key) for key in size)]


def minutes_of(config, records):
    """Minutes that a run will take, by the median of past ones of the same network.

    Parameters
    ----------
    config : Config
    records : iterable of dict

    Returns
    -------
    minutes : float or None
        None if there is no such training, or its data set is not prepared.
    whole : bool
        Whether evaluation is counted too; records of earlier versions do not say how long it took.
    """
    paces, evaluations = [], []
    for record in alike(config, records):
        n = record["config"]["n_train"] or record["data"]["train"]["n"]
        paces.append(record["train_seconds"] / n / record["config"]["epochs"])
        if record["config"]["dataset"] == config.dataset and "evaluation_seconds" in record:
            evaluations.append(record["evaluation_seconds"])
    if not paces or not datasets.available(config.dataset, "train"):
        return None, False
    n = config.n_train or datasets.info(config.dataset, "train").n
    evaluation = statistics.median(evaluations) if evaluations else 0.0
    return (statistics.median(paces) * n * config.epochs + evaluation) / 60, bool(evaluations)


def past_records(runs):
    """Records of this project's runs and of the published ones, as they are on disk; what is not whole is left out."""
    found = []
    for file in [*Path(runs).glob("*/*/record.json"), *Path("results").glob("*/*.json")]:
        try:
            found.append(read_json(file, ""))  # its checksum says that it was a record when it was written
        except (ValueError, OSError):
            continue  # not for the estimate to judge
    return [record for record in found if isinstance(record, dict) and "train_seconds" in record]
