"""The worker: checks the machine, then trains and scores the queue until it is done or out of time.

`run.py` starts it and follows its log. It leaves everything in files, so that it can be killed at any moment and
started again: ``check.json``, and for every run a folder ``runs/STUDY/NAME`` with item.json, train.log,
checkpoint.pt, history.json (trained), score.log, record.json (done), failed (given up).
"""

import json
import os
import re
import subprocess
import sys
import time
import traceback
from pathlib import Path

from steps import IN_VAIN

from bgood_lib import datasets
from bgood_lib.protocols import PROTOCOLS

HERE = Path(__file__).resolve().parent
# Seconds, on a GPU; a CPU has ten times as many.
SILENCE = 240  # without a line from a training: it hangs
TRIAL_LIMIT = 240  # for a step of the self check
SCORING_LIMIT = 600
LONG = 5_000_000  # images that a long training sees: 100 times 50,000
BEGINNING = time.time()


def say(line):
    print(f"[{time.time() - BEGINNING:5.0f} s] {line}", flush=True)


class Step:
    """One process of `steps.py`, its output in a file."""

    def __init__(self, log, *arguments, threads=2):
        self.log, self.begin = Path(log), time.time()
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONUNBUFFERED": "1"}
        with open(log, "ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, HERE / "steps.py", *map(str, arguments)],
                stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, env=environment,
            )  # fmt: skip

    @property
    def status(self):
        """None while it runs, else its exit status."""
        return self.process.poll()

    @property
    def silent(self):
        """Seconds since it last wrote a line."""
        return time.time() - max(self.begin, self.log.stat().st_mtime)

    def wait(self, limit):
        """Whether it ended well within ``limit`` seconds; else it is ended."""
        try:
            return self.process.wait(max(1, self.begin + limit - time.time())) == 0
        except subprocess.TimeoutExpired:
            self.end()
            return False

    def end(self):
        self.process.kill()
        self.process.wait()

    def tail(self, n=1):
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return "\n".join(lines[-n:])


class Run:
    """One entry of the queue, and how far it is."""

    def __init__(self, item, folder):
        self.item, self.folder, self.attempts, self.scorings = item, folder, 0, 0
        self.training = self.scoring = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "item.json").write_text(json.dumps(item))
        (folder / "failed").unlink(missing_ok=True)  # what an earlier worker gave up gets another chance

    def has(self, name):
        return (self.folder / name).exists()

    @property
    def name(self):
        return f"{self.item['study']}/{self.item['name']}"

    @property
    def dataset(self):
        return self.item["settings"]["dataset"]

    @property
    def epochs(self):
        """Finished and all epochs, as its log says; 0 of the configuration's before it has begun."""
        found = (
            re.findall(r"epoch +(\d+)/(\d+)", (self.folder / "train.log").read_text()) if self.has("train.log") else []
        )
        if found and (self.training or self.has("checkpoint.pt")):
            return int(found[-1][0]), int(found[-1][1])
        return 0, self.item["epochs"]


class Worker:
    """Everything that happens on the machine.

    Parameters
    ----------
    work : path
    device : str
    items : list of dict
        The queue, see `run.py`.
    manifest : dict
        Of the parcel: the sets that come at all.
    jobs : str
        Trainings at once: ``auto`` or a number.
    """

    def __init__(self, work, device, items, manifest, jobs="auto"):
        self.work, self.device, self.jobs = Path(work), device, jobs
        self.coming = list(manifest["sets"])
        self.runs = [Run(item, self.work / "runs" / item["study"] / item["name"]) for item in items]
        self.scorers = 2 if (os.cpu_count() or 1) >= 8 else 1
        self.threads = max(1, ((os.cpu_count() or 1) - 2) // self.scorers)
        self.scoring_seconds = 120.0
        self.told = 0.0
        self.patience = 1 if device == "cuda" else 10

    # --- the self check -----------------------------------------------------------------------

    def check(self):
        """Which acceleration is right and fastest here, and how many trainings at once; kept in ``check.json``."""
        file = self.work / "check.json"
        if not file.exists():
            file.with_suffix(".half").write_text(json.dumps(self._check()))
            os.replace(file.with_suffix(".half"), file)
        self.found = json.loads(file.read_text())
        say(f"self check: {self.found}")

    def _trial_item(self, name, **changes):
        """A folder for a short training on embedded images, in the likeness of the queue's background runs."""
        like = next(
            (run.item for run in self.runs if "background" in run.item["settings"]["method"]), self.runs[0].item
        )
        settings = {**like["settings"], "dataset": "scenes", **changes}
        item = {
            **like,
            "study": "check",
            "name": name,
            "settings": settings,
            "epochs": settings["epochs"],
            "weights": False,
        }
        folder = self.work / "check" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "item.json").write_text(json.dumps(item))
        return folder

    def _trials(self, names, **changes):
        """Trials side by side, called ``ACCELERATION`` or ``ACCELERATION-ANYTHING``: their results, None if failed."""
        steps = {}
        for name in names:
            folder = self._trial_item(name, **changes)
            (folder / "trial.json").unlink(missing_ok=True)
            steps[name] = Step(folder / "log", "trial", folder, self.device, name.split("-")[0])
        results = {}
        for name, step in steps.items():
            results[name] = None
            if step.wait(TRIAL_LIMIT * self.patience):
                results[name] = json.loads((step.log.parent / "trial.json").read_text())
                say(f"  {name}: {results[name]['seconds']} s an epoch")
            else:
                say(f"  {name}: dropped: {step.tail(1)}\n{step.tail(25)}")
        return results

    def _check(self):
        gpu = self.device == "cuda"
        sizes = dict(n_train=7936, epochs=4) if gpu else dict(n_train=256, epochs=2)
        for name, split in datasets.EMBEDDED:
            datasets.load(name, split)  # made once, before several processes want them
        say("self check: one small run from training to record, and every acceleration against none")
        pipeline = self._trial_item("pipeline", n_train=1000 if gpu else 256, epochs=2)
        (pipeline / "go").touch()
        whole = Step(pipeline / "log", "train", pipeline, self.device, "none")
        names = ["none", "none-2", "graph", "compile"] if gpu else ["none"]
        trials = self._trials(names, **sizes, learning_rate=0.02)
        limit = TRIAL_LIMIT * self.patience
        good = whole.wait(limit) and Step(pipeline / "log", "score", pipeline, self.device, self.threads).wait(limit)
        verdict = "works" if good else "FAILED, going on all the same"
        say(f"  from training to record: {verdict}: {whole.tail(1 if good else 25)}")
        if trials["none"] is None:
            return {"acceleration": "none", "others": [], "images_per_second": 0.0, "jobs": 1}
        agreeing = self._agreeing(trials)
        speeds = {}
        for name in [n for n in agreeing if n != "none"] or ["none"]:  # alone on the device, caches filled
            alone = self._trials([f"{name}-alone"], **sizes)[f"{name}-alone"] if gpu else trials[name]
            if alone:  # over a whole training, what it needs to begin included
                plain = alone["images_per_second"]
                beginning = sum(alone["seconds"]) - len(alone["seconds"]) * min(alone["seconds"])
                speeds[name] = LONG / (beginning + LONG / plain)
                say(f"  {name}: {plain:.0f} images/s after {beginning:.0f} s")
        best = max(speeds, key=speeds.get, default="none")
        jobs, speed = 1, speeds.get(best, 0.0)
        if self.jobs != "auto":
            jobs = int(self.jobs)
        for n in (2, 3) if gpu and self.jobs == "auto" and speed else ():
            together = self._trials([f"{best}-{n}{i}" for i in range(n)], **{**sizes, "epochs": 12}).values()
            total = sum(result["images_per_second"] for result in together if result)
            say(f"  {n} trainings at once: {total:.0f} images/s in all")
            if total < 1.12 * speed:
                break
            jobs, speed = n, total
        others = [name for name in ("graph", "none") if name in agreeing and name != best]
        return {"acceleration": best, "others": others, "images_per_second": speed, "jobs": jobs}

    @staticmethod
    def _agreeing(trials):
        """Accelerations whose losses and statistics are those of ``none``, as far as two of its own runs are."""

        def apart(a, b):
            keys = ("loss", "background_loss", "statistics")
            return max(
                sum((x - y) ** 2 for x, y in zip(a[key], b[key])) ** 0.5 / (1e-6 + sum(x**2 for x in a[key]) ** 0.5)
                for key in keys
            )

        reference = trials["none"]
        noise = apart(reference, trials["none-2"]) if trials.get("none-2") else 0.0
        agreeing = ["none"]
        for name in ("graph", "compile"):
            if trials.get(name):
                distance = apart(reference, trials[name])
                ok = distance < max(0.1, 3 * noise)
                agreeing += [name] * ok
                verdict = "agrees" if ok else "DROPPED"
                say(f"  {name} is {distance:.4f} from none (two runs of none: {noise:.4f}): {verdict}")
        return agreeing

    # --- the queue ------------------------------------------------------------------------------

    @property
    def stop(self):
        """When to have ended all (``at``, seconds since 1970, or None), and whether no call follows (``final``)."""
        return json.loads((self.work / "stop.json").read_text())

    def has_training_data(self, run):
        return all(datasets.available(run.dataset, split) for split in ("train", "test"))

    def can_be_scored(self, run):
        """All sets that are to come have come; or this is the last call, and there is at least one OOD set."""
        wanted = [entry.name for entry in PROTOCOLS[run.dataset]]
        there = [datasets.available(name, "test") for name in wanted]
        files = ["-".join(datasets.made_from(name, "test") or (name, "test")) for name in wanted]
        whole = all(t for file, t in zip(files, there) if file in self.coming)
        return any(there) and (whole or self.stop["final"])

    def seconds_left(self, run):
        """Estimate for the rest of a training."""
        done, epochs = run.epochs
        speed = self.found["images_per_second"] / self.found["jobs"]
        return 15 + (epochs - done) * datasets.info(run.dataset, "train").n / speed if speed else 0.0

    def fits(self, run):
        """Whether a training begun now ends, and is scored, in time."""
        at = self.stop["at"]
        return at is None or time.time() + self.seconds_left(run) + self.scoring_seconds < at

    def step(self):
        """Look after all processes once; returns whether there is anything left to do."""
        for run in self.runs:
            if run.training and (run.has("go") or run.training.status is not None):
                self._look_after_training(run)
            if run.scoring:
                self._look_after_scoring(run)
        active = [run for run in self.runs if run.training and run.has("go")]
        waiting = [
            run
            for run in self.runs
            if run not in active
            and not run.has("history.json")
            and not run.has("failed")
            and self.has_training_data(run)
        ]
        waiting = [run for run in waiting if self.fits(run)]
        for run in self.runs:  # got ready, but there is no time left for it
            if run.training and run not in active and run not in waiting:
                run.training.end()
                run.training = None
        free = self.found["jobs"] - len(active)
        for i, run in enumerate(waiting[: free + 1]):  # the next one gets ready while others train
            if run.training is None:
                (run.folder / "go").unlink(missing_ok=True)
                chain = [self.found["acceleration"], *self.found["others"]]
                acceleration = chain[min(run.attempts, len(chain) - 1)]
                run.training = Step(run.folder / "train.log", "train", run.folder, self.device, acceleration)
            if i < free:
                (run.folder / "go").touch()
                os.utime(run.training.log)  # its silence counts from here
                say(f"{run.name}: training")
        trained = [
            run for run in self.runs if run.has("history.json") and not run.has("record.json") and not run.has("failed")
        ]
        for run in trained:
            busy = sum(bool(other.scoring) for other in self.runs)
            if run.scoring is None and busy < self.scorers and self.can_be_scored(run):
                device = self.device if run.scorings == 0 else "cpu"
                arguments = ("score", run.folder, device, self.threads)
                run.scoring = Step(run.folder / "score.log", *arguments, threads=self.threads)
        if time.time() - self.told > 15:
            self.told = time.time()
            for run in active:
                say(f"  {run.name}: {run.training.tail()}")
        return bool(waiting or active or any(run.scoring for run in self.runs))

    def _look_after_training(self, run):
        step = run.training
        if step.status is None:
            if step.silent > SILENCE * self.patience:
                say(f"{run.name}: no sign of life for {step.silent:.0f} s, ended")
                step.end()
            return
        run.training = None
        if run.has("history.json"):
            history = json.loads((run.folder / "history.json").read_text())["history"]
            seconds = sum(epoch["seconds"] for epoch in history)
            say(f"{run.name}: trained in {seconds:.0f} s: {step.tail()}")
            measured = len(history) * datasets.info(run.dataset, "train").n / max(seconds, 1e-3) * self.found["jobs"]
            if not run.item["settings"].get("n_train"):
                self.found["images_per_second"] = measured
            return
        run.attempts += 1
        last = step.status == IN_VAIN or run.attempts >= 3
        say(f"{run.name}: training failed ({step.status}), {'given up' if last else 'once more'}\n{step.tail(40)}")
        if last:
            (run.folder / "failed").touch()

    def _look_after_scoring(self, run):
        step = run.scoring
        if step.status is None:
            if time.time() - step.begin > SCORING_LIMIT * self.patience:
                step.end()
            return
        run.scoring, seconds = None, time.time() - step.begin
        if run.has("record.json"):
            self.scoring_seconds = 1.2 * seconds + 5
            lines = step.tail(2).splitlines()
            say(f"{run.name}: {lines[0]} ({seconds:.0f} s)")
            return
        run.scorings += 1
        last = run.scorings >= 2 or seconds > SCORING_LIMIT * self.patience
        say(f"{run.name}: scoring failed ({step.status}), {'given up' if last else 'once more'}\n{step.tail(40)}")
        if last:
            (run.folder / "failed").touch()

    def work_through(self):
        self.check()
        while self.step():
            time.sleep(0.3)
        left = [run.name for run in self.runs if not run.has("record.json")]
        say(f"nothing left to do for now; without a record: {', '.join(left) or 'none'}")


if __name__ == "__main__":
    options = json.loads(Path(sys.argv[1]).read_text())
    try:
        Worker(**options).work_through()
    except BaseException:
        say(f"the worker failed\n{traceback.format_exc()}")
        raise
