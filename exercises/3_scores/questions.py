"""Scores from their formulas: what is asked, and how it goes wrong."""

import numpy as np

from bgood_lib.classroom import Exercise

exercise = Exercise(
    title="Scores from their formulas",
    goal="write five post-hoc scores and combine two of them",
    chapter="book/results/scenes/scores",
    minutes=50,
    first=True,
)

NO_LARGEST = "Right, until logits get large: the exponential overflows. Subtract each image's largest logit first."


def some_logits(rng):
    """Images more, fewer and as many as classes; logits that overflow; a single image; images far apart."""
    for n, k in ((7, 4), (3, 6), (5, 5), (1, 3)):
        yield (rng.normal(0, 3, (n, k)),)
    yield (rng.normal(1000, 3, (4, 3)),)
    yield (rng.normal(0, 3, (3, 4)) + [[0], [2000], [-2000]],)


def log_sum(logits, axis=1):
    largest = logits.max(axis=axis, keepdims=True)
    return (largest + np.log(np.exp(logits - largest).sum(axis=axis, keepdims=True))).squeeze(axis)


def probabilities(logits, axis=1):
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


# 1
softmax = exercise.question("softmax", points=1, cases=some_logits)


@softmax.wrong("The columns sum to one, not the rows: softmax runs over the wrong axis. Which axis are the classes?")
def wrong_axis(logits):
    return probabilities(logits, axis=0)


@softmax.wrong("All probabilities of all images together sum to one. Each image has its own sum.")
def over_all_images(logits):
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


@softmax.wrong(NO_LARGEST, worth=0.5)
def overflow(logits):
    with np.errstate(all="ignore"):
        powers = np.exp(logits)
        return powers / powers.sum(axis=1, keepdims=True)


@softmax.wrong(
    "One largest logit of *all* images is subtracted. Where images differ much, some of them are left with zeros. Take each image's own.",
    worth=0.5,
)
def largest_of_all_images(logits):
    powers = np.exp(logits - logits.max())
    return powers / powers.sum(axis=1, keepdims=True)


@softmax.wrong("The rows do not sum to one. What does the formula divide by?")
def not_divided(logits):
    return np.exp(logits - logits.max(axis=1, keepdims=True))


@softmax.wrong("These are logarithms of probabilities. The formula has none.")
def logarithms(logits):
    return np.log(probabilities(logits))


# 2
msp = exercise.question("msp", points=2, cases=some_logits)


@msp.wrong("It is large where the network is *sure*. Larger means more OOD.")
def sign_flipped(logits):
    return probabilities(logits).max(axis=1)


@msp.wrong("It ranks images as it should, but runs from -1 to 0. One *minus* the probability is asked for.", worth=0.75)
def one_minus_forgotten(logits):
    return -probabilities(logits).max(axis=1)


@msp.wrong("The largest is taken over the images. Each image has one score, so over which axis is the largest?")
def largest_over_images(logits):
    return 1 - probabilities(logits).max(axis=0)


@msp.wrong("Softmax runs over the images here: it is over the wrong axis.")
def wrong_axis(logits):
    return 1 - probabilities(logits, axis=0).max(axis=1)


@msp.wrong("It takes the largest *logit*. A probability is asked for.")
def largest_logit(logits):
    return 1 - logits.max(axis=1)


@msp.wrong("It gives *which* class is likeliest. How likely is it?")
def which_class(logits):
    return probabilities(logits).argmax(axis=1)


@msp.wrong("It takes the smallest probability.")
def smallest(logits):
    return 1 - probabilities(logits).min(axis=1)


@msp.wrong(NO_LARGEST, worth=0.75)
def overflow(logits):
    with np.errstate(all="ignore"):
        powers = np.exp(logits)
        return 1 - (powers / powers.sum(axis=1, keepdims=True)).max(axis=1)


# 3
def with_temperatures(rng):
    for temperature, (logits,) in zip((1.0, 2.0, 0.5, 10.0, 0.5, 3.0), some_logits(rng)):
        yield logits, temperature


energy = exercise.question("energy", points=2, cases=with_temperatures)


@energy.wrong("It is large where logits are large, that is for *known* images. Mind the sign in the formula.")
def sign_flipped(logits, temperature):
    return temperature * log_sum(logits / temperature)


@energy.wrong(NO_LARGEST, worth=0.75)
def overflow(logits, temperature):
    with np.errstate(all="ignore"):
        return -temperature * np.log(np.exp(logits / temperature).sum(axis=1))


@energy.wrong("Right for T = 1 only: the temperature stands in the formula twice.", worth=0.5)
def temperature_in_front_forgotten(logits, temperature):
    return -log_sum(logits / temperature)


@energy.wrong("Right for T = 1 only: logits are divided by the temperature, in the exponent.", worth=0.5)
def temperature_in_the_exponent_forgotten(logits, temperature):
    return -temperature * log_sum(logits)


@energy.wrong("Right for T = 1 only: the temperature is not used.", worth=0.5)
def temperature_ignored(logits, temperature):
    return -log_sum(logits)


@energy.wrong("Right for T = 1 only: logits are *multiplied* by the temperature.", worth=0.5)
def temperature_multiplied(logits, temperature):
    return -temperature * log_sum(logits * temperature)


@energy.wrong("The sum runs over the images. Each image has one energy.")
def wrong_axis(logits, temperature):
    return -temperature * log_sum(logits / temperature, axis=0)


@energy.wrong("It is the logarithm of a *mean* of exponentials. The formula has a sum.", worth=0.5)
def mean_instead_of_sum(logits, temperature):
    return -temperature * (log_sum(logits / temperature) - np.log(logits.shape[1]))


@energy.wrong("It is minus the largest logit. Near, but the formula sums over all classes.")
def largest_logit(logits, temperature):
    return -logits.max(axis=1)


@energy.wrong("It sums logits, without exponentials.")
def sum_of_logits(logits, temperature):
    return -logits.sum(axis=1)


# 4
def features_and_head(rng):
    """As many and more images than features; percentiles from low to high."""
    for n, c, k, percent in ((6, 8, 3, 90.0), (5, 5, 4, 70.0), (9, 4, 2, 50.0)):
        scale = rng.uniform(0.2, 3, c)
        features = rng.exponential(1.5, (n, c)) * scale
        yield features, rng.exponential(1, (40, c)) * scale, rng.normal(0, 1, (k, c)), rng.normal(0, 1, k), percent


react = exercise.question("react", points=3, cases=features_and_head)


def energy_of(features, weight, bias):
    return -log_sum(features @ weight.T + bias)


@react.wrong(
    "Each image is cut off at a limit of its own: a percentile per sample. There is one limit, from the training features."
)
def percentile_per_sample(features, train, weight, bias, percent):
    return energy_of(np.minimum(features, np.percentile(features, percent, axis=1, keepdims=True)), weight, bias)


@react.wrong("Each feature has a limit of its own. There is one limit, from all numbers together.", worth=0.5)
def percentile_per_feature(features, train, weight, bias, percent):
    return energy_of(np.minimum(features, np.percentile(train, percent, axis=0)), weight, bias)


@react.wrong(
    "The limit comes from the images that are judged. At use nobody knows which will come together: take the training features.",
    worth=0.5,
)
def percentile_of_the_judged(features, train, weight, bias, percent):
    return energy_of(np.minimum(features, np.percentile(features, percent)), weight, bias)


@react.wrong("Features are *lifted* to the limit, not cut off at it.")
def cut_from_below(features, train, weight, bias, percent):
    return energy_of(np.maximum(features, np.percentile(train, percent)), weight, bias)


@react.wrong("What lies beyond the limit becomes zero. It should become the limit.")
def zero_beyond_the_limit(features, train, weight, bias, percent):
    return energy_of(np.where(features > np.percentile(train, percent), 0, features), weight, bias)


@react.wrong("The bias is missing in the logits.", worth=0.75)
def bias_forgotten(features, train, weight, bias, percent):
    return energy_of(np.minimum(features, np.percentile(train, percent)), weight, 0)


@react.wrong(
    "The limit is nearly the smallest number: `percent` runs from 0 to 100. Does your function expect a share?",
    worth=0.5,
)
def percent_taken_for_a_share(features, train, weight, bias, percent):
    return energy_of(np.minimum(features, np.percentile(train, percent / 100)), weight, bias)


@react.wrong("The *logits* are cut off. Cut the features, then compute the logits.")
def logits_cut_off(features, train, weight, bias, percent):
    return -log_sum(np.minimum(features @ weight.T + bias, np.percentile(train, percent)))


@react.wrong("Nothing is cut off: this is Energy alone.")
def nothing_cut_off(features, train, weight, bias, percent):
    return energy_of(features, weight, bias)


@react.wrong("It has the wrong sign. Energy is negative where logits are large.")
def sign_flipped(features, train, weight, bias, percent):
    return -energy_of(np.minimum(features, np.percentile(train, percent)), weight, bias)


# 5
def features_and_centres(rng):
    """More, fewer and as many features as images and centres; a feature of zeros, and a centre."""
    for n, k, c in ((6, 3, 4), (4, 4, 4), (2, 5, 7)):
        yield rng.normal(0.3, 1, (n, c)), rng.normal(0, 2, (k, c))
    features, centres = rng.normal(0.3, 1, (5, 4)), rng.normal(0, 2, (3, 4))
    features[2] = 0
    yield features, centres


def unit(vectors, axis=1):
    lengths = np.linalg.norm(vectors, axis=axis, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


cosine_score = exercise.question("cosine_score", points=3, cases=features_and_centres)


@cosine_score.wrong(
    "It is not a number for a feature of zeros, whose length you divide by. What does the text say of it?", worth=0.75
)
def zero_norm(features, centres):
    with np.errstate(all="ignore"):
        lengths = np.linalg.norm(features, axis=1, keepdims=True) * np.linalg.norm(centres, axis=1)
        return 1 - (features @ centres.T / lengths).max(axis=1)


@cosine_score.wrong("It is large where an image is *near* a centre. Larger means more OOD.")
def sign_flipped(features, centres):
    return (unit(features) @ unit(centres).T).max(axis=1)


@cosine_score.wrong("These are dot products: nothing is divided by lengths.")
def not_divided(features, centres):
    return 1 - (features @ centres.T).max(axis=1)


@cosine_score.wrong("Divided by the lengths of the features alone. Centres have a length, too.", worth=0.5)
def centres_not_divided(features, centres):
    return 1 - (unit(features) @ centres.T).max(axis=1)


@cosine_score.wrong("Divided by the lengths of the centres alone. Features have a length, too.", worth=0.5)
def features_not_divided(features, centres):
    return 1 - (features @ unit(centres).T).max(axis=1)


@cosine_score.wrong("Lengths are taken over the wrong axis: a vector is a *row*.")
def norm_over_the_wrong_axis(features, centres):
    return 1 - (unit(features, axis=0) @ unit(centres, axis=0).T).max(axis=1)


@cosine_score.wrong("It takes the *farthest* class: the smallest cosine.")
def farthest_class(features, centres):
    return 1 - (unit(features) @ unit(centres).T).min(axis=1)


@cosine_score.wrong("It takes the mean over the classes. An image belongs to one.")
def mean_over_classes(features, centres):
    return 1 - (unit(features) @ unit(centres).T).mean(axis=1)


@cosine_score.wrong("It is a distance between points. A cosine knows directions only.")
def distance(features, centres):
    return np.linalg.norm(features[:, None] - centres, axis=2).min(axis=1)


# 6
def some_maps(rng):
    """Maps that are square and not, with as many channels as rows, with zero cells."""
    for shape in ((4, 3, 2, 5), (3, 4, 4, 4), (2, 6, 3, 3)):
        maps = rng.normal(0.2, 1, shape)
        maps[0, :, 0, 0] = 0
        yield (maps,)


cell_norm = exercise.question("cell_norm", points=2, cases=some_maps)


@cell_norm.wrong("It is large for long cells. Long cells are known: mind the sign.")
def sign_flipped(maps):
    return np.linalg.norm(maps, axis=1).mean(axis=(1, 2))


@cell_norm.wrong(
    "The mean comes before the norm: cells that point different ways have cancelled. First the length of each cell."
)
def mean_before_norm(maps):
    return -np.linalg.norm(maps.mean(axis=(2, 3)), axis=1)


@cell_norm.wrong(
    "The norm is over the wrong axis: it is taken of each *channel*. A cell's vector runs over the channels."
)
def norm_over_the_wrong_axis(maps):
    return -np.sqrt((maps**2).sum(axis=(2, 3))).mean(axis=1)


@cell_norm.wrong("It is one norm of the whole map. Each cell has a length of its own.")
def norm_of_the_whole_map(maps):
    return -np.sqrt((maps**2).sum(axis=(1, 2, 3)))


@cell_norm.wrong("The lengths are squared. A norm ends with a square root.", worth=0.5)
def root_forgotten(maps):
    return -(maps**2).sum(axis=1).mean(axis=(1, 2))


@cell_norm.wrong("The lengths are summed over the cells. Take the mean.", worth=0.5)
def sum_over_cells(maps):
    return -np.linalg.norm(maps, axis=1).sum(axis=(1, 2))


@cell_norm.wrong("It sums absolute values: the L1 norm. L2 is asked for.", worth=0.5)
def sum_of_absolute_values(maps):
    return -np.abs(maps).sum(axis=1).mean(axis=(1, 2))


@cell_norm.wrong("It takes the longest cell. The mean over the cells is asked for.", worth=0.5)
def longest_cell(maps):
    return -np.linalg.norm(maps, axis=1).max(axis=(1, 2))


# 7
def scores_and_reference(rng):
    """Scores in different units, two and three of them; as many images as scores."""
    for s, n, m in ((2, 7, 50), (3, 3, 40), (3, 8, 8)):
        unit_of = rng.uniform(0.01, 100, (s, 1))
        middle = rng.normal(0, 10, (s, 1))
        yield (rng.normal(1, 1, (s, n)) + middle) * unit_of, (rng.normal(0, 1, (s, m)) + middle) * unit_of


combine = exercise.question("combine", points=3, cases=scores_and_reference)


@combine.wrong(
    "Mean and spread come from the images that are judged. At use nobody knows which will come together: take the reference."
)
def scaled_by_the_judged(scores, reference):
    return ((scores - scores.mean(1, keepdims=True)) / scores.std(1, keepdims=True)).mean(axis=0)


@combine.wrong(
    "One mean and one spread for all scores together. Each score has its own unit, so its own mean and spread."
)
def one_scale_for_all(scores, reference):
    return ((scores - reference.mean()) / reference.std()).mean(axis=0)


@combine.wrong("The mean is taken off, but nothing is divided: the score with the largest numbers decides.", worth=0.5)
def not_divided(scores, reference):
    return (scores - reference.mean(1, keepdims=True)).mean(axis=0)


@combine.wrong("Divided by the spread, but the mean is not taken off.", worth=0.5)
def mean_not_taken_off(scores, reference):
    return (scores / reference.std(1, keepdims=True)).mean(axis=0)


@combine.wrong("The scores are averaged as they are. They have different units.")
def not_scaled(scores, reference):
    return scores.mean(axis=0)


@combine.wrong("The scores are summed. Take their mean.", worth=0.75)
def sum_instead_of_mean(scores, reference):
    return ((scores - reference.mean(1, keepdims=True)) / reference.std(1, keepdims=True)).sum(axis=0)


@combine.wrong("Divided by the variance. The standard deviation has the score's own unit.", worth=0.5)
def divided_by_the_variance(scores, reference):
    return ((scores - reference.mean(1, keepdims=True)) / reference.var(1, keepdims=True)).mean(axis=0)


@combine.wrong("The reference's spread has n - 1 in its denominator. `np.std` as it is divides by n.", worth=0.75)
def n_minus_one(scores, reference):
    return ((scores - reference.mean(1, keepdims=True)) / reference.std(1, keepdims=True, ddof=1)).mean(axis=0)


@combine.wrong("The mean at the end is taken over the images. The *scores* are to become one.")
def mean_over_images(scores, reference):
    return ((scores - reference.mean(1, keepdims=True)) / reference.std(1, keepdims=True)).mean(axis=1)


@combine.wrong("It takes the largest of the scores. Take their mean.", worth=0.5)
def largest_score(scores, reference):
    return ((scores - reference.mean(1, keepdims=True)) / reference.std(1, keepdims=True)).max(axis=0)


# 8
worst = exercise.value(
    "worst",
    points=3,
    step=0.005,
    otherwise="Not these. Print all six figures; mind which images are ID, and that the reference are the training images.",
)


def figures(names):
    """AUROC of the three scores, of the solution: array of shape [set, score]."""
    three = names["three"]
    return np.array(
        [[names["auroc"](three["test"][i], three[ood][i]) for i in range(3)] for ood in ("unseen", "novel")]
    )


def scaled_by_the_judged(names):
    """The same, the combined score scaled by each set's own mean and spread."""
    both = names["both"]
    three = {name: [*both[name], names["combine"](both[name], both[name])] for name in both}
    return figures({**names, "three": three}).min(axis=0)


worst.wrong(
    "These are the figures on `unseen` alone. Which is the smaller for each score?",
    answer=lambda names: figures(names)[0],
    name="unseen alone",
)
worst.wrong(
    "These are the figures on `novel` alone. Which is the smaller for each score?",
    answer=lambda names: figures(names)[1],
    name="novel alone",
)
worst.wrong(
    "These are the larger of the two figures. How bad can it get?",
    answer=lambda names: figures(names).max(axis=0),
    name="larger figure",
)
worst.wrong(
    "These are the means over the two sets. How bad can it get?",
    answer=lambda names: figures(names).mean(axis=0),
    name="mean of the sets",
)
worst.wrong(
    "Each set is scaled by its own mean and spread, so whether it lies far from ID is gone. The reference are the training images.",
    answer=scaled_by_the_judged,
    name="scaled by the judged",
)
worst.wrong(
    "Some figures are one minus what they should be. In `auroc(id, ood)`, which of the two comes first?",
    answer=lambda names: (1 - figures(names)).min(axis=0),
    name="sets swapped",
)

# 9
would_you = exercise.open(
    "would_you",
    points=3,
    rubric=(
        "1: reads the six figures right (each single score fails on one set more than the combined one; the combined one is never best). 1: "
        "says what decides: which OOD images are to be expected, or that nobody knows. 1: choosing by these test sets is choosing by the "
        "answer; names something else to choose by (ID images, shuffled tiles, other OOD images), or more networks (n = 1 here)."
    ),
)
