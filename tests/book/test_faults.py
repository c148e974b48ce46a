"""The browser's checks find what they are for: faults planted in a small page."""

import pytest

pytestmark = pytest.mark.slow
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main><h1>A page</h1><p>Text.</p>{}</main></body></html>"""
FAULTS = {
    "an external request": ('<img alt="far" src="https://example.invalid/a.png">', "foreign: https://example.invalid/a.png"),
    "a console error": ("<script>console.error('it broke')</script>", "console: it broke"),
    "an exception": ("<script>throw new Error('it fell')</script>", "console: it fell"),
    "a control without a name": ('<input type="range">', "axe: label"),
    "a picture without words": ('<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">', "axe: image-alt"),
    "pale text": ('<p style="color: #bbb">Pale.</p>', "axe: color-contrast"),
    "a wide table, folded": (
        '<article><details><summary>More</summary><div class="cell_output" style="overflow-x: auto" tabindex="0">'
        '<table style="width: 500px"><tr><th>Wide</th></tr></table></div></details></article>',
        "scrolls: 500 in ",
    ),
    "a wide table in a box of its own": (
        '<article><div class="cell_output"><div class="output text_html" style="overflow-x: auto" tabindex="0">'
        '<table style="width: 500px"><tr><th>Wide</th></tr></table></div></div></article>',
        "scrolls: 500 in ",
    ),
    "an overflow": ('<div style="width: 500px">Wide.</div>', "too wide: "),
}  # fmt: skip


@pytest.fixture
def complaints(contexts, tmp_path, visitor):
    """What is said of a page with something in it."""

    def said(inside):
        (tmp_path / "page.html").write_text(PAGE.format(inside), encoding="utf-8")
        page = contexts(390, False).new_page()
        it = visitor(page, tmp_path)
        page.goto((tmp_path / "page.html").as_uri(), wait_until="load")
        found = it.complaints()
        page.close()
        return found

    return said


def test_what_is_wrong_in_the_dark_alone_is_found(contexts, tmp_path, visitor):
    pale = "<style>html[data-theme=dark] p {background: #111; color: #333}</style>"
    turn = "<script>matchMedia('(prefers-color-scheme: dark)').onchange = () => document.documentElement.dataset.theme = 'dark'</script>"
    (tmp_path / "page.html").write_text(PAGE.format(pale + turn), encoding="utf-8")
    page = contexts(390, False).new_page()
    it = visitor(page, tmp_path)
    page.goto((tmp_path / "page.html").as_uri(), wait_until="load")
    assert it.complaints() == []
    it.turn_dark()
    (found,) = it.complaints()
    page.close()
    assert found.startswith("axe: color-contrast")


def test_a_page_without_a_fault_is_left_in_peace(complaints):
    assert (
        complaints('<button>Go</button><div style="overflow-x: auto" tabindex="0"><p style="width: 500px">A</p></div>')
        == []
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(complaints, fault):
    inside, expected = FAULTS[fault]
    found = complaints(inside)
    assert any(complaint.startswith(expected) for complaint in found), found
