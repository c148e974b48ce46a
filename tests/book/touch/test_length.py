"""A feature to pull, in a browser."""

import math

import numpy as np
import pytest
from touching import DATA, press, settle, start, words

from bgood_lib.pages.explorers import base, length

pytestmark = pytest.mark.slow
described = base.read(DATA / "length.json")
data = described["data"]


def shares(page):
    settle(page)
    return [float(text.strip(" %")) / 100 for text in page.locator(".touch-answer td:last-child").all_text_contents()]


def expected(values):
    angle = math.radians(values["direction"])
    point = [values["length"] * math.cos(angle), values["length"] * math.sin(angle)]
    return length.answer(data["planes"][values["plane"]], point, values["temperature"])[1]


def test_javascript_answers_as_python_does(opened):
    points = np.random.default_rng(0).normal(scale=5, size=(40, 2)).round(3).tolist()
    with opened("length") as it:
        start(it)
        for name, plane in data["planes"].items():
            for temperature in (0.5, 1, 8):
                found = it.page.evaluate(
                    """([plane, points, t]) => points.map((point) =>
                        bgoodTouch.explorers.length.answer(bgoodTouch.data.length.data.planes[plane], point, t))""",
                    [name, points, temperature],
                )
                logits, softmax = length.answer(plane, points, temperature)
                assert np.allclose([each["logits"] for each in found], logits)
                assert np.allclose([each["shares"] for each in found], softmax)


@pytest.mark.parametrize("plane", list(data["planes"]))
def test_sliders_pull_the_feature(opened, plane):
    values = {**base.defaults(described), "plane": plane}
    with opened("length") as it:
        start(it)
        it.page.get_by_role("radio", name=data["planes"][plane]["title"], exact=True).check(force=True)
        assert shares(it.page) == pytest.approx(expected(values), abs=6e-4)
        for name, key, step in (("length", "ArrowLeft", -0.1), ("direction", "ArrowLeft", -1)):
            press(it.page, described["controls"][name]["label"], key, 12)
            values[name] = round(values[name] + 12 * step, 1)
            assert shares(it.page) == pytest.approx(expected(values), abs=6e-4)
        press(it.page, "Temperature", "ArrowRight")
        values["temperature"] = 2
        assert shares(it.page) == pytest.approx(expected(values), abs=6e-4)
        assert f"length {values['length'] / 2:.2f}" in words(it.page)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_tip_is_pulled(opened, width):
    with opened("length", width=width) as it:
        start(it)
        it.page.locator(".touch-vectors").scroll_into_view_if_needed()
        box = it.page.locator(".touch-vectors").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        if width == 390:
            it.page.touchscreen.tap(x, y - box["height"] / 4)
        else:
            it.page.mouse.move(x, y)
            it.page.mouse.down()
            it.page.mouse.move(x, y - box["height"] / 4, steps=4)
            it.page.mouse.up()
        assert float(it.page.get_by_label("Length", exact=True).input_value()) == pytest.approx(
            data["limit"] / 2, abs=0.2
        )
        assert abs(int(it.page.get_by_label("Direction", exact=True).input_value()) - 90) <= 1
        assert shares(it.page)[0] > 0.99


def test_a_network_shows_its_images_and_how_long_they_are(opened):
    name, plane = list(data["planes"].items())[1]
    with opened("length") as it:
        start(it)
        assert it.page.locator(".touch-spot").count() == 0 and not it.page.get_by_text("OOD images").is_visible()
        it.page.get_by_role("radio", name=plane["title"], exact=True).check(force=True)
        settle(it.page)
        sets = ["test", described["controls"]["ood"]["default"]]
        assert it.page.locator(".touch-spot").count() == sum(plane["dots"][each]["shape"][0] for each in sets)
        legend = it.page.text_content(".touch-legend")
        assert all(f"median length {plane['middle'][each]:.2f}" in legend for each in sets)
