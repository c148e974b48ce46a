"""Seeds of no effect, in a browser."""

import numpy as np
import pytest
from touching import DATA, press, settle, start, words

from bgood_lib.pages.explorers import base, seeds

pytestmark = pytest.mark.slow
described = base.read(DATA / "seeds.json")
data = described["data"]


def counted(page):
    settle(page)
    return page.locator(".touch-figures td:nth-child(2)").all_text_contents()


def expected(values, pages):
    total = seeds.count(data, values, range(1, pages + 1))

    def of(part, whole):
        return f"{total[part]} of {total[whole]} ({100 * total[part] / total[whole]:.1f}%)"

    some = (
        [("missed", "tests"), ("with_miss", "pages"), ("with_corrected", "pages")]
        if values["n"] >= data["fewest"]
        else []
    )
    return [of(*pair) for pair in [("up", "tests"), ("as_large", "tests"), *some]]


def test_javascript_draws_what_python_draws(opened):
    with opened("seeds") as it:
        start(it)
        for values in ({"n": 3, "tests": 20, "study": "photos"}, {"n": 20, "tests": 40, "study": "scenes_confirm"}):
            found = it.page.evaluate(
                """([values, page]) => {
                    const { data } = bgoodTouch.data.seeds;
                    const quantiles = bgoodTouch.ui.unpack(data.quantiles);
                    return bgoodTouch.explorers.seeds.drawPage({ ...data, quantiles }, values, page);
                }""",
                [values, 77],
            )
            drawn = seeds.draw_page(data, values, 77)
            for key in drawn:
                assert np.allclose([each[key] for each in found], drawn[key]), key


def test_the_count_runs_and_follows_the_sliders(opened):
    values = base.defaults(described)
    with opened("seeds") as it:
        start(it)
        assert counted(it.page) == expected(values, 1)
        it.page.get_by_role("button", name="Draw another page").click()
        assert counted(it.page) == expected(values, 2)
        it.page.get_by_role("button", name="Draw 100 more").click()
        assert counted(it.page) == expected(values, 102)
        press(it.page, "Tests on the page", "ArrowRight", 5)
        values["tests"] += 5
        assert counted(it.page) == expected(values, 102)
        it.page.get_by_role("radio", name="CIFAR-10").check(force=True)
        values["study"] = "cifar10_confirm"
        assert counted(it.page) == expected(values, 102)
        press(it.page, "Seeds of each test (n)", "Home")
        values["n"] = 1
        assert counted(it.page) == expected(values, 102)
        assert "no interval that could warn you" in words(it.page)
        it.page.get_by_role("button", name="Start again").click()
        assert counted(it.page) == expected(values, 1)


def test_intervals_that_miss_zero_are_marked(opened):
    values = {"n": 3, "tests": 40, "study": "scenes_confirm"}
    with opened("seeds", width=390) as it:
        start(it)
        press(it.page, "Tests on the page", "End")
        missed = seeds.draw_page(data, values, 1)["missed"].sum()
        assert it.page.locator("circle.touch-missed").count() == missed
        assert it.page.locator("circle.touch-held").count() == 40 - missed
