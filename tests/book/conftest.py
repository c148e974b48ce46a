"""The built book, and a browser that opens its pages and complains.

The book is built once for all tests of a run; `BGOOD_BOOK=_build/html` takes one that is built already.
"""

import contextlib
import functools
import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import from_npm
import pytest

ROOT = Path(__file__).parents[2]

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--force-prefers-reduced-motion", "--hide-scrollbars",
]  # fmt: skip


@pytest.fixture(scope="session")
def built_book(tmp_path_factory):
    """Folder of the book's HTML, built by the command of `make pages`."""
    if made := os.environ.get("BGOOD_BOOK"):
        return Path(made).resolve()
    folder = tmp_path_factory.mktemp("book")
    done = subprocess.run(
        [sys.executable, "book/build.py", folder], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
    return folder / "_build/html"


@pytest.fixture(scope="session")
def browser():
    """Chromium, driven by playwright; without one its tests are skipped, but not where BGOOD_BROWSER=needed."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if not (CHROMIUM and sync_playwright):
        missing = (
            "no chromium here (Debian: apt install chromium)" if sync_playwright else "playwright is not installed"
        )
        if os.environ.get("BGOOD_BROWSER") == "needed":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


@functools.cache
def gzipped(path):
    """Bytes of a file as a web host would send it."""
    return len(gzip.compress(Path(path).read_bytes(), 6))


class Visit:
    """An open page and what it did.

    Attributes
    ----------
    page : playwright Page
    scheme : str
        ``light`` or ``dark``.
    errors : list of str
        Of the console, and uncaught ones.
    foreign : list of str
        Requests to elsewhere than the book's folder.
    files : set of Path
        Files of the book that were loaded.
    """

    def __init__(self, page, book, scheme="light"):
        self.page, self.book, self.scheme, self.turned = page, book, scheme, False
        self.errors, self.foreign, self.files = [], [], set()
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._note)

    def _note(self, request):
        address = urlsplit(request.url)
        path = Path(unquote(address.path))
        if address.scheme == "file" and path.is_relative_to(self.book):
            self.files.add(path)
        elif address.scheme not in ("data", "blob"):
            self.foreign.append(request.url)

    def turn_dark(self):
        """What a reader sees when the system goes dark while the page is open."""
        self.page.emulate_media(color_scheme="dark")
        self.page.wait_for_selector("html[data-theme=dark]", state="attached")
        self.scheme, self.turned = "dark", True

    def weight(self):
        """Bytes loaded so far, each file gzipped."""
        return sum(gzipped(path) for path in self.files if path.is_file())

    def wide(self):
        """What reaches beyond the right edge, if the page can be scrolled sideways."""
        return self.page.evaluate("""() => {
            const room = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= room) return [];
            const held = (e) => e && (getComputedStyle(e).overflowX !== "visible" || held(e.parentElement));
            const wide = [...document.querySelectorAll("body *")].filter(
                (e) => e.getBoundingClientRect().right > room + 1 && !held(e.parentElement)
            );
            return [`${document.documentElement.scrollWidth} pixels in ${room}`, ...wide.slice(0, 5).map((e) => e.outerHTML.slice(0, 120))];
        }""")

    def scrolling(self):
        """Tables that one must scroll sideways to read, unfolded too: their widths and first rows."""
        return self.page.evaluate("""() => {
            const folded = [...document.querySelectorAll("article details:not([open])")];
            folded.forEach((e) => (e.open = true));
            const wide = [...document.querySelectorAll("article :is(.cell_output, .output, .pst-scrollable-table-container)")]
                .filter((e) => e.querySelector("table") && e.scrollWidth > e.clientWidth + 1)
                .map((e) => `${e.scrollWidth} in ${e.clientWidth}: ${e.querySelector("table").rows[0].innerText}`);
            folded.forEach((e) => (e.open = false));
            return wide;
        }""")

    def axe(self):
        """Violations that axe-core finds: rule and elements. What turned dark is asked about colours only: nothing else changed."""
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate((from_npm.package("axe-core") / "axe.min.js").read_text(encoding="utf-8"))
        only = ", runOnly: ['color-contrast', 'link-in-text-block']" if self.turned else ""
        found = self.page.evaluate(f"axe.run(document, {{preload: false, resultTypes: ['violations']{only}}})")
        return [
            f"{rule['id']}: {', '.join(node['html'][:160] for node in rule['nodes'][:4])}"
            for rule in found["violations"]
        ]

    def complaints(self):
        """All that is wrong with the page as it stands."""
        return [
            *(f"console: {error}" for error in self.errors),
            *(f"foreign: {address}" for address in self.foreign),
            *(f"too wide: {what}" for what in self.wide()),
            *(f"scrolls: {what}" for what in self.scrolling()),
            *(f"axe: {what}" for what in self.axe()),
        ]


@pytest.fixture(scope="session")
def visitor():
    """The class of visits, for pages that are not the book's."""
    return Visit


@pytest.fixture(scope="session")
def contexts(browser):
    """One browser context for each width and colour scheme; what a page stores is stored there."""
    made = {}

    def context(width, dark):
        if (width, dark) not in made:
            made[width, dark] = browser.new_context(
                viewport={"width": width, "height": 844 if width < 600 else 900}, has_touch=width < 600,
                color_scheme="dark" if dark else "light", reduced_motion="reduce",
            )  # fmt: skip
            made[width, dark].set_default_timeout(180_000)  # a busy machine is no fault of the page
        return made[width, dark]

    return context


@pytest.fixture
def visit(built_book, contexts):
    """A function that opens a page: ``with visit("book/index.html", width=390, dark=True) as v: v.page.click(...)``.

    When the block ends without an error, the page must have done nothing wrong: no console error, no
    foreign request, nothing too wide, no violation of axe-core's rules (``check=False`` leaves that out).
    """

    @contextlib.contextmanager
    def opened(name, width=1280, dark=False, check=True):
        path, _, query = name.partition("?")
        page = contexts(width, dark).new_page()
        try:
            it = Visit(page, built_book, "dark" if dark else "light")
            page.goto((built_book / path).as_uri() + (f"?{query}" if query else ""), wait_until="load")
            yield it
            if check:
                wrong = it.complaints()
                assert not wrong, f"{name}, {width} pixels, {it.scheme}:\n" + "\n".join(wrong)
        finally:
            page.close()

    return opened
