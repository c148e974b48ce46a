"""A small bank made from feature maps, in-distribution and OOD, for the tests of scores."""

from dataclasses import replace

import numpy as np

from bgood_lib.features import Bank, Features

K, C, SIDE = 5, 16, 4


def make_maps(rng, labels):
    """Maps [N, C, 4, 4]: noise, and in the middle an object of its class, or a weaker one of two other channels."""
    maps = np.abs(rng.normal(0, 0.3, (len(labels), C, SIDE, SIDE)))
    for image, label in zip(maps, labels):
        if label >= 0:
            image[label, 1:3, 1:3] += rng.uniform(2, 10)
        else:
            image[rng.choice(np.arange(K, C), 2, replace=False), 1:3, 1:3] += rng.uniform(1, 4)
    return maps.astype("f4")


def make_features(maps, labels, weight, bias):
    """What a network with average pooling leaves of maps."""
    z = maps.mean((2, 3))
    cells, channels = np.linalg.norm(maps, axis=1), np.linalg.norm(maps, axis=(2, 3))
    return Features(z @ weight.T + bias, z, cells, channels, labels)


def make_ood_head():
    """A second head that compares an image's class channels with the others, after a ReLU."""
    of_classes = (np.arange(C) < K).astype("f4")
    return [
        np.eye(C, dtype="f4"),
        np.full(C, -0.1, "f4"),
        np.stack([of_classes, 1 - of_classes]),
        np.array([0.5, -0.5], "f4"),
    ]


def make_bank(seed=0, n_train=400, ood_head=None, own=False, **more):
    """A bank with sets ``train``, ``test`` (60 images), ``ood`` (50); ``more`` gives sizes of further ID sets.

    With ``own`` it also holds what a part beside the network, and an earlier stage, might say.

    One ID label in ten is wrong, so that no temperature is best at 0.
    """
    rng = np.random.default_rng(seed)
    weight, bias = rng.normal(0, 0.2, (K, C)).astype("f4"), rng.normal(0, 0.1, K).astype("f4")
    weight[np.arange(K), np.arange(K)] += 1
    sizes = {"train": n_train, "test": 60, "ood": 50, **more}
    sets = {}
    for name, n in sizes.items():
        labels = np.full(n, -1) if name == "ood" else rng.permutation(np.arange(n) % K)
        maps = make_maps(rng, labels)
        if name != "ood":
            wrong = rng.choice(n, n // 10, replace=False)
            labels[wrong] = (labels[wrong] + 1) % K
        sets[name] = make_features(maps, labels, weight, bias)
        if own:
            sets[name] = replace(sets[name], stages=maps[:, ::2].max((2, 3)))
            surest = sets[name].logits.max(1)
            sets[name].own.update({"MECAM": -2 * surest, "ProoD": -surest, "ProoD, least nearby": -surest - 0.01})
            sets[name].own["MOOD reconstruction"] = 3 - surest
            sets[name].own.update({"ash_p": -surest - 1, "ash_s": -3 * surest, "ash_b": 2 - surest})
    return Bank(sets, weight, bias, {}, ood_head)
