"""Photographs: what is asked, and how it goes wrong."""

from pathlib import Path

import numpy as np

from bgood_lib.classroom import Exercise

exercise = Exercise(
    title="Photographs, and a blind choice",
    goal="train on a folder of pictures, choose the weight of the background loss without a look at the test, and see what that hides",
    chapter="book/results/study/photographs",
    minutes=60,
    needs="bgood",
    first=True,
)
DATA = Path(__file__).parent / "data"


# 1
def collections(rng):
    """Many groups of one or two, a few of many, and none that is larger than another."""
    yield rng.permutation(np.repeat(np.arange(32), rng.integers(1, 3, 32))), 4, 0
    yield rng.permutation(np.repeat(np.arange(20), rng.integers(1, 8, 20))), 3, 1
    yield rng.permutation(np.repeat(np.array([f"dog_{i}" for i in range(25)]), 4)), 5, 2


folds = exercise.judged("folds", points=3, cases=collections)


# 2
def tiles(rng):
    """Pictures, square and not, and an order for each: never the true one, nor its own inverse."""
    for n, height, width in ((3, 8, 8), (2, 16, 12), (4, 4, 8)):
        orders = np.array([rng.permutation(16) for _ in range(n)])
        for order in orders:
            while (order[order] == np.arange(16)).all():
                rng.shuffle(order)
        yield rng.integers(0, 256, (n, height, width, 3)).astype(np.uint8), orders


jigsaw = exercise.question("jigsaw", points=4, cases=tiles)


def cut(images):
    """Tiles, row by row: [N, 16, h, w, 3]."""
    n, height, width, c = images.shape
    return images.reshape(n, 4, height // 4, 4, width // 4, c).swapaxes(2, 3).reshape(n, 16, height // 4, width // 4, c)


def together(tiles, shape):
    n, _, h, w, c = tiles.shape
    return tiles.reshape(n, 4, 4, h, w, c).swapaxes(2, 3).reshape(shape)


def placed(images, orders):
    return cut(images)[np.arange(len(images))[:, None], orders]


@jigsaw.wrong(
    "Right tiles in wrong places: tile `i` has gone to place `orders[i]`. The docstring says which of the two the order names.",
    worth=0.5,
)
def inverse_order(images, orders):
    return together(placed(images, np.argsort(orders, axis=1)), images.shape)


@jigsaw.wrong("All pictures are shuffled by the first order. Each has its own.")
def one_order_for_all(images, orders):
    return together(placed(images, np.repeat(orders[:1], len(images), axis=0)), images.shape)


@jigsaw.wrong(
    "The picture is cut into strips: reshape alone goes along the rows, through the whole width. Split height and width *each* into 4, then bring the two "
    "tile axes side by side."
)
def strips(images, orders):
    n, height, width, c = images.shape
    pieces = images.reshape(n, 16, height // 4, width // 4, c)
    return pieces[np.arange(n)[:, None], orders].reshape(images.shape)


@jigsaw.wrong(
    "The tiles are cut well and put together wrongly: a reshape lays them one after the other. The axes that were swapped have to be swapped back.",
    worth=0.5,
)
def not_swapped_back(images, orders):
    return placed(images, orders).reshape(images.shape)


@jigsaw.wrong("These are the tiles, in the right order. They are not a picture yet.", worth=0.5)
def tiles_left(images, orders):
    return placed(images, orders)


@jigsaw.wrong("Tiles are counted down the columns. The docstring counts them row by row.", worth=0.5)
def column_by_column(images, orders):
    flip = images.swapaxes(1, 2)
    return together(placed(flip, orders), flip.shape).swapaxes(1, 2)


@jigsaw.wrong("The pictures come back as they were. The tiles have to change places.")
def unchanged(images, orders):
    return images


# 3
def logits(rng):
    """Logits of a timid and of a loud network; large ones, whose exponentials overflow."""
    for n, n_id, k, size, offset in ((7, 12, 2, 0.3, 0), (9, 5, 6, 4.0, 1), (6, 30, 4, 60.0, 0), (5, 8, 3, 2.0, 900.0)):
        yield tuple(rng.normal(0, size, (m, k)) * rng.gamma(2, 0.5, (m, 1)) + offset * size for m in (n, n_id))


scaled_msp = exercise.question("scaled_msp", points=3, cases=logits)


def softmax(z, axis=1):
    weights = np.exp(z - z.max(axis, keepdims=True))
    return weights / weights.sum(axis, keepdims=True)


@scaled_msp.wrong("Larger has to mean more OOD. Is a large probability a sign of that?", worth=0.5)
def sign_flipped(logits, id_logits):
    return softmax(2 * logits / id_logits.std(1).mean()).max(1)


@scaled_msp.wrong(
    "The spread is taken over the images, class by class (axis 0). It is the spread over the *classes* of an image."
)
def spread_over_the_images(logits, id_logits):
    return -softmax(2 * logits / id_logits.std(0).mean()).max(1)


@scaled_msp.wrong(
    "One spread of all numbers at once. The spread over classes is taken image by image, and then averaged."
)
def spread_of_all_numbers(logits, id_logits):
    return -softmax(2 * logits / id_logits.std()).max(1)


@scaled_msp.wrong(
    "Each image is divided by its own spread. Then an unsure image is made as sure as any other. One number for all: that of the ID images."
)
def each_by_its_own(logits, id_logits):
    return -softmax(2 * logits / logits.std(1, keepdims=True)).max(1)


@scaled_msp.wrong(
    "The spread comes from the images that are judged. OOD images would set their own scale; it has to come from ID images."
)
def spread_of_the_judged(logits, id_logits):
    return -softmax(2 * logits / logits.std(1).mean()).max(1)


@scaled_msp.wrong("This is MSP itself: the logits are not brought to any spread.")
def not_scaled(logits, id_logits):
    return -softmax(logits).max(1)


@scaled_msp.wrong("The spread comes out as 1 instead of 2.", worth=0.5)
def spread_of_one(logits, id_logits):
    return -softmax(logits / id_logits.std(1).mean()).max(1)


@scaled_msp.wrong(
    "Nearly: the spread divides by one class less (ddof=1). Here it divides by the number of classes.", worth=0.5
)
def ddof_one(logits, id_logits):
    return -softmax(2 * logits / id_logits.std(1, ddof=1).mean()).max(1)


@scaled_msp.wrong(
    "The softmax goes over the images (axis 0). The probabilities of one image's classes have to add up to one."
)
def softmax_over_the_images(logits, id_logits):
    return -softmax(2 * logits / id_logits.std(1).mean(), axis=0).max(1)


@scaled_msp.wrong(
    "Right, but where logits are large: there the exponential overflows to NaN. What can be taken off all logits of an image without a change of its softmax?",
    worth=0.5,
)
def exponential_overflows(logits, id_logits):
    with np.errstate(all="ignore"):
        weights = np.exp(2 * logits / id_logits.std(1).mean())
        return -(weights / weights.sum(1, keepdims=True)).max(1)


# 4
def tables(rng):
    """Figures of trainings in which the rule matters: the best AUROC is forbidden, or the most accurate is not 0, or 0 wins."""
    weights = np.array([0.0, 0.01, 0.03, 0.1, 0.3, 1.0])
    for case in range(12):
        accuracy = 0.93 + rng.normal(0, 0.002, (6, 4))
        auroc = np.linspace(0.8, 0.9, 6)[:, None] + rng.normal(0, 0.02, (6, 4))
        auroc += (np.linspace(0.8, 0.9, 6) - auroc.mean(1))[:, None]
        if case % 4 == 0:  # the two largest weights cost accuracy
            accuracy[4:] -= 0.05
        elif case % 4 == 1:  # the best weight is allowed, but the most accurate is another, by more than a point
            accuracy[1] += 0.03
            auroc[5] -= 0.2
        elif case % 4 == 2:  # weight 0 is best
            auroc[0] += 0.15
        else:  # one fold shines, one fold loses accuracy
            auroc[2, 0], auroc[2, 1:] = auroc.max() + 0.05, auroc[2, 1:] - 0.1
            accuracy[5] += np.array([-0.04, 0.02, 0.02, 0.01])
        order = {0: np.arange(6), 4: np.arange(6)[::-1]}.get(case, rng.permutation(6))
        yield weights[order], accuracy[order], auroc[order]


choose = exercise.question("choose", points=3, cases=tables)


def best(weights, auroc, allowed, pick=np.argmax):
    rows = np.flatnonzero(allowed)
    return float(weights[rows[pick(auroc[rows])]])


def allowed_by(accuracy, reference):
    return accuracy > reference - 0.01


@choose.wrong(
    "The largest AUROC is taken, whatever it costs in accuracy. (Or is a point of accuracy 1 to you? Accuracy is a share.)"
)
def accuracy_ignored(weights, accuracy, auroc):
    return best(weights, auroc.mean(1), accuracy.mean(1) > 0)


@choose.wrong("This is the row of the weight in the list. The weight itself is asked for.", worth=0.5)
def row_instead_of_weight(weights, accuracy, auroc):
    chosen = best(weights, auroc.mean(1), allowed_by(accuracy.mean(1), accuracy.mean(1)[weights == 0]))
    return int(np.flatnonzero(weights == chosen)[0])


@choose.wrong(
    "Accuracy is compared with the first row of the list. Is that weight 0? It may stand anywhere.", worth=0.5
)
def first_row_taken_for_weight_zero(weights, accuracy, auroc):
    return best(weights, auroc.mean(1), allowed_by(accuracy.mean(1), accuracy.mean(1)[0]))


@choose.wrong("Accuracy is compared with that of the most accurate weight. The rule compares with weight 0.")
def compared_with_the_most_accurate(weights, accuracy, auroc):
    return best(weights, auroc.mean(1), allowed_by(accuracy.mean(1), accuracy.mean(1).max()))


@choose.wrong(
    "The most accurate weight is chosen. Accuracy only rules weights out; among the others the AUROC decides."
)
def most_accurate(weights, accuracy, auroc):
    return float(weights[accuracy.mean(1).argmax()])


@choose.wrong("The smallest AUROC is chosen. Larger is better.")
def smallest_auroc(weights, accuracy, auroc):
    allowed = allowed_by(accuracy.mean(1), accuracy.mean(1)[weights == 0])
    return best(weights, auroc.mean(1), allowed, np.argmin)


@choose.wrong("The best single fold decides. One lucky fold is no better weight: take the mean over folds.")
def best_single_fold(weights, accuracy, auroc):
    return best(weights, auroc.max(1), allowed_by(accuracy.mean(1), accuracy.mean(1)[weights == 0]))


@choose.wrong("Weight 0 is never chosen. If nothing beats it, it is the answer.")
def zero_left_out(weights, accuracy, auroc):
    allowed = allowed_by(accuracy.mean(1), accuracy.mean(1)[weights == 0]) & (weights != 0)
    return best(weights, auroc.mean(1), allowed)


@choose.wrong(
    "A weight is ruled out as soon as one fold loses a point. The rule is about the mean over folds.", worth=0.5
)
def each_fold_has_to_keep_its_accuracy(weights, accuracy, auroc):
    return best(weights, auroc.mean(1), allowed_by(accuracy, accuracy[weights == 0]).all(1))


# 5
mine = exercise.judged("mine", points=3, needs=["choose"])

# 6
record = dict(np.load(DATA / "record.npz"))
blind = exercise.value(
    "blind",
    points=3,
    step=0.05,
    otherwise="Other numbers. Average over seeds; choose by `choose` from the *validation* columns; then two differences to weight 0, in points.",
)


def gains(weight, seeds=(10, 11), scale=100.0):
    """The weight, and what it gains over weight 0 on both parts of the test."""
    rows = np.isin(record["seed"], seeds)
    mean = lambda which, w: record[which][rows & (record["weight"] == w)].mean()  # noqa: E731
    return [weight, *(float(scale * (mean(part, weight) - mean(part, 0))) for part in ("no_object", "other_objects"))]


blind.wrong(
    "That weight is the best on test photographs of other objects. To choose by them is to look.",
    answer=gains(0.01),
    name="peeked",
)
blind.wrong(
    "The weight is not the one with the largest mean AUROC on validation. Which columns did `choose` get?",
    answer=gains(0.03),
    name="0.03",
)
blind.wrong("These are shares. Points are asked for.", worth=0.5, answer=gains(0.1, scale=1.0), name="share")
blind.wrong("One seed alone. Average both.", worth=0.5, answer=gains(0.1, (10,)), name="first seed alone")
blind.wrong("One seed alone. Average both.", worth=0.5, answer=gains(0.1, (11,)), name="second seed alone")
blind.wrong(
    "Both differences have the wrong sign: with the loss, less without it.",
    worth=0.5,
    answer=gains(0.1, scale=-100.0),
    name="reversed",
)
_, without, other = gains(0.1)
blind.wrong(
    "The two parts of the test have changed places.", worth=0.5, answer=[0.1, other, without], name="parts swapped"
)

# 7
ship = exercise.open(
    "ship",
    points=4,
    rubric=(
        "1: gives the figures of the own folder with n (pictures, folds) and their spread over folds, and says whether the chosen weight differs from its neighbours by more than that. 1: names what the "
        "choice could not see: jigsaws and squares show no *other object*, and in the record the blind choice loses there. 1: names a control that is missing (all cells at the weight chosen for them, "
        "other seeds, a temperature if MSP was used) or used, with its figure. 1: a decision that follows from a purpose (pictures without an object: yes; unknown animals: no, or a smaller weight), "
        "with a validation set that would fit the purpose. No point for a weight chosen by the test."
    ),
)
