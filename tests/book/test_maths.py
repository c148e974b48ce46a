"""Formulas are drawn when the book is built."""

import re
import xml.etree.ElementTree as ElementTree

import from_npm
import maths
import pytest


@pytest.fixture(scope="module")
def typeset():
    typesetter = maths.Typesetter()
    yield typesetter
    typesetter.close()


@pytest.mark.parametrize("display", [False, True])
def test_a_formula_is_a_picture_with_mathml_beside_it(typeset, display):
    picture, mathml = re.fullmatch(
        r'(<svg.*</svg>)<span class="formula-read">(.*)</span>',
        typeset(r"\lVert z \rVert_2 < \frac{1}{2}", display),
        re.S,
    ).groups()
    svg = ElementTree.fromstring(picture)
    assert svg.get("aria-hidden") == "true" and re.fullmatch(r"[\d.]+em", svg.get("width"))
    # The picture is as large as its own coordinates say: 1,000 an em.
    width = float(svg.get("viewBox").split()[2]) / 1000
    assert float(svg.get("width")[:-2]) == pytest.approx(width, abs=0.01)
    assert "http" not in re.sub(r'xmlns="[^"]*"', "", picture + mathml)
    shown = "".join(ElementTree.fromstring(mathml).itertext())
    assert "z" in shown and "<" in shown and (ElementTree.fromstring(mathml).get("display") == "block") == display


def test_a_wide_formula_shrinks_so_far_and_then_scrolls(typeset):
    drawn = typeset(r"\sum_i x_i", True)
    width = float(re.search(r'width="([\d.]+)em"', drawn)[1])
    least = float(re.match(r'<svg style="min-width: ([\d.]+)em; vertical-align', maths._legible(drawn))[1])
    assert least == pytest.approx(maths.LEAST * width, abs=0.01)
    assert maths._legible("<code>no formula</code>") == "<code>no formula</code>"


@pytest.mark.parametrize(
    "tex, why", [(r"\unknown x", "Undefined control sequence"), (r"\frac{1", "Missing close brace")]
)
def test_what_is_no_formula_is_an_error(typeset, tex, why):
    with pytest.raises(ValueError, match=why):
        typeset(tex, True)


def test_a_package_that_is_not_the_one_pinned_is_refused(monkeypatch, tmp_path):
    def bring(what, folder):
        (folder / "x.tgz").write_bytes(b"something else")
        return folder / "x.tgz"

    monkeypatch.setattr(from_npm, "KEPT", tmp_path / "npm")
    monkeypatch.setattr(from_npm, "_fetch", bring)
    with pytest.raises(RuntimeError, match="mathjax@.*SHA-512 differs"):
        from_npm.package("mathjax")
    assert not list((tmp_path / "npm").iterdir())
