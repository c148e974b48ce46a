"""MECAM on a pre-trained network: an exit on what its frozen trunk says, and its head. Of it the map, and not the score."""

import torch

from ...trunk_maps import has_trunk, trunk_maps
from ...utils.errors import InputError
from ..losses import CLASSIFICATION, Classification
from .mecam import Exits, ExitSteps, merged_map


class TrunkExits(Exits):
    """An exit on the trunk's map, which does not learn, beside the network's own head.

    The score of :class:`~bgood_lib.training.methods.mecam.Exits` is left out: it passes each picture through the whole trunk
    twice, where all else reads its kept maps.

    Parameters
    ----------
    channels : int
        Of the trunk's map.
    n_classes : int
    """

    @torch.no_grad()
    def background(self, network, images, threshold=0.5):
        """Cells [B, h, w] at which the merged map is at most a threshold, of images [B, 3, H, W], uint8: bool."""
        kept = trunk_maps(network, images.permute(0, 2, 3, 1).numpy())
        chosen = []
        for part in kept.split(100):
            maps = part.float(), network.rest(part.float())[1]
            chosen.append(merged_map(self.exits(network, maps), maps[1].shape[2:]) <= threshold)
        return torch.cat(chosen)

    def forward(self, network, images, feature_map):
        """No score."""
        return {}


class TrunkExitSteps(ExitSteps):
    """The steps of MECAM; the first map is the trunk's, as the examples hold it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        rest = self.examples.maps_of
        self.examples.maps_of = lambda x: (x, rest(x)[1])


@CLASSIFICATION.register("mecam_trunk", title="MECAM, on a trunk")
class MECAMTrunk(Classification):
    """Multi-exit class activation maps (Chen et al., arXiv 2505.08604) where only the last block of a network learns (ours)."""

    steps = TrunkExitSteps

    @staticmethod
    def equip(network, config):
        if not has_trunk(network):
            raise InputError(
                f"method mecam_trunk needs a network with frozen layers, and {config.network} has none; use method mecam"
            )
        with torch.no_grad():
            channels = network.eval().trunk(torch.zeros(1, 3, 32, 32)).shape[1]
        torch.manual_seed(config.seed)
        network.beside = TrunkExits(channels, network.head.out_features)
