"""Find the background: what is asked, and how it goes wrong."""

from pathlib import Path

import numpy as np

from bgood_lib.classroom import Exercise

exercise = Exercise(
    title="Find the background",
    goal="write a rule that finds background, and beat one that does not even look",
    chapter="book/results/scenes/finding_background",
    minutes=50,
    first=True,
)

POOL = Path(__file__).parent / "hidden.npz"  # not handed out, but for what the checks draw of it


def digits(rng):
    """Masks of several sizes, with blobs of a digit's size, and blocks of few pixels of it, of exactly a tenth, of one pixel."""
    for n, block, side in ((9, 4, 8), (5, 2, 6), (4, 5, 4), (3, 1, 7)):
        masks = np.zeros((n, block * side, block * side), bool)
        for mask in masks:
            row, column = rng.integers(0, block * side // 2, 2)
            blob = mask[row : row + block * side // 2, column : column + block * side // 2]
            blob[:] = rng.random(blob.shape) < 0.7
            mask[rng.integers(0, len(mask), 6), rng.integers(0, len(mask), 6)] = True
        yield masks, side
    rows = rng.integers(0, 11, (2, 8, 8))  # of half a block's width, in blocks of 10 x 10 pixels
    rows[:, 3, 3:5] = 2
    filled = (np.arange(10)[:, None] < rows[..., None, None]) & (np.arange(10) < 5)
    yield filled.transpose(0, 1, 3, 2, 4).reshape(2, 80, 80), 8


def choices(rng):
    """Choices of many and of few cells, some images without any; one that takes nothing."""
    for n, side, share in ((12, 8, 0.3), (7, 6, 0.8), (20, 4, 0.1), (6, 5, 0.0)):
        background = rng.random((n, side, side)) < rng.uniform(0.5, 0.95, (n, 1, 1))
        often = np.where(background, share, share / 3) * rng.uniform(0.5, 1.5, (n, 1, 1))
        chosen = rng.random((n, side, side)) < often
        if share:
            chosen[0, 0, :2], background[0, 0, :2], chosen[1] = True, (True, False), False
        yield chosen, background


def heads(rng, scale=(2.0, 6.0, 10.0)):
    """Logits of several shapes, each with the labels; all classes, and not all of them."""
    for (n, side, classes), size in zip(((9, 8, 6), (5, 6, 4), (4, 4, 10)), scale):
        labels = rng.integers(0, classes, n)
        labels[:2] = 1, classes - 1
        yield rng.normal(0, size, (n, side, side, classes)), labels


def large_heads(rng):
    """The same, and logits so large that their exponential is infinite."""
    yield from heads(rng)
    logits, labels = next(heads(rng))
    yield 500 * logits, labels


# 1
background_of = exercise.question("background_of", points=2, cases=digits)


def shares(masks, side):
    """Share of each block that is digit."""
    n, block = len(masks), masks.shape[1] // side
    return masks.reshape(n, side, block, side, block).mean((2, 4))


@background_of.wrong("True and False have changed places: True is for background.")
def digit_instead_of_background(masks, side):
    return shares(masks, side) >= 0.1


@background_of.wrong("It is too strict: one stray pixel of a digit is not enough, a tenth of the block is.", worth=0.5)
def any_pixel(masks, side):
    return shares(masks, side) == 0


@background_of.wrong(
    "A block of which exactly a tenth is digit counts as background. *Less* than a tenth is asked for.", worth=0.5
)
def exactly_a_tenth(masks, side):
    return shares(masks, side) <= 0.1


@background_of.wrong("It is too generous: a block that is almost half digit still counts. What share is asked for?")
def half_of_the_block(masks, side):
    return shares(masks, side) < 0.5


@background_of.wrong("It is too generous: a block that is half digit still counts. What share is asked for?")
def up_to_half_of_the_block(masks, side):
    return shares(masks, side) <= 0.5


@background_of.wrong(
    "The pixels of a block are not those that lie together in the image. Which axes does your reshape make, in which order?"
)
def blocks_mixed_up(masks, side):
    n, block = len(masks), masks.shape[1] // side
    return masks.reshape(n, side, side, block, block).mean((3, 4)) < 0.1


@background_of.wrong("Only one pixel of each block was looked at. How much of the *whole* block is digit?")
def corner_pixel(masks, side):
    block = masks.shape[1] // side
    return ~masks[:, ::block, ::block]


@background_of.wrong("Only one pixel of each block was looked at. How much of the *whole* block is digit?")
def middle_pixel(masks, side):
    block = masks.shape[1] // side
    return ~masks[:, block // 2 :: block, block // 2 :: block]


@background_of.wrong("Rows and columns have changed places.", worth=0.5)
def transposed(masks, side):
    return shares(masks, side).transpose(0, 2, 1) < 0.1


# 2
quality = exercise.question("quality", points=3, cases=choices)


def _share(part, of):
    return part.sum() / of.sum() if of.any() else np.nan


@quality.wrong("Precision and recall have changed places. Of which cells is each of them a share?", worth=0.3)
def precision_and_recall_swapped(chosen, background):
    both = chosen & background
    return _share(both, background), _share(both, chosen), background.mean(), chosen.mean()


@quality.wrong("Chance and taken have changed places. Which of them knows nothing of the rule?", worth=0.5)
def chance_and_taken_swapped(chosen, background):
    both = chosen & background
    return _share(both, chosen), _share(both, background), chosen.mean(), background.mean()


AVERAGED = (
    "The shares are computed for each image and then averaged. Count the cells of all images together: an image with one chosen cell would "
    "else count as much as one with fifty."
)


def of_each_image(chosen, background):
    both = (chosen & background).sum((1, 2))
    with np.errstate(all="ignore"):
        return both / chosen.sum((1, 2)), both / background.sum((1, 2))


@quality.wrong(AVERAGED)
def mean_over_images(chosen, background):
    precision, recall = of_each_image(chosen, background)
    precision = np.nanmean(precision) if chosen.any() else np.nan
    return precision, np.nanmean(recall), background.mean(), chosen.mean()


@quality.wrong(AVERAGED)
def mean_over_images_with_none_taken(chosen, background):
    precision, recall = of_each_image(chosen, background)
    return precision.mean(), recall.mean(), background.mean(), chosen.mean()


@quality.wrong(AVERAGED)
def mean_over_images_none_taken_as_zero(chosen, background):
    precision, recall = of_each_image(chosen, background)
    return np.nan_to_num(precision).mean(), recall.mean(), background.mean(), chosen.mean()


@quality.wrong(
    "The first is the share of *all* cells that the rule is right about (accuracy). Precision asks only the cells that it took."
)
def accuracy_for_precision(chosen, background):
    both = chosen & background
    return (chosen == background).mean(), _share(both, background), background.mean(), chosen.mean()


@quality.wrong("Precision and recall are divided by all cells. Of which cells is each of them a share?")
def divided_by_all_cells(chosen, background):
    both = (chosen & background).mean()
    return both, both, background.mean(), chosen.mean()


@quality.wrong("Chance is not one half: not every second cell is background.", worth=0.5)
def chance_one_half(chosen, background):
    both = chosen & background
    return _share(both, chosen), _share(both, background), 0.5, chosen.mean()


@quality.wrong("These are numbers of cells. Shares are asked for.")
def counts(chosen, background):
    return (chosen & background).sum(), (chosen & background).sum(), background.sum(), chosen.sum()


@quality.wrong(
    "It is right wherever something is taken. A rule that takes nothing has no precision: NaN, not 0.", worth=0.7
)
def zero_where_nothing_is_taken(chosen, background):
    both = chosen & background
    precision = _share(both, chosen) if chosen.any() else 0.0
    return precision, _share(both, background), background.mean(), chosen.mean()


@quality.wrong(
    "It is right wherever something is taken. What if nothing is? Then precision is NaN, and no error.", worth=0.7
)
def error_where_nothing_is_taken(chosen, background):
    both = chosen & background
    return int(both.sum()) / int(chosen.sum()), _share(both, background), background.mean(), chosen.mean()


# 3
border = exercise.question("border", points=1, cases=heads)


def _empty(logits):
    return np.zeros(logits.shape[:3], bool)


@border.wrong("It takes the inside and leaves the rim.")
def inside(logits, labels):
    chosen = _empty(logits)
    chosen[:, 1:-1, 1:-1] = True
    return chosen


@border.wrong("It takes the upper and the lower rim. A map has four sides.", worth=0.5)
def rows_only(logits, labels):
    chosen = _empty(logits)
    chosen[:, [0, -1]] = True
    return chosen


@border.wrong("It takes the left and the right rim. A map has four sides.", worth=0.5)
def columns_only(logits, labels):
    chosen = _empty(logits)
    chosen[:, :, [0, -1]] = True
    return chosen


@border.wrong("It takes two corners alone. When both indices are lists, NumPy pairs them.", worth=0.5)
def two_corners(logits, labels):
    chosen = _empty(logits)
    chosen[:, [0, -1], [0, -1]] = True
    return chosen


@border.wrong("The rim is two cells wide here. It is the outermost cells alone.", worth=0.5)
def two_cells_wide(logits, labels):
    chosen = ~_empty(logits)
    chosen[:, 2:-2, 2:-2] = False
    return chosen


@border.wrong("It takes the four corners alone. A rim has four whole sides.", worth=0.5)
def corners_only(logits, labels):
    chosen = _empty(logits)
    chosen[np.ix_(range(len(chosen)), [0, -1], [0, -1])] = True
    return chosen


@border.wrong("The last row and the last column are missing. Where does a slice end?", worth=0.5)
def one_side_open(logits, labels):
    chosen = ~_empty(logits)
    chosen[:, 1:, 1:] = False
    return chosen


@border.wrong("The rim is of the images, and of the rows: the first axis counts images, leave it alone.", worth=0.3)
def rim_over_images(logits, labels):
    chosen = ~_empty(logits)
    chosen[1:-1, 1:-1] = False
    return chosen


# 4
evidence = exercise.question("evidence", points=3, cases=large_heads, tolerance=(1e-6, 1e-9))


def softmax(logits, axis=-1):
    parts = np.exp(logits - logits.max(axis, keepdims=True))
    return parts / parts.sum(axis, keepdims=True)


def of_true_class(values, labels):
    return values[np.arange(len(labels)), :, :, labels]


@evidence.wrong(
    "The softmax goes over the cells of an image. The probabilities *of one cell*, over its classes, sum to 1."
)
def softmax_over_cells(logits, labels):
    return of_true_class(softmax(logits, (1, 2)), labels)


@evidence.wrong("The softmax goes over the images. The probabilities *of one cell*, over its classes, sum to 1.")
def softmax_over_images(logits, labels):
    return of_true_class(softmax(logits, 0), labels)


@evidence.wrong(
    "The softmax goes over the rows of the map. The probabilities *of one cell*, over its classes, sum to 1."
)
def softmax_over_rows(logits, labels):
    return of_true_class(softmax(logits, 1), labels)


@evidence.wrong("This is the probability of each cell's likeliest class. Which class does the image have?")
def likeliest_class(logits, labels):
    return softmax(logits).max(-1)


@evidence.wrong("These are logits. Evidence is a probability, from 0 to 1.")
def logit_instead_of_probability(logits, labels):
    return of_true_class(logits, labels)


@evidence.wrong("These are logarithms of probabilities: the last step is missing.", worth=0.5)
def logarithm(logits, labels):
    shifted = logits - logits.max(-1, keepdims=True)
    return of_true_class(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)), labels)


@evidence.wrong("Every image is asked about the class of the first image. Each has its own label.")
def first_label_for_all(logits, labels):
    return softmax(logits)[..., labels[0]]


@evidence.wrong(
    "That picks, for every image, the classes of *all* images. Each image belongs to its own label alone: an index of images has to go along "
    "with the labels, such as `np.arange(len(labels))`."
)
def labels_of_all_images_for_each(logits, labels):
    return softmax(logits)[..., labels]


@evidence.wrong("Classes are counted from 0: label 1 is the second column.", worth=0.5)
def counted_from_one(logits, labels):
    return of_true_class(softmax(logits), np.asarray(labels) - 1)


@evidence.wrong("Each logit is divided by the largest one. A softmax has an exponential in it.")
def divided_by_the_largest(logits, labels):
    return of_true_class(logits / logits.max(-1, keepdims=True), labels)


@evidence.wrong("Each logit is divided by the sum of all. A softmax has an exponential in it.")
def no_exponential(logits, labels):
    return of_true_class(logits / logits.sum(-1, keepdims=True), labels)


@evidence.wrong("The exponentials are not divided by their sum.", worth=0.3)
def not_normalised(logits, labels):
    return of_true_class(np.exp(logits - logits.max(-1, keepdims=True)), labels)


@evidence.wrong(
    "Right, until logits get large: exp(1000) is infinite, and infinite by infinite is not a number. A softmax stays the same if one number "
    "is taken from all logits of a cell.",
    worth=0.7,
)
def overflow(logits, labels):
    with np.errstate(all="ignore"):
        parts = np.exp(logits)
        return of_true_class(parts / parts.sum(-1, keepdims=True), labels)


# 5
least_evidence = exercise.question("least_evidence", points=2, cases=heads)


def _fewest(values, share=0.25):
    flat = values.reshape(len(values), -1)
    k = int(share * flat.shape[1])
    chosen = np.zeros(flat.shape, bool)
    np.put_along_axis(chosen, flat.argsort(1)[:, :k], True, 1)
    return chosen.reshape(values.shape)


def _evidence(logits, labels):
    return of_true_class(softmax(logits), labels)


@least_evidence.wrong("It takes the cells with the *most* evidence.")
def most_evidence(logits, labels):
    return _fewest(-_evidence(logits, labels))


@least_evidence.wrong(
    "A quarter of the cells of the whole batch is taken: from some images more, from others less. A quarter of *each image* is asked for.",
    worth=0.5,
)
def quarter_of_the_batch(logits, labels):
    return _fewest(_evidence(logits, labels)[None]).reshape(logits.shape[:3])


@least_evidence.wrong(
    "It takes all cells with an evidence below 0.25. A quarter of the *cells* is asked for, however sure they are."
)
def evidence_below_a_quarter(logits, labels):
    return _evidence(logits, labels) < 0.25


@least_evidence.wrong(
    "`argsort` gives *places*: which cell comes first, which comes next. It does not give each cell its rank, and it is ranks that you compare."
)
def places_for_ranks(logits, labels):
    values = _evidence(logits, labels)
    flat = values.reshape(len(values), -1)
    return (flat.argsort(1) < flat.shape[1] // 4).reshape(values.shape)


@least_evidence.wrong(
    "It is right for maps of 8 × 8 alone. Maps come in other sizes: a quarter of *their* cells.", worth=0.5
)
def sixteen_cells(logits, labels):
    values = _evidence(logits, labels)
    return _fewest(values, 16 / values[0].size)


@least_evidence.wrong("It takes half of each image's cells. A quarter is asked for.", worth=0.5)
def half_of_the_cells(logits, labels):
    return _fewest(_evidence(logits, labels), 0.5)


@least_evidence.wrong("Three quarters of the cells are taken; the quarter with the least evidence is left.")
def three_quarters(logits, labels):
    return ~_fewest(_evidence(logits, labels))


@least_evidence.wrong("It takes a quarter of every row. The quarter of the *image* may lie anywhere.", worth=0.5)
def quarter_of_each_row(logits, labels):
    values = _evidence(logits, labels)
    rows = values.reshape(-1, values.shape[2])
    return _fewest(rows[:, None]).reshape(values.shape)


@least_evidence.wrong("It asks for each cell's likeliest class. Evidence is for the *true* class.")
def least_of_the_likeliest(logits, labels):
    return _fewest(softmax(logits).max(-1))


@least_evidence.wrong(
    "It compares logits of the true class. A cell with a large logit has little evidence, if another class has a larger one.",
    worth=0.5,
)
def least_logit(logits, labels):
    return _fewest(of_true_class(logits, labels))


# 6
three = exercise.value(
    "three",
    points=1,
    otherwise="They are other numbers. Three precisions, from 0 to 1, each by `quality(choice, background)` on `logits` and `labels`.",
)
three.wrong("The last two are recalls. What does `quality` return first?", answer=[0.746, 0.548, 0.25], name="recall")
three.wrong(
    "The last two are shares that are taken. What does `quality` return first?",
    answer=[0.746, 0.4375, 0.25],
    name="taken",
)
three.wrong("These are per cent. Shares are asked for.", answer=[74.6, 93.38, 74.63], name="per cent")
three.wrong("The right numbers in another order.", answer=[0.746, 0.746, 0.934], name="another order", worth=0.5)
three.wrong("The right numbers in another order.", answer=[0.934, 0.746, 0.746], name="chance last", worth=0.5)
three.wrong(
    "The precisions come without the truth: is background what `background_of(masks)` says, or its contrary?",
    answer=[0.254, 0.066, 0.254],
    name="digit instead of background",
)


# 7
def held_back(rng):
    """Two networks, each on a part of the images that are held back."""
    pool = np.load(POOL)
    for logits in pool["logits"]:
        part = rng.permutation(len(logits))[:150]
        yield logits[part].astype(np.float32), pool["labels"][part], pool["background"][part]


my_selector = exercise.judged("my_selector", points=5, cases=held_back, kept=1)

# 8
after = exercise.value(
    "after",
    points=2,
    step=0.002,
    otherwise="They are other numbers. Both are shares, from 0 to 1, of the choice that `cam_threshold` makes with `trained` and `labels`.",
)
after.wrong(
    "These are of the network before. Which logits are those of the *trained* one?",
    answer=[0.856, 0.5285],
    name="of the network before",
)
after.wrong(
    "The second is a share of the background. How many of the cells that are **not** background does it take?",
    answer=[0.9368, 0.9863],
    name="of the background",
)
after.wrong(
    "The second is a share of the cells that were taken. How many **of** the cells that are not background are taken?",
    answer=[0.9368, 0.2146],
    name="of the taken cells",
    worth=0.5,
)


def shares_after(names):
    """What the rule takes, and what is background."""
    return names["cam_threshold"](names["trained"], names["labels"]), names["background_of"](names["masks"])


def of_all_cells(names):
    chosen, background = shares_after(names)
    return [chosen.mean(), (chosen & ~background).mean()]


def recall_first(names):
    chosen, background = shares_after(names)
    return [chosen[background].mean(), chosen[~background].mean()]


after.wrong(
    "The second is a share of *all* cells. **Of** the cells that are not background, how many are taken?",
    answer=of_all_cells,
    name="of all cells",
    worth=0.5,
)
after.wrong(
    "The first is a share of the background. How many of **all** cells does the rule take?",
    answer=recall_first,
    name="recall first",
    worth=0.5,
)
after.wrong("These are per cent. Shares are asked for.", answer=[93.68, 79.145], name="per cent")
after.wrong("Right, in the other order.", answer=[0.7914, 0.9368], name="the other order", worth=0.5)
after.wrong(
    "The second is a precision. It is asked how much of the *digits* is taken.",
    answer=[0.9368, 0.7854],
    name="precision",
)

# 9
in_training = exercise.open(
    "in_training",
    points=3,
    rubric=(
        "1: says what the loss does to the cells that the selector takes (their vectors, and so their logits, shrink or get near the biases). "
        "1: follows from it what the selector would then choose: the same again, more and more, or none, argued for *their own* rule. "
        "1: names a check: precision, chance and taken again after training, or the controls (all cells, true masks). "
        "That their rule finds background well on a network trained without the loss is not yet an answer."
    ),
)
