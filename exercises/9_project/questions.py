"""The project: what is asked of a loss of one's own."""

import numpy as np

from bgood_lib.classroom import Exercise

exercise = Exercise(
    title="Project: a background loss of your own",
    goal="invent a selector or a penalty, say what would refute it, and find out",
    chapter="book/results/scenes/background_loss",
    minutes=240,
    needs="bgood",
)


def batches(rng):
    """Maps after a ReLU of several sizes, one image alone, with a head."""
    for n, c, h, w, k in ((4, 6, 5, 5, 4), (1, 8, 3, 6, 3), (3, 5, 8, 8, 6)):
        patches = np.maximum(rng.normal(0.3, 1, (n, c, h, w)), 0)
        patches[:, 0] += 0.1  # no cell is all zeros: that is asked for itself
        yield patches, rng.integers(0, k, n), rng.normal(0, 1, (k, c))


mine = exercise.judged("mine", points=4, cases=batches)

claim = exercise.open(
    "claim",
    points=4,
    rubric=(
        "Dated before the trainings. 1: what the loss presses on, and why that should help, on which part (no digit, unseen digits). 1: one test that decides: which figure, on which part, against which "
        "control, on how many seeds. 1: an outcome that would refute it. 1: what it will not tell."
    ),
)
evidence = exercise.open(
    "evidence",
    points=8,
    rubric=(
        "2: all four controls and three seeds or more, paired by seed, n and spread beside every figure. 2: ID accuracy beside OOD figures; parts apart, no mean over all sets alone. 2: the test that was "
        "announced is the one that is reported; others are marked as found afterwards; settings tried are counted. 1: numbers that chose nothing: choice and report on different numbers of `draw`. "
        "1: a picture or table from which one can see what the loss chose or shortened. A loss that does not help, shown well, has full marks."
    ),
)
limits = exercise.open(
    "limits",
    points=4,
    rubric=(
        "2: what else could explain the outcome, with the figure that speaks for or against it. 1: where it would not carry over, and why. 1: what the hidden test said, compared with the own figures "
        "without excuses (the marks do not hang on the size of a gain)."
    ),
)
