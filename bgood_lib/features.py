"""One pass through the network; every score reads what it left behind."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import torch

from .datasets.catalogue import Description
from .utils.errors import InputError
from .utils.files import atomic_write

# Entries of a bank that belong to no set.
_SINGLE = {"weight", "bias", "descriptions", *(f"ood_head{i}" for i in range(4))}


@dataclass(frozen=True)
class Features:
    """What a network says of N images. All arrays are float32 but for the labels.

    Attributes
    ----------
    logits : ndarray of shape [N, K]
    features : ndarray of shape [N, C]
        Pooled features, the input of the head.
    cell_norms : ndarray of shape [N, h, w]
        L2 norm over channels of every cell of the feature map.
    channel_norms : ndarray of shape [N, C]
        L2 norm over cells of every channel of the feature map.
    labels : ndarray of shape [N], int64
        -1 where there are none.
    """

    logits: np.ndarray
    features: np.ndarray
    cell_norms: np.ndarray
    channel_norms: np.ndarray
    labels: np.ndarray

    def __len__(self):
        return len(self.labels)

    def take(self, rows):
        """The same of some images only; ``rows`` is an index or a mask over N."""
        return Features(*(getattr(self, field.name)[rows] for field in fields(self)))


@torch.no_grad()
def extract(network, images, labels, batch_size=None):
    """Pass images through a network once, in float32 (on CUDA too: without TF32).

    Parameters
    ----------
    network : torch.nn.Module
        With ``feature_map(images)``, ``pool(feature_map)`` and ``head(features)``.
    images : ndarray of shape [N, H, W, 3], uint8
    labels : ndarray of shape [N], int64
    batch_size : int, optional
        By default 1000, on a CPU 100: small batches stay in its cache and are twice as fast.

    Returns
    -------
    Features
    """
    network.eval()
    device = next(network.parameters()).device
    parts = []
    tf32, torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.allow_tf32, False
    for batch in torch.as_tensor(images).split(batch_size or (100 if device.type == "cpu" else 1000)):
        feature_map = network.feature_map(batch.to(device).permute(0, 3, 1, 2))
        pooled = network.pool(feature_map)
        parts.append((network.head(pooled), pooled, feature_map.norm(dim=1), feature_map.norm(dim=(2, 3))))
    torch.backends.cudnn.allow_tf32 = tf32
    columns = [torch.cat(column).cpu().numpy() for column in zip(*parts)]
    return Features(*columns, labels=np.asarray(labels, dtype=np.int64))


class Bank:
    """Features of several image sets, and the head that turns features into logits.

    Parameters
    ----------
    sets : dict of str to Features
        ``train`` (what scores are fitted on), ``test`` (in-distribution) and one entry per
        OOD set. ``val`` (in-distribution), ``val_ood`` and ``val_jigsaw`` serve to choose
        hyper-parameters and thresholds only.
    weight : ndarray of shape [K, C]
    bias : ndarray of shape [K]
        The linear head.
    descriptions : dict of str to Description, optional
        What each set is. A set without one is the user's own, and called by its name.
    ood_head : list of ndarray, optional
        Weights and biases of a second head that tells ID from OOD features, two layers with a ReLU
        between them: [H, C], [H], [2, H], [2].
    """

    def __init__(self, sets, weight, bias, descriptions=(), ood_head=None):
        self.sets, self.weight, self.bias, self.ood_head = sets, weight, bias, ood_head
        default = {name: Description(name, name, n=len(part)) for name, part in sets.items()}
        self.descriptions = default | {name: what for name, what in dict(descriptions).items() if name in sets}

    def __getitem__(self, name):
        return self.sets[name]

    def with_sets(self, sets, descriptions=()):
        """The same bank with some sets replaced or added.

        Parameters
        ----------
        sets : dict of str to Features
        descriptions : dict of str to Description, optional
            Of these sets.

        Returns
        -------
        Bank
        """
        kept = {name: what for name, what in self.descriptions.items() if name not in sets}
        return Bank(self.sets | sets, self.weight, self.bias, kept | dict(descriptions), self.ood_head)

    def take(self, names):
        """The same bank with some of its sets only."""
        sets = {name: part for name, part in self.sets.items() if name in names}
        return Bank(sets, self.weight, self.bias, self.descriptions, self.ood_head)

    @classmethod
    def from_arrays(cls, features, labels, weight, bias, titles=None):
        """A bank of features that somebody else computed.

        Parameters
        ----------
        features : dict of str to ndarray of shape [N, C]
            Pooled features, the input of the head: ``train``, ``test`` and OOD sets by name.
        labels : dict of str to ndarray of shape [N]
            Classes 0 to K - 1 of ``train`` and ``test``.
        weight : ndarray of shape [K, C]
        bias : ndarray of shape [K]
        titles : dict of str to str, optional
            What each set is. By default its name.

        Returns
        -------
        Bank
            Each image counts as a map of one cell.

        Raises
        ------
        ValueError
            If ``train`` or ``test`` is missing, or shapes do not fit; the message names the set.
        """
        weight, bias = np.asarray(weight, np.float32), np.asarray(bias, np.float32)
        if weight.ndim != 2 or bias.shape != weight.shape[:1]:
            raise InputError(f"the head has weight {weight.shape} and bias {bias.shape}; expected [K, C] and [K]")
        sets = {}
        for name in dict.fromkeys(("train", "test", *features)):
            if name not in features or (name in ("train", "test") and name not in labels):
                raise InputError(f"features and labels need a set {name!r}; features: {', '.join(features)}")
            z = np.asarray(features[name], np.float32)
            if z.ndim != 2 or z.shape[1] != weight.shape[1] or not len(z):
                raise InputError(f"features of {name} have shape {z.shape}; expected [N, {weight.shape[1]}]")
            y = np.asarray(labels.get(name, np.full(len(z), -1)), np.int64)
            if y.shape != (len(z),):
                raise InputError(f"labels of {name} have shape {y.shape}; expected [{len(z)}]")
            sets[name] = Features(
                z @ weight.T + bias, z, np.linalg.norm(z, axis=1)[:, None, None], np.abs(z), y
            )  # fmt: skip
        titles = {name: title for name, title in (titles or {}).items() if name in sets}
        return cls(sets, weight, bias, {name: Description(name, titles[name], n=len(sets[name])) for name in titles})

    @property
    def ood(self):
        """Names of the OOD test sets, which are neither ``train`` nor ``test`` nor for validation."""
        return [name for name in self.sets if name not in ("train", "test", "val", "val_ood", "val_jigsaw")]

    def head(self, features):
        """Logits [..., K] of features [..., C]; accepts maps [N, C, 1, 1] too. Tensors in and out."""
        if features.ndim == 4:
            features = features.flatten(1)
        return torch.nn.functional.linear(features, torch.as_tensor(self.weight), torch.as_tensor(self.bias))

    def save(self, path):
        """Write one npz file, whole or not at all."""
        arrays = {
            f"{name}/{field.name}": getattr(features, field.name)
            for name, features in self.sets.items()
            for field in fields(Features)
        }
        arrays |= {f"ood_head{i}": array for i, array in enumerate(self.ood_head or ())}
        descriptions = json.dumps({name: asdict(what) for name, what in self.descriptions.items()})
        with atomic_write(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, weight=self.weight, bias=self.bias, descriptions=descriptions, **arrays)

    @classmethod
    def load(cls, path):
        """Read a bank.

        Raises
        ------
        ValueError
            If the file is not a whole bank.
        """
        try:
            with np.load(Path(path), allow_pickle=False) as file:
                names = dict.fromkeys(key.split("/")[0] for key in file.files if "/" in key)
                known = {f"{name}/{field.name}" for name in names for field in fields(Features)} | _SINGLE
                if unknown := sorted(set(file.files) - known):
                    raise InputError(f"unknown entry {unknown[0]!r}")
                sets = {name: Features(*(file[f"{name}/{field.name}"] for field in fields(Features))) for name in names}
                ood_head = [file[f"ood_head{i}"] for i in range(4)] if "ood_head0" in file else None
                descriptions = json.loads(str(file["descriptions"]))
                descriptions = {name: Description(**what) for name, what in descriptions.items()}
                return cls(sets, file["weight"], file["bias"], descriptions, ood_head)
        except FileNotFoundError:
            raise
        except Exception as error:
            raise InputError(
                f"{path} is not a whole feature bank ({error}); delete it and run the training again"
            ) from error
