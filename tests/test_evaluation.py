"""From a network to a bank, and from the bank to figures."""

import pytest
import torch

from bgood_lib import datasets, evaluation
from bgood_lib.networks import SmallResNet
from bgood_lib.protocols import PROTOCOLS, OODSet


@pytest.fixture
def protocol(tmp_path, monkeypatch):
    monkeypatch.setenv("BGOOD_DATA", str(tmp_path))
    monkeypatch.setitem(PROTOCOLS, "scenes", (OODSet("scenes_novel", "novel"), OODSet("svhn", "far")))
    return tmp_path


def test_a_missing_set_is_a_row_and_a_damaged_one_an_error(protocol):
    torch.manual_seed(0)
    network = SmallResNet(6, stages=2, width=16)
    bank, ood = evaluation.build_bank(network, "scenes", fit_images=100, report=str)
    assert ood[1] == {"name": "svhn", "group": "far", "available": False, "reason": "not prepared"}
    assert ood[0]["available"] and ood[0]["n"] == len(bank["scenes_novel"]) == 2000
    assert len(bank["train"]) == 100

    figures = evaluation.judge(bank)
    assert {row["ood"] for row in figures["metrics"]} == {"scenes_novel"}
    right = bank["test"].logits.argmax(1) == datasets.load("scenes", "test")[1]
    assert figures["accuracy"] == pytest.approx(right.mean())
    assert set(figures["overconfidence"]) == set(figures["mean_norm"]) == {"test", "scenes_novel"}

    file = protocol / "scenes_novel-test.npz"
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(datasets.DataError, match="scenes_novel"):
        evaluation.build_bank(network, "scenes", fit_images=100, report=str)
