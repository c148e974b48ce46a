"""Tables of relatives on photographs and on CIFAR-10 say what the records say."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from bgood_lib.pages import relatives, relatives_elsewhere, said
from bgood_lib.pages.relatives_elsewhere import FPR95, PHOTOS

SEEDS = (30, 31, 32)


class Study:
    """Of photographs: cross-entropy, outlier exposure, the loss on all cells; a run's AUROC is a number of its own on each set."""

    def __init__(self, folder=""):
        if not folder.endswith("relatives_photos"):
            raise FileNotFoundError(folder)
        runs = ("cross_entropy", "oe", "background-cam_threshold-w0.03", "background-all-w0.03", "mecam_trunk")
        names = [f"{run}-s{seed}" for run in runs for seed in SEEDS]
        self.runs = pd.DataFrame({"run": names, "accuracy": 0.9 + 0.001 * np.arange(len(names))})
        rng = np.random.default_rng(0)
        for selector in ("merged_cams", "cam_threshold"):
            for share in ("precision", "recall", "chance"):
                self.runs[f"selection/{selector}/{share}"] = rng.random(len(names))
        scores = ("MSP", "ScaledMSP")
        index = pd.MultiIndex.from_product([names, scores], names=["run", "detector"])
        self.metrics = {
            name: pd.DataFrame(rng.random((len(index), 6)), index, PHOTOS.sets).reset_index()
            for name in ("auroc", FPR95)
        }


@pytest.fixture
def study(monkeypatch):
    for module in (relatives, relatives_elsewhere):
        monkeypatch.setattr(module, "read_results", Study)
    return Study("relatives_photos")


def test_a_table_is_the_mean_over_sets_and_then_over_seeds(study):
    table = relatives_elsewhere.table(PHOTOS, relatives_elsewhere.measured("photos"))
    assert list(table.columns) == ["n", "ID accuracy", "other objects", "no object", "FPR95"]
    assert list(table.index) == ["cross-entropy", "background loss", "loss on all cells", "outlier exposure"]
    rows = [
        study.metrics["auroc"].query("detector == 'MSP' and run == @run").iloc[0]
        for run in ("oe-s30", "oe-s31", "oe-s32")
    ]
    near = [100 * np.mean([row[name] for name in PHOTOS.near]) for row in rows]
    assert (
        table.loc["outlier exposure", "other objects"] == f"{np.mean(near):.1f}\u00a0±\u00a0{np.std(near, ddof=1):.1f}"
    )
    assert table.loc["outlier exposure", "n"] == 3 and table.loc["outlier exposure", "ID accuracy"].startswith("90.4")


def test_lines_are_a_table_of_changes_and_what_is_left_of_them_beside_controls(study):
    lines = relatives_elsewhere.lines("photos")
    table = {
        label: re.findall("<td>(.*?)</td>", row)
        for label, row in re.findall("<th>(.*?)</th>(.*?)</tr>", lines[0], re.S)
    }
    told = ["cross-entropy", "background loss", "loss on all cells", "outlier exposure"]
    assert [label for label, cells in table.items() if cells] == told
    auroc = study.metrics["auroc"].set_index(["run", "detector"]).mean(axis=1)
    for column, score in enumerate(("MSP", "ScaledMSP")):
        change = np.mean([auroc[f"oe-s{seed}", score] - auroc[f"cross_entropy-s{seed}", score] for seed in SEEDS])
        assert table["outlier exposure"][column].startswith(said.number(change, sign=True) + " (")
    assert table["outlier exposure"][2].startswith("90.4")
    told = [line.partition(", ")[0] for line in lines if line.startswith("- ")]
    assert told == ["- background loss less loss on all cells", "- background loss less outlier exposure"]


def test_a_score_that_is_not_msp_stands_beside_that_of_cross_entropy(study, monkeypatch):
    row = relatives_elsewhere.Relative("DOE", "relatives_photos", "oe", "ScaledMSP")
    monkeypatch.setitem(relatives_elsewhere.PLACES, "photos", dataclasses.replace(PHOTOS, rows=(row,)))
    *_, last = relatives_elsewhere.lines("photos")
    auroc = study.metrics["auroc"].set_index(["run", "detector"]).mean(axis=1)
    change = np.mean([
        auroc[f"oe-s{seed}", "ScaledMSP"] - auroc[f"cross_entropy-s{seed}", "ScaledMSP"] for seed in SEEDS
    ])  # fmt: skip
    assert last.startswith("- DOE, against ScaledMSP of cross-entropy: " + said.number(change, sign=True) + " points")


def test_what_is_not_published_has_no_lines(tmp_path):
    assert relatives_elsewhere.lines("photos", tmp_path) == [] == relatives_elsewhere.exits(tmp_path)
    assert relatives_elsewhere.measured("photos", tmp_path) is None


def test_a_place_has_rows_of_one_study_and_an_all_cells_for_each_background():
    for place in relatives_elsewhere.PLACES.values():
        assert len({row.study for row in place.rows}) == 1 and not set(place.near) & set(place.far)
        labels = [row.label for row in place.rows]
        assert {"loss on all cells", "outliers: all cells"} <= set(labels) and len(set(labels)) == len(labels)


def test_cifar10_is_read_from_its_own_study(monkeypatch):
    asked = []
    monkeypatch.setattr(relatives, "read_results", lambda folder: asked.append(folder) or Study("relatives_photos"))
    relatives_elsewhere.measured("cifar10")
    assert asked == ["results/relatives_cifar10"]


def test_the_map_of_two_exits_stands_beside_that_of_one(study):
    [line] = relatives_elsewhere.exits()
    runs = study.runs.set_index("run")
    for run, selector in (
        ("mecam_trunk", "merged_cams"),
        ("cross_entropy", "merged_cams"),
        ("cross_entropy", "cam_threshold"),
    ):
        share = 100 * runs.loc[[f"{run}-s{seed}" for seed in SEEDS], f"selection/{selector}/precision"]
        assert f"{share.mean():.1f}\u00a0±\u00a0{share.std():.1f}% are" in line


def test_changes_have_a_row_for_each_set(study):
    table = relatives_elsewhere.changes(PHOTOS, relatives_elsewhere.measured("photos"))
    assert list(table.index) == [*PHOTOS.near.values(), *PHOTOS.far.values(), "all, at equal spread"]
    auroc = study.metrics["auroc"].set_index(["run", "detector"])["photos_bare"]
    change = np.mean([auroc[f"oe-s{seed}", "MSP"] - auroc[f"cross_entropy-s{seed}", "MSP"] for seed in SEEDS])
    told = table.loc["bare crops", "outlier exposure"]
    assert told.startswith(f"{100 * change:+.1f} points (95% interval".replace("-", "−")) and len(table.columns) == 3
