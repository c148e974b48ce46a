"""Would you believe it: what is asked, and how it goes wrong."""

from pathlib import Path

import numpy as np

from bgood_lib.classroom import Exercise

exercise = Exercise(
    title="Would you believe it?",
    goal="read a result critically: seeds, intervals, many tests, controls",
    chapter="book/results/study/how_sure",
    minutes=75,
)

with np.load(Path(__file__).parent / "data/seeds.npz") as stored:
    T = stored["t"]


# 1
def two_methods(rng):
    """Seeds in another order; more of the one, of the other; one that both lack; as many of both, but others."""
    for ours, theirs in (
        ([3, 1, 2, 0], [0, 1, 2, 3]),
        ([5, 1, 4, 2], [2, 3, 4, 5, 9]),
        ([7, 8, 6], [6, 9, 7]),
        ([4, 2, 11], [11, 3, 2]),
    ):
        yield np.array(ours), rng.normal(80, 3, len(ours)), np.array(theirs), rng.normal(79, 3, len(theirs))


paired_differences = exercise.question("paired_differences", points=2, cases=two_methods)


def shared(our_seeds, our_figures, their_seeds, their_figures, sort=True):
    ours, theirs = dict(zip(our_seeds, our_figures)), dict(zip(their_seeds, their_figures))
    both = [seed for seed in ours if seed in theirs]
    return [(ours[seed], theirs[seed]) for seed in (sorted(both) if sort else both)]


@paired_differences.wrong("The sign is the other: it is theirs minus ours.")
def sign_flipped(*given):
    return np.array([b - a for a, b in shared(*given)])


@paired_differences.wrong(
    "Figures are paired by their *place*. Two figures belong together when their seeds are equal."
)
def paired_by_place(our_seeds, our_figures, their_seeds, their_figures):
    n = min(len(our_figures), len(their_figures))
    return our_figures[:n] - their_figures[:n]


@paired_differences.wrong(
    "Figures are paired by their *place*, and a number of seeds that differs is an error. Match equal seeds."
)
def subtracted_as_they_are(our_seeds, our_figures, their_seeds, their_figures):
    return our_figures - their_figures


@paired_differences.wrong(
    "Both are sorted by seed, then paired by place. A seed that only one of them has shifts all that follow."
)
def sorted_then_by_place(our_seeds, our_figures, their_seeds, their_figures):
    ours, theirs = our_figures[np.argsort(our_seeds)], their_figures[np.argsort(their_seeds)]
    n = min(len(ours), len(theirs))
    return ours[:n] - theirs[:n]


@paired_differences.wrong(
    "The pairs are right, but they come in the order of our seeds. Sort them by seed.", worth=0.75
)
def not_sorted(*given):
    return np.array([a - b for a, b in shared(*given, sort=False)])


@paired_differences.wrong(
    "Only seeds that both have are left, but each side keeps its own order: a place is not the same seed in both. Sort both by seed."
)
def each_in_its_own_order(our_seeds, our_figures, their_seeds, their_figures):
    return our_figures[np.isin(our_seeds, their_seeds)] - their_figures[np.isin(their_seeds, our_seeds)]


@paired_differences.wrong("Every figure meets every other. A pair has one seed.")
def all_with_all(our_seeds, our_figures, their_seeds, their_figures):
    return (our_figures[:, None] - their_figures).ravel()


@paired_differences.wrong("The sign is lost: these are distances.", worth=0.25)
def absolute(*given):
    return np.array([abs(a - b) for a, b in shared(*given)])


# 2
def some_differences(rng):
    """Two, three and many differences."""
    for n, mean in ((2, 0.5), (3, 1.0), (5, -0.4), (12, 0.3), (25, -1.0)):
        yield (rng.normal(mean, 1.2, n),)


interval = exercise.question("interval", points=3, cases=some_differences, tolerance=(1e-3, 1e-6))


def around(differences, half):
    return np.mean(differences) - half, np.mean(differences) + half


@interval.wrong(
    "Too narrow: the standard deviation has n in its denominator, `np.std`'s way. Which argument changes it?",
    worth=0.75,
)
def n_in_the_denominator(differences):
    n = len(differences)
    return around(differences, T[n - 1] * np.std(differences) / np.sqrt(n))


@interval.wrong(
    "Too wide: it is where single *seeds* lie, not their mean. The formula divides by something.", worth=0.5
)
def root_of_n_forgotten(differences):
    return around(differences, T[len(differences) - 1] * np.std(differences, ddof=1))


@interval.wrong("Too narrow: it divides by n. The formula divides by its square root.", worth=0.5)
def divided_by_n(differences):
    n = len(differences)
    return around(differences, T[n - 1] * np.std(differences, ddof=1) / n)


@interval.wrong(
    "It uses 1.96, the factor of very many. Few differences pay for having guessed their spread: T.", worth=0.5
)
def factor_of_the_normal(differences):
    return around(differences, 1.96 * np.std(differences, ddof=1) / np.sqrt(len(differences)))


@interval.wrong("It uses a factor of two. Few differences pay for having guessed their spread: T.", worth=0.5)
def factor_of_two(differences):
    return around(differences, 2 * np.std(differences, ddof=1) / np.sqrt(len(differences)))


@interval.wrong("T is read at n. How many degrees of freedom do n differences leave?", worth=0.75)
def degrees_of_freedom(differences):
    n = len(differences)
    return around(differences, T[n] * np.std(differences, ddof=1) / np.sqrt(n))


@interval.wrong("It is corrected twice: n - 1 stands in the standard deviation *and* under the root.", worth=0.75)
def n_less_one_twice(differences):
    n = len(differences)
    return around(differences, T[n - 1] * np.std(differences, ddof=1) / np.sqrt(n - 1))


@interval.wrong("This is the variance where the formula has the standard deviation.", worth=0.5)
def variance(differences):
    n = len(differences)
    return around(differences, T[n - 1] * np.var(differences, ddof=1) / np.sqrt(n))


@interval.wrong("Two slips: `np.std` divides by n unless it is told otherwise, and T is read at n.", worth=0.5)
def n_in_both_places(differences):
    n = len(differences)
    return around(differences, T[n] * np.std(differences) / np.sqrt(n))


@interval.wrong("There is no factor: this is the mean plus and minus one standard error.", worth=0.5)
def standard_error(differences):
    return around(differences, np.std(differences, ddof=1) / np.sqrt(len(differences)))


@interval.wrong(
    "These are percentiles of the differences. With five seeds they say next to nothing: use the formula.", worth=0.25
)
def percentiles(differences):
    return tuple(np.percentile(differences, [2.5, 97.5]))


@interval.wrong("It is the smallest and the largest difference. Use the formula.")
def extremes(differences):
    return differences.min(), differences.max()


@interval.wrong("The ends are the other way round: (low, high).", worth=0.75)
def ends_swapped(differences):
    n = len(differences)
    return around(differences, -T[n - 1] * np.std(differences, ddof=1) / np.sqrt(n))


@interval.wrong("It is the mean, and the half width. The two *ends* are asked for.", worth=0.5)
def mean_and_half(differences):
    n = len(differences)
    return np.mean(differences), T[n - 1] * np.std(differences, ddof=1) / np.sqrt(n)


# 3
def for_a_verdict(rng):
    """One of each kind, some of them near the border; means above zero that are unclear; none and few."""
    shape = rng.permutation([-2, 0.2, 0.3, 0.4, 0.5, 0.6])  # one seed lies apart
    shape = (shape - shape.mean()) / shape.std(ddof=1)
    edge = T[5] / np.sqrt(6)
    for mean in (1.3 * edge, 0.8 * edge, 0.05, -0.8 * edge, -1.3 * edge):
        yield (shape + mean,)
    yield (np.array([0.6]),)
    yield (np.array([1.0, 1.01]),)
    yield (np.array([-1.0, -1.01]),)
    yield (rng.normal(30, 0.1, 3),)
    yield (rng.normal(0.1, 0.01, 4) - np.array([0.3, 0, 0, 0]),)


verdict = exercise.question("verdict", points=2, cases=for_a_verdict)


def said(differences):
    n = len(differences)
    if n < 2:
        return "too few"
    half = T[n - 1] * np.std(differences, ddof=1) / np.sqrt(n)
    return "yes" if np.mean(differences) > half else "no" if np.mean(differences) < -half else "unclear"


@verdict.wrong("It says yes to whatever has a mean above zero. Where does the *interval* lie?")
def sign_of_the_mean(differences):
    if len(differences) < 3:
        return "too few"
    return "yes" if np.mean(differences) > 0 else "no"


@verdict.wrong("Two differences get a verdict. With how few is there none?", worth=0.5)
def two_are_enough(differences):
    return said(differences)


@verdict.wrong("It never says that there are too few. With how few differences is there no verdict?", worth=0.5)
def never_too_few(differences):
    found = said(differences)
    return "unclear" if found == "too few" else found


@verdict.wrong("It says no to what is unclear. An interval that holds zero may also hold a gain.", worth=0.25)
def unclear_is_no(differences):
    if len(differences) < 3:
        return "too few"
    return "yes" if said(differences) == "yes" else "no"


@verdict.wrong("Yes and no are the other way round.")
def reversed_verdict(differences):
    if len(differences) < 3:
        return "too few"
    return {"yes": "no", "no": "yes", "unclear": "unclear"}[said(differences)]


@verdict.wrong("It asks whether all differences lie on one side. Where does the *interval* lie?")
def all_on_one_side(differences):
    if len(differences) < 3:
        return "too few"
    return "yes" if min(differences) > 0 else "no" if max(differences) < 0 else "unclear"


@verdict.wrong("Three differences are enough.", worth=0.75)
def three_are_too_few(differences):
    return "too few" if len(differences) <= 3 else said(differences)


# 4
by_chance = exercise.value(
    "by_chance",
    points=3,
    step=0.005,
    otherwise="Another share. How many comparisons did you count? There are 20 ordered pairs on each of 4 sets.",
)


def own_pairs(names):
    figures = names["data"]["none"]
    return figures[:, None] - figures[None]


OTHERS = ~np.eye(5, dtype=bool)
by_chance.wrong(
    "Differences of either sign are counted. A report says +0.6; how often does it come out *that* way?",
    answer=lambda names: (np.abs(own_pairs(names)[OTHERS]) >= 0.6).mean(),
    name="either sign",
    worth=0.5,
)
by_chance.wrong(
    "Each seed is compared with itself, too. Of two *different* seeds there are 20 ordered pairs.",
    answer=lambda names: (own_pairs(names) >= 0.6).mean(),
    name="pairs with itself",
    worth=0.5,
)
by_chance.wrong(
    "Either the four sets were averaged before the comparison: each of them counts by itself. Or differences of at least 0.006 are counted: the "
    "figures are in per cent already.",
    answer=lambda names: (own_pairs(names)[OTHERS] >= 0.006).mean(),
    name="sets averaged, or points taken for shares",
)
by_chance.wrong(
    "Each pair is counted one way only: the later seed minus the earlier. Whoever had trained the other one would report the other sign.",
    answer=lambda names: (own_pairs(names)[np.tril_indices(5, -1)] >= 0.6).mean(),
    name="later minus earlier",
    worth=0.25,
)
by_chance.wrong(
    "Either each pair is counted one way only, the earlier seed minus the later: whoever had trained the other one would report the other sign. "
    "Or one set was looked at: there are 20 ordered pairs on each of 4.",
    answer=lambda names: (own_pairs(names)[np.triu_indices(5, 1)] >= 0.6).mean(),
    name="earlier minus later, or one set",
    worth=0.25,
)
by_chance.wrong(
    "It is per cent. A share is asked for.",
    answer=lambda names: 100 * (own_pairs(names)[OTHERS] >= 0.6).mean(),
    name="per cent",
    worth=0.5,
)
by_chance.wrong(
    "It is a number of comparisons. A share is asked for.",
    answer=lambda names: (own_pairs(names)[OTHERS] >= 0.6).sum(),
    name="count instead of share",
    worth=0.5,
)


# 5
def families(rng):
    """One test, a few and many, at common levels and at one that nobody uses."""
    level = round(float(rng.uniform(0.02, 0.3)), 3)
    yield from [(1, 0.05), (20, 0.05), (100, 0.01), (3, 0.5), (int(rng.integers(4, 30)), level)]


some_clear = exercise.question("some_clear", points=1, cases=families)


@some_clear.wrong("It is how many are *expected*. A chance is never above one.")
def expected_number(n, level):
    return n * level


@some_clear.wrong(
    "It is how many are expected, cut off at one. The chance that *none* comes out clear is easier to compute."
)
def expected_number_cut_off(n, level):
    return min(n * level, 1)


@some_clear.wrong("It is the chance that *all* of them do.")
def all_clear(n, level):
    return level**n


@some_clear.wrong("It is the chance that *none* of them does.")
def none_clear(n, level):
    return (1 - level) ** n


@some_clear.wrong("It is one minus the chance that *all* do. The opposite of at least one is none.")
def not_all(n, level):
    return 1 - level**n


@some_clear.wrong("It is the chance of *exactly* one.")
def exactly_one(n, level):
    return n * level * (1 - level) ** (n - 1)


# 6
def p_values(rng):
    """Small and large ones, some that change places when multiplied, in no order."""
    for n in (2, 5, 9):
        yield (rng.permutation(np.concatenate([rng.uniform(0.001, 0.02, n // 2), rng.uniform(0.1, 1, n - n // 2)])),)
    yield (rng.permutation(np.array([0.020, 0.021, 0.022, 0.5]) * rng.uniform(0.9, 1)),)
    yield (np.array([0.9, 0.02, 0.6, 0.03, 0.01]),)


holm = exercise.question("holm", points=3, cases=p_values)


def factors(n):
    return np.arange(n, 0, -1)


@holm.wrong(
    "Every p-value is multiplied by their number: Bonferroni's correction. Holm's asks less of all but the smallest.",
    worth=0.25,
)
def bonferroni(p):
    return np.minimum(p * len(p), 1)


@holm.wrong("The same, and not cut off at 1. Besides: Holm multiplies all but the smallest by less.", worth=0.25)
def bonferroni_not_cut_off(p):
    return p * len(p)


@holm.wrong("The corrected values come sorted. Put each back to where its test was.", worth=0.5)
def left_sorted(p):
    return np.minimum(np.maximum.accumulate(np.sort(p) * factors(len(p))), 1)


@holm.wrong("Some corrected value is smaller than that of a smaller p-value. Going up, none may fall.", worth=0.5)
def may_fall(p):
    corrected = np.empty(len(p))
    corrected[np.argsort(p)] = np.sort(p) * factors(len(p))
    return np.minimum(corrected, 1)


@holm.wrong(
    "They come sorted, and some fall. Going up, none may fall; and put each back to where its test was.", worth=0.25
)
def left_sorted_may_fall(p):
    return np.minimum(np.sort(p) * factors(len(p)), 1)


@holm.wrong(
    "`argsort` gives *places*: which test has the smallest p-value, which the next. It does not give each test its rank, and you multiply by it."
)
def places_for_ranks(p):
    return np.minimum(p * (len(p) - np.argsort(p)), 1)


@holm.wrong("Some corrected values are above 1.", worth=0.75)
def above_one(p):
    corrected = np.empty(len(p))
    corrected[np.argsort(p)] = np.maximum.accumulate(np.sort(p) * factors(len(p)))
    return corrected


@holm.wrong("The smallest is multiplied by 1, the largest by m. It is the other way round.")
def factors_reversed(p):
    corrected = np.empty(len(p))
    corrected[np.argsort(p)] = np.maximum.accumulate(np.sort(p) * np.arange(1, len(p) + 1))
    return np.minimum(corrected, 1)


@holm.wrong(
    "This is Benjamini and Hochberg's correction: m divided by the rank. Holm's factors fall by one each.", worth=0.25
)
def benjamini_hochberg(p):
    n = len(p)
    order = np.argsort(p)
    raised = np.minimum.accumulate((p[order] * n / np.arange(1, n + 1))[::-1])[::-1]
    corrected = np.empty(n)
    corrected[order] = np.minimum(raised, 1)
    return corrected


@holm.wrong("The factors go by the order in which the tests came. They go by the *size* of the p-values.")
def not_sorted_at_all(p):
    return np.minimum(np.maximum.accumulate(p * factors(len(p))), 1)


@holm.wrong(
    "The corrected values are put back by the sorting order used the wrong way: `corrected[order] = ...`, not `...[order]`.",
    worth=0.5,
)
def put_back_wrongly(p):
    order = np.argsort(p)
    return np.minimum(np.maximum.accumulate(p[order] * factors(len(p))), 1)[order]


# 7
how_many = exercise.value(
    "how_many",
    points=3,
    step=0.1,
    otherwise="Other numbers. Three are asked for: of the p-values as they are, then twice of the corrected ones, over all twenty tests at once.",
)


def counted(names, correct, level=0.05):
    """The three numbers, by another correction of the whole table."""
    p = names["data"]["p"]
    corrected = correct(p)
    return [(p < level).sum(), (corrected < level).sum(), (corrected < 2 * level).sum()]


how_many.wrong(
    "The correction is made for each set by itself. These are twenty tests, and a reader sees all of them.",
    answer=lambda names: counted(names, lambda p: np.apply_along_axis(names["holm"], 0, p)),
    name="corrected set by set",
    worth=0.5,
)
how_many.wrong(
    "The correction is made for each setting by itself. These are twenty tests, and a reader sees all of them.",
    answer=lambda names: counted(names, lambda p: np.apply_along_axis(names["holm"], 1, p)),
    name="corrected setting by setting",
    worth=0.5,
)
how_many.wrong(
    "This is Bonferroni's correction: every p-value times twenty. Holm's leaves more.",
    answer=lambda names: counted(names, lambda p: p.size * p),
    name="Bonferroni",
    worth=0.5,
)
how_many.wrong(
    "What is left of a correction that corrects nothing?",
    answer=lambda names: counted(names, lambda p: p),
    name="not corrected",
    worth=0.5,
)
how_many.wrong(
    "The right numbers in another order: first of the p-values as they are.",
    answer=lambda names: [names["how_many"][i] for i in (1, 0, 2)],
    name="another order",
    worth=0.5,
)
how_many.wrong(
    "The right numbers in another order: first of the p-values as they are.",
    answer=lambda names: [names["how_many"][i] for i in (1, 2, 0)],
    name="uncorrected last",
    worth=0.5,
)
how_many.wrong(
    "These are the tests that are *not* clear.",
    answer=lambda names: [20 - n for n in names["how_many"]],
    name="unclear ones counted",
)

# 8
over_control = exercise.value(
    "over_control",
    points=2,
    step=0.05,
    otherwise="Another interval. Which column is unseen digits? Are the differences taken seed by seed, and is it your `interval` of them?",
)


def minus(names, ours, theirs, column=0):
    differences = names["data"][ours][:, column] - names["data"][theirs][:, column]
    return names["interval"](differences.reshape(5, -1).mean(1))


def unpaired(names, freedom):
    ours, theirs = (names["data"][name][:, 0] for name in ("cam_threshold", "all"))
    half = T[freedom] * np.sqrt((ours.var(ddof=1) + theirs.var(ddof=1)) / 5)
    return around(ours - theirs, half)


over_control.wrong(
    "This is the gain over *none*. What does the choice of cells add to the same loss on all cells?",
    answer=lambda names: minus(names, "cam_threshold", "none"),
    name="over none",
)
over_control.wrong(
    "The sign is the other: control minus choice.",
    answer=lambda names: minus(names, "all", "cam_threshold"),
    name="sign flipped",
    worth=0.5,
)
over_control.wrong(
    "This is against random cells. The control asked for is all cells.",
    answer=lambda names: minus(names, "cam_threshold", "random"),
    name="over random",
    worth=0.5,
)
over_control.wrong(
    "This is against `all_strong`, whose weight is another. A control differs in one thing alone.",
    answer=lambda names: minus(names, "cam_threshold", "all_strong"),
    name="over all strong",
)

over_control.wrong(
    "It is far too wide: the two settings are treated as if their seeds had nothing to do with each other. Two trainings of one seed are a pair.",
    answer=lambda names: unpaired(names, 8),
    name="not paired",
    worth=0.5,
)
over_control.wrong(
    "It is far too wide: the two settings are treated as if their seeds had nothing to do with each other. Two trainings of one seed are a pair.",
    answer=lambda names: unpaired(names, 4),
    name="not paired, four degrees of freedom",
    worth=0.5,
)
over_control.wrong(
    "This is of the four sets together. Which column is unseen digits?",
    answer=lambda names: minus(names, "cam_threshold", "all", slice(None)),
    name="mean of four sets",
)

# 9
believable = exercise.value("believable", points=1, otherwise="That is no letter from A to F.")
for letter, worth, hint in (
    ("A", 0, "How far do two trainings of *one* method lie apart? See question 4."),
    (
        "B",
        0,
        "The best of twenty, reported where it was chosen. What does the best of twenty settings without any effect say?",
    ),
    ("C", 0.25, "It shows that the *loss* helps. What does the choice of cells add to all cells?"),
    ("E", 0, "A temperature does as much, without any training. What is left for the loss?"),
    ("F", 0.25, "Against the right control, but with another ID accuracy: what was paid for it?"),
):
    believable.wrong(hint, worth=worth, answer=letter, name=f"believes {letter}")

# 10
report = exercise.open(
    "report",
    points=5,
    rubric=(
        "1: names one deciding comparison before the others, or says that none was named. 1: n = 5 and intervals or spreads beside figures. 1: twenty "
        "tests and what is left of them. 1: the control: what the loss on all or random cells does beside a choice, and that the interval over it ends "
        "so near zero that no correction leaves it. 1: what is lost: the sets where "
        "it falls or is unclear, ID accuracy (`all_strong`), one network, one score, one kind of images. Minus 1 for 'proves', 'significant' "
        "without a test, or a figure without n."
    ),
)
