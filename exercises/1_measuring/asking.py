"""How question 6 is judged. Handed out; in your notebook your own three functions are the measure."""

import numpy as np

POINTS = 0.2  # that the two FPR95 have to differ by


def judge_quarrel(answer, right):
    """Share of the points, a word for it, and what to say."""
    if len(answer) != 4 or any(np.shape(part) != (100,) for part in answer):
        shapes = ", ".join(str(np.shape(part)) for part in answer)
        return 0.0, "shape", f"Expected four arrays of shape (100,); these are {shapes}."
    if not all(np.isfinite(part).all() for part in answer):
        return 0.0, "not finite", "Some scores are not finite numbers."
    a, b = answer[:2], answer[2:]
    by_id = right["fpr95_id_positive"](*b) - right["fpr95_id_positive"](*a)
    by_ood = right["fpr95_ood_positive"](*a) - right["fpr95_ood_positive"](*b)
    apart = abs(right["auroc"](*a) - right["auroc"](*b))
    told = f"A leads by {100 * by_id:.0f} points of fpr95_id_positive, B by {100 * by_ood:.0f} of fpr95_ood_positive; AUROC differ by {100 * apart:.1f}."
    if by_id <= -POINTS and by_ood <= -POINTS:
        return (
            0.5,
            "methods swapped",
            f"{told} It is A that has to lead by fpr95_id_positive: have A and B changed places?",
        )
    if by_id < POINTS and by_ood < POINTS:
        return 0.0, "no quarrel", f"{told} Neither leads enough. Spoil one end for A, and the other end for B."
    if by_id < POINTS:
        return 0.25, "no lead of A", f"{told} A does not lead enough: which images may B accept that A must not?"
    if by_ood < POINTS:
        return 0.25, "no lead of B", f"{told} B does not lead enough: which images may A flag that B must not?"
    if apart > 0.02:
        return 0.75, "AUROC apart", f"{told} That is too much: spoil as many pairs for one as for the other."
    return 1.0, "right", told
