"""The wheel, installed elsewhere: an editable install hides what is missing from it."""

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from copied import ROOT, copy_project

pytestmark = pytest.mark.slow
IMPORT_ALL = """
import importlib, pkgutil, bgood_lib
for module in pkgutil.walk_packages(bgood_lib.__path__, "bgood_lib."):
    importlib.import_module(module.name)
print(bgood_lib.__file__)
"""


def run(*command, cwd):
    done = subprocess.run(command, cwd=cwd, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    source = copy_project(folder / "source", without=["results", "book"])
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")
    run(sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", folder, source, cwd=folder)
    [file] = folder.glob("*.whl")
    return file


def test_it_holds_the_library_and_nothing_else(wheel):
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    library = [path for path in (ROOT / "bgood_lib").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert held == {str(path.relative_to(ROOT)) for path in library}
    assert "bgood_lib/runs/record.schema.json" in held


def test_it_runs_in_another_environment(wheel, tmp_path):
    """The dependencies are those of this environment; the library and the command are the wheel's."""
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv/bin/python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path).strip())
    options = ("--no-deps", "--no-index", "--disable-pip-version-check")
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, wheel, cwd=tmp_path)
    # A plain path in a .pth file: what stands in there does not make the editable install visible.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    assert "Local background features" in run(tmp_path / "venv/bin/bgood", "--help", cwd=tmp_path)
    assert "scenes" in run(tmp_path / "venv/bin/bgood", "data", "list", cwd=tmp_path)
    assert run(python, "-c", IMPORT_ALL, cwd=tmp_path).strip() == str(site / "bgood_lib/__init__.py")
