"""How question 7 is asked and judged. Handed out: your selector gets logits and labels, the true background stays here."""

import numpy as np

POINTS = 0.02  # of precision that it has to be above the rim's
RECALL = 0.40


def ask_my_selector(function, logits, labels, background=None):
    """Your selector does not see what truly is background; while marked it is not even here."""
    return function(logits, labels)


def judge_my_selector(answer, logits, labels, background, right):
    """Share of the points, a word for it, and what to say."""
    chosen = answer[0]
    if len(answer) != 1 or chosen.shape != background.shape:
        shapes = ", ".join(str(part.shape) for part in answer)
        return 0.0, "shape", f"Expected one array of shape {background.shape}; given: {shapes}."
    if not np.isin(chosen, (0, 1)).all():
        return 0.0, "not true or false", "It should hold True or False for each cell, and holds other numbers."
    chosen = chosen.astype(bool)
    if not chosen.any():
        return 0.0, "takes nothing", "It takes no cell of any image."
    rim = np.ones(background.shape[1:], bool)
    rim[1:-1, 1:-1] = False
    precision, recall = background[chosen].mean(), chosen[background].mean()
    chance, to_beat = background.mean(), background[:, rim].mean()
    told = (
        f"On {len(labels)} other images: precision {100 * precision:.1f}% at a recall of {100 * recall:.1f}%; "
        f"the rim has {100 * to_beat:.1f}%, chance is {100 * chance:.1f}%."
    )
    if (chosen == rim).all():
        return 0.1, "the rim itself", f"{told} This is the rim, which has to be beaten."
    if chosen.mean() > 0.95:
        return 0.0, "takes nearly all", f"{told} It takes nearly all cells. Which of them is it least sure of?"
    if precision < chance - 0.1:
        return (
            0.1,
            "digits chosen",
            f"{told} It finds digits rather than background. Is a comparison the wrong way round?",
        )
    if precision >= to_beat and recall < RECALL:
        return 0.5, "takes too little", f"{told} It is right, and takes too little: a recall of 40% is asked for."
    if precision < chance + 0.05:
        return (
            0.0,
            "a blind choice",
            f"{told} A blind choice is as good. Print the six logits of some cells of bare ground.",
        )
    if precision < to_beat:
        advice = "Be stricter, or ask another question."
        if recall < RECALL:
            advice = f"And it takes too little: a recall of {100 * RECALL:.0f}% is asked for. Ask another question."
        return 0.2, "below the rim", f"{told} Better than blind, but not looking at all is better. {advice}"
    if precision < to_beat + POINTS:
        return (
            0.7,
            "hardly above the rim",
            f"{told} It beats the rim, by less than {100 * POINTS:.0f} points. Both of two rules at once are stricter than each.",
        )
    return 1.0, "right", told
