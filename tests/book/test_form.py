"""The link to the repository is off until an address is set."""

from types import SimpleNamespace

import form
import pytest
from docutils import nodes


@pytest.mark.parametrize("address, shown", [("", False), ("https://github.com/someone/bgood", True)])
def test_the_link_to_the_repository_waits_for_its_address(address, shown):
    config = SimpleNamespace(html_theme_options={"repository_url": address})
    form.link_repository(None, config)
    assert config.html_theme_options["use_repository_button"] is shown


def test_figures_are_numbered_where_they_are_spoken_of():
    def see():
        return nodes.paragraph("", "", nodes.emphasis("", "What to see:"), nodes.Text(" all of it."))

    captioned = nodes.figure("", nodes.image(), nodes.caption("", "A mark."))
    page = nodes.section(
        "", nodes.image(), nodes.paragraph("", "Text."), see(), see(), captioned, see(), nodes.image(), see()
    )
    form.number_figures(None, page)
    texts = [node.astext() for node in page.findall(lambda one: isinstance(one, nodes.caption | nodes.paragraph))]
    assert texts == [
        "Text.", "Figure 1. What to see: all of it.", "What to see: all of it.", "Figure 2. A mark.",
        "What to see: all of it.", "Figure 3. What to see: all of it.",
    ]  # fmt: skip
