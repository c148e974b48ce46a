import dataclasses
import hashlib
import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from bgood_lib.cli.main import app
from bgood_lib.networks.build import make_network
from bgood_lib.runs.record import write_record
from bgood_lib.runs.weights import load_weights, read_about, save_weights
from bgood_lib.studies.results import read_results
from bgood_lib.training.checkpoint import weights_sha256
from bgood_lib.training.config import make_config
from bgood_lib.training.loop import train

RESULTS = Path(__file__).parents[2] / "results"


@pytest.mark.parametrize("name", ["small_resnet", "whitened_cnn", "residual_cnn", "resnet18_32x32"])
def test_weights_come_back_in_half_precision(name, images, labels, tmp_path):
    config = make_config("cpu", network=name, width=16, method="cross_entropy")
    network = make_network(config, images, labels).eval()
    save_weights(network, tmp_path / "w.safetensors", dataclasses.asdict(config), identity="abc")
    again = load_weights(tmp_path / "w.safetensors")
    assert read_about(tmp_path / "w.safetensors")["identity"] == "abc"
    state, loaded = network.state_dict(), again.state_dict()
    assert all(torch.equal(loaded[k], v.half().float() if v.is_floating_point() else v) for k, v in state.items())
    x = torch.as_tensor(images[:4]).permute(0, 3, 1, 2)
    torch.testing.assert_close(again(x), network(x), atol=0.02, rtol=0.02)
    assert not again.training


def test_export_refuses_a_checkpoint_of_another_training(images, labels, tmp_path, make_record):
    config = make_config("scenes", method="cross_entropy", epochs=1)
    network = make_network(config, images, labels)
    run = tmp_path / "study" / "one"
    train(network, images, labels, config, torch.device("cpu"), checkpoint=run / "checkpoint.pt", report=str)

    def export(sha256):
        record = make_record(dataclasses.asdict(config), weights_sha256=sha256)
        (run / "record.json").unlink(missing_ok=True)
        write_record(run / "record.json", record)
        return CliRunner().invoke(app, ["export", str(run), str(tmp_path / "w.safetensors")])

    done = export("0" * 64)
    assert done.exit_code == 1 and "checkpoint.pt and record.json beside it are not of one training" in done.output
    assert export(weights_sha256(network)).exit_code == 0
    about = read_about(tmp_path / "w.safetensors")
    assert (about["record"], about["accuracy"]) == ("study/one.json", 0.9)


def test_what_is_no_weights_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no weights file .*w.safetensors"):
        load_weights(tmp_path / "w.safetensors")
    (tmp_path / "w.safetensors").write_bytes(b"half")
    with pytest.raises(ValueError, match="w.safetensors is not a whole weights file"):
        load_weights(tmp_path / "w.safetensors")


def test_a_truncated_file_is_refused(images, labels, tmp_path):
    config = make_config("scenes", method="cross_entropy")
    save_weights(make_network(config, images, labels), tmp_path / "w.safetensors", dataclasses.asdict(config))
    content = (tmp_path / "w.safetensors").read_bytes()
    (tmp_path / "w.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="not a whole weights file"):
        load_weights(tmp_path / "w.safetensors")


def _record_of(name):
    """What is published of a run: its record, or its row in the tables of its study."""
    if (RESULTS / name).is_file():
        return json.loads((RESULTS / name).read_text())
    study, _, run = name.removesuffix(".json").partition("/")
    return read_results(RESULTS / study).runs.set_index("run").loc[run].to_dict()


def test_published_weights_are_small_whole_and_have_their_records():
    files = sorted((RESULTS / "weights").glob("*.safetensors"))
    sums = (RESULTS / "weights" / "SHA256SUMS").read_text().splitlines() if files else []
    listed = {name: digest for digest, name in (line.split() for line in sums)}
    assert set(listed) == {file.name for file in files}
    assert sum(file.stat().st_size for file in files) <= 20e6
    for file in files:
        assert file.stat().st_size <= 3e6
        assert hashlib.sha256(file.read_bytes()).hexdigest() == listed[file.name]
        about = read_about(file)
        record = _record_of(about["record"])
        assert about["identity"] == record["identity"] and about["weights_sha256"] == record["weights_sha256"]
        load_weights(file)
