"""Run a notebook with papermill, strictly.

Papermill runs on when a parameter is misspelt or has the wrong type. Here everything is
checked before a kernel starts. What a parameter may be stands in its line of the
notebook's parameters cell, after the explanation: a range or a set of values.

    weight: float = 0.1  # weight of the background loss [0, 100]
    method: str = "background"  # what is trained {cross_entropy, background}
    selector: str = "rank"  # which patches are background {any selector}

``{any ...}`` stands for the entries of a registry, see `_registered`.
"""

import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import papermill
import zmq
from jupyter_client import AsyncKernelManager
from nbclient.exceptions import DeadKernelError

from ..utils import locks
from ..utils.errors import KernelDied, ParameterError, nearest
from ..utils.files import check_zip, naming_full_disk, refuse_unwritable, user_path
from ..utils.kinds import kind_of
from ..utils.strict_yaml import in_yaml

_TYPES = {"int": int, "float": float, "str": str, "bool": bool}
_FORMS = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook: name, type, default (source text), help, and what it may be."""

    name: str
    type: type
    default: str
    help: str
    choices: tuple = ()
    low: float | None = None
    high: float | None = None


def read_parameters(notebook):
    """Parameters of a notebook, from its cell tagged ``parameters``.

    Parameters
    ----------
    notebook : path

    Returns
    -------
    dict of str to Parameter

    Raises
    ------
    ParameterError
        If it is not a notebook, has no such cell, or a parameter has no type
        (``name: int = 0``).
    """
    if not Path(notebook).is_file():
        folders = dict.fromkeys((Path(notebook).parent, Path("notebooks")))
        known = [str(file) for folder in folders for file in sorted(folder.glob("*.ipynb"))]
        others = f"there are {', '.join(known)}" if known else "name another"
        what = f"{notebook} is a folder" if Path(notebook).is_dir() else f"there is no notebook {notebook}"
        raise ParameterError(f"{what}; {others}{nearest(notebook, known)}")
    found = _inspect(Path(notebook), Path(notebook).stat().st_mtime_ns)
    if not found:
        raise ParameterError(f"{notebook} has no cell tagged 'parameters'; name another, or give a cell that tag")
    parameters = {}
    for name, entry in found.items():
        if entry["inferred_type_name"] not in _TYPES:
            raise ParameterError(
                f"{notebook}: parameter {name!r} has the type {entry['inferred_type_name']!r}; "
                f"write `{name}: T = ...` with T one of {', '.join(_TYPES)}"
            )
        text, choices, low, high = (entry["help"] or "").strip(), (), None, None
        if match := re.search(r"\{any (.+)\}$", text):
            choices = _registered(match[1])
        elif match := re.search(r"\{(.+)\}$", text):
            choices = tuple(part.strip() for part in match[1].split(","))
        elif match := re.search(r"\[(\S+), (\S+)\]$", text):
            low, high = float(match[1]), float(match[2])
        kind = _TYPES[entry["inferred_type_name"]]
        parameters[name] = Parameter(name, kind, entry["default"], text, choices, low, high)
    return parameters


@lru_cache
def _inspect(notebook, changed):
    """What papermill says of a notebook as it was at a time; a study asks once a run."""
    try:
        return papermill.inspect_notebook(str(notebook))
    except Exception as error:  # not a notebook, or one without a kernel
        kind = kind_of(notebook)
        what = "JSON, but not of a notebook" if kind == "a JSON file" else kind
        raise ParameterError(
            f"{notebook} cannot be read as a notebook, as it is {what}; name an .ipynb file"
        ) from error


def _registered(what):
    """Names of all data sets that can be trained on (own ones too), methods, profiles, selectors or penalties."""
    from ..background_loss import PENALTIES, SELECTORS
    from ..datasets import trainable_names
    from ..training.config import METHODS, PROFILES

    known = {
        "data set": (), "method": METHODS, "profile": PROFILES, "selector": SELECTORS, "penalty": PENALTIES,
    }  # fmt: skip
    if what not in known:
        raise ParameterError(f"there is no list of {what!r}; after `any` comes one of {', '.join(known)}")
    return tuple(trainable_names() if what == "data set" else known[what])


def check_value(parameter, value):
    """The value in the parameter's type.

    Text, as from a command line, is converted; numbers are never rounded.

    Raises
    ------
    ParameterError
        If the value has the wrong type or is out of range.
    """
    kind, name = parameter.type, parameter.name
    ends = ""
    if parameter.low is not None:
        ends = f" from {parameter.low:,.9g} to {parameter.high:,.9g}"
    about = re.sub(r"\s*[\[{][^\[{]*[\]}]$", "", parameter.help)
    wrong = ParameterError(f"{name} is {in_yaml(value)}; expected {_FORMS[kind]}{ends}" + f" ({about})" * bool(about))
    if isinstance(value, str) and kind is not str:
        if kind is bool:
            value = {"true": True, "false": False}.get(value.lower(), value)
        else:
            try:
                value = kind(value)
            except ValueError:
                raise wrong from None
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise wrong
    if parameter.choices and str(value) not in parameter.choices:
        raise ParameterError(
            f"{name} is {value!r}; choose one of {', '.join(parameter.choices)}{nearest(value, parameter.choices)}"
        )
    if parameter.low is not None and not parameter.low <= value <= parameter.high:
        raise wrong
    return value


def check_parameters(notebook, values, places=None):
    """Values for a notebook, checked against its parameters cell.

    Parameters
    ----------
    notebook : path
    values : dict
    places : dict of str to str, optional
        Where a value stands, for the message: ``p.yaml, line 2``.

    Returns
    -------
    dict of str to bool, int, float or str

    Raises
    ------
    ParameterError
        If a name is unknown (with the valid ones and the nearest), or a value does not fit.
    """
    parameters, found = read_parameters(notebook), {}
    for name, value in values.items():
        try:
            if name not in parameters:
                hint = nearest(name, parameters)
                raise ParameterError(
                    f"{Path(notebook).name} has no parameter {name!r}{hint or ';'} it has: {', '.join(parameters)}"
                )
            found[name] = check_value(parameters[name], value)
        except ParameterError as error:
            raise ParameterError(f"{places[name]}: {error}" if name in (places or ()) else str(error)) from None
    return found


def run_notebook(notebook, output, values, show=True, places=None):
    """Check the parameters, then run the notebook and keep what it did.

    If another process is running a notebook into the same output, it is waited for.

    Parameters
    ----------
    notebook, output : path
    values : dict
    show : bool, default=True
        Print what the notebook prints while it runs, each line with the output's name.
    places : dict of str to str, optional
        See :func:`check_parameters`.

    Raises
    ------
    ParameterError
        Before anything runs.
    ValueError
        If the checkpoint to go on from, in the folder ``out`` of the values, is damaged.
    OSError
        If the disk is full.
    KernelDied
        If the notebook's process was killed, or ran out of memory.
    papermill.PapermillExecutionError
        If a cell fails; the output notebook is kept, with the error at its top.
    """
    values = check_parameters(notebook, values, places)
    output = user_path(output, "the output", "a file")
    if output.suffix != ".ipynb" or (output.exists() and output.samefile(notebook)):
        raise ParameterError(f"the output is {output}; expected a file that ends in .ipynb, other than {notebook}")
    refuse_unwritable(output)
    if "out" in values:
        out = user_path(values["out"], "out")
        if out.exists() and not out.is_dir():
            raise ParameterError(f"out is {out}, a file; name a folder")
        refuse_unwritable(out)
        values["out"] = str(out)
    output.parent.mkdir(parents=True, exist_ok=True)
    label = f"{output.parent.name}/{output.stem}"
    lock = locks.take(output.with_name(f".{output.name}.lock"), lambda other: _say_waiting(output, other))
    with lock, naming_full_disk(output):
        if "out" in values and (checkpoint := Path(values["out"]) / "checkpoint.pt").is_file():
            check_zip(checkpoint)
        try:
            papermill.execute_notebook(
                str(notebook), str(output), parameters=values, progress_bar=False,
                stdout_file=_Labelled(label) if show else None, autosave_cell_every=0,
                kernel_name="python3", kernel_manager_class=_Kernel,
            )  # fmt: skip
        except DeadKernelError:
            raise KernelDied(
                f"the process of {output} was killed, or ran out of memory. Give the same command again: "
                "a training goes on at its last checkpoint"
            ) from None


def _say_waiting(output, other):
    print(f"waiting: {output} is being written by {other}", file=sys.stderr, flush=True)


class _Kernel(AsyncKernelManager):
    """A kernel that ends with this process and, where the machine can, is spoken to encrypted."""

    def format_kernel_cmd(self, *args, **options):
        command = super().format_kernel_cmd(*args, **options)
        return ["bgood_lib.studies.kernel" if word == "ipykernel_launcher" else word for word in command]

    def _transport_encryption_default(self):
        return "auto" if zmq.has("curve") else "disabled"


class _Labelled:
    """What a notebook prints goes to standard output, each line behind a label."""

    def __init__(self, label):
        self.label = label

    def write(self, text):
        sys.stdout.write("".join(f"{self.label}: {line}\n" for line in text.splitlines() if line.strip()))

    def flush(self):
        sys.stdout.flush()
