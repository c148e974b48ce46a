"""How question 6 is judged. Handed out; in your notebook your own three functions are the measure."""

import numpy as np

LEAD, APART = 0.2, 0.02  # that the two FPR95 have to differ by; that the AUROC may
ORDER = "The order is: A's ID, A's OOD, B's ID, B's OOD."
ORDERS = {  # of the four arrays, tried where this one does not do
    "methods swapped": ([2, 3, 0, 1], 0.5, "It is A that has to lead by fpr95_id_positive: have A and B changed places?"),
    "OOD before ID": ([1, 0, 3, 2], 0.5, f"Have ID and OOD changed places? {ORDER}"),
}  # fmt: skip


def leads(answer, right):
    """By how much A is better by fpr95_id_positive, B by fpr95_ood_positive, and how far apart their AUROC are."""
    a, b = answer[:2], answer[2:]
    by_id = right["fpr95_id_positive"](*b) - right["fpr95_id_positive"](*a)
    by_ood = right["fpr95_ood_positive"](*a) - right["fpr95_ood_positive"](*b)
    return by_id, by_ood, abs(right["auroc"](*a) - right["auroc"](*b))


def judge_quarrel(answer, right):
    """Share of the points, a word for it, and what to say."""
    if len(answer) != 4 or any(np.shape(part) != (100,) for part in answer):
        shapes = ", ".join(str(np.shape(part)) for part in answer)
        return 0.0, "shape", f"Expected four arrays of shape (100,); these are {shapes}."
    if not all(np.isfinite(part).all() for part in answer):
        return 0.0, "not finite", "Some scores are not finite numbers."
    by_id, by_ood, apart = leads(answer, right)
    told = (
        f"In percentage points: A leads by {100 * by_id:.0f} of fpr95_id_positive, B by {100 * by_ood:.0f} of fpr95_ood_positive; "
        f"AUROC differ by {100 * apart:.1f}."
    )
    if by_id < LEAD or by_ood < LEAD:
        tried = {label: [answer[i] for i in order] for label, (order, _, _) in ORDERS.items()}
        likely = max(tried, key=lambda label: right["auroc"](*tried[label][:2]))
        if min(leads(tried[likely], right)[:2]) >= LEAD:
            _, share, hint = ORDERS[likely]
            return share, likely, f"{told} {hint}"
    if by_id < LEAD and by_ood < LEAD:
        return 0.0, "no quarrel", f"{told} Neither leads enough. Spoil one end for A, and the other end for B. {ORDER}"
    if by_id < LEAD:
        return 0.25, "no lead of A", f"{told} A does not lead enough: which images may B accept that A must not?"
    if by_ood < LEAD:
        return 0.25, "no lead of B", f"{told} B does not lead enough: which images may A flag that B must not?"
    if apart > APART:
        return 0.75, "AUROC apart", f"{told} That is too much: spoil as many pairs for one as for the other."
    return 1.0, "right", told
