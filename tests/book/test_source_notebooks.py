"""The source notebooks: clean, with typed parameters and with words for every picture."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from bgood_lib.studies.notebooks import check_value, read_parameters

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
# What makes a new figure.
DRAWS = re.compile(r"plt\.(subplots|figure)\(|plots\.(confidence_histogram|patch_figure|intervals)\(")


def test_there_are_notebooks():
    assert {"train", "report"} <= {path.stem for path in NOTEBOOKS}


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def cells(path):
    return nbformat.read(path, nbformat.NO_CONVERT).cells


def test_is_valid_and_every_cell_has_an_id(path, cells):
    nbformat.validate(nbformat.read(path, nbformat.NO_CONVERT))
    ids = [cell.get("id") for cell in cells]
    assert all(ids) and len(set(ids)) == len(ids)


def test_holds_no_output(cells):
    for cell in cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None, cell.id


def test_every_cell_compiles(cells):
    for cell in cells:
        if cell.cell_type == "code":
            compile(cell.source, cell.id, "exec")


def test_parameters_are_typed_and_explained_and_their_defaults_fit(path, cells):
    (cell,) = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    parameters, values = read_parameters(path), {}
    exec(cell.source, values)
    assert len(parameters) == len(cell.source.splitlines())
    for name, parameter in parameters.items():
        assert re.sub(r"[\[{].*", "", parameter.help).strip(), f"{name} is not explained"
        assert check_value(parameter, values[name]) == values[name]


def drawing_lines(source, helpers):
    """Does code draw outside of its functions? Functions that draw are added to ``helpers``."""
    draws = False
    for node in ast.parse(source).body:
        text = ast.unparse(node)
        here = bool(DRAWS.search(text)) or any(re.search(rf"\b{name}\(", text) for name in helpers)
        if here and isinstance(node, ast.FunctionDef):
            helpers.add(node.name)
        else:
            draws |= here
    return draws


def test_every_picture_has_an_alt_text(cells):
    helpers = set()
    for cell in cells:
        if cell.cell_type == "code" and drawing_lines(cell.source, helpers):
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt) > 20, f"{cell.id} has no alt text"


def test_settings_a_notebook_offers_are_those_of_the_library(path):
    from bgood_lib.background_loss.selectors import SELECTORS
    from bgood_lib.training.config import METHODS, PROFILES

    known = {"method": METHODS, "profile": PROFILES, "selector": SELECTORS}
    for name, parameter in read_parameters(path).items():
        if name in known:
            assert set(parameter.choices) == set(known[name]), name
