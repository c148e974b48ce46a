"""A small site of one page for each thing to touch, built by the book's own extension."""

import contextlib

import pytest
from touching import CONF, NAMES, axe, build

PAGE = """# A page

Text before.

```{{touch}} {name}
:label: the explorer {name}
{near}
A still figure.
```

Text after.
"""
STOCK = ("invalid theme mode", "THEBE_JS_URL")  # of the theme, not of what is touched


@pytest.fixture(scope="session")
def site_source(tmp_path_factory):
    source = tmp_path_factory.mktemp("touch")
    (source / "conf.py").write_text(CONF)
    pages = {name: PAGE.format(name=name, near="") for name in NAMES}
    pages["still"] = PAGE.format(name="seeds", near=":still:\n")
    pages["near"] = PAGE.format(name="weight", near=":near:\n").replace("Text before.", "Text before.\n" * 900)
    pages["index"] = "# Pages\n\n```{toctree}\n" + "\n".join(pages) + "\nplain\n```\n"
    pages["plain"] = "# Nothing to touch\n\nText.\n"
    for name, text in pages.items():
        (source / f"{name}.md").write_text(text)
    return source


@pytest.fixture(scope="session")
def built_book(site_source):
    """In place of the book: the small site."""
    out = site_source.parent / f"{site_source.name}-html"
    done = build(site_source, out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture
def opened(visit):
    """A function that opens a page and, when all is done, finds nothing wrong with what is touched on it."""

    @contextlib.contextmanager
    def with_page(name, **settings):
        with visit(f"{name}.html", check=False, **settings) as it:
            it.page.wait_for_selector(".touch-start")
            yield it
            errors = [error for error in it.errors if not any(stock in error for stock in STOCK)]
            assert not errors and not it.foreign and not it.wide(), (errors, it.foreign, it.wide())
            assert axe(it.page) == []

    return with_page
