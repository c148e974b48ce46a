"""One's own pictures on a page, and how long the features of their cells are."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bgood_lib.pages.own_pictures import SHOWN, Group, draw_cells, html_page

LIMIT = -0.6


@pytest.fixture
def groups():
    def group(title, n, low):
        rng = np.random.default_rng(n)
        scores = rng.uniform(low, -0.2, n)
        table = pd.DataFrame({
            "path": [f"{title}/<{i}>.jpg" for i in range(n)], "class": "cat & co", "score": scores, "threshold": LIMIT,
            "verdict": np.where(scores > LIMIT, "unknown", "known"),
        })  # fmt: skip
        return Group(title, table, rng.integers(0, 256, (n, 64, 64, 3), np.uint8), rng.uniform(0, 9, (n, 7, 7)))

    return [group("test", 70, -1), group("shuffled", 8, -0.59)]


class _Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "img", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else(groups):
    first = groups[0].table["score"].idxmax()
    groups[0].table["truth"] = np.where(groups[0].table.index == first, "dog", "cat & co")
    text = html_page("Cats & dogs", [("accuracy", "9 < 10")], groups, "MSP")
    page = _Page(text)
    assert not page.open and "Cats &amp; dogs" in text and "9 &lt; 10" in text
    assert not re.search(r"https?://|<script|<link|<iframe", text)
    pictures = [attributes for tag, attributes in page.tags if tag == "img"]
    assert all(picture["src"].startswith("data:image/") and picture["alt"] for picture in pictures)
    verdicts = [sum(group.table["verdict"] == verdict) for group in groups for verdict in ("unknown", "known")]
    assert verdicts[3] == 0 and text.count("<h3>") == 3
    assert text.count("<figcaption") == sum(min(SHOWN, n) for n in verdicts)
    assert text.count("cat &amp; co, is dog") == 1
    assert f"{verdicts[0]} of 70; {SHOWN} of these are shown" in text or verdicts[0] <= SHOWN


def test_the_histogram_says_what_it_shows(groups):
    text = html_page("x", [], groups, "MSP")
    told = re.search(r'<svg [^>]*role="img" aria-label="([^"]*)"', text)[1]
    share = 100 * (groups[0].table["score"] > LIMIT).mean()
    assert (
        told
        == f"Histogram of scores with the threshold at -0.600. test: {share:.0f}% of 70 above it; shuffled: 100% of 8 above it."
    )
    assert "NaN" not in text and "nan" not in re.search(r"<svg.*</svg>", text, re.DOTALL)[0]
    alike = [Group("one", groups[0].table[:1].assign(score=LIMIT), groups[0].images[:1], groups[0].cells[:1] * 0)]
    assert "nan" not in re.search(r"<svg.*</svg>", html_page("x", [], alike, "MSP"), re.DOTALL)[0]


def test_the_longest_cell_is_the_brightest(groups, tmp_path):
    cells = np.zeros((1, 4, 4))
    cells[0, 1, 3] = 5
    table = groups[0].table[:1].assign(path="a/b.jpg")
    group = Group("x", table, np.full((1, 64, 64, 3), 128, np.uint8), cells)
    [file] = draw_cells(group, tmp_path / "drawn")
    assert file.name == "0001-b.png"
    drawn = np.asarray(Image.open(file).convert("L")).astype(int)
    assert drawn.shape[1] > drawn.shape[0] and drawn[150:, 450:].max() > drawn[150:, :300].min()
    assert "longest cell in row 2 of 4, column 4 of 4" in html_page("x", [], [group], "MSP")
