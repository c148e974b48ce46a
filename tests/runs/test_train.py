"""A training from its configuration to its record, in a folder that is its own."""

import json
import shutil

import pytest
import torch

from bgood_lib.runs.record import read_record
from bgood_lib.runs.start import starting_network, starting_sha256
from bgood_lib.runs.train import evaluate_run, train_run
from bgood_lib.training.checkpoint import identity_of, load_network, weights_sha256
from bgood_lib.training.config import make_config
from bgood_lib.utils.errors import InputError

CPU = torch.device("cpu")
pytestmark = pytest.mark.slow


def short(**settings):
    return make_config("scenes", **{"epochs": 1, "n_train": 128, "method": "cross_entropy", **settings})


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Folder of a finished run, only to be copied, with what its training and evaluation returned."""
    folder = tmp_path_factory.mktemp("finished")
    trained = train_run(short(), CPU, folder, report=str)
    record = evaluate_run(trained, short(), CPU, folder, 100, report=str, resampled=16)
    trained.lock.close()
    return folder, trained, record


def test_a_run_leaves_what_belongs_together(finished):
    tmp_path, trained, record = finished
    assert read_record(tmp_path / "record.json") == json.loads(json.dumps(record))
    assert record["resampled"]["side"] == 16 and 0 <= record["resampled"]["scenes_unseen"]["MSP"] <= 1
    assert record["identity"] == trained.identity == identity_of(tmp_path / "checkpoint.pt")
    assert record["config"]["precision"] == "float32" and record["data"]["fit_images"] == 100
    network = load_network(tmp_path / "checkpoint.pt", trained.identity)
    assert weights_sha256(network) == record["weights_sha256"]
    with pytest.raises(InputError, match="checkpoint.pt is of another training"):
        load_network(tmp_path / "checkpoint.pt", "0" * 16)


@pytest.mark.parametrize("left", ["record.json", "checkpoint.pt"])
def test_another_training_is_not_lost(finished, tmp_path, left):
    folder, trained, _ = finished
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    for file in ("record.json", "checkpoint.pt"):
        if file != left:
            (tmp_path / file).unlink()
    before = (tmp_path / left).read_bytes()
    with pytest.raises(InputError, match=f"{tmp_path} holds another training .*overwrite=true"):
        train_run(short(seed=1), CPU, tmp_path, report=str)
    assert (tmp_path / left).read_bytes() == before
    again = train_run(short(), CPU, tmp_path, report=str)  # its own: goes on
    again.lock.close()
    other = train_run(short(seed=1), CPU, tmp_path, overwrite=True, report=str)
    assert other.identity != trained.identity == again.identity


@pytest.mark.parametrize("out", ["", " ", "a\0b"])
def test_a_folder_without_a_name_is_refused(out):
    with pytest.raises(InputError, match="out is .*; expected a folder"):
        train_run(short(), CPU, out)


def test_fine_tuning_begins_from_the_weights_it_names(tmp_path):
    first = train_run(short(), CPU, tmp_path / "first", report=str)
    start = starting_network(str(tmp_path / "first"))
    config = short(init=weights_sha256(start), method="background", learning_rate=1e-12, background_start=0.0)
    second = train_run(config, CPU, tmp_path / "second", start=start, report=str)
    for (name, old), new in zip(start.state_dict().items(), second.network.state_dict().values(), strict=True):
        if "running" not in name and "batches" not in name:
            assert torch.allclose(old, new, atol=1e-6), name
    assert second.identity != first.identity
    assert starting_sha256(str(tmp_path / "first")) == config.init and starting_sha256("") is None


def test_a_start_that_does_not_fit_is_refused(tmp_path):
    train_run(short(), CPU, tmp_path / "first", report=str)
    start = starting_network(str(tmp_path / "first"))
    with pytest.raises(InputError, match="is not the one of the configuration"):
        train_run(short(init="0" * 64), CPU, tmp_path / "a", start=start, report=str)
    with pytest.raises(InputError, match="does not fit small_resnet"):
        train_run(short(init=weights_sha256(start), stages=3), CPU, tmp_path / "b", start=start, report=str)
    with pytest.raises(InputError, match="init is .*none'; expected a run's folder"):
        starting_network(tmp_path / "none")
