import pytest
import torch

from bgood_lib.training import loop
from bgood_lib.utils import machine


def test_auto_takes_the_best_there_is(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert machine.choose_device().type == "cpu"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert machine.choose_device().type == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert machine.choose_device().type == "cuda"
    assert machine.choose_device("cpu").type == "cpu"


def test_a_device_that_is_unknown_or_missing_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="unknown device 'gpu'"):
        machine.choose_device("gpu")
    with pytest.raises(ValueError, match="device 'cuda' is not available"):
        machine.choose_device("cuda")


@pytest.mark.parametrize("capabilities, precision", [
    ({}, torch.float32), ({"avx512_bf16": True}, torch.bfloat16), ({"amx_bf16": True}, torch.bfloat16),
])  # fmt: skip
def test_bfloat16_only_where_the_processor_computes_with_it(monkeypatch, capabilities, precision):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert loop.choose_precision(torch.device("cpu")) == precision


def test_description_holds_what_a_record_needs():
    about = machine.describe(torch.device("cpu"))
    assert about["device"] == "cpu" and about["device_name"]
    assert about["threads"] == torch.get_num_threads()
    assert about["precision"] in ("bfloat16", "float32")
    assert about["versions"]["torch"].split("+")[0] == torch.__version__.split("+")[0]


def test_without_git_the_commit_is_unknown(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert machine.describe(torch.device("cpu"))["git_commit"] == "unknown"
