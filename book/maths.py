"""Formulas are drawn when the book is built, by MathJax: pages need no script for them, and no other host.

A formula is an SVG for the eye and MathML for screen readers. One that TeX does not understand is a warning.
"""

import html
import json
import re
import subprocess
import sys
from pathlib import Path

from docutils import nodes
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

sys.path.insert(0, str(Path(__file__).parent))
import from_npm

EX = 0.442  # of an em, in MathJax's fonts; the page's own font has another
LEAST = 0.65
LOGGER = logging.getLogger(__name__)


class Typesetter:
    """MathJax in a process of its own, begun with the first formula."""

    def __init__(self):
        self.process, self.known = None, {}

    def __call__(self, tex, display):
        """Draw one formula.

        Parameters
        ----------
        tex : str
        display : bool
            On a line of its own, or within text.

        Returns
        -------
        str
            HTML.

        Raises
        ------
        ValueError
            It is not TeX; the message is MathJax's.
        """
        if (tex, display) not in self.known:
            self.known[tex, display] = self._ask(tex, display)
        answer = self.known[tex, display]
        if "error" in answer:
            raise ValueError(answer["error"])
        svg = re.sub(r"(-?[\d.]+)ex\b", lambda ex: f"{float(ex[1]) * EX:.3f}em", answer["svg"])
        svg = svg.replace('role="img" focusable="false"', 'aria-hidden="true" focusable="false"', 1)
        mathml = re.sub(r"\n\s*", "", answer["mathml"])
        return f'{svg}<span class="formula-read">{mathml}</span>'

    def _ask(self, tex, display):
        if self.process is None:
            command = [from_npm.node(), str(Path(__file__).with_suffix(".js")),
                       str(from_npm.package("mathjax") / "es5/node-main.js")]  # fmt: skip
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(json.dumps({"tex": tex, "display": display}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"MathJax has ended, exit code {self.process.wait()}, at the formula {tex!r}")
        return json.loads(line)

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait(20)
            self.process = None


typeset = Typesetter()


def _drawn(node, display):
    tex = node.astext()
    if display and "\\\\" in tex and "\\begin" not in tex:
        tex = f"\\begin{{split}}{tex}\\end{{split}}"  # several lines, as Sphinx has it
    try:
        return typeset(tex, display)
    except ValueError as error:
        LOGGER.warning("this is no formula: %s (%s)", tex, error, location=node)
        return f"<code>{html.escape(tex)}</code>"


def _legible(drawn):
    """On a phone a wide formula shrinks to no less than ``LEAST`` of its size; beyond that its line scrolls."""
    width = re.match(r'<svg style="[^>]*? width="([\d.]+)em"', drawn)
    return drawn.replace('style="', f'style="min-width: {LEAST * float(width[1]):.2f}em; ', 1) if width else drawn


def visit_inline(translator, node):
    """A formula within text."""
    translator.body.append(f'<span class="formula notranslate">{_drawn(node, False)}</span>')
    raise nodes.SkipNode


def visit_block(translator, node):
    """A formula on a line of its own, with its number where it has a label."""
    translator.body.append(translator.starttag(node, "div", CLASS="formula-block notranslate"))
    if node["number"]:
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append(f'<span class="formula">{_legible(_drawn(node, True))}</span></div>')
    raise nodes.SkipNode


def setup(app):
    """What Sphinx calls; ``html_math_renderer: drawn`` chooses it."""
    app.add_html_math_renderer("drawn", (visit_inline, None), (visit_block, None))
    app.connect("build-finished", lambda app, exception: typeset.close())
    return {"parallel_read_safe": True}
