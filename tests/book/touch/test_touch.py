"""The things to touch, in a browser: on a small site of one page for each, which the book's own extension builds."""

import shutil

import numpy as np
import pytest
from PIL import Image
from touching import CONF, DATA, NAMES, axe, build, loaded, press, settle, start, words

from bgood_lib.pages.explorers import base, live
from bgood_lib.pages.explorers.folded import Folded

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width, dark", [(1280, False), (1280, True), (390, False), (390, True)])
def test_nothing_is_loaded_before_it_is_started_by_keyboard(opened, name, width, dark):
    with opened(name, width=width, dark=dark) as it:
        assert axe(it.page) == [] and not it.wide()
        assert loaded(it) == {"start.js"}
        assert it.page.is_visible(".touch-still")
        start(it)
        assert loaded(it) == {"start.js", "base.js", f"{name}.js", f"{name}.data.js"}
        assert not it.page.is_visible(".touch-still")
        assert it.page.evaluate("document.activeElement.getAttribute('aria-label')") == f"the explorer {name}"
        small = it.page.evaluate("""[...document.querySelectorAll(".touch-stage *")].filter((e) =>
            [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())).map((e) => {
                const box = e.ownerSVGElement?.viewBox.baseVal;
                const scale = box ? e.ownerSVGElement.getBoundingClientRect().width / box.width : 1;
                return [parseFloat(getComputedStyle(e).fontSize) * scale, e.textContent];
            }).filter(([size]) => size < 10)""")
        assert small == []


@pytest.mark.parametrize("name", NAMES)
def test_it_can_be_used_by_keyboard(opened, name):
    """Every slider and choice has a name, and moving it changes what is said or drawn."""
    with opened(name) as it:
        start(it)
        sliders = it.page.locator(".touch-stage input[type=range]:visible")
        assert sliders.count()
        for slider in sliders.all():
            assert slider.evaluate("(e) => e.labels[0].textContent.trim() !== ''")
            before = slider.input_value()
            slider.focus()
            it.page.keyboard.press("ArrowLeft" if before == slider.get_attribute("max") else "ArrowRight")
            assert slider.input_value() != before


def test_a_page_without_one_gets_no_script(visit):
    with visit("plain.html", check=False) as it:
        assert not loaded(it) and "touch.css" not in {path.name for path in it.files}


def test_a_light_one_starts_when_it_comes_near(opened):
    with opened("near") as it:
        it.page.wait_for_timeout(300)
        assert loaded(it) == {"start.js"}
        it.page.evaluate("document.querySelector('.touch').scrollIntoView()")
        it.page.wait_for_selector(".touch-stage")
        assert "weight.data.js" in loaded(it)


def test_the_still_figure_is_what_is_printed(opened):
    with opened("weight") as it:
        it.page.emulate_media(media="print")
        assert it.page.is_visible(".touch-still") and not it.page.is_visible(".touch-start")
        it.page.emulate_media(media="screen")
        start(it)
        it.page.emulate_media(media="print")
        assert it.page.is_visible(".touch-still") and not it.page.is_visible(".touch-stage")
        it.page.emulate_media(media="screen")


def test_a_picture_is_drawn_before_the_start(opened):
    with opened("still", width=390) as it:
        picture = it.page.locator(".touch-still img")
        assert picture.evaluate("(img) => img.naturalWidth") > 600
        assert picture.bounding_box()["width"] <= 390 and picture.get_attribute("alt").startswith("the explorer seeds")
        start(it)
        assert not picture.is_visible()


def test_a_missing_script_is_told_and_the_next_try_finds_it(built_book, opened, tmp_path):
    script = built_book / "_static/touch/weight.js"
    shutil.move(script, tmp_path)
    try:
        with opened("weight") as it:
            it.page.click(".touch-start")
            it.page.wait_for_function("document.querySelector('.touch-start').textContent.includes('is missing')")
            it.errors.clear()
            shutil.move(tmp_path / "weight.js", script)
            it.page.click(".touch-start")
            it.page.wait_for_selector(".touch-stage")
    finally:
        if not script.exists():
            shutil.move(tmp_path / "weight.js", script)


def test_what_changed_reaches_the_site_though_no_page_did(site_source, built_book):
    style = built_book / "_static/touch/touch.css"
    kept = style.read_text()
    style.write_text("old")
    assert build(site_source, built_book).returncode == 0
    assert style.read_text() == kept


@pytest.mark.parametrize(
    "block, complaint",
    [
        ("```{touch} nothing\n:label: a\nText.\n```", "nothing to touch is called 'nothing'"),
        ("```{touch} weight\nText.\n```", "write a :label:"),
        ("```{touch} weight\n:label: a\n```", "write a :label:"),
    ],
)
def test_a_wrong_block_stops_the_build(tmp_path, block, complaint):
    (tmp_path / "conf.py").write_text(CONF.replace("sphinx_book_theme", "basic"))
    (tmp_path / "index.md").write_text(f"# A page\n\n{block}\n")
    done = build(tmp_path, tmp_path / "out")
    assert done.returncode and complaint in done.stderr


# --- live ---

described = base.read(DATA / "live.json")


def some_values(n=20):
    """Settings of the live page's controls, drawn at random: list of dict."""
    rng, found = np.random.default_rng(0), []
    for _ in range(n):
        values = base.defaults(described)
        for name, control in described["controls"].items():
            if control["kind"] == "slider":
                steps = round((control["high"] - control["low"]) / control["step"])
                values[name] = round(control["low"] + control["step"] * int(rng.integers(0, steps, endpoint=True)), 6)
            elif control["kind"] == "choice":
                values[name] = str(rng.choice([value for value, _ in control["options"]]))
        values["colour"] = f"#{rng.integers(0, 2**24):06x}"
        found.append(values)
    return found


def test_javascript_makes_the_pictures_that_python_makes(opened):
    values = some_values()
    with opened("live") as it:
        start(it)
        made = it.page.evaluate(
            "(all) => { const p = bgoodTouch.picture(bgoodTouch.data.live.data); return all.map((v) => [...p.compose(v)]); }",
            values,
        )
    expected = np.stack([live.compose(described["data"], each) for each in values]).astype(int)
    assert np.abs(np.reshape(made, expected.shape) - expected).max() <= 1


def test_javascript_and_pytorch_agree(opened):
    images = np.stack([live.compose(described["data"], values) for values in some_values()])
    with opened("live") as it:
        start(it)
        found = it.page.evaluate(
            """async (images) => Promise.all(bgoodTouch.data.live.data.networks.map(async (network) => {
                const { run } = bgoodTouch.network(network), all = [];
                for (const image of images) {
                    const { norms, cells, logits } = await run(Uint8ClampedArray.from(image));
                    all.push({ norms: [...norms], cells: cells.map((cell) => [...cell]), logits: [...logits] });
                }
                return all;
            }))""",
            images.reshape(len(images), -1).tolist(),
        )
    assert len(found) == 2
    for network, answers in zip(described["data"]["networks"], found):
        for name, expected in zip(("norms", "cells", "logits"), Folded(network).run(images)):
            values = np.reshape([answer[name] for answer in answers], expected.shape)
            assert np.abs(values - expected).max() < 1e-3, name
            if name == "logits":
                assert (values.argmax(1) == expected.argmax(1)).all()


def shown(page):
    """What the live page shows of both networks: class shares, verdicts, and where the scores stand."""
    settle(page)
    return page.evaluate("""[...document.querySelectorAll(".touch-two > div")].map((side) => ({
        shares: [...side.querySelectorAll(".touch-fills i")].map((bar) => bar.style.width),
        verdicts: [...side.querySelectorAll(".touch-tracks li > span:nth-child(2)")].map((said) => said.textContent),
        places: [...side.querySelectorAll(".touch-dot")].map((dot) => dot.style.left),
    }))""")


def test_what_is_shown_is_what_python_says(opened):
    data = live.prepare(described["data"])
    values = base.defaults(described) | {"size": 24, "digit": "7"}
    image = live.compose(data, values)
    with opened("live") as it:
        start(it)
        it.page.get_by_role("radio", name="7").check(force=True)
        press(it.page, "Size of the digit", "ArrowRight", 24 - described["controls"]["size"]["default"])
        sides = shown(it.page)
    for network, side in zip(data["networks"], sides):
        answer = live.judge(network, image)
        assert [float(width[:-1]) / 100 for width in side["shares"]] == pytest.approx(answer["probabilities"], abs=2e-3)
        known = [answer["scores"][score] <= network["scores"][score]["threshold"] for score in data["scores"]]
        assert side["verdicts"] == ["known" if each else "unknown" for each in known]


@pytest.mark.parametrize(
    "label", [described["controls"][name]["label"] for name in ("x", "y", "size", "opacity", "left", "top")]
)
def test_every_slider_changes_the_answer(opened, label):
    with opened("live") as it:
        start(it)
        before = shown(it.page)
        press(it.page, label, "ArrowLeft", 5)
        after = shown(it.page)
        assert all(a["places"] != b["places"] for a, b in zip(before, after))


def test_the_digit_is_dragged_and_moved_by_keys(opened):
    with opened("live", width=390) as it:
        start(it)
        page, box = it.page, it.page.locator("canvas.touch-surface").bounding_box()
        across = page.get_by_label("Digit, left to right", exact=True)
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2, steps=4)
        page.mouse.up()
        assert int(across.input_value()) == 25
        page.focus("canvas.touch-surface")
        page.keyboard.press("ArrowLeft")
        assert int(across.input_value()) == 24
        page.keyboard.press("+")
        assert (
            int(page.get_by_label("Size of the digit", exact=True).input_value())
            == described["controls"]["size"]["default"] + 1
        )


def test_a_digit_is_drawn_by_hand_and_by_keys(opened):
    with opened("live") as it:
        start(it)
        page = it.page
        page.get_by_role("radio", name="draw it").check(force=True)
        empty, box = shown(page), page.locator("canvas.touch-surface").bounding_box()
        page.mouse.move(box["x"] + 100, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 120, box["y"] + 250, steps=6)
        page.mouse.up()
        by_hand = shown(page)
        assert by_hand != empty
        page.get_by_role("button", name="Clear the drawing").click()
        assert [side["places"] for side in shown(page)] == [side["places"] for side in empty]
        page.focus("canvas.touch-surface")
        for key in [" ", *["ArrowDown"] * 8]:
            page.keyboard.press(key)
        assert shown(page) != empty


def test_ones_own_picture(opened, tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (120, 200, 3), np.uint8)).save(tmp_path / "mine.png")
    (tmp_path / "text.png").write_text("no picture")
    with opened("live") as it:
        start(it)
        assert not it.page.is_visible("input[type=file]")
        it.page.get_by_role("radio", name="your own").check(force=True)
        before = shown(it.page)
        it.page.set_input_files("input[type=file]", tmp_path / "mine.png")
        it.page.wait_for_timeout(300)
        assert shown(it.page) != before
        it.page.set_input_files("input[type=file]", tmp_path / "text.png")
        it.page.wait_for_function("document.querySelector('.touch-words').textContent.includes('could not be read')")


def test_tasks_are_marked_when_they_are_done(opened):
    with opened("live") as it:
        start(it)
        marks = it.page.locator(".touch-done")
        assert marks.all_text_contents() == [""] * marks.count()
        it.page.get_by_role("radio", name="none").check(force=True)
        settle(it.page)
        for picture in ("Flower", "Texture", "Pagoda"):
            it.page.get_by_role("radio", name=picture).check(force=True)
            settle(it.page)
        assert "✓ done" in marks.all_text_contents()


def test_all_that_the_live_page_loads_is_small(opened):
    with opened("live") as it:
        before = it.weight()
        start(it)
        assert it.weight() - before < 350_000


# --- weight, cell ---


def test_the_slider_goes_through_the_networks(opened):
    data = base.read(DATA / "weight.json")["data"]
    with opened("weight") as it:
        start(it)
        said, drawn = [], []
        for network in data["networks"]:
            said.append(words(it.page))
            share = network["scores"]["MSP"]["figures"]["scenes_unseen"]["fpr95_id_positive"]
            assert f"{100 * share:.1f}% of unseen digits pass as known" in said[-1]
            drawn.append(it.page.eval_on_selector_all(".touch-map", "(all) => all.map((each) => each.toDataURL())"))
            press(it.page, "Weight of the background loss", "ArrowRight")
        assert len(set(said)) == len(data["networks"]) and len(set(map(tuple, drawn))) == len(data["networks"])


def test_a_cell_is_pointed_at_and_reached_by_keys(opened):
    data = base.read(DATA / "cell.json")["data"]
    similar = base.unpack(data["networks"][0]["similar"])
    with opened("cell") as it:
        start(it)
        box = it.page.locator("canvas.touch-surface").bounding_box()
        it.page.mouse.move(box["x"] + box["width"] * 2.5 / 8, box["y"] + box["height"] * 6.5 / 8)
        assert words(it.page).startswith("Row 7, column 3:")
        assert f"similarity {similar[1, 0, 6, 2]:.2f}" in words(it.page)
        it.page.mouse.move(0, 0)
        it.page.focus("canvas.touch-surface")
        it.page.keyboard.press("ArrowUp")
        assert words(it.page).startswith("Row 6, column 3:")
        press(it.page, "The crop", "End")
        assert f"{data['crops'][-1]} x {data['crops'][-1]} pixels alone" in words(it.page)
