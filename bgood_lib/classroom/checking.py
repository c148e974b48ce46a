"""Checks an answer, and where it is wrong, says which mistake it looks like. Needs nothing but NumPy.

    from checking import check

    check("auroc", auroc)

This file is handed out as it is. What it knows stands beside it: ``checks.npz`` has inputs, the answers to them, and the
answers that usual mistakes give; ``checks.json`` has their hints; ``asking.py``, where there is one, says how a question
is asked that takes more than a call.
"""

import copy
import hashlib
import importlib.util
import inspect
import itertools
import json
from pathlib import Path

import numpy as np

KINDS = "biufU"  # of arrays that are answers: booleans, numbers, text
NOT_WRITTEN = {"share": 0.0, "label": "not written", "text": "It is not written yet."}
NEIGHBOURS = 6  # numbers of a hashed answer that may each lie one step beside


class Wrong(Exception):
    """An answer that is not right; a notebook shows its text alone."""

    def _render_traceback_(self):
        return str(self).splitlines()


def check(name, answer, folder=None):
    """Say whether an answer is right, or what it looks like.

    Parameters
    ----------
    name : str
        The question.
    answer : function or value
        What the question asks for.
    folder : path, optional
        Where ``checks.json`` is; by default beside this file.

    Raises
    ------
    Wrong
        It is not right; the text holds a hint.
    NotImplementedError
        It is not written yet.
    """
    folder = Path(folder or Path(__file__).parent)
    questions = json.loads((folder / "checks.json").read_text(encoding="utf-8"))
    if name not in questions:
        raise Wrong(f"There is no question {name!r}. There are: {', '.join(questions)}.")
    found = _examined(questions, name, answer, folder)
    if found["share"] < 1:
        raise Wrong(f"{name}: not yet. {found['text']}")
    print(f"{name}: right. {found['text']}".rstrip())


def _examined(questions, name, answer, folder):
    """What is to be said of an answer, in a student's notebook: as :func:`diagnose`."""
    question, known, own = questions[name], {}, getattr(answer, "__globals__", {})
    if question["kind"] != "value":
        if not callable(answer):
            raise Wrong(f"{name}: this is {type(answer).__name__}; give the function itself, check({name!r}, {name}).")
        with np.load(folder / "checks.npz", allow_pickle=False) as stored:
            known = unpack(stored, name)
    asking = load_asking(folder)
    outcomes = ask(question, answer, known.get("inputs", [()]), asking)
    if any(one.get("raised") == "NotImplementedError" for one in outcomes):
        raise NotImplementedError(f"{name} is not written yet")
    if question["kind"] == "value":
        return weigh(question, outcomes[0])
    if question["kind"] == "function":
        about = question | {"arguments": arguments(name, answer, asking)}
        return diagnose(about, outcomes, known["right"], known["wrong"], known["inputs"])
    for other in question["needs"]:
        try:
            right = other in own and _examined(questions, other, own[other], folder)["share"] == 1
        except NotImplementedError:
            right = False
        if not right:
            listed = ", ".join(question["needs"])
            raise Wrong(f"{name} is judged by your own {listed}. First {other} has to be right, and its cell run.")
    return judged(getattr(asking, f"judge_{name}"), outcomes, known["inputs"], own)


# --- asking ---


def load_asking(folder):
    """The module ``asking.py`` of a folder, or None."""
    path = Path(folder) / "asking.py"
    if not path.is_file():
        return None
    spec = importlib.util.spec_from_file_location("asking", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ask(question, answer, inputs, asking=None):
    """What an answer gives on each input.

    Parameters
    ----------
    question : dict
        Its name and kind.
    answer : function or value
    inputs : list of tuple
    asking : module, optional
        Whose ``ask_NAME(function, *input)`` takes the place of ``function(*input)``.

    Returns
    -------
    list of dict
        ``{"parts": [arrays]}``, or ``{"raised": kind, "text": text}``.
    """
    if question["kind"] == "value":
        return [_outcome(_written, answer)]
    how = getattr(asking, f"ask_{question['name']}", None) or (lambda function, *given: function(*given))
    return [_outcome(how, answer, *copy.deepcopy(given)) for given in inputs]


def _written(value):
    if value is None or value is ...:
        raise NotImplementedError("no value yet")
    return value


def _outcome(how, *arguments):
    try:
        return {"parts": parts(how(*arguments))}
    except Exception as error:  # whatever a student's function does
        return {"raised": type(error).__name__, "text": str(error)[:300]}


def parts(answer):
    """An answer as a list of arrays: one, or one for each entry of a tuple or a dictionary (sorted by key).

    Raises
    ------
    TypeError
        It is, or holds, something else than numbers, booleans and text.
    """
    if isinstance(answer, dict):
        answer = tuple(answer[key] for key in sorted(answer))
    found = []
    for part in answer if isinstance(answer, tuple) else (answer,):
        if hasattr(part, "detach"):  # a tensor
            part = part.detach().cpu().numpy()
        try:
            array = np.asarray(part)
        except ValueError:
            array = np.empty(0, object)
        if array.dtype.kind not in KINDS:
            what = "nothing (is there a return?)" if part is None else type(part).__name__
            raise TypeError(f"the answer is {what}; expected numbers, arrays, booleans or text")
        found.append(array)
    return found


def arguments(name, function, asking=None):
    """Names of what a function is given, to describe inputs by: list of str, empty where others ask it."""
    if hasattr(asking, f"ask_{name}"):
        return []
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # of NumPy's own functions
        return []


# --- comparing ---


def agree(one, other, tolerance):
    """Are two outcomes the same?

    Parameters
    ----------
    one, other : dict
        See :func:`ask`.
    tolerance : (float, float)
        Relative and absolute.

    Returns
    -------
    bool
    """
    if "raised" in one or "raised" in other:
        return one.get("raised") == other.get("raised")
    ours, theirs = _alike(one["parts"], other["parts"])
    return len(ours) == len(theirs) and all(_same(a, b, tolerance) for a, b in zip(ours, theirs))


def _alike(ours, theirs):
    """Two numbers as a tuple, a list or an array are the same answer."""
    for few, many in ((ours, theirs), (theirs, ours)):
        if len(few) == 1 < len(many) and few[0].ndim and len(few[0]) == len(many):
            split = list(few[0])
            return (split, many) if few is ours else (many, split)
    return ours, theirs


def _same(a, b, tolerance):
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape and not (a.size == b.size == 1):
        return False
    if "U" in (a.dtype.kind, b.dtype.kind):
        return a.dtype.kind == b.dtype.kind and [t.strip().casefold() for t in a.ravel()] == [
            t.strip().casefold() for t in b.ravel()
        ]
    a, b = a.ravel().astype(float), b.ravel().astype(float)
    return bool(np.allclose(a, b, *tolerance, equal_nan=True))


# --- saying what is wrong ---


def diagnose(question, outcomes, right, wrong, inputs):
    """Right, a known mistake, or what can be seen of it.

    Parameters
    ----------
    question : dict
        ``name``, ``tolerance``, ``mistakes`` (name to hint), and perhaps ``arguments`` (names of the inputs).
    outcomes, right : list of dict
        Of the answer and of the right one; see :func:`ask`.
    wrong : dict of str to list of dict
        Of each known mistake.
    inputs : list of tuple

    Returns
    -------
    dict
        ``share`` (1.0: right), ``label`` (the mistake's name, or what was seen), ``text``.
    """
    tolerance = question["tolerance"]
    fine = [agree(a, b, tolerance) for a, b in zip(outcomes, right)]
    if all(fine):
        return {"share": 1.0, "label": "right", "text": ""}
    bad = [i for i, good in enumerate(fine) if not good]
    if all(one.get("raised") == "NotImplementedError" for one in outcomes):
        return dict(NOT_WRITTEN)
    clear = [i for i in bad if _finite(outcomes[i])]
    for where in (range(len(fine)), bad, clear):  # on all inputs; on those that are wrong; on those with numbers at all
        for name, about in question["mistakes"].items():
            if where and all(agree(outcomes[i], wrong[name][i], tolerance) for i in where):
                return {"share": about["worth"], "label": name, "text": about["hint"]}
    label, text = _seen(outcomes[bad[0]], right[bad[0]], tolerance)
    told = f"{text} (On {len(bad)} of {len(fine)} inputs; the first of them: {_described(inputs[bad[0]], question.get('arguments', []))}.)"
    return {"share": 0.0, "label": label, "text": told}


def _finite(outcome):
    return all(part.dtype.kind == "U" or np.isfinite(part).all() for part in outcome.get("parts", [np.array(np.nan)]))


def _seen(outcome, right, tolerance):
    """What can be said of an answer that is no known mistake: label and text."""
    if "raised" in outcome:
        return f"error: {outcome['raised']}", f"It ends with {outcome['raised']}: {outcome['text'] or 'no text'}."
    if "raised" in right:
        return "no error", "It gives an answer where there is none: an error is expected here."
    ours, theirs = _alike(outcome["parts"], right["parts"])
    if len(ours) != len(theirs):
        return "count", f"It gives {len(ours)} result{'s' * (len(ours) > 1)}; expected {len(theirs)}."
    i = next(i for i, (a, b) in enumerate(zip(ours, theirs)) if not _same(a, b, tolerance))
    a, b = np.asarray(ours[i]), np.asarray(theirs[i])
    which = f"result {i + 1} of {len(ours)}" if len(ours) > 1 else "the answer"
    if a.shape != b.shape:
        return "shape", f"{which.capitalize()} has shape {a.shape}; expected {b.shape}."
    if (a.dtype.kind == "U") != (b.dtype.kind == "U"):
        return "type", f"{which.capitalize()} holds {_kind(a)}; expected {_kind(b)}."
    if a.dtype.kind == "U":
        return "other", f"{which.capitalize()} is not right: yours is {_short(a)}; another text is expected."
    if "b" in (a.dtype.kind, b.dtype.kind):
        if (a.astype(bool) == ~b.astype(bool)).all():
            return "reversed", f"{which.capitalize()} is True exactly where False is expected, and the other way round."
        return (
            "other",
            f"{which.capitalize()} differs in {int((a.astype(bool) != b.astype(bool)).sum())} of {a.size} places.",
        )
    a, b = a.ravel().astype(float), b.ravel().astype(float)
    if (~np.isfinite(a) & np.isfinite(b)).any():
        return "not finite", f"{which.capitalize()} is infinite or not a number where it should be finite."
    for label, other, text in (
        ("percent", 100 * b, "is 100 times as large: a share is expected, not per cent"),
        ("share", b / 100, "is 100 times too small: per cent are expected, not a share"),
        ("negated", -b, "has the other sign"),
        ("complement", 1 - b, "is one minus what is expected"),
    ):
        if _same(a, other, tolerance):
            return label, f"{which.capitalize()} {text}."
    if a.size > 2:
        if _same(np.sort(a), np.sort(b), tolerance):
            return "order", f"{which.capitalize()} has the right numbers in another order."
        with np.errstate(all="ignore"):
            factor, offset = a / b, a - b
        if np.isfinite(factor).all() and np.ptp(factor) <= 1e-6 * abs(factor).max():
            return "factor", f"{which.capitalize()} is {factor[0]:.4g} times what is expected, everywhere."
        if np.ptp(offset) <= 1e-6 * (abs(offset).max() + 1e-12):
            return "offset", f"{which.capitalize()} differs from what is expected by the same number everywhere."
    return (
        "other",
        f"{which.capitalize()} is not right: yours is {_short(a)}; {'another is' if a.size == 1 else 'others are'} expected.",
    )


def _kind(array):
    return {"U": "text", "b": "True or False"}.get(array.dtype.kind, "numbers")


def _short(array):
    shown = ", ".join(repr(str(value)) if array.dtype.kind == "U" else f"{value:.4g}" for value in array.ravel()[:4])
    return shown if array.size <= 4 else f"{shown}, ... ({array.size} of them)"


def _described(given, names):
    """An input in words: small ones as they are, arrays by their shape; by name if there is one for each."""
    told, named = [], len(names) == len(given)
    for i, part in enumerate(given):
        array = np.asarray(part)
        if array.ndim == 0 or array.size <= 6:
            value = np.array2string(array, precision=4, separator=", ")
            told.append(f"{names[i]} = {value}" if named else value)
        else:
            told.append(f"{names[i] if named else 'an array'} of shape {array.shape}")
    return "; ".join(told) or "none"


def judged(judge, outcomes, inputs, right):
    """What a judge says of each outcome: the worst counts.

    Parameters
    ----------
    judge : function
        ``judge(answer, *input, right=...)`` to (share, label, text); the answer is a list of arrays, ``right`` has the
        functions of the exercise's other questions.
    outcomes : list of dict
    inputs : list of tuple
    right : dict of str to function

    Returns
    -------
    dict
        As of :func:`diagnose`.
    """
    found = []
    for outcome, given in zip(outcomes, inputs):
        if outcome.get("raised") == "NotImplementedError":
            found.append(tuple(NOT_WRITTEN.values()))
        elif "raised" in outcome:
            found.append((0.0, f"error: {outcome['raised']}", f"It ends with {outcome['raised']}: {outcome['text']}."))
        else:
            try:
                found.append(judge(outcome["parts"], *given, right=right))
            except Exception as error:  # of an answer that nobody thought of
                found.append((0.0, "not judged", f"It cannot be judged: {type(error).__name__}: {error}."))
    share, label, text = min(found, key=lambda one: one[0])
    return {"share": float(share), "label": label, "text": text}


# --- answers that are one value: known by their hash alone ---


def digests(outcome, step, salt):
    """Hashes of an answer, and of its neighbours one step away: list of str, its own first."""
    numbers, texts = [], []
    for part in outcome["parts"]:
        if part.dtype.kind == "U":
            texts += [text.strip().casefold() for text in part.ravel()]
        else:
            numbers += part.ravel().astype(float).tolist()
    if not np.isfinite(numbers).all():
        texts, numbers = [*texts, "not finite"], []
    middle = [round(number / step) for number in numbers]
    beside = itertools.product((0, -1, 1), repeat=len(middle)) if len(middle) <= NEIGHBOURS else [(0,) * len(middle)]
    return [_digest([[m + d for m, d in zip(middle, delta)], texts], salt) for delta in beside]


def _digest(thing, salt):
    return hashlib.sha256((salt + json.dumps(thing)).encode()).hexdigest()[:16]


def weigh(question, outcome):
    """What is to be said of a single value: as :func:`diagnose`."""
    if outcome.get("raised") == "NotImplementedError":
        return dict(NOT_WRITTEN)
    if "raised" in outcome:
        return {"share": 0.0, "label": f"error: {outcome['raised']}", "text": f"{outcome['text']}."}
    found = digests(outcome, question["step"], question["name"])
    if question["right"] in found:
        return {"share": 1.0, "label": "right", "text": ""}
    for name, about in question["mistakes"].items():
        if about["digest"] in found:
            return {"share": about["worth"], "label": name, "text": about["hint"]}
    return {"share": 0.0, "label": "other", "text": question["otherwise"]}


# --- storing ---


def pack(name, inputs, right, wrong):
    """Inputs and outcomes of a question as arrays by name, for an npz file."""
    stored = {}
    for i, given in enumerate(inputs):
        for j, part in enumerate(given):
            stored[f"{name}/{i}/input/{j}"] = np.asarray(part)
    for label, outcomes in [("right", right), *((f"wrong {key}", value) for key, value in wrong.items())]:
        for i, outcome in enumerate(outcomes):
            if "raised" in outcome:
                stored[f"{name}/{i}/{label}/raised"] = np.asarray(outcome["raised"])
            for j, part in enumerate(outcome.get("parts", ())):
                stored[f"{name}/{i}/{label}/{j}"] = part
    return stored


def unpack(stored, name):
    """The reverse of :func:`pack`: dict with ``inputs``, ``right``, ``wrong``.

    An input that is a single number or text is handed over as Python's own.
    """
    inputs, outcomes = {}, {}
    for key in stored:
        question, i, label, j = key.split("/")
        if question != name:
            continue
        array = stored[key]
        if label == "input":
            inputs.setdefault(int(i), {})[int(j)] = array if array.ndim else array.item()
        elif j == "raised":
            outcomes.setdefault(label, {})[int(i)] = {"raised": str(array)}
        else:
            outcomes.setdefault(label, {}).setdefault(int(i), {"parts": []})["parts"].append(array)
    listed = {label: [of[i] for i in sorted(of)] for label, of in outcomes.items()}
    return {
        "inputs": [tuple(inputs[i][j] for j in sorted(inputs[i])) for i in sorted(inputs)] or [()],
        "right": listed.pop("right", []),
        "wrong": {label.removeprefix("wrong "): of for label, of in listed.items()},
    }
