"""The frame of a training whose steps are its method's own: order, rates, checkpoints and history as in ``loop.train``.

It repeats that loop's frame on purpose: the loop is part of the identity of every published training, so it stays as it is.
"""

import time

import torch
from tqdm import tqdm

from .checkpoint import resume, save
from .examples import examples_of
from .loop import _check_finite, learning_rate_at
from .losses import losses
from .optimizers import OPTIMIZERS


class Steps:
    """What a method does with a batch. A subclass has ``step``, and whatever else it needs.

    Parameters
    ----------
    network : MapNetwork
        On ``device``; what is kept of it is trained.
    images : ndarray of shape [N, H, W, 3], uint8
        Training images.
    masks : ndarray of shape [N, H, W], bool, or None
        True foreground masks.
    config : Config
    device : torch.device
    optimizer : torch.optim.Optimizer
        Of all weights of the network; its rate is that of the step.
    teacher : MapNetwork, optional
        A finished network to learn from.
    """

    def __init__(self, network, images, masks, config, device, optimizer, teacher=None):
        self.network, self.config, self.device, self.optimizer, self.teacher = (
            network,
            config,
            device,
            optimizer,
            teacher,
        )
        self.examples = examples_of(network, images, masks if config.selector == "oracle" else None, config, device)
        self.choice = torch.Generator()  # of what is drawn within a step

    def begin(self, epoch, generator):
        """Before an epoch; ``generator`` is the epoch's, already used for the order of the images."""

    def step(self, x, masks, y, share):
        """Take a step on a batch.

        Parameters
        ----------
        x, masks : what ``examples.batch`` gives
        y : Tensor of shape [B], int64
        share : float
            How much of the training is done, 0 to 1.

        Returns
        -------
        Tensor of shape [3] : classification loss with all the method adds to it, background loss, accuracy.
        """
        raise NotImplementedError

    def finish(self):
        """After the last epoch, before the network is saved."""

    def autocast(self):
        """The context of a forward pass, in ``config.precision``."""
        precision = getattr(torch, self.config.precision)
        return torch.autocast(self.device.type, precision, enabled=precision != torch.float32, cache_enabled=False)

    def losses(self, maps, y, masks, share):
        """:func:`bgood_lib.training.losses.losses` of maps of the network, at this point of the training."""
        background = self.config.uses_background and share >= self.config.background_start
        return losses(self.network, maps, y, self.config, background, self.choice, masks)

    def logits(self, maps):
        """Logits [B, K], float32, of maps before and after the last stage."""
        return self.network.head(self.network.pool(maps[1])).float()


def train_in_steps(
    kind, network, images, labels, config, device, masks=None, checkpoint=None, identity="", report=print, teacher=None
):  # fmt: skip
    """Train a network by a method's own steps, or finish what a checkpoint holds.

    Parameters
    ----------
    kind : type
        A :class:`Steps`.
    network, images, labels, config, device, masks, checkpoint, identity, report
        See :func:`bgood_lib.training.loop.train`.
    teacher : MapNetwork, optional

    Returns
    -------
    list of dict : see :func:`bgood_lib.training.loop.train`.

    Raises
    ------
    TrainingDiverged
        When the loss is not finite, at the end of that epoch.
    """
    network.to(device, memory_format=torch.channels_last)
    labels = torch.as_tensor(labels).to(device)
    optimizer = OPTIMIZERS[config.optimizer or "sgd"](network, config, device)
    history = resume(network, optimizer, checkpoint, identity, device)
    if len(history) == config.epochs:
        return history
    method = kind(network, images, masks, config, device, optimizer, teacher)
    per_epoch = max(1, len(labels) // config.batch_size)
    steps = config.epochs * per_epoch
    saved = time.monotonic()
    for epoch in range(len(history), config.epochs):
        begin = time.monotonic()
        order_rng = torch.Generator().manual_seed(1_000_003 * config.seed + epoch)
        method.choice.manual_seed(2**40 + 1_000_003 * config.seed + epoch)
        order = torch.randperm(len(labels), generator=order_rng).to(device)
        method.examples.begin(epoch, order_rng)
        method.begin(epoch, order_rng)
        figures = torch.zeros(per_epoch, 3, device=device)
        network.train()
        for i in tqdm(range(per_epoch), f"epoch {epoch + 1}", leave=False, disable=None):
            step = epoch * per_epoch + i
            for group in optimizer.param_groups:
                group["lr"] = learning_rate_at(step, steps, config) * group.get("relative", 1.0)
            batch = order[i * config.batch_size : (i + 1) * config.batch_size]
            figures[i] = method.step(*method.examples.batch(batch), labels[batch], step / steps)
        _check_finite(figures, epoch, config, "")
        loss, background, accuracy = figures.double().mean(0).tolist()
        last = epoch + 1 == config.epochs
        if last:
            method.finish()
        history.append({
            "epoch": epoch + 1, "loss": loss, "background_loss": background,
            "train_accuracy": accuracy, "seconds": time.monotonic() - begin,
        })  # fmt: skip
        if checkpoint and (last or time.monotonic() - saved > 60):
            save(network, optimizer, checkpoint, identity, config, history)
            saved = time.monotonic()
        report(
            f"epoch {epoch + 1:3d}/{config.epochs}  loss {loss:.3f}  background {background:.3f}  "
            f"train {100 * accuracy:.1f}%  {history[-1]['seconds']:.0f} s"
        )
    return history
