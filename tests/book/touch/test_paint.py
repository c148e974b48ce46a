"""Be the selector, in a browser."""

import numpy as np
import pytest
from touching import DATA, press, settle, start, words

from bgood_lib.pages.explorers import base, paint

pytestmark = pytest.mark.slow
described = base.read(DATA / "paint.json")
data = described["data"]
background = base.unpack(data["background"]).astype(bool)
side = background.shape[1]


def percent(share):
    return "–" if np.isnan(share) else f"{100 * share + 1e-9:.0f}%"


def rows(page):
    """Precision, recall and share as the table says them, by row; none before the truth is shown."""
    settle(page)
    if not page.is_visible(".touch-selectors"):
        return {}
    found = page.locator(".touch-selectors tbody tr").evaluate_all(
        "(rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent.trim()))"
    )
    return {name: told[:3] for name, *told in found}


def scored(chosen, i):
    return [percent(share) for share in paint.quality(chosen, background[i]).values()]


def compare(page):
    page.get_by_label("Show the truth and the selectors").check(force=True)


def paint_row(page, row, hold=lambda page: page.mouse):
    box = page.locator("canvas.touch-surface").bounding_box()
    y = box["y"] + (row + 0.5) * box["height"] / side
    page.mouse.move(box["x"] + 4, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 4, y, steps=30)
    page.mouse.up()


def test_what_is_painted_is_scored_beside_the_selectors(opened):
    mine = np.zeros((side, side), bool)
    with opened("paint") as it:
        start(it)
        assert rows(it.page) == {}
        it.page.locator("canvas.touch-surface").scroll_into_view_if_needed()
        for row in (0, side - 1):
            paint_row(it.page, row)
            mine[row] = True
        assert f"painted {2 * side} of {side * side}" in words(it.page)
        compare(it.page)
        found = rows(it.page)
        assert found["you"] == scored(mine, 0) and found["true masks"] == scored(background[0], 0)
        for network in data["networks"].values():
            it.page.get_by_role("radio", name=network["title"], exact=True).check(force=True)
            found = rows(it.page)
            for name, what in data["selectors"].items():
                title = what["title"] + (" (control)" if what["control"] else "")
                assert found[title] == scored(base.unpack(network["chosen"][name])[0], 0), title
        paint_row(it.page, 0)  # what was painted is wiped
        mine[0] = False
        assert rows(it.page)["you"] == scored(mine, 0)


def test_cells_are_painted_with_keys(opened):
    mine = np.zeros((side, side), bool)
    with opened("paint") as it:
        start(it)
        page = it.page
        page.focus("canvas.touch-surface")
        for keys, cell in ((["ArrowRight"] * 2 + ["ArrowDown", " "], (1, 2)), (["ArrowDown", "Enter"], (2, 2))):
            for key in keys:
                page.keyboard.press(key)
            mine[cell] = True
        page.keyboard.press("ArrowUp")
        assert words(page) == "Row 2, column 3: painted."
        compare(page)
        assert rows(page)["you"] == scored(mine, 0)


def test_cells_are_painted_by_touch(opened):
    with opened("paint", width=390) as it:
        start(it)
        it.page.locator("canvas.touch-surface").scroll_into_view_if_needed()
        box = it.page.locator("canvas.touch-surface").bounding_box()
        it.page.touchscreen.tap(box["x"] + 5, box["y"] + 5)
        assert "painted 1 of" in words(it.page)
        assert it.page.eval_on_selector("canvas.touch-surface", "(e) => getComputedStyle(e).touchAction") == "none"


def test_pictures_keep_what_was_painted_and_are_counted_together(opened):
    with opened("paint") as it:
        start(it)
        page = it.page
        it.page.locator("canvas.touch-surface").scroll_into_view_if_needed()
        paint_row(page, 0)
        compare(page)
        page.get_by_role("button", name="Next picture").click()
        assert rows(page) == {} and "painted 0" in words(page)
        paint_row(page, 3)
        compare(page)
        mine = np.zeros((2, side, side), bool)
        mine[0, 0] = mine[1, 3] = True
        pooled = page.locator(".touch-selectors tbody tr td:last-child").first.text_content()
        assert pooled == percent(paint.quality(mine, background[:2])["precision"])
        press(page, "Picture", "Home")
        assert rows(page)["you"] == scored(mine[0], 0)
        page.get_by_role("button", name="Clear").click()
        assert rows(page)["you"][0] == "–"
