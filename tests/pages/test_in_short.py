"""The verdict, from the published tables; and what it would say of others."""

import re
from pathlib import Path

import pandas as pd
import pytest

from bgood_lib.metrics.paired import paired_difference
from bgood_lib.pages import in_short, venues, verdict

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_figures_are_those_of_the_tables(tmp_path):
    text = in_short.write(tmp_path / "verdict.md", ROOT / "results").read_text()
    photos = venues.view("photos", ROOT / "results")
    auroc = pd.read_csv(ROOT / "results" / photos.folder / "auroc.csv").set_index(["detector", "run"])
    far = auroc[["photos_bare", "photos_places", "photos_textures"]].mean(axis=1)

    def runs(setting):
        return photos.runs[photos.runs["setting"] == setting].set_index("seed")["run"]

    usual = next(name for name in photos.about.index if "0.0005" in name)
    gain = far["MSP"][runs(photos.chosen)].to_numpy() - far["MSP"][runs(usual)].to_numpy()
    assert f"gain {100 * gain.mean():.1f} points" in text
    said, folded = text.split(":::{dropdown}")
    assert said.count("**") == 6 and max(len(part.split()) for part in said.split("\n\n")) < 110
    assert "unseen digit" in said and "CIFAR-10" in said and "claims" in folded
    rows = re.findall(r"^\| .*\(.*n = \d\) \| .*\(.*n = \d\) \|$", folded, re.M)
    assert len(rows) == sum(len(view.venue.parts) for view in venues.views(ROOT / "results").values())


def over(*values):
    return paired_difference({i: x / 100 for i, x in enumerate(values)}, dict.fromkeys(range(len(values)), 0))


CLEAR, ALONE, NOTHING = over(2.0, 2.001, 1.999), over(2.0, 2.6, 1.4), over(2.0, -2.0, 1.0)
WORSE = over(-2.0, -2.001, -1.999)


def family(**claims):
    """A judged family: by claim the differences, one for each kind of images."""
    tests = [
        verdict.ask(getattr(verdict, claim), f"images ({i})", "MSP", found, part=str(i))
        for claim, differences in claims.items()
        for i, found in enumerate(differences)
    ]
    return verdict.judge(tests)


@pytest.mark.parametrize("difference, said", [
    (CLEAR, "It helps on some images.** AUROC, without what a temperature gives, rises by 2.0 points on images (0)"),
    (ALONE, "No gain is sure.** Of all kinds of OOD images, from scenes to CIFAR-10, 1 gains clearly only when taken alone and 2 are unclear"),
    (NOTHING, "No gain is sure.** Of all kinds of OOD images, from scenes to CIFAR-10, 3 are unclear"),
    (WORSE, "No gain is sure.** Of all kinds of OOD images, from scenes to CIFAR-10, 2 are unclear and 1 loses"),
])  # fmt: skip
def test_where_it_helps(difference, said):
    text = in_short.helps(family(DETECTION=[difference, NOTHING, NOTHING]), [("images", 0.9, 0.8)])
    assert said in text and "90.0% instead of 80.0% on images" in text and "sure instead" not in text


def test_confidence_is_spoken_of_where_its_change_is_clear():
    for difference, clear in ((CLEAR, True), (ALONE, True), (NOTHING, False), (WORSE, False)):
        text = in_short.helps(family(DETECTION=[NOTHING], CONFIDENCE=[difference]), sure=(0.5, 0.7, 0.6))
        assert ("50% sure instead of 70%" in text) is clear


@pytest.mark.parametrize("difference, lead", [
    (CLEAR, "Background matters, by little.** Making only background short, not every cell, is worth +2.0 points on images (0)."),
    (ALONE, "Background may matter, by little.** Making only background short, not every cell, is worth +2.0 points on images (0), each clear only when taken alone."),
    (NOTHING, "That background is the reason is not shown.**"),
])  # fmt: skip
def test_whether_background_is_the_reason(difference, lead):
    text = in_short.background(family(BACKGROUND=[difference, NOTHING], PREMISE=[NOTHING]), WORSE, NOTHING)
    assert text.startswith(f"**{lead}")
    assert "by 2.0 points (taken alone)" in text and "does as well" in text and "*because*" in text
    text = in_short.background(family(BACKGROUND=[difference], PREMISE=[CLEAR]), CLEAR, CLEAR)
    assert "true masks" not in text and "does less well" in text and "*because*" not in text


def test_where_background_costs():
    text = in_short.background(family(BACKGROUND=[CLEAR, ALONE, WORSE, NOTHING]))
    assert "worth +2.0 points on images (0); clear only when taken alone: +2.0 points on images (1)" in text
    assert "The change is −2.0 points on images (2)." in text


def test_what_else_a_printed_gain_holds():
    five, two, one = over(5, 5, 5), over(2, 2, 2), over(1, 1, 1)
    text = in_short.rest(five, two, one, one, one, (0.9, 0.8))
    assert text.startswith("**Most of what one would print is a temperature and weight decay.**")
    assert "gain 5.0 points over a plain network with less weight decay (ID accuracy 90.0% instead of 80.0%)" in text
    assert "gives 2.0 of them, more weight decay 1.0, shrinking every cell 1.0" in text
    assert in_short.rest(five, one, one, one, two, (0.9, 0.8)).startswith("**A temperature and weight decay are part")


def test_three_sentences_have_at_most_one_number_each():
    judged = family(DETECTION=[CLEAR, NOTHING, ALONE], BACKGROUND=[CLEAR, NOTHING], PREMISE=[NOTHING])
    text = in_short.plainly(judged, over(5, 5, 5), True, [("images", 0.9, 0.896)])
    *sentences, accuracy = text.split("\n\n")
    assert [re.findall(r"\d+\.\d+", part) for part in (*sentences, accuracy)] == [["2.0"], ["2.0"], ["5.0"], ["0.4"]]
    assert "clearly better on images (0), by 2.0 points" in text and "more than half of them" in text
    assert "cost" not in text and "nothing that is sure" in text
    nothing = in_short.plainly(family(DETECTION=[WORSE], BACKGROUND=[NOTHING], PREMISE=[CLEAR]), over(5, 5, 5), False)
    assert "On no kind of images" in nothing and "a part of them" in nothing and "*because*" not in nothing
    costs = in_short.plainly(family(DETECTION=[CLEAR, WORSE], BACKGROUND=[CLEAR, CLEAR]), over(5, 5, 5), True)
    assert "and on images (1) it costs a little" in costs and "less elsewhere" in costs


@pytest.mark.slow
def test_the_three_sentences_of_the_tables(tmp_path):
    text = in_short.write_short(tmp_path / "landing.md", ROOT / "results").read_text()
    assert text.count("**") == 6 and len(text.split()) < 150
    assert all(len(re.findall(r"\d+\.\d+", part)) <= 1 for part in text.split("\n\n"))
