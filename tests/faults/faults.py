"""``make faults``: kill, fill the disk, turn bits over, start twice; and count what was noticed, lost or different.

All of it happens in a temporary copy of the project, on a tiny study. See book/cluster.md.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from damage import damage
from full_disk import try_full_disk
from kills import kill_often
from small_project import ONE, Project, read_bank, read_checkpoint, read_tables
from two_at_once import try_two_runs, try_two_workflows

from bgood_lib import datasets
from bgood_lib.runs.record import read_record

MUST_BE_0 = ("differences", "finished work lost", "files left behind", "refused", "silent", "unclear")
PARTS = ("kills", "disk", "damage", "two")


def say(line):
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--trainings", type=int, default=3, help="of the study that is killed, a multiple of 3")
    parser.add_argument("--flips", type=int, default=2000, help="bits turned over in each kind of file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bgood-faults-")).resolve()
    bad = []
    try:
        _try_all(folder, options, bad)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("\nall as it should be" if not bad else "\nWRONG: " + "; ".join(bad))
    sys.exit(bool(bad))


def _try_all(folder, options, bad):
    def count(what, counts):
        say(f"{what}: " + ", ".join(f"{n} {name}" for name, n in sorted(counts.items())))
        bad.extend(f"{what}: {counts[name]} {name}" for name in MUST_BE_0 if counts.get(name))

    project = Project(folder / "project", seeds=max(1, options.trainings // 3))
    begin = time.monotonic()
    status, printed = project.run()
    if status:
        raise SystemExit(f"the undisturbed study failed:\n{printed[-5000:]}")
    seconds = time.monotonic() - begin
    undisturbed = project.contents()
    say(f"undisturbed: {len(project.runs)} trainings, {len(undisturbed):,} values, {seconds:.0f} s")
    begin = time.monotonic()
    status, printed = project.run()
    again = time.monotonic() - begin
    say(f"the same command again: {again:.1f} s")
    if status or "Nothing to be done" not in printed:
        bad.append("the same command again did something")
    kept = folder / "kept"
    shutil.copytree(project.folder / "runs" / "faults", kept)

    if "damage" in options.parts:
        os.environ["BGOOD_DATA"] = str(project.cache)
        run, results = kept / ONE, project.tables
        files = {
            "data set": (project.cache / "scenes-test.npz", lambda: _read_set("scenes", "test")),
            "bank": (run / "bank.npz", lambda: read_bank(run / "bank.npz")),
            "checkpoint": (run / "checkpoint.pt", lambda: read_checkpoint(run / "checkpoint.pt")),
            "record": (run / "record.json", lambda: read_record(run / "record.json")),
            **{f"table {path.name}": (path, lambda: read_tables(results)) for path in sorted(results.iterdir())},
        }
        for kind, (path, read) in files.items():
            count(f"damaged {kind}", damage(path, read, options.flips, options.seed))
    if "disk" in options.parts:
        try:
            for line in try_full_disk(project, kept / ONE):
                say(line)
                bad.extend([line] * (not line.endswith(": ok")))
        except PermissionError as error:
            say(f"full disk: not tried, {error}")
    if "two" in options.parts:
        for what, wrong in [
            ("two workflows at once", try_two_workflows(project, undisturbed)),
            ("two runs at once", try_two_runs(project, kept / ONE)),
        ]:
            say(f"{what}: {'; '.join(wrong) or 'ok'}")
            bad.extend([what] * bool(wrong))
    if "kills" in options.parts:
        patience = max(10, seconds / 3)  # so that a larger study is not only killed at its beginning
        count("kills", kill_often(project, options.kills, undisturbed, patience=patience, seed=options.seed, say=say))


def _read_set(name, split):
    return datasets.load(name, split), datasets.verify(name, split), datasets.extra(name, split, "foreground")


if __name__ == "__main__":
    main()
