"""The hidden test of the project: train each student's loss, and the controls, on images and digits of a number nobody knew.

    python exercises/9_project/hidden_test.py --commit 482915007316     # on the first day: publish this line
    python exercises/9_project/hidden_test.py 482915007316 class/project/*.ipynb --out hidden

Of each notebook the cell `mine` is taken, and nothing else. **Read these cells before you start it**: they run with your rights,
each training in a process of its own with a limit of time. It can be stopped and called again: what is in `hidden/runs.csv`
is not trained again, but for what failed. A training takes about a minute on one core.
"""

import argparse
import csv
import hashlib
import multiprocessing
import queue
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parent))
import asking

PARTS = {
    "no digit": ["no digit"],
    "unseen digits": ["unseen digits"],
    "other backgrounds": ["textures", "unseen digits on textures"],
}
LIMIT, WAIT = 900, 6  # seconds of the processor for a training; and times as long on the clock, on a busy machine
FIELDS = ["who", "seed", "accuracy", *asking.SETS, "error"]


def source_of(notebook):
    """The cell `mine` of a notebook."""
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "mine" and cell.cell_type == "code":
            return cell.source
    raise ValueError("there is no cell `mine`")


def one(number, seed, who, source, answers):
    """Train one network and put what is found into a queue."""
    import torch

    torch.set_num_threads(1)
    try:
        names = {}
        if source is not None:
            exec("import numpy as np\nimport torch\nimport torch.nn.functional as F", names)
            exec(compile(source, f"<{who}>", "exec"), names)
        chosen = None if source is not None else asking.CONTROLS[who]
        answers.put(asking.train(asking.draw(number), seed, chosen, names.get("mine"), report=lambda line: None))
    except Exception as error:  # whatever a student's cell does
        answers.put({"error": f"{type(error).__name__}: {error}"[:200]})


def used(process):
    """Seconds of the processor that a process has taken; 0 if it has ended."""
    try:
        return sum(psutil.Process(process.pid).cpu_times()[:2])
    except psutil.Error:
        return 0.0


def trained(number, seed, who, source):
    """What one training gives, within the limit: dict."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=one, args=(number, seed, who, source, answers))
    process.start()
    end = time.monotonic() + WAIT * LIMIT
    try:
        while time.monotonic() < end and used(process) < LIMIT:
            alive = process.is_alive()
            try:
                return answers.get(timeout=1)
            except queue.Empty:
                if not alive:
                    return {"error": f"its process ended by itself, with code {process.exitcode}"}
        return {"error": f"no answer within {LIMIT} s"}
    finally:
        process.kill()
        process.join()


def gap(by, who, control, names, seeds):
    """Paired difference of the mean of some figures, in words."""
    d = [
        100 * np.mean([float(by[who, seed][name]) - float(by[control, seed][name]) for name in names]) for seed in seeds
    ]
    return f"{np.mean(d):+.1f} ± {np.std(d, ddof=1):.1f}" if len(d) > 1 else f"{d[0]:+.1f} (n = 1)"


def told(rows, seeds):
    """A table in words: what each loss gains over each control, seed by seed."""
    by = {(row["who"], int(row["seed"])): row for row in rows if not row["error"]}
    lines = [
        f"# The hidden test\n\nMean ± standard deviation (ddof 1) of paired differences over n = {len(seeds)} seeds, points of AUROC, score ScaledMSP.\n"
    ]
    lines.append(
        "| who | part | " + " | ".join(f"less {name}" for name in asking.CONTROLS) + " | ID accuracy, less plain |"
    )
    lines.append("|---" * (3 + len(asking.CONTROLS)) + "|")
    for who in dict.fromkeys(row["who"] for row in rows):
        if who in asking.CONTROLS:
            continue
        if any((name, seed) not in by for name in (who, *asking.CONTROLS) for seed in seeds):
            failed = next((row["error"] for row in rows if row["who"] == who and row["error"]), "a control is missing")
            lines.append(f"| {who} | - | " + " | ".join("-" for _ in asking.CONTROLS) + f" | {failed} |")
            continue
        for part, sets in PARTS.items():
            cells = [gap(by, who, control, sets, seeds) for control in asking.CONTROLS]
            accuracy = gap(by, who, "plain", ["accuracy"], seeds)
            lines.append(f"| {who} | {part} | {' | '.join(cells)} | {accuracy} |")
    lines.append("\nID accuracy of the controls, seed by seed. A gain over one that collapsed says nothing.\n")
    for name in asking.CONTROLS:
        found = [f"{100 * float(by[name, seed]['accuracy']):.1f}" if (name, seed) in by else "-" for seed in seeds]
        lines.append(f"- {name}: {', '.join(found)}")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("number", type=int, help="secret until the day: says which digits are known, and every image")
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("hidden"))
    parser.add_argument("--commit", action="store_true", help="print a hash of the number, to publish beforehand")
    given = parser.parse_args()
    if given.commit and given.number < 10**11:
        parser.error(f"{given.number} is soon guessed from its hash; take a number of 12 digits")
    if given.commit:
        print(
            f"sha256 of 'hidden test {given.number}':",
            hashlib.sha256(f"hidden test {given.number}".encode()).hexdigest(),
        )
        return
    given.out.mkdir(parents=True, exist_ok=True)
    file, rows = given.out / "runs.csv", []
    if file.is_file():
        rows = [row for row in csv.DictReader(file.open(encoding="utf-8")) if not row["error"]]
    seeds = np.random.default_rng(given.number).integers(10_000, 1_000_000, given.seeds).tolist()
    people = {path.stem if path.stem != "9_project" else path.parent.name: path for path in given.notebooks}
    for who in [*asking.CONTROLS, *people]:
        for seed in seeds:
            if any(row["who"] == who and int(row["seed"]) == seed for row in rows):
                continue
            try:
                source = source_of(people[who]) if who in people else None
                found = trained(given.number, seed, who, source)
            except Exception as error:  # a notebook that is none
                found = {"error": f"{type(error).__name__}: {error}"[:200]}
            rows.append(dict.fromkeys(FIELDS, "") | {"who": who, "seed": seed} | found)
            with file.open("w", newline="", encoding="utf-8") as out:
                writer = csv.DictWriter(out, FIELDS)
                writer.writeheader()
                writer.writerows(rows)
            print(who, seed, found, flush=True)
    (given.out / "table.md").write_text(told(rows, seeds), encoding="utf-8")
    print(told(rows, seeds))


if __name__ == "__main__":
    main()
