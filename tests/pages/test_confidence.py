import numpy as np
import pandas as pd
import pytest

from bgood_lib.features import Bank
from bgood_lib.metrics.calibration import matching_temperature, softmax
from bgood_lib.pages import confidence


def bank(scale, ood_scale=1.0):
    """Features of two classes, and a head whose logits are so much larger."""
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(60, 4)), rng.integers(0, 2, 60)
    sets = {"train": z, "test": z, "far": ood_scale * z}
    return Bank.from_arrays(sets, {"train": y, "test": y}, scale * np.eye(4)[:2], np.zeros(2))


def test_the_temperature_that_gives_a_confidence():
    logits = bank(3)["test"].logits
    for temperature in (0.5, 2.0):
        wanted = softmax(logits / temperature).max(-1).mean()
        assert matching_temperature(logits, wanted) == pytest.approx(temperature, rel=1e-6)
    assert matching_temperature(logits, 0.4) == pytest.approx(1e3), "less than 1 / K is out of reach"


def test_a_network_that_only_softened_its_softmax_is_no_better_than_a_temperature(tmp_path):
    banks = {"plain-s0": bank(3), "soft-s0": bank(1), "real-s0": bank(1, 0.5), "soft-s1": bank(1)}
    for name, content in banks.items():
        (tmp_path / name).mkdir()
        content.save(tmp_path / name / "bank.npz")
    runs = pd.DataFrame({"run": [*banks, "gone-s0"]}).assign(family=0, collapsed=False)
    runs["setting"], runs["seed"] = runs["run"].str[:4], runs["run"].str[-1].astype(int)
    runs["plain"] = runs["setting"] == "plai"
    beside = confidence.beside_temperature(tmp_path, runs).set_index("setting", drop=False)
    assert list(beside.index) == ["soft", "real"], "no bank, or no plain network of that seed"
    assert beside["temperature"].tolist() == pytest.approx([3, 3], rel=1e-4)
    assert beside.loc["soft", "ood"] < beside.loc["soft", "plain"]
    assert confidence.over_temperature(beside, "soft").mean == pytest.approx(0, abs=1e-6)
    assert confidence.over_temperature(beside, "real").mean < -0.05
    assert confidence.over_temperature(beside, "gone") is None
