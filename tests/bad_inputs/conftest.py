"""A small project to be spoiled: two runs, a bank, pictures, weights, a study, a published record."""

import contextlib
import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from PIL import Image

from bgood_lib import datasets
from bgood_lib.evaluation.bank import bank_of
from bgood_lib.evaluation.judge import judge
from bgood_lib.networks.build import make_network
from bgood_lib.runs.record import write_record
from bgood_lib.runs.weights import save_weights
from bgood_lib.training import checkpoint
from bgood_lib.training.config import make_config

ROOT = Path(__file__).parents[2]
STUDY = """title: Good
notebook: notebooks/train.ipynb
common: {dataset: scenes, profile: scenes}
runs:
  - {method: [cross_entropy, background], seed: 0}
pages: {}
"""


@pytest.fixture(scope="session")
def good(small_run, tmp_path_factory):
    """The project as it was before anything was spoiled; only to be read."""
    folder = tmp_path_factory.mktemp("good")
    from conftest import _RECORD

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BGOOD_DATA", str(small_run / "cache"))
        images, labels = datasets.load("scenes", "test")
        novel = datasets.load("scenes_novel", "test")[0]
        for i, name in enumerate(("runs/scenes/one", "runs/scenes/two")):
            config = make_config("scenes", method="cross_entropy", width=2, seed=i)
            network = make_network(config, images[:300], labels[:300]).eval()
            bank = bank_of(network, (images[:90], labels[:90]), (images[90:130], labels[90:130]), {"ood": novel[:30]})
            identity = f"{i}" * 16
            bank.identity = identity
            bank.save(folder / name / "bank.npz")
            optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
            checkpoint.save(network, optimizer, folder / name / "checkpoint.pt", identity, config, [{}])
            record = {
                **_RECORD, "identity": identity, "config": dataclasses.asdict(config), **judge(bank),
                "weights_sha256": checkpoint.weights_sha256(network),
            }  # fmt: skip
            set_ = {**_RECORD["data"]["ood"][0], "name": "ood", "n": 30}
            write_record(folder / name / "record.json", {**record, "data": {**_RECORD["data"], "ood": [set_]}})
    save_weights(network, folder / "net.safetensors", dataclasses.asdict(config), record="scenes/two.json")
    bank.save(folder / "mine" / "features.npz")
    for name, start in (("results", "runs/scenes"), ("results", "runs/scenes")):
        (folder / name / "scenes").mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / start / "one" / "record.json", folder / name / "scenes" / "one.json")
    rng = np.random.default_rng(0)
    (folder / "pictures").mkdir()
    for name in ("a.png", "b.jpg", "c.gif"):
        Image.fromarray(rng.integers(0, 256, (40, 50, 3), np.uint8)).save(folder / "pictures" / name)
    (folder / "notes.txt").write_text("mine")
    (folder / "scores.csv").write_text("name,mark\nme,1\n")
    (folder / "other.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    cell = nbformat.v4.new_code_cell("runs_folder: str = 'runs'  # runs\nweight: float = 0.1  # of the loss [0, 1]")
    cell.metadata["tags"] = ["parameters"]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    page = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})
    nbformat.write(page, folder / "notebooks" / "page.ipynb")
    (folder / "studies").mkdir()
    (folder / "studies" / "good.yaml").write_text(STUDY)
    return folder


@contextlib.contextmanager
def read_only(folder):
    """A folder that cannot be written to, while the block lasts: by its permissions or, for root, by a mount."""
    folder.chmod(0o555)
    mounted = os.access(folder, os.W_OK) and not subprocess.call(["mount", "--bind", "-o", "ro", folder, folder])
    try:
        if os.access(folder, os.W_OK):
            pytest.skip("here root writes everywhere, and cannot mount a folder read-only")
        yield
    finally:
        if mounted:
            subprocess.check_call(["umount", "-l", folder])
        folder.chmod(0o755)


@pytest.fixture
def project(good, small_run, tmp_path, monkeypatch):
    """A copy of it, in which the commands are given."""
    folder = shutil.copytree(good, tmp_path / "project")
    monkeypatch.setenv("BGOOD_DATA", str(small_run / "cache"))
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.chdir(folder)
    return folder
