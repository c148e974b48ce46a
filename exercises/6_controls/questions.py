"""The control experiment: what is asked, and how it goes wrong."""

from pathlib import Path

import numpy as np

from bgood_lib.classroom import Exercise

exercise = Exercise(
    title="The control experiment",
    goal="test, one suspect after the other, why two trainings differ, and say what is left",
    chapter="book/results/study/controls",
    minutes=90,
    first=True,
)
DATA = Path(__file__).parent / "data"


# 1
def studies(rng):
    """AUROC by seed and set: in the same order, in another, with seeds that only one of them has."""
    for kept_a, kept_b, n_sets, shuffled in (
        (range(5), range(5), 2, False),
        (range(4), range(4), 3, True),
        (range(3), range(5), 4, True),
        (range(1, 7), range(4), 5, True),
    ):
        level = rng.normal(0.8, 0.08, (7, n_sets))
        parts = []
        for kept, gain in ((kept_a, 0.02), (kept_b, 0.0)):
            seeds = rng.permutation(kept) if shuffled else np.array(kept)
            parts += [seeds, level[seeds] + gain * np.arange(n_sets) + rng.normal(0, 0.02, (len(seeds), n_sets))]
        yield tuple(parts)


paired = exercise.question("paired", points=3, cases=studies)


def gaps(seeds_a, a, seeds_b, b):
    """Differences, seed by seed."""
    _, i, j = np.intersect1d(seeds_a, seeds_b, return_indices=True)
    return a[i] - b[j]


@paired.wrong("Row 0 less row 0, row 1 less row 1: do these rows have the same seed? Look at `seeds_a` and `seeds_b`.")
def rows_by_position(seeds_a, a, seeds_b, b):
    return (a - b).mean(0), (a - b).std(0, ddof=1)


@paired.wrong(
    "Rows are cut off at the shorter study, and taken as they come. Do row 0 of one and row 0 of the other have the same seed?"
)
def rows_by_position_cut_off(seeds_a, a, seeds_b, b):
    n = min(len(a), len(b))
    return (a[:n] - b[:n]).mean(0), (a[:n] - b[:n]).std(0, ddof=1)


@paired.wrong("The difference comes out the other way round. Read the docstring: which less which?", worth=0.5)
def difference_reversed(seeds_a, a, seeds_b, b):
    d = gaps(seeds_b, b, seeds_a, a)
    return d.mean(0), d.std(0, ddof=1)


@paired.wrong(
    "The mean is right, and the spread a little too small: of n differences it divides by n. What does the docstring ask for?",
    worth=0.5,
)
def divided_by_n(seeds_a, a, seeds_b, b):
    d = gaps(seeds_a, a, seeds_b, b)
    return d.mean(0), d.std(0)


@paired.wrong(
    "The mean is right. The spread is put together from the spread of each training. Trainings of one seed go up and down together; "
    "what is the spread of their *differences*?",
    worth=0.5,
)
def spreads_added(seeds_a, a, seeds_b, b):
    _, i, j = np.intersect1d(seeds_a, seeds_b, return_indices=True)
    return (a[i] - b[j]).mean(0), np.sqrt(a[i].var(0, ddof=1) + b[j].var(0, ddof=1))


@paired.wrong(
    "All seeds of one are compared with all seeds of the other, the ones without a partner, too. Compare seed by seed: difference first, mean after."
)
def not_paired(seeds_a, a, seeds_b, b):
    return a.mean(0) - b.mean(0), np.sqrt(a.var(0, ddof=1) + b.var(0, ddof=1))


@paired.wrong("The mean is right. The spread of one less the spread of the other is not the spread of the differences.")
def difference_of_spreads(seeds_a, a, seeds_b, b):
    _, i, j = np.intersect1d(seeds_a, seeds_b, return_indices=True)
    return (a[i] - b[j]).mean(0), a[i].std(0, ddof=1) - b[j].std(0, ddof=1)


@paired.wrong(
    "The mean is right. This is the standard error, the spread divided by the root of n. The spread itself is asked for.",
    worth=0.5,
)
def standard_error(seeds_a, a, seeds_b, b):
    d = gaps(seeds_a, a, seeds_b, b)
    return d.mean(0), d.std(0, ddof=1) / np.sqrt(len(d))


@paired.wrong(
    "It averages over the sets, one number a seed. Expected is one number a *set*: along which axis do the seeds lie?"
)
def over_the_sets(seeds_a, a, seeds_b, b):
    d = gaps(seeds_a, a, seeds_b, b)
    return d.mean(1), d.std(1, ddof=1)


@paired.wrong(
    "One number for all sets. A mean over sets hides what this exercise looks for: keep a number for each set."
)
def over_everything(seeds_a, a, seeds_b, b):
    d = gaps(seeds_a, a, seeds_b, b)
    return d.mean(), d.std(ddof=1)


@paired.wrong("Losses count as gains here: the differences have lost their signs.")
def sizes_only(seeds_a, a, seeds_b, b):
    d = np.abs(gaps(seeds_a, a, seeds_b, b))
    return d.mean(0), d.std(0, ddof=1)


@paired.wrong("The mean is right, and the second result is a variance. Its root is the standard deviation.", worth=0.5)
def variance(seeds_a, a, seeds_b, b):
    d = gaps(seeds_a, a, seeds_b, b)
    return d.mean(0), d.var(0, ddof=1)


# 2 and 3
table = dict(np.load(DATA / "table.npz"))


def auroc_of(training, score):
    """AUROC by seed (rows in their order) and set."""
    rows = (table["training"] == training) & (table["score"] == score)
    return table["auroc"][rows][np.argsort(table["seed"][rows])]


def words(one, other):
    difference = auroc_of(one, "no temperature") - auroc_of(other, "no temperature")
    return [
        {True: "win", False: "lose"}.get(bool(d[0] > 0)) if len(set(d > 0)) == 1 else "unclear" for d in difference.T
    ]


verdicts = exercise.value(
    "verdicts",
    points=2,
    otherwise="It is another list. Print the differences of each seed, set by set, and mind the order of `table['sets']`.",
)
verdicts.wrong(
    "All the other way round: is it true masks less all cells?",
    answer=words("all cells", "true masks"),
    name="reversed",
)
verdicts.wrong(
    "This is a comparison with the plain network. What else did the training change, besides where it pressed?",
    answer=words("true masks", "plain"),
    name="against the plain network",
)

suspects = exercise.value(
    "suspects",
    points=2,
    step=0.05,
    otherwise="Other numbers. All three are means over seeds, of the set of unseen digits, in points of AUROC (100 times a share).",
)


def means(which, scale=100.0):
    """The three means on one set, or on all."""
    pairs = (("true masks", "all cells", "MSP"), ("true masks", "all cells", "no temperature"), ("random cells", "all cells", "no temperature"))  # fmt: skip
    found = np.array([(auroc_of(a, score) - auroc_of(b, score)).mean(0) for a, b, score in pairs])
    return (scale * found[:, which].reshape(3, -1).mean(1)).tolist()


suspects.wrong("These are shares. Points of AUROC are asked for.", worth=0.5, answer=means(0, 1.0), name="share")
suspects.wrong("All signs are reversed: who less whom?", worth=0.5, answer=means(0, -100.0), name="reversed")
suspects.wrong(
    "These are means over all four sets, and a mean hides what its sets do. Take unseen digits alone.",
    answer=means(slice(None)),
    name="mean over sets",
)
suspects.wrong(
    "These are the numbers of the images without a digit. Which column holds unseen digits?",
    answer=means(1),
    name="other set",
)


# 4
def maps(rng):
    """Cells of images, few and many; one image has no object, one nothing else."""
    for n, side, c in ((5, 4, 3), (4, 2, 7), (6, 3, 2)):
        on = rng.random((n, side * side)) < 0.4
        on[0], on[1] = False, True
        on[2:, 0], on[2:, 1] = True, False
        yield np.maximum(rng.normal(0.3, 1, (n, side * side, c)), 0), on


split = exercise.question("split", points=3, cases=maps)


@split.wrong(
    "Each part is the mean over its own cells. Add them: is the sum the feature, the mean of *all* cells? (And an image without an object gives NaN.)"
)
def mean_of_its_own_cells(cells, on):
    with np.errstate(all="ignore"):
        count = on.sum(1, keepdims=True)
        parts = (cells * on[..., None]).sum(1) / count, (cells * ~on[..., None]).sum(1) / (on.shape[1] - count)
    return parts


@split.wrong("Each part is the mean over its own cells. Add them: is the sum the feature, the mean of *all* cells?")
def mean_of_its_own_cells_guarded(cells, on):
    count = on.sum(1, keepdims=True)
    return (
        (cells * on[..., None]).sum(1) / np.maximum(count, 1),
        (cells * ~on[..., None]).sum(1) / np.maximum(on.shape[1] - count, 1),
    )


@split.wrong("The two parts have changed places. Where is `on` True?", worth=0.5)
def parts_swapped(cells, on):
    return (cells * ~on[..., None]).mean(1), (cells * on[..., None]).mean(1)


@split.wrong("These are sums over cells. The feature is their *mean*: by how many cells is it divided?", worth=0.5)
def sums(cells, on):
    return (cells * on[..., None]).sum(1), (cells * ~on[..., None]).sum(1)


@split.wrong(
    "It takes the mean over the numbers of a cell, one number a cell is left. Expected is one vector an *image*: along which axis do the cells lie?"
)
def over_the_channels(cells, on):
    return (cells * on[..., None]).mean(2), (cells * ~on[..., None]).mean(2)


@split.wrong("These are lengths. The parts are vectors; their lengths are taken later, after the mean.")
def lengths_already(cells, on):
    lengths = np.linalg.norm(cells, axis=2)
    return (lengths * on).mean(1), (lengths * ~on).mean(1)


@split.wrong("The cells of all images are thrown together: one vector is left. Each image keeps its own two parts.")
def images_thrown_together(cells, on):
    return cells[on].mean(0), cells[~on].mean(0)


@split.wrong("The first part is right. The second still holds the object's cells.", worth=0.5)
def background_is_everything(cells, on):
    return (cells * on[..., None]).mean(1), cells.mean(1)


@split.wrong("Both parts are divided by the number of the *object's* cells. Add them: is the sum the feature?")
def divided_by_the_objects_cells(cells, on):
    count = np.maximum(on.sum(1, keepdims=True), 1)
    return (cells * on[..., None]).sum(1) / count, (cells * ~on[..., None]).sum(1) / count


# 5
def features(rng):
    """Unknown and known features, as many or not; some of length zero."""
    for n_unknown, n_known, c, size in ((30, 30, 8, 0.6), (20, 45, 5, 1.3), (45, 20, 12, 0.2)):
        unknown, known = (np.maximum(rng.normal(0.2, 1, (n, c)), 0) for n in (n_unknown, n_known))
        unknown *= size * rng.gamma(2, 0.5, (n_unknown, 1))
        unknown[0] = 0
        yield unknown, known * rng.gamma(3, 0.4, (n_known, 1))


share_of = exercise.question("share_of", points=2, cases=features)


@share_of.wrong(
    "It is the length of the mean feature. Lengths first, mean after: vectors in different directions cancel."
)
def length_of_the_mean(unknown, known):
    return np.linalg.norm(unknown.mean(0)) / np.linalg.norm(known.mean(0))


@share_of.wrong("The ratio is upside down: a share *of the known ones*.", worth=0.5)
def upside_down(unknown, known):
    return np.linalg.norm(known, axis=1).mean() / np.linalg.norm(unknown, axis=1).mean()


@share_of.wrong(
    "np.linalg.norm without an axis takes the whole array for one vector. Which axis holds the numbers of one feature?"
)
def norm_of_the_array(unknown, known):
    return np.linalg.norm(unknown) / np.linalg.norm(known)


@share_of.wrong("The norm goes over the images (axis 0), one length a channel. A length belongs to an image.")
def norm_over_the_images(unknown, known):
    return np.linalg.norm(unknown, axis=0).mean() / np.linalg.norm(known, axis=0).mean()


@share_of.wrong("These are squared lengths: a root is missing.", worth=0.5)
def squares(unknown, known):
    return (unknown**2).sum(1).mean() / (known**2).sum(1).mean()


@share_of.wrong("It adds up absolute values, which is the L1 norm. A length is the L2 norm.", worth=0.5)
def other_norm(unknown, known):
    return np.abs(unknown).sum(1).mean() / np.abs(known).sum(1).mean()


@share_of.wrong("It divides sums of lengths. There are not as many images in both sets; compare means.", worth=0.5)
def sums_of_lengths(unknown, known):
    return np.linalg.norm(unknown, axis=1).sum() / np.linalg.norm(known, axis=1).sum()


@share_of.wrong(
    "Image 1 is divided by image 1, image 2 by image 2. They are no pairs: first the mean of each set, then the ratio."
)
def pairs(unknown, known):
    with np.errstate(all="ignore"):
        return (np.linalg.norm(unknown, axis=1) / np.linalg.norm(known, axis=1)).mean()


# 6 and 8
networks = dict(np.load(DATA / "networks.npz"))
KNOWN, UNSEEN, NONE = "known digits", "unseen digits", "no digit"


def part(network, images, which):
    return networks[f"{network}/{images}/{which}"].astype(float)


def whole(network, images):
    return part(network, images, "object") + part(network, images, "background")


def confidence(network, found):
    logits = found @ networks[f"{network}/weight"].T + networks[f"{network}/bias"]
    weights = np.exp(logits - logits.max(1, keepdims=True))
    return (weights / weights.sum(1, keepdims=True)).max(1)


def percent(network, known, unknown):
    """AUROC of MSP, in per cent."""
    difference = confidence(network, known)[:, None] - confidence(network, unknown)
    return float(100 * ((difference > 0).mean() + (difference == 0).mean() / 2))


NETWORKS = ("all cells", "true masks")
alone = exercise.value(
    "alone",
    points=2,
    step=0.1,
    otherwise="Other numbers. Per cent, unseen digits against known ones, the same part on both sides; the order stands in the text.",
)


def operated(known, unknown, order=NETWORKS):
    """AUROC with a part of known and a part of unknown images, network by network, object first."""
    made = {
        "whole": whole,
        "object": lambda n, i: part(n, i, "object"),
        "background": lambda n, i: part(n, i, "background"),
    }
    return [
        percent(network, made[known or which](network, KNOWN), made[unknown or which](network, UNSEEN))
        for network in order
        for which in ("object", "background")
    ]


alone.wrong(
    "Only the unknown images were operated on. The known ones have to lose the same part, or the operation itself is what is seen.",
    answer=operated("whole", None),
    name="only unknown cut",
)
alone.wrong("Only the known images were operated on.", answer=operated(None, "whole"), name="only known cut")
alone.wrong(
    "The right numbers, in another order: all cells first, and of each network the object first.",
    worth=0.5,
    answer=operated(None, None, NETWORKS[::-1]),
    name="networks swapped",
)
alone.wrong(
    "The right numbers, in another order: of each network the object first.",
    worth=0.5,
    answer=[operated(None, None)[i] for i in (1, 0, 3, 2)],
    name="parts swapped",
)
alone.wrong(
    "These are one minus the AUROC. MSP, larger = more OOD, is *minus* the confidence.",
    answer=[100 - value for value in operated(None, None)],
    name="sign flipped",
)
alone.wrong(
    "These are shares. Per cent are asked for.", worth=0.5, answer=[v / 100 for v in operated(None, None)], name="share"
)


# 7
def pulls(rng):
    """As `features`, with the share to come out; once all unknown features are zero."""
    for (unknown, known), share in zip(features(rng), (0.3, 1.0, 2.5)):
        yield unknown, known, share
    yield np.zeros((5, 8)), known[:, :8], 0.5


pull = exercise.question("pull", points=3, cases=pulls)


def lengths(found):
    return np.linalg.norm(found, axis=1)


@pull.wrong("It multiplies by `share`, whatever the lengths are now. Which share do they have before?")
def times_share(unknown, known, share):
    return unknown * share


@pull.wrong(
    "Every feature gets the same length. Some images are longer than others; that should stay: one factor for all."
)
def all_of_one_length(unknown, known, share):
    size = lengths(unknown)[:, None]
    return np.divide(unknown, size, out=np.zeros_like(unknown), where=size > 0) * share * lengths(known).mean()


@pull.wrong(
    "Every feature gets the same length, and one of length zero becomes NaN. Some images are longer than others; that should stay: one factor for all."
)
def all_of_one_length_with_nan(unknown, known, share):
    with np.errstate(all="ignore"):
        return unknown / lengths(unknown)[:, None] * share * lengths(known).mean()


@pull.wrong("The factor is upside down: features that should get shorter get longer.")
def factor_upside_down(unknown, known, share):
    now = lengths(unknown).mean() / lengths(known).mean()
    return unknown * (now / share)


@pull.wrong(
    "Right, but where all features are zero: there it gives NaN. What should become of features that are zero?",
    worth=0.5,
)
def nan_at_zero(unknown, known, share):
    with np.errstate(all="ignore"):
        return unknown * (share / (lengths(unknown).mean() / lengths(known).mean()))


@pull.wrong(
    "Right, but where all features are zero: there it divides by zero and stops. What should become of features that are zero?",
    worth=0.5,
)
def error_at_zero(unknown, known, share):
    return unknown * (share / float(lengths(unknown).mean() / lengths(known).mean()))


@pull.wrong(
    "The mean length becomes `share` itself. It should become that share *of the mean length of the known ones*."
)
def absolute_length(unknown, known, share):
    now = lengths(unknown).mean()
    return unknown * (share / now if now else 0)


@pull.wrong("It forgets what the lengths are now: it multiplies by the mean length of the known ones, times `share`.")
def times_the_known_length(unknown, known, share):
    return unknown * (share * lengths(known).mean())


@pull.wrong("The known features are pulled. It is the unknown ones that should change.")
def known_ones_pulled(unknown, known, share):
    now = lengths(unknown).mean() / lengths(known).mean()
    return known * (share / now if now else 0)


# 8
swapped = exercise.value(
    "swapped",
    points=3,
    step=0.1,
    otherwise="Other numbers. Per cent, by the head of the network with true masks; known digits stay as they are; only the share comes from all cells.",
)


def ratio(network, images, which):
    known = whole(network, KNOWN) if which == "background" else part(network, KNOWN, which)
    return lengths(part(network, images, which)).mean() / lengths(known).mean()


def exchanged(network, other, both=False, wrong_way=False):
    """AUROC of a network whose unknown images have the other's lengths: unseen digits, no digit."""
    found = []
    for images, which in ((UNSEEN, "object"), (NONE, "background")):
        factor = ratio(other, images, which) / ratio(network, images, which)
        factor = 1 / factor if wrong_way else factor
        rest = part(network, images, {"object": "background", "background": "object"}[which])
        found.append(
            percent(
                network, whole(network, KNOWN), part(network, images, which) * factor + rest * (factor if both else 1)
            )
        )
    return found


def own(network):
    return [percent(network, whole(network, KNOWN), whole(network, images)) for images in (UNSEEN, NONE)]


swapped.wrong("Nothing was pulled: these are the network's own figures.", answer=own("true masks"), name="not pulled")
swapped.wrong(
    "These are the figures of all cells. Which network's head is asked?", answer=own("all cells"), name="all cells"
)
swapped.wrong(
    "It is the network of all cells that has got the lengths of true masks. Worth knowing, too, and the other way round.",
    worth=0.5,
    answer=exchanged("all cells", "true masks"),
    name="other direction",
)
swapped.wrong(
    "Pulled in the wrong direction: `share` is the share that the *other* network has.",
    answer=exchanged("true masks", "all cells", wrong_way=True),
    name="wrong way",
)
swapped.wrong(
    "These are shares. Per cent are asked for.",
    worth=0.5,
    answer=[value / 100 for value in exchanged("true masks", "all cells")],
    name="share",
)
swapped.wrong(
    "The object was pulled and the background was left out. The feature is both parts together.",
    answer=[
        percent("true masks", whole("true masks", KNOWN), part("true masks", UNSEEN, "object") * ratio("all cells", UNSEEN, "object") / ratio("true masks", UNSEEN, "object")),
        exchanged("true masks", "all cells")[1],
    ],
    name="background left out",
)  # fmt: skip

# 9
why = exercise.open(
    "why",
    points=4,
    rubric=(
        "1: the two halves apart: without a digit a feature is background alone, which true masks make shortest; with an unseen digit the difference sits in the "
        "object's cells, which true masks never press on. 1: names what was ruled out and by which number (luck: sign of all three seeds; temperature; number of "
        "cells: random cells). 1: says what step 7 shows (exchanging lengths exchanges the winners) *and* what it does not (three networks of one seed; a calculation on finished "
        "networks is no training; 'cross-entropy pulls known digits long again' stays a guess). 1: names a training that could refute it, with what it would have to show "
        "(for example: true masks plus a small press on the object's cells; or all cells at the weight at which objects get as long as with true masks). No points for 'masks are worse because the network "
        "needs the background'."
    ),
)
