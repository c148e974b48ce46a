"""Kill -9 at random moments, give the same command again, and see whether anything is lost or different."""

import base64
import json
import os
import random
import re
import shutil
import time
from collections import Counter

import psutil
from small_project import EPOCHS, differences, read_checkpoint

KINDS = ("kernel", "run", "snakemake", "all")  # one notebook's process, one `bgood run`, snakemake alone, all at once
PHASES = ("start", "training", "evaluation", "writing")
TEMPORARY = re.compile(r"^\..*\.[0-9a-f]{8}-\d+-[0-9a-f]{8}\.\w+$")


def kill_often(project, n, undisturbed, kinds=KINDS, patience=10, seed=0, say=print):
    """Kill n times; whenever a workflow ends well, compare it with the undisturbed one and begin anew.

    Parameters
    ----------
    project : Project
    n : int
    undisturbed : dict
        Contents of an undisturbed workflow, see ``Project.contents``.
    kinds : sequence of str
        Which of ``KINDS``.
    patience : float, default=10
        At most so many seconds pass before the moment to kill is looked for.
    seed : int, default=0
    say : callable, default=print
        Receives a line per kill and per finished workflow.

    Returns
    -------
    Counter
        ``killed KIND``, ``hit PHASE``, ``workflows``, ``restarts``, and what must be 0: ``differences``,
        ``finished work lost``, ``files left behind``, ``refused``.
    """
    rng = random.Random(seed)
    counts = Counter(dict.fromkeys(("differences", "finished work lost", "files left behind", "refused"), 0))
    kills = [(kinds[i % len(kinds)], PHASES[(i + i // len(kinds)) % 4]) for i in range(n)]
    rng.shuffle(kills)
    while kills:
        project.forget()
        if rng.random() < 0.3:
            shutil.rmtree(project.cache, ignore_errors=True)  # so that kills hit the making of image sets too
        _one_workflow(project, kills, rng, patience, counts, say)
        different = differences(project.contents(), undisturbed)
        left = sorted(_temporaries(project))
        counts["workflows"] += 1
        counts["differences"] += len(different)
        counts["files left behind"] += len(left)
        say(f"compared: {len(different)} differences {different[:3]}, {len(left)} files left behind {left[:3]}")
    return counts


def _one_workflow(project, kills, rng, patience, counts, say):
    """Begin a workflow, kill and restart it a few times, and let it end well."""
    log, at_most, last = project.folder / "workflow.log", rng.randint(3, 7), 1
    epochs, records = {}, {}  # what was finished at a kill: seconds of epochs, bytes of records
    log.write_text("")
    while last != 0:
        process = project.start(log=log)
        hit = _kill(project, process, *kills[-1], rng, patience) if kills and at_most else None
        if hit is not None:
            kind, _ = kills.pop()
            at_most -= 1
            counts[f"killed {kind}"] += 1
            counts[f"hit {hit}"] += 1
            _remember(project, epochs, records)
            say(f"killed {kind} during {hit}")
        last = process.wait(timeout=7200)
        counts["restarts"] += last != 0
        if last != 0 and hit is None:
            raise RuntimeError(f"undisturbed, the same command failed: {log.read_text()[-3000:]}")
    for name, seconds in epochs.items():  # an epoch that is trained again takes other seconds
        again = _seconds(project.runs[name])[: len(seconds)] != seconds
        counts["finished work lost" if len(seconds) == EPOCHS else "epochs trained again"] += again
    counts["finished work lost"] += sum(path.read_bytes() != content for path, content in records.items())
    counts["refused"] += log.read_text().count("another workflow") + log.read_text().count("cannot be locked")


def _kill(project, process, kind, phase, rng, patience):
    """Wait for a phase, then a moment, and kill; what was hit, or None if the workflow ended before."""
    time.sleep(rng.random() * patience)
    if phase == "writing":
        return _kill_while_writing(project, process, kind, rng)
    while process.poll() is None:
        if _phase(project) == phase:
            time.sleep(rng.random() * 2)
            hit = _phase(project) or "between"
            if process.poll() is None and _end(project, project.processes(), kind, rng):
                return hit
        time.sleep(0.1)
    return None


def _kill_while_writing(project, process, kind, rng):
    """The same while a file is half-written, which takes milliseconds; ``after writing`` if that was too late."""
    before = _temporaries(project)  # of those killed earlier
    while process.poll() is None:
        there, end = project.processes(), time.monotonic() + 0.5
        while time.monotonic() < end:
            if _temporaries(project) - before and _end(project, there, kind, rng):
                return "writing" if _temporaries(project) - before else "after writing"
            time.sleep(0.0005)
    return None


def _end(project, there, kind, rng):
    """Kill one of a kind, or all; whether there was any."""
    victims = [process for group in there.values() for process in group] if kind == "all" else there[kind]
    project.end([rng.choice(victims)] if victims and kind in ("kernel", "run") else victims)
    return bool(victims)


def _temporaries(project):
    """Files that are half-written, or were when their process was killed."""
    found = set()
    for folder in (project.cache, project.tables, *project.runs.values()):
        if folder and folder.is_dir():
            found |= {f"{folder}/{name}" for name in os.listdir(folder) if TEMPORARY.match(name)}
    return found


def _phase(project):
    """What the cell does that is running: ``start``, ``training`` or ``evaluation``; None between runs."""
    for process in project.processes()["run"]:
        try:
            notebook = next(word for word in process.cmdline() if word.endswith("/train.ipynb") and "runs" in word)
            cells = json.loads((project.folder / notebook).read_text())["cells"]
        except (OSError, ValueError, StopIteration, psutil.Error):
            continue  # not begun, just being written, or over
        for cell in cells:
            if cell["metadata"].get("papermill", {}).get("status") == "running":
                source = "".join(cell["source"])
                return "evaluation" if "evaluate_run(" in source else "training" if "train_run(" in source else "start"
    return None


def _remember(project, epochs, records):
    """What is finished now: it must neither be lost nor be made again."""
    for name, folder in project.runs.items():
        if (folder / "checkpoint.pt").exists():
            epochs[name] = max(epochs.get(name, []), _seconds(folder), key=len)
        record = folder / "record.json"
        mark = base64.urlsafe_b64encode(str(record.relative_to(project.folder)).encode()).decode()
        if record.exists() and not (project.folder / ".snakemake" / "incomplete" / mark).exists():
            records[record] = record.read_bytes()


def _seconds(folder):
    return [epoch["seconds"] for epoch in read_checkpoint(folder / "checkpoint.pt")["history"]]
