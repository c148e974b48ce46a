"""No kernel outlives the `bgood run` that started it."""

import contextlib
import functools
import os
import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

pytestmark = pytest.mark.slow

linux = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere a kernel looks after its parent in a thread of its own"
)
SLEEPS = "import time; time.sleep(1000)"
LETS_NOTHING_ELSE_RUN = "sum(range(10**13))"


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not after {seconds} seconds"
        time.sleep(0.05)


def has_ended(process):
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.fixture
def begin(tmp_path):
    """A function that runs a notebook's cell; gives `bgood run`, and its kernel in the midst of that cell."""
    begun = []

    def of(cell, stderr=subprocess.DEVNULL):
        ready = tmp_path / "ready"
        source = f"import os; from pathlib import Path\nPath({str(ready)!r}).touch()\n{cell}"
        first = new_code_cell("count: int = 3", metadata={"tags": ["parameters"]})
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        content = new_notebook(cells=[first, new_code_cell(source)], metadata={"kernelspec": kernel})
        nbformat.write(content, tmp_path / "page.ipynb")
        command = [sys.executable, "-c", "from bgood_lib.cli import bgood; bgood()", "run", "page.ipynb", "out.ipynb"]
        # A shell ignores Ctrl-C for what it runs in the background, and so would all that these tests start.
        listens = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
        begun.append(subprocess.Popen(command, cwd=tmp_path, stderr=stderr, preexec_fn=listens))
        wait_for(lambda: ready.exists() or begun[0].poll() is not None, 300)
        assert begun[0].poll() is None, "the notebook did not get that far"
        begun.extend(psutil.Process(begun[0].pid).children())
        return begun

    yield of
    for process in begun:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_kernel_ends_with_the_command(begin, how):
    run, kernel = begin(SLEEPS)
    os.kill(run.pid, how)
    wait_for(lambda: has_ended(kernel), 60)
    assert run.wait(60) != 0


def test_ctrl_c_during_a_run_is_one_line(begin):
    run, kernel = begin(SLEEPS, stderr=subprocess.PIPE)
    run.send_signal(signal.SIGINT)
    told = run.communicate(timeout=60)[1].decode()
    assert (run.returncode, told) == (130, "stopped by Ctrl-C\n")
    wait_for(lambda: has_ended(kernel), 60)


@linux
def test_a_kernel_ends_that_lets_no_other_thread_run(begin):
    run, kernel = begin(LETS_NOTHING_ELSE_RUN)
    run.kill()
    wait_for(lambda: has_ended(kernel), 10)


@linux
def test_a_kernel_whose_parent_has_gone_does_not_start():
    alone = {**os.environ, "JPY_PARENT_PID": "-1"}
    done = subprocess.run(
        [sys.executable, "-m", "bgood_lib.studies.kernel"],
        env=alone,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 1 and "has ended" in done.stderr


def test_the_interrupt_that_ends_an_idle_kernel_is_not_told_as_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = new_code_cell("count: int = 3", metadata={"tags": ["parameters"]})
    says = "import logging\nfor text in ('KeyboardInterrupt caught in kernel.', 'something else'):\n    "
    tell = new_code_cell(says + "logging.getLogger('IPKernelApp').error(text)")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=[first, tell], metadata={"kernelspec": kernel}), "page.ipynb")
    command = [sys.executable, "-c", "from bgood_lib.cli.main import app; app()", "run", "page.ipynb", "out.ipynb"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    told = done.stderr + "".join(output.get("text", "") for output in nbformat.read("out.ipynb", 4).cells[-1].outputs)
    assert "something else" in told
    assert "KeyboardInterrupt" not in told
