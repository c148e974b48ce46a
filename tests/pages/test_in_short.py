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
    assert said.count("**") == 10 and max(len(part.split()) for part in said.split("\n\n")) < 110
    assert all(len(re.findall(r"\d+\.\d+|\d+%", part)) <= 4 for part in said.split("\n\n"))
    assert f"less weight decay | +{100 * gain.mean():.1f} (" in folded  # the same gain, by baseline and score
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
        verdict.ask(
            getattr(verdict, claim),
            "photographs" if claim == "CONFIDENCE" else f"images ({i})",
            "MSP",
            found,
            part=str(i),
        )
        for claim, differences in claims.items()
        for i, found in enumerate(differences)
    ]
    return verdict.judge(tests)


@pytest.mark.parametrize("difference, said", [
    (CLEAR, "It helps on some images.** {term}`AUROC` rises by 2.0 points on images (0), beyond what a {term}`temperature` gives (n = 3). On the other kinds"),
    (ALONE, "are taken together; one is clear {term}`alone <verdict>`, by its own interval."),
    (NOTHING, "No gain is sure.** On all kinds, from scenes to CIFAR-10, no gain is *sure*, clear when all 3 tests of this book are taken together."),
    (WORSE, "No gain is sure.** On all kinds"),
])  # fmt: skip
def test_where_it_helps(difference, said):
    assert said in in_short.helps(family(DETECTION=[difference, NOTHING, NOTHING]))


def test_unknown_backgrounds_are_named_with_their_place():
    judged = family(DETECTION=[CLEAR, NOTHING, NOTHING])
    judged["where"] = ["here (objects)", "here (unknown backgrounds)", "there (unknown backgrounds)"]
    assert "On unknown backgrounds (here and there) none is clear at all." in in_short.helps(judged)
    judged["verdict"] = verdict.YES_ALONE
    assert "unknown backgrounds" not in in_short.helps(judged)


def test_confidence_is_spoken_of_where_its_change_is_clear():
    for difference, clear in ((CLEAR, True), (ALONE, True), (NOTHING, False), (WORSE, False)):
        text = in_short.confidence(family(CONFIDENCE=[difference]), (WORSE, WORSE))
        assert (text != "") is clear
        assert not clear or "Its confidence in them is 2.0 points lower than the plain network's" in text
    judged = family(CONFIDENCE=[CLEAR])
    text = in_short.confidence(judged, (WORSE, WORSE), ([0.4], [0.6], [1.1]))
    assert "lower than that of a network with all cells short" in text and "Here these are 0.4 to 0.6." in text
    assert "Weight decay does this (with less of it, the plain network's is 1.1)" in text
    assert "Weight decay" not in in_short.confidence(judged, (WORSE, WORSE), ([0.7], [0.6], [1.1]))
    assert "Below one" not in in_short.confidence(judged, (WORSE, WORSE), ([0.4], [1.1], [1.2]))
    assert "but higher than that of a network with all cells" in in_short.confidence(judged, (WORSE, CLEAR))
    assert "is unclear" in in_short.confidence(judged, (WORSE, NOTHING))


def test_accuracy_names_all_images_that_it_speaks_of():
    found = [("scenes", 0.9, 0.896), ("photographs", 0.5, 0.5), ("", 0.5, 0.503)]
    text = in_short.accuracy(found, [("skeletons", NOTHING), ("others", WORSE)])
    assert text.startswith("On scenes and photographs, accuracy on known images changes by 0.4 points at most")
    assert "on skeletons it rises by 0.3 (n = 3, *unclear*); on others it falls by 2.0 (n = 3)." in text
    assert in_short.accuracy([]) == ""


@pytest.mark.parametrize("difference, lead", [
    (CLEAR, "Which cells are made short matters.** Making only background short, not every cell, is worth +2.0 points on images (0)."),
    (ALONE, "Background may matter, by little.** Making only background short, not every cell, is worth +2.0 points on images (0), each clear only {term}`alone <verdict>`."),
    (NOTHING, "That background is the reason is not shown.**"),
])  # fmt: skip
def test_whether_background_is_the_reason(difference, lead):
    text = in_short.background(family(BACKGROUND=[difference, NOTHING], PREMISE=[NOTHING]), NOTHING)
    assert text.startswith(f"**{lead}")
    assert "does as well" in text and "*because*" in text
    text = in_short.background(family(BACKGROUND=[difference], PREMISE=[CLEAR]), CLEAR)
    assert "does a little less well" in text and "*because*" not in text


def test_where_background_costs():
    judged = family(BACKGROUND=[CLEAR, ALONE, WORSE, NOTHING])
    text = in_short.background(judged, taken=("scenes", 0.943))
    assert "On scenes the rule takes 94% of *all* cells for background" in text
    assert "of *all* cells" not in in_short.background(judged, taken=("scenes", 0.5))
    assert "worth +2.0 points on images (0)." in text
    assert "The change is −2.0 points on images (2)." in text


def test_what_helps_on_unseen_digits_may_not_be_background():
    judged = family(DETECTION=[CLEAR], BACKGROUND=[NOTHING])
    judged["where"] = "scenes (unseen digits)"
    text = in_short.helps(judged, masks=WORSE)
    assert "*not shown* to come from background: shrinking all cells gives nearly as much, and true masks" in text
    assert "not shown" not in in_short.helps(judged, masks=NOTHING)


def test_what_it_costs_is_told_as_what_it_gives():
    judged = family(DETECTION=[CLEAR, WORSE])
    text = in_short.costs(judged, CLEAR, WORSE)
    assert text.startswith("**It can cost.** On images (1) AUROC falls by 2.0 points.")
    assert (
        "There 2.0 points more of the unknown images pass for known" in text and "skeletons" in text and "n = 3" in text
    )
    assert "The other FPR95" not in text
    text = in_short.costs(judged, CLEAR, WORSE, WORSE)
    assert "The other FPR95 gets *better*: 2.0 points fewer of the known images are flagged" in text
    assert in_short.costs(family(DETECTION=[CLEAR]), WORSE, CLEAR) == ""


def test_what_else_an_ordinary_gain_holds():
    five, two, one = over(5, 5, 5), over(2, 2, 2), over(1, 1, 1)
    text = in_short.rest(five, two, one)
    assert text.startswith("**Most of the gain in an ordinary comparison is a temperature and weight decay.**")
    assert (
        "gain 5.0 points over the plain network with less" in text
        and "gives 2.0 of them when it is taken off first" in text
    )
    assert in_short.rest(five, one, one).startswith("**A temperature and weight decay are part")


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
    assert "and on images (1) it costs a little" in costs and "and less on images (1)" in costs
    assert "short costs" not in costs
    control = in_short.plainly(family(DETECTION=[NOTHING], BACKGROUND=[CLEAR]), over(5, 5, 5), True)
    assert "2.0 points on images (0), where making all short costs, elsewhere" in control
    harm = in_short.plainly(family(DETECTION=[CLEAR, WORSE]), over(5, 5, 5), True, (), (), CLEAR, WORSE)
    assert "it costs: more of them pass for known; on skeletons it did harm" in harm
    both = in_short.plainly(family(DETECTION=[CLEAR, WORSE]), over(5, 5, 5), True, (), (), CLEAR, WORSE, WORSE)
    assert "more of them pass for known, though fewer known ones are flagged; on skeletons" in both


@pytest.mark.slow
def test_the_three_sentences_of_the_tables(tmp_path):
    text = in_short.write_short(tmp_path / "landing.md", ROOT / "results").read_text()
    assert text.count("**") == 6 and len(text.split()) < 210
    *sentences, accuracy = text.strip().split("\n\n")
    assert all(len(re.findall(r"\d+\.\d+", part)) <= 1 for part in sentences)
    assert (
        accuracy.startswith("(On scenes, canvas, CIFAR-10, ")
        and "photographs, accuracy" in accuracy
        and "skeletons" in accuracy
    )
