"""The line to drag, in a browser."""

import pytest
from touching import DATA, press, settle, start, words

from bgood_lib.pages.explorers import base, threshold

pytestmark = pytest.mark.slow
described = base.read(DATA / "threshold.json")
data = described["data"]


def shown(page):
    """Shares that are said of the line, and the figures of the table, as text."""
    settle(page)
    line = page.get_by_label("The line", exact=True).get_attribute("aria-valuetext")
    assert f"Right of the line: {line}." in words(page)
    return line, page.locator(".touch-figures td:nth-child(2)").all_text_contents()


def expected(values):
    picked = values["network"], values["score"], values["ood"]
    swept = threshold.sweep(data, *picked)
    found = threshold.figures(swept)
    place, _ = threshold.stand(data, values, swept, found)
    line = f"{swept['id'][place]:.1%} of ID images are flagged, {swept['ood'][place]:.1%} of OOD images are caught"
    return line, [f"{found[key]:.1%}" for key in threshold.NAMES]


def test_javascript_finds_the_figures_that_python_finds(opened):
    picks = [(n, s, o) for n, by in data["places"].items() for s in by for o in list(data["sets"])[1:]]
    with opened("threshold") as it:
        start(it)
        found = it.page.evaluate(
            """(picks) => picks.map((pick) => {
                const { sweep, figures } = bgoodTouch.explorers.threshold;
                return figures(sweep(bgoodTouch.data.threshold.data, ...pick));
            })""",
            picks,
        )
    for pick, each in zip(picks, found):
        figures = threshold.figures(threshold.sweep(data, *pick))
        for key in threshold.NAMES:
            assert each[key] == pytest.approx(figures[key], abs=1e-9), (pick, key)


def test_network_score_and_set_are_chosen_and_the_line_stays_where_it_should(opened):
    values = base.defaults(described)
    with opened("threshold") as it:
        start(it)
        assert shown(it.page) == expected(values)
        for name in ("network", "score", "ood", "at"):
            control = described["controls"][name]
            value, text = control["options"][1]
            it.page.get_by_role("radio", name=text, exact=True).check(force=True)
            values[name] = value
            assert shown(it.page) == expected(values), name


@pytest.mark.parametrize("width", [1280, 390])
def test_the_line_is_dragged_and_moved_by_keys(opened, width):
    values = {**base.defaults(described), "at": "hand"}
    with opened("threshold", width=width) as it:
        start(it)
        page, plot = it.page, it.page.locator(".touch-drag")
        plot.scroll_into_view_if_needed()
        box = plot.bounding_box()
        page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20, steps=5)
        page.mouse.up()
        line = page.get_by_label("The line", exact=True)
        assert int(line.input_value()) == pytest.approx(threshold.LEVELS / 2, abs=2)
        assert page.get_by_role("radio", name="I put it").is_checked()
        values["line"] = int(line.input_value())
        assert shown(page) == expected(values)
        press(page, "The line", "ArrowRight", 3)
        values["line"] += 3
        assert shown(page) == expected(values)
        press(page, "The line", "End")
        assert shown(page)[0] == "0.0% of ID images are flagged, 0.0% of OOD images are caught"


def test_the_line_is_dragged_by_touch(opened):
    with opened("threshold", width=390) as it:
        start(it)
        it.page.locator(".touch-drag").scroll_into_view_if_needed()
        box = it.page.locator(".touch-drag").bounding_box()
        it.page.touchscreen.tap(box["x"] + box["width"] / 4, box["y"] + 30)
        assert int(it.page.get_by_label("The line", exact=True).input_value()) < 0.3 * threshold.LEVELS


def test_a_score_below_guessing_is_said_to_be(opened):
    with opened("threshold") as it:
        start(it)
        assert "below 50%" not in words(it.page)
        for text in ("Energy", "novel textures"):
            it.page.get_by_role("radio", name=text, exact=True).check(force=True)
        assert "AUROC is below 50%" in words(it.page)
