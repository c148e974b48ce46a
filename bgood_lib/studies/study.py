"""A study: a small YAML file that names trainings and the pages made from them.

title: Scenes
notebook: notebooks/train.ipynb
common: {dataset: scenes, profile: scenes}      # parameters of every run
runs:                                           # each line a grid: lists are multiplied out
  - {method: [cross_entropy, background], seed: [0, 1]}
  - {method: background, weight: [0.02, 0.5], seed: 0}
pages:                                          # notebooks that read the runs
  ablation: {weight: 0.1}                       # and their parameters
publish: tables                                 # true: a copy of each record; tables: a few small files
"""

import itertools
from dataclasses import dataclass
from pathlib import Path

import yaml

from ..utils.errors import StudyError, nearest
from .notebooks import check_parameters

# How a parameter is written in a run's name; any other one with its full name.
_SHORT = {"method": "", "selector": "", "seed": "s", "weight": "w", "patch_size": "p", "n_patches": "n", "top_k": "k"}
_KEYS = {"title": str, "notebook": str, "common": dict, "runs": list, "pages": dict}


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
        of :mod:`bgood_lib.study_tables`.
    """

    name: str
    title: str
    notebook: str
    runs: dict
    pages: dict
    publish: bool | str


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
        known = sorted(other.stem for other in path.parent.glob("*.yaml"))
        raise StudyError(f"there is no study {path.stem!r}; there are {', '.join(known)}{nearest(path.stem, known)}")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise StudyError(f"{path} is not YAML: {error}") from None
    if not isinstance(content, dict):
        raise StudyError(f"{path}: expected `key: value` lines")
    publish = content.pop("publish", False)
    if not isinstance(publish, bool) and publish != "tables":
        raise StudyError(f"{path}: publish is {publish!r}; expected true (a copy of each record), tables or false")
    for key, value in content.items():
        if key not in _KEYS:
            keys = [*_KEYS, "publish"]
            raise StudyError(f"{path}: unknown key {key!r}; the keys are {', '.join(keys)}{nearest(key, keys)}")
        if not isinstance(value, _KEYS[key]):
            raise StudyError(f"{path}: {key} is {value!r}; expected {_KEYS[key].__name__}")
    for key in ("title", "notebook", "runs"):
        if key not in content:
            raise StudyError(f"{path}: {key} is missing")
    runs = {}
    for grid in content["runs"]:
        if not isinstance(grid, dict):
            raise StudyError(f"{path}: a line of runs is {grid!r}; expected {{parameter: value, ...}}")
        options = [value if isinstance(value, list) else [value] for value in grid.values()]
        for values in itertools.product(*options):
            varied = dict(zip(grid, values))
            name = run_name(varied)
            if name in runs:
                raise StudyError(f"{path}: two runs are called {name}")
            runs[name] = {**content.get("common", {}), **varied}
            if check:
                try:
                    check_parameters(content["notebook"], runs[name])
                except ValueError as error:
                    raise StudyError(f"{path}: run {name}: {error}") from None
    for page, values in content.get("pages", {}).items() if check else ():
        try:
            check_parameters(Path(content["notebook"]).with_name(f"{page}.ipynb"), values or {})
        except ValueError as error:
            raise StudyError(f"{path}: page {page}: {error}") from None
    return Study(
        path.stem, content["title"], content["notebook"], runs,
        {page: values or {} for page, values in content.get("pages", {}).items()}, publish,
    )  # fmt: skip
