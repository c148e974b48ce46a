"""Mark a folder of submissions: several at a time, each once; what is done already is not done again."""

import contextlib
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from ..utils import files
from ..utils.errors import InputError
from . import sandbox
from .feedback import write_feedback
from .marking import Marker
from .marks import ambiguous, fill_in, write_marks
from .submissions import find_submissions


def grade(folder, exercises, out="marks", exercise=None, key="bgood", jobs=2, again=False, roster=None, report=print):
    """Mark all submissions of a folder and write marks, feedback pages and a summary.

    Parameters
    ----------
    folder : path
        See :func:`bgood_lib.classroom.submissions.find_submissions`.
    exercises : dict of str to Exercise
    out : path, default="marks"
        ``marks.csv``, ``questions.csv``, ``moodle-NAME.csv``, ``canvas.csv``, ``feedback/`` and ``summary.html`` go there.
    exercise : str, optional
        The one that is marked; by default the names of the notebooks say it.
    key : str
        See :class:`bgood_lib.classroom.marking.Marker`.
    jobs : int, default=2
        Submissions at a time.
    again : bool, default=False
        Mark also what was marked before.
    roster : path, optional
        A worksheet of Moodle or a gradebook of Canvas, to be filled in.
    report : function
        Gets a line for each submission.

    Returns
    -------
    list of dict
        For each submission ``student``, ``exercise``, ``source``, ``problem``, ``platform``, ``id`` and what
        :meth:`bgood_lib.classroom.marking.Marker.mark` returns.
    """
    out = Path(out)
    found = find_submissions(folder, exercises, exercise)
    way = sandbox.best_way()
    missing = [f"{name}: {sandbox.GUARDS[name]}" for name in sorted(sandbox.lacking(way))]
    for text in missing:
        report(f"this system does not guard the {text}")
    markers = {name: Marker(exercises[name], key) for name in sorted({one.exercise for one in found if one.data})}

    def mark(one):
        about = {name: getattr(one, name) for name in ("student", "exercise", "source", "problem", "platform", "id")}
        if one.data is None:
            return about | {"questions": {}, "errors": [], "texts": {}, "reason": one.problem, "seconds": 0.0}, False
        path = out / "done" / f"{markers[one.exercise].cache_key(one, way)}.json"
        if path.is_file() and not again:
            with contextlib.suppress(InputError):  # damaged: marked again
                return about | files.read_json(path, "mark it again"), True
        result = markers[one.exercise].mark(one, way)
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_json(path, result)
        return about | result, False

    results = {}
    with ThreadPoolExecutor(max(jobs, 1)) as pool:
        waiting = {pool.submit(mark, one): number for number, one in enumerate(found)}
        for done in as_completed(waiting):
            result, before = done.result()
            results[waiting[done]] = result
            report(f"{len(results)} of {len(found)}  {line(result, exercises)}{' (marked before)' * before}")
    results = [results[number] for number in range(len(found))]
    for names in ambiguous(results).values():
        report(f"two submissions bear one name, so neither is in the files for Moodle and Canvas: {', '.join(names)}")
    counted = write_marks(results, exercises, out)
    write_feedback(results, exercises, out, missing)
    if roster and (nowhere := fill_in(roster, counted, exercises, out)):
        report(f"not in {roster}, so not in the filled file: {', '.join(nowhere)}")
    return results


def line(result, exercises):
    """A submission in a line."""
    name = f"{result['student']}, {result['exercise'] or 'which exercise?'}"
    if result["problem"]:
        return f"{name}: {result['problem']}"
    points = sum(one["points"] for one in result["questions"].values())
    end = f"; {result['reason']}" if result["reason"] else ""
    return f"{name}: {points:g} of {exercises[result['exercise']].points}{end}"
