"""Comparisons on a small published study with known answers."""

import matplotlib.pyplot as plt
import pytest

from bgood_lib.metrics.paired import Difference
from bgood_lib.pages import controls, venues
from bgood_lib.studies.tables import make_study_tables, write_study_tables

# AUROC of MSP by method, selector and study; ScaledMSP has half the gain.
GAINS = {
    "fresh": {("cross_entropy", None): 0.70, ("background", "rank"): 0.76, ("background", "all"): 0.74},
    "masks": {("cross_entropy", None): 0.60, ("background", "least_evidence"): 0.61, ("background", "rank"): 0.62,
              ("background", "all"): 0.65, ("background", "oracle"): 0.68},
}  # fmt: skip


@pytest.fixture
def kinds(make_record, tmp_path, monkeypatch):
    for study, gains in GAINS.items():
        made = {}
        for (method, selector), auroc in gains.items():
            for seed in range(3):
                config = {"method": method, "selector": selector, "seed": seed, "weight": 0.1 if selector else 0.0}
                record = make_record({**config, "n_train": 0})
                entry = record["data"]["ood"][0]
                record["data"]["ood"] = [{**entry, "name": name, "group": name} for name in ("one", "two")]
                base = gains["cross_entropy", None]
                record["metrics"] = [
                    {**record["metrics"][0], "ood": name, "detector": score, "auroc": base + share * (auroc - base)}
                    for name in ("one", "two")
                    for score, share in (("MSP", 1), ("ScaledMSP", 0.5))
                ]
                record["weights_sha256"] = f"{len(study) * 1000 + len(made):064x}"
                made[f"{method}-{selector}-s{seed}"] = record
        write_study_tables(make_study_tables(made), tmp_path / study)
    venue = venues.Venue("mine", "my images", (("fresh",),), {"ones": ("one",), "both": ("one", "two")}, masks="masks")
    without = venues.Venue("unmasked", "others", (("fresh",),), {"ones": ("one",)})
    monkeypatch.setattr(venues, "VENUES", (venue, without))
    return controls.kinds(tmp_path)


def test_kinds_have_place_label_and_studies(kinds):
    assert [(kind.place, kind.label) for kind in kinds] == [("my images", "ones"), ("my images", "both")]
    assert [study.folder for study in kinds[0].studies] == ["fresh", "masks"]


def test_the_first_study_that_has_both_counts(kinds):
    ones, _ = kinds
    assert ones.difference("background", "plain").mean == pytest.approx(0.06)
    assert ones.difference("background", "all").mean == pytest.approx(0.02)
    # Of true masks the second study alone knows; there, too, the background choice is that of the first.
    assert ones.difference("oracle", "all").mean == pytest.approx(0.03)
    assert ones.difference("oracle", "background").mean == pytest.approx(0.06)
    assert ones.difference("border", "all") is None


def test_the_score_that_no_temperature_moves(kinds):
    ones, _ = kinds
    assert ones.difference("background", "plain", "firm").mean == pytest.approx(0.03)
    assert ones.difference("plain", "plain", "firm", other_score="MSP").mean == pytest.approx(0)


def test_several_in_a_row():
    up, down = (Difference(3, mean, 0.01, mean - 0.01, mean + 0.01) for mean in (0.02, -0.03))
    rows = [("scenes", "digits", [up, down]), ("scenes", "bare", [None, up]), ("photographs", "bare", [up, None])]
    figure = controls.beside(rows, {"MSP": "background", "Energy": "other"}, "points")
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["scenes", "photographs"]
    dots = [axis.collections[1].get_offsets()[:, 0].tolist() for axis in figure.axes]
    assert dots == [[pytest.approx(2)], [pytest.approx(2)]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["MSP", "Energy"]
    plt.close("all")
