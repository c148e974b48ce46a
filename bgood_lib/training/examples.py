"""What a training sees: images that move from epoch to epoch, or the maps that a frozen trunk makes of them."""

import torch

from ..trunk_maps import has_trunk, trunk_maps
from ..utils.errors import InputError
from .augmentation import alternate, augment, cut_out, draw_moves


def examples_of(network, images, masks, config, device):
    """The examples of a training.

    Parameters
    ----------
    network : MapNetwork
    images : ndarray of shape [N, H, W, 3], uint8
    masks : ndarray of shape [N, H, W], bool, or None
    config : Config
    device : torch.device

    Returns
    -------
    Images or Maps
    """
    return (Maps if has_trunk(network) else Images)(network, images, masks, config, device)


class Images:
    """Images, moved by :mod:`bgood_lib.training.augmentation`.

    ``begin(epoch, generator)`` draws how each one moves; ``batch(rows)`` gives images [B, 3, H, W], uint8, and
    their masks [B, H, W] or None; ``maps_of`` turns those into feature maps.
    """

    def __init__(self, network, images, masks, config, device):
        side = min(images.shape[1:3])
        for name in ("crop_padding", "cutout"):
            if (getattr(config, name) or 0) >= side:
                value = getattr(config, name)
                raise InputError(f"{name} is {value}; it must be less than the image's side, {side}")
        images = torch.as_tensor(images)
        if masks is not None:  # a mask moves with its image: it travels as a fourth channel
            images = torch.cat([images, torch.as_tensor(masks, dtype=torch.uint8).unsqueeze(-1)], dim=-1)
        self.images, self.config, self.maps_of = images.to(device), config, network.feature_maps

    def begin(self, epoch, generator):
        n, config, device = len(self.images), self.config, self.images.device
        moves = draw_moves(n, generator, config.crop_padding, bool(config.flip))
        if config.flip == "alternate":
            moves[:, 2] = alternate(n, config.seed, epoch)
        self.moves = moves.to(device)
        if config.cutout:
            self.corners = torch.randint(0, self.images.shape[1] - config.cutout + 1, (n, 2), generator=generator).to(
                device
            )

    def batch(self, rows):
        x = augment(self.images[rows], self.moves[rows])
        if self.config.cutout:
            cut_out(x[..., :3], self.corners[rows], self.config.cutout)
        return x[..., :3].permute(0, 3, 1, 2), x[..., 3] if x.shape[-1] == 4 else None


class Maps:
    """A frozen trunk's maps of images, plain and mirrored; the interface is that of :class:`Images`."""

    def __init__(self, network, images, masks, config, device):
        if config.crop_padding or config.cutout:
            raise InputError("kept maps can be mirrored, not moved or cut out: use crop_padding 0 and cutout 0")
        self.config, self.maps_of, self.device = config, network.rest, device
        sides = [images] if not config.flip else [images, images[:, :, ::-1]]
        self.maps = [trunk_maps(network, side) for side in sides]
        self.masks = None if masks is None else torch.as_tensor(masks)

    def begin(self, epoch, generator):
        n = len(self.maps[0])
        self.mirrored = draw_moves(n, generator, 0, bool(self.config.flip))[:, 2].bool()
        if self.config.flip == "alternate":
            self.mirrored = alternate(n, self.config.seed, epoch).bool()

    def batch(self, rows):
        rows = rows.cpu()
        mirrored = self.mirrored[rows]
        maps = self.maps[0][rows]
        if mirrored.any():
            maps[mirrored] = self.maps[1][rows[mirrored]]
        if self.masks is None:
            return maps.to(self.device).float(), None
        masks = self.masks[rows]
        masks[mirrored] = masks[mirrored].flip(2)
        return maps.to(self.device).float(), masks.to(self.device)
