"""Views of a small published study with known answers."""

import pytest

from bgood_lib.pages import score_table, venues
from bgood_lib.pages.changes import changes, mean_over_sets
from bgood_lib.studies.tables import make_study_tables, write_study_tables

# AUROC by setting: of seed 0; each seed more has 0.01 more, and a spread that differs by setting.
GAINS = {
    ("cross_entropy", None, 0.0): 0.70, ("background", "all", 0.1): 0.72, ("background", "oracle", 0.1): 0.78,
    ("background", "rank", 0.1): 0.75, ("background", "border", 0.5): 0.60, ("logitnorm", None, 0.0): 0.5,
}  # fmt: skip


def records(make_record, seeds=(0, 1, 2)):
    made = {}
    for place, ((method, selector, weight), auroc) in enumerate(GAINS.items()):
        for seed in seeds if method != "logitnorm" else seeds[:1]:
            config = {"method": method, "selector": selector, "weight": weight, "seed": seed}
            if selector is None:
                config |= {"patch_size": None}
            record = make_record({**config, "n_train": 0}, accuracy=0.9 + seed / 100)
            entry = record["data"]["ood"][0]
            record["data"]["ood"] = [{**entry, "name": name, "group": name} for name in ("near", "far")]
            record["metrics"] = [
                {
                    **record["metrics"][0], "ood": name, "detector": score,
                    "auroc": auroc + seed / 100 + seed**2 * place / 1000 + shift - (score == "ScaledMSP") / 10,
                }
                for name, shift in (("near", 0), ("far", 0.05)) for score in ("MSP", "ScaledMSP")
            ]  # fmt: skip
            record["weights_sha256"] = f"{len(made):064x}"
            made[f"{method}-{selector}-w{weight}-s{seed}"] = record
    return made


@pytest.fixture
def root(make_record, tmp_path):
    write_study_tables(make_study_tables(records(make_record)), tmp_path / "results" / "second")
    return tmp_path / "results"


@pytest.fixture
def view(root, monkeypatch):
    venue = venues.Venue("mine", "mine", (("first",), ("second",)), {"a part": ("far",)}, "near", "far")
    monkeypatch.setattr(venues, "VENUES", (venue,))
    return venues.view("mine", root)


def test_the_first_folder_that_is_there_counts(view, root):
    assert view.folder == "second" and venues.views(root).keys() == {"mine"}
    assert venues.view("mine", root / "nowhere") is None


def test_the_choice_its_baseline_and_its_controls(view):
    assert "(rank)" in view.chosen and view.plain == "cross-entropy"
    assert "(all cells)" in view.like(view.chosen, "all") and "(true masks)" in view.like(view.chosen, "oracle")
    assert view.like(view.chosen, "border") is None, "of another weight"
    assert view.control("all") == view.like(view.chosen, "all") and view.control("rank") is None, "the choice itself"
    assert view.first("logitnorm_background") is None and view.firm == "ScaledMSP"


def test_differences(view):
    every = view.difference(view.chosen, view.plain, "MSP")
    assert every.mean == pytest.approx(0.05 + 3 * (0 + 1 + 4) / 3000) and every.n == 3
    over = view.difference(view.chosen, view.like(view.chosen, "all"), "MSP", view.venue.parts["a part"])
    assert over.mean == pytest.approx(0.03 + 2 * (0 + 1 + 4) / 3000)
    temperature = view.difference(view.plain, view.plain, "ScaledMSP", other_score="MSP")
    assert temperature.mean == pytest.approx(-0.1) and temperature.sd == pytest.approx(0)
    assert view.difference(view.chosen, None, "MSP") is None and view.difference(view.chosen, view.plain, "no") is None
    assert view.of_runs(view.chosen, view.plain, "accuracy").mean == 0
    assert view.by_seed(view.plain, "MSP", ["near"]) == pytest.approx({0: 0.70, 1: 0.71, 2: 0.72})


def test_a_gap_is_what_one_pair_of_sets_gains_over_the_other(view, monkeypatch):
    assert view.gap(view.chosen, view.plain, "MSP").mean == pytest.approx(0), "both sets gain alike"
    moved = view.metrics
    there = (moved["setting"] == view.chosen) & (moved["ood"] == "near") & (moved["detector"] == "MSP")
    moved.loc[there, "auroc"] += 0.1
    assert view.gap(view.chosen, view.plain, "MSP").mean == pytest.approx(0.1)
    assert view.gap(view.chosen, view.control("all"), "MSP").mean == pytest.approx(0.1)
    assert view.gap(view.chosen, None, "MSP") is None
    monkeypatch.setattr(view, "venue", venues.Venue("other", "other", (), {}))
    assert view.gap(view.chosen, view.plain, "MSP") is None


def test_the_table_of_all_scores_agrees_with_the_paired_differences(view, root):
    table = score_table.all_scores(root).set_index(["training", "score", "ood"])
    mean = mean_over_sets(view.metrics)
    for _, row in changes(mean, within=("detector",)).iterrows():
        ours = table.loc[row["setting"], row["detector"], "all sets"]
        assert 100 * row[["mean", "low", "high"]].astype(float).to_numpy() == pytest.approx(
            ours[["change", "low", "high"]].astype(float).to_numpy()
        )
        assert ours["n"] == 3 and ours["study"] == "second"
    alone = table.loc["LogitNorm", "MSP", "far"]
    assert (alone["kind"] == ["group", "set"]).all() and alone["auroc_sd"].isna().all() and alone["change"].isna().all()
    text = score_table.explorer(table.reset_index(), {"study": "second"}).data
    assert '"training":["cross-entropy",' in text and "/*" not in text


def test_csv(root, tmp_path):
    score_table.write_csv(tmp_path / "all.csv", root)
    first, second, *_ = (tmp_path / "all.csv").read_text().splitlines()
    assert first.split(",") == score_table.COLUMNS
    assert second.startswith("second,cross-entropy,3,91.00,1.00,MSP,all sets,73.50,1.00,")
