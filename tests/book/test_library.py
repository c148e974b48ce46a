"""The pages of the library: one for every package, which holds its title and no more."""

import importlib.util
from pathlib import Path

BOOK = Path(__file__).parents[2] / "book"


def test_every_package_has_a_page():
    spec = importlib.util.spec_from_file_location("library", BOOK / "library.py")
    library = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(library)
    pages = {file.stem: file.read_text() for file in (BOOK / "library").glob("*.md")}
    names = [package.removeprefix("bgood_lib.") for package in library.packages()]
    assert pages == {name: f"# {name}\n" for name in names}
