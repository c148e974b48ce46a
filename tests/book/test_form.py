"""The link to the repository is off until an address is set."""

from types import SimpleNamespace

import form
import pytest
from docutils import nodes
from sphinx_exercise.nodes import exercise_enumerable_node, solution_node


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


def test_questions_are_counted_chapter_by_chapter_and_are_no_exercises():
    def asked(label):
        return exercise_enumerable_node(
            "", nodes.title("", "Exercise"), nodes.paragraph("", "Why?"), label=label, ids=[label]
        )

    page = nodes.section(
        "", asked("a"), solution_node("", nodes.title("", "Solution to"), nodes.paragraph("", "So.")), asked("b")
    )
    form.number_questions(None, page, "page")
    first, answer, second = page.children
    assert [type(node).__name__ for node in page.children] == ["exercise_node", "solution_node", "exercise_node"]
    assert [node.children[0].astext() for node in (first, answer, second)] == ["Question 1", "Answer", "Question 2"]
    assert first["ids"] == ["a"] and first.children[1].astext() == "Why?"


def test_long_names_may_break_over_a_column():
    raw = nodes.raw("", "<th>MSP fpr95_ood_positive</th><td>fpr95_ood_positive</td>", format="html")
    form.break_names(None, nodes.section("", raw))
    assert raw.astext() == "<th>MSP fpr95_<wbr>ood_<wbr>positive</th><td>fpr95_ood_positive</td>"
