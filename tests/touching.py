"""What tests of things to touch share: a small site with a page for each, and hands to touch with."""

import subprocess
import sys
from pathlib import Path

import from_npm

ROOT = Path(__file__).parents[1]
DATA = ROOT / "results/touch"
NAMES = sorted(file.stem for file in DATA.glob("*.json"))
CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "book")!r})
project, extensions, html_theme = "touch", ["myst_parser", "touch"], "sphinx_book_theme"
"""


def build(source, out):
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", source, out]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def axe(page):
    page.evaluate((from_npm.package("axe-core") / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run('.touch', {preload: false, resultTypes: ['violations']})")
    return [f"{rule['id']}: {[node['html'][:120] for node in rule['nodes'][:3]]}" for rule in found["violations"]]


def start(it):
    it.page.focus(".touch-start")
    it.page.keyboard.press("Enter")
    it.page.wait_for_selector(".touch-stage")
    settle(it.page)


def settle(page):
    """Until what was asked for is drawn: two frames, and what they wait for."""
    page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))"
    )
    page.wait_for_function("document.querySelector('.touch-words')?.textContent !== ''")


def words(page):
    settle(page)
    return page.text_content(".touch-words")


def press(page, label, key, times=1):
    page.get_by_label(label, exact=True).focus()
    for _ in range(times):
        page.keyboard.press(key)


def loaded(it):
    return {path.name for path in it.files if path.parent.name == "touch" and path.suffix == ".js"}
