"""Hyper-parameters in three ways."""

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
from pytorch_ood.detector import EnergyBased
from typer.testing import CliRunner

from bgood_lib.cli.main import app
from bgood_lib.detectors import registry, scoring
from bgood_lib.detectors.registry import Entry
from bgood_lib.evaluation import tuning, validation
from bgood_lib.features import Bank
from bgood_lib.metrics.ood import ood_metrics


@pytest.fixture
def bank():
    rng = np.random.default_rng(0)
    weight, bias = rng.normal(size=(4, 6)), rng.normal(size=4)
    sizes = {"train": 100, "test": 200, "far": 50, "val_ood": 40, "val_jigsaw": 20}
    shift = {"far": 0.7, "val_ood": 0.5, "val_jigsaw": 1}
    features = {name: rng.normal(shift.get(name, 0), 1, (n, 6)) for name, n in sizes.items()}
    labels = {name: (features[name] @ weight.T + bias).argmax(1) for name in ("train", "test")}
    return Bank.from_arrays(features, labels, weight, bias)


@pytest.fixture
def split(bank):
    return validation.set_aside(bank)


def test_the_best_of_the_grid_is_found(split):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tuning.EdgeWarning)
        best, grid = tuning.search("ReAct", split, "val_ood")
    assert grid["percentile"].tolist() == registry.DETECTORS["ReAct"].grid["percentile"]
    for _, row in grid.iterrows():
        fitted = scoring.fit("ReAct", split, percentile=row["percentile"])
        expected = ood_metrics(fitted.score(split["val"]), fitted.score(split["val_ood"]))
        assert row["auroc"] == pytest.approx(expected["auroc"])
    assert best == {"percentile": grid.loc[grid["auroc"].idxmax(), "percentile"]}


def test_every_combination_is_tried(split):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, grid = tuning.search("VRA", split, "val_jigsaw")
    names = ["lower_percentile", "upper_percentile"]
    expected = itertools.product(*(registry.DETECTORS["VRA"].grid[name] for name in names))
    assert [tuple(row) for row in grid[names].to_numpy()] == list(expected)


@pytest.fixture
def peak(monkeypatch):
    """A detector whose AUROC is given by its parameter x."""

    def install(quality, grid):
        class Peak(EnergyBased):
            def __init__(self, x):
                super().__init__(None)
                self.x = x

            def predict_logits(self, logits):
                value = quality(self.x)
                if value is None:
                    raise RuntimeError("x is too large")
                clear = logits.new_zeros(len(logits)) + (len(logits) == 40)  # val_ood has 40 images
                clear[: round(len(logits) * (1 - value))] = 0.5
                return clear

        monkeypatch.setitem(registry.DETECTORS, "Peak", Entry(lambda head, x=2: Peak(x), {"x": grid}))

    return install


def test_a_choice_on_the_edge_warns(split, peak):
    peak(lambda x: x / 10, [1, 2, 3, 4])
    with pytest.warns(tuning.EdgeWarning, match=r"Peak: the best x, 4, is on the edge of its grid \[1, 2, 3, 4\]"):
        best, _ = tuning.search("Peak", split, "val_ood")
    assert best == {"x": 4}


@pytest.mark.parametrize("quality", [lambda x: 0.9 if x == 3 else 0.1, lambda x: 0.5])
def test_a_choice_inside_does_not_and_ties_go_inside(split, peak, quality):
    peak(quality, [1, 2, 3, 4])
    with warnings.catch_warnings():
        warnings.simplefilter("error", tuning.EdgeWarning)
        best, _ = tuning.search("Peak", split, "val_ood")
    assert best["x"] in (2, 3)


def test_a_combination_that_fails_is_left_out(split, peak):
    peak(lambda x: x / 10 if x < 3 else None, [1, 2, 3])
    best, grid = tuning.search("Peak", split, "val_ood")
    assert best == {"x": 2} and grid["error"].tolist()[2] == "RuntimeError: x is too large"
    peak(lambda x: None, [1, 2, 3])
    with pytest.raises(ValueError, match="Peak fails on all of its grid: RuntimeError: x is too large"):
        tuning.search("Peak", split, "val_ood")


def test_what_cannot_be_searched_is_refused(bank, split):
    with pytest.raises(ValueError, match="MSP has no grid to search; with one: .*ReAct"):
        tuning.search("MSP", split, "val_ood")
    with pytest.raises(ValueError, match="the bank has no set 'val' to choose"):
        tuning.search("ReAct", bank, "val_ood")


def test_three_ways_side_by_side(bank):
    lines = []
    found = tuning.compare(bank, detectors=["MSP", "ReAct", "KNN"], say=lines.append)
    assert list(found) == ["default", "ood", "jigsaw"]
    split = validation.set_aside(bank)
    for way, val in (("ood", "val_ood"), ("jigsaw", "val_jigsaw")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            best, _ = tuning.search("ReAct", split, val)
        row = found[way].rows.query("detector == 'ReAct' and set == 'far'").iloc[0]
        assert row["parameters"] == str(best)
        scores = scoring.score("ReAct", split, **best)
        assert row["auroc"] == pytest.approx(ood_metrics(scores["test"], scores["far"])["auroc"])
        assert (row["n_id"], row["n"]) == (180, 50)  # no image of validation is tested on
    assert set(found["default"].rows["set"]) == {"far", "mean all"}
    default = found["default"].rows.query("detector == 'ReAct'")
    assert set(default["parameters"]) == {"{'percentile': 0.9}"} and set(default["edge"]) == {""}
    # k = 100 to 1000 fail with 100 training images or fewer; MSP has nothing to search
    assert not any("MSP" in line for line in lines)
    table = tuning.side_by_side(found)
    assert list(table.columns) == ["default", "ood", "jigsaw"] and len(table) == 3
    assert table.loc["ReAct", "default"].item().endswith(" {'percentile': 0.9}")


def test_without_ood_validation_only_the_tiles_remain(bank):
    del bank.sets["val_ood"]
    lines = []
    assert list(tuning.compare(bank, detectors=["ReAct"], say=lines.append)) == ["default", "jigsaw"]
    assert lines[0] == "ood: none, as there is no OOD set to spare (the bank has no val_ood)"


def test_an_edge_is_marked_in_the_table(bank, peak):
    peak(lambda x: x / 10, [1, 2, 3])
    found = tuning.compare(bank, detectors=["Peak"], say=str)
    assert tuning.side_by_side(found)["ood"].item().endswith(", edge")
    assert "on the edge" in found["ood"].rows["edge"][0]


def test_command(small_run, monkeypatch, tmp_path):
    monkeypatch.setenv("BGOOD_DATA", str(small_run / "cache"))
    arguments = ["tune", str(small_run), "--detectors", "ReAct", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "ood: none" in done.output and "jigsaw: ReAct {'percentile': " in done.output
    assert set(pd.read_csv(tmp_path / "tuning-all-ReAct.csv")["way"]) == {"default", "jigsaw"}


def test_a_transductive_detector_keeps_its_parameters_in_every_mix(bank):
    rows = tuning.compare(bank, detectors=["ETLT"], say=str)["default"].rows
    mixes = rows.query("set == 'far'").set_index("detector")["parameters"]
    assert set(mixes.index) == {"ETLT", "ETLT (5:1)", "ETLT (20:1)"} and set(mixes) == {"{}"}
