import dataclasses
import shutil
from pathlib import Path

import pytest

from bgood_lib.studies.notebooks import check_parameters, read_parameters
from bgood_lib.studies.study import read_study, run_name
from bgood_lib.training.config import Config, make_config
from bgood_lib.utils.errors import StudyError

ROOT = Path(__file__).parents[2]
STUDIES = sorted((ROOT / "studies").glob("*.yaml"))
GOOD = """\
title: Mine
notebook: notebooks/train.ipynb
common: {dataset: scenes, epochs: 2}
runs:
  - {method: [cross_entropy, background], seed: [0, 1]}
  - {method: background, weight: 0.5, seed: 0}
pages:
  report: {weight: 0.1}
  cells:
"""


@pytest.fixture(autouse=True)
def in_root(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.fixture
def study(tmp_path):
    def write(text):
        (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
        return tmp_path / "mine.yaml"

    return write


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_the_projects_studies_train_different_things_and_leave_something(path):
    study = read_study(path)
    assert study.name == path.stem and study.runs and (study.pages or study.publish)
    names = [field.name for field in dataclasses.fields(Config)]
    trained = {}
    for run, values in study.runs.items():
        values = check_parameters(study.notebook, values)
        config = make_config(values.get("profile", "scenes"), **{k: v for k, v in values.items() if k in names})
        assert trained.setdefault(config, run) == run, f"{run} and {trained[config]} are one training"
    for page, values in study.pages.items():
        check_parameters(f"notebooks/{page}.ipynb", values)
        assert "runs_folder" in read_parameters(f"notebooks/{page}.ipynb")


def test_scenes_and_cifar10_are_there():
    assert {"scenes", "cifar10"} <= {path.stem for path in STUDIES}


def test_grids_are_multiplied_out(study):
    got = read_study(study(GOOD))
    assert list(got.runs) == [
        "cross_entropy-s0", "cross_entropy-s1", "background-s0", "background-s1", "background-w0.5-s0",
    ]  # fmt: skip
    assert got.runs["background-w0.5-s0"] == {
        "dataset": "scenes",
        "epochs": 2,
        "method": "background",
        "weight": 0.5,
        "seed": 0,
    }
    assert got.pages == {"report": {"weight": 0.1}, "cells": {}}
    assert (got.name, got.title, got.publish) == ("mine", "Mine", False)


@pytest.mark.parametrize("text, value", [("true", True), ("tables", "tables"), ("false", False)])
def test_publish(study, text, value):
    assert read_study(study(f"publish: {text}\n{GOOD}")).publish == value


def test_a_run_wins_over_what_is_common(study):
    runs = read_study(study(GOOD.replace("weight: 0.5", "epochs: 9"))).runs
    assert runs["background-epochs_9-s0"]["epochs"] == 9


def test_run_names():
    values = {
        "seed": 3,
        "method": "background",
        "selector": "rank",
        "patch_size": 2,
        "n_patches": 5,
        "top_k": 4,
        "n_train": 100,
    }
    assert run_name(values) == "background-rank-p2-n5-k4-n_train_100-s3"


@pytest.mark.parametrize("old, new, message", [
    ("pages:", "page:", "unknown key 'page'; the keys are .*did you mean 'pages'"),
    ("title: Mine\n", "", "title is missing"),
    ("notebook: notebooks/train.ipynb\n", "", "notebook is missing"),
    ("weight: 0.5", "wieght: 0.5", "run background-.*no parameter 'wieght'; did you mean 'weight'"),
    ("weight: 0.5", "weight: heavy", "weight is 'heavy'; expected a number from -1 to 1,000"),
    ("weight: 0.5", "weight: -2", "weight is -2; expected a number from -1 to 1,000"),
    ("epochs: 2", "epoch: 2", "no parameter 'epoch'; did you mean 'epochs'"),
    ("weight: 0.5, seed: 0", "seed: [1, 2]", "two runs are called background-s1"),
    ("notebooks/train.ipynb", "notebooks/trian.ipynb", "there is no notebook notebooks/trian.ipynb"),
    ("common: {dataset: scenes, epochs: 2}", "common: scenes", "common is 'scenes'; expected {name: value"),
    ("title: Mine", "title: [Mine]", "title is .\"Mine\".; expected text"),
    ("  report: {weight: 0.1}", "  report: {wieght: 0.1}", "page report: .*did you mean 'weight'"),
    ("  report: {weight: 0.1}", "  reprot: {weight: 0.1}", "page reprot: .*no notebook"),
    ("  - {method: background, weight: 0.5, seed: 0}", "  - background", "'background'"),
    ("title: Mine", "title: [Mine", "mine.yaml"),
    ("title: Mine", "publish: csv\ntitle: Mine", "publish is 'csv'; expected true .*, tables or false"),
    ("title: Mine", "publish: 1\ntitle: Mine", "publish is 1; expected"),
    ("title: Mine", "pubish: true\ntitle: Mine", "unknown key 'pubish'.*did you mean 'publish'"),
])  # fmt: skip
def test_mistakes_are_refused_with_the_file(study, old, new, message):
    assert old in GOOD
    with pytest.raises(StudyError, match=message) as caught:
        read_study(study(GOOD.replace(old, new)))
    assert "mine.yaml" in str(caught.value)


def test_a_file_without_keys_is_refused(study):
    with pytest.raises(StudyError, match=r"mine.yaml holds .\"just\", \"a list\".; expected lines of `key: value`"):
        read_study(study("- just\n- a list\n"))


def test_an_unknown_study_gives_the_nearest(tmp_path):
    shutil.copy(ROOT / "studies" / "scenes.yaml", tmp_path)
    with pytest.raises(
        StudyError,
        match="there is no study 'scene': .*scene.yaml is not there; there are scenes; did you mean 'scenes'",
    ):
        read_study(tmp_path / "scene.yaml")


def test_reading_executes_nothing(study, tmp_path):
    text = GOOD.replace("title: Mine", f"title: !!python/object/apply:os.mkdir ['{tmp_path / 'made'}']")
    with pytest.raises(Exception):
        read_study(study(text))
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("old, new, message", [
    ("weight: 0.5", 'selector: "$(touch pwned)"', "a run would be called .*touch pwned.*letters, digits"),
    ("weight: 0.5", 'selector: "a b"', "a run would be called"), ("weight: 0.5", 'selector: "../x"', "a run would be called"),
    ("weight: 0.5", "out: runs/x", "line 6: out: 'runs/x' is no setting of a study; take it away: every run has a folder of its own, runs/mine/RUN"), ("epochs: 2", "device: cuda", "line 3: device: 'cuda' is no setting of a study; take it away: give it when running, make study STUDY=mine DEVICE=cuda"),
    ("weight: 0.5", "threads: 2", "threads: 2 is no setting.*THREADS=2"), ("epochs: 2", "force: true", "force: true is no setting.*FORCE=1"),
    ("weight: 0.5", "weight: []", "weight is an empty list"), ("weight: 0.5", "weight: [[1]]", "weight is \\[1\\]; expected a number"),
    ("weight: 0.5", "weight: {a: 1}", 'weight is {"a": 1}; expected a number'), ("weight: 0.5", "weight:", "weight is null"),
    ("seed: [0, 1]", "seed: 010", "line 5: 010 is no plain decimal"),
    ("runs:", "runs: []\nruns:", "'runs' stands there twice"),
    ("notebooks/train.ipynb", "/etc/train.ipynb", "notebook is '/etc/train.ipynb'"),
    ("notebooks/train.ipynb", "../train.ipynb", "notebook is '../train.ipynb'"),
    ("notebooks/train.ipynb", "notebooks/$(x).ipynb", "notebook is"),
    ("  cells:", '  "$(x)":', "page '\\$\\(x\\)'"), ("  cells:", "  cells: 3", "page 'cells'"),
    ("weight: 0.5, seed: 0", "weight: 0.5, seed: &s [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], top_k: *s, n_patches: *s, epochs: *s, "
     "n_train: *s", "more than 20,000 runs"),
])  # fmt: skip
def test_nothing_of_a_study_is_taken_for_something_else(study, old, new, message):
    assert old in GOOD
    with pytest.raises(StudyError, match=message) as caught:
        read_study(study(GOOD.replace(old, new)), check=False)
    assert "mine.yaml" in str(caught.value)


def test_the_name_of_a_study_becomes_a_folder(tmp_path):
    (tmp_path / "a b.yaml").write_text(GOOD)
    with pytest.raises(StudyError, match="a study's name has letters"):
        read_study(tmp_path / "a b.yaml")


def test_a_text_may_name_a_parameter_of_the_run(study):
    text = GOOD.replace("epochs: 2}", "epochs: 2, init: 'weights/{method}-s{seed}.safetensors'}")
    runs = read_study(study(text)).runs
    assert runs["background-s1"]["init"] == "weights/background-s1.safetensors"
    for wrong in ("{sead}", "{0}", "{}", "{seed.real}"):
        with pytest.raises(StudyError, match="mine.yaml.*: init is .*stands for a parameter of the run"):
            read_study(study(text.replace("{seed}", wrong)))
