"""A study: a small YAML file that names trainings and the pages made from them.

All that it may hold::

    title: Scenes
    notebook: notebooks/train.ipynb
    common: {dataset: scenes, profile: scenes}      # parameters of every run
    runs:                                           # each line a grid: lists are multiplied out
      - {method: [cross_entropy, background], seed: [0, 1]}
      - {method: background, weight: [0.02, 0.5], seed: 0}
    pages:                                          # notebooks that read the runs
      report: {weight: 0.1}                         # and their parameters
    publish: tables                                 # true: a copy of each record; tables: a few small files

``{NAME}`` in a text stands for the run's parameter of that name: ``init: weights/mine-s{seed}.safetensors``.
"""

import itertools
import re
from dataclasses import dataclass, field
from pathlib import Path

from ..utils.errors import ParameterError, StudyError, nearest
from ..utils.strict_yaml import in_yaml, read_yaml

# How a parameter is written in a run's name; any other one with its full name.
_SHORT = {"method": "", "selector": "", "seed": "s", "weight": "w", "patch_size": "p", "n_patches": "n", "top_k": "k"}
NAME = re.compile(
    r"[A-Za-z0-9_=+-][A-Za-z0-9._=+-]{0,199}"
)  # of studies, runs and pages: they become folders and files
ALLOWED = "letters, digits and . _ = + -"
# What no study may set: what to do instead.
GIVEN = {
    "device": "give it when running, make study STUDY={study} DEVICE={value}",
    "threads": "give it when running, make study STUDY={study} THREADS={value}",
    "force": "give it when running, make study STUDY={study} FORCE=1",
    "out": "every run has a folder of its own, runs/{study}/RUN",
    "overwrite": "a run whose parameters changed is trained again in its folder anyway",
}
MAX_RUNS = 20_000
_SUCH_AS = {
    "title": "title: Mine",
    "notebook": "notebook: notebooks/train.ipynb",
    "runs": "runs: [{method: background, seed: [0, 1]}]",
}
_KEYS = {"title": str, "notebook": str, "common": dict, "runs": list, "pages": dict}
_FORMS = {str: "text", dict: "{name: value, ...}", list: "lines such as `- {method: background, seed: [0, 1]}`"}


@dataclass(frozen=True)
class Study:
    """A study as read.

    Attributes
    ----------
    name, title : str
    notebook : str
        The notebook that every run executes.
    runs : dict of str to dict
        Parameters by run name.
    pages : dict of str to dict
        Notebooks in ``notebooks/`` that read the runs and become pages of the book, with their
        parameters.
    publish : bool or str
        What ``results/`` gets: False nothing, True a copy of each record, ``"tables"`` the tables
        of :mod:`bgood_lib.studies.tables`.
    places : dict of str to dict
        By run, and by page as ``page report``, where in its file each parameter stands:
        ``studies/mine.yaml, line 5``; a page itself under "".
    """

    name: str
    title: str
    notebook: str
    runs: dict
    pages: dict
    publish: bool | str
    places: dict = field(default_factory=dict)


def run_name(parameters):
    """Name of a run from the parameters that its study varies, for example ``background-w0.5-s0``."""
    parts = [f"{_SHORT.get(key, key + '_')}{value}" for key, value in parameters.items() if key != "seed"]
    if "seed" in parameters:
        parts.append(f"s{parameters['seed']}")
    return "-".join(parts)


def read_study(path, check=True):
    """Read a study file.

    Parameters
    ----------
    path : path of a YAML file; nothing in it is executed
    check : bool, default=True
        Check every parameter against the notebook.

    Returns
    -------
    Study

    Raises
    ------
    StudyError
        If a key is unknown or missing, two runs have one name, or a parameter does not fit the
        notebook.
    """
    path = Path(path)
    if not path.is_file():
        known = sorted(other.stem for other in path.parent.glob("*.yaml") if other.is_file())
        others = f"there are {', '.join(known)}" if known else f"{path.parent} holds none; name one of another folder"
        what = "is a folder" if path.is_dir() else "is not there"
        raise StudyError(f"there is no study {path.stem!r}: {path} {what}; {others}{nearest(path.stem, known)}")
    if not NAME.fullmatch(path.stem):
        raise StudyError(f"{path}: a study's name has {ALLOWED}; rename the file")
    content = read_yaml(path, StudyError)
    publish = content.pop("publish", False)
    if not isinstance(publish, bool) and publish != "tables":
        where = f"{path}{content.line('publish')}"
        raise StudyError(f"{where}: publish is {publish!r}; expected true (a copy of each record), tables or false")
    for key, value in content.items():
        where = f"{path}{content.line(key)}"
        if key not in _KEYS:
            keys = [*_KEYS, "publish"]
            raise StudyError(f"{where}: unknown key {key!r}; the keys are {', '.join(keys)}{nearest(key, keys)}")
        if not isinstance(value, _KEYS[key]):
            raise StudyError(f"{where}: {key} is {in_yaml(value)}; expected {_FORMS[_KEYS[key]]}")
    for key in ("title", "notebook", "runs"):
        if key not in content:
            raise StudyError(f"{path}: {key} is missing; add it, as in `{_SUCH_AS[key]}`")
    notebook, common = content["notebook"], content.get("common", {})
    if Path(notebook).is_absolute() or ".." in Path(notebook).parts or not NAME.fullmatch(notebook.replace("/", "")):
        where = f"{path}{content.line('notebook')}"
        raise StudyError(
            f"{where}: notebook is {notebook!r}; expected one of this project, with {ALLOWED} and /, not beginning with / and "
            "without .."
        )
    runs, places = {}, {}
    for line, grid in zip(content["runs"].lines, content["runs"]):
        if not isinstance(grid, dict) or not grid:
            raise StudyError(
                f"{path}, line {line}: an entry of runs is {in_yaml(grid)}; expected {{parameter: value, ...}}"
            )
    for grid in [common, *content["runs"]]:
        for key in GIVEN.keys() & grid.keys():
            way_out = GIVEN[key].format(study=path.stem, value=grid[key])
            where = f"{path}{_line(grid, key)}"
            raise StudyError(f"{where}: {key}: {in_yaml(grid[key])} is no setting of a study; take it away: {way_out}")
    for grid in content["runs"]:
        stands = {key: f"{path}{_line(some, key)}" for some in (common, grid) for key in some}
        for varied in _written_out(grid, path):
            name, where = run_name(varied), f"{path}{_line(grid, *grid)}"
            if len(name) > 200:
                raise StudyError(
                    f"{where}: a run would be called {name[:30]}..., {len(name)} characters; shorten its values, at most 200"
                )
            if not NAME.fullmatch(name):
                raise StudyError(f"{where}: a run would be called {name!r}; its values may have {ALLOWED}")
            if name in runs:
                raise StudyError(f"{where}: two runs are called {name}; take one of them away")
            if len(runs) >= MAX_RUNS:
                raise StudyError(f"{where}: more than {MAX_RUNS:,} runs; make several studies of them")
            runs[name] = _filled({**common, **varied}, where)
            places[name] = stands
    pages = {page: values or {} for page, values in content.get("pages", {}).items()}
    for page, values in pages.items():
        where = f"{path}{content['pages'].line(page)}"
        if not NAME.fullmatch(page):
            raise StudyError(f"{where}: page {page!r}: expected a notebook's name with {ALLOWED}")
        if not isinstance(values, dict):
            raise StudyError(f"{where}: page {page!r} is {in_yaml(values)}; expected {{parameter: value}}, or nothing")
        places[f"page {page}"] = {"": where, **{key: f"{path}{values.line(key)}" for key in values or ()}}
    if check:
        _check(path, notebook, runs, pages, places)
    return Study(path.stem, content["title"], notebook, runs, pages, publish, places)


def _line(grid, *keys):
    """Where in the file one of the keys of a line of runs stands: ``, line 4``."""
    return grid.line(keys[0]) if keys else ""


def _written_out(grid, path):
    """The runs of a line: every combination of its lists, as dicts."""
    options = [value if isinstance(value, list) else [value] for value in grid.values()]
    for name, values in zip(grid, options):
        if not values:
            raise StudyError(f"{path}{_line(grid, name)}: {name} is an empty list, so there is no run; give it a value")
        for value in values:
            if isinstance(value, (dict, list)) or value is None:
                raise StudyError(
                    f"{path}{_line(grid, name)}: {name} is {in_yaml(value)}; expected a number, text, true or false"
                )
    for values in itertools.product(*options):
        yield dict(zip(grid, values))


def _filled(values, where):
    """Values of a run with ``{seed}`` and the like in their text replaced by what the run says of them."""
    found = {}
    for name, value in values.items():
        for part in re.findall(r"\{([^{}]*)\}", value) if isinstance(value, str) else ():
            if part not in values:
                raise StudyError(
                    f"{where}: {name} is {value!r}, where {{{part}}} stands for a parameter of the run, which has none of that "
                    "name; give it one, or write the text out"
                )
        found[name] = re.sub(r"\{([^{}]*)\}", lambda m: str(values[m[1]]), value) if isinstance(value, str) else value
    return found


def _check(path, notebook, runs, pages, places):
    """Refuse parameters that do not fit their notebooks."""
    from .notebooks import check_parameters  # slow to import

    for what, source, parameters in [
        *((name, notebook, values) for name, values in runs.items()),
        *((f"page {page}", Path(notebook).with_name(f"{page}.ipynb"), values) for page, values in pages.items()),
    ]:
        try:
            check_parameters(source, parameters, places[what])
        except ParameterError as error:
            where, _, told = str(error).partition(": ") if str(error).startswith(f"{path}") else (path, "", error)
            raise StudyError(f"{where}: {what if what.startswith('page ') else f'run {what}'}: {told}") from None
