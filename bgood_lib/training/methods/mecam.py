"""MECAM: exits on several maps; what their activation maps agree on is masked, and the picture passed again."""

import torch
from torch import nn
from torch.nn import functional as F

from ...background_loss.patches import extract_patches
from ...background_loss.penalties import penalise
from ...utils.errors import InputError
from ..losses import CLASSIFICATION, Classification
from ..steps import Steps


def merged_map(exits, size):
    """Class activation maps of several exits, together one map of where the predicted class is.

    Parameters
    ----------
    exits : list of Tensor of shape [B, K, h, w]
        Logits of each cell, from the first exit to the last.
    size : tuple of 2 ints
        Of the answer.

    Returns
    -------
    Tensor of shape [B, *size], from 0 to 1
        Of each exit the probability of the class that the last one predicts; weighted by how sure each exit is.
    """
    pooled = [logits.mean((2, 3)) for logits in exits]
    sure = torch.stack([logits.softmax(1).amax(1) for logits in pooled])
    weights = sure / sure.sum(0)
    rows, predicted = torch.arange(len(pooled[-1])), pooled[-1].argmax(1)
    large = [F.interpolate(logits.float(), size, mode="bilinear", align_corners=False) for logits in exits]
    maps = torch.stack([logits.softmax(1)[rows, predicted] for logits in large])
    return (weights[:, :, None, None] * maps).sum(0).clamp(0, 1)


class Exits(nn.Module):
    """An exit on the map before the last stage, beside the network's own head, which is the exit on the last map.

    Parameters
    ----------
    channels : int
        Of the map before the last stage.
    n_classes : int
    """

    def __init__(self, channels, n_classes):
        super().__init__()
        self.early = nn.Conv2d(channels, n_classes, 1)

    def exits(self, network, maps):
        """Logits [B, K, h, w] of each cell of both maps."""
        return [self.early(maps[0]), network.head(maps[1].permute(0, 2, 3, 1)).permute(0, 3, 1, 2)]

    @torch.no_grad()
    def background(self, network, images, threshold=0.5):
        """Cells [B, h, w] of the last map at which the merged map is at most a threshold: bool."""
        maps = network.feature_maps(images)
        return merged_map(self.exits(network, maps), maps[1].shape[2:]) <= threshold

    def forward(self, network, images, feature_map):
        """How little the features change when what the exits point at is masked by the mean colour: a number a picture."""
        x = images.float() / 255 if images.dtype == torch.uint8 else images
        merged = merged_map(self.exits(network, network.feature_maps(x)), x.shape[2:])[:, None]
        masked = network.mean + (x - network.mean) * (1 - merged)
        change = network.pool(network.feature_map(masked)) - network.pool(feature_map)
        return {"MECAM": -change.square().mean(1)}


class ExitSteps(Steps):
    """The sum of the exits' cross-entropies. With the selector ``merged_cams`` the merged map says what background is."""

    def step(self, x, masks, y, share):
        network, config = self.network, self.config
        merged = config.uses_background and config.selector == "merged_cams"
        with self.autocast():
            maps = self.examples.maps_of(x)
            loss, background, accuracy = self.losses(maps, y, masks, -1 if merged else share)
            exits = network.beside.exits(network, maps)
            loss = loss + F.cross_entropy(exits[0].mean((2, 3)).float(), y)
            if merged and share >= config.background_start:
                patches = extract_patches(maps[1], config.patch_size)
                with torch.no_grad():
                    chosen = merged_map(exits, patches.shape[2:]) <= config.threshold
                background = penalise(config.penalty, patches, chosen, head=network.head, feature_map=maps[1], labels=y)
        self.optimizer.zero_grad(set_to_none=True)
        (loss + config.weight * background).backward()
        self.optimizer.step()
        return torch.stack([loss, background, accuracy]).detach()


@CLASSIFICATION.register("mecam", title="MECAM")
class MECAM(Classification):
    """Multi-exit class activation maps (Chen et al., arXiv 2505.08604), with exits on the two maps that networks here show."""

    steps = ExitSteps

    @staticmethod
    def equip(network, config):
        with torch.no_grad():
            previous, _ = network.eval().feature_maps(torch.zeros(1, 3, 32, 32))
        if previous is None:
            raise InputError(
                f"method mecam needs two maps, and {config.network} shows its last one only; choose another"
            )
        torch.manual_seed(config.seed)
        network.beside = Exits(previous.shape[1], network.head.out_features)
