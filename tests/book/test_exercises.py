"""The book's table of exercises: buttons wait for an address, and chapters are the book's."""

import build
import planted
import pytest

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
