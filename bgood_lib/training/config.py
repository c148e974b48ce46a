"""What a training is made of: its configuration, and the profiles it starts from."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from ..background_loss.penalties import PENALTIES
from ..background_loss.selectors import SELECTORS
from ..networks import NETWORKS
from ..networks.pretrained import TRAINED
from ..utils.errors import InputError, nearest
from .losses import CLASSIFICATION
from .optimizers import OPTIMIZERS
from .outliers import DEFAULT as OUTLIERS

SCHEDULES = ("linear", "cosine")
LAYERS = ("last", "previous", "both")
JUDGES = ("last", "own")
PRECISIONS = ("float32", "bfloat16")
FLIPS = (False, True, "alternate")


class Methods(Mapping):
    """Training methods: every classification loss, alone and with the background loss.

    A mapping of the method's name to (classification loss, whether the background loss is added).
    """

    def _all(self):
        for name in CLASSIFICATION:
            yield name, (name, False)
            yield "background" if name == "cross_entropy" else f"{name}_background", (name, True)

    def __getitem__(self, method):
        return dict(self._all())[method]

    def __iter__(self):
        return (method for method, _ in self._all())

    def __len__(self):
        return 2 * len(CLASSIFICATION)


METHODS = Methods()

SIZES = ("stages", "width", "backbone", "trained")  # what a network may be told

OF_PROFILE = (*SIZES, "epochs", "batch_size", "learning_rate")

# A profile is a network and a schedule that fit a data set and a machine.
PROFILES = {
    # the embedded scenes: about half a minute on one core; digits must not be mirrored
    "scenes": dict(stages=2, width=16, epochs=12, batch_size=64, learning_rate=0.1, flip=False, crop_padding=2),
    # 50,000 images of 32 x 32 on a CPU: under ten minutes on one core
    "cpu": dict(
        network="whitened_cnn", stages=3, width=64, epochs=7, batch_size=128, learning_rate=0.2, flip=True, crop_padding=4
    ),
    # the same images on the same CPU, for more accuracy: one to two hours on one core
    "strong": dict(
        network="residual_cnn", stages=3, width=64, epochs=32, batch_size=500, optimizer="muon", learning_rate=0.08,
        momentum=0.85, warmup=0.0, flip="alternate", crop_padding=4, cutout=8,
    ),
    # photographs, on a network that has seen ImageNet: minutes on one core, most of them for a first look
    "photos": dict(
        network="pretrained", backbone="tf_efficientnet_lite0", trained="last_block", epochs=6, batch_size=32,
        learning_rate=0.005, schedule="cosine", flip=True, crop_padding=0, weight=0.01,
    ),
    # stick figures: seconds an epoch on one core; a row is a joint and a column a moment, so nothing is mirrored or shifted
    "skeletons": dict(
        network="skeleton_gcn", stages=2, width=8, epochs=8, batch_size=64, learning_rate=0.1, weight_decay=4e-4, flip=False,
        crop_padding=0,
    ),
    # a small transformer for the embedded scenes: a few minutes on one core
    "vit": dict(
        network="small_vit", stages=2, width=64, epochs=12, batch_size=32, optimizer="adamw", learning_rate=0.001,
        weight_decay=0.05, flip=False, crop_padding=2,
    ),
    # OpenOOD's recipe: minutes on a large GPU, many hours on a CPU
    "full": dict(
        network="resnet18_32x32", epochs=100, batch_size=128, learning_rate=0.1, schedule="cosine", flip=True, crop_padding=4
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Config:
    """Effective configuration of one training.

    Two equal configurations on equal data and code are one and the same run. A field that is None is not
    used, and does not count: a field that is added later begins as None, so that earlier runs stay the same.

    Attributes
    ----------
    dataset : str
        In-distribution data set.
    method : str
        One of ``METHODS``: the classification loss, with or without the background loss.
    seed : int
        Seeds the initial weights, the order of the images and their augmentation; the same
        seed pairs two methods.
    selector, weight, patch_size, n_patches, top_k, threshold, penalty
        The background loss, see :func:`bgood_lib.background_loss.loss.background_loss`;
        ``weight`` multiplies it. ``n_patches`` 0 stands for a quarter of the patches, ``threshold``
        0 for the publication's. All are None (``weight`` 0) where the method has no background loss.
    layer : str or None
        Which map the background loss acts on, one of ``LAYERS``: that of the last stage, the finer
        one before it, or both.
    judge : str or None
        Who says what background is on the map before the last stage, one of ``JUDGES``: the last
        map, or a head of its own. See :func:`bgood_lib.background_loss.loss.two_map_loss`.
    background_start : float or None
        Share of the steps before the background loss begins. A network that has learned nothing
        cannot tell background, and the loss can shrink all its features to nothing.
    logitnorm_temperature : float or None
        Temperature of LogitNorm (Wei et al., ICML 2022: 0.04), None for other losses.
    t2fnorm_temperature : float or None
        Temperature of T2FNorm (Regmi et al., CVPR Workshops 2024; OpenOOD: 0.1), None for other losses.
    label_smoothing : float or None
        Share of a label that goes to all classes evenly (Szegedy et al., CVPR 2016: 0.1), None for other losses.
    dropout : float or None
        Share of the pooled features that the head does without in a step (Srivastava et al., JMLR 2014: 0.5), None for
        other losses.
    outliers : str or None
        Image set whose pictures stand for the unknown in training, or ``background``: the background features
        themselves. See :mod:`bgood_lib.training.outliers`; None where the method needs none.
    unknowns : str or None
        How SyncOOD's unknown pictures are made, see :func:`bgood_lib.training.methods.syncood.destroy`.
    teacher : str or None
        Checksum of the weights of the network that is learned from; None where there is none.
    outlier_weight : float or None
        What multiplies the loss on outliers (outlier exposure: 0.5).
    doe_start : float or None
        Share of the steps before DOE disturbs the weights (publication: half).
    energy_margin : float or None
        Energy above which a training sequence costs (Skeleton-OOD: -25), None for other losses.
    pretraining : float or None
        Share of the epochs in which MOOD fills in hidden patches, before it learns classes.
    n_train : int
        Train on the first ``n_train`` images; 0 for all.
    network : str
        One of ``bgood_lib.networks.NETWORKS``.
    stages, width
        Sizes of the networks that have them, see :mod:`bgood_lib.networks`; None for others.
    backbone, trained
        Name of a pre-trained network, and what of it is trained, see
        :class:`bgood_lib.networks.pretrained.Pretrained`; None for others.
    epochs, batch_size, learning_rate, momentum, weight_decay
        SGD with Nesterov momentum, or what ``optimizer`` names.
    optimizer : str or None
        One of ``bgood_lib.training.optimizers.OPTIMIZERS``; None is SGD.
    bias_rate, head_rate : float or None
        How many times ``learning_rate`` the biases of batch normalisation have, for every image of a batch, and the
        head; see :func:`bgood_lib.training.optimizers.muon`. None for SGD.
    schedule : str
        One of ``SCHEDULES``, see :func:`bgood_lib.training.loop.learning_rate_at`.
    warmup : float or None
        Share of the steps in which a ``linear`` schedule climbs.
    flip, crop_padding
        Augmentation: horizontal mirroring, one of ``FLIPS`` (True is by chance, ``alternate`` in every second
        epoch); random shift of up to ``crop_padding`` pixels.
    cutout : int or None
        Side, in pixels, of a grey square that is cut out of each image; None for none.
    precision : str
        What the forward pass of training computes in, one of ``PRECISIONS``; evaluation is always float32.
        See :func:`bgood_lib.training.loop.choose_precision`.
    init : str or None
        Checksum of the weights that the training begins from; None where they are drawn from the seed.
    """

    dataset: str = "scenes"
    method: str = "background"
    seed: int = 0
    selector: str | None = "cam_threshold"
    weight: float = 0.1
    patch_size: int | None = 1
    n_patches: int | None = 0
    top_k: int | None = 3
    threshold: float | None = None
    penalty: str | None = "norm"
    layer: str | None = "last"
    judge: str | None = None
    background_start: float | None = 0.3
    logitnorm_temperature: float | None = 0.04
    t2fnorm_temperature: float | None = None
    n_train: int = 0
    network: str = "small_resnet"
    stages: int | None = 2
    width: int | None = 16
    epochs: int = 12
    batch_size: int = 64
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4
    schedule: str = "linear"
    warmup: float | None = 0.2
    flip: bool | str = True
    crop_padding: int = 4
    precision: str = "float32"
    init: str | None = None
    optimizer: str | None = None
    bias_rate: float | None = None
    head_rate: float | None = None
    cutout: int | None = None
    backbone: str | None = None
    trained: str | None = None
    label_smoothing: float | None = None
    outliers: str | None = None
    outlier_weight: float | None = None
    unknowns: str | None = None
    teacher: str | None = None
    doe_start: float | None = None
    energy_margin: float | None = None
    pretraining: float | None = None
    dropout: float | None = None

    @property
    def uses_background(self):
        return METHODS[self.method][1]

    @property
    def classification(self):
        return METHODS[self.method][0]

    @property
    def head_divisor(self):
        return CLASSIFICATION[self.classification].head_divisor(self)


def _check_name(what, name, names):
    if name not in names:
        raise InputError(f"unknown {what} {name!r}; choose one of {', '.join(names)}{nearest(name, names)}")


def make_config(profile, **settings):
    """Configuration from a profile and what differs from it.

    Settings that the method does not use are cleared, so that the same training always
    has the same configuration.

    Parameters
    ----------
    profile : str
        One of ``PROFILES``.
    **settings
        Fields of :class:`Config`. 0 (or "") for one of ``OF_PROFILE``, and -1 for ``weight`` and
        ``weight_decay``, keep the profile's.

    Returns
    -------
    Config

    Raises
    ------
    ValueError
        If a name is unknown or a value out of range; the message names the valid ones.
    """
    _check_name("profile", profile, PROFILES)
    names = [field.name for field in dataclasses.fields(Config)]
    for name in settings:
        if name not in names:
            raise InputError(f"unknown setting {name!r}; choose among {', '.join(names)}{nearest(name, names)}")
    settings = {name: value for name, value in settings.items() if value or name not in OF_PROFILE}
    for name in ("weight", "weight_decay"):
        if settings.get(name) == -1:
            del settings[name]
    config = Config(**{**PROFILES[profile], **settings})
    _check_name("method", config.method, METHODS)
    _check_name("schedule", config.schedule, SCHEDULES)
    _check_name("precision", config.precision, PRECISIONS)
    NETWORKS.find(config.network)
    OPTIMIZERS.find(config.optimizer or "sgd")
    if config.network == "pretrained":
        _check_name("part to be trained", config.trained, TRAINED)
        if config.trained != "all" and (config.crop_padding or config.cutout):
            raise InputError(
                "what a frozen trunk says is kept, so images can only be mirrored: crop_padding 0, cutout 0"
            )
    if config.flip not in FLIPS:
        raise InputError(f"flip is {config.flip!r}; choose one of {', '.join(map(str, FLIPS))}")
    for name, low in dict(
        seed=0,
        weight=0,
        weight_decay=0,
        patch_size=1,
        n_patches=0,
        top_k=1,
        n_train=0,
        epochs=1,
        batch_size=2,
        crop_padding=0,
        stages=1,
        width=1,
    ).items():
        if not getattr(config, name) >= low:
            raise InputError(f"{name} is {getattr(config, name)}; it must be at least {low}")
    if config.uses_background:
        SELECTORS.find(config.selector)
        PENALTIES.find(config.penalty)
        _check_name("layer", config.layer, LAYERS)
        if config.trained == "head":
            raise InputError("trained is head: the background loss would change nothing; use method cross_entropy")
        if config.layer != "last":
            if not NETWORKS[config.network].has_previous:
                raise InputError(f"layer is {config.layer!r}; {config.network} shows its last map only, use layer last")
            _check_name("judge", config.judge or "last", JUDGES)
            judged = config.judge == "own" and config.penalty != "ood_head"
            if PENALTIES[config.penalty].needs_head and not judged:
                raise InputError(f"penalty {config.penalty!r} needs a head of the map it acts on; use layer last")
    for name in ("background_start", "threshold", "dropout", "pretraining"):
        if not 0 <= (getattr(config, name) or 0) < 1:
            raise InputError(f"{name} is {getattr(config, name)}; it must be at least 0 and less than 1")
    if config.classification == "mecam" and not NETWORKS[config.network].has_previous:
        raise InputError(f"method mecam needs two maps, and {config.network} shows its last one only; choose another")
    if (config.cutout or 0) < 0:
        raise InputError(f"cutout is {config.cutout}; it must be at least 0")
    for name in ("learning_rate", "bias_rate", "head_rate"):
        if getattr(config, name) is not None and not getattr(config, name) > 0:
            raise InputError(f"{name} is {getattr(config, name)}; it must be positive")
    return dataclasses.replace(config, **_unused(config))


def _unused(config):
    """What the method, network, schedule and optimizer of a configuration do not use, set to None (a weight to 0)."""
    unused = {name: None for name in SIZES if name not in NETWORKS[config.network].sizes}
    unused["cutout"] = config.cutout or None
    if config.schedule != "linear":
        unused["warmup"] = None
    optimizer = config.optimizer or "sgd"
    unused["optimizer"] = None if optimizer == "sgd" else optimizer
    for registry, used in ((CLASSIFICATION, config.classification), (OPTIMIZERS, optimizer)):
        unused |= {field: None for entry in registry.values() for field in entry.parameters}
        unused |= {field: getattr(config, field) or default for field, default in registry[used].parameters.items()}
    if "outliers" in CLASSIFICATION[config.classification].parameters:
        unused["outliers"] = config.outliers or OUTLIERS.get(config.dataset)
        if not unused["outliers"]:
            raise InputError(f"method {config.method} learns from unknowns; name an image set, outliers=NAME")
    if not config.uses_background:
        names = "selector patch_size n_patches top_k threshold penalty layer judge background_start"
        return {**unused, **dict.fromkeys(names.split()), "weight": 0.0}
    options = SELECTORS[config.selector].options
    for field in ("n_patches", "top_k", "threshold"):
        unused[field] = (getattr(config, field) or options[field] or 0) if field in options else None
    unused["judge"] = None if config.layer == "last" else config.judge or "last"
    return unused
