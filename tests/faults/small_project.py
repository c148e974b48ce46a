"""A copy of the project with one tiny study, to be disturbed, and all that it leaves, to be compared."""

import contextlib
import dataclasses
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import torch
import yaml
from copied import copy_project

from bgood_lib.features import Bank
from bgood_lib.runs.record import read_record
from bgood_lib.studies.study import read_study
from bgood_lib.studies.tables import read_study_tables
from bgood_lib.training import checkpoint
from bgood_lib.utils.files import check_zip

EPOCHS = 6
ONE = "cross_entropy-s0"
STUDY = {
    "title": "Faults",
    "notebook": "notebooks/train.ipynb",
    "publish": "tables",
    "common": {"dataset": "scenes", "epochs": EPOCHS, "n_train": 384, "fit_images": 200},
    "runs": [{"method": ["cross_entropy", "background", "logitnorm"], "seed": [0]}],
}
VOLATILE = {"finished", "train_seconds", "evaluation_seconds", "seconds", "git_commit"}  # may differ between equal runs


class Project:
    """The copy: ``folder`` holds the project, ``folder``-data its own cache of image sets.

    Its image sets are a tenth as large, and its checkpoints are written after every epoch instead
    of once a minute.

    Parameters
    ----------
    folder : path
        Must not exist.
    workflow : bool, default=True
        Otherwise there is only one training, without Snakemake and without tables.
    seeds : int, default=1
        Of each of the three trainings.

    Attributes
    ----------
    runs : dict of str to Path
        Folder of each run by its name.
    command : list of str
        What makes all of them, and the tables.
    """

    def __init__(self, folder, workflow=True, seeds=1):
        self.folder, self.cache = Path(folder), Path(f"{folder}-data")
        copy_project(self.folder, without=["results", "book/results"])
        self._edit("datasets/scenes", "6000", "600")
        self._edit("datasets/scenes", "2000", "200")
        self._edit("training/loop", "- saved > 60)", "- saved > 0)")
        file = self.folder / "studies" / "faults.yaml"
        runs = [{**STUDY["runs"][0], "seed": list(range(seeds))}]
        file.write_text(yaml.safe_dump({**STUDY, "runs": runs}))
        self.runs = {name: self.folder / "runs" / "faults" / name for name in read_study(file, check=False).runs}
        self.environment = {
            **os.environ,
            "BGOOD_DATA": str(self.cache),
            "PYTHONPATH": str(self.folder),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        self.tables = self.folder / "results" / "faults" if workflow else None
        self.command = ["snakemake", "--cores", "2", "--config", "studies=faults", "--", "results/faults/runs.csv"]
        if not workflow:
            self.runs = {ONE: self.runs[ONE]}
            self.command = self.training(f"runs/faults/{ONE}")

    def _edit(self, module, old, new):
        file = self.folder / "bgood_lib" / f"{module}.py"
        text = file.read_text()
        if old not in text:
            raise ValueError(
                f"{file.name} has no {old!r} any more; say in {Path(__file__).name} what to shorten instead"
            )
        file.write_text(text.replace(old, new))

    def training(self, out, notebook=None):
        """The command of the training ``ONE`` into a folder; by default the notebook as it ran goes there too."""
        values = {**STUDY["common"], "method": "cross_entropy", "seed": 0, "device": "cpu", "out": out}
        words = [word for name, value in values.items() for word in ("-p", f"{name}={value}")]
        return ["bgood", "run", "-q", "notebooks/train.ipynb", notebook or f"{out}/train.ipynb", *words]

    def start(self, command=None, log=None):
        """The workflow, or another command, as a process of its own."""
        out = open(log, "a") if log else subprocess.PIPE  # noqa: SIM115, the process goes on writing
        return subprocess.Popen(
            command or self.command, cwd=self.folder, env=self.environment,
            stdout=out, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

    def run(self, command=None):
        """Run to the end: exit status and all that was printed."""
        process = self.start(command)
        printed, _ = process.communicate(timeout=7200)
        return process.returncode, printed

    def processes(self):
        """Those at work in the copy, by kind: ``snakemake``, ``run`` (``bgood run``), ``kernel`` and ``other``."""
        found = {"snakemake": [], "run": [], "kernel": [], "other": []}
        for process in psutil.process_iter():
            try:
                if Path(process.cwd()) != self.folder or not _lives(process):
                    continue
                words = process.cmdline()
            except (psutil.Error, OSError):
                continue  # it has ended, or is not ours
            names = [Path(word).name for word in words[:3]]
            kind = "kernel" if "bgood_lib.studies.kernel" in names else "other"
            kind = "run" if names[1:] == ["bgood", "run"] else kind
            kind = "snakemake" if names[1:2] == ["snakemake"] else kind
            found[kind].append(process)
        return found

    def end(self, processes):
        """Kill -9, at once, and wait until they have ended."""
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        while any(_lives(process) for process in processes):
            time.sleep(0.01)

    def forget(self):
        """Remove what the study has left, but for the image sets."""
        for folder in ("runs/faults", "results/faults"):
            shutil.rmtree(self.folder / folder, ignore_errors=True)

    def contents(self, folders=None):
        """All that trainings left, read with every check there is: values by place.

        Parameters
        ----------
        folders : dict of str to Path, optional
            Of runs by name. By default all there are, and the tables.

        Raises
        ------
        OSError, ValueError
            If something is missing, or not whole.
        """
        found = {}
        for name, folder in (folders or self.runs).items():
            found[name] = {
                "record": read_record(folder / "record.json"),
                "bank": read_bank(folder / "bank.npz"),
                "checkpoint": read_checkpoint(folder / "checkpoint.pt"),
            }
        if folders is None and self.tables:
            found["tables"] = read_tables(self.tables)
        return flat(found)


def _lives(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def read_bank(path):
    bank = Bank.load(path)
    return {**vars(bank), "sets": {name: dataclasses.asdict(features) for name, features in bank.sets.items()}}


def read_checkpoint(path):
    check_zip(path)
    return checkpoint._read(path, "cpu")


def read_tables(folder):
    tables = read_study_tables(folder)
    frames = {"runs": tables.runs, **tables.metrics, "errors": tables.errors}
    return {"data": tables.data, **{name: frame.to_dict("list") for name, frame in frames.items()}}


def flat(value, place=""):
    """Every value of a nested structure by its place, but for what may differ; arrays as checksums."""
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, (list, tuple)):
        parts = enumerate(value)
    else:
        if isinstance(value, (np.ndarray, torch.Tensor)):
            array = np.ascontiguousarray(value)
            value = f"{array.dtype} {array.shape} {hashlib.sha256(array.tobytes()).hexdigest()}"
        return {place: repr(value)}  # nan is equal to nan
    found = {f"{place}/": type(value).__name__}
    for key, part in parts:
        if key not in VOLATILE:
            found |= flat(part, f"{place}/{key}")
    return found


def differences(one, other):
    """Places where two contents are not the same."""
    return sorted(place for place in one.keys() | other.keys() if one.get(place) != other.get(place))
