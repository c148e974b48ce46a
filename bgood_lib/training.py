"""One training loop, to be read in one sitting.

The whole data set sits on the device as uint8; augmentation, forward pass, loss and step
happen there. All randomness of an epoch follows from the seed and the epoch's number, so a
training that was killed resumes where its last checkpoint stands.
"""

import dataclasses
import hashlib
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrize
from tqdm import tqdm

from . import cuda_graph
from .augmentation import augment, draw_moves
from .auxiliary_heads import add_heads
from .background_loss import background_loss, two_map_loss
from .config import Config
from .files import atomic_write
from .machine import choose_precision
from .networks import SmallResNet, WhitenedCNN, channel_statistics
from .resnet18 import ResNet18_32x32


class TrainingDiverged(FloatingPointError):
    """The loss became infinite or not a number."""


def make_network(config, images, labels):
    """The network of a configuration, with initial weights drawn from its seed.

    Parameters
    ----------
    config : Config
    images : ndarray of shape [N, 32, 32, 3], uint8
        Training images; their channel statistics become the network's normalisation.
    labels : ndarray of shape [N], int64
        Classes 0 to K - 1.

    Returns
    -------
    SmallResNet, WhitenedCNN or ResNet18_32x32
    """
    torch.manual_seed(config.seed)
    network = build_network(config, int(labels.max()) + 1, *channel_statistics(images))
    if config.network == "whitened_cnn":
        network.whiten(images[:5000])
    return network


def build_network(config, n_classes, mean, std):
    """The network of a configuration, for K = ``n_classes`` and given channel statistics (3 floats each)."""
    if config.network == "resnet18_32x32":
        network = ResNet18_32x32(n_classes, mean, std)
    else:
        kind = WhitenedCNN if config.network == "whitened_cnn" else SmallResNet
        network = kind(n_classes, config.stages, config.width, mean, std)
    if config.classification == "t2fnorm":
        parametrize.register_parametrization(network.head, "weight", Divided(config.t2fnorm_temperature))
    add_heads(network, config)
    return network


class Divided(nn.Module):
    """Weights that are used divided by a temperature."""

    def __init__(self, temperature):
        super().__init__()
        self.temperature = temperature

    def forward(self, weight):
        return weight / self.temperature


def head_in_training(network, config):
    """What turns features [..., C] into logits [..., K] while training.

    The network's head; for T2FNorm (Regmi et al., CVPR Workshops 2024) the head of features of
    length one. When training is over they keep their length.
    """
    if config.classification == "t2fnorm":
        return lambda features: network.head(F.normalize(features.float(), dim=-1))
    return network.head


def classification_loss(logits, labels, config):
    """Cross-entropy, or LogitNorm: cross-entropy of logits of length 1 / temperature (Wei et al., ICML 2022, eq. 5)."""
    if config.classification == "logitnorm":
        length = logits.norm(dim=1, keepdim=True) + 1e-7
        logits = logits / (config.logitnorm_temperature * length)
    return F.cross_entropy(logits, labels)


def losses(network, x, y, config, with_background=True, generator=None, maps_of=None):
    """What one batch costs.

    Parameters
    ----------
    network : torch.nn.Module
        With ``feature_map``, ``pool`` and ``head``.
    x : Tensor of shape [B, H, W, 3] or [B, H, W, 4], uint8
        Images; a fourth channel is the true foreground mask.
    y : Tensor of shape [B], int64
    config : Config
    with_background : bool, default=True
        Whether the background loss is computed.
    generator : torch.Generator, optional
        For the ``random`` selector.
    maps_of : callable, optional
        In the place of ``network.feature_maps``.

    Returns
    -------
    classification loss, background loss (not weighted, 0 without), accuracy : scalar Tensors
    """
    previous, last = (maps_of or network.feature_maps)(x[..., :3].permute(0, 3, 1, 2))
    head = head_in_training(network, config)
    logits = head(network.pool(last)).float()
    loss = classification_loss(logits, y, config)
    if config.judge == "own":  # its loss is a part of this one, but does not reach the network
        loss = loss + F.cross_entropy(network.early_head(network.pool(previous.detach())).float(), y)
    background = torch.zeros((), device=x.device)
    if with_background:
        options = dict(
            selector=config.selector, patch_size=config.patch_size, n_patches=config.n_patches or None,
            top_k=config.top_k, threshold=config.threshold, penalty=config.penalty, generator=generator,
            masks=x[..., 3] if x.shape[-1] == 4 else None, ood_head=getattr(network, "ood_head", None),
        )  # fmt: skip
        if config.layer == "last":
            background = background_loss(last, y, head, **options)
        else:
            early_head = getattr(network, "early_head", None)
            background = two_map_loss(previous, last, y, head, early_head, config.layer == "both", **options)
    return loss, background, (logits.argmax(1) == y).float().mean()


def learning_rate_at(step, steps, config):
    """Learning rate of a step.

    ``linear``: a climb for the share ``config.warmup`` of the steps, then a straight line to zero.
    ``cosine``: half a cosine from the full rate to 1e-6, as OpenOOD has it.
    """
    if config.schedule == "cosine":
        return 1e-6 + (config.learning_rate - 1e-6) * 0.5 * (1 + math.cos(math.pi * step / steps))
    warmup = max(1, round(config.warmup * steps))
    return config.learning_rate * min((step + 1) / warmup, (steps - step) / max(1, steps - warmup))


def train(
    network, images, labels, config, device, masks=None, checkpoint=None, run="", report=print, acceleration="auto"
):  # fmt: skip
    """Train a network, or finish the training that a checkpoint holds.

    Parameters
    ----------
    network : torch.nn.Module
        Of :func:`make_network`; changed in place.
    images : ndarray of shape [N, H, W, 3], uint8
    labels : ndarray of shape [N], int64
    config : Config
    device : torch.device
    masks : ndarray of shape [N, H, W], bool, optional
        True foreground masks; the ``oracle`` selector needs them.
    checkpoint : path, optional
        Where to keep the state: written at the end of an epoch when a minute has passed since
        the last time, and after the last epoch. A finished one of the same ``run`` is not
        trained again.
    run : str
        The training's identity, :func:`bgood_lib.identity.run_id`. A checkpoint of another
        run is left aside and overwritten.
    report : callable, default=print
        Receives one line an epoch.
    acceleration : str, default="auto"
        ``none``; ``graph`` (a CUDA graph of the step); ``compile`` (that, of a network that
        torch.compile has rewritten: about a minute to begin with). ``auto`` is ``graph`` on CUDA
        where the loss allows it and ``none`` elsewhere.

    Returns
    -------
    list of dict : one per epoch: epoch, loss, background_loss, train_accuracy (share in [0, 1]),
        seconds.

    Raises
    ------
    TrainingDiverged
        When the loss is not finite, at the end of that epoch; the last good checkpoint stays.
    ValueError
        If ``acceleration`` is unknown or not for this device and loss, or ``crop_padding`` is not
        less than the side of an image.
    """
    side = min(images.shape[1:3])
    if config.crop_padding >= side:
        raise ValueError(f"crop_padding is {config.crop_padding}; it must be less than the image's side, {side}")
    acceleration = choose_acceleration(acceleration, config, device)
    network.to(device, memory_format=torch.channels_last)
    images, labels = torch.as_tensor(images), torch.as_tensor(labels)
    if masks is not None:  # a mask moves with its image: it travels as a fourth channel
        images = torch.cat([images, torch.as_tensor(masks, dtype=torch.uint8).unsqueeze(-1)], dim=-1)
    images, labels = images.to(device), labels.to(device)
    steps_per_epoch = max(1, len(images) // config.batch_size)
    steps = config.epochs * steps_per_epoch
    background_from = math.ceil(config.background_start * steps) if config.uses_background else steps
    optimizer = torch.optim.SGD(
        network.parameters(), lr=config.learning_rate, momentum=config.momentum,
        weight_decay=config.weight_decay, nesterov=True, fused=device.type == "cuda",
    )  # fmt: skip
    precision = choose_precision(device)
    history = _resume(network, optimizer, checkpoint, run, device)
    saved, kept = time.monotonic(), bool(history)
    maps_of = torch.compile(network.feature_maps) if acceleration == "compile" else network.feature_maps
    choice_rng = torch.Generator()
    torch.backends.cudnn.benchmark = True  # every batch has the same shape

    def forward_backward(x, y, with_background):
        """Gradients of one batch; returns its classification loss, background loss and accuracy."""
        with torch.autocast(device.type, precision, enabled=precision != torch.float32, cache_enabled=False):
            loss, background, accuracy = losses(network, x, y, config, with_background, choice_rng, maps_of)
        (loss + config.weight * background).backward()
        return torch.stack([loss, background, accuracy]).detach()

    step_of = {}  # with background or without: the function that does a step
    for epoch in range(len(history), config.epochs):
        begin = time.monotonic()
        order_rng = torch.Generator().manual_seed(1_000_003 * config.seed + epoch)
        choice_rng.manual_seed(2**40 + 1_000_003 * config.seed + epoch)
        order = torch.randperm(len(images), generator=order_rng).to(device)
        moves = draw_moves(len(images), order_rng, config.crop_padding, config.flip).to(device)
        figures = torch.zeros(steps_per_epoch, 3, device=device)
        network.train()
        for i in tqdm(range(steps_per_epoch), f"epoch {epoch + 1}", leave=False, disable=None):
            step = epoch * steps_per_epoch + i
            for group in optimizer.param_groups:
                group["lr"] = learning_rate_at(step, steps, config)
            batch = order[i * config.batch_size : (i + 1) * config.batch_size]
            x, y = augment(images[batch], moves[batch]), labels[batch]
            with_background = step >= background_from
            if acceleration == "none":
                optimizer.zero_grad(set_to_none=True)
                figures[i] = forward_backward(x, y, with_background)
            else:
                if with_background not in step_of:
                    step_of[with_background] = cuda_graph.record(
                        lambda x, y, b=with_background: forward_backward(x, y, b), network, x, y
                    )
                figures[i] = step_of[with_background](x, y)
            optimizer.step()

        _check_finite(figures, epoch, config, f". The last good state is in {checkpoint}" if kept else "")
        loss, background, accuracy = figures.double().mean(0).tolist()
        history.append({
            "epoch": epoch + 1, "loss": loss, "background_loss": background,
            "train_accuracy": accuracy, "seconds": time.monotonic() - begin,
        })  # fmt: skip
        if checkpoint and (epoch + 1 == config.epochs or time.monotonic() - saved > 60):
            _save(network, optimizer, checkpoint, run, config, history)
            saved, kept = time.monotonic(), True
        report(
            f"epoch {epoch + 1:3d}/{config.epochs}  loss {loss:.3f}  background {background:.3f}  "
            f"train {100 * accuracy:.1f}%  {history[-1]['seconds']:.0f} s"
        )
    return history


def choose_acceleration(name, config, device):
    """How a training's steps are run: ``none``, ``graph`` or ``compile``; see :func:`train`.

    Raises
    ------
    ValueError
        If the name is unknown, or it needs CUDA or a loss without random numbers and has none.
    """
    # Random cells are drawn on the CPU and true masks travel with the images: no graph for them.
    fits = device.type == "cuda" and config.selector not in ("random", "oracle")
    if name == "auto":
        return "graph" if fits else "none"
    if name not in ("none", "graph", "compile"):
        raise ValueError(f"unknown acceleration {name!r}; choose auto, none, graph or compile")
    if name != "none" and not fits:
        raise ValueError(
            f"acceleration {name!r} needs CUDA and a selector other than random and oracle; "
            f"here: {device.type}, {config.selector}. Use auto or none"
        )
    return name


def _check_finite(figures, epoch, config, hint):
    bad = ~figures.isfinite().all(1)
    if bad.any():
        i = int(bad.int().argmax())
        loss, background, _ = figures[i].tolist()
        raise TrainingDiverged(
            f"the loss is not finite at epoch {epoch + 1}, step {i + 1} of {len(figures)} "
            f"(classification {loss}, background {background}); "
            f"lower learning_rate ({config.learning_rate}) or weight ({config.weight}){hint}"
        )


def _save(network, optimizer, checkpoint, run, config, history):
    state = {
        "run": run, "history": history, "config": dataclasses.asdict(config),
        "n_classes": network.head.out_features, "mean": network.mean.flatten().tolist(), "std": network.std.flatten().tolist(),
        "network": network.state_dict(), "optimizer": optimizer.state_dict(),
    }  # fmt: skip
    with atomic_write(checkpoint) as temporary:
        torch.save(state, temporary)


def _resume(network, optimizer, checkpoint, run, device):
    """History of the epochs that a checkpoint of this run already holds."""
    if not checkpoint or not Path(checkpoint).exists():
        return []
    state = _read(checkpoint, device)
    if state["run"] != run:
        return []
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    return state["history"]


def _read(checkpoint, device):
    try:
        return torch.load(checkpoint, map_location=device, weights_only=True)
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(
            f"{checkpoint} is not a whole checkpoint ({error}); delete it and run the training again"
        ) from error


def load_network(checkpoint):
    """The trained network of a checkpoint, on the CPU, in evaluation mode.

    Parameters
    ----------
    checkpoint : path

    Returns
    -------
    SmallResNet, WhitenedCNN or ResNet18_32x32

    Raises
    ------
    ValueError
        If the file is not a whole checkpoint.
    """
    state = _read(checkpoint, "cpu")
    try:
        network = build_network(Config(**state["config"]), state["n_classes"], state["mean"], state["std"])
        network.load_state_dict(state["network"])
    except (KeyError, TypeError, RuntimeError) as error:
        raise ValueError(f"{checkpoint} is of another version of this project ({error}); train again") from error
    return network.eval()


def weights_sha256(network):
    """Checksum of all weights and buffers: two trainings with equal ones are one training."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensor.detach().cpu().contiguous().numpy()).tobytes())
    return digest.hexdigest()
