"""Photographs and their maps, in a browser."""

import pytest
from touching import DATA, press, settle, start, words

from bgood_lib.pages.explorers import base, photos

pytestmark = pytest.mark.slow
described = base.read(DATA / "photos.json")
data = described["data"]


def shown(page):
    settle(page)
    return page.locator(".touch-maps figcaption").evaluate_all(
        "(all) => all.map((each) => [...each.children].map((part) => part.textContent))"
    )


def expected(i, view, score):
    return [
        [
            network["title"],
            f"{network['classes'][network['likeliest'][view][i]]}, {100 * network['confidence'][view][i] + 1e-9:.0f}%",
            "known" if network["scores"][score]["known"][view][i] == "1" else "unknown",
        ]
        for network in data["networks"]
    ]


def test_each_picture_says_what_the_networks_said(opened):
    with opened("photos") as it:
        start(it)
        for i in range(4):
            assert shown(it.page) == expected(i, "whole", "MSP")
            assert it.page.get_attribute(".touch-photo", "alt").startswith(f"A {data['pictures'][i]['kind']} ")
            it.page.get_by_role("button", name="Next").click()
        press(it.page, "Picture", "End")
        assert shown(it.page) == expected(len(data["pictures"]) - 1, "whole", "MSP")
        it.page.get_by_role("button", name="Next").click()
        assert shown(it.page) == expected(0, "whole", "MSP")


def test_a_square_beside_the_animal_where_there_is_one(opened):
    with opened("photos", width=390, dark=True) as it:
        start(it)
        it.page.get_by_role("radio", name=photos.VIEWS["bare"]).check(force=True)
        it.page.get_by_role("radio", name=data["scores"]["ScaledMSP"]).check(force=True)
        press(it.page, "Picture", "Home")
        for i, picture in enumerate(data["pictures"]):
            if "bare" in picture["views"]:
                assert shown(it.page) == expected(i, "bare", "ScaledMSP")
            else:
                assert "there is no square" in words(it.page) and not it.page.is_visible(".touch-maps")
            it.page.get_by_role("button", name="Next").click()


@pytest.mark.parametrize("score", photos.SCORES)
def test_pictures_are_counted_as_python_counts_them(opened, score):
    with opened("photos") as it:
        start(it)
        it.page.get_by_role("radio", name=data["scores"][score], exact=True).check(force=True)
        settle(it.page)
        told = it.page.locator(".touch-figures td").all_text_contents()
    counts = [photos.counts(data, score, view) for view in photos.VIEWS]
    assert told == [f"{known} of {all_of}" for pair in zip(*counts) for known, all_of in pair]


def test_cells_without_animal_are_framed(opened):
    with opened("photos") as it:
        start(it)
        drawn = "document.querySelector('.touch-map').toDataURL()"
        before = it.page.evaluate(drawn)
        it.page.get_by_label("Frame the cells without animal").check(force=True)
        settle(it.page)
        assert it.page.evaluate(drawn) != before
