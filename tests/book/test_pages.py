"""Every page of the built book, on a phone and on a desk, light and dark, as a browser has it from a disk."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import build
import pytest

pytestmark = pytest.mark.slow
PAGES = build.pages()
MOST = 1_200_000  # bytes of a page and all that it loads before a click, each file gzipped


@pytest.mark.parametrize("name", [*PAGES, "search", "genindex"])
def test_page(visit, name):
    for width in (1280, 390):
        with visit(f"{name}.html", width=width) as opened:
            assert opened.page.locator("#main-content h1:visible").count() == 1
            heaviest = sorted(((path.stat().st_size, path.name) for path in opened.files), reverse=True)[:4]
            assert opened.weight() < MOST, f"{opened.weight():,} bytes; the largest files, unpacked: {heaviest}"
            in_light = opened.complaints()
            assert not in_light, f"{name}, {width} pixels, light:\n" + "\n".join(in_light)
            opened.turn_dark()  # what is then wrong is found when the block ends


class Links(HTMLParser):
    """What a page points to, and what in it can be pointed to."""

    def __init__(self, text):
        super().__init__()
        self.targets, self.ids = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids.update(filter(None, (attributes.get("id"), tag == "a" and attributes.get("name"))))
        self.targets += [attributes[key] for key in ("href", "src") if attributes.get(key)]


def test_links_within_the_book_lead_somewhere(built_book):
    pages = {
        path: Links(path.read_text(encoding="utf-8"))
        for path in built_book.rglob("*.html")
        if "_static" not in path.parts
    }
    broken = []
    for path, page in pages.items():
        for target in page.targets:
            address = urlsplit(target)
            if address.scheme or address.netloc:
                continue
            file = (path.parent / unquote(address.path)).resolve() if address.path else path
            anchor = unquote(address.fragment)
            if not file.is_file() or (anchor and file in pages and anchor not in pages[file].ids):
                broken.append(f"{path.relative_to(built_book)}: {target}")
    assert len(pages) >= len(PAGES) and not broken, broken


def test_the_way_home_and_the_mark(visit):
    with visit("book/glossary.html", check=False) as opened:
        home = opened.page.locator(".bd-sidebar-primary a.navbar-brand")
        assert home.locator("img").evaluate_all("images => images.some((i) => i.naturalWidth > 0)")
        home.click()
        assert opened.page.url.endswith("/book/index.html")


def test_formulas_show(built_book, visit):
    """Each page with formulas shows them as pictures that have a size, with MathML beside them; no TeX is left."""
    pages = [page for page in PAGES if 'class="formula' in (built_book / f"{page}.html").read_text(encoding="utf-8")]
    for name in pages:
        with visit(f"{name}.html", width=390, check=False) as opened:
            sizes = opened.page.locator(".formula > svg").evaluate_all(
                "found => found.map((e) => [e.getBoundingClientRect().width, e.getBoundingClientRect().height])"
            )
            assert sizes and min(map(min, sizes)) > 3
            assert opened.page.locator(".formula math").count() == len(sizes)
            assert not re.search(r"\\(frac|lVert|sum|mathrm|text|left)\b", opened.page.inner_text("article"))
