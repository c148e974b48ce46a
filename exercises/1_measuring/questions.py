"""Measuring by hand: what is asked, and how it goes wrong."""

import numpy as np

from bgood_lib.classroom import Exercise

exercise = Exercise(
    title="Measuring by hand",
    goal="compute AUROC and both FPR95, and see two of them disagree",
    chapter="book/results/scenes/measuring",
    minutes=40,
    first=True,
)


def scores(rng):
    """Sets of one size and of two; few beside dense, where 95% of the few is a whole number and where not; with ties and without."""
    dense = np.linspace(-4, 4, 1500)
    yield rng.normal(0, 1, 60), rng.normal(1, 1.5, 60)
    for few in (20, 30):
        yield rng.normal(0, 1, few), rng.permutation(dense)
        yield rng.permutation(dense), rng.normal(1, 1.5, few)
    yield rng.normal(0, 1, 37), rng.normal(-0.7, 1.5, 53)
    yield rng.integers(0, 6, 90).astype(float), rng.integers(1, 9, 47).astype(float)
    yield rng.integers(0, 4, 40).astype(float), rng.integers(0, 4, 40).astype(float)


def thresholds(rng):
    """The same, each with a threshold that some scores are equal to."""
    for id_scores, ood_scores in scores(rng):
        yield float(rng.choice(ood_scores)), id_scores, ood_scores


# 1
errors_at = exercise.question("errors_at", points=2, cases=thresholds)


@errors_at.wrong("Both shares are of what goes right. Which images does a user complain about?")
def right_ones_counted(threshold, id_scores, ood_scores):
    return (id_scores <= threshold).mean(), (ood_scores > threshold).mean()


@errors_at.wrong(
    "The two shares come in the other order. Read the docstring: what is returned first?",
    worth=0.5,
)
def order_swapped(threshold, id_scores, ood_scores):
    return (ood_scores <= threshold).mean(), (id_scores > threshold).mean()


@errors_at.wrong("It flags images *below* the threshold. Larger scores mean more OOD.")
def sign_flipped(threshold, id_scores, ood_scores):
    return (id_scores < threshold).mean(), (ood_scores >= threshold).mean()


@errors_at.wrong(
    "A score that equals the threshold counts on the wrong side. Only what lies above it is flagged.", worth=0.5
)
def equal_scores(threshold, id_scores, ood_scores):
    return (id_scores >= threshold).mean(), (ood_scores < threshold).mean()


@errors_at.wrong("These are numbers of images. A share is asked for: of how many?")
def counts_instead_of_shares(threshold, id_scores, ood_scores):
    return (id_scores > threshold).sum(), (ood_scores <= threshold).sum()


@errors_at.wrong("Each error is divided by all images. The share of ID images is one *of the ID images*.")
def divided_by_all_images(threshold, id_scores, ood_scores):
    n = len(id_scores) + len(ood_scores)
    return (id_scores > threshold).sum() / n, (ood_scores <= threshold).sum() / n


# 2
auroc = exercise.question("auroc", points=3, cases=scores)


@auroc.wrong("Where OOD images have the larger scores, it gets small. Which of the two has to outrank the other?")
def sign_flipped(id_scores, ood_scores):
    difference = id_scores[:, None] - ood_scores
    return (difference > 0).mean() + (difference == 0).mean() / 2


@auroc.wrong("It is right wherever no two scores are equal. What do pairs of equal scores count?", worth=0.5)
def ties_ignored(id_scores, ood_scores):
    return (ood_scores[:, None] > id_scores).mean()


@auroc.wrong("It is right wherever no two scores are equal. Pairs of equal scores count too much here.", worth=0.5)
def ties_count_whole(id_scores, ood_scores):
    return (ood_scores[:, None] >= id_scores).mean()


@auroc.wrong("Image 1 is compared with image 1, image 2 with image 2. *Every* OOD image meets every ID image.")
def pairs_side_by_side(id_scores, ood_scores):
    return (ood_scores > id_scores).mean() + (ood_scores == id_scores).mean() / 2


@auroc.wrong("Image 1 is compared with image 1, image 2 with image 2. *Every* OOD image meets every ID image.")
def side_by_side_without_ties(id_scores, ood_scores):
    return (ood_scores > id_scores).mean()


@auroc.wrong("Pairs are cut off at the shorter set. *Every* OOD image meets every ID image, however many there are.")
def pairs_zipped(id_scores, ood_scores):
    return np.mean([(b > a) + (b == a) / 2 for a, b in zip(id_scores, ood_scores)])


@auroc.wrong(
    "OOD images are compared with one number, the mean of the ID scores. They should meet the ID images one by one."
)
def against_the_mean(id_scores, ood_scores):
    return (ood_scores > id_scores.mean()).mean()


@auroc.wrong(
    "This is a mean of differences of scores. Only *whether* an image outranks another counts, not by how much."
)
def mean_of_differences(id_scores, ood_scores):
    return (ood_scores[:, None] - id_scores).mean()


@auroc.wrong("This is the number of pairs. A share is asked for: of how many pairs?")
def pairs_not_divided(id_scores, ood_scores):
    difference = ood_scores[:, None] - id_scores
    return (difference > 0).sum() + (difference == 0).sum() / 2


@auroc.wrong("This is the number of pairs. A share is asked for: of how many pairs? And what do equal scores count?")
def pairs_not_divided_ties_ignored(id_scores, ood_scores):
    return (ood_scores[:, None] > id_scores).sum()


# 3 and 4
fpr95_id_positive = exercise.question("fpr95_id_positive", points=3, cases=scores)
fpr95_ood_positive = exercise.question("fpr95_ood_positive", points=3, cases=scores)


def at_or_below(scores, share=0.95):
    """The lowest score that a share of the scores lies at or below."""
    return np.sort(scores)[int(np.ceil(round(share * len(scores), 6))) - 1]


def at_or_above(scores, share=0.95):
    """The highest score that a share of the scores lies at or above."""
    return -at_or_below(-scores, share)


@fpr95_id_positive.wrong("This is the *other* FPR95. Which images set the threshold here, and of which is the share?")
def convention_swapped(id_scores, ood_scores):
    return (id_scores >= at_or_above(ood_scores)).mean()


@fpr95_id_positive.wrong(
    "The threshold is right, and the share is of the OOD images that are *flagged*. Which of them are errors?",
    worth=0.5,
)
def caught_ones_counted(id_scores, ood_scores):
    return (ood_scores > at_or_below(id_scores)).mean()


@fpr95_id_positive.wrong("The threshold comes from the OOD scores. Here 95% of *what* have to be accepted?")
def threshold_on_the_wrong_class(id_scores, ood_scores):
    return (id_scores <= at_or_below(ood_scores)).mean()


@fpr95_id_positive.wrong(
    "The threshold comes from the OOD scores, so the answer is about 95% whatever they are. Which images set it here?"
)
def threshold_on_the_counted_class(id_scores, ood_scores):
    return (ood_scores <= at_or_below(ood_scores)).mean()


LOW_END = "The threshold lies at the low end of the ID scores. How many ID images does it accept?"


@fpr95_id_positive.wrong(LOW_END)
def five_percent(id_scores, ood_scores):
    return (ood_scores <= np.quantile(id_scores, 0.05)).mean()


@fpr95_id_positive.wrong(LOW_END)
def five_percent_of_the_images(id_scores, ood_scores):
    return (ood_scores <= at_or_below(id_scores, 0.05)).mean()


@fpr95_id_positive.wrong(LOW_END)
def five_percent_and_one(id_scores, ood_scores):
    return (ood_scores <= at_or_above(id_scores)).mean()


@fpr95_id_positive.wrong(
    "The threshold lies at the low end of the ID scores, as if *small* scores were OOD. Larger means more OOD."
)
def sign_flipped(id_scores, ood_scores):
    return (ood_scores >= at_or_above(id_scores)).mean()


@fpr95_id_positive.wrong(
    "Nearly. The threshold lies *between* two scores, so that on some inputs fewer than 95% of the ID images are accepted. np.quantile "
    "draws a line between scores unless its argument `method` says otherwise.",
    worth=0.5,
)
def quantile_between_scores(id_scores, ood_scores):
    return (ood_scores <= np.quantile(id_scores, 0.95)).mean()


@fpr95_id_positive.wrong(
    "Nearly. On some inputs the threshold is one score too high: the next lower one accepts 95% of the ID images, too. Take 20 images: "
    "which place in the sorted scores has the 19th, counted from 0?",
    worth=0.5,
)
def one_score_too_high(id_scores, ood_scores):
    return (ood_scores <= np.quantile(id_scores, 0.95, method="higher")).mean()


@fpr95_id_positive.wrong(
    "Nearly. On some inputs the threshold is one score too low: fewer than 95% of the ID images are accepted. How many of 30 are at least 95%?",
    worth=0.5,
)
def one_score_too_low(id_scores, ood_scores):
    return (ood_scores <= np.quantile(id_scores, 0.95, method="lower")).mean()


@fpr95_id_positive.wrong(
    "Nearly. It differs only where an OOD score equals the threshold: is that image accepted?", worth=0.5
)
def equal_scores(id_scores, ood_scores):
    return (ood_scores < at_or_below(id_scores)).mean()


@fpr95_id_positive.wrong("This is a number of images. A share is asked for.")
def count_instead_of_share(id_scores, ood_scores):
    return (ood_scores <= at_or_below(id_scores)).sum()


@fpr95_ood_positive.wrong("This is the *other* FPR95. Which images set the threshold here, and of which is the share?")
def convention_swapped(id_scores, ood_scores):
    return (ood_scores <= at_or_below(id_scores)).mean()


@fpr95_ood_positive.wrong(
    "The threshold is right, and the share is of the ID images that are *accepted*. Which of them are errors?",
    worth=0.5,
)
def accepted_ones_counted(id_scores, ood_scores):
    return (id_scores < at_or_above(ood_scores)).mean()


@fpr95_ood_positive.wrong("The threshold comes from the ID scores. Here 95% of *what* have to be flagged?")
def threshold_on_the_wrong_class(id_scores, ood_scores):
    return (ood_scores >= at_or_above(id_scores)).mean()


@fpr95_ood_positive.wrong(
    "The threshold comes from the ID scores, so the answer is about 95% whatever they are. Which images set it here?"
)
def threshold_on_the_counted_class(id_scores, ood_scores):
    return (id_scores >= at_or_above(id_scores)).mean()


@fpr95_ood_positive.wrong(
    "The threshold lies at the high end of the OOD scores: only 5% of them lie above it. How many have to be flagged?"
)
def high_end(id_scores, ood_scores):
    return (id_scores >= at_or_below(ood_scores)).mean()


@fpr95_ood_positive.wrong(
    "ID and OOD have changed places: this is what `fpr95_id_positive(ood_scores, id_scores)` gives. Which images set the threshold, and which "
    "side of it is flagged?"
)
def sign_flipped(id_scores, ood_scores):
    return (id_scores <= at_or_below(ood_scores)).mean()


@fpr95_ood_positive.wrong(
    "Nearly. The threshold lies *between* two scores, so that on some inputs fewer than 95% of the OOD images are flagged. np.quantile "
    "draws a line between scores unless its argument `method` says otherwise.",
    worth=0.5,
)
def quantile_between_scores(id_scores, ood_scores):
    return (id_scores >= np.quantile(ood_scores, 0.05)).mean()


@fpr95_ood_positive.wrong(
    "Nearly. On some inputs the threshold is one score too low: the next higher one flags 95% of the OOD images, too. Of 20 images, how many "
    "have to lie at or above it?",
    worth=0.5,
)
def one_score_too_low(id_scores, ood_scores):
    return (id_scores >= np.quantile(ood_scores, 0.05, method="lower")).mean()


@fpr95_ood_positive.wrong(
    "Nearly. On some inputs the threshold is one score too high: fewer than 95% of the OOD images are flagged. How many of 30 are at least 95%?",
    worth=0.5,
)
def one_score_too_high(id_scores, ood_scores):
    return (id_scores >= np.quantile(ood_scores, 0.05, method="higher")).mean()


@fpr95_ood_positive.wrong(
    "Nearly. It differs only where an ID score equals the threshold: is that image flagged?", worth=0.5
)
def equal_scores(id_scores, ood_scores):
    return (id_scores > at_or_above(ood_scores)).mean()


@fpr95_ood_positive.wrong("This is a number of images. A share is asked for.")
def count_instead_of_share(id_scores, ood_scores):
    return (id_scores >= at_or_above(ood_scores)).sum()


# 5
winners = exercise.value(
    "winners",
    points=2,
    otherwise="It is another order. Print all six figures, and mind which of them are better when small.",
)
winners.wrong(
    "Look at FPR95 again. Is a large one good? Or do the two functions, or their places in the list, swap the conventions?",
    answer=["MSP", "MSP", "ViM"],
    name="larger FPR95 taken, or conventions swapped",
)
winners.wrong(
    "Look at AUROC again. Is a large one good?",
    answer=["ViM", "ViM", "MSP"],
    name="smaller AUROC taken",
)
winners.wrong(
    "What is good when it is large, and what when it is small?",
    answer=["ViM", "MSP", "ViM"],
    name="all reversed",
)
winners.wrong(
    "One method for all three? Compute the figures and look again.", answer=["MSP", "MSP", "MSP"], name="all MSP"
)

# 6
quarrel = exercise.judged("quarrel", points=4, needs=["auroc", "fpr95_id_positive", "fpr95_ood_positive"])

# 7
which_one = exercise.open(
    "which_one",
    points=3,
    rubric=(
        "1: names a figure and says which images set its threshold. 1: argues from the cost of an error (an unknown mushroom that is accepted "
        "is worse than a known one that is left). 1: names something beside it: ID accuracy, the threshold itself, another share than 95%, AUROC. "
        "Either figure can be argued for; a figure without its convention gets no point."
    ),
)
