"""SyncOOD in miniature: the object of a picture is destroyed where it stands, and a second head learns to tell."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ...utils.errors import InputError
from ..losses import CLASSIFICATION, Classification
from ..steps import Steps

TILE = 4  # side of what is shuffled, px
SIMILAR = (0.2, 0.9)  # share of rank among all made: the most and the least alike are left out (ours)
HIDDEN, ROUNDS, RATE = 256, 20, 1e-3  # of the head, and of its training (ours)


def shuffled(image, mask, rng, another):
    """The object's pixels in tiles that change places: the box around the mask is shuffled, and seen through the mask."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (-(-side // TILE) * TILE for side in box.shape[:2])
    padded = np.pad(box, ((0, height - box.shape[0]), (0, width - box.shape[1]), (0, 0)), mode="reflect")
    tiles = padded.reshape(height // TILE, TILE, width // TILE, TILE, 3).swapaxes(1, 2).reshape(-1, TILE, TILE, 3)
    tiles = tiles[rng.permutation(len(tiles))]
    mixed = tiles.reshape(height // TILE, width // TILE, TILE, TILE, 3).swapaxes(1, 2).reshape(padded.shape)
    filled = image.copy()
    filled[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = mixed[: box.shape[0], : box.shape[1]]
    return filled


def noise(image, mask, rng, another):
    """A coarse noise of the object's own colours in the object's place."""
    colours = image[mask]
    side = max(image.shape[:2]) // TILE + 1
    coarse = colours[rng.integers(len(colours), size=(side, side))]
    return coarse.repeat(TILE, 0).repeat(TILE, 1)[: image.shape[0], : image.shape[1]]


def other(image, mask, rng, another):
    """What another training picture shows there."""
    return another


FILLINGS = {"shuffled": shuffled, "noise": noise, "other": other}


def destroy(images, masks, filling, seed=0):
    """Replace the object of each picture, in its own mask: what is outside stays to the last bit.

    Parameters
    ----------
    images : ndarray of shape [N, H, W, 3], uint8
    masks : ndarray of shape [N, H, W], bool
        True on the object; a picture without one stays as it is.
    filling : str
        One of ``FILLINGS``: the object's own tiles ``shuffled``, ``noise`` of its colours, or what an ``other`` picture
        shows in that place.
    seed : int, default=0

    Returns
    -------
    ndarray of shape [N, H, W, 3], uint8
    """
    if filling not in FILLINGS:
        raise InputError(f"unknowns are made as {', '.join(FILLINGS)}, not as {filling!r}; name one of these")
    rng, made = np.random.default_rng(seed), images.copy()
    for i, mask in enumerate(masks):
        if mask.any():
            another = images[(i + rng.integers(1, len(images))) % len(images)]
            made[i][mask] = FILLINGS[filling](images[i], mask, rng, another)[mask]
    return made


def kept_by_similarity(features, made, low=SIMILAR[0], high=SIMILAR[1]):
    """Which made pictures are kept: not those whose features hardly moved, nor those that are like nothing.

    Parameters
    ----------
    features, made : Tensor of shape [N, C]
        Of the pictures and of what was made of them.
    low, high : float
        Shares of all made ones, in the order of their cosine similarity to their own picture.

    Returns
    -------
    Tensor of shape [N], bool
    """
    rank = F.cosine_similarity(features, made).argsort().argsort().float() / max(1, len(made) - 1)
    return (rank >= low) & (rank <= high)


class HeadSteps(Steps):
    """Cross-entropy as usual, unless training begins from a finished network, which then stays; at the end, the head."""

    def __init__(self, network, images, masks, config, device, optimizer, teacher=None):
        super().__init__(network, images, masks, config, device, optimizer, teacher)
        if masks is None:
            raise InputError(f"method syncood needs true masks, which {config.dataset} does not have; choose another")
        self.images = images
        self.made = destroy(images, masks, config.unknowns, config.seed)

    def step(self, x, masks, y, share):
        frozen = self.config.init is not None
        with self.autocast(), torch.set_grad_enabled(not frozen):
            if frozen:
                self.network.eval()
            loss, background, accuracy = self.losses(self.examples.maps_of(x), y, masks, share)
        if not frozen:
            self.optimizer.zero_grad(set_to_none=True)
            (loss + self.config.weight * background).backward()
            self.optimizer.step()
        return torch.stack([loss, background, accuracy]).detach()

    @torch.no_grad()
    def features(self, images):
        """Pooled features [N, C] of images [N, H, W, 3]."""
        network = self.network.eval()
        parts = torch.as_tensor(images).permute(0, 3, 1, 2).split(200)
        return torch.cat([network.pool(network.feature_map(part.to(self.device))).float() for part in parts])

    def finish(self):
        known, made = self.features(self.images), self.features(self.made)
        fit_head(self.network.ood_head, known, made[kept_by_similarity(known, made)], self.config.seed)


def fit_head(head, known, unknown, seed=0):
    """Teach a head to tell unknown features (second output) from known ones; both count alike, whatever their number.

    Parameters
    ----------
    head : torch.nn.Module
        [N, C] to [N, 2]; changed in place.
    known, unknown : Tensor of shape [N, C] and [M, C]
    seed : int, default=0
        Of the order.
    """
    features = torch.cat([known, unknown])
    labels = torch.cat([torch.zeros(len(known)), torch.ones(len(unknown))]).long().to(features.device)
    weight = features.new_tensor([1 / max(1, len(known)), 1 / max(1, len(unknown))])
    generator, optimizer = torch.Generator().manual_seed(seed), torch.optim.Adam(head.parameters(), RATE)
    for _ in range(ROUNDS):
        for rows in torch.randperm(len(features), generator=generator).to(features.device).split(256):
            optimizer.zero_grad()
            F.cross_entropy(head(features[rows]), labels[rows], weight / weight.sum()).backward()
            optimizer.step()


@CLASSIFICATION.register("syncood", title="SyncOOD in miniature", parameters={"unknowns": "shuffled"})
class SyncOOD(Classification):
    """A small head that tells known from made unknown pictures (after Liu et al., ECCV 2024, which lets generators paint)."""

    steps = HeadSteps

    @staticmethod
    def equip(network, config):
        torch.manual_seed(config.seed)
        network.ood_head = nn.Sequential(nn.Linear(network.head.in_features, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2))
