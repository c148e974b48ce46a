"""Trainings that share a GPU: as many at once as there are slots, and slots do not make anything run again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
RUNS = ["runs/scenes/cross_entropy-s0/record.json", "runs/scenes/background-random-s0/record.json"]
# Instead of `bgood`: waits for the other training, then leaves a run's files.
TRAINS = """\
#!/bin/bash
for word in "$@"; do case $word in out=*) out=${word#out=};; esac; done
echo begin >>log
for _ in $(seq $PATIENCE); do [ $(grep -c begin log) = 2 ] && break; sleep 0.1; done
echo end >>log
mkdir -p $out && touch $out/record.json $out/bank.npz
"""


@pytest.fixture
def workflow(tmp_path):
    """A function that runs the workflow on a device, with options; gives what it said, and what began and ended."""
    for name in ("Snakefile", "bgood_lib", "notebooks", "studies", "results"):
        (tmp_path / name).symlink_to(TOP / name)
    (tmp_path / "bgood").write_text(TRAINS)
    (tmp_path / "bgood").chmod(0o755)

    def run(device, *options, patience=1):
        (tmp_path / "log").write_text("")
        path = f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        command = [sys.executable, "-m", "snakemake", "--cores", "2", "--rerun-triggers", "mtime", "params", "input"]
        done = subprocess.run(
            [*command, *options, "--config", "studies=scenes", f"device={device}", "--", *RUNS],
            cwd=tmp_path, env={**os.environ, "PATH": path, "PATIENCE": str(10 * patience)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        return done.stdout, (tmp_path / "log").read_text().split()

    return run


def test_one_slot_is_one_training_at_a_time(workflow):
    assert workflow("cuda", "--resources", "gpu=1")[1] == ["begin", "end", "begin", "end"]
    said, done = workflow("cuda", "--resources", "gpu=2")
    assert "Nothing to be done" in said and done == []


@pytest.mark.parametrize("device, slots", [("cuda", 2), ("cpu", 1)])
def test_two_slots_or_none_are_two_at_once(workflow, device, slots):
    done = workflow(device, "--resources", f"gpu={slots}", patience=100)[1]
    assert done == ["begin", "begin", "end", "end"]


@pytest.mark.parametrize("words, expected", [
    (["DEVICE=cuda"], "--resources gpu=1 "), (["DEVICE=cuda", "GPU_SLOTS=3"], "--resources gpu=3 "),
    (["DEVICE=cpu", "GPU_SLOTS=3"], None), ([], None),
])  # fmt: skip
def test_make_hands_the_slots_over_where_there_is_a_gpu(words, expected):
    without = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "DEVICE", "GPU_SLOTS")}
    said = subprocess.run(
        ["make", "-n", "book", *words], cwd=TOP, env=without, capture_output=True, text=True, check=True
    ).stdout
    assert expected in said if expected else "--resources" not in said
