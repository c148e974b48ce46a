"""DOE: the network is made to see outliers worse than they are, by weights that are disturbed, and learns from that."""

import copy

import torch

from ...background_loss.patches import background_patches
from ...background_loss.penalties import pooled_background
from ...utils.errors import InputError
from ..losses import CLASSIFICATION, Classification
from ..outliers import Outliers, even
from ..steps import Steps

GAMMAS = (1e-1, 1e-2, 1e-3, 1e-4)  # how far weights are disturbed, one drawn a step
BETA = 0.6  # how much of the former direction stays


def scale_gradient(logits):
    """How fast the outlier loss changes when all logits are multiplied by a number s, at s = 1, squared.

    Parameters
    ----------
    logits : Tensor of shape [M, K]

    Returns
    -------
    Tensor, scalar : of l(s) = mean(LSE(s z) - mean(s z)), the square of its derivative.
    """
    return ((logits.softmax(1) * logits).sum(1) - logits.mean(1)).mean().square()


@torch.no_grad()
def direction(network, proxy):
    """From a network's weights to its copy's, each tensor brought to the length of the weights themselves.

    Parameters
    ----------
    network, proxy : torch.nn.Module
        Of one kind.

    Returns
    -------
    dict of str to Tensor : by parameter; filters and matrices only.
    """
    theirs = dict(proxy.named_parameters())
    found = {}
    for name, p in network.named_parameters():
        if p.ndim > 1 and name.endswith("weight"):
            change = theirs[name] - p
            found[name] = p.norm() / (change.norm() + 1e-20) * change
    return found


class DisturbedSteps(Steps):
    """Cross-entropy and the outlier loss at first; from ``config.doe_start`` on, three moves a step.

    A copy of the network takes one step of rate 1 against :func:`scale_gradient`. The network's weights move along the
    mean of these directions, learn from outliers there, move back, and learn from the training images.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        config = self.config
        self.outliers = None if config.outliers == "background" else Outliers(self.network, config, self.device)
        if self.outliers is None and config.penalty not in ("uniform", "uniform_pooled"):
            raise InputError(
                f"outliers is background and penalty is {config.penalty!r}; use method doe_background with penalty uniform "
                "or uniform_pooled"
            )
        self.proxy = copy.deepcopy(self.network)

    def begin(self, epoch, generator):
        if self.outliers:
            self.outliers.begin(epoch, generator)

    def outlier_logits(self, network, maps, y, masks):
        """Logits [M, K] of what stands for the unknown: outlier images, which follow the batch, or its background."""
        if self.outliers:
            return network.head(network.pool(maps[1][len(y) :])).float()
        c = self.config
        patches, chosen = background_patches(
            maps[1],
            y,
            network.head,
            c.selector,
            c.patch_size,
            c.n_patches or None,
            c.top_k,
            c.threshold,
            masks,
            self.choice,
        )
        if c.penalty == "uniform_pooled":
            return network.head(pooled_background(patches, chosen)).float()
        return network.head(patches.permute(0, 2, 3, 1)[chosen]).float()

    def learn(self, loss):
        """A step on a loss, its gradient no longer than 1."""
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1)
        self.optimizer.step()

    def step(self, x, masks, y, share):
        network, config, n = self.network, self.config, len(x)
        both = torch.cat([x, self.outliers.batch(n, self.choice)]) if self.outliers else x
        if share >= config.doe_start:
            gamma = GAMMAS[torch.randint(len(GAMMAS), (), generator=self.choice)]
            moved = self.disturb(both, masks, y, gamma)
            with self.autocast():
                outlier_loss = even(self.outlier_logits(network, self.examples.maps_of(both), y, masks))
            self.learn(outlier_loss)
            self.move(moved, -gamma)
        with self.autocast():
            maps = self.examples.maps_of(both)
            loss, background, accuracy = self.losses([m if m is None else m[:n] for m in maps], y, masks, share)
            total = loss if self.outliers is None else loss + config.weight * background
            if share < config.doe_start and (self.outliers or share >= config.background_start):
                total = total + even(self.outlier_logits(network, maps, y, masks))
        self.learn(total)
        return torch.stack([total.detach(), background.detach(), accuracy])

    def disturb(self, both, masks, y, gamma):
        """Move the network's weights by ``gamma`` along the mean direction; returns that direction."""
        self.proxy.load_state_dict(self.network.state_dict())
        self.proxy.train()
        maps_of = (
            self.proxy.rest if self.examples.maps_of == getattr(self.network, "rest", None) else self.proxy.feature_maps
        )
        with self.autocast():
            worse = scale_gradient(self.outlier_logits(self.proxy, maps_of(both), y, masks))
        self.proxy.zero_grad(set_to_none=True)
        worse.backward()
        with torch.no_grad():
            for p in self.proxy.parameters():
                if p.grad is not None:
                    p.sub_(p.grad)
        found = direction(self.network, self.proxy)
        for name, p in self.network.named_parameters():
            if name in found:  # kept where the optimizer keeps its momentum, so that a checkpoint has it
                state = self.optimizer.state[p]
                before = state.get("direction")
                state["direction"] = found[name] if before is None else BETA * before + (1 - BETA) * found[name]
                found[name] = state["direction"]
        self.move(found, gamma)
        return found

    @torch.no_grad()
    def move(self, directions, gamma):
        """Add ``gamma`` times a direction to the network's weights."""
        for name, p in self.network.named_parameters():
            if name in directions:
                p.add_(directions[name], alpha=gamma)


@CLASSIFICATION.register("doe", title="DOE", parameters={"outliers": None, "doe_start": 0.5})
class DOE(Classification):
    """Distributional-agnostic outlier exposure by implicit data transformation (Wang et al., ICLR 2023).

    With ``outliers`` ``background`` the features of background stand in for outlier images (ours).
    """

    steps = DisturbedSteps
