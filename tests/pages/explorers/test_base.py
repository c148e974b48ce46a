import json
import time
from pathlib import Path

import numpy as np
import pytest

from bgood_lib.pages import explorers
from bgood_lib.pages.explorers import base, export
from bgood_lib.utils.errors import InputError

ROOT = Path(__file__).parents[3]
COMMITTED = sorted((ROOT / "results/touch").glob("*.json"))


@pytest.mark.parametrize("kind", ["uint8", "float16", "float32"])
def test_an_array_comes_back_as_it_went(kind):
    array = np.arange(24).reshape(2, 3, 4).astype(kind)
    back = base.unpack(json.loads(json.dumps(base.pack(array))))
    assert back.dtype == array.dtype and (back == array).all()


def test_other_arrays_are_refused():
    with pytest.raises(InputError, match="int64"):
        base.pack(np.arange(3))


def test_an_unknown_explorer_is_named_with_those_there_are():
    with pytest.raises(InputError, match="lvie.*live"):
        base.find("lvie")


def test_every_explorer_describes_draws_and_has_its_page():
    assert {"cell", "live", "weight"} <= set(base.names())
    for name in base.names():
        module = base.find(name)
        assert callable(module.describe) and callable(module.draw) and len(module.SIZE) == 2
        assert (ROOT / f"book/touch/{name}.js").is_file() and (ROOT / f"results/touch/{name}.json").is_file()
    assert {file.stem for file in COMMITTED} == set(base.names())


@pytest.mark.parametrize("file", COMMITTED, ids=lambda file: file.stem)
def test_every_published_description_is_whole_and_has_named_controls(file):
    described = base.read(file)
    assert described["title"] and described["controls"]
    for name, control in described["controls"].items():
        assert control["label"].strip(), name
        places = [value for value, _ in control.get("options", control.get("stops", []))]
        assert not places or control["default"] in places
        if "low" in control:
            assert control["low"] <= control["default"] <= control["high"]


@pytest.mark.parametrize("file", COMMITTED, ids=lambda file: file.stem)
def test_it_draws_its_start(file):
    described = base.read(file)
    assert base.still(file.stem, described, dpi=50)[:4] == b"\x89PNG"
    assert base.defaults(described).keys() == described["controls"].keys()


@pytest.mark.parametrize("file", COMMITTED, ids=lambda file: file.stem)
def test_in_a_notebook_every_control_draws_anew(file):
    pytest.importorskip("ipywidgets")
    widget = explorers.explore(file.stem, base.read(file))
    picture, *controls = widget.children
    for control in controls:
        before = picture.value
        if hasattr(control, "options"):
            control.value = [value for _, value in control.options][-1]
        elif hasattr(control, "max"):
            control.value = control.max if control.value != control.max else control.min
        elif isinstance(control.value, bool):
            control.value = not control.value
        elif control.value.startswith("#"):
            control.value = "#00ff00"
        else:
            continue
        assert picture.value[:4] == b"\x89PNG" and (picture.value is not before), control.description


@pytest.mark.parametrize("file", COMMITTED, ids=lambda file: file.stem)
def test_it_answers_at_once(file):
    """0.2 s on an idle core of ours; four times that here, as machines differ."""
    described, module, spent = base.read(file), base.find(file.stem), []
    data = base.prepared(module, described)
    for _ in range(4):
        began = time.process_time()
        base.picture(module, data, base.defaults(described))
        spent.append(time.process_time() - began)
    assert min(spent) < 0.8


def test_export_tells_an_explorer_what_it_may_know_only(tmp_path, monkeypatch):
    class Module:
        @staticmethod
        def describe(runs="r"):
            return {"title": "t", "controls": {}, "data": {"runs": runs}}

    monkeypatch.setattr(export, "find", lambda name: Module)
    path = export.export("one", tmp_path / "new", runs="mine", results="not its own")
    assert path == tmp_path / "new/one.json" and base.read(path)["data"] == {"runs": "mine"}
