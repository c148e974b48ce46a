"""MOOD: a transformer first learns to fill in hidden patches of its training pictures, and then the classes."""

import copy

import torch
from torch import nn
from torch.nn import functional as F

from ...networks.small_vit import SIDE, SmallViT, token_features
from ...utils.errors import InputError
from ..loop import learning_rate_at
from ..losses import CLASSIFICATION, Classification
from ..steps import Steps

HIDDEN = 75 / 196  # share of the patches that is hidden (published)
BLOCK = 16 / 196  # of the patches: the least that is hidden at once (published)
ASPECT = 0.3  # a block is at most 1 / 0.3 times as wide as high, or the other way round (BEiT's)
BLOCKS = 16  # so many are drawn; if they should not suffice, single patches follow
LOOKS = 3  # masks under which a test picture is looked at (ours): about every patch is hidden once


def block_masks(n, side, generator, share=HIDDEN):
    """Which patches are hidden: blocks are laid one over another until a share of the patches is.

    Parameters
    ----------
    n : int
        Number of masks.
    side : int
        Of the map, in patches.
    generator : torch.Generator
    share : float

    Returns
    -------
    Tensor of shape [n, side, side], bool : the same number in each; of the last block only as many as it takes.
    """
    count = round(share * side**2)
    drawn = torch.rand(4, BLOCKS, n, 1, generator=generator)
    area = side**2 * (BLOCK + drawn[0] * (share - BLOCK))
    aspect = ASPECT ** (2 * drawn[1] - 1)
    height, width = ((area * a).sqrt().round().clamp(1, side) for a in (aspect, 1 / aspect))
    top, left = (drawn[2] * (side - height + 1)).floor(), (drawn[3] * (side - width + 1)).floor()
    cells = torch.arange(side)
    rows, columns = (cells >= top) & (cells < top + height), (cells >= left) & (cells < left + width)
    inside = rows[..., :, None] & columns[..., None, :]
    turn = torch.where(inside, torch.arange(BLOCKS)[:, None, None, None], BLOCKS).amin(0)  # whose block came first
    order = (turn + torch.rand(n, side, side, generator=generator)).flatten(1)
    return (
        torch.zeros(n, side**2)
        .scatter(1, order.topk(count, largest=False).indices, 1)
        .bool()
        .unflatten(1, (side, side))
    )


def patches_of(x, size):
    """Pixels of each patch: [B, 3, H, W] to [B, T, 3 * size**2], patches row by row."""
    return F.unfold(x.float(), size, stride=size).transpose(1, 2)


def hidden_error(filled, patches, hidden):
    """Mean squared error of what was hidden.

    Parameters
    ----------
    filled, patches : Tensor of shape [B, T, D]
    hidden : Tensor of shape [B, T], bool
        At least one patch of each picture.

    Returns
    -------
    Tensor of shape [B]
    """
    errors = (filled - patches).square().mean(2)
    return (errors * hidden).sum(1) / hidden.sum(1)


class Filler(nn.Module):
    """The transformer as it was when it could fill in: it stays beside the classifier, whose copy learns on.

    Parameters
    ----------
    network : SmallViT
    """

    def __init__(self, network):
        super().__init__()
        self.vit = copy.deepcopy(network.vit)
        self.side = network.vit.patch_embed.grid_size[0]
        self.size = SIDE // self.side
        self.to_pixels = nn.Linear(network.head.in_features, 3 * self.size**2)

    def errors(self, network, images, hidden):
        """:func:`hidden_error` [B] of images [B, 3, H, W] whose patches [B, h, w] are hidden by the mean colour, in units of the
        network's normalisation."""
        x = network.normalise(images)
        seen = x.masked_fill(hidden.repeat_interleave(self.size, 1).repeat_interleave(self.size, 2)[:, None], 0)
        filled = self.to_pixels(token_features(self.vit, seen)).float()
        return hidden_error(filled, patches_of(x, self.size), hidden.flatten(1))

    def forward(self, network, images, feature_map):
        """How badly hidden patches are filled in, over the same few masks for all pictures: a number a picture."""
        masks = block_masks(LOOKS, self.side, torch.Generator().manual_seed(0)).to(images.device)
        looks = [self.errors(network, images, mask.expand(len(images), -1, -1)) for mask in masks]
        return {"MOOD reconstruction": torch.stack(looks).mean(0)}


class FillThenClassify(Steps):
    """For a share of the epochs patches are filled in; then the classifier begins where that ended, with new rates."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.filler = self.network.beside
        self.first = round(self.config.pretraining * self.config.epochs)  # epochs of filling in

    def begin(self, epoch, generator):
        if epoch == self.first:
            self.network.vit.load_state_dict(self.filler.vit.state_dict())

    def step(self, x, masks, y, share):
        part = self.first / self.config.epochs
        filling = share < part
        within = share / part if filling else (share - part) / (1 - part)
        for group in self.optimizer.param_groups:  # each part has a whole schedule, in thousandths
            group["lr"] = learning_rate_at(1000 * within, 1000, self.config)
        self.optimizer.zero_grad(set_to_none=True)
        if filling:
            hidden = block_masks(len(x), self.filler.side, self.choice).to(x.device)
            with self.autocast():
                loss = self.filler.errors(self.network, x, hidden).mean()
            background = accuracy = torch.zeros((), device=x.device)
        else:
            with self.autocast():
                loss, background, accuracy = self.losses(self.examples.maps_of(x), y, masks, share)
        (loss + self.config.weight * background).backward()
        self.optimizer.step()
        return torch.stack([loss, background, accuracy]).detach()


@CLASSIFICATION.register("mood", title="MOOD", parameters={"pretraining": 0.5})
class MOOD(Classification):
    """Masked image modelling before classification (Li et al., CVPR 2023): pixels are filled in here, their authors' tokens.

    A share ``pretraining`` of the epochs fills in, the rest learns classes, so a network trained for classes only has more
    steps for them. A control with as many steps for classes and none to fill in was not trained.
    """

    steps = FillThenClassify

    @staticmethod
    def equip(network, config):
        if not isinstance(network, SmallViT):
            raise InputError(
                f"method mood hides patches of a transformer, and {config.network} is none; use profile vit"
            )
        torch.manual_seed(config.seed)
        network.beside = Filler(network)
