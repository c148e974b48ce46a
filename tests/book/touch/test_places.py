"""Where the book's pages have something to touch."""

import re

from touching import NAMES, ROOT


def test_each_is_placed_once():
    files = [
        file
        for folder in ("notebooks", "book")
        for file in (ROOT / folder).glob("*.*")
        if file.suffix in (".ipynb", ".md")
    ]
    texts = [file.read_text(encoding="utf-8") for file in files]
    placed = [name for text in texts for name in re.findall(r"^\s*\"?`{3,}{touch} (\w+)", text, re.M)]
    assert sorted(placed) == NAMES
