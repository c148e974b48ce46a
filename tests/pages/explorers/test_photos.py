"""Photographs that may be shown: what the book holds of them."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from bgood_lib.pages.explorers import base, photos
from bgood_lib.utils.errors import InputError


@pytest.fixture(scope="module")
def described():
    return base.read("results/touch/photos.json")


def test_pictures_are_small_and_credited(described):
    data = described["data"]
    kinds = [picture["kind"] for picture in data["pictures"]]
    assert kinds == ["cat"] * photos.EACH + ["dog"] * photos.EACH
    assert "CC BY-SA 4.0" in data["credit"] and all(picture["name"] for picture in data["pictures"])
    for picture in data["pictures"]:
        for view in picture["views"].values():
            assert Image.open(io.BytesIO(base64.b64decode(view["jpeg"]))).size == (128, 128)


def test_verdicts_counts_and_views_belong_together(described):
    data = described["data"]
    for view in photos.VIEWS:
        there = np.array([view in picture["views"] for picture in data["pictures"]])
        for network in data["networks"]:
            norms = base.unpack(network["norms"][view]).astype(float)
            assert (norms[there].max((1, 2)) > 0).all() and (norms[~there] == 0).all()
            for score in photos.SCORES:
                signs = np.array(list(network["scores"][score]["known"][view]))
                assert (signs[~there] == "-").all() and np.isin(signs[there], ["0", "1"]).all()
            known = np.array(list(network["scores"]["MSP"]["known"][view])) == "1"
            confidence = np.array(network["confidence"][view])
            assert (known[there] == (confidence >= -network["scores"]["MSP"]["threshold"])[there]).all()
        assert {total for _, total in photos.counts(data, "MSP", view)} == {int(there.sum())}


def test_the_networks_are_those_of_the_study(described):
    found = [(network["method"], network["selector"]) for network in described["data"]["networks"]]
    assert found == [(method, selector) for method, selector, _ in photos.NETWORKS]
    assert {network["seed"] for network in described["data"]["networks"]} == {0}


def test_a_missing_training_is_named(two_runs):
    with pytest.raises(InputError, match="holds no training with dataset photos, method cross_entropy.*make photos"):
        photos.describe(two_runs)
