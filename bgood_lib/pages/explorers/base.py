"""What all explorers share: how controls and data are described, and how they become widgets."""

import base64
import importlib
import io
import pkgutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.transforms import Bbox

from ...utils.errors import InputError, nearest
from ...utils.files import read_json, write_json

PARTS = {"base", "cell_buttons", "export", "folded", "trained"}  # modules here that are no explorers


@dataclass(frozen=True)
class Slider:
    """A number between two ends.

    Attributes
    ----------
    label : str
    low, high, default : float
        Both ends are included.
    step : float
    unit : str
        Stands behind the number.
    """

    label: str
    low: float
    high: float
    default: float
    step: float = 1
    unit: str = ""
    kind: str = field(default="slider", init=False)


@dataclass(frozen=True)
class Stops:
    """A slider that moves from one named stop to the next.

    Attributes
    ----------
    label : str
    stops : list of [value, text]
    default : a value
    """

    label: str
    stops: list
    default: str | float
    kind: str = field(default="slider", init=False)


@dataclass(frozen=True)
class Choice:
    """One of several, all in sight.

    Attributes
    ----------
    label : str
    options : list of [value, text]
    default : str
        A value.
    """

    label: str
    options: list
    default: str
    kind: str = field(default="choice", init=False)


@dataclass(frozen=True)
class Toggle:
    """On or off."""

    label: str
    default: bool
    kind: str = field(default="toggle", init=False)


@dataclass(frozen=True)
class Colour:
    """A colour, ``#rrggbb``."""

    label: str
    default: str
    kind: str = field(default="colour", init=False)


@dataclass(frozen=True)
class Cells:
    """Cells of a square map, each taken or not.

    Attributes
    ----------
    label : str
    side : int
    default : str
        A sign a cell, row by row: 1 where it is taken, otherwise 0.
    """

    label: str
    side: int
    default: str
    kind: str = field(default="cells", init=False)


def description(title, controls, data):
    """What page and notebook share of an explorer.

    Parameters
    ----------
    title : str
    controls : dict of str to Slider, Stops, Choice, Toggle, Colour or Cells
    data : dict
        Anything JSON holds; arrays by :func:`pack`.

    Returns
    -------
    dict
    """
    return {"title": title, "controls": {name: asdict(control) for name, control in controls.items()}, "data": data}


def pack(array):
    """An array in a form that JSON and the pages' scripts can hold: uint8, float16 or float32.

    Parameters
    ----------
    array : ndarray

    Returns
    -------
    dict : ``type``, ``shape`` and its bytes (little-endian) in ``base64``.

    Raises
    ------
    InputError
        If it is of another type.
    """
    array = np.asarray(array)
    if array.dtype.name not in ("uint8", "float16", "float32"):
        raise InputError(f"an array of {array.dtype} cannot be packed; make it uint8, float16 or float32")
    data = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"))).tobytes()
    return {"type": array.dtype.name, "shape": list(array.shape), "base64": base64.b64encode(data).decode()}


def unpack(packed):
    """The array of :func:`pack`."""
    flat = np.frombuffer(base64.b64decode(packed["base64"]), np.dtype(packed["type"]).newbyteorder("<"))
    return flat.reshape(packed["shape"]).astype(packed["type"])


def names():
    """Names of all explorers, sorted: list of str."""
    return sorted({module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])} - PARTS)


def find(name):
    """The module of an explorer.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name not in names():
        raise InputError(f"unknown explorer {name!r}; choose one of {', '.join(names())}{nearest(name, names())}")
    return importlib.import_module(f"{__package__}.{name}")


def write(described, path):
    """Write a description for the book, with a checksum."""
    write_json(path, described)


def read(path):
    """A description that :func:`write` wrote."""
    return read_json(path, "write it again: python -m bgood_lib.pages.explorers.export")


def defaults(described):
    """The values of all controls before anything is moved: dict of str to value."""
    return {name: control["default"] for name, control in described["controls"].items()}


def prepared(module, described):
    """The data of a description as the explorer's ``draw`` wants it: once, not at every move."""
    return module.prepare(described["data"]) if hasattr(module, "prepare") else described["data"]


def picture(module, data, values, dpi=90, trim=False):
    """An explorer as a picture.

    Parameters
    ----------
    module : module
        With ``draw(figure, data, values)`` and ``SIZE``, width and height in inches.
    data : dict
        Of :func:`prepared`.
    values : dict
        Of all controls.
    dpi : float, default=90
    trim : bool, default=False
        Cut off what is empty above and below.

    Returns
    -------
    bytes : a PNG
    """
    figure = plt.Figure(figsize=module.SIZE, dpi=dpi)
    module.draw(figure, data, values)
    room = None
    if trim:
        drawn = figure.get_tightbbox()
        room = Bbox([[0, max(drawn.y0 - 0.05, 0)], [module.SIZE[0], min(drawn.y1 + 0.05, module.SIZE[1])]])
    with io.BytesIO() as file:
        figure.savefig(file, format="png", dpi=dpi, bbox_inches=room, pil_kwargs={"compress_level": 1})
        return file.getvalue()


def still(name, described, dpi=144, **values):
    """An explorer before anything is moved, for a page that shows no other figure.

    Parameters
    ----------
    name : str
    described : dict
        A :func:`description`.
    dpi : float, default=144
    **values
        Of controls that are not at their defaults.

    Returns
    -------
    bytes : a PNG
    """
    module = find(name)
    return picture(module, prepared(module, described), {**defaults(described), **values}, dpi, trim=True)


def explore(name, described=None, **sources):
    """An explorer in a notebook.

    Parameters
    ----------
    name : str
        Such as ``live``.
    described : dict, optional
        A :func:`description`, such as :func:`read` gives; by default made from the ``sources``.
    **sources
        What the explorer's ``describe`` reads, such as ``runs="runs/scenes"``.

    Returns
    -------
    ipywidgets.Widget
        It draws anew whenever one of its controls is moved.

    Raises
    ------
    InputError
        If there is no such explorer, or ipywidgets is not installed.
    """
    module = find(name)
    try:
        import ipywidgets
    except ImportError:
        raise InputError("explorers in a notebook need ipywidgets: pip install ipywidgets") from None
    described = described or module.describe(**sources)
    controls = {name: _widget(ipywidgets, control) for name, control in described["controls"].items()}
    data, shown = prepared(module, described), ipywidgets.Image(format="png")

    def draw(_=None):
        shown.value = picture(module, data, {name: control.value for name, control in controls.items()})

    for control in controls.values():
        control.observe(draw, "value")
    draw()
    return ipywidgets.VBox([shown, *controls.values()])


def _widget(ipywidgets, control):
    if control["kind"] == "cells":
        from .cell_buttons import CellButtons

        return CellButtons(control)
    wide = {"description_width": "11em"}
    layout = ipywidgets.Layout(width="32em")
    common = {"description": control["label"], "value": control["default"], "style": wide, "layout": layout}
    if "stops" in control:
        return ipywidgets.SelectionSlider(options=[(text, value) for value, text in control["stops"]], **common)
    if control["kind"] == "slider":
        whole = all(float(control[key]).is_integer() for key in ("low", "high", "step", "default"))
        make = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
        return make(min=control["low"], max=control["high"], step=control["step"], **common)
    if control["kind"] == "choice":
        return ipywidgets.Dropdown(options=[(text, value) for value, text in control["options"]], **common)
    return {"toggle": ipywidgets.Checkbox, "colour": ipywidgets.ColorPicker}[control["kind"]](**common)
