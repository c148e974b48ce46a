"""One command, kept apart from all that it could harm: no network, no files but its own, and limits.

On Linux, what util-linux has does it: `unshare` (namespaces), `chroot`, `setpriv`, `prlimit`. Where a system refuses
namespaces the limits remain, and :func:`lacking` names what does not.
"""

import functools
import itertools
import os
import secrets
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

SCRIPT = Path(__file__).with_name("sandbox.sh")
PACKAGE = Path(__file__).parents[1]
USERS = itertools.cycle(range(61_184, 65_000))  # numbers that nobody has: what one may start is counted by user
PROGRAMS = "/usr/bin:/bin:/usr/sbin:/sbin"  # Debian keeps chroot from the path of those who are not root
TOOLS = ("unshare", "setpriv", "prlimit", "chroot")
MOST_SAID = 64 * 2**20  # bytes of answers

GUARDS = {
    "files": "it can read and write what the user can who marks",
    "network": "it can reach the network",
    "processes": "it can see other processes, and start many",
    "memory": "it can take all memory",
}
_PROBE = """
import os, pathlib, socket, sys, time
secret = sys.argv[1]
def tried(what):
    try: return bool(what())
    except BaseException: return False
def forks():
    n = 0
    try:
        while n < 400:
            if os.fork() == 0:
                time.sleep(2); os._exit(0)
            n += 1
    except OSError: pass
    return n >= 400
open_ = []
if tried(lambda: pathlib.Path(secret).read_text()): open_.append("files")
if tried(lambda: [n for _, n in socket.if_nameindex() if n != "lo"]): open_.append("network")
if tried(lambda: len(bytearray(64 * 2**30))): open_.append("memory")
if tried(forks) or tried(lambda: pathlib.Path(f"/proc/{sys.argv[2]}/status").read_text()): open_.append("processes")
os.write(1, ("open " + " ".join(open_) + chr(10)).encode())
os._exit(0)
"""


@dataclass(frozen=True)
class Limits:
    """What one command may take.

    Attributes
    ----------
    seconds : float
        Until it is stopped, from its start.
    after : float
        As many more from when a reply is sent to it.
    wait : float
        Both are the processor's; on the wall's clock it may take so many times as long.
    memory : int
        MiB, of one process, and of all together.
    processes : int
        Processes and threads at a time.
    files : int
        MiB that it may write.
    """

    seconds: float = 120
    after: float = 0
    wait: float = 1
    memory: int = 4096
    processes: int = 64
    files: int = 128


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes
    ----------
    code : int or None
        Its exit code; None if it was stopped.
    why : str
        Why it was stopped, or an empty string.
    said : list of str
        Lines that it wrote.
    errors : str
        The end of what it wrote to stderr.
    """

    code: int | None
    why: str
    said: list
    errors: str


def run(command, work, ours, limits=None, reply=None, way=None):
    """Run a command in a copy of a folder.

    Parameters
    ----------
    command : list of str
        It finds itself in the copy of ``work``; ``{ours}`` is replaced by where ``ours`` is.
    work : path
        Copied; nothing is written back.
    ours : path
        Read-only.
    limits : Limits, optional
    reply : function, optional
        Gets each line that the command writes to stdout; bytes that it returns are sent to stdin, which is then closed.
    way : str, optional
        ``root``, ``user`` or ``plain``; by default the best that works here.

    Returns
    -------
    Ended
    """
    limits, way = limits or Limits(), way or best_way()
    with tempfile.TemporaryDirectory(prefix="bgood-", ignore_cleanup_errors=True) as folder:
        folder = Path(folder)
        (folder / "root").mkdir()
        shutil.copytree(work, folder / "work")
        shutil.copytree(ours, folder / "ours")
        for path in folder.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        folder.chmod(0o755)
        full = _wrapped(command, folder, limits, way)
        process = subprocess.Popen(
            full, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            cwd=folder / "work", env=_environment(folder / "work" if way == "plain" else Path("/bgood/work")),
        )  # fmt: skip
        try:
            return _attend(process, limits, reply)
        finally:
            _stop(process)


def _environment(home):
    return {
        "PATH": f"{Path(sys.executable).parent}:{PROGRAMS}", "HOME": str(home), "TMPDIR": "/tmp", "LANG": "C.UTF-8",
        "MPLBACKEND": "Agg", "PYTHONPATH": str(PACKAGE.parent), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1",
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    }  # fmt: skip


def _wrapped(command, folder, limits, way):
    """The command within its guards: list of str."""
    ours = folder / "ours" if way == "plain" else Path("/bgood/ours")
    command = [part.replace("{ours}", str(ours)) for part in command]
    limited = [
        "prlimit", f"--as={limits.memory * 2**20}", f"--fsize={limits.files * 2**20}", "--core=0", "--nofile=512",
        f"--cpu={int(limits.seconds + limits.after) + 5}",
    ]  # fmt: skip
    if way == "plain":
        return [*(limited if shutil.which("prlimit", path=PROGRAMS) else []), *command]
    home = "" if way == "root" else "--map-root-user"
    user = str(next(USERS)) if way == "root" else "same"
    spaces = ["--mount", "--pid", "--fork", "--net", "--ipc", "--uts", "--kill-child=KILL"]
    python = sorted({sys.prefix, sys.base_prefix, str(PACKAGE)})
    megabytes = str(limits.files)
    return [
        "unshare", *filter(None, [home]), *spaces, "sh", str(SCRIPT), str(folder / "root"), str(folder / "work"),
        str(folder / "ours"), user, megabytes, *python, "--", *limited, f"--nproc={limits.processes}", "env", "-C", "/bgood/work",
        *command,
    ]  # fmt: skip


def _attend(process, limits, reply):
    """Listen to a process until it ends or has to be stopped: Ended."""
    end, said, waiting, told = time.monotonic() + limits.wait * limits.seconds, [], bytearray(), 0
    errors, why, look = b"", "", 0.0
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        selector.register(process.stderr, selectors.EVENT_READ)
        while selector.get_map():
            if (now := time.monotonic()) > end:
                why = "its time was up"
                break
            if now > look:  # not at each word of one that says much
                look = now + 0.2
                if (used := _memory(process.pid)) > limits.memory * 2**20:
                    why = f"it took {used / 2**20:.0f} MiB of memory, more than {limits.memory}"
                    break
            for key, _ in selector.select(0.2):
                data = os.read(key.fd, 2**20)
                if not data:
                    selector.unregister(key.fileobj)
                elif key.fileobj is process.stderr:
                    errors = (errors + data)[-4000:]
                else:
                    told += len(data)
                    waiting += data
                    *lines, waiting = waiting.split(b"\n") if b"\n" in data else [waiting]
                    for line in lines:
                        said.append(line.decode("utf-8", "replace"))
                        if reply and (answer := reply(said[-1])) is not None:
                            end = time.monotonic() + limits.wait * limits.after if limits.after else end
                            threading.Thread(target=_send, args=(process.stdin, answer), daemon=True).start()
            if told > MOST_SAID:
                why = f"it answered with more than {MOST_SAID // 2**20} MiB"
                break
            if process.poll() is not None and not selector.select(0):
                break
    code = None
    if not why:
        try:
            code = process.wait(timeout=max(end - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            why = "its time was up"
    return Ended(code, why, said, errors.decode("utf-8", "replace"))


def _send(pipe, data):
    try:
        pipe.write(data)
        pipe.close()
    except OSError:
        pass  # it is gone


def _memory(pid):
    """Bytes that a process and all below it hold."""
    total = 0
    try:
        below = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return 0
    for one in below:
        try:
            total += one.memory_info().rss
        except psutil.Error:
            continue
    return total


def _stop(process):
    """End a process and all that it started."""
    try:
        below = psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        below = []
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    for one in below:
        try:
            one.kill()
        except psutil.Error:
            continue
    for pipe in (process.stdout, process.stderr):
        pipe.close()
    process.wait()


@functools.lru_cache
def best_way():
    """The strictest way of keeping a command apart that works on this system: ``root``, ``user`` or ``plain``."""
    return min(("root", "user", "plain"), key=lambda way: len(lacking(way)))


@functools.lru_cache
def lacking(way=None):
    """Guards of ``GUARDS`` that a way does not have, tried out: frozenset of str."""
    way = way or best_way()
    if way != "plain" and not all(shutil.which(name, path=PROGRAMS) for name in TOOLS):
        return frozenset(GUARDS)
    with tempfile.TemporaryDirectory(prefix="bgood-") as folder:
        for name in ("work", "ours"):
            (Path(folder) / name).mkdir()
        secret = Path(folder) / "secret"
        secret.write_text(secrets.token_hex())
        probe = [sys.executable, "-c", _PROBE, str(secret), str(os.getpid())]
        try:
            ended = run(probe, Path(folder) / "work", Path(folder) / "ours", Limits(seconds=20, wait=6), way=way)
        except OSError:
            return frozenset(GUARDS)
    answer = [line for line in ended.said if line.startswith("open")]
    return frozenset(answer[-1].split()[1:]) if answer else frozenset(GUARDS)
