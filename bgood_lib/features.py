"""One pass through the network; every score reads what it left behind."""

import json
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

import numpy as np
import torch

from .datasets.catalogue import Description
from .networks.stages import StageMeans
from .trunk_maps import has_trunk, trunk_maps
from .utils.arrays import as_float32, as_labels, open_npz
from .utils.errors import ASIDE, InputError, nearest, odd_name
from .utils.files import atomic_write

# Entries of a bank that belong to no set.
_SINGLE = {"weight", "bias", "descriptions", "identity", *(f"ood_head{i}" for i in range(4))}
_ID_SETS = ("train", "test", "val")
STAGES = "stages"
OWN = "own "  # begins the name of an entry that holds a score of `Features.own`
_TOLERANCE = 1e-3  # of logits, as a share of the sum of what they are summed up from


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
    own : dict of str to ndarray of shape [N]
        What a part beside the network says of each image, such as ProoD's discriminator: scores by name, larger = more
        OOD. Most networks have none.
    stages : ndarray of shape [N, S] or None
        Channel means of the stages before the last, side by side. None if the network names no stages, or keeps some as a
        frozen trunk; and in banks of before they were kept.
    """

    logits: np.ndarray
    features: np.ndarray
    cell_norms: np.ndarray
    channel_norms: np.ndarray
    labels: np.ndarray
    own: dict = field(default_factory=dict)
    stages: np.ndarray | None = None

    @property
    def all_stages(self):
        """Channel means of all stages, of shape [N, S + C]; the last one's are the pooled features."""
        return np.concatenate([self.stages, self.features], 1)

    def __len__(self):
        return len(self.labels)

    def take(self, rows):
        """The same of some images only; ``rows`` is an index or a mask over N."""
        own = {name: values[rows] for name, values in self.own.items()}
        stages = None if self.stages is None else self.stages[rows]
        return Features(*(getattr(self, name)[rows] for name in PARTS), own=own, stages=stages)


PARTS = tuple(field.name for field in fields(Features) if field.name not in ("own", STAGES))


@torch.no_grad()
def extract(network, images, labels, batch_size=None, keep=False):
    """Pass images through a network once, in float32 (on CUDA too: without TF32).

    Parameters
    ----------
    network : torch.nn.Module
        With ``feature_map(images)``, ``pool(feature_map)`` and ``head(features)``.
    images : ndarray of shape [N, H, W, 3], uint8
    labels : ndarray of shape [N], int64
    batch_size : int, optional
        By default 1000, on a CPU 100: small batches stay in its cache and are twice as fast.
    keep : bool, default=False
        Use and keep what a frozen trunk says of them, see :mod:`bgood_lib.trunk_maps`: for image sets.

    Returns
    -------
    Features
    """
    network.eval()
    device = next(network.parameters()).device
    parts, earlier, maps_of = [], [], network.feature_map
    own, beside, pictures = [], getattr(network, "beside", None), torch.as_tensor(images).permute(0, 3, 1, 2)
    if has_trunk(network):
        images, maps_of = trunk_maps(network, images, keep), lambda maps: network.rest(maps.float())[1]
    else:
        images = pictures
    tf32, torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.allow_tf32, False
    size = batch_size or (100 if device.type == "cpu" else 1000)
    with StageMeans(network) as stages:
        for i, batch in enumerate(images.split(size)):
            feature_map = maps_of(batch.to(device))
            earlier.append(stages.take())
            pooled = network.pool(feature_map)
            parts.append((network.head(pooled), pooled, feature_map.norm(dim=1), feature_map.norm(dim=(2, 3))))
            if beside is not None:
                own.append(beside(network, pictures[i * size : (i + 1) * size].to(device), feature_map))
                stages.clear()  # it may have passed pictures of its own
    torch.backends.cudnn.allow_tf32 = tf32
    columns = [torch.cat(column).cpu().numpy() for column in zip(*parts)]
    own = {name: torch.cat([part[name] for part in own]).cpu().numpy() for name in (own[0] if own else ())}
    stages = None if earlier[0] is None else torch.cat(earlier).cpu().numpy()
    return Features(*columns, labels=np.asarray(labels, dtype=np.int64), own=own, stages=stages)


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
    identity : str, optional
        Of the training whose network this is, see :func:`bgood_lib.runs.identity.run_id`.
    """

    def __init__(self, sets, weight, bias, descriptions=(), ood_head=None, identity=""):
        self.sets, self.weight, self.bias, self.ood_head, self.identity = sets, weight, bias, ood_head, identity
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
        descriptions = kept | dict(descriptions)
        return Bank(self.sets | sets, self.weight, self.bias, descriptions, self.ood_head, self.identity)

    def take(self, names):
        """The same bank with some of its sets only."""
        sets = {name: part for name, part in self.sets.items() if name in names}
        return Bank(sets, self.weight, self.bias, self.descriptions, self.ood_head, self.identity)

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
        InputError
            If ``train`` or ``test`` is missing, or an array does not fit; the message names it.
        """
        weight, bias = _checked_head(weight, bias)
        sets = {}
        for name in dict.fromkeys(("train", "test", *features)):
            for what, given in (("features", features), ("labels", labels)):
                if name not in given and (what == "features" or name in ("train", "test")):
                    raise InputError(
                        f"{what} have no set {name!r}, only {', '.join(map(str, given)) or 'none'}; give it, as features "
                        "and labels both need train and test"
                    )
            z = as_float32(features[name], f"features of {name}", ("N", weight.shape[1]), _as_the(weight))
            sets[name] = _checked(
                name, weight, bias, z @ weight.T + bias, z, np.linalg.norm(z, axis=1)[:, None, None], np.abs(z),
                labels.get(name, np.full(len(z), -1)),
            )  # fmt: skip
        if unused := sorted(set(labels) - set(sets)):
            raise InputError(
                f"labels have a set {unused[0]!r}, features only {', '.join(sets)}; give both, or rename it{nearest(unused[0], sets)}"
            )
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
        arrays = {f"{name}/{part}": getattr(features, part) for name, features in self.sets.items() for part in PARTS}
        arrays |= {f"{name}/{STAGES}": one.stages for name, one in self.sets.items() if one.stages is not None}
        arrays |= {f"{name}/{OWN}{key}": part for name, one in self.sets.items() for key, part in one.own.items()}
        arrays |= {f"ood_head{i}": array for i, array in enumerate(self.ood_head or ())}
        descriptions = json.dumps({name: asdict(what) for name, what in self.descriptions.items()})
        arrays |= {"weight": self.weight, "bias": self.bias, "descriptions": descriptions, "identity": self.identity}
        with atomic_write(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, **arrays)

    @classmethod
    def load(cls, path):
        """Read a bank, and check that it is one: names, shapes, labels, and that the head gives its logits.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        InputError
            If it is not a whole bank; the message names what is wrong.
        """
        path = Path(path)
        try:
            with open_npz(path) as file:
                return cls(*_read(file))
        except FileNotFoundError:
            raise
        except Exception as error:
            ours = path.name == "bank.npz" and (path.parent / "record.json").is_file()
            way = ASIDE if ours else "give a run's folder or a bank; one of your own: save it again with Bank.save"
            raise InputError(f"{path} is no feature bank that can be used ({error}); {way}") from error


def _read(file):
    """What an open npz file of a bank holds: all that makes a :class:`Bank`."""
    parts, own = PARTS, [key for key in file.files if key.partition("/")[2].startswith(OWN)]
    names = dict.fromkeys(key.rpartition("/")[0] for key in file.files if "/" in key)
    known = {f"{name}/{part}" for name in names for part in parts} | _SINGLE
    stages = {name: f"{name}/{STAGES}" for name in names if f"{name}/{STAGES}" in file}
    if unknown := sorted(set(file.files) - known - set(own) - set(stages.values())):
        raise InputError(
            f"unknown entry {unknown[0]!r}; expected weight, bias, descriptions, identity, and of each set {', '.join(parts)}"
        )
    for name in ("train", "test"):
        if name not in names:
            raise InputError(f"it has no set {name!r}; its sets: {', '.join(names) or 'none'}")
    for entry in sorted((known - _SINGLE | {"weight", "bias", "descriptions"}) - set(file.files)):
        raise InputError(f"it has no {entry}")
    weight, bias = _checked_head(file["weight"], file["bias"])
    sets = {name: _checked(name, weight, bias, *(file[f"{name}/{part}"] for part in parts)) for name in names}
    channels = "S"
    for name, key in stages.items():
        found = as_float32(file[key], key, (len(sets[name]), channels))
        sets[name], channels = replace(sets[name], stages=found), found.shape[1]
    for key in own:
        name, _, score = key.partition("/")
        sets[name].own[score.removeprefix(OWN)] = as_float32(file[key], key, (len(sets[name]),))
    ood_head = None
    if "ood_head0" in file:
        shapes = ("H", weight.shape[1]), (len(file["ood_head0"]),), (2, len(file["ood_head0"])), (2,)
        if lacking := [f"ood_head{i}" for i in range(4) if f"ood_head{i}" not in file]:
            raise InputError(f"it has ood_head0, but no {lacking[0]}; expected all of ood_head0 to ood_head3, or none")
        ood_head = [as_float32(file[f"ood_head{i}"], f"ood_head{i}", shape) for i, shape in enumerate(shapes)]
    try:
        descriptions = {name: Description(**what) for name, what in json.loads(str(file["descriptions"])).items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise InputError(
            f"its entry 'descriptions' is {str(file['descriptions'])[:60]!r}; expected JSON with name, title and n of each "
            "set, as Bank.save writes it"
        ) from None
    for name in descriptions.keys() & names.keys():
        if descriptions[name].n != len(sets[name]):
            raise InputError(
                f"{name} has {len(sets[name])} rows and is described as {descriptions[name].n} images; expected as many"
            )
    return sets, weight, bias, descriptions, ood_head, str(file["identity"]) if "identity" in file else ""


def _checked_head(weight, bias):
    """Weight and bias of a head as float32, if they are some."""
    shapes = np.shape(weight), np.shape(bias)
    if len(shapes[0]) != 2 or shapes[1] != shapes[0][:1] or shapes[0][0] < 2:
        raise InputError(
            f"the head has weight {shapes[0]} and bias {shapes[1]}; expected weight (classes, channels) and bias "
            "(classes,), of at least 2 classes"
        )
    return as_float32(weight, "weight of the head", ("K", "C")), as_float32(bias, "bias of the head", ("K",))


def _as_the(weight):
    return f"as the head's weight is {list(weight.shape)}"


def _checked(name, weight, bias, logits, features, cell_norms, channel_norms, labels):
    """A set of a bank, if it is one."""
    if wrong := odd_name(name):
        raise InputError(f"a set is called {name!r}: {wrong}")
    n_classes, channels = weight.shape
    features = as_float32(features, f"features of {name}", ("N", channels), _as_the(weight))
    n = len(features)
    logits = as_float32(logits, f"logits of {name}", ("N", n_classes), _as_the(weight))
    cell_norms = as_float32(cell_norms, f"cell_norms of {name}", ("N", "h", "w"))
    channel_norms = as_float32(channel_norms, f"channel_norms of {name}", ("N", channels), _as_the(weight))
    rows = {"features": n, "logits": len(logits), "cell_norms": len(cell_norms), "channel_norms": len(channel_norms)}
    if len(set(rows.values())) > 1:
        told = ", ".join(f"{part} of {count}" for part, count in rows.items())
        raise InputError(f"{name} holds {told} images; expected all of the same images")
    labels = as_labels(labels, f"labels of {name}", n, n_classes if name in _ID_SETS else 0)
    allowed = np.abs(features) @ np.abs(weight.T) + np.abs(bias)
    expected = features @ weight.T + bias
    wrong = np.abs(expected - logits) > _TOLERANCE * allowed + 1e-5
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise InputError(
            f"logits of {name} do not come from its features and the bank's weight and bias, in "
            f"{int(wrong.any(1).sum())} of {n} rows, first in row {row} (from 0): {logits[row, column]:.6g} instead of "
            f"{expected[row, column]:.6g}; expected all parts from one network"
        )
    return Features(logits, features, cell_norms, channel_norms, labels)
