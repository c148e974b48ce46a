import pytest
import torch

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


def test_description_holds_what_a_record_needs():
    about = machine.describe(torch.device("cpu"))
    assert about["device"] == "cpu" and about["device_name"]
    assert about["threads"] == torch.get_num_threads()
    assert about["versions"]["torch"].split("+")[0] == torch.__version__.split("+")[0]


def test_without_git_the_commit_is_unknown(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert machine.describe(torch.device("cpu"))["git_commit"] == "unknown"
