import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch

from bgood_lib.background_loss import quality
from bgood_lib.background_loss.patches import background_patches
from bgood_lib.networks.small_resnet import SmallResNet
from bgood_lib.pages import plots


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def test_histograms_are_percentages_of_their_set():
    rng = np.random.default_rng(0)
    figure = plots.confidence_histogram({"id": rng.random(50), "a": rng.random(7), "b": rng.random(30)})
    assert [axis.get_title() for axis in figure.axes] == ["a", "b"]
    for axis in figure.axes:
        bars = axis.containers[0]
        outline = axis.patches[len(bars)].get_xy()[:, 1]  # up and down again: every height occurs twice
        assert sum(bar.get_height() for bar in bars) == pytest.approx(100)
        assert outline.sum() / 2 == pytest.approx(100)


@pytest.mark.parametrize("patch_size", [1, 2])
def test_patch_maps_and_their_figure(images, labels, patch_size):
    network, options = SmallResNet(4, 2, 16), {"selector": "least_evidence", "patch_size": patch_size, "n_patches": 3}
    maps = quality.patch_maps(network, images[:4], labels[:4], **options)
    with torch.no_grad():
        z = network.feature_map(torch.as_tensor(images[:4]).permute(0, 3, 1, 2))
        patches, chosen = background_patches(z, torch.as_tensor(labels[:4]), network.head, **options)
    np.testing.assert_allclose(maps["norm"], patches.norm(dim=1), rtol=1e-5)
    assert np.array_equal(maps["chosen"], chosen)
    # The patches with the least evidence are the chosen ones.
    for evidence, which in zip(maps["evidence"], maps["chosen"]):
        assert evidence.min() >= 0 and evidence.max() <= 1 and evidence[which].max() <= evidence[~which].min()
    figure = plots.patch_figure(images[:4], list(maps.values()), list(maps))
    assert len(figure.axes) == 4 * (1 + 3)


def test_heat_table_writes_numbers_and_leaves_missing_ones_empty():
    table = pd.DataFrame([[1.26, np.nan], [-2, 0]], ["a", "b"], ["x", "y"])
    figure = plots.heat_table({"one": table, "two": -table}, "title", centre=0)
    one, two = figure.axes
    assert {text.get_position(): text.get_text() for text in one.texts} == {
        (0, 0): "+1.3",
        (0, 1): "-2.0",
        (1, 1): "+0.0",
    }
    assert [text.get_text() for text in two.texts] == ["-1.3", "+2.0", "-0.0"]
    assert (one.get_title(), two.get_title()) == ("one", "two")
    assert [label.get_text() for label in one.get_xticklabels()] == ["x", "y"]
    assert [label.get_text() for label in one.get_yticklabels()] == ["a", "b"]
