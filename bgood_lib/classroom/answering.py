"""Runs a submission in a process of its own, then asks it: what it answers is written as JSON, a line a question.

    python answering.py NOTEBOOK OURS

OURS holds ``asked.json``, ``checking.py`` and perhaps ``asking.py``. Inputs come by stdin once the cells have run; the
right answers are not here. A submission can spoil its own answers and nobody else's.
"""

import base64
import io
import json
import os
import signal
import sys
import types
import warnings

MOST = 2**22  # bytes of one array of an answer
PATIENCE = 5  # times that a cell may go on after it was stopped, a second each
STUBBORN = 97  # the exit code then
WAIT = 3  # times as long on the wall's clock as of the processor's


class TimeIsUp(BaseException):
    """A cell took too long."""


rings = []


def ring(*_):
    """Called by the alarm; a cell that goes on nevertheless ends the process."""
    rings.append(1)
    if len(rings) > PATIENCE:
        os._exit(STUBBORN)
    raise TimeIsUp


def limited(seconds, what, *arguments):
    """Call something; TimeIsUp if it takes longer, again each second if it goes on nevertheless.

    The time is the processor's, so that a busy machine changes no mark; the clock on the wall stops what only waits.
    """
    rings.clear()
    for signal_, timer, after in ((signal.SIGPROF, signal.ITIMER_PROF, 1), (signal.SIGALRM, signal.ITIMER_REAL, WAIT)):
        signal.signal(signal_, ring)
        signal.setitimer(timer, seconds * after, 1)
    try:
        return what(*arguments)
    finally:
        for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
            signal.setitimer(timer, 0)


def encoded(outcome):
    """An outcome as JSON can hold it."""
    if "raised" in outcome:
        return {"raised": str(outcome["raised"])[:80], "text": str(outcome.get("text", ""))[:300]}
    parts = []
    for part in outcome["parts"]:
        if part.nbytes > MOST:
            return {"raised": "AnswerTooLarge", "text": f"{part.nbytes} bytes, more than {MOST}"}
        if part.dtype.kind == "U":
            parts.append({"shape": part.shape, "text": part.ravel().tolist()})
        else:
            data = base64.b64encode(part.tobytes()).decode()
            parts.append({"shape": part.shape, "dtype": part.dtype.str, "data": data})
    return {"parts": parts}


def make_shell():
    """IPython without a kernel, a history or a display."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell(config=config, user_module=types.ModuleType("__main__"))
    sys.modules["__main__"] = shell.user_module
    shell.register_magic_function(lambda line: None, "line", "matplotlib")
    shell.register_magic_function(lambda line: None, "line", "pip")
    return shell


def cells_of(path):
    """Cells of a notebook of format 4: list of dict."""
    with open(path, encoding="utf-8") as file:
        notebook = json.load(file)
    cells = notebook["cells"]
    for cell in cells:
        if not isinstance(cell["source"], str):
            cell["source"] = "".join(cell["source"])
    return cells


def main(path, ours):
    """Run the cells, say how that went, read inputs, answer."""
    mine = os.getpid()
    out, given = os.fdopen(os.dup(1), "w", encoding="utf-8"), os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)

    def say(**what):
        out.write(json.dumps(what) + "\n")
        out.flush()

    with open(f"{ours}/asked.json", encoding="utf-8") as file:
        about = json.load(file)
    try:
        cells = cells_of(path)
    except Exception as error:
        say(unreadable=f"it is no notebook that can be read ({type(error).__name__}: {str(error)[:200]})")
        return
    try:
        import numpy as np

        sys.path.insert(0, ours)
        import checking

        sys.path[0] = os.getcwd()
        asking = checking.load_asking(ours)
        shell = make_shell()
        warnings.simplefilter("ignore")
    except Exception as error:
        say(broken=f"{type(error).__name__}: {error}")
        return
    texts, errors = {}, []
    for number, cell in enumerate(cells, 1):
        meta = cell.get("metadata", {})
        if cell.get("cell_type") == "markdown":
            name = meta.get("nbgrader", {}).get("grade_id")
            if name in about["open"]:
                texts[name] = cell["source"][:20_000]
        if cell.get("cell_type") != "code" or cell["source"].strip() in about["skip"]:
            continue
        if about["exploration"] in meta.get("tags", []):
            continue
        wrong = run_cell(shell, cell["source"], about["cell_seconds"])
        if os.getpid() != mine:
            os._exit(0)  # a copy that a cell made
        if wrong and len(errors) < 50:
            errors.append({"cell": number, "error": wrong})
    say(cells=len(cells), errors=errors, texts=texts)
    with np.load(io.BytesIO(given.read()), allow_pickle=False) as stored:
        inputs = {one["name"]: checking.unpack(stored, one["name"])["inputs"] for one in about["questions"]}
    for one in about["questions"]:
        name = one["name"]
        if name not in shell.user_ns:
            outcomes = [{"raised": "NotDefined", "text": f"there is no {name}"}]
        elif one["kind"] != "value" and not callable(shell.user_ns[name]):
            outcomes = [{"raised": "NotDefined", "text": f"{name} is no function"}]
        else:
            try:
                answer = shell.user_ns[name]
                outcomes = limited(about["answer_seconds"], checking.ask, one, answer, inputs[name], asking)
            except TimeIsUp:
                outcomes = [{"raised": "TimeIsUp", "text": f"it takes more than {about['answer_seconds']} seconds"}]
            except BaseException as error:
                outcomes = [{"raised": type(error).__name__, "text": str(error)[:300]}]
        if os.getpid() != mine:
            os._exit(0)
        say(question=name, outcomes=[encoded(outcome) for outcome in outcomes])
    say(done=True)


def run_cell(shell, source, seconds):
    """Run a cell; what went wrong, in a line, or an empty string."""
    try:
        result = limited(seconds, lambda: shell.run_cell(source, store_history=False, silent=True))
    except TimeIsUp:
        return f"it takes more than {seconds} seconds"
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    error = result.error_before_exec or result.error_in_exec
    if isinstance(error, TimeIsUp):
        return f"it takes more than {seconds} seconds"
    return f"{type(error).__name__}: {str(error)[:200]}" if error else ""


if __name__ == "__main__":
    main(*sys.argv[1:3])
    os._exit(0)  # whatever a cell left running
