"""Killed, short of room, with turned bits: nothing is lost, and nothing silently wrong. `make faults` does more."""

import os

import numpy as np
import pytest
import torch
from damage import damage
from full_disk import fill, small_disk
from kills import kill_often
from small_project import ONE, Project, differences, read_bank, read_checkpoint, read_tables

from bgood_lib import datasets
from bgood_lib.features import Bank
from bgood_lib.networks import build
from bgood_lib.runs.record import read_record, write_record
from bgood_lib.studies.tables import make_study_tables, write_study_tables
from bgood_lib.training import loop
from bgood_lib.training.config import make_config
from bgood_lib.utils import locks

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project with one short training, run twice undisturbed: into ``runs/one`` and ``runs/two``."""
    project = Project(tmp_path_factory.mktemp("faults") / "project", workflow=False)
    both = [project.start(project.training(f"runs/{name}"), project.folder / f"{name}.log") for name in ("one", "two")]
    for process, name in zip(both, ("one", "two")):
        assert process.wait() == 0, (project.folder / f"{name}.log").read_text()
    return project


def contents(project, name):
    return project.contents({ONE: project.folder / "runs" / name})


def test_the_same_training_leaves_the_same_in_another_folder(project):
    one, two = contents(project, "one"), contents(project, "two")
    assert differences(one, two) == []
    assert len(one) > 1000 and f"/{ONE}/record/weights_sha256" in one and f"/{ONE}/record/metrics/0/auroc" in one
    assert not any(place.endswith(("seconds", "finished")) for place in one)


def test_kills_lose_nothing_and_change_nothing(project):
    said = []
    counts = kill_often(project, 3, contents(project, "one"), ("kernel", "run", "all"), patience=1, say=said.append)
    assert sum(n for name, n in counts.items() if name.startswith("killed")) == 3, said
    for name in ("differences", "finished work lost", "files left behind", "refused"):
        assert counts[name] == 0, said


def test_what_a_killed_workflow_left_does_not_stop_the_next(project):
    folder, target = project.folder, f"results/scenes/{ONE}.json"
    text = "{title: T, notebook: notebooks/train.ipynb, runs: [{method: cross_entropy, seed: 0}], publish: true}"
    (folder / "studies/scenes.yaml").write_text(text)
    run = folder / "runs/scenes" / ONE
    run.mkdir(parents=True)
    for name in ("record.json", "bank.npz"):  # finished, so that nothing is to be trained
        (run / name).write_text("{}")
    (folder / ".snakemake/locks").mkdir(parents=True)
    (folder / ".snakemake/locks/0.output.lock").write_text(f"{target}\n")
    command = ["snakemake", "--cores", "1", "--", target]
    with locks.take(folder / ".snakemake/alone"):
        status, printed = project.run(command)
        assert status and f"another workflow is at work in this folder (process {os.getpid()} on" in printed
        assert not (folder / target).exists()
    status, printed = project.run(command)
    assert status == 0, printed
    assert (folder / target).read_text() == "{}"


def read_set(name):
    return datasets.load(name, "test"), datasets.verify(name, "test"), datasets.extra(name, "test", "classes")


def test_turned_bits_and_cuts_are_noticed(project, make_record, tmp_path, monkeypatch):
    monkeypatch.setenv("BGOOD_DATA", str(tmp_path))
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "mine.npz", images=rng.integers(0, 255, (3, 32, 32, 3), np.uint8), classes=np.array(["a"]))
    datasets.prepare("mine", tmp_path, say=str)
    whole = Bank.load(project.folder / "runs/one/bank.npz")
    few = {name: features.take(slice(3)) for name, features in whole.sets.items()}
    whole.with_sets(few).save(tmp_path / "bank.npz")
    write_record(tmp_path / "record.json", make_record())
    write_study_tables(make_study_tables({"one": make_record()}), tmp_path / "tables")
    checkpoint = project.folder / "runs/one/checkpoint.pt"
    for path, read in [
        (tmp_path / "mine-test.npz", lambda: read_set("mine")),
        (tmp_path / "bank.npz", lambda: read_bank(tmp_path / "bank.npz")),
        (tmp_path / "record.json", lambda: read_record(tmp_path / "record.json")),
        (checkpoint, lambda: read_checkpoint(checkpoint)),
        *((file, lambda: read_tables(tmp_path / "tables")) for file in sorted((tmp_path / "tables").iterdir())),
    ]:
        counts = damage(path, read, 100)
        assert counts["silent"] == counts["unclear"] == 0 and counts["noticed"] > 50, (path, counts)


def test_a_training_does_not_go_on_from_a_damaged_checkpoint(project):
    checkpoint = project.folder / "runs/two/checkpoint.pt"
    whole = checkpoint.read_bytes()
    checkpoint.write_bytes(whole[:200_000] + bytes([whole[200_000] ^ 1]) + whole[200_001:])
    status, printed = project.run(project.training("runs/two"))
    checkpoint.write_bytes(whole)
    assert status == 1 and "Traceback" not in printed
    assert "error: runs/two/checkpoint.pt is no checkpoint, or is damaged: " in printed and "; move it aside" in printed


@pytest.fixture
def disk(tmp_path):
    try:
        with small_disk(tmp_path / "disk", 4) as folder:
            yield folder
    except PermissionError as error:
        pytest.skip(str(error))


def test_a_full_disk_is_named_and_leaves_nothing_half(
    disk, project, make_record, images, labels, tmp_path, monkeypatch
):
    monkeypatch.setenv("BGOOD_DATA", str(disk))
    config = make_config("scenes", method="cross_entropy", epochs=1)
    bank = Bank.load(project.folder / "runs/one/bank.npz")

    def train(path):
        network = build.make_network(config, images, labels)
        loop.train(network, images, labels, config, torch.device("cpu"), checkpoint=path, report=str)

    np.savez(tmp_path / "mine.npz", images=images)
    for name, write in {
        "checkpoint.pt": train,
        "bank.npz": bank.save,
        "record.json": lambda path: write_record(path, make_record()),
        "mine-test.npz": lambda path: datasets.prepare("mine", tmp_path, say=str),
    }.items():
        ballast = fill(disk, 4096 if name.endswith(("npz", "pt")) else 0)
        with pytest.raises(OSError, match=f"the disk is full: .*{name} could not be written. Make room"):
            write(disk / name)
        assert [path.name for path in disk.iterdir()] == ["ballast"]
        ballast.unlink()
        write(disk / name)
        assert (disk / name).stat().st_size > 1000
        (disk / name).unlink()
