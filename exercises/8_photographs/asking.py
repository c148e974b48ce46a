"""How questions 1 and 5 are judged. Handed out; in your notebook your own `choose` is the measure."""

import numpy as np


def judge_folds(answer, groups, k, seed, right):
    """Share of the points, a word for it, and what to say."""
    n = len(groups)
    if len(answer) != 1 or np.shape(answer[0]) != (n,):
        return (
            0.0,
            "shape",
            f"Expected one array of {n} numbers, one a picture; this is {[np.shape(part) for part in answer]}.",
        )
    folds = np.asarray(answer[0])
    if folds.dtype.kind not in "iu" and not (folds == np.round(folds)).all():
        return 0.0, "no numbers of folds", f"Expected whole numbers from 0 to {k - 1}."
    if not set(folds.tolist()) <= set(range(k)):
        return (
            0.0,
            "other numbers",
            f"Expected whole numbers from 0 to {k - 1}; there are {sorted(set(folds.tolist()))[:8]}.",
        )
    torn = [group for group in np.unique(groups) if len(set(folds[groups == group])) > 1]
    if torn:
        of = len(np.unique(groups))
        return (
            0.25,
            "groups torn",
            f"{len(torn)} of {of} groups have pictures in more than one fold. Draw the groups, not the pictures.",
        )
    sizes = np.bincount(folds.astype(int), minlength=k)
    if not sizes.all():
        return 0.25, "empty fold", f"The folds have {sizes.tolist()} pictures. Each fold is the validation set once."
    largest = max(np.bincount(np.unique(groups, return_inverse=True)[1]))
    if np.ptp(sizes) > 2 * largest:
        return 0.5, "uneven", (
            f"The folds have {sizes.tolist()} pictures, and the largest group {largest}. They should be more alike: groups differ in size."
        )  # fmt: skip
    return 1.0, "right", f"Folds of {sizes.tolist()} pictures."


def judge_mine(answer, right):
    """Share of the points, a word for it, and what to say. Parts: accuracy, auroc, chosen, weights."""
    if len(answer) != 4:
        return (
            0.0,
            "count",
            f"Expected a dictionary of accuracy, auroc, chosen and weights; this has {len(answer)} entries.",
        )
    accuracy, auroc, chosen, weights = (np.asarray(part, float) for part in answer)
    if weights.ndim != 1 or accuracy.shape != auroc.shape or accuracy.shape[:1] != weights.shape or accuracy.ndim != 2:
        return (
            0.0,
            "shape",
            f"weights has shape {weights.shape}, accuracy {accuracy.shape}, auroc {auroc.shape}; expected [W], [W, folds], [W, folds].",
        )
    if len(weights) < 3 or accuracy.shape[1] < 2:
        return (
            0.25,
            "too few",
            f"{len(weights)} weights and {accuracy.shape[1]} folds; train at least three weights on at least two folds.",
        )
    if not (weights == 0).any():
        return 0.25, "no baseline", "There is no weight 0: what should the others be compared with?"
    if max(accuracy.max(), auroc.max()) > 1 or min(accuracy.min(), auroc.min()) < 0:
        return 0.5, "percent", "Accuracy and AUROC are shares, from 0 to 1."
    expected = right["choose"](weights, accuracy, auroc)
    if not np.isclose(chosen, expected):
        return (
            0.5,
            "not by the rule",
            f"The rule chooses {expected:g} from these figures; you chose {float(chosen):g}. A rule that is left when one likes another weight better is none.",
        )
    return (
        1.0,
        "right",
        f"Weight {float(chosen):g}, chosen by the rule from {len(weights)} weights on {accuracy.shape[1]} folds.",
    )
