import numpy as np
import pytest

from bgood_lib.feature_bank import Bank, Features
from bgood_lib.posthoc import score

DETECTORS = ["MSP", "MaxLogit", "Energy", "ReAct", "KNN", "PooledNorm"]

K, C = 3, 8


@pytest.fixture(scope="module")
def bank():
    """ID features are long and point along their class; OOD ones are short and point anywhere."""
    rng = np.random.default_rng(0)
    weight, bias = rng.normal(0, 0.1, (K, C)).astype("f4"), rng.normal(0, 0.1, K).astype("f4")
    weight[np.arange(K), np.arange(K)] += 1

    def features(n, known):
        labels = np.arange(n) % K
        z = np.abs(rng.normal(0, 0.3, (n, C)))
        z[np.arange(n), labels] += 4 * known
        z = z.astype("f4")
        blank = np.zeros((n, 1), "f4")
        return Features(z @ weight.T + bias, z, blank, blank, labels if known else np.full(n, -1))

    sets = {"train": features(300, True), "test": features(30, True), "ood": features(25, False)}
    return Bank(sets, weight, bias, {})


def formula(name, bank, features):
    """The scores in plain NumPy, float64."""
    z, logits = features.features.astype(float), features.logits.astype(float)
    train = bank["train"].features.astype(float)
    if name == "MSP":
        p = np.exp(logits)
        return -(p / p.sum(1, keepdims=True)).max(1)
    if name == "MaxLogit":
        return -logits.max(1)
    if name == "Energy":
        return -np.log(np.exp(logits).sum(1))
    if name == "ReAct":  # the 90th percentile of all activations, then energy
        clipped = np.minimum(z, np.percentile(train, 90)) @ bank.weight.astype(float).T + bank.bias.astype(float)
        return -np.log(np.exp(clipped).sum(1))
    if name == "KNN":  # distance to the 50th neighbour on the unit sphere
        a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (z, train))
        return np.sort(np.linalg.norm(a[:, None] - b[None], axis=2), axis=1)[:, 49]
    if name == "PooledNorm":
        return -np.sqrt((z**2).sum(1))
    raise AssertionError(f"no formula here for {name}")


@pytest.mark.parametrize("name", DETECTORS)
def test_equals_its_formula(bank, name):
    got = score(name, bank)
    assert set(got) == {"test", "ood"}
    for which, values in got.items():
        assert values.dtype == np.float64 and values.shape == (len(bank[which]),)
        np.testing.assert_allclose(values, formula(name, bank, bank[which]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", DETECTORS)
def test_larger_is_more_ood(bank, name):
    got = score(name, bank)
    assert np.median(got["ood"]) > np.median(got["test"])


@pytest.mark.parametrize("name", DETECTORS)
def test_scores_depend_on_nothing_but_the_image_and_the_train_set(bank, name):
    alone = Bank({k: bank[k] for k in ("train", "ood")}, bank.weight, bank.bias, {})
    assert np.array_equal(score(name, alone)["ood"], score(name, bank)["ood"])


def test_unknown_detector(bank):
    with pytest.raises(ValueError, match="unknown detector 'msp'.*MSP"):
        score("msp", bank)
