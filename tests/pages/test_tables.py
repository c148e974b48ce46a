import pytest

from bgood_lib.background_loss.selectors import SELECTORS
from bgood_lib.pages.names import is_control, place, training_name
from bgood_lib.pages.tables import comparison, data_table, mean_and_spread
from bgood_lib.studies.tables import make_study_tables
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


def test_order_and_controls_are_those_of_the_registry():
    configs = [
        dict(method=method, selector=selector) for method in METHODS for selector in SELECTORS if METHODS[method][1]
    ]
    assert sorted(configs, key=place) == configs
    assert [name for name in SELECTORS if is_control(name)] == ["random", "all", "oracle"]


def study(records):
    """Tables of records whose weights differ."""
    for i, record in enumerate(records.values()):
        record["weights_sha256"] = f"{i:064x}"
    return make_study_tables(records)


def test_mean_and_spread():
    assert mean_and_spread([0.5]) == "50.0"
    assert plain(mean_and_spread([0.1, 0.3])) == "20.0 ± 14.1"  # ddof 1
    assert mean_and_spread([0.1234, None], digits=2) == "12.34"
    assert plain(mean_and_spread([3, 5], scale=1)) == "4.0 ± 1.4"
    assert mean_and_spread([None]) == mean_and_spread([]) == "not available"


def test_comparison_keeps_one_weight_patch_size_and_the_longest_schedule(make_record):
    tables = study({
        "plain": make_record(PLAIN),
        "ours": make_record(),
        "heavy": make_record({"weight": 0.5}),
        "wide": make_record({"patch_size": 2}),
        "short": make_record({"epochs": 2}),
        "few": make_record({"n_train": 1000}),
    })  # fmt: skip
    for frame in (tables.runs, tables.metrics_frame()):
        assert list(comparison(frame, 0.1)["run"].unique()) == ["plain", "ours"]
        assert list(comparison(frame, 0.5)["run"].unique()) == ["plain", "heavy"]
    assert set(comparison(tables.runs, 0.5)["setting"]) == {"cross-entropy", "cross-entropy + background (rank)"}
    with pytest.raises(ValueError, match=r"weight 0.3; there are \[0.1, 0.5\]"):
        comparison(tables.runs, 0.3)


def test_comparison_lists_pairs_next_to_each_other(make_record):
    def background(method, selector):
        return make_record({"method": method, "selector": selector})

    tables = study({
        "d": background("logitnorm_background", "rank"),
        "a": make_record({**PLAIN, "method": "logitnorm"}),
        "c": background("background", "all"),
        "b": make_record(PLAIN),
        "e": background("background", "rank"),
    })  # fmt: skip
    assert list(comparison(tables.runs, 0.1)["run"]) == ["b", "e", "c", "a", "d"]


def test_different_trainings_are_not_taken_for_seeds(make_record):
    tables = study({"a": make_record(PLAIN), "b": make_record({"top_k": 2}), "c": make_record({"top_k": 4})})
    found = comparison(tables.runs, 0.1)["setting"].tolist()
    assert found[1:] == ["cross-entropy + background (rank), k = 2", "cross-entropy + background (rank), k = 4"]


def test_data_table(make_record):
    table = data_table(study({"a": make_record(), "b": make_record()}))
    assert list(table.index) == ["ID train", "ID test", "OOD far: svhn", "OOD far: places"]
    assert table.loc["OOD far: svhn", ["N", "sha256"]].tolist() == [20, "a" * 12]
    assert "N = 20" in table.loc["OOD far: svhn", "set"]
    assert "missing" in table.loc["OOD far: places", "set"]
