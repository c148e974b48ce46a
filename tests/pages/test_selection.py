import matplotlib.pyplot as plt
import pytest

from bgood_lib.pages.selection import PARTS, parts, selection_bars


def test_parts_by_hand():
    # Of 100 cells 80 are background; 50 are taken, 45 of them rightly.
    found = parts(precision=0.9, chosen=0.5, chance=0.8)
    assert list(found.values()) == pytest.approx([0.45, 0.05, 0.35, 0.15])
    assert sum(found.values()) == pytest.approx(1)


@pytest.mark.parametrize("nothing", [None, float("nan")])
def test_what_takes_nothing_has_no_precision(nothing):
    assert list(parts(nothing, 0.0, 0.8).values()) == pytest.approx([0, 0, 0.8, 0.2])


def test_bars_are_as_wide_as_their_parts():
    shares = parts(0.9, 0.5, 0.8)
    figure = selection_bars({"before": {"border": shares}, "after": {"border": shares, "all": parts(0.8, 1, 0.8)}})
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["before", "after"]
    drawn = [axis.containers[PARTS.index("background, left")][0].get_width() for axis in figure.axes]
    assert drawn == pytest.approx([35, 35])
    plt.close("all")
