"""Figures of a small bank that were fixed once: a change of any detector or metric shows here.

After a change that is meant, `python tests/test_frozen.py` fixes them anew.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from bgood_lib.detectors.scoring import score_all
from bgood_lib.features import Bank
from bgood_lib.metrics.ood import ood_metrics

FILE = Path(__file__).parent / "frozen_bank.npz"
SETS = ("train", "test", "ood")


def make_file():
    """Features of 4 classes in 12 dimensions, after a ReLU, and what every detector says of them."""
    rng = np.random.default_rng(0)
    centres = rng.gamma(1, 1, (4, 12))
    labels = {"train": np.arange(300) % 4, "test": np.arange(160) % 4}
    features = {name: centres[y] + rng.normal(0, 0.8, (len(y), 12)) for name, y in labels.items()}
    features["ood"] = rng.gamma(1, 0.9, (120, 12))
    features = {name: np.maximum(z, 0).astype(np.float32) for name, z in features.items()}
    weight, bias = (centres - centres.mean(0)).astype(np.float32), np.linspace(-0.2, 0.2, 4, dtype=np.float32)
    scores = score_all(Bank.from_arrays(features, labels, weight, bias))
    scores = {name: found for name, found in scores.items() if not isinstance(found, str)}
    expected = {name: ood_metrics(found["test"], found["ood"], name) for name, found in scores.items()}
    arrays = {f"features/{name}": z for name, z in features.items()}
    arrays |= {f"labels/{name}": y for name, y in labels.items()}
    arrays |= {f"scores/{name}/{part}": found[part] for name, found in scores.items() for part in ("test", "ood")}
    FILE.parent.mkdir(exist_ok=True)
    np.savez_compressed(FILE, weight=weight, bias=bias, expected=json.dumps(expected), **arrays)
    return expected


@pytest.fixture(scope="module")
def frozen():
    with np.load(FILE) as file:
        return {name: file[name] for name in file.files}


@pytest.fixture(scope="module")
def expected(frozen):
    return json.loads(str(frozen["expected"]))


def test_the_file_is_small_and_holds_most_detectors(expected):
    assert FILE.stat().st_size < 200_000
    assert {"MSP", "Energy", "ReAct", "KNN", "Mahalanobis", "ViM", "GEN", "SCALE", "CFMPLS"} <= set(expected)


def test_metrics_of_stored_scores(frozen, expected):
    for name, figures in expected.items():
        got = ood_metrics(frozen[f"scores/{name}/test"], frozen[f"scores/{name}/ood"], name)
        assert got == pytest.approx(figures, abs=1e-6), name


@pytest.mark.filterwarnings("ignore")
def test_metrics_of_stored_features(frozen, expected):
    features = {name: frozen[f"features/{name}"] for name in SETS}
    labels = {name: frozen[f"labels/{name}"] for name in SETS[:2]}
    bank = Bank.from_arrays(features, labels, frozen["weight"], frozen["bias"])
    for name, scores in score_all(bank, list(expected)).items():
        assert not isinstance(scores, str), f"{name}: {scores}"
        assert ood_metrics(scores["test"], scores["ood"], name) == pytest.approx(expected[name], abs=1e-4), name


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for name, figures in make_file().items():
        sys.stdout.write(f"{name}: " + ", ".join(f"{key} {value:.4f}" for key, value in figures.items()) + "\n")
