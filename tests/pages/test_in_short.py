"""The verdict, from the published tables; and what it would say of others."""

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from bgood_lib.metrics.paired import paired_difference
from bgood_lib.pages import in_short, venues

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_figures_are_those_of_the_tables(tmp_path):
    most, elsewhere, background = in_short.sentences(ROOT / "results")
    photos = venues.view("photos", ROOT / "results")
    auroc = pd.read_csv(ROOT / "results" / photos.folder / "auroc.csv").set_index(["detector", "run"])
    far = auroc[["photos_bare", "photos_places", "photos_textures"]].mean(axis=1)

    def runs(setting):
        return photos.runs[photos.runs["setting"] == setting].set_index("seed")["run"]

    gain = far["MSP"][runs(photos.chosen)].to_numpy() - far["MSP"][runs(photos.plain)].to_numpy()
    assert f"{100 * gain.mean():.1f} points" in most
    assert "CIFAR-10" in elsewhere and re.search(r"n = \d", background)
    text = in_short.write(tmp_path / "verdict.md", ROOT / "results").read_text()
    assert text.count("**") == 6 and "claims" in text


@dataclass
class View:
    """A view in which every change is one of three, whatever is asked."""

    change: tuple
    chosen, plain, firm = "ours", "plain", "ScaledMSP"
    runs = pd.DataFrame({"setting": ["ours", "plain"], "accuracy": [0.9, 0.8]})
    venue, folder = venues.find("photos"), "photos"
    about = pd.DataFrame({"plain": [False, True], "method": ["background", "cross_entropy"]}, index=["ours", "plain"])
    sets = ("photos_bare",)

    def control(self, selector):
        return selector

    def difference(self, *_, **__):
        return paired_difference(dict(enumerate(self.change)), dict.fromkeys(range(3), 0))


CLEAR, NOTHING, WORSE = (0.020, 0.021, 0.019), (0.02, -0.02, 0.01), (-0.020, -0.021, -0.019)


@pytest.mark.parametrize("change, leads", [
    (CLEAR, ("It helps where", "Elsewhere it depends", "Background matters, by little", "does less well")),
    (NOTHING, ("No clear gain", "no clear gain", "not clear everywhere", "does as well")),
    (WORSE, ("No clear gain", "Clearly worse", "not clear everywhere", "does as well")),
])  # fmt: skip
def test_what_is_said_follows_the_figures(monkeypatch, change, leads):
    monkeypatch.setattr(in_short, "views", lambda root: {"photos": View(change)})
    text = " ".join(in_short.sentences())
    for lead in leads:
        assert lead in text
    assert "90.0% instead of 80.0%" in text and "sure" not in text


def test_confidence_is_spoken_of_where_its_change_is_clear(monkeypatch):
    class Surer(View):
        runs = View.runs.assign(**{"at_temperature/overconfidence/photos_bare/mean_confidence": [0.5, 0.7]})

        def of_runs(self, *_):
            return self.difference()

    for change, said in ((WORSE, True), (CLEAR, False), (NOTHING, False)):
        monkeypatch.setattr(in_short, "views", lambda root, change=change: {"photos": Surer(change)})
        assert ("50% sure instead of 70%" in in_short.sentences()[0]) is said
