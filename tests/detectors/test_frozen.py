"""Figures of a small bank that were fixed once: a change of any detector or metric shows here.

After a change that is meant, `python tests/detectors/test_frozen.py NAME...` fixes those detectors anew.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from bgood_lib.detectors.scoring import score, score_all
from bgood_lib.features import Bank
from bgood_lib.metrics.ood import ood_metrics

FILE = Path(__file__).parent / "frozen_bank.npz"
SETS = ("train", "test", "ood")


def bank_of(arrays):
    """Features of 4 classes in 12 dimensions, after a ReLU, as a bank."""
    features = {name: arrays[f"features/{name}"] for name in SETS}
    labels = {name: arrays[f"labels/{name}"] for name in SETS[:2]}
    return Bank.from_arrays(features, labels, arrays["weight"], arrays["bias"])


def fix(names):
    """Replace what the file says of these detectors by what they say now; the others keep every bit."""
    with np.load(FILE) as file:
        arrays = dict(file)
    expected = json.loads(str(arrays["expected"]))
    for name in names:
        found = score(name, bank_of(arrays))
        expected[name] = ood_metrics(found["test"], found["ood"], name)
        arrays |= {f"scores/{name}/{part}": found[part] for part in ("test", "ood")}
    np.savez_compressed(FILE, **{**arrays, "expected": json.dumps(expected)})
    return {name: expected[name] for name in names}


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
    for name, scores in score_all(bank_of(frozen), list(expected)).items():
        assert not isinstance(scores, str), f"{name}: {scores}"
        assert ood_metrics(scores["test"], scores["ood"], name) == pytest.approx(expected[name], abs=1e-4), name


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for name, figures in fix(sys.argv[1:]).items():
        sys.stdout.write(f"{name}: " + ", ".join(f"{key} {value:.4f}" for key, value in figures.items()) + "\n")
