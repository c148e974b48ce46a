"""Related methods side by side: costs are counted, changes are paired by seed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bgood_lib.pages import relatives, relatives_by_set, relatives_found
from bgood_lib.pages.relatives import ROWS, SETS, Measured, Relative, look_cost, step_cost
from bgood_lib.training import outliers
from bgood_lib.training.methods.mood import LOOKS


@pytest.fixture
def few(images, labels, monkeypatch):
    monkeypatch.setattr(outliers.datasets, "load", lambda *name: (images, None))
    monkeypatch.setattr(outliers.datasets, "splits", lambda name: ["test"])
    masks = np.zeros(images.shape[:3], bool)
    masks[:, 8:20, 8:20] = True
    return images[:8], labels[:8], masks[:8]


@pytest.mark.parametrize("method, settings, low, high", [
    ("background", {}, 1.0, 1.1), ("oe", {}, 1.99, 2.01), ("logits", {}, 1.3, 1.4), ("mecam", {}, 1.0, 1.1),
    # half of the steps as outlier exposure, the other half three times so many
    ("doe", {}, 3.9, 4.1), ("doe_background", {"outliers": "background", "penalty": "uniform"}, 1.9, 2.1),
])  # fmt: skip
def test_steps_are_counted_in_those_of_cross_entropy(few, method, settings, low, high):
    assert low <= step_cost(method, *few, **settings) <= high


def test_a_look_of_mecam_is_three(few):
    assert look_cost("mecam", *few[:2]) == pytest.approx(3, abs=0.1)  # for exits, and of what is left of the picture
    assert look_cost("oe", *few[:2]) == 1 < look_cost("prood", *few[:2])


def test_mood_fills_in_at_the_cost_of_a_pass_each(few):
    assert 1.0 <= step_cost("mood", *few, profile="vit") <= 1.1
    assert look_cost("mood", *few[:2], profile="vit") == pytest.approx(1 + LOOKS, abs=0.5)


class Study:
    """Three seeds of two runs on scenes; elsewhere, none."""

    def __init__(self, folder=""):
        runs = () if folder.endswith(("skeletons", "photos", "cifar10", "cifar10_tuned")) else ("cross_entropy", "oe")
        names = [f"{run}-s{seed}" for run in runs for seed in range(3)]
        self.runs = pd.DataFrame({"run": names, "accuracy": np.linspace(0.9, 1, len(names))})
        self.runs = self.runs.assign(**{f"overconfidence/{name}/mean_confidence": 0.7 for name in SETS})
        columns = ["run", "detector", *SETS]
        table = [
            {"run": name, "detector": score, **dict.fromkeys(SETS, 0.1 * i)}
            for i, name in enumerate(names) for score in ("MSP", "Mahalanobis++")
        ]  # fmt: skip
        self.metrics = {"auroc": pd.DataFrame(table, columns=columns)}


def test_changes_are_to_cross_entropy_of_the_same_seed(monkeypatch):
    monkeypatch.setattr(relatives, "read_results", lambda folder: Study())
    measured = Measured()
    assert [row.label for row in measured.rows if row.study == "relatives_scenes"] == ["outlier exposure"]
    row = Relative("outlier exposure", "relatives_scenes", "oe")
    assert measured.of(row) == pytest.approx({0: 0.3, 1: 0.4, 2: 0.5})
    assert measured.change(row).mean == pytest.approx(0.3) and measured.change(row).n == 3
    assert measured.changed(row, "accuracy").mean == pytest.approx(0.06)


def test_what_was_found_is_written_for_every_part_of_the_chapter(tmp_path, monkeypatch):
    monkeypatch.setattr(relatives, "read_results", Study)
    text = relatives_found.write(tmp_path / "found.md").read_text()
    exposure = (
        "- outlier exposure (MSP): +30.0 points (95% interval 30.0 to 30.0, n = 3); ID accuracy 98.0\u00a0±\u00a02.0%"
    )
    assert f"<!-- outliers -->\n{exposure}\n<!-- end outliers -->" in text
    assert f"<!-- doe -->\n{relatives_found.NOT_YET}\n<!-- end doe -->" in text
    chapter = (Path(__file__).parents[2] / "book/relatives.md").read_text()
    assert all(
        f":start-after: <!-- {name} -->\n:end-before: <!-- end {name} -->" in chapter for name in relatives_found.PARTS
    )


def test_a_row_less_another_is_under_one_score(monkeypatch):
    monkeypatch.setattr(relatives, "read_results", lambda folder: Study())
    measured = Measured()
    rows = [Relative(name, "relatives_scenes", name) for name in ("oe", "cross_entropy")]
    assert measured.between(*rows).mean == pytest.approx(0.3) == measured.between(*rows, "MSP").mean


def test_each_row_has_a_label_of_its_own():
    assert len({row.label for row in ROWS}) == len(ROWS)


def test_a_row_that_gains_on_one_set_and_loses_on_another_is_found(monkeypatch):
    monkeypatch.setattr(relatives, "read_results", lambda folder: Study())
    measured, row = Measured(), Relative("outlier exposure", "relatives_scenes", "oe")
    assert not relatives_by_set.two_ways(measured, row)
    table = measured.auroc["relatives_scenes"]
    table.loc[[(f"oe-s{seed}", "MSP") for seed in range(3)], SETS[0]] -= 0.5
    assert relatives_by_set.two_ways(measured, row)
    assert relatives_by_set.of_sets(measured, row).startswith("unseen digits −20.0 points")
    texts = [text.get_text() for text in relatives_by_set.heat(measured, [row]).axes[0].texts]
    assert texts == ["−20.0", "+30.0", "+30.0", "+30.0"]


def test_both_baselines_are_told_and_what_a_row_would_be_against_the_other(monkeypatch):
    monkeypatch.setattr(relatives, "read_results", lambda folder: Study())
    measured, row = Measured(), Relative("outlier exposure", "relatives_scenes", "oe")
    measured.auroc["scenes_factors"] = measured.auroc["scenes_factors"] + 0.1
    measured.runs = {name: runs.assign(device_name=f"of {name}") for name, runs in measured.runs.items()}
    text = relatives_by_set.baselines(measured, row)
    assert "10.0\u00a0±\u00a010.0% in the study `relatives_scenes` (of relatives_scenes, n = 3)" in text
    assert "would be at +20.0 points" in text and "says +30.0 points" in text
