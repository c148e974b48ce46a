"""One training loop, to be read in one sitting.

The whole data set sits on the device as uint8; augmentation, forward pass, loss and step
happen there. All randomness of an epoch follows from the seed and the epoch's number, so a
training that was killed resumes where its last checkpoint stands.
"""

import hashlib
import time
from pathlib import Path

import numpy as np
import torch
from pytorch_ood.loss.logitnorm import logit_norm_loss
from torch.nn import functional as F
from tqdm import tqdm

from .augmentation import augment
from .background_loss import background_loss
from .files import atomic_write
from .machine import choose_precision
from .networks import SmallResNet, channel_statistics


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
    SmallResNet
    """
    torch.manual_seed(config.seed)
    mean, std = channel_statistics(images)
    return SmallResNet(int(labels.max()) + 1, config.stages, config.width, mean, std)


def classification_loss(logits, labels, config):
    """Cross-entropy, or LogitNorm (Wei et al., ICML 2022) as pytorch-ood computes it."""
    if config.classification == "logitnorm":
        return logit_norm_loss(logits, labels, t=config.logitnorm_temperature)
    return F.cross_entropy(logits, labels)


def learning_rate_at(step, steps, config):
    """Learning rate of a step: linear climb for the share ``config.warmup``, then linear fall."""
    warmup = max(1, round(config.warmup * steps))
    return config.learning_rate * min((step + 1) / warmup, (steps - step) / max(1, steps - warmup))


def train(
    network, images, labels, config, device, masks=None, checkpoint=None, run="", report=print
):  # fmt: skip
    """Train a network, or finish the training that a checkpoint holds.

    Parameters
    ----------
    network : SmallResNet
        Changed in place.
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

    Returns
    -------
    list of dict : one per epoch: epoch, loss, background_loss, train_accuracy (share in [0, 1]),
        seconds.

    Raises
    ------
    TrainingDiverged
        When the loss is not finite; the last good checkpoint stays.
    """
    network.to(device, memory_format=torch.channels_last)
    images, labels = torch.as_tensor(images), torch.as_tensor(labels)
    if masks is not None:  # a mask moves with its image: it travels as a fourth channel
        images = torch.cat([images, torch.as_tensor(masks, dtype=torch.uint8).unsqueeze(-1)], dim=-1)
    images, labels = images.to(device), labels.to(device)
    steps_per_epoch = max(1, len(images) // config.batch_size)
    steps = config.epochs * steps_per_epoch
    optimizer = torch.optim.SGD(
        network.parameters(), lr=config.learning_rate, momentum=config.momentum,
        weight_decay=config.weight_decay, nesterov=True,
    )  # fmt: skip
    precision = choose_precision(device)
    history = _resume(network, optimizer, checkpoint, run, device)
    saved, kept = time.monotonic(), bool(history)

    for epoch in range(len(history), config.epochs):
        begin = time.monotonic()
        order_rng = torch.Generator().manual_seed(1_000_003 * config.seed + epoch)
        choice_rng = torch.Generator().manual_seed(1_000_003 * config.seed + epoch)
        order = torch.randperm(len(images), generator=order_rng).to(device)
        totals = torch.zeros(3, device=device)
        network.train()
        for i in tqdm(range(steps_per_epoch), f"epoch {epoch + 1}", leave=False, disable=None):
            step = epoch * steps_per_epoch + i
            rate = learning_rate_at(step, steps, config)
            for group in optimizer.param_groups:
                group["lr"] = rate
            batch = order[i * config.batch_size : (i + 1) * config.batch_size]
            x, y = augment(images[batch], order_rng, config.crop_padding, config.flip), labels[batch]
            with torch.autocast(device.type, precision, enabled=precision != torch.float32):
                feature_map = network.feature_map(x[..., :3].permute(0, 3, 1, 2))
                logits = network.head(network.pool(feature_map)).float()
                loss = classification_loss(logits, y, config)
                background = torch.zeros((), device=device)
                if config.uses_background and step >= config.background_start * steps:
                    background = background_loss(
                        feature_map, y, network.head, config.selector, config.patch_size,
                        config.n_patches or None, config.top_k,
                        masks=x[..., 3] if masks is not None else None, generator=choice_rng,
                    )  # fmt: skip
                total = loss + config.weight * background
            if not torch.isfinite(total):
                raise TrainingDiverged(
                    f"the loss is {total.item()} at epoch {epoch + 1}, step {i + 1} of {steps_per_epoch} "
                    f"(classification {loss.item()}, background {background.item()}, learning rate {rate:.4g}); "
                    f"lower learning_rate ({config.learning_rate}) or weight ({config.weight})"
                    + (f". The last good state is in {checkpoint}" if kept else "")
                )
            optimizer.zero_grad(set_to_none=True)
            total.backward()
            optimizer.step()
            totals += torch.stack([loss, background, (logits.argmax(1) == y).float().mean()]).detach()

        loss, background, accuracy = (totals / steps_per_epoch).tolist()
        history.append({
            "epoch": epoch + 1, "loss": loss, "background_loss": background,
            "train_accuracy": accuracy, "seconds": time.monotonic() - begin,
        })  # fmt: skip
        if checkpoint and (epoch + 1 == config.epochs or time.monotonic() - saved > 60):
            _save(network, optimizer, checkpoint, run, history)
            saved, kept = time.monotonic(), True
        report(
            f"epoch {epoch + 1:3d}/{config.epochs}  loss {loss:.3f}  background {background:.3f}  "
            f"train {100 * accuracy:.1f}%  {history[-1]['seconds']:.0f} s"
        )
    return history


def _save(network, optimizer, checkpoint, run, history):
    state = {"run": run, "history": history, "network": network.state_dict(), "optimizer": optimizer.state_dict()}
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


def load_network(checkpoint, config, images, labels):
    """The trained network of a checkpoint, on the CPU, in evaluation mode.

    Parameters
    ----------
    checkpoint : path
    config : Config
        The configuration it was trained with; ``images`` and ``labels`` as for
        :func:`make_network`.

    Returns
    -------
    SmallResNet

    Raises
    ------
    ValueError
        If the file is not a whole checkpoint.
    """
    network = make_network(config, images, labels)
    network.load_state_dict(_read(checkpoint, "cpu")["network"])
    return network.eval()


def weights_sha256(network):
    """Checksum of all weights and buffers: two trainings with equal ones are one training."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensor.detach().cpu().contiguous().numpy()).tobytes())
    return digest.hexdigest()
