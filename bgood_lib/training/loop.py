"""One training loop, to be read in one sitting.

The whole data set sits on the device as uint8; augmentation, forward pass, loss and step
happen there (of a network with a frozen trunk, its maps are the data set). All randomness of an epoch follows from the seed and the epoch's number, so a
training that was killed resumes where its last checkpoint stands.
"""

import math
import time

import torch
from tqdm import tqdm

from ..utils.errors import TrainingDiverged
from .checkpoint import resume, save
from .examples import examples_of
from .losses import losses
from .optimizers import OPTIMIZERS


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
    network, images, labels, config, device, masks=None, checkpoint=None, identity="", report=print, compiled=False
):  # fmt: skip
    """Train a network, or finish the training that a checkpoint holds.

    Parameters
    ----------
    network : torch.nn.Module
        Of :func:`bgood_lib.networks.build.make_network`; changed in place.
    images : ndarray of shape [N, H, W, 3], uint8
    labels : ndarray of shape [N], int64
    config : Config
    device : torch.device
    masks : ndarray of shape [N, H, W], bool, optional
        True foreground masks; the ``oracle`` selector needs them.
    checkpoint : path, optional
        Where to keep the state: written at the end of an epoch when a minute has passed since
        the last time, and after the last epoch. A finished one of the same identity is not
        trained again.
    identity : str
        Of the training, see :func:`bgood_lib.runs.identity.run_id`. A checkpoint of another one is left
        aside and overwritten.
    report : callable, default=print
        Receives one line an epoch.
    compiled : bool, default=False
        Let torch.compile rewrite the network: about a minute to begin with, and it needs a C++ compiler.

    Returns
    -------
    list of dict : one per epoch: epoch, loss, background_loss, train_accuracy (share in [0, 1]),
        seconds.

    Raises
    ------
    TrainingDiverged
        When the loss is not finite, at the end of that epoch; the last good checkpoint stays.
    ValueError
        If ``crop_padding`` or ``cutout`` is not less than the side of an image.
    """
    network.to(device, memory_format=torch.channels_last)
    labels = torch.as_tensor(labels).to(device)
    examples = examples_of(network, images, masks, config, device)
    steps_per_epoch = max(1, len(labels) // config.batch_size)
    steps = config.epochs * steps_per_epoch
    background_from = math.ceil(config.background_start * steps) if config.uses_background else steps
    optimizer = OPTIMIZERS[config.optimizer or "sgd"](network, config, device)
    precision = getattr(torch, config.precision)
    history = resume(network, optimizer, checkpoint, identity, device)
    saved, kept = time.monotonic(), bool(history)
    maps_of = torch.compile(examples.maps_of) if compiled else examples.maps_of
    choice_rng = torch.Generator()
    torch.backends.cudnn.benchmark = True  # every batch has the same shape

    def forward_backward(x, masks, y, with_background):
        """Gradients of one batch; returns its classification loss, background loss and accuracy."""
        with torch.autocast(device.type, precision, enabled=precision != torch.float32, cache_enabled=False):
            loss, background, accuracy = losses(network, maps_of(x), y, config, with_background, choice_rng, masks)
        (loss + config.weight * background).backward()
        return torch.stack([loss, background, accuracy]).detach()

    for epoch in range(len(history), config.epochs):
        begin = time.monotonic()
        order_rng = torch.Generator().manual_seed(1_000_003 * config.seed + epoch)
        choice_rng.manual_seed(2**40 + 1_000_003 * config.seed + epoch)
        order = torch.randperm(len(labels), generator=order_rng).to(device)
        examples.begin(epoch, order_rng)
        figures = torch.zeros(steps_per_epoch, 3, device=device)
        network.train()
        for i in tqdm(range(steps_per_epoch), f"epoch {epoch + 1}", leave=False, disable=None):
            step = epoch * steps_per_epoch + i
            for group in optimizer.param_groups:
                group["lr"] = learning_rate_at(step, steps, config) * group.get("relative", 1.0)
            batch = order[i * config.batch_size : (i + 1) * config.batch_size]
            optimizer.zero_grad(set_to_none=True)
            figures[i] = forward_backward(*examples.batch(batch), labels[batch], step >= background_from)
            optimizer.step()

        _check_finite(figures, epoch, config, f". The last good state is in {checkpoint}" if kept else "")
        loss, background, accuracy = figures.double().mean(0).tolist()
        history.append({
            "epoch": epoch + 1, "loss": loss, "background_loss": background,
            "train_accuracy": accuracy, "seconds": time.monotonic() - begin,
        })  # fmt: skip
        if checkpoint and (epoch + 1 == config.epochs or time.monotonic() - saved > 60):
            save(network, optimizer, checkpoint, identity, config, history)
            saved, kept = time.monotonic(), True
        report(
            f"epoch {epoch + 1:3d}/{config.epochs}  loss {loss:.3f}  background {background:.3f}  "
            f"train {100 * accuracy:.1f}%  {history[-1]['seconds']:.0f} s"
        )
    return history


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


def choose_precision(device):
    """``bfloat16`` where the hardware computes with it, otherwise ``float32``.

    Parameters
    ----------
    device : torch.device

    Returns
    -------
    str : a value of ``config.precision``.
    """
    fits = False
    if device.type == "cuda":
        fits = torch.cuda.is_bf16_supported()
    elif device.type == "cpu":
        capabilities = getattr(torch.cpu, "get_capabilities", dict)()
        fits = capabilities.get("amx_bf16") or capabilities.get("avx512_bf16")
    return "bfloat16" if fits else "float32"
