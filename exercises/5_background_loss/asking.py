"""How your functions are asked, and a small world to train in. Handed out."""

import functools

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

STEPS, BATCH = 400, 32
LARGEST = 0.5  # weight that may be used in questions 5 and 6
ENOUGH = 0.3  # weight that question 6 has to end with
RUINED, WELL = 0.50, 0.80  # ID accuracy; guessing gets a third


# --- a small world: three shapes on coloured ground, a network that trains in seconds ---

SHAPES = np.array([
    [[0, 1, 0], [1, 1, 1], [0, 1, 0]],
    [[1, 1, 1], [1, 0, 1], [1, 1, 1]],
    [[1, 0, 1], [0, 1, 0], [1, 0, 1]],
])  # fmt: skip


def world(n, seed):
    """Images [n, 3, 16, 16] float32, labels [n] (0 plus, 1 ring, 2 cross), masks [n, 16, 16] (True on the shape)."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    ground = torch.as_tensor(rng.uniform(size=(n, 3, 5, 5)))
    ground = F.interpolate(ground, size=16, mode="bilinear", align_corners=True).numpy()
    colour = rng.uniform(size=(n, 3, 1, 1))
    close = np.abs(colour - ground.mean((2, 3), keepdims=True)).mean(1, keepdims=True) < 0.25
    colour = np.where(close, (colour + 0.5) % 1, colour)
    shapes = np.kron(SHAPES, np.ones((2, 2))) > 0  # 6 x 6 pixels
    masks = np.zeros((n, 16, 16), bool)
    for mask, label, (row, column) in zip(masks, labels, rng.integers(0, 11, (n, 2))):
        mask[row : row + 6, column : column + 6] = shapes[label]
    images = np.where(masks[:, None], colour, ground) + rng.normal(0, 0.05, ground.shape)
    return torch.as_tensor(2 * images - 1).float(), torch.as_tensor(labels), masks


class Small(nn.Module):
    """Three convolutions; the map of a 16 x 16 image has 8 x 8 cells."""

    def __init__(self, width=8, classes=3):
        super().__init__()
        layers, sizes = [], (3, width, 2 * width, 2 * width)
        for one, next_one, stride in zip(sizes, sizes[1:], (1, 2, 1)):
            layers += [nn.Conv2d(one, next_one, 3, stride, 1, bias=False), nn.BatchNorm2d(next_one), nn.ReLU()]
        self.body, self.head = nn.Sequential(*layers), nn.Linear(2 * width, classes)

    def feature_map(self, images):
        """Images to the map, [B, C, H, W]."""
        return self.body(images)

    def pool(self, feature_map):
        """The mean over cells: [B, C]."""
        return feature_map.mean((2, 3))


def train_small(weights, train_step, background_loss, seed=0):
    """Train in the small world, a weight a step.

    Returns
    -------
    dict
        ID accuracy (0 to 1), and the mean length of a cell on the shape and off it, on 500 other images.
    """
    images, labels, _ = world(1500, 100 + seed)
    torch.manual_seed(seed)
    network = Small()
    optimizer = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9)
    steps = len(weights)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.1, steps, pct_start=0.2, anneal_strategy="linear", cycle_momentum=False
    )
    for weight in weights:
        batch = torch.randint(len(images), (BATCH,))
        train_step(network, optimizer, images[batch], labels[batch], float(weight), background_loss)
        schedule.step()
    images, labels, masks = world(500, 7)
    with torch.no_grad():
        feature_map = network.eval().feature_map(images)
        right = network.head(network.pool(feature_map)).argmax(1) == labels
    lengths = np.linalg.norm(feature_map.numpy(), axis=1)
    off = masks.reshape(-1, 8, 2, 8, 2).mean((2, 4)) < 0.1
    return {
        "accuracy": right.float().mean().item(),
        "on the shape": float(lengths[~off].mean()),
        "off it": float(lengths[off].mean()),
    }


# --- questions 1 to 4: a function with its gradients ---


class GradientNotFinite(Exception):
    """Some gradient is infinite or not a number."""


class NoBooleans(Exception):
    """A choice of cells that holds other things."""


class NoGradient(Exception):
    """What should have a gradient is no tensor."""


class GradientInHead(Exception):
    """The loss depends on the head's weights."""


def gradients(loss, *of):
    """Gradients of a scalar; zeros where it does not depend on something."""
    if not torch.is_tensor(loss):
        raise NoGradient(f"it is a {type(loss).__name__} and no tensor, so nothing could be learned: what made it one?")
    if not loss.requires_grad:
        return [torch.zeros_like(one) for one in of]
    found = torch.autograd.grad(loss, of, allow_unused=True)
    found = [torch.zeros_like(one) if grad is None else grad for one, grad in zip(of, found)]
    if not all(grad.isfinite().all() for grad in found):
        raise GradientNotFinite("some gradient is infinite or not a number")
    return found


def head_of(weight, bias):
    """A linear head with these weights."""
    head = nn.Linear(weight.shape[1], weight.shape[0])
    head.load_state_dict({"weight": torch.as_tensor(weight).float(), "bias": torch.as_tensor(bias).float()})
    return head


def ask_lengths(function, feature_map):
    """The lengths, and the gradient of their sum."""
    feature_map = torch.as_tensor(feature_map).float().requires_grad_()
    found = function(feature_map)
    return found, *gradients(found.sum(), feature_map)


def ask_background(function, feature_map, labels, weight, bias):
    """The choice, which has to be one of booleans: others choose nothing when they are used as an index."""
    found = function(torch.as_tensor(feature_map).float(), torch.as_tensor(labels), head_of(weight, bias))
    if torch.is_tensor(found) and found.dtype != torch.bool:
        raise NoBooleans(f"it holds {found.dtype}; to pick cells, as in x[chosen], booleans are needed")
    return found


def ask_background_loss(function, feature_map, labels, weight, bias):
    """The loss, and its gradient by the map; by the head's weights there must be none."""
    feature_map, head = torch.as_tensor(feature_map).float().requires_grad_(), head_of(weight, bias)
    found = function(feature_map, torch.as_tensor(labels), head)
    by_map, by_head = gradients(found, feature_map, head.weight)
    if by_head.any():
        raise GradientInHead("the loss has a gradient by the head's weights")
    return found, by_map


def mean_square(feature_map, labels, head):
    """A stand-in for the background loss, so that question 4 does not depend on yours."""
    return feature_map.square().mean()


class PlainSGD:
    """Gradient descent with a rate of 0.1. (The first optimizer of torch.optim takes seconds to load.)"""

    def __init__(self, parameters):
        self.parameters = list(parameters)

    def zero_grad(self, set_to_none=True):
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self):
        """Go down the gradients that there are."""
        for parameter in self.parameters:
            if parameter.grad is not None:
                parameter -= 0.1 * parameter.grad


def ask_train_step(function, images, labels, weight, seed):
    """Some weights of a network after each of three steps."""
    rng, network = np.random.default_rng(seed), Small(4)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim > 1:
                parameter.copy_(torch.as_tensor(rng.normal(0, 0.3, tuple(parameter.shape))))
        network.head.bias.zero_()
    optimizer, after = PlainSGD(network.parameters()), []
    for part in np.array_split(np.arange(len(labels)), 3):
        function(
            network,
            optimizer,
            torch.as_tensor(images[part]).float(),
            torch.as_tensor(labels[part]),
            weight,
            mean_square,
        )
        after.append(
            torch.cat([network.body[0].weight.detach()[:, 0].flatten(), network.head.weight.detach().flatten()])
        )
    return torch.stack(after)


# --- questions 5 and 6: a schedule, judged by a training ---


def ask_ruin(function, seed):
    return np.array([float(function(step, STEPS)) for step in range(STEPS)])


ask_mend = ask_ruin
_trained = functools.lru_cache(64)(lambda weights, *how: train_small(np.frombuffer(weights), *how))


def _judged(answer, seed, right):
    """What a training with these weights gives, and the words for it; or what is wrong with them."""
    weights = np.asarray(answer[0], float)
    if not np.isfinite(weights).all() or (weights < 0).any():
        return weights, None, "Some weights are negative or no numbers."
    found = _trained(weights.tobytes(), right["train_step"], right["background_loss"], int(seed))
    told = (
        f"Trained so, ID accuracy is {100 * found['accuracy']:.0f}% (guessing: 33%); a cell on the shape is "
        f"{found['on the shape']:.2f} long, one off it {found['off it']:.2f}."
    )
    return weights, found, told


def judge_ruin(answer, seed, right):
    """Share of the points, a word for it, and what to say."""
    weights, found, told = _judged(answer, seed, right)
    if found is None:
        return 0.0, "no weight", told
    if weights.max() > LARGEST:
        return 0.3, "too heavy", f"A weight of {weights.max():g} is more than {LARGEST}. {told}"
    if found["accuracy"] > RUINED:
        when, first = int(np.argmax(weights > 0)), weights[: STEPS // 10].mean()
        why = "The weight gets small again: could the network recover?"
        if first < LARGEST / 2:
            why = f"In the first {STEPS // 10} steps the weight is {first:.2g} on average: what does the network learn meanwhile?"
        if when >= STEPS // 10:
            why = f"The loss begins at step {when}: what has the network learned by then?"
        return 0.0, "not ruined", f"{told} It has not collapsed. {why}"
    return 1.0, "right", told


def judge_mend(answer, seed, right):
    """Share of the points, a word for it, and what to say."""
    weights, found, told = _judged(answer, seed, right)
    if found is None:
        return 0.0, "no weight", told
    if weights.max() == 0:
        return 0.0, "without the loss", f"{told} The weight is 0 all the time: this cures by leaving the loss away."
    if weights.max() > LARGEST:
        return 0.2, "too heavy", f"A weight of {weights.max():g} is more than {LARGEST}. {told}"
    fallen = "It collapsed. What holds the features up in the first steps?" if found["accuracy"] <= RUINED else ""
    if weights[-STEPS // 4 :].min() < ENOUGH:
        light = f"In the last quarter of the steps the weight has to be at least {ENOUGH}."
        return 0.0 if fallen else 0.2, "too light at the end", f"{told} {light} {fallen}".rstrip()
    if fallen:
        return 0.0, "still ruined", f"{told} {fallen}"
    if found["accuracy"] < WELL:
        return 0.5, "half mended", f"{told} Better, but {100 * WELL:.0f}% are asked for. Gentler, or later?"
    return 1.0, "right", told
