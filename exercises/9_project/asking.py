"""How your loss is asked, trained and tested. Handed out; the hidden test is this file with a number that you do not know."""

import numpy as np

SETS = ("unseen digits", "no digit", "textures", "unseen digits on textures")
CONTROLS = {"plain": None, "all cells": "all", "border": "border", "true masks": "oracle"}
WEIGHT = 0.1  # of every loss


# --- question 1: does it keep the rules of a loss? ---


def ask_mine(function, patches, labels, weight):
    """Value, value again, is it one number, gradient and its length, value after a step against it, value and gradient of a map of zeros."""
    import torch

    truth, head = torch.as_tensor(labels), torch.as_tensor(weight).double()

    def value_of(array):
        cells = torch.as_tensor(array).double().requires_grad_()
        logits = (cells.detach().permute(0, 2, 3, 1) @ head.T).float().double()
        value = function(cells, logits, truth)
        if not isinstance(value, torch.Tensor):
            raise TypeError(f"mine gives {type(value).__name__}; expected a tensor with one number")
        if not value.requires_grad:
            return value.numel() == 1, float(value.detach().reshape(-1)[0]), np.zeros_like(array)
        value.sum().backward()
        gradient = np.zeros_like(array) if cells.grad is None else cells.grad.numpy()
        return value.numel() == 1, float(value.detach().reshape(-1)[0]), gradient

    single, value, gradient = value_of(patches)
    again = value_of(patches)[1]
    length = float(np.sqrt((gradient**2).sum()))
    step = patches - 1e-3 * gradient / length if length else patches
    after = value_of(step)[1]
    _, zero, pull = value_of(np.zeros_like(patches))
    return float(single), value, again, length, after, zero, float(np.isfinite(pull).all())


def judge_mine(answer, patches, labels, weight, right):
    """Share of the points, a word for it, and what to say."""
    single, value, again, length, after, zero, finite = (float(part) for part in answer)
    if not single:
        return 0.0, "not one number", "It gives more than one number. A loss is one: take a mean over cells and images."
    if not np.isfinite([value, length]).all():
        return (
            0.0,
            "not finite",
            "It is infinite or not a number on an ordinary batch. Is a mean taken over no cell, or a logarithm of 0?",
        )
    if value != again:
        return (
            0.25,
            "by chance",
            "Twice the same batch, two values. A choice by lot cannot be repeated; draw from a torch.Generator with a seed of its own.",
        )
    if length == 0:
        return (
            0.25,
            "no gradient",
            "No gradient reaches the cells: nothing would be trained. Is the value made of `logits` alone, or detached?",
        )
    if not after < value:
        return (
            0.5,
            "a step does not lower it",
            "A small step against the gradient does not make it smaller. Has something been detached that the value depends on?",
        )
    if not (np.isfinite(zero) and finite):
        return (
            0.5,
            "NaN at zero",
            "On a map of zeros (after a ReLU there are some) value or gradient are not finite. The root has no slope at 0: add a tiny number under it.",
        )
    return 1.0, "right", "One number, repeatable, with a gradient that lowers it, finite at zero."


# --- images: which digits are known, and every image, hang on one number ---


def draw(number, n_train=4000, n_test=1000):
    """Sets of scenes that belong to a number: dict of name to (images, labels, masks).

    The number says which six digits are known, which of load_digits are for training, and every image. Training and test share
    neither a digit's picture nor a region of a photograph.
    """
    from sklearn.datasets import load_digits

    from bgood_lib.datasets import scenes

    digits = load_digits()
    rng = np.random.default_rng([20260101, number])
    known = np.sort(rng.permutation(10)[:6])
    rows = rng.permutation(len(digits.target))
    rows = {"train": rows[: scenes.TRAIN_DIGITS], "test": rows[scenes.TRAIN_DIGITS :]}

    def made(n, kind, of=None, texture=False):
        images, masks = np.empty((n, 32, 32, 3), np.uint8), np.zeros((n, 32, 32), bool)
        labels = np.full(n, -1)
        pool = [] if of is None else rows[kind][np.isin(digits.target[rows[kind]], of)]
        for i in range(n):
            images[i] = scenes.novel_texture(rng) if texture else scenes.photo_crop(kind, rng)
            if len(pool):
                row = rng.choice(pool)
                ink = scenes.digit_weight(digits.images[row], rng)
                images[i] = scenes.blend(images[i], ink, scenes.contrasting_colour(images[i], ink, rng))
                masks[i], target = ink > 0, digits.target[row]
                labels[i] = np.searchsorted(known, target) if target in known else -1
        return images, labels, masks

    unseen = np.setdiff1d(np.arange(10), known)
    return {
        "train": made(n_train, "train", known),
        "known": made(n_test, "test", known),
        "unseen digits": made(n_test, "test", unseen),
        "no digit": made(n_test, "test"),
        "textures": made(n_test, "test", texture=True),
        "unseen digits on textures": made(n_test, "test", unseen, texture=True),
    }


# --- training and test ---

_loss = []  # the student's, while it is trained


def _penalty(patches, chosen, head, labels, **_):
    """All cells, with the head's logits, to the student's loss."""
    logits = head(patches.permute(0, 2, 3, 1)).detach().float()
    return _loss[-1](patches.float(), logits, labels)


def train(sets, seed, selector=None, mine=None, report=print):
    """Train one network of the book's scenes, with a control (`selector`), with `mine`, or with neither.

    Returns
    -------
    dict
        ID ``accuracy`` and AUROC on each of SETS (shares), by the score ScaledMSP, which no temperature moves.
    """
    import torch

    from bgood_lib.background_loss.penalties import PENALTIES
    from bgood_lib.detectors import scoring
    from bgood_lib.evaluation import bank_of
    from bgood_lib.metrics.ood import ood_metrics
    from bgood_lib.networks.build import make_network
    from bgood_lib.training.config import make_config
    from bgood_lib.training.loop import train as fit

    if mine is not None and "student" not in PENALTIES:
        PENALTIES.register("student", title="a student's", needs_head=True)(_penalty)
    options = (
        {"method": "cross_entropy"} if selector is None and mine is None else {"method": "background", "weight": WEIGHT}
    )
    if selector is not None:
        options["selector"] = selector
    elif mine is not None:
        options |= {"selector": "all", "penalty": "student"}
    config = make_config("scenes", dataset="scenes", seed=seed, precision="float32", **options)
    images, labels, masks = sets["train"]
    network = make_network(config, images, labels)
    _loss.append(mine)
    try:
        fit(
            network,
            images,
            labels,
            config,
            torch.device("cpu"),
            masks=masks if selector == "oracle" else None,
            report=report,
        )
    finally:
        _loss.pop()
    bank = bank_of(network, (images[:500], labels[:500]), sets["known"][:2], {name: sets[name][0] for name in SETS})
    scores = scoring.score("ScaledMSP", bank)
    found = {"accuracy": float((bank["test"].logits.argmax(1) == sets["known"][1]).mean())}
    return found | {name: float(ood_metrics(scores["test"], scores[name])["auroc"]) for name in SETS}
