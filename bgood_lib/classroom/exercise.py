"""What an exercise asks, what its answers are worth, and how they go wrong: what ``questions.py`` is written with."""

import functools
import importlib.util
import itertools
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..utils.errors import InputError
from . import checking

VISIBLE = 0  # seed of the inputs that are handed out


@dataclass
class Question:
    """One question of an exercise.

    Attributes
    ----------
    name : str
        Of the function or value that is asked for.
    points : int
    kind : str
        ``function``: answers to inputs are compared; ``value``: one value, known to students by its hash alone;
        ``judged``: ``judge_NAME`` of ``asking.py`` says how good it is; ``open``: a person reads it.
    cases : function, optional
        ``cases(rng)`` gives the inputs, each a tuple of arrays, numbers or text.
    tolerance : (float, float)
        Relative and absolute.
    step : float
        To what a value is rounded.
    otherwise : str
        What is said of a wrong value that is no known mistake.
    rubric : str
        How an open question is marked.
    kept : int
        How many inputs, at the end of each tuple, only the judge sees while marked: a submission's process is not given them.
    needs : list of str
        Other questions that a judge asks, too: in a student's notebook they have to be right first.
    mistakes : dict
        Name to ``{"hint", "worth", "answer"}``; the answer is a function, or a value (or a function of the solution's names).
    """

    name: str
    points: int
    kind: str = "function"
    cases: object = None
    tolerance: tuple = (1e-6, 1e-9)
    step: float = 0.01
    otherwise: str = "It is another value."
    rubric: str = ""
    kept: int = 0
    needs: list = field(default_factory=list)
    mistakes: dict = field(default_factory=dict)

    def wrong(self, hint, worth=0.0, answer=None, name=None):
        """Add a mistake: as a line above a function that makes it, or with the ``answer`` it gives.

        Parameters
        ----------
        hint : str
            What was seen and where to look, never the answer.
        worth : float, default=0.0
            The share of points that it keeps.
        answer : value or function, optional
            For values: the wrong one, or what computes it from the solution's names.
        name : str, optional
            For values: the mistake's name, as in "convention swapped".
        """
        if answer is not None:
            self._add(name or str(answer), hint, worth, answer)
            return None

        def add(function):
            self._add(function.__name__.replace("_", " "), hint, worth, function)
            return function

        return add

    def _add(self, name, hint, worth, answer):
        if name in self.mistakes or "/" in name:
            raise InputError(f"{self.name}: the mistake {name!r} is there twice, or its name holds a slash")
        if not 0 <= worth < 1:
            raise InputError(f"{self.name}: the mistake {name!r} is worth {worth}; expected 0 up to less than 1")
        self.mistakes[name] = {"hint": hint, "worth": worth, "answer": answer}

    def inputs(self, seed=VISIBLE):
        """The inputs of a seed: list of tuple; ``[()]`` where the question takes none."""
        return [tuple(given) for given in self.cases(np.random.default_rng(seed))] if self.cases else [()]

    def told(self, inputs):
        """What of inputs a submission's process is given: all but what is kept from it, list of tuple."""
        return [given[: len(given) - self.kept] for given in inputs]

    def public(self):
        """What ``checks.json`` holds of it, hashes of values apart: dict."""
        hints = {name: {"hint": about["hint"], "worth": about["worth"]} for name, about in self.mistakes.items()}
        about = {"name": self.name, "kind": self.kind, "tolerance": list(self.tolerance), "mistakes": hints}
        return about | {"needs": list(self.needs)} if self.kind == "judged" else about


class Exercise:
    """An exercise: what it is about, and its questions.

    Parameters
    ----------
    title, goal : str
    chapter : str
        Page of the book that it belongs to, without what follows the dot.
    minutes : int
    needs : str, default="numpy"
        ``numpy``, or ``bgood``: the whole installation, PyTorch included.
    first : bool, default=False
        Is it to be done before the chapter is read, because the chapter answers it?
    cell_seconds, seconds, memory : int
        While marked: most seconds of a cell and of all, MiB of memory.
    """

    def __init__(
        self, title, goal, chapter, minutes, needs="numpy", first=False, cell_seconds=30, seconds=120, memory=4096
    ):
        if needs not in ("numpy", "bgood"):
            raise InputError(f"{title}: needs is {needs!r}; expected 'numpy' or 'bgood'")
        self.title, self.goal, self.chapter, self.minutes, self.needs = title, goal, chapter, minutes, needs
        self.first = first
        self.cell_seconds, self.seconds, self.memory = cell_seconds, seconds, memory
        self.questions = {}
        self.folder = None

    def _ask(self, question):
        if question.name in self.questions:
            raise InputError(f"{self.title}: the question {question.name!r} is there twice")
        self.questions[question.name] = question
        return question

    def question(self, name, points, cases, tolerance=(1e-6, 1e-9)):
        """A function to write, whose answers are compared: Question."""
        return self._ask(Question(name, points, "function", cases, tolerance))

    def value(self, name, points, step=0.01, otherwise="It is another value."):
        """One value to find: Question. ``otherwise`` says where to look when it is wrong in a way nobody thought of."""
        return self._ask(Question(name, points, "value", step=step, otherwise=otherwise))

    def judged(self, name, points, cases=None, kept=0, needs=()):
        """A function to write that has many right answers; ``judge_NAME`` of ``asking.py`` judges them: Question.

        The last ``kept`` inputs of each case are the judge's: while marked, a submission's process is not given them.
        ``needs`` names the other questions whose functions the judge calls.
        """
        return self._ask(Question(name, points, "judged", cases, kept=kept, needs=list(needs)))

    def open(self, name, points, rubric):
        """A text to write, which a person reads: Question."""
        return self._ask(Question(name, points, "open", rubric=rubric))

    @property
    def name(self):
        """Of its folder."""
        return self.folder.name

    @property
    def points(self):
        """Of all questions that are marked without a person."""
        return sum(question.points for question in self.asked())

    @property
    def read_points(self):
        """Of the open questions, which a person reads."""
        return sum(question.points for question in self.questions.values() if question.kind == "open")

    def asked(self):
        """Questions that are marked without a person: list."""
        return [question for question in self.questions.values() if question.kind != "open"]

    @functools.cached_property
    def asking(self):
        """Its module ``asking.py``, or None."""
        return checking.load_asking(self.folder)

    def outcomes(self, question, answer, seed=VISIBLE):
        """What an answer gives on the inputs of a seed: list of dict, see :func:`bgood_lib.classroom.checking.ask`."""
        return checking.ask({"kind": question.kind, "name": question.name}, answer, question.inputs(seed), self.asking)

    def known(self, question, solution, seed=VISIBLE):
        """Inputs, right outcomes and those of each mistake.

        Parameters
        ----------
        question : Question
        solution : dict
            Names of the solution, see :func:`bgood_lib.classroom.solution.run_solution`.
        seed : int or list of int

        Returns
        -------
        dict with ``inputs``, ``right``, ``wrong``
        """
        inputs = question.inputs(seed)
        if question.kind == "judged":
            return {"inputs": inputs, "right": [], "wrong": {}}
        right = self.outcomes(question, solution[question.name], seed)
        wrong = {}
        for name, about in question.mistakes.items():
            answer = about["answer"]
            if question.kind == "value" and callable(answer):
                answer = answer(solution)
            with np.errstate(all="ignore"):
                wrong[name] = self.outcomes(question, answer, seed)
        return {"inputs": inputs, "right": right, "wrong": wrong}

    def weigh(self, question, outcomes, known, solution):
        """What an answer is worth, and why: ``share``, ``label``, ``text``; see :func:`bgood_lib.classroom.checking.diagnose`."""
        if question.kind == "judged":
            judge = getattr(self.asking, f"judge_{question.name}")
            return checking.judged(judge, outcomes, known["inputs"], solution)
        if question.kind == "value":
            return checking.weigh(hashed(question, known), outcomes[0])
        names = checking.arguments(question.name, solution[question.name], self.asking)
        about = question.public() | {"arguments": names}
        return checking.diagnose(about, outcomes, known["right"], known["wrong"], known["inputs"])

    def confusions(self, question, known):
        """Mistakes that cannot be told from the right answer, or from one another: list of str, empty where all is well."""
        if question.kind == "judged":
            return []
        answers = {"the right answer": known["right"], **known["wrong"]}
        if question.kind == "value":
            told = {name: checking.digests(of[0], question.step, question.name) for name, of in answers.items()}
            alike = lambda a, b: bool(set(told[a]) & set(told[b][:1]))  # noqa: E731
        else:
            alike = lambda a, b: all(  # noqa: E731
                checking.agree(one, other, question.tolerance) for one, other in zip(answers[a], answers[b])
            )
        return [
            f"{question.name}: {b!r} looks like {a!r}" for a, b in itertools.combinations(answers, 2) if alike(a, b)
        ]


def hashed(question, known):
    """What ``checks.json`` holds of a value: all but the value."""
    about = question.public() | {"step": question.step, "otherwise": question.otherwise}
    digest = lambda outcomes: checking.digests(outcomes[0], question.step, question.name)[0]  # noqa: E731
    about["right"] = digest(known["right"])
    for name, mistake in about["mistakes"].items():
        mistake["digest"] = digest(known["wrong"][name])
    return about


def read_exercise(folder):
    """The exercise of a folder: its ``questions.py``, run.

    Raises
    ------
    InputError
        There is none, or it makes no ``exercise``.
    """
    folder = Path(folder)
    path = folder / "questions.py"
    if not path.is_file():
        raise InputError(f"{folder} is no exercise: it has no questions.py")
    spec = importlib.util.spec_from_file_location(f"questions_of_{folder.name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = getattr(module, "exercise", None)
    if not isinstance(found, Exercise):
        raise InputError(f"{path} makes no `exercise`: exercise = Exercise(title=..., ...)")
    found.folder = folder
    return found


def read_exercises(folder="exercises"):
    """All exercises of a folder, by name: dict of str to Exercise."""
    paths = sorted(Path(folder).glob("*/questions.py"))
    if not paths:
        raise InputError(
            f"{folder} holds no exercise: no folder in it has a questions.py; name another with --exercises"
        )
    return {path.parent.name: read_exercise(path.parent) for path in paths}
