"""What takes the steps of a training."""

import torch
from torch import nn

from ..utils.registry import Registry

# Functions of (network, config, device) by name. Their `parameters` are fields of the configuration, with defaults.
# A group of weights whose rate is not `config.learning_rate` says how many times that it is: `relative`.
OPTIMIZERS = Registry("optimizer")


@OPTIMIZERS.register(parameters={})
def sgd(network, config, device):
    """SGD with Nesterov momentum, one rate for all weights."""
    return torch.optim.SGD(
        network.parameters(), lr=config.learning_rate, momentum=config.momentum,
        weight_decay=config.weight_decay, nesterov=True, fused=device.type == "cuda",
    )  # fmt: skip


@OPTIMIZERS.register(parameters={})
def adamw(network, config, device):
    """AdamW (Loshchilov and Hutter, ICLR 2019), one rate and weight decay for all weights: for transformers."""
    return torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)


@OPTIMIZERS.register(parameters={"bias_rate": 0.8, "head_rate": 0.1 / 0.12})
def muon(network, config, device):
    """:class:`Muon` for the filters; the biases of batch normalisation, and all else, at rates of their own.

    ``bias_rate`` and ``head_rate`` count in units of ``learning_rate``, so that one number slows all down; that of
    biases grows with the batch, as in the program named below, whose loss is a sum over it. Weight decay is for all
    else, so mostly for the head: filters keep their length.
    """
    biases = {module.bias for module in network.modules() if isinstance(module, nn.BatchNorm2d)}
    groups = {"filters": [], "biases": [], "others": []}
    for p in network.parameters():
        if p.requires_grad:
            groups["filters" if p.ndim == 4 else "biases" if p in biases else "others"].append(p)
    return Muon([
        {"params": groups["filters"], "orthogonal": True},
        {"params": groups["biases"], "relative": config.bias_rate * config.batch_size},
        {"params": groups["others"], "relative": config.head_rate, "weight_decay": config.weight_decay},
    ], config.learning_rate, config.momentum, getattr(torch, config.precision))  # fmt: skip


class Muon(torch.optim.Optimizer):
    """SGD with Nesterov momentum whose direction, for filters, is made orthogonal.

    Filters [out, in, k, k] are taken as matrices [out, in * k * k], and brought to the length sqrt(out)
    before each step: only for those before a batch normalisation, which ignores their length.

    Parameters
    ----------
    params : iterable of dict
        Groups; those of filters say ``orthogonal``. ``weight_decay`` as in SGD.
    lr, momentum : float
    precision : torch.dtype, default=torch.float32
        What :func:`orthogonal` computes in.

    References
    ----------
    Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024
    (https://kellerjordan.github.io/posts/muon). The constant length is that of its CIFAR-10 program, airbench94_muon.
    """

    def __init__(self, params, lr, momentum, precision=torch.float32):
        super().__init__(params, dict(lr=lr, momentum=momentum, weight_decay=0.0, orthogonal=False, relative=1.0))
        self.precision = precision

    @torch.no_grad()
    def step(self):
        """Take one step; a weight without a gradient stays."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                gradient = p.grad.add(p, alpha=group["weight_decay"])
                buffer = self.state[p].setdefault("momentum_buffer", torch.zeros_like(p))
                buffer.mul_(group["momentum"]).add_(gradient)
                direction = gradient.add(buffer, alpha=group["momentum"])
                if group["orthogonal"]:
                    p.mul_(len(p) ** 0.5 / p.norm())
                    direction = orthogonal(direction.flatten(1).to(self.precision)).to(p.dtype).view(p.shape)
                p.add_(direction, alpha=-group["lr"])


def orthogonal(matrix, steps=5):
    """About the orthogonal factor of a matrix, by Newton-Schulz iterations.

    Parameters
    ----------
    matrix : Tensor of shape [rows, columns]
    steps : int, default=5

    Returns
    -------
    Tensor of the shape and dtype of ``matrix`` : singular values between about 0.7 and 1.2 in the place of
        its own, but of those that are nearly zero beside the largest.
    """
    x = matrix / (matrix.norm() + 1e-7)
    wide = x.shape[0] <= x.shape[1]
    x = x if wide else x.T
    for _ in range(steps):
        square = x @ x.T
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return x if wide else x.T
