"""The background loss: what is asked, and how it goes wrong."""

import numpy as np
import torch
from torch.nn import functional as F

from bgood_lib.classroom import Exercise

exercise = Exercise(
    title="The background loss: write it, break it, mend it",
    goal="write the loss with its gradients, train with it, and find out what ruins a network and what saves it",
    chapter="book/results/scenes/background_loss",
    minutes=60,
    needs="bgood",
    first=True,
)

CLOSE = (1e-3, 1e-4)  # single precision, on another machine


def maps(rng):
    """Maps of several shapes after a ReLU, each with cells that are exactly zero."""
    for shape in ((6, 5, 4, 4), (4, 12, 5, 3), (3, 4, 6, 6)):
        feature_map = np.maximum(rng.normal(0.3, 1.5, shape), 0).astype(np.float32)
        feature_map *= rng.uniform(0.2, 3, (shape[0], 1, 1, 1)).astype(np.float32)
        feature_map[:, :, 1, 2] = 0
        feature_map[0, :, 0] = 0
        yield (feature_map,)


def judged_maps(rng):
    """The same, with labels and a head; at last one with cells that lie in the middle exactly."""
    for (feature_map,), classes in zip(maps(rng), (5, 6, 4)):
        n, channels = feature_map.shape[:2]
        labels = rng.permutation(np.arange(max(n, classes)) % classes)[:n]
        weight = rng.normal(0, 1, (classes, channels)).astype(np.float32)
        weight[labels[0]] = abs(weight[labels[0]])  # so that zero cells of the first image are among the chosen
        yield feature_map, labels, weight, rng.normal(0, 1, classes).astype(np.float32)
    labels = rng.permutation(5)[:4]
    feature_map = rng.integers(0, 3, (4, 5, 4, 4)).astype(np.float32)
    feature_map[np.arange(4), labels, 0, :3] = 0, 1, 2
    yield feature_map, labels, np.eye(5, dtype=np.float32), np.zeros(5, np.float32)


def batches(rng):
    """Images and labels of three steps, a weight, a seed."""
    for weight in (0.0, 0.5, 2.0):
        n = 24
        yield rng.normal(0, 1, (n, 3, 8, 8)).astype(np.float32), rng.integers(0, 3, n), weight, int(rng.integers(1000))


def worlds(rng):
    """A small world and the first weights of its network."""
    yield (int(rng.integers(4)),)


def length(x, dim=1):
    return (x.square().sum(dim) + 1e-12).sqrt()


# 1
lengths = exercise.question("lengths", points=2, cases=maps, tolerance=CLOSE)


@lengths.wrong(
    "Where a cell is exactly zero the gradient is not a number: the square root has an infinite slope there. How could you stay just off zero?",
    worth=0.5,
)
def nan_at_zero(feature_map):
    return feature_map.square().sum(1).sqrt()


@lengths.wrong("The sum goes over the columns of the map. A cell's vector lies along the channels: which axis is that?")
def over_columns(feature_map):
    return length(feature_map, -1)


@lengths.wrong("There is one number an image, and one a cell is asked for. Over which axis is the sum?")
def one_an_image(feature_map):
    return length(feature_map, (1, 2, 3))


@lengths.wrong("There is one number a channel, and one a cell is asked for. Over which axis is the sum?")
def one_a_channel(feature_map):
    return length(feature_map, (2, 3))


@lengths.wrong("These are squared lengths. A square root is missing.", worth=0.3)
def squared(feature_map):
    return feature_map.square().sum(1)


@lengths.wrong("These are sums of absolute values (the L1 norm). A length is the root of the sum of squares.")
def sum_of_absolutes(feature_map):
    return feature_map.abs().sum(1)


@lengths.wrong(
    "The mean of the squares was taken, not their sum: a vector with more entries should be longer.", worth=0.3
)
def root_of_the_mean(feature_map):
    return (feature_map.square().mean(1) + 1e-12).sqrt()


@lengths.wrong(
    "The numbers are right, and no gradient flows back to the map. What cuts it off: detach, no_grad, item, NumPy?",
    worth=0.3,
)
def detached(feature_map):
    return length(feature_map.detach())


# 2
background = exercise.question("background", points=3, cases=judged_maps)


def activation_of(feature_map, labels, head):
    logits = head(feature_map.permute(0, 2, 3, 1))
    return logits[torch.arange(len(labels)), :, :, labels]


def lower_half(values, axes=(1, 2)):
    low, high = values.amin(axes, keepdim=True), values.amax(axes, keepdim=True)
    return values - low <= 0.5 * (high - low)


@background.wrong("It takes the *upper* half: cells that speak for the class.")
def upper_half(feature_map, labels, head):
    return ~lower_half(activation_of(feature_map, labels, head))


@background.wrong(
    "Least and largest are taken over the whole batch. Each image has its own range: on some images nearly all cells are taken, on others none.",
    worth=0.5,
)
def range_of_the_batch(feature_map, labels, head):
    return lower_half(activation_of(feature_map, labels, head), (0, 1, 2))


@background.wrong(
    "Half of the *largest* is the limit here, and the range begins at the least, which may be negative.", worth=0.5
)
def half_of_the_largest(feature_map, labels, head):
    values = activation_of(feature_map, labels, head)
    return values <= 0.5 * values.amax((1, 2), keepdim=True)


@background.wrong(
    "Half of the *width* of the range is the limit here. The range begins at the least, which need not be zero.",
    worth=0.5,
)
def half_of_the_width(feature_map, labels, head):
    values = activation_of(feature_map, labels, head)
    return values <= 0.5 * (values.amax((1, 2), keepdim=True) - values.amin((1, 2), keepdim=True))


@background.wrong("Right, but for cells that lie in the middle exactly: they count as background.", worth=0.75)
def middle_left_out(feature_map, labels, head):
    values = activation_of(feature_map, labels, head)
    return values < 0.5 * (values.amin((1, 2), keepdim=True) + values.amax((1, 2), keepdim=True))


@background.wrong(
    "The vectors are not those of cells: `reshape` and `view` keep the order of the numbers and cut it anew. To move an axis takes something else."
)
def reshaped(feature_map, labels, head):
    b, c, h, w = feature_map.shape
    logits = head(feature_map.reshape(b, h, w, c))
    return lower_half(logits[torch.arange(b), :, :, labels])


@background.wrong("The class that the network *predicts* was asked. The image's *true* class is what counts.")
def predicted_class(feature_map, labels, head):
    return lower_half(activation_of(feature_map, head(feature_map.mean((2, 3))).argmax(1), head))


@background.wrong(
    "That picks, for every image, the classes of *all* images. Each image belongs to its own label alone: an index of images has to go along "
    "with the labels."
)
def labels_of_all_images_for_each(feature_map, labels, head):
    return lower_half(head(feature_map.permute(0, 2, 3, 1))[..., labels])


@background.wrong("Each cell's likeliest class was asked. The image's *true* class is what counts.")
def likeliest_class(feature_map, labels, head):
    return lower_half(head(feature_map.permute(0, 2, 3, 1)).amax(-1))


@background.wrong("This asks for probabilities. It is the logit whose range is halved.", worth=0.5)
def probability(feature_map, labels, head):
    p = head(feature_map.permute(0, 2, 3, 1)).softmax(-1)
    return lower_half(p[torch.arange(len(labels)), :, :, labels])


@background.wrong(
    "The half of the *cells* with the least activation is taken. The half of its *range* is asked for.", worth=0.3
)
def half_of_the_cells(feature_map, labels, head):
    values = activation_of(feature_map, labels, head)
    return values <= values.flatten(1).median(1).values[:, None, None]


@background.wrong(
    "The limit is the mean activation. The middle between the least and the largest is asked for.", worth=0.5
)
def below_the_mean(feature_map, labels, head):
    values = activation_of(feature_map, labels, head)
    return values <= values.mean((1, 2), keepdim=True)


@background.wrong("Short cells are taken, whatever the head says of them. Ask the head.")
def short_cells(feature_map, labels, head):
    return lower_half(length(feature_map))


@background.wrong("Every image is asked about the class of the first. Each has its own label.")
def first_label_for_all(feature_map, labels, head):
    return lower_half(head(feature_map.permute(0, 2, 3, 1))[..., labels[0]])


# 3
background_loss = exercise.question("background_loss", points=4, cases=judged_maps, tolerance=CLOSE)


def parts(feature_map, labels, head):
    with torch.no_grad():
        chosen = lower_half(activation_of(feature_map, labels, head))
    return length(feature_map), chosen


@background_loss.wrong("It is a sum. With more cells it grows: their *mean* is asked for.", worth=0.5)
def sum_of_lengths(feature_map, labels, head):
    lengths, chosen = parts(feature_map, labels, head)
    return lengths[chosen].sum()


@background_loss.wrong(
    "It is divided by the number of *all* cells. The others count as zeros here; they should not count at all.",
    worth=0.5,
)
def divided_by_all_cells(feature_map, labels, head):
    lengths, chosen = parts(feature_map, labels, head)
    return (lengths * chosen).mean()


@background_loss.wrong(
    "Each image's mean is taken first, then the mean of these. All chosen cells of the batch count alike.", worth=0.5
)
def mean_of_means(feature_map, labels, head):
    lengths, chosen = parts(feature_map, labels, head)
    return ((lengths * chosen).sum((1, 2)) / chosen.sum((1, 2))).mean()


@background_loss.wrong(
    "The mean comes before the norm: this is the length of the mean vector. Vectors that point apart cancel in it, and stay long."
)
def mean_before_norm(feature_map, labels, head):
    _, chosen = parts(feature_map, labels, head)
    return length(feature_map.permute(0, 2, 3, 1)[chosen].mean(0), 0)


@background_loss.wrong("This is the length of all chosen cells as one long vector. Each cell has its own length.")
def one_long_vector(feature_map, labels, head):
    _, chosen = parts(feature_map, labels, head)
    return length(feature_map.permute(0, 2, 3, 1)[chosen].flatten(), 0)


@background_loss.wrong("It takes all cells. Only those that look like background are to be shortened.")
def all_cells(feature_map, labels, head):
    return length(feature_map).mean()


@background_loss.wrong("It shortens the cells that are *not* background.")
def the_others(feature_map, labels, head):
    lengths, chosen = parts(feature_map, labels, head)
    return lengths[~chosen].mean()


@background_loss.wrong("These are squared lengths.", worth=0.3)
def squared_lengths(feature_map, labels, head):
    lengths, chosen = parts(feature_map, labels, head)
    return lengths[chosen].square().mean()


@background_loss.wrong(
    "The number is right, and no gradient reaches the map, so nothing would be learned. `no_grad` is for the choice, not for the lengths.",
    worth=0.3,
)
def nothing_learned(feature_map, labels, head):
    return background_loss_of(feature_map, labels, head).detach()


def background_loss_of(feature_map, labels, head):
    lengths, chosen = parts(feature_map, labels, head)
    return lengths[chosen].mean()


@background_loss.wrong(
    "The choice has a gradient: some of it arrives in the head. Training can then make the loss smaller without shortening anything, by calling "
    "long cells digit."
)
def gradient_through_the_choice(feature_map, labels, head):
    lengths, weights = length(feature_map), torch.sigmoid(-activation_of(feature_map, labels, head))
    return (lengths * weights).sum() / weights.sum()


@background_loss.wrong(
    "The gradient is not a number where a cell is exactly zero. Do you use your own `lengths`, and divide by nothing that may be zero?",
    worth=0.5,
)
def nan_at_zero(feature_map, labels, head):  # noqa: F811
    _, chosen = parts(feature_map, labels, head)
    return feature_map.permute(0, 2, 3, 1)[chosen].square().sum(-1).sqrt().mean()


# 4
train_step = exercise.question("train_step", points=3, cases=batches, tolerance=(1e-3, 1e-4))


def one_step(zero=True, step=True, evaluate=False, pooled=False, on_loss=1.0, factor=None, softmax=False):
    """A training step with something wrong in it."""

    def answer(network, optimizer, images, labels, weight, background_loss):
        network.eval() if evaluate else network.train()
        feature_map = network.feature_map(images)
        logits = network.head(network.pool(feature_map))
        if softmax:
            logits = logits.softmax(-1)
        given = network.pool(feature_map) if pooled else feature_map
        extra = background_loss(given, labels, network.head)
        loss = on_loss * F.cross_entropy(logits, labels) + (weight if factor is None else factor) * extra
        if zero:
            optimizer.zero_grad()
        loss.backward()
        if step:
            optimizer.step()

    return answer


for name, hint, worth, how in (
    (
        "gradients pile up",
        "The first step is right, the second is not: gradients of the step before are still there.",
        0.5,
        {"zero": False},
    ),
    (
        "no step",
        "The network is the same afterwards. Gradients alone change nothing, and a step before `backward` finds none.",
        0.3,
        {"step": False},
    ),
    ("weight ignored", "The background loss counts fully, whatever `weight` is.", 0.5, {"factor": 1.0}),
    (
        "without the background loss",
        "It is right for a weight of 0 alone: the background loss is not in it.",
        0.3,
        {"factor": 0.0},
    ),
    (
        "loss subtracted",
        "The background loss is subtracted: training would make background long.",
        0.3,
        {"factor": "minus"},
    ),
    (
        "softmax twice",
        "There is a softmax before `cross_entropy`, which has one of its own: it wants logits.",
        0.5,
        {"softmax": True},
    ),
    (
        "pooled features",
        "The background loss is given pooled features. It needs the map: pooled, there are no cells any more.",
        0.3,
        {"pooled": True},
    ),
    (
        "evaluation mode",
        "The network computes as in evaluation: batch normalisation does not look at the batch. Leave it in training mode.",
        0.5,
        {"evaluate": True},
    ),
):
    if how.get("factor") == "minus":

        def answer(network, optimizer, images, labels, weight, background_loss):
            one_step()(network, optimizer, images, labels, -weight, background_loss)

        train_step.wrong(hint, worth, answer, name)
    else:
        train_step.wrong(hint, worth, one_step(**how), name)

# 5 and 6
needs = ["train_step", "background_loss"]
ruin = exercise.judged("ruin", points=2, cases=worlds, needs=needs)
mend = exercise.judged("mend", points=4, cases=worlds, needs=needs)

# 7
because = exercise.open(
    "because",
    points=3,
    rubric=(
        "1: reads the table: with the loss, cells off the shape are shorter than without, and those on it are shorter, too. "
        "1: says that the same (or nearly) happens when *all* cells are shortened, so that the table does not show that finding background matters. "
        "1: names what would: controls at equal strength (all cells, random cells, true masks), several seeds with their spread, OOD figures beside "
        "ID accuracy. Numbers must be those of their own table."
    ),
)
