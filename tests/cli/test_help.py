"""Help comes at once, and says what there is."""

import os
import resource
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from bgood_lib.cli.main import app

SLOW = {"torch", "torchvision", "sklearn", "scipy", "pandas", "matplotlib", "papermill", "pytorch_ood", "jsonschema"}


@pytest.mark.parametrize("words", [
    ["--help"], ["--version"], ["evaluate", "nowhere"], ["score", "nowhere", "."], ["verify", "nowhere.txt"], ["study", "plan", "nowhere"],
    ["tune", "nowhere"], ["export", "nowhere", "a.safetensors"],
])  # fmt: skip
def test_it_takes_less_than_a_second(words):
    """Of computing, so that other programs do not count; nothing that is slow to import is."""
    look = (
        "import atexit, sys; from bgood_lib.cli import bgood; "
        f"atexit.register(lambda: print('slow:', {SLOW} & sys.modules.keys())); sys.argv[1:] = {words}; bgood()"
    )

    def answered():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        told = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=False).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert "slow: set()" in told
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(answered(), answered()) < 1  # the first answer of all compiles what it imports


def test_every_command_has_help():
    names = [command.name or command.callback.__name__ for command in app.registered_commands]
    groups = {group.name: group.typer_instance for group in app.registered_groups}
    every = [[name] for name in names]
    every += [
        [name, command.name or command.callback.__name__]
        for name in groups
        for command in groups[name].registered_commands
    ]
    for words in every:
        done = CliRunner().invoke(app, [*words, "--help"], prog_name="bgood", env={**os.environ, "COLUMNS": "200"})
        assert done.exit_code == 0 and f"bgood {' '.join(words)}" in done.output, done.output


def test_what_only_figures_need_is_not_imported_to_score():
    look = "import sys, bgood_lib.runs.run; print('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout == "False\n"
