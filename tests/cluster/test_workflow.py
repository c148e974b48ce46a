"""The ways to run the workflow: what is declared must be something Snakemake knows."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import yaml

TOP = Path(__file__).parents[2]
PROFILE = yaml.safe_load((TOP / "profiles/slurm/config.yaml").read_text())
HERE = yaml.safe_load((TOP / "profiles/default/config.yaml").read_text())


def run(*command):
    without = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "EXECUTOR")}
    return subprocess.run(command, cwd=TOP, env=without, capture_output=True, text=True, check=False)


def test_the_slurm_profile_has_only_options_that_snakemake_knows():
    shown = run(sys.executable, "-m", "snakemake", "--help").stdout
    known = {word.strip(",").removeprefix("--") for word in shown.split() if word.startswith("--")}
    plugin = find_spec("snakemake_executor_plugin_slurm") is not None
    unknown = [key for key in PROFILE if key not in known and (plugin or not key.startswith("slurm-"))]
    assert not unknown
    # The same training must not run again because it ran elsewhere, or with other resources.
    for profile in (PROFILE, HERE):
        assert profile["rerun-triggers"] == ["mtime", "params", "input"] and profile["rerun-incomplete"] is True


def test_make_hands_the_profile_over():
    on_a_cluster = run("make", "-n", "book", "EXECUTOR=slurm").stdout
    assert "snakemake --profile profiles/slurm" in on_a_cluster and "--cores" not in on_a_cluster
    here = run("make", "-n", "book").stdout
    assert "snakemake --cores all" in here and "--profile" not in here
    mistyped = run("make", "-n", "book", "EXECUTOR=slrum")
    assert mistyped.returncode and "EXECUTOR=slrum is unknown" in mistyped.stderr


def test_a_script_that_changes_the_system_wants_to_be_asked():
    asked = run("bash", "tests/cluster/slurm_on_one_node.sh")
    assert asked.returncode == 2 and "--yes-write-etc" in asked.stdout
    assert "slurm_on_one_node" not in (TOP / "Makefile").read_text()
