"""The main table on a bare machine with a GPU and no internet; see README.md beside this file.

    python3 gpu/run.py --until 560 --leave --out "$OUT"    # once per call, with a part of the parcel in gpu/parcel/

Needs nothing but Python's own library; all else comes with the parcel.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import collect

BEGINNING = time.time()
HERE = Path(__file__).resolve().parent
RESERVE = 40  # seconds kept for collecting

# --- the queue, in the order in which it is worked through -----------------------------------------

RANK = dict(selector="rank", weight=0.05)
ALL = dict(selector="all", weight=0.05)
MAIN = [
    dict(method="cross_entropy"),
    dict(method="background", **RANK),
    dict(method="logitnorm"),
    dict(method="logitnorm_background", **RANK),
    dict(method="background", **ALL),
    dict(method="logitnorm_background", **ALL),
]
SWEEP = [
    dict(method="background", selector="rank", weight=weight, patch_size=patch_size, epochs=30)
    for patch_size in (1, 2, 3)
    for weight in (0.02, 0.05, 0.1)
]
QUEUE = [("cifar10_full", "cifar10", run, seed) for seed in (0, 1, 2) for run in MAIN]
QUEUE += [("cifar10_full", "cifar10", run, 0) for run in SWEEP]
QUEUE += [("cifar100_full", "cifar100", run, 0) for run in MAIN[:4]]
EPOCHS = 100  # of the profile, where a run says nothing else
WEIGHTS = 4  # the first so many runs bring their weights back


def queue(commit):
    """The queue as the worker reads it: study, name, profile, settings, epochs, whether weights come back."""
    items = []
    for i, (study, dataset, run, seed) in enumerate(QUEUE):
        items.append({
            "study": study, "name": run_name({**run, "seed": seed}), "profile": "full", "commit": commit,
            "settings": {"dataset": dataset, **run, "seed": seed},
            "epochs": run.get("epochs", EPOCHS), "weights": i < WEIGHTS,
        })  # fmt: skip
    return items


def run_name(settings):
    """The name that `bgood_lib.studies.run_name` would give; that module needs more than this machine has."""
    short = {"method": "", "selector": "", "seed": "s", "weight": "w", "patch_size": "p"}
    return "-".join(f"{short.get(key, key + '_')}{value}" for key, value in settings.items())


# --- one call ----------------------------------------------------------------------------------------


def say(line):
    print(f"{time.time() - BEGINNING:5.0f} s  {line}", flush=True)


def install(store, site):
    """Install wheels that have come and are not installed yet, into a folder of their own."""
    wheels = sorted(store.glob("*.whl"))
    mark = site / "installed.json"
    if not wheels or (mark.exists() and json.loads(mark.read_text()) == [wheel.name for wheel in wheels]):
        return
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-compile", "--no-cache-dir"]
    done = subprocess.run([*pip, "--upgrade", "--target", site, *wheels], capture_output=True, text=True)
    if done.returncode:
        say(f"pip failed, the wheels are unzipped instead: {done.stderr.strip()}")
        for wheel in wheels:
            zipfile.ZipFile(wheel).extractall(site)
    mark.write_text(json.dumps([wheel.name for wheel in wheels]))
    say(f"{len(wheels)} wheels installed")


def alive(work):
    """The worker's process id, or None."""
    file = work / "worker.pid"
    if not file.exists():
        return None
    pid = int(file.read_text())
    try:
        os.waitpid(pid, os.WNOHANG)  # if it was started by this call, let it go when it has ended
    except ChildProcessError:
        pass
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return None
    beginning = not command and state not in "ZX"  # between fork and its first line, a process has no command line yet
    return pid if b"worker.py" in command or beginning else None


def start(work, environment, options, manifest):
    """Start the worker, from a copy of the code that no later call changes under its feet."""
    shutil.rmtree(work / "code", ignore_errors=True)
    for name in ("gpu", "bgood_lib"):
        ignore = shutil.ignore_patterns("parcel", "__pycache__")
        shutil.copytree(HERE.parent / name, work / "code" / name, ignore=ignore)
    items = json.loads(options.queue.read_text()) if options.queue else queue(manifest["commit"])
    settings = dict(work=str(work), device=options.device, items=items, manifest=manifest, jobs=options.jobs)
    (work / "worker.json").write_text(json.dumps(settings))
    with open(work / "log.txt", "ab") as log:
        process = subprocess.Popen(
            [sys.executable, work / "code/gpu/worker.py", work / "worker.json"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment, start_new_session=True,
        )  # fmt: skip
    (work / "worker.pid").write_text(str(process.pid))


def stop(work):
    """End the worker and all that it started."""
    pid = alive(work)
    if pid is None:
        return
    try:
        os.killpg(pid, signal.SIGTERM)
        for _ in range(30):
            if alive(work) is None:
                break
            time.sleep(0.1)
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def follow(work, out, end):
    """Print the worker's log until it ends or the time is over; keep records and log in ``out`` fresh."""
    log, refreshed = open(work / "log.txt", errors="replace"), 0.0
    if log.seek(0, os.SEEK_END) > 4000 and alive(work):
        say("... the beginning of the log is in log.txt")
    log.seek(max(0, log.tell() - 4000))
    while True:
        ended = alive(work) is None
        for line in log:
            print("      | " + line.rstrip(), flush=True)
        if time.time() - refreshed > 10:
            collect.refresh(work, out)
            refreshed = time.time()
        if ended or time.time() > end:
            log.close()
            return
        time.sleep(0.3)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--until", type=float, default=1e9, help="seconds that this call may last")
    parser.add_argument("--leave", action="store_true", help="leave the worker running for the next call")
    parser.add_argument("--out", type=Path, default=os.environ.get("OUT") or "out", help="what comes back")
    parser.add_argument("--work", type=Path, default="/tmp/bgood-gpu", help="what stays between calls")
    parser.add_argument("--parcel", type=Path, default=HERE / "parcel")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--jobs", default="auto", choices=["auto", "1", "2", "3"], help="trainings at once")
    parser.add_argument("--queue", type=Path, help="JSON file in the place of the built-in queue")
    parser.add_argument("--machine-until", type=float, help="seconds from now until the machine goes, where known")
    parser.add_argument("--restart", action="store_true", help="begin with a new worker, with the code as it is now")
    parser.add_argument("--again", action="store_true", help="bring everything back, also what came before")
    options = parser.parse_args()
    work, out, parts = options.work.resolve(), Path(options.out), options.parcel.resolve()
    store, site = work / "parcel", work / "site"
    for folder in (store, site, out):
        folder.mkdir(parents=True, exist_ok=True)
    if options.restart:
        stop(work)
        (work / "check.json").unlink(missing_ok=True)
    if options.again:
        (work / "sent.json").unlink(missing_ok=True)
    rest = os.environ.get("PYTHONPATH", "")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(site), str(work / "code"), rest]).rstrip(os.pathsep),
        "PYTHONUNBUFFERED": "1",
        "BGOOD_DATA": str(work / "data"),
        "TORCHINDUCTOR_CACHE_DIR": str(work / "inductor"),
        "TRITON_CACHE_DIR": str(work / "triton"),
        "MPLBACKEND": "Agg",
    }
    here = {**environment, "PYTHONPATH": os.pathsep.join([str(site), str(HERE.parent), rest]).rstrip(os.pathsep)}
    take = f"import parcel; parcel.take_in({str(parts)!r}, {str(store)!r})"
    try:
        subprocess.run([sys.executable, "-c", take], env=here, cwd=HERE, check=True, timeout=300)
        install(store, site)
        subprocess.run([sys.executable, HERE / "steps.py", "unpack", store], env=here, check=True, timeout=300)
    except subprocess.SubprocessError as error:
        say(f"unpacking failed: {error}; going on with what there is")
    say("unpacked")
    end = BEGINNING + options.until - RESERVE
    last = BEGINNING + options.machine_until - RESERVE if options.machine_until else None if options.leave else end
    (work / "stop.half").write_text(json.dumps({"at": last, "final": not options.leave}))
    os.replace(work / "stop.half", work / "stop.json")
    manifest = json.loads((store / "manifest.json").read_text())
    adopted = alive(work)
    if adopted:
        say("the worker of an earlier call goes on")
    else:
        start(work, environment, options, manifest)
    try:
        follow(work, out, end)
        if adopted and alive(work) is None and time.time() < end - 30:
            start(work, environment, options, manifest)  # it had ended before it saw what this call brought
            follow(work, out, end)
    finally:
        if not options.leave:
            stop(work)
        picture, trained = work / "curves.png", list(work.glob("runs/*/*/history.json"))
        fresh = [path for path in trained if not picture.exists() or path.stat().st_mtime > picture.stat().st_mtime]
        try:
            if fresh:
                command = [sys.executable, HERE / "steps.py", "curves", work / "runs", picture]
                subprocess.run(command, env=here, timeout=20, capture_output=True)
        except subprocess.SubprocessError:
            say("no picture of the losses this time")
        came = collect.outgoing(work, out)
        say(f"in {out}: {len(collect.records_of(work).splitlines())} records; new: {', '.join(came) or 'nothing'}")
        if options.leave and alive(work):
            say("the worker goes on; the next call finds it")


if __name__ == "__main__":
    main()
