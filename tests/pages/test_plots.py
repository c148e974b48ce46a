import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.colors import to_rgb

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
    assert len(figure.axes) == 4 * (1 + 3) + 1  # and the colour bar
    norms = [axis.images[0] for axis in figure.axes[4 * (1 + list(maps).index("norm")) :][:4]]
    assert {image.get_clim() for image in norms} == {(0, float(maps["norm"].max()))}


def luminance(colour):
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def test_every_method_has_a_colour_of_its_own_that_can_be_seen_on_white():
    colours = [plots.colour(name) for name in plots.METHOD_COLOURS]
    assert len(set(colours)) == len(colours) and plots.OOD_COLOUR not in colours
    assert all(1.05 / (luminance(colour) + 0.05) >= 3 for colour in [*colours, plots.OOD_COLOUR])
    with pytest.raises(KeyError, match="no colour for 'mine'"):
        plots.colour("mine")


def test_maps_of_norms_share_their_scale_and_have_a_bar():
    figure, axes = plt.subplots(1, 2, layout="constrained")
    images = [plots.norm_map(axis, [[1, 2], [0, value]], vmax=7) for axis, value in zip(axes, (3, 7))]
    assert {image.get_clim() for image in images} == {(0, 7)} and len({image.get_cmap().name for image in images}) == 1
    bar = plots.norm_bar(figure, axes, 7)
    assert bar.ax.get_xlim() == (0, 7) and "length" in bar.ax.get_xlabel()
    assert plots.norm_map(axes[0], [[1, 4]]).get_clim() == (0, 4)
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        plots.norm_map(axes[0], [1, 2, 3])


def test_intervals_draw_each_row_in_its_method_s_colour():
    rows = pd.DataFrame({
        "label": ["background", "all cells", "true masks"], "mean": [1.0, -0.5, 2], "low": [0.5, -1, np.nan],
        "high": [1.5, 0, np.nan], "colour": ["background", "all", "oracle"], "panel": ["near", "near", "far"],
    })  # fmt: skip
    figure = plots.intervals(rows, "change of AUROC, points; n = 5")
    near, far = figure.axes
    assert near.get_title(loc="left") == "near" and far.get_title(loc="left") == "far"
    assert [label.get_text() for label in near.get_yticklabels()] == ["background", "all cells"]
    lines, dots = near.collections
    np.testing.assert_allclose([line[:, 0] for line in lines.get_segments()], [[0.5, 1.5], [-1, 0]])
    np.testing.assert_allclose(dots.get_offsets(), [[1, 0], [-0.5, 1]])
    np.testing.assert_allclose(
        dots.get_facecolors()[:, :3], [to_rgb(plots.colour(name)) for name in rows["colour"][:2]]
    )
    assert near.yaxis_inverted() and near.get_xlim() == far.get_xlim()
    assert len(plots.intervals(rows.drop(columns="panel"), "x").axes) == 1
    with pytest.raises(ValueError, match="no column colour"):
        plots.intervals(rows.drop(columns="colour"), "x")
    with pytest.raises(ValueError, match="empty"):
        plots.intervals(rows[:0], "x")


@pytest.mark.parametrize("n", [1, 2, 3, 5, 7])
def test_text_is_readable_on_a_phone(n):
    """A figure's text is 10 pixels high or more where the figure is 358 CSS pixels wide."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"mean": rng.normal(size=n), "low": -1.0, "high": 1.0, "label": "a b", "colour": "other"})
    figures = [
        plots.intervals(rows.assign(panel=[str(i) for i in range(n)]), "x"),
        plots.confidence_histogram({"id": rng.random(9)} | {str(i): rng.random(9) for i in range(n)}),
        plots.patch_figure(np.zeros((n, 8, 8, 3), np.uint8), [rng.random((n, 2, 2))], ["norm"]),
    ]
    for figure in figures:
        scale = 358 / figure.get_figwidth() / 72
        sizes = {text.get_fontsize() * scale for text in figure.findobj(plt.Text) if text.get_text()}
        assert min(sizes) >= 10, sizes


@pytest.mark.parametrize("low, high, shown", [(1, 3, True), (-3, -1, True), (-1, 2, True), (90, 95, False)])
def test_zero_is_in_sight_where_it_is_near(low, high, shown):
    middle = (low + high) / 2
    rows = pd.DataFrame([{"label": "a", "mean": middle, "low": low, "high": high, "colour": "background"}])
    left, right = plots.intervals(rows, "points").axes[0].get_xlim()
    assert bool(left < 0 < right) is shown
