import pytest

from bgood_lib.background_loss.selectors import SELECTORS
from bgood_lib.pages.names import training_name
from bgood_lib.pages.tables import (  # fmt: skip
    comparison,
    data_table,
    first_run,
    group_table,
    mean_and_spread,
    ood_table,
    overconfidence_table,
    paired_change,
    seeds_note,
)
from bgood_lib.training.config import METHODS


def plain(text):
    """Text with ordinary spaces, whichever ones the tables set it with."""
    return text.replace("\xa0", " ")


PLAIN = {"method": "cross_entropy", "selector": None, "weight": 0.0, "patch_size": None}


@pytest.mark.parametrize("method, selector, name", [
    ("cross_entropy", None, "cross-entropy"),
    ("logitnorm", None, "LogitNorm"),
    ("background", "oracle", "cross-entropy + background (true masks)"),
    ("logitnorm_background", "rank", "LogitNorm + background (rank)"),
])  # fmt: skip
def test_names(method, selector, name):
    assert training_name({"method": method, "selector": selector}) == name


@pytest.mark.parametrize("more, name", [
    ({"penalty": "norm", "layer": "last"}, "cross-entropy + background (rank)"),
    ({"penalty": "squared_norm", "layer": "last"}, "cross-entropy + background (rank, squared norm)"),
    ({"penalty": "norm", "layer": "both"}, "cross-entropy + background (rank, both layers)"),
    ({"penalty": "entropy", "layer": "previous"}, "cross-entropy + background (rank, entropy, previous layer)"),
    ({"layer": "both", "judge": "last"}, "cross-entropy + background (rank, both layers)"),
    ({"layer": "both", "judge": "own"}, "cross-entropy + background (rank, both layers, own head)"),
])  # fmt: skip
def test_a_name_says_what_is_not_the_ideas_own_choice(more, name):
    assert training_name({"method": "background", "selector": "rank", **more}) == name


def test_every_loss_and_selector_has_a_name():
    for method in METHODS:
        for selector in SELECTORS:
            training_name({"method": method, "selector": selector})


def test_mean_and_spread():
    assert mean_and_spread([0.5]) == "50.0"
    assert plain(mean_and_spread([0.1, 0.3])) == "20.0 ± 14.1"  # ddof 1
    assert mean_and_spread([0.1234, None], digits=2) == "12.34"
    assert plain(mean_and_spread([3, 5], scale=1)) == "4.0 ± 1.4"
    assert mean_and_spread([None]) == mean_and_spread([]) == "not available"


def test_comparison_keeps_one_weight_patch_size_and_the_longest_schedule(make_record):
    records = {
        "plain": make_record(PLAIN),
        "ours": make_record(),
        "heavy": make_record({"weight": 0.5}),
        "wide": make_record({"patch_size": 2}),
        "short": make_record({"epochs": 2}),
        "few": make_record({"n_train": 1000}),
    }
    assert list(comparison(records, 0.1)) == ["plain", "ours"]
    assert list(comparison(records, 0.5)) == ["plain", "heavy"]
    with pytest.raises(ValueError, match=r"weight 0.3; there are \[0.1, 0.5\]"):
        comparison(records, 0.3)


def test_seeds_note(make_record):
    single = {"a": make_record(PLAIN), "b": make_record()}
    assert "n = 1" in plain(seeds_note(single)) and "n = 2" not in plain(seeds_note(single))
    note = plain(seeds_note({**single, "c": make_record({"seed": 1})}))
    assert "n = 1" in note and "n = 2" in note and "background (rank)" in note and "ddof 1" in note


def test_ood_table(make_record):
    records = {"a": make_record(PLAIN), "b": make_record(accuracy=0.8), "c": make_record({"seed": 1}, accuracy=0.9)}
    records["c"]["metrics"][0]["auroc"] = 0.6
    table = ood_table(records)
    assert list(table.columns) == ["cross-entropy", "cross-entropy + background (rank)"]
    assert list(table.index) == ["n seeds", "ID accuracy", "svhn, N = 20", "Places: missing"]
    assert table["cross-entropy"].tolist() == ["1", "90.00", "80.0", "not available"]
    assert [plain(text) for text in table["cross-entropy + background (rank)"]] == [
        "2",
        "85.00 ± 7.07",
        "70.0 ± 14.1",
        "not available",
    ]
    assert ood_table(records, "fpr95_id_positive", "KNN").loc["svhn, N = 20", "cross-entropy"] == "60.0"


def test_overconfidence_table(make_record):
    records = {
        str(seed): make_record(
            {"seed": seed}, overconfidence={"test": {"above_0.9": 0.5 + 0.2 * seed}, "svhn": {"above_0.9": 0.25}}
        )
        for seed in (0, 1)
    }
    column = overconfidence_table(records, "above_0.9")["cross-entropy + background (rank)"].map(plain)
    assert column["scenes, N = 50"] == "60.0 ± 14.1" and column["svhn, N = 20"] == "25.0 ± 0.0"
    assert column["Places: missing"] == "not available"


def test_comparison_lists_pairs_next_to_each_other(make_record):
    def background(method, selector):
        return make_record({"method": method, "selector": selector})

    records = {
        "d": background("logitnorm_background", "rank"),
        "a": make_record({**PLAIN, "method": "logitnorm"}),
        "c": background("background", "all"),
        "b": make_record(PLAIN),
    }
    assert list(comparison(records, 0.1)) == ["b", "c", "a", "d"]


def test_data_table(make_record):
    table = data_table({"a": make_record(), "b": make_record()})
    assert list(table.index) == ["ID train", "ID test", "OOD far: svhn", "OOD far: places"]
    assert table.loc["OOD far: svhn"].tolist() == ["svhn, N = 20", 20, "a" * 12]
    assert table.loc["OOD far: places", "set"] == "Places: missing"


def test_different_trainings_are_not_taken_for_seeds(make_record):
    records = {"a": make_record(PLAIN), "b": make_record({"top_k": 2}), "c": make_record({"top_k": 4})}
    with pytest.raises(ValueError, match="b and c differ in more than method, selector and seed"):
        comparison(records, make_record()["config"]["weight"])


def test_a_page_says_which_run_it_misses(make_record):
    assert first_run({"a": make_record(PLAIN)}, "cross_entropy") == "a"
    with pytest.raises(ValueError, match="needs a run of background with selector rank; .* has a"):
        first_run({"a": make_record(PLAIN)}, "background", "rank")


def _study(make_record, values):
    """Records of one detector on two sets: ``values[method, selector, seed]`` are their AUROCs; None failed."""
    records = {}
    for (method, selector, seed), aurocs in values.items():
        record = make_record({"method": method, "selector": selector, "seed": seed, "weight": 0.1 if selector else 0})
        entry = record["data"]["ood"][0]
        sets = ("mnist", "whole"), ("svhn", "part")
        record["data"]["ood"] = [{**entry, "name": name, "standing": standing} for name, standing in sets]
        good = record["metrics"][0]
        record["metrics"] = [
            {**good, "ood": name, "auroc": auroc}
            if auroc is not None
            else {"ood": name, "detector": good["detector"], "error": "it broke"}
            for (name, _), auroc in zip(sets, aurocs)
        ]
        records[f"{method}-{selector}-{seed}"] = record
    return records


def test_paired_change_uses_shared_seeds_only(make_record):
    records = _study(make_record, {
        ("cross_entropy", None, 0): (0.5, 0.6), ("cross_entropy", None, 1): (0.7, 0.6), ("cross_entropy", None, 2): (0.1, 0.1),
        ("background", "rank", 0): (0.6, 0.6), ("background", "rank", 1): (1.0, 0.5), ("background", "all", 0): (0.9, None),
    })  # fmt: skip
    change, n = paired_change(records, "cross_entropy", "background", "rank")
    assert n == 2 and list(change.columns) == ["mnist", "svhn"]
    assert change.loc["MSP"].tolist() == pytest.approx([20, -5])
    control, n = paired_change(records, "cross_entropy", "background", "all")
    assert n == 1 and control.loc["MSP", "mnist"] == pytest.approx(40) and control.isna().loc["MSP", "svhn"]


def test_group_table_counts_parts_and_gives_changes(make_record):
    records = _study(make_record, {
        ("cross_entropy", None, 0): (0.5, 0.7), ("background", "rank", 0): (0.7, 0.7), ("background", "all", 0): (0.9, None),
    })  # fmt: skip
    table = group_table(records)
    group = "far (2 sets, parts or stand-ins: 1)"
    assert set(table.columns.get_level_values(0)) == {group}
    assert table[group, "cross-entropy", "alone"]["MSP"] == "60.0"
    assert table[group, "cross-entropy", "+ background (rank)"]["MSP"] == "70.0 (+10.0)"
    assert table[group, "cross-entropy", "+ background (all cells)"]["MSP"] == "failed"
    assert table[group, "cross-entropy", "+ background (rank)"]["ID accuracy"] == "90.00 (+0.00)"
