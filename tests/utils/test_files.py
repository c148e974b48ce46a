"""Files as a whole or not at all, locks, and what a killed process leaves."""

import errno
import os
import re
import subprocess
import sys

import pytest

from bgood_lib.utils import files, locks
from bgood_lib.utils.files import atomic_write, check_zip

KILLED = """
import os, signal, sys
from bgood_lib.utils.files import atomic_write
with atomic_write(sys.argv[1]) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_write_leaves_the_old_file_and_nothing_for_long(tmp_path):
    path = tmp_path / "a.b.txt"
    path.write_text("old")
    (tmp_path / ".a.b.txt").write_text("mine")  # none of ours
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert path.read_text() == "old" and len(list(tmp_path.iterdir())) == 3
    with atomic_write(path) as temporary:
        assert len(list(tmp_path.iterdir())) == 2
        temporary.write_text("new")
        with atomic_write(path) as other:  # of a process that lives: stays
            assert temporary.exists()
            other.write_text("between")
    assert path.read_text() == "new" and len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space"), RuntimeError("PytorchStreamWriter failed")])
def test_a_full_disk_is_named_with_the_way_out(tmp_path, monkeypatch, error):
    path = tmp_path / "bank.npz"
    path.write_text("old")
    monkeypatch.setattr(files.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 0}))
    with pytest.raises(OSError, match=re.escape(f"the disk is full: {path} could not be written. Make room")):
        with atomic_write(path):
            raise error
    assert path.read_text() == "old" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "error", [OSError(errno.EACCES, "no"), RuntimeError("CUDA"), ValueError("x"), KeyboardInterrupt()]
)
def test_other_errors_stay_what_they_are(tmp_path, error):
    with pytest.raises(type(error)) as caught, atomic_write(tmp_path / "a"):
        raise error
    assert caught.value is error


def test_a_zip_with_a_changed_byte_is_refused(tmp_path):
    import numpy as np

    path = tmp_path / "a.npz"
    np.savez(path, a=np.zeros(100))
    check_zip(path)
    whole = path.read_bytes()
    for damaged in (whole[:300] + b"x" + whole[301:], whole[:-10], b""):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=re.escape(f"{path} is no checkpoint, or is damaged")):
            check_zip(path)
    with pytest.raises(FileNotFoundError):
        check_zip(tmp_path / "b.npz")


def test_a_lock_is_had_once_and_says_by_whom(tmp_path):
    with locks.take(tmp_path / "new" / "lock"):
        with pytest.raises(locks.Taken, match=rf"process {os.getpid()} on .*, since 2"):
            locks.take(tmp_path / "new" / "lock")
    locks.take(tmp_path / "new" / "lock").close()


def test_a_lock_ends_with_a_killed_process_and_is_waited_for(tmp_path):
    code = "import sys, time; from bgood_lib.utils.locks import take; lock = take(sys.argv[1]); print('got it', flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "lock")], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"got it\n"
    said = []

    def end(other):
        said.append(other)
        process.kill()

    with locks.take(tmp_path / "lock", wait=end):
        assert len(said) == 1 and f"process {process.pid} on" in said[0]
    process.wait()
