"""A bank against a protocol: tables that say what they rest on."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from bgood_lib import datasets
from bgood_lib.cli.main import app
from bgood_lib.datasets import Description
from bgood_lib.detectors import registry
from bgood_lib.detectors.scoring import available, score
from bgood_lib.evaluation import benchmark, protocols, report, validation
from bgood_lib.features import Bank
from bgood_lib.metrics import ood
from bgood_lib.metrics.ood import ood_metrics
from bgood_lib.runs.run import complete, open_run

SETS = {
    what.name: what
    for what in (
        Description("cifar100", "CIFAR-100 test", "whole", "without 2 images that CIFAR-10 holds", 90),
        Description("tiny_imagenet", "Tiny-ImageNet val", "whole", n=80),
        Description("mnist", "MNIST test", "whole", n=70),
        Description("svhn", "SVHN subset", "part", n=50),
        Description("textures", "DTD", "whole", n=60),
        Description("places365", "MiniPlaces val", "stand-in", n=40),
    )
}
SIZES = {name: what.n for name, what in SETS.items()}
FEW = ["MSP", "Energy", "PooledNorm"]


@pytest.fixture(autouse=True)
def no_published_sizes(monkeypatch, tmp_path):
    """Small sets count as whole; nothing is prepared."""
    monkeypatch.setenv("BGOOD_DATA", str(tmp_path / "cache"))
    for name, protocol in protocols.BENCHMARKS.items():
        sets = {
            dataset: tuple(dataclasses.replace(entry, published_n=None) for entry in entries)
            for dataset, entries in protocol.sets.items()
        }
        monkeypatch.setitem(protocols.BENCHMARKS, name, dataclasses.replace(protocol, sets=sets))


def make_bank(*names):
    rng = np.random.default_rng(0)
    weight, bias = rng.normal(size=(4, 6)), rng.normal(size=4)
    sizes = {"train": 100, "test": 200, **{name: SIZES.get(name, 30) for name in names}}
    shift = {name: 0 if name in ("train", "test") else 0.5 for name in sizes}
    features = {name: rng.normal(shift[name], 1, (n, 6)) for name, n in sizes.items()}
    labels = {name: (features[name] @ weight.T + bias).argmax(1) for name in ("train", "test")}
    labels["test"][:50] = (labels["test"][:50] + 1) % 4
    bank = Bank.from_arrays(features, labels, weight, bias)
    return bank.with_sets(bank.take(SETS).sets, {name: SETS[name] for name in bank.ood if name in SETS})


@pytest.fixture
def bank():
    return make_bank(*SIZES)


def rows_of(evaluation, detector, name):
    return evaluation.rows.query("detector == @detector and set == @name").iloc[0]


def test_figures_are_those_of_the_scores(bank):
    found = benchmark.evaluate(bank, "classic6", "cifar10", FEW)
    for name in FEW:
        scores = score(name, bank)
        row = rows_of(found, name, "svhn")
        for metric, value in ood_metrics(scores["test"], scores["svhn"]).items():
            assert row[metric] == pytest.approx(value)
        assert row["auroc_low"] < row["auroc"] < row["auroc_high"]
        assert (row["n"], row["n_id"], row["group"]) == (50, 200, "far")
    assert found.rows["accuracy"].dropna().unique() == [0.75]


def test_openood_sets_a_tenth_of_the_id_test_aside(bank):
    found = benchmark.evaluate(bank, "openood15", "cifar10", ["MSP"], n_resamples=0)
    assert found.test == Description("test", "test", "own", "without 20 images for validation", 180)
    assert "ID: test (own), without 20 images for validation, N = 180; accuracy " in report.notes(found)[1]
    kept = np.setdiff1d(np.arange(200), validation.validation_rows(200))
    scores = score("MSP", bank)
    assert rows_of(found, "MSP", "mnist")["auroc"] == ood_metrics(scores["test"][kept], scores["mnist"])["auroc"]
    assert "auroc_low" not in found.rows
    split = validation.set_aside(bank)
    assert len(split["val"]) == 20 and split.ood == bank.ood
    assert {*split["val"].features[:, 0], *split["test"].features[:, 0]} == {*bank["test"].features[:, 0]}


def test_means_are_plain_and_say_on_what_they_rest(bank):
    found = benchmark.evaluate(bank, "openood15", "cifar10", FEW, n_resamples=0)
    for name in FEW:
        far = [rows_of(found, name, entry)["auroc"] for entry in ("mnist", "svhn", "textures", "places365")]
        row = rows_of(found, name, "mean far")
        assert row["auroc"] == pytest.approx(np.mean(far))
    near, far = "mean of 2 sets", "mean of 4 sets, 2 of them parts or stand-ins"
    assert report.means(found) == {"mean near": near, "mean far": far}
    table = report.wide(found, "auroc")
    assert list(table.index) == FEW
    assert list(table.columns) == [
        "CIFAR-100 (N = 90)", "Tiny-ImageNet (N = 80)", "MNIST (N = 70)", "SVHN, part (N = 50)", "DTD (N = 60)",
        "Places365, stand-in (N = 40)", "near: mean of 2 sets", "far: mean of 4 sets, 2 of them parts or stand-ins",
    ]  # fmt: skip
    assert table.loc["MSP", "MNIST (N = 70)"] == f"{100 * rows_of(found, 'MSP', 'mnist')['auroc']:.1f}"


def test_a_missing_set_leaves_no_mean():
    found = benchmark.evaluate(make_bank("cifar100", "tiny_imagenet", "svhn"), "openood15", "cifar10", ["MSP"])
    assert pd.isna(rows_of(found, "MSP", "mean far")["auroc"])
    assert rows_of(found, "MSP", "mean near")["auroc"] > 0
    text = report.to_markdown(found)
    assert "- Mean far not given: MNIST, DTD, Places365 missing." in text
    assert "far: mean" not in text and "near: mean of 2 sets |" in text and "- OOD, far: MNIST: missing" in text
    classic = benchmark.evaluate(make_bank("svhn"), "classic6", "cifar100", ["MSP"])
    assert "Mean all not given: LSUN-C, LSUN-R, iSUN, DTD, Places365 missing." in "\n".join(report.notes(classic))


def test_fewer_images_than_published_are_a_part(bank, monkeypatch):
    entries = (protocols.OODSet("mnist", "far", published_n=100), protocols.OODSet("textures", "far", published_n=61))
    monkeypatch.setitem(
        protocols.BENCHMARKS, "two", protocols.Protocol("two", "Two", "fpr95_id_positive", {"cifar10": entries})
    )
    found = benchmark.evaluate(bank, "two", "cifar10", ["MSP"])
    assert [rows_of(found, "MSP", name)["standing"] for name in ("mnist", "textures")] == ["part", "whole"]
    assert report.means(found)["mean all"] == "mean of 2 sets, 1 of them parts or stand-ins"
    assert "OOD, far: MNIST test (part of MNIST), N = 70 (published N = 100)" in report.notes(found)


def test_one_that_fails_is_a_named_row(bank, monkeypatch):
    def broken(head):
        raise ZeroDivisionError("no luck")

    monkeypatch.setitem(registry.DETECTORS, "Broken", registry.Entry(broken))
    found = benchmark.evaluate(bank, "openood15", "cifar10", ["Broken", "MSP"], n_resamples=0)
    assert rows_of(found, "Broken", "svhn")["error"] == "ZeroDivisionError: no luck"
    assert rows_of(found, "Broken", "mean far")["error"] == "not given: the detector failed on a set"
    table = report.wide(found, "fpr95_id_positive")
    assert set(table.loc["Broken"]) == {"failed"} and "failed" not in set(table.loc["MSP"])
    assert any(
        note.startswith("Broken failed on cifar100, tiny") and note.endswith("no luck") for note in report.notes(found)
    )
    assert "Broken" in report.to_latex(found)
    alone = benchmark.evaluate(bank, "openood15", "cifar10", ["Broken"], n_resamples=0)
    assert set(report.wide(alone, "auroc").loc["Broken"]) == {"failed"}


def test_all_detectors_go_through(bank):
    found = benchmark.evaluate(make_bank("svhn", "holidays"), n_resamples=0)
    assert set(found.rows["detector"]) == {*available(bank), "ETLT (5:1)", "ETLT (20:1)"}
    assert found.rows.query("detector == 'ETLT (5:1)' and set == 'svhn'")["n_id"].item() == 200
    assert found.rows.query("detector == 'ETLT' and set == 'svhn'")["n_id"].item() == 50
    assert any("transductive" in note for note in report.notes(found))
    assert set(found.rows["set"]) == {"svhn", "holidays", "mean all"}
    assert "- OOD, own: holidays (own), N = 30" in report.to_markdown(found)


def test_other_hyperparameters(bank):
    found = benchmark.evaluate(bank, "all", None, ["KNN", "MSP"], 0, parameters={"KNN": {"k": 3}})
    scores = score("KNN", bank, k=3)
    assert rows_of(found, "KNN", "svhn")["auroc"] == ood_metrics(scores["test"], scores["svhn"])["auroc"]
    wrong = benchmark.evaluate(bank, "all", None, ["KNN"], 0, parameters={"KNN": {"n": 3}})
    assert "has no parameter n" in rows_of(wrong, "KNN", "svhn")["error"]


def test_what_cannot_be_evaluated_is_refused(bank):
    with pytest.raises(ValueError, match="holds none of the sets of protocol classic6 .svhn, lsun_c"):
        benchmark.evaluate(make_bank("mnist"), "classic6", "cifar10")
    with pytest.raises(ValueError, match="unknown detector 'msp'; choose one of MSP"):
        benchmark.evaluate(bank, detectors=["msp"])


def test_files(bank, tmp_path):
    found = benchmark.evaluate(bank, "openood15", "cifar10", FEW)
    csv, md, tex = report.write(found, tmp_path / "new")
    assert [file.name for file in (csv, md, tex)] == [f"evaluation-openood15.{e}" for e in ("csv", "md", "tex")]
    again = pd.read_csv(csv)
    assert len(again) == 3 * (6 + 2)
    assert {"n", "n_id", "accuracy", "auroc_low", "fpr95_ood_positive_high", "fpr95_id_positive", "error"} <= set(again)
    assert again["n"].dropna().astype(int).tolist()[:3] == [90] * 3 and ",90," in csv.read_text()
    text = md.read_text()
    for metric in ood.METRICS:
        assert f"**{metric}**, in percent" in text
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) == 3 * 5 and len({line.count("|") for line in lines}) == 1
    latex = tex.read_text()
    assert latex.count(r"\begin{tabular}{lrrrrrrrr}") == latex.count(r"\bottomrule") == 3
    assert all(line.startswith("%") for line in latex.split(r"\begin{tabular}")[0].strip().splitlines())


@pytest.mark.parametrize("what, text", [
    (Description("svhn", "SVHN subset", "part", n=1040), "SVHN subset (part of SVHN), N = 1,040"),
    (Description("places365", "MiniPlaces", "stand-in", "few", 9), "MiniPlaces (stand-in for Places365), few, N = 9"),
    (Description("mine", "holidays", n=4), "holidays (own), N = 4"),
    (Description.missing("svhn", "not prepared"), "SVHN: missing"), (SETS["textures"], "DTD, N = 60"),
])  # fmt: skip
def test_a_set_in_words(what, text):
    assert report.label(what) == text


def test_latex_escapes():
    assert report._escape("a_b & 50% of #1") == r"a\_b \& 50\% of \#1"


# --- a run ---------------------------------------------------------------------------------------


@pytest.fixture
def cache_of_run(small_run, monkeypatch):
    monkeypatch.setenv("BGOOD_DATA", str(small_run / "cache"))


def test_a_prepared_set_that_the_bank_lacks_is_passed_through_the_network(small_run, cache_of_run):
    run, lines = open_run(small_run), []
    entries = (protocols.OODSet("scenes_novel", "novel"), protocols.OODSet("svhn", "far"))
    assert complete(run, entries, say=lines.append) is run.bank and not lines
    wanted = (*entries, protocols.OODSet("scenes_background", "background"))
    bank = complete(run, wanted, say=lines.append)
    assert bank.ood == ["scenes_novel", "scenes_background"] and len(bank["scenes_background"]) == 2000
    assert bank.descriptions["scenes_background"] == datasets.info("scenes_background").description
    assert lines == [f"scenes_background: passed through the network of {small_run}, as the bank holds no such images"]
    assert "scenes_background" not in run.bank.sets


def test_a_bank_without_a_network_counts_as_it_is(small_run, cache_of_run, tmp_path):
    bank = Bank.load(small_run / "bank.npz")
    del bank.sets["val_jigsaw"]
    bank.save(tmp_path / "mine.npz")
    run, lines = open_run(tmp_path / "mine.npz", "scenes"), []
    assert (run.record, run.dataset) == (None, "scenes")
    wanted = (protocols.OODSet("scenes_background", "background"),)
    assert complete(run, wanted, validation=True, say=lines.append) is run.bank
    assert lines[0].startswith("scenes_background, validation sets: not computed, the bank counts as it is (")


def test_no_bank(bank, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no bank .*; give the folder of a run"):
        open_run(tmp_path / "runs" / "scenes" / "one")
    bank.save(tmp_path / "runs" / "scenes" / "two" / "bank.npz")
    with pytest.raises(FileNotFoundError, match="there are runs/scenes/two; did you mean 'runs/scenes/two'"):
        open_run("runs/scenes/tow")


def test_command(small_run, cache_of_run, tmp_path):
    arguments = ["evaluate", str(small_run), "--detectors", "MSP,KNN", "--resamples", "20", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "| KNN |" in done.output and "all: mean of 4 sets" in done.output
    assert f"wrote {tmp_path / 'evaluation-all-MSP-KNN.tex'}" in done.output
    assert set(pd.read_csv(tmp_path / "evaluation-all-MSP-KNN.csv")["set"]) == {
        "scenes_unseen", "scenes_background", "scenes_novel", "scenes_elsewhere", "mean all",
    }  # fmt: skip
    refused = CliRunner().invoke(app, ["evaluate", str(small_run), "--protocol", "classic6"])
    assert (
        refused.exit_code == 1
        and "error: protocol classic6 is for networks trained on cifar10 or cifar100" in refused.output
    )


def test_scores_of_the_images_themselves_join_the_table(bank, monkeypatch):
    sizes = {"test": 200, **SIZES}
    monkeypatch.setattr(benchmark.datasets, "load", lambda name, split: (np.zeros(sizes[split], np.int8), None))
    monkeypatch.setattr(benchmark, "load_ood", lambda entry: (np.ones(SIZES[entry.name], np.int8), SETS[entry.name]))
    rng = np.random.default_rng(0)
    monkeypatch.setattr(benchmark, "score_images", lambda name, network, images: rng.normal(images[0], 1, len(images)))
    entries, lines = protocols.BENCHMARKS["openood15"].sets["cifar10"], []
    more = benchmark.score_sets_of_images(None, bank, entries, "cifar10", lines.append)
    assert set(more) == {"ODIN"} and set(more["ODIN"]) == {"test", *SIZES}
    assert "ODIN: 590 images in " in lines[0]
    found = benchmark.evaluate(bank, "openood15", "cifar10", ["MSP"], n_resamples=0, more_scores=more)
    row = rows_of(found, "ODIN", "mnist")
    kept = np.setdiff1d(np.arange(200), validation.validation_rows(200))
    assert row["auroc"] == ood_metrics(more["ODIN"]["test"][kept], more["ODIN"]["mnist"])["auroc"]
    assert row["n_id"] == 180 and "ODIN" in report.to_markdown(found)
    sizes["test"] = 199
    with pytest.raises(ValueError, match="test has 199 images and the bank 200"):
        benchmark.score_sets_of_images(None, bank, entries, "cifar10", lines.append)
