"""Any PyTorch classifier with a linear head, as a network of this package."""

import torch

from ..utils.errors import InputError
from .base import MapNetwork


class Wrapped(MapNetwork):
    """A classifier whose parts are named: what goes into its linear head are the features.

    Parameters
    ----------
    classifier : torch.nn.Module
        Images [B, 3, H, W], normalised, to logits [B, K].
    head : str
        Dotted name of its last linear layer, such as ``fc`` or ``classifier.6``.
    feature_layer : str, optional
        Dotted name of a layer whose output [B, C, h, w], averaged over its cells, is what goes
        into the head. Without it an image counts as a map of one cell: enough for all that reads
        pooled features, not for what reads cells.
    mean, std : sequence of 3 floats
        The classifier's normalisation, for images from 0 to 1.

    Raises
    ------
    ValueError
        If there is no such layer, the head is not linear or, when images pass, the averaged map is
        not what the head reads.

    Examples
    --------
    >>> network = Wrapped(torchvision.models.resnet18(), "fc", "layer4", mean, std)
    >>> features = extract(network, images, labels)
    """

    def __init__(self, classifier, head, feature_layer=None, mean=(0, 0, 0), std=(1, 1, 1)):
        super().__init__(mean, std, persistent=False)
        self.classifier = classifier
        self._layer(head)
        if feature_layer is not None:
            self._layer(feature_layer)
        self.head_name, self.feature_layer = head, feature_layer
        if not isinstance(self.head, torch.nn.Linear):
            raise InputError(f"{head} is a {type(self.head).__name__}; the head must be a torch.nn.Linear")
        if self.head.bias is None:
            self.head.bias = torch.nn.Parameter(self.head.weight.new_zeros(self.head.out_features))

    def _layer(self, name):
        try:
            return self.classifier.get_submodule(name)
        except AttributeError:
            names = [name for name, _ in self.classifier.named_modules() if name]
            raise InputError(f"the classifier has no layer {name!r}; it has {', '.join(names)}") from None

    @property
    def head(self):
        """The linear layer, features [..., C] to logits [..., K]."""
        return self._layer(self.head_name)

    def feature_map(self, images):
        """Feature map [B, C, h, w] of images [B, 3, H, W], uint8 (0 to 255) or floating point (0 to 1)."""
        seen = {}
        hooks = [self.head.register_forward_pre_hook(lambda layer, inputs: seen.update(pooled=inputs[0]))]
        if self.feature_layer is not None:
            layer = self._layer(self.feature_layer)
            hooks.append(layer.register_forward_hook(lambda layer, inputs, output: seen.update(map=output)))
        try:
            self.classifier(self.normalise(images))
        finally:
            for hook in hooks:
                hook.remove()
        pooled = seen["pooled"]
        feature_map = seen.get("map", pooled[:, :, None, None])
        if feature_map.ndim != 4 or not (
            self.pool(feature_map).shape == pooled.shape
            and torch.allclose(self.pool(feature_map), pooled, rtol=1e-3, atol=1e-4)
        ):
            raise InputError(
                f"the output of {self.feature_layer}, {list(feature_map.shape)}, averaged over its cells is not what "
                f"{self.head_name} reads, {list(pooled.shape)}; name another feature_layer, or none"
            )
        return feature_map

    def forward(self, images):
        """Logits of shape [B, K]."""
        return self.head(self.pool(self.feature_map(images)))
