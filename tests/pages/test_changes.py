"""What the study's pages compute, on a small study with known answers."""

import pandas as pd
import pytest

from bgood_lib.pages.changes import (
    against,
    changes,
    collapsed,
    mean_over_sets,
    over_control,
    setting_of,
    with_settings,
)
from bgood_lib.pages.names import setting_name, short_name

FIELDS = dict(
    dataset="scenes", top_k=None, threshold=None, penalty="norm", layer="last", judge=None, patch_size=1,
    n_patches=0, background_start=0.3, network="small_resnet", stages=2, weight=0.1, n_train=0, epochs=12,
)  # fmt: skip
# AUROC on the sets "near" and "far" by method, selector and seed
FIGURES = {
    ("cross_entropy", None): {0: (0.80, 0.70), 1: (0.82, 0.72)},
    ("background", "rank"): {0: (0.85, 0.70), 1: (0.85, 0.70)},
    ("background", "all"): {0: (0.82, 0.71), 1: (0.83, 0.73)},
    ("logitnorm", None): {0: (0.50, 0.50), 1: (0.50, 0.60)},
    ("logitnorm_background", "all"): {0: (0.60, 0.50), 1: (0.60, 0.60)},
}


@pytest.fixture
def frame():
    rows = []
    for (method, selector), seeds in FIGURES.items():
        for seed, figures in seeds.items():
            about = {"run": f"{method}-{selector}-s{seed}", "method": method, "selector": selector, "seed": seed}
            for ood, auroc in zip(("near", "far"), figures):
                row = {**FIELDS, **about, "group": "", "ood": ood, "title": f"{ood}, N = 5", "n": 5}
                rows.append({**row, "detector": "MSP", "auroc": auroc, "accuracy": 0.9})
    return with_settings(pd.DataFrame(rows))


def test_names_say_what_differs_from_the_default():
    config = {**FIELDS, "method": "background", "selector": "rank", "top_k": 3}
    assert setting_name(config) == "cross-entropy + background (rank)"
    assert setting_name({**config, "top_k": 2, "weight": 0.5}) == (
        "cross-entropy + background (rank), weight 0.5, k = 2"
    )
    assert setting_name({**config, "stages": 3, "patch_size": 2.0, "weight": float("nan")}) == (
        "cross-entropy + background (rank), patch 2, 3 stages"
    )
    assert setting_name({**config, "method": "cross_entropy", "weight": 0.0}) == "cross-entropy"
    assert short_name("cross-entropy + background (rank), weight 0.5") == "rank, weight 0.5"
    assert short_name("LogitNorm + background (rank)") == "LogitNorm + rank"


def test_networks_that_seeds_begin_from_are_one_setting_and_beginning_anew_is_another():
    row = {**FIELDS, "method": "cross_entropy", "selector": None, "weight": 0.0, "accuracy": 0.9}
    frame = pd.DataFrame(
        [
            {**row, "run": f"{init}-s{seed}", "seed": seed, "init": init and f"{init}{seed}"}
            for init in (None, "sha")
            for seed in (0, 1)
        ]
    )
    found = with_settings(frame).assign(init=lambda rows: rows["init"].notna()).groupby("init")
    assert found["family"].nunique().eq(1).all() and found["setting"].nunique().eq(1).all()
    assert with_settings(frame)["family"].nunique() == 2 == with_settings(frame)["setting"].nunique()


def test_a_change_is_against_the_same_loss(frame):
    found = changes(frame).set_index(["setting", "ood"])
    rank = found.loc["cross-entropy + background (rank)"]
    assert rank.loc["near", "mean"] == pytest.approx((0.05 + 0.03) / 2)
    assert rank.loc["far", "mean"] == pytest.approx((0 - 0.02) / 2)
    assert found.loc[("LogitNorm + background (all cells)", "near"), "mean"] == pytest.approx(0.1)
    assert set(found["n"]) == {2} and "cross-entropy" not in found.index.get_level_values(0)


def test_mean_over_sets_and_against_a_control(frame):
    mean = mean_over_sets(frame)
    assert len(mean) == 10
    (over,) = over_control(mean, "all")["difference"]
    gap = against(mean, "cross-entropy + background (rank)", "cross-entropy + background (all cells)")
    assert gap["mean"].item() == over.mean == pytest.approx(((0.775 - 0.765) + (0.775 - 0.78)) / 2)
    assert over_control(mean, "random").empty
    with pytest.raises(ValueError, match="differ in far"):
        mean_over_sets(frame.drop(frame.index[1]))


def configs(*changed):
    """Frames of three seeds of cross-entropy and of settings that differ in the fields given."""
    start = {**FIELDS, "selector": None, "method": "cross_entropy", "weight": 0.0, "penalty": None, "layer": None}
    start |= {"patch_size": None, "n_patches": None, "background_start": None, "accuracy": 0.9, "precision": "float32"}
    rows = [start, *({**start, **fields} for fields in changed)]
    return pd.DataFrame(
        [{**row, "seed": seed, "run": f"{i}-{seed}"} for i, row in enumerate(rows) for seed in range(3)]
    )


RANK = dict(
    method="background", selector="rank", weight=0.1, patch_size=1, penalty="norm", layer="last", background_start=0.3
)


def test_a_setting_is_its_configuration_not_its_label():
    frame = with_settings(
        configs(RANK, {**RANK, "epochs": 3}, {**RANK, "weight": 0.5}, {**RANK, "weight": 0.5, "seed": 7})
    )
    labels = frame.groupby("run", sort=False)["setting"].first().drop_duplicates().tolist()
    assert labels == [
        "cross-entropy",
        "cross-entropy + background (rank), epochs 12",
        "cross-entropy + background (rank), epochs 3",
        "cross-entropy + background (rank), weight 0.5",
    ]
    assert frame["family"].nunique() == 2, "three epochs have no baseline of theirs here"
    assert setting_of(frame, epochs=3) == labels[2] and setting_of(frame, epochs=4) is None
    with pytest.raises(ValueError, match="both have {'selector': 'rank'}"):
        setting_of(frame, selector="rank")


@pytest.mark.parametrize("field, value", [
    ("precision", "bfloat16"), ("dataset", "canvas"), ("n_train", 1000), ("stages", 3), ("learning_rate", 0.2),
])  # fmt: skip
def test_pairs_share_all_but_the_background_loss(field, value):
    frame = configs({field: value}, RANK, {**RANK, field: value}).assign(auroc=0.5)
    if field == "learning_rate":
        frame[field] = frame[field].fillna(0.1)
    frame.loc[frame["run"].str.startswith("3"), "auroc"] = 0.75
    found = changes(with_settings(frame), within=())
    assert found["mean"].tolist() == [0, 0.25] and found["family"].nunique() == 2


def test_seeds_without_a_working_plain_training_are_left_out(frame):
    frame = frame.drop(columns=["setting", "family", "plain", "collapsed"])
    frame.loc[(frame["method"] == "logitnorm") & (frame["seed"] == 1), "accuracy"] = 0.12
    frame.loc[(frame["selector"] == "rank") & (frame["seed"] == 0), "accuracy"] = 0.12
    kept = with_settings(frame)
    gone = set(frame["run"]) - set(kept["run"])
    assert gone == {"logitnorm-None-s1", "logitnorm_background-all-s1"}, "a collapse by the background loss stays in"
    assert set(kept.loc[kept["collapsed"], "run"]) == {"background-rank-s0"}
    assert len(with_settings(frame, leave_out=False)) == len(frame)
    assert collapsed(frame.drop_duplicates("run")) == ["background-rank-s0", "logitnorm-None-s1"]
