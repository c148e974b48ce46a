"""Trainings with steps of their own resume, are kept whole, and leave a bank that says what they say."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bgood_lib.detectors.scoring import available, score_all
from bgood_lib.evaluation.bank import bank_from
from bgood_lib.features import Bank, extract
from bgood_lib.networks.build import make_network
from bgood_lib.runs.weights import load_weights, save_weights
from bgood_lib.training import outliers, steps
from bgood_lib.training.checkpoint import load_network, weights_sha256
from bgood_lib.training.config import make_config
from bgood_lib.training.equip import equip
from bgood_lib.training.losses import CLASSIFICATION
from bgood_lib.training.steps import train_in_steps

CPU = torch.device("cpu")
METHODS = [
    name for name, entry in CLASSIFICATION.items() if hasattr(entry, "steps") and name != "mecam_trunk"
]  # that one wants frozen layers, test_mecam_trunk.py


@pytest.fixture(autouse=True)
def letters(monkeypatch, images):
    monkeypatch.setattr(outliers.datasets, "load", lambda *name: (images[:, ::-1].copy(), None))
    monkeypatch.setattr(outliers.datasets, "splits", lambda name: ["test"])


def trained(method, images, labels, checkpoint=None, report=str, epochs=3, **settings):
    profile = dict(profile="vit", width=32) if method.startswith("mood") else dict(profile="scenes")
    config = make_config(**profile, method=method, epochs=epochs, batch_size=10, background_start=0, **settings)
    masks = np.zeros(images.shape[:3], bool)
    masks[:, 8:20, 8:20] = True
    network, teacher = (make_network(make_config(**profile, seed=seed), images, labels) for seed in (0, 1))
    equip(network, config)
    history = train_in_steps(
        CLASSIFICATION[config.classification].steps, network, images, labels, config, CPU,
        masks=masks, checkpoint=checkpoint, identity="r", report=report, teacher=teacher,
    )  # fmt: skip
    return network, history


@pytest.mark.parametrize("method", METHODS)
def test_resuming_equals_not_having_stopped_bit_for_bit(method, images, labels, tmp_path, monkeypatch):
    whole, expected = trained(method, images, labels)
    monkeypatch.setattr(steps, "time", SimpleNamespace(monotonic=itertools.count(0, 120).__next__))

    def kill(line):
        if "2/3" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(method, images, labels, tmp_path / "c.pt", kill)
    torch.rand(5)
    resumed, history = trained(method, images, labels, tmp_path / "c.pt")
    assert weights_sha256(resumed) == weights_sha256(whole)
    assert [epoch["loss"] for epoch in history] == [epoch["loss"] for epoch in expected]
    assert weights_sha256(load_network(tmp_path / "c.pt")) == weights_sha256(whole)
    again, lines = [], []
    again = trained(method, images, labels, tmp_path / "c.pt", lines.append)[1]
    assert again == history and not lines  # a finished one is not trained again


def test_each_learns_something_else(images, labels):
    names = [*METHODS, *(f"{name}_background" for name in METHODS)]
    found = {name: trained(name, images, labels, epochs=1, selector="border")[0] for name in names}
    common = {name: torch.cat([p.flatten() for p in network.head.parameters()]) for name, network in found.items()}
    assert len({tuple(values.tolist()) for values in common.values()}) == len(names)


@pytest.mark.parametrize("method, scores", [
    ("prood", {"ProoD", "ProoD-certified"}), ("mecam", {"MECAM"}), ("syncood", {"OODHead", "SSOD"}),
    ("mood", {"MOOD-reconstruction"}),
])  # fmt: skip
def test_what_they_say_of_images_is_kept_and_scored(method, scores, images, labels, tmp_path):
    network, _ = trained(method, images, labels, epochs=1)
    sets = {
        "train": extract(network, images, labels), "test": extract(network, images[:20], labels[:20]),
        "ood": extract(network, images[20:], [-1] * 20, batch_size=7),
    }  # fmt: skip
    bank = bank_from(network, sets)
    bank.save(tmp_path / "bank.npz")
    read = Bank.load(tmp_path / "bank.npz")
    assert (
        set(available(read)) & {"ProoD", "ProoD-certified", "MECAM", "MOOD-reconstruction", "OODHead", "SSOD"} == scores
    )
    found, kept = score_all(bank, sorted(scores)), score_all(read, sorted(scores))
    for name in scores:
        assert np.array_equal(found[name]["ood"], kept[name]["ood"]) and len(kept[name]["test"]) == 20
    for key, values in sets["ood"].own.items():
        np.testing.assert_allclose(values, extract(network, images[20:], [-1] * 20).own[key], rtol=1e-3, atol=1e-5)
        np.testing.assert_array_equal(sets["ood"].take([3, 1]).own[key], values[[3, 1]])


def test_the_certified_score_is_the_worst_of_unknown_images_only(images, labels):
    network, _ = trained("prood", images, labels, epochs=1)
    parts = extract(network, images, labels), extract(network, images, [-1] * 40)
    bank = bank_from(network, {"train": parts[0], "test": parts[0], "ood": parts[1]})
    found = score_all(bank, ["ProoD", "ProoD-certified"])
    assert np.array_equal(found["ProoD"]["test"], found["ProoD-certified"]["test"])
    assert (found["ProoD"]["ood"] >= found["ProoD-certified"]["ood"]).all()


@pytest.mark.parametrize("method", ["prood", "mecam", "syncood", "mood"])
def test_an_exported_network_has_its_further_parts(method, images, labels, tmp_path):
    network, _ = trained(method, images, labels, epochs=1)
    config = make_config("vit" if method == "mood" else "scenes", method=method, width=32 if method == "mood" else 0)
    save_weights(network, tmp_path / "w.safetensors", vars(config))
    loaded = load_weights(tmp_path / "w.safetensors")
    x = torch.as_tensor(images[:4]).permute(0, 3, 1, 2)
    torch.testing.assert_close(loaded(x), network.eval()(x), rtol=2e-2, atol=2e-2)
    assert loaded.state_dict().keys() == network.state_dict().keys()
