"""Stick figures: the same at every call, of actions that differ, with joints at rest as their background."""

import numpy as np
import pytest

from bgood_lib.datasets import skeletons
from bgood_lib.networks import skeleton_gcn


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(skeletons, "SIZES", dict.fromkeys(skeletons.SIZES, 300))


def moving(action):
    """Names of the joints that take part in most of 50 figures."""
    part = skeletons.sequences(action, 50, np.random.default_rng(0))[1]
    return {joint for joint, share in zip(skeletons.JOINTS, part.mean(0)) if share > 0.5}


def test_the_same_figures_at_every_call_and_others_in_every_set():
    one, two, test = (skeletons.generate(kind) for kind in ("train", "train", "test"))
    assert all(np.array_equal(one[name], two[name]) for name in one)
    assert one["images"].shape == (300, 16, 16, 3) and one["images"].dtype == np.uint8
    assert not np.array_equal(one["images"], test["images"])
    assert set(one["labels"]) == set(range(6)) and set(skeletons.generate("unseen")["labels"]) == {-1}


@pytest.mark.parametrize("i", range(6))
def test_a_class_is_told_from_the_others_by_where_its_joints_are_and_how_far_they_move(i):
    told = []
    for action in skeletons.ACTIONS["known"]:
        places = skeletons.sequences(action, 200, np.random.default_rng(1))[0]
        told.append(np.concatenate([places.mean((0, 2)), places.std(2).mean(0)]))
    assert all(np.abs(told[i] - other).max() > 0.1 for j, other in enumerate(told) if j != i)


def test_joints_at_rest_are_background():
    assert moving(("stand", "clap")) == {"left hand", "right hand"} and moving(("stand", "wave")) <= {
        "left hand",
        "right hand",
    }
    assert {"left foot", "right foot", "left hand", "right hand"} < moving(("walk", "swing"))
    assert moving(("kick", "hang")) <= {"left knee", "left foot", "right knee", "right foot"}
    assert moving(("jump", "hang")) == set(skeletons.JOINTS) and moving(("stand", "hang")) == set()
    assert not skeletons.generate("still")["foreground"].any()
    rows = skeletons.generate("train")["foreground"]
    assert (rows == rows[:, :, :1]).all()  # of a joint, in all moments alike


def test_bones_keep_their_length_and_nobody_stands_below_the_floor():
    pose = dict.fromkeys(skeletons.SIDED, np.full((2, 1, 16), 0.3)) | dict.fromkeys(skeletons.WHOLE, np.zeros((1, 16)))
    pose["pitch"] = np.linspace(0, 3, 16)[None]
    body = skeletons.places_of(pose)
    bones = [body[i] - body[parent] for i, parent in enumerate(skeletons.PARENTS) if parent >= 0]
    lengths = np.linalg.norm(bones, axis=-1)
    np.testing.assert_allclose(lengths, lengths[:, :, :1].repeat(16, 2), rtol=1e-9)
    np.testing.assert_allclose(body[..., 1].min(0), 0, atol=1e-9)


def test_the_network_knows_the_same_body():
    assert skeletons.PARENTS == skeleton_gcn.PARENTS


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="no set of skeletons is called 'moving'; there are: train, test"):
        skeletons.generate("moving")
