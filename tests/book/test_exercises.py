"""The book's table of exercises: buttons wait for an address, and chapters are the book's."""

from types import SimpleNamespace

import build
import planted
import pytest
from docutils import nodes
from docutils.utils import new_document

import exercises


@pytest.mark.parametrize(
    "theme, hosts",
    [
        (
            {
                "repository_url": "",
                "launch_buttons": {"colab_url": "https://colab.example", "binderhub_url": "https://b.example"},
            },
            [],
        ),
        (
            {
                "repository_url": "https://github.com/someone/bgood",
                "launch_buttons": {"colab_url": "", "binderhub_url": ""},
            },
            [],
        ),
        (
            {
                "repository_url": "https://github.com/someone/bgood",
                "launch_buttons": {"colab_url": "https://c.example", "binderhub_url": "https://b.example"},
            },
            ["Colab", "Binder"],
        ),
    ],
)
def test_buttons_wait_for_an_address(theme, hosts):
    found = exercises.buttons(planted.exercise("1_measuring"), theme)
    assert list(found) == hosts
    if hosts:
        assert found["Colab"] == "https://c.example/github/someone/bgood/blob/students/1_measuring/1_measuring.ipynb"
        assert (
            found["Binder"]
            == "https://b.example/v2/gh/someone/bgood/students?urlpath=lab/tree/1_measuring/1_measuring.ipynb"
        )
        heavy = planted.exercise("5_background_loss")
        assert list(exercises.buttons(heavy, theme)) == ["Colab"]  # Binder has no PyTorch


@pytest.mark.parametrize("name", planted.NAMES)
def test_a_chapter_is_a_page_of_the_book(name):
    assert planted.exercise(name).chapter in build.pages()


def app_of(docname):
    """What the book's events get, for one page."""
    builder = SimpleNamespace(get_relative_uri=lambda docname, page: f"to/{page}.html")
    return SimpleNamespace(env=SimpleNamespace(docname=docname), builder=builder)


@pytest.mark.parametrize("solutions, ends", [("", ["#idea", "#length-end", "#verdict"]), ("hide", ["#idea"])])
def test_names_of_slides_lead_there_and_those_that_answer_only_where_these_are(monkeypatch, solutions, ends):
    monkeypatch.setenv("BGOOD_SOLUTIONS", solutions)
    page = new_document("page")
    for text in ("#idea", "#length-end", "#verdict", "make class"):
        page += nodes.paragraph("", "", nodes.literal("", text))
    exercises.link_slides(app_of(exercises.PAGE), page)
    assert [one["refuri"] for one in page.findall(nodes.reference)] == [
        f"../exercises/slides.html{end}" for end in ends
    ]


@pytest.mark.parametrize("name", planted.NAMES)
def test_a_box_links_the_zip_and_comes_first_where_the_chapter_answers_it(name):
    of, page = planted.exercise(name), new_document("page")
    about, text = nodes.admonition(classes=["tip"]), nodes.paragraph("", "a chapter")
    page += nodes.section("", nodes.title("", "Chapter"), about, text)
    exercises.point(app_of(of.chapter), page)
    boxes = [box for box in page[0].children[1:] if f"exercises/{name}.zip" in str(box)]
    assert len(boxes) == 1
    assert (page[0].index(boxes[0]) < page[0].index(text)) == of.first


def test_a_chapter_without_an_exercise_of_its_own_ends_with_one_that_goes_with_it():
    chapters = {planted.exercise(name).chapter for name in planted.NAMES}
    assert not chapters & set(exercises.NEAR) and set(exercises.NEAR) <= set(build.pages())
    for chapter, name in exercises.NEAR.items():
        page = new_document("page")
        page += nodes.section("", nodes.title("", "Chapter"), nodes.paragraph("", "a chapter"))
        exercises.point(app_of(chapter), page)
        box = page[0][-1]
        assert f"exercises/{name}.zip" in str(box) and box.astext().startswith("Do it yourself")
        assert "has its answers" not in box.astext()
