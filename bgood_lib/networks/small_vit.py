"""A small vision transformer of timm, whose tokens are read as a map."""

from functools import partial
from importlib import import_module

from torch import nn
from torch.nn import functional as F

from ..utils.errors import InputError
from .base import NETWORKS, MapNetwork
from .pretrained import _timm

SIDE = 32  # of an image, px
DEPTH = 3  # blocks of attention
HEAD_WIDTH = 32  # channels of an attention head
MLP_RATIO = 2  # hidden channels between two blocks of attention, in widths


@NETWORKS.register("small_vit", sizes=("stages", "width"))
class SmallViT(MapNetwork):
    """A vision transformer for 32 x 32 images: patches become tokens, and each token is a cell of the map.

    timm's blocks, without a class token: the map is averaged, as that of every network here. So that no number of it is
    negative either, a ReLU follows the last layer normalisation (ours). A few thousand images are few for a transformer:
    convolutions read the patches (Xiao et al., 2021), and places are told by sines, as loud as patches from the first step.

    Parameters
    ----------
    n_classes : int
        Number of in-distribution classes K.
    stages : int, default=2
        Convolutions of stride 2 before the first block, 1 to 4: a patch is 2**stages pixels wide, two make an 8 x 8 map.
    width : int, default=64
        Channels C of a token, a multiple of 32.
    mean, std : sequence of 3 floats
        Channel statistics of the training images, in units of [0, 1].

    Raises
    ------
    MissingExtra
        If timm is not installed.
    ValueError
        If ``stages`` or ``width`` does not fit.

    References
    ----------
    Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021. Xiao et al., "Early Convolutions Help Transformers
    See Better", NeurIPS 2021.
    """

    has_previous = False

    def __init__(self, n_classes, stages=2, width=64, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25)):
        super().__init__(mean, std)
        if not 1 <= stages <= 4:
            raise InputError(f"stages is {stages}; a patch of a 32 x 32 image is 2**stages pixels wide, stages 1 to 4")
        if width % HEAD_WIDTH:
            raise InputError(f"width is {width}; a transformer's is a multiple of {HEAD_WIDTH}, such as 64")
        _timm()  # or say that it is missing
        layers = import_module("timm.layers")
        self.vit = import_module("timm.models.vision_transformer").VisionTransformer(
            SIDE, 1, embed_dim=width, depth=DEPTH, num_heads=width // HEAD_WIDTH, mlp_ratio=MLP_RATIO, num_classes=0,
            class_token=False, global_pool="avg", fc_norm=False, weight_init="jax",
            embed_layer=partial(layers.HybridEmbed, _stem(stages, width), proj=False),
        )  # fmt: skip
        self.vit.pos_embed.data.copy_(layers.build_sincos2d_pos_embed(list(self.vit.patch_embed.grid_size), width))
        self.head = nn.Linear(width, n_classes)

    def feature_maps(self, images):
        """None, and the map [B, C, 32 / 2**stages, 32 / 2**stages], see :class:`.MapNetwork`."""
        tokens = F.relu(token_features(self.vit, self.normalise(images)))
        side = round(tokens.shape[1] ** 0.5)
        return None, tokens.transpose(1, 2).unflatten(2, (side, side))


def _stem(stages, width):
    widths = [3, *(width // 2 ** (stages - 1 - i) for i in range(stages))]
    layers = [
        nn.Sequential(nn.Conv2d(a, b, 3, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU())
        for a, b in zip(widths, widths[1:])
    ]
    return nn.Sequential(*layers)


def token_features(vit, x):
    """What a transformer says of each patch: normalised images [B, 3, H, W] to [B, T, C], row by row."""
    return vit.norm(vit.blocks(vit.patch_embed(x) + vit.pos_embed))
