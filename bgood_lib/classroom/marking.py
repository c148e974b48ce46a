"""Mark one submission: it answers in a process of its own, and its answers are compared here, where the right ones are."""

import base64
import hashlib
import io
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ..utils.errors import InputError
from . import checking, sandbox
from .answering import STUBBORN, WAIT
from .solution import SKIPPED, is_check, read_solution, run_solution

TRIES = 20
ANSWER_SECONDS = 10  # for all inputs of a question
PROGRAMS = ("answering.py", "checking.py")  # what the other process is given


class Marker:
    """Marks submissions of one exercise.

    Parameters
    ----------
    exercise : Exercise
    key : str
        Words that the hidden inputs are drawn by: other words, other inputs.
    """

    def __init__(self, exercise, key="bgood"):
        self.exercise = exercise
        self.solution = run_solution(exercise)
        for attempt in range(TRIES):  # inputs on which every mistake can be told
            self.seed = [*hashlib.sha256(key.encode()).digest()[:8], attempt]
            self.known = {q.name: exercise.known(q, self.solution, self.seed) for q in exercise.asked()}
            confused = [text for q in exercise.asked() for text in exercise.confusions(q, self.known[q.name])]
            if not confused:
                break
        else:
            raise InputError(f"{exercise.folder / 'questions.py'}: {'; '.join(confused)}; its cases need another input")
        self.inputs = io.BytesIO()
        arrays = {}
        for q in exercise.asked():
            arrays |= checking.pack(q.name, q.told(self.known[q.name]["inputs"]), [], {})
        np.savez(self.inputs, **arrays)
        self.mark_of = _fingerprint(exercise, key)

    def cache_key(self, submission, way):
        """Of a submission: equal where everything is that its marks depend on."""
        limits = repr((self.exercise.cell_seconds, self.exercise.seconds, self.exercise.memory, way))
        return hashlib.sha256(self.mark_of + limits.encode() + submission.data).hexdigest()[:32]

    def mark(self, submission, way=None):
        """Mark a submission that can be read.

        Parameters
        ----------
        submission : Submission
        way : str, optional
            See :func:`bgood_lib.classroom.sandbox.run`.

        Returns
        -------
        dict
            ``questions`` (name to ``points``, ``of``, ``share``, ``label``, ``text``), ``errors`` of cells, ``texts`` of open
            questions, ``reason`` (why there are no answers, or an empty string), ``seconds``.
        """
        begun = time.monotonic()
        exercise = self.exercise
        heard = {"outcomes": {}, "errors": [], "texts": {}, "reason": ""}
        with tempfile.TemporaryDirectory(prefix="bgood-") as folder:
            work, ours = Path(folder) / "work", Path(folder) / "ours"
            work.mkdir()
            (work / "submission.ipynb").write_bytes(submission.data)
            self._furnish(work, ours)
            answering = ANSWER_SECONDS * len(exercise.asked()) + 5
            limits = sandbox.Limits(exercise.seconds, after=answering, wait=WAIT, memory=exercise.memory)
            command = [sys.executable, "-B", "{ours}/answering.py", "submission.ipynb", "{ours}"]
            ended = sandbox.run(command, work, ours, limits, lambda line: self._hear(line, heard), way)
        if not heard["reason"] and "done" not in heard:
            stubborn = "a cell went on after it was stopped" if ended.code == STUBBORN else ""
            heard["reason"] = ended.why or stubborn or f"its process ended by itself, with code {ended.code}"
            if "cells" not in heard:
                heard["reason"] += ", while its cells ran"
        questions = {question.name: self._weigh(question, heard) for question in exercise.asked()}
        return {
            "questions": questions, "errors": heard["errors"], "texts": heard["texts"], "reason": heard["reason"],
            "seconds": round(time.monotonic() - begun, 1),
        }  # fmt: skip

    def _furnish(self, work, ours):
        """Fill the two folders: what a student has, and what asks him."""
        from .generate import write_files

        write_files(self.exercise, work)
        ours.mkdir()
        for name in PROGRAMS:
            shutil.copy(Path(__file__).with_name(name), ours / name)
        if (self.exercise.folder / "asking.py").is_file():
            shutil.copy(self.exercise.folder / "asking.py", ours)
        notebook = read_solution(self.exercise)
        asked = {
            "questions": [{"name": q.name, "kind": q.kind} for q in self.exercise.asked()],
            "open": [q.name for q in self.exercise.questions.values() if q.kind == "open"],
            "skip": [cell.source.strip() for cell in notebook.cells if is_check(cell)],
            "exploration": SKIPPED,
            "cell_seconds": self.exercise.cell_seconds,
            "answer_seconds": ANSWER_SECONDS,
        }
        (ours / "asked.json").write_text(json.dumps(asked), encoding="utf-8")

    def _hear(self, line, heard):
        """Take in a line of the submission's process, which may be anything; the inputs, once its cells have run."""
        try:
            said = json.loads(line)
            if not isinstance(said, dict):
                return None
            if "unreadable" in said:
                heard["reason"] = str(said["unreadable"])[:400]
            elif "broken" in said:
                heard["reason"] = f"this system cannot run it: {str(said['broken'])[:400]}"
            elif "cells" in said and "cells" not in heard:
                heard["cells"] = said["cells"]
                heard["errors"] = [
                    {"cell": int(e["cell"]), "error": str(e["error"])[:300]} for e in said["errors"][:50]
                ]
                wanted = {q.name for q in self.exercise.questions.values() if q.kind == "open"}
                heard["texts"] = {k: str(v)[:20_000] for k, v in said["texts"].items() if k in wanted}
                return self.inputs.getvalue()
            elif "question" in said and said["question"] in self.known:
                heard["outcomes"].setdefault(said["question"], [_decoded(one) for one in said["outcomes"][:1000]])
            elif "done" in said:
                heard["done"] = True
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            pass  # no line of ours
        return None

    def _weigh(self, question, heard):
        """Points of a question, and why."""
        known, outcomes = self.known[question.name], heard["outcomes"].get(question.name)
        about = {"points": 0.0, "of": question.points, "share": 0.0}
        if outcomes is None:
            return about | {"label": "no answer", "text": f"There is no answer: {heard['reason']}."}
        if outcomes and outcomes[0].get("raised") in ("NotDefined", "TimeIsUp"):
            label = {"NotDefined": "not there", "TimeIsUp": "too slow"}[outcomes[0]["raised"]]
            return about | {"label": label, "text": f"There is no answer: {outcomes[0]['text']}."}
        if len(outcomes) != len(known["inputs"]):
            return about | {
                "label": "no answer",
                "text": f"{len(outcomes)} answers came to {len(known['inputs'])} inputs.",
            }
        found = self.exercise.weigh(question, outcomes, known, self.solution)
        share = min(max(float(found["share"]), 0.0), 1.0)
        points = round(share * question.points, 2)
        return {"points": points, "of": question.points, "share": share, "label": found["label"], "text": found["text"]}


def _decoded(outcome):
    """An outcome from JSON; whatever is no outcome raises ValueError or its like."""
    if "raised" in outcome:
        return {"raised": str(outcome["raised"])[:80], "text": str(outcome.get("text", ""))[:300]}
    parts = []
    for part in outcome["parts"][:100]:
        shape = tuple(int(n) for n in part["shape"])
        if "text" in part:
            parts.append(np.array([str(text)[:1000] for text in part["text"]], dtype=np.str_).reshape(shape))
        else:
            dtype = np.dtype(str(part["dtype"]))
            if dtype.kind not in "biuf":
                raise ValueError(f"dtype {dtype}")
            parts.append(np.frombuffer(base64.b64decode(part["data"]), dtype).reshape(shape))
    return {"parts": parts}


def _fingerprint(exercise, key):
    """Of all that marks depend on, but for the submission: bytes."""
    here = Path(__file__).parent
    files = [path for path in sorted(exercise.folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    files += [
        here / name for name in ("answering.py", "checking.py", "exercise.py", "marking.py", "sandbox.py", "sandbox.sh")
    ]
    found = hashlib.sha256(key.encode())
    for path in files:
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.digest()
