"""KNN, NNGuide and Relation: exact, and the same together as alone."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pytorch_ood import detector as theirs
from pytorch_ood.api import RequiresFittingException
from small_bank import make_bank

from bgood_lib.detectors import neighbours
from bgood_lib.detectors.neighbours import KNN, NNGuide, Relation, largest, predict_together
from bgood_lib.detectors.scoring import Head


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 4), st.integers(1, 400), st.data())
def test_largest_is_topk(rows, columns, data):
    k = data.draw(st.integers(1, columns))
    few = data.draw(st.booleans())  # many equal values
    seed = data.draw(st.integers(0, 1000))
    values = torch.as_tensor(np.random.default_rng(seed).normal(size=(rows, columns)).round(0 if few else 6))
    found, where = largest(values, k)
    assert torch.equal(found, values.topk(k, dim=1).values)
    assert torch.equal(values.gather(1, where), found)
    assert all(len(set(row.tolist())) == k for row in where)


@pytest.fixture(scope="module")
def data():
    bank = make_bank()
    train, test = bank["train"], bank["test"]
    return Head(bank.weight, bank.bias), *map(torch.as_tensor, (train.features, train.labels, test.features))


def test_equal_pytorch_oods(data):
    head, z, y, test = data
    for ours, their in (
        (KNN(None, 50), theirs.KNN(None, k=50)),
        (NNGuide(None, head, 10, alpha=1), theirs.NNGuide(None, head, 10)),
    ):
        expected = their.fit_features(z, y).predict_features(test)
        np.testing.assert_allclose(ours.fit_features(z, y).predict_features(test), expected, rtol=1e-5)


def test_a_neighbour_nearly_in_the_same_place_keeps_its_distance():
    """2 - 2 cos of float32 cosines would be off by the whole distance."""
    generator = torch.Generator().manual_seed(0)
    z = torch.nn.functional.normalize(torch.rand(50, 8, generator=generator), dim=1)
    near = z + 1e-5 * torch.randn(50, 8, generator=generator)
    got = KNN(None, 1).fit_features(z, torch.zeros(50)).predict_features(near)
    exact = torch.cdist(
        torch.nn.functional.normalize(near.double(), dim=1), torch.nn.functional.normalize(z.double(), dim=1)
    )
    np.testing.assert_allclose(got, exact.min(1).values, rtol=0.05)


def test_one_product_serves_those_with_the_same_bank(data, monkeypatch):
    head, z, y, test = data
    detectors = [d.fit_features(z, y) for d in (KNN(None), Relation(None, head), NNGuide(None, head))]
    alone = [d.predict_features(test) for d in detectors]
    products = []
    true_mm = torch.mm
    monkeypatch.setattr(torch, "mm", lambda a, b, **more: products.append(b.shape) or true_mm(a, b, **more))
    together = predict_together(detectors, test)
    assert products == [(16, 400)]
    assert all(torch.equal(a, b) for a, b in zip(alone, together))
    monkeypatch.setattr(neighbours, "CELLS", 2000)  # chunks of 5 rows
    chunked = predict_together(detectors, test)
    for a, b in zip(alone, chunked):
        np.testing.assert_allclose(a, b, rtol=1e-5)


@pytest.mark.parametrize(("k", "alpha", "used"), [(10, 1.0, 10), (100, 1.0, 40), (10, 0.1, 4), (100, 0.01, 1)])
def test_nnguide_by_brute_force_never_asks_more_than_a_tenth_of_the_bank(data, k, alpha, used):
    head, z, y, test = data
    got = NNGuide(None, head, k, alpha).fit_features(z, y).predict_features(test)
    z, test = z.numpy().astype(float), test.numpy().astype(float)
    anchors = z[:: round(1 / alpha)]

    def energy(features):
        return np.log(np.exp(features @ head.weight.numpy().T.astype(float) + head.bias.numpy()).sum(1))

    for image, mine, score in zip(test, energy(test), got):
        cosines = anchors @ image / np.linalg.norm(anchors, axis=1) / np.linalg.norm(image)
        assert score == pytest.approx(-mine * np.mean(sorted(cosines * energy(anchors))[-used:]), rel=1e-5)


def test_images_without_a_class_are_not_neighbours(data):
    _, z, y, test = data
    y = y.clone()
    y[:100] = -1
    some = KNN(None, 5).fit_features(z, y)
    np.testing.assert_array_equal(
        some.predict_features(test), KNN(None, 5).fit_features(z[100:], y[100:]).predict_features(test)
    )


def test_errors(data):
    head, z, y, test = data
    with pytest.raises(ValueError, match="k=401 with 400 training features; choose 1 to 400"):
        KNN(None, 401).fit_features(z, y)
    with pytest.raises(ValueError, match="none of 400 training images has a label"):
        KNN(None).fit_features(z, y * 0 - 1)
    with pytest.raises(ValueError, match="alpha=2"):
        NNGuide(None, head, alpha=2)
    with pytest.raises(RequiresFittingException):
        KNN(None).predict_features(test)
