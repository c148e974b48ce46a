from pathlib import Path

import numpy as np
import pytest
import torch

from bgood_lib.background_loss.patches import background_patches
from bgood_lib.datasets import scenes
from bgood_lib.pages.explorers import base, live
from bgood_lib.training.checkpoint import load_network
from bgood_lib.utils.errors import InputError

COMMITTED = Path(__file__).parents[3] / "results/touch/live.json"


@pytest.fixture(scope="module")
def described(two_runs):
    return live.describe(two_runs)


@pytest.fixture
def values(described):
    return base.defaults(described)


def test_it_is_of_both_trainings(described):
    assert [network["run"] for network in described["data"]["networks"]] == ["cross_entropy-s0", "background-s0"]


def test_a_missing_training_is_named(two_runs):
    with pytest.raises(InputError, match="selector rank"):
        live.describe(two_runs, selector="rank")


def test_without_a_digit_it_is_a_piece_of_the_photograph(described, values):
    image = live.compose(described["data"], {**values, "digit": "none", "left": 3, "top": 2})
    pixels = base.unpack(described["data"]["pictures"]["china"]["pixels"])
    assert (image == pixels[2:34, 3:35]).all()


def test_a_digit_is_laid_over_as_the_scenes_lay_it(described, values):
    """The same digit, size and place by the library's own steps."""

    class Fixed:
        def integers(self, *_, size=None, **__):
            return np.array([6, 9]) if size else 18

        def uniform(self, *_):
            return 1.0

    weight = scenes.digit_weight(base.unpack(described["data"]["digits"])[5].astype(float), Fixed())
    behind = live.compose(described["data"], {**values, "digit": "none"})
    expected = scenes.blend(behind, weight, np.array([10, 200, 30], np.uint8))
    settings = {"digit": "5", "size": 18, "x": 9 + 9, "y": 6 + 9, "opacity": 1, "colour": "#0ac81e"}
    assert (live.compose(described["data"], {**values, **settings}) == expected).all()


@pytest.mark.parametrize("x, y, size", [(0, 0, 32), (31, 31, 32), (0, 31, 8), (16, 16, 31)])
def test_a_digit_may_hang_over_the_edge(described, values, x, y, size):
    assert live.compose(described["data"], {**values, "x": x, "y": y, "size": size}).shape == (32, 32, 3)


def test_it_judges_as_the_network_does(described, values, two_runs):
    network = load_network(two_runs / "background-s0/checkpoint.pt")
    image = live.compose(described["data"], values)
    with torch.no_grad():
        maps = network.feature_map(torch.as_tensor(image[None]).permute(0, 3, 1, 2))
        logits = network.head(network.pool(maps))
    answer = live.judge(live.prepare(described["data"])["networks"][1], image)
    _, chosen = background_patches(maps, logits.argmax(1), network.head)
    assert answer["norms"] == pytest.approx(maps.norm(dim=1)[0].numpy(), rel=0.01, abs=0.01)
    assert answer["probabilities"] == pytest.approx(logits.softmax(1)[0].numpy(), abs=0.01)
    assert answer["scores"]["Energy"] == pytest.approx(-logits.logsumexp(1).item(), abs=0.02)
    assert (answer["chosen"] == chosen[0].numpy()).mean() > 0.96  # a cell at the threshold may fall to either side


def test_thresholds_accept_95_of_100(described):
    scores = described["data"]["networks"][0]["scores"]
    assert all(each["low"] < each["threshold"] for each in scores.values())


# What the page's tasks ask for, each with the settings of one of several that do it.
def known(network, image):
    answer = live.judge(network, image)
    return answer["scores"]["MSP"] <= network["scores"]["MSP"]["threshold"], answer["probabilities"].max()


KNOWN, UNSEEN = set("012345"), set("6789")
TASKS = {
    "both call a known digit unknown": lambda digit, a, b: digit in KNOWN and not a[0] and not b[0],
    "both call an unseen digit known": lambda digit, a, b: digit in UNSEEN and a[0] and b[0],
    "only background loss says unknown": lambda digit, a, b: digit in UNSEEN and a[0] and not b[0],
    "only cross-entropy says unknown": lambda digit, a, b: digit in UNSEEN and not a[0] and b[0],
    "no digit, and 90% sure": lambda digit, a, b: digit == "none" and max(a[1], b[1]) >= 0.9,
}


def test_every_task_can_be_done():
    described = base.read(COMMITTED)
    data, rng, open_tasks = live.prepare(described["data"]), np.random.default_rng(0), dict(TASKS)
    for _ in range(1500):
        values = base.defaults(described)
        values["digit"] = str(rng.choice(["none", *map(str, range(10))]))
        values["picture"] = str(rng.choice(list(data["pictures"])))
        for name in ("x", "y", "size", "left", "top"):
            control = described["controls"][name]
            values[name] = int(rng.integers(control["low"], control["high"], endpoint=True))
        values["colour"] = f"#{rng.integers(2**24):06x}"
        image = live.compose(data, values)
        both = [known(network, image) for network in data["networks"]]
        open_tasks = {task: done for task, done in open_tasks.items() if not done(values["digit"], *both)}
        if not open_tasks:
            return
    pytest.fail(f"never done: {', '.join(open_tasks)}")
