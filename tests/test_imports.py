"""No module imports from a layer above its own, so packages do not import in a circle either."""

import ast
from pathlib import Path

LIBRARY = Path(__file__).parent.parent / "bgood_lib"
# The lowest layer first; the packages of one layer do not import each other.
LAYERS = """utils | metrics networks background_loss datasets | trunk_maps | training features | detectors | evaluation | runs
            | studies | pages classroom | cli"""
LAYER = {package: i for i, layer in enumerate(LAYERS.split("|")) for package in layer.split()}


def imported(node, parts):
    """What an import statement names, as module names within the library; ``parts`` is the module it stands in."""
    if isinstance(node, ast.ImportFrom):
        base = parts[: -node.level] if node.level else []
        names = [[*base, *(node.module or "").split("."), alias.name] for alias in node.names]
    elif isinstance(node, ast.Import):
        names = [alias.name.split(".") for alias in node.names]
    else:
        return []
    return [[part for part in name if part][1:] for name in names if name[0] == LIBRARY.name]


def violations(module, text):
    """Packages that a module (``networks.base``) imports and must not, nested imports included."""
    parts = [LIBRARY.name, *module.split(".")]
    found = {name[0] for node in ast.walk(ast.parse(text)) for name in imported(node, parts) if name}
    return {package for package in found - {parts[1]} if not LAYER.get(package, 99) < LAYER[parts[1]]}


def test_no_import_runs_up():
    files = {".".join(file.relative_to(LIBRARY).with_suffix("").parts): file for file in LIBRARY.rglob("*.py")}
    del files["__init__"]
    assert {name.split(".")[0] for name in files} == set(LAYER)
    assert {name: bad for name, file in files.items() if (bad := violations(name, file.read_text()))} == {}


def test_an_import_that_runs_up_is_found():
    nested = "def f():\n    from .. import runs, utils\n    from ..detectors.registry import DETECTORS"
    assert violations("features", "from .runs.record import read_record") == {"runs"}
    assert violations("networks.base", nested) == {"runs", "detectors"}
    assert violations("metrics.ood", "import bgood_lib.networks\nfrom bgood_lib import cli") == {"networks", "cli"}
    assert violations("evaluation.bank", "from . import judge\nfrom ..utils import files\nimport torch") == set()
