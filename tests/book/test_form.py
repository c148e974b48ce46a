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


@pytest.mark.parametrize("title, heading", [("Record: one", "Record: one"), (None, "The record")])
def test_a_page_is_called_as_the_table_of_contents_calls_it(title, heading):
    env = SimpleNamespace(docname="page", external_site_map={"page": SimpleNamespace(title=title)})
    page = nodes.section("", nodes.title("", "The record"), nodes.section("", nodes.title("", "Below")))
    form.name_pages(SimpleNamespace(env=env), page)
    assert [node.astext() for node in page.findall(nodes.title)] == [heading, "Below"]


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


@pytest.mark.parametrize("cell, broken", [
    ("<th>MSP fpr95_ood_positive</th>", "<th>MSP fpr95_<wbr>ood_<wbr>positive</th>"),
    ("<td>fpr95_ood_positive</td>", "<td>fpr95_ood_positive</td>"),
    ("<th>photos_blind_choice</th>", "<th>photos_<wbr>blind_<wbr>choice</th>"),
    ("<th>bare backgrounds</th>", "<th>bare back\u00adgrounds</th>"),
    ("<th>Mahalanobis++</th>", "<th>Mahala\u00adnobis++</th>"),
    ("<td>background</td>", "<td>background</td>"),
    ("<td>95.0\u00a0±\u00a00.6</td>", "<td>95.0 ±\u00a00.6</td>"),
    ("<td>0b074429356f13c6</td>", "<td>0b0744<wbr>29356f<wbr>13c6</td>"),
    ("<td>1.4 to 11</td>", "<td>1.4 to 11</td>"),
])  # fmt: skip
def test_cells_of_a_table_may_break(cell, broken):
    raw = nodes.raw("", f"<table>{cell}</table>", format="html")
    form.break_cells(None, nodes.section("", raw))
    assert raw.astext() == f"<table>{broken}</table>"
