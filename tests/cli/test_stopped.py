"""Ctrl-C while PyTorch is being loaded ends a command at once; at any other time it is Python's."""

import subprocess
import sys

import pytest

SIGNAL = """
import sys, types
from bgood_lib import cli
torch = types.ModuleType("torch")
torch.__spec__ = types.SimpleNamespace(_initializing={loading})
sys.modules["torch"] = torch
try:
    cli._interrupted(2, None)
except KeyboardInterrupt:
    print("Python's")
"""


@pytest.mark.parametrize(
    ("loading", "code", "out", "told"), [(True, 130, "", "stopped by Ctrl-C\n"), (False, 0, "Python's\n", "")]
)
def test_an_interrupt(loading, code, out, told):
    done = subprocess.run([sys.executable, "-c", SIGNAL.format(loading=loading)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (code, out, told)
