"""ProoD: a second network says whether a picture is in distribution, and its doubt is proved to hold nearby."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from ..losses import CLASSIFICATION, Classification
from ..outliers import Outliers
from ..steps import Steps

RADIUS = 0.01  # of the ball, largest change of a pixel of [0, 1]
SHIFT = 3.0  # added to the discriminator's logit once it is trained (published for CIFAR-10)
RAMP = 0.3  # share of the training after which radius and weight of the bound begin to grow
RATE = 1e-3  # of Adam; published is 1e-4, over 1,000 epochs


class Discriminator(nn.Module):
    """A logit of "in distribution" for pictures of 32 x 32 pixels, and bounds of it over all pictures nearby.

    Three convolutions and two linear layers; published are five and two. The last one has weights of at most 0, as
    published: the less a feature is there, the more in distribution.

    Parameters
    ----------
    width : int, default=16
        Channels of the first layer.
    """

    def __init__(self, width=16):
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 4, 2, 1) for a, b in ((3, width), (width, 2 * width), (2 * width, 4 * width))
        )
        self.hidden, self.last = nn.Linear(64 * width, 128), nn.Linear(128, 1)
        nn.init.constant_(self.last.bias, 3.0)
        self.register_buffer("shift", torch.tensor(0.0))

    def bounds(self, images, radius=0.0):
        """The least and the largest logit of any picture within a radius, by interval arithmetic.

        Parameters
        ----------
        images : Tensor of shape [B, 3, 32, 32]
            uint8, or from 0 to 1.
        radius : float, default=0.0
            Largest change of a pixel; no pixel leaves [0, 1].

        Returns
        -------
        Tensor, Tensor of shape [B]
        """
        x = images.float() / 255 if images.dtype == torch.uint8 else images
        low, high = (x - radius).clamp(0, 1), (x + radius).clamp(0, 1)
        for layer in self.convolutions:
            low, high = (bound.relu() for bound in _through(layer, layer.weight, low, high))
        low, high = (
            bound.relu() for bound in _through(self.hidden, self.hidden.weight, low.flatten(1), high.flatten(1))
        )
        low, high = _through(self.last, -self.last.weight.abs(), low, high)
        return low[:, 0] + self.shift, high[:, 0] + self.shift

    def forward(self, images):
        """Logits [B] of pictures."""
        return self.bounds(images)[0]


def _through(layer, weight, low, high):
    """Bounds behind a convolution or linear layer of this weight: its middle, and how far its values can be from it."""
    middle, spread = (high + low) / 2, (high - low) / 2
    if isinstance(layer, nn.Conv2d):
        middle = F.conv2d(middle, weight, layer.bias, layer.stride, layer.padding)
        spread = F.conv2d(spread, weight.abs(), None, layer.stride, layer.padding)
    else:
        middle, spread = F.linear(middle, weight, layer.bias), F.linear(spread, weight.abs())
    return middle - spread, middle + spread


def joined(logits, known):
    """log p(y | x) of classifier and discriminator together: p(y | x, i) p(i | x) + (1 - p(i | x)) / K.

    Parameters
    ----------
    logits : Tensor of shape [B, K]
        The classifier's.
    known : Tensor of shape [B]
        The discriminator's logit of "in distribution".

    Returns
    -------
    Tensor of shape [B, K]
    """
    known, unknown = F.logsigmoid(known)[:, None], F.logsigmoid(-known)[:, None]
    return torch.logaddexp(known + logits.log_softmax(1), unknown - math.log(logits.shape[1]))


def largest_confidence(known, n_classes):
    """What :func:`joined` cannot exceed, whatever the classifier says, where the logit is at most ``known`` [B]: [B]."""
    p = known.sigmoid()
    return p + (1 - p) / n_classes


class Joined(nn.Module):
    """The discriminator beside a classifier, and what both say of pictures."""

    def __init__(self):
        super().__init__()
        self.discriminator = Discriminator()

    def forward(self, network, images, feature_map):
        """Numbers of each picture, larger = more OOD: the score, and the least that it has within ``RADIUS``."""
        known, (_, most) = self.discriminator(images), self.discriminator.bounds(images, RADIUS)
        confidence = joined(network.head(network.pool(feature_map)).float(), known).exp().amax(1)
        return {"ProoD": -confidence, "ProoD, least nearby": -largest_confidence(most, network.head.out_features)}


class JoinedSteps(Steps):
    """The discriminator learns from pictures and bounds of outliers, the classifier from what both say together."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.outliers = Outliers(self.network, self.config, self.device)
        self.discriminator = self.network.beside.discriminator

    def begin(self, epoch, generator):
        self.outliers.begin(epoch, generator)

    def step(self, x, masks, y, share):
        outliers = self.outliers.batch(len(x), self.choice)
        ramp = max(0.0, (share - RAMP) / (1 - RAMP))
        known, (_, most) = self.discriminator(x), self.discriminator.bounds(outliers, ramp * RADIUS)
        unknown = self.discriminator(outliers)
        bound = F.softplus(-known).mean() + ramp * F.softplus(most).mean() + (1 - ramp) * F.softplus(unknown).mean()
        self.optimizer.zero_grad(set_to_none=True)
        bound.backward()
        adam(self.discriminator.parameters(), self.optimizer.state)
        with self.autocast():
            maps = self.examples.maps_of(torch.cat([x, outliers]))
            _, background, accuracy = self.losses([m if m is None else m[: len(x)] for m in maps], y, masks, share)
            log_p = joined(self.logits(maps), torch.cat([known, unknown]).detach() + SHIFT)
        loss = F.nll_loss(log_p[: len(x)], y) - log_p[len(x) :].mean()
        self.optimizer.zero_grad(set_to_none=True)
        (loss + self.config.weight * background).backward()
        self.optimizer.step()
        return torch.stack([loss, background, accuracy]).detach()

    def finish(self):
        self.discriminator.shift.fill_(SHIFT)


@torch.no_grad()
def adam(parameters, state, rate=RATE, betas=(0.9, 0.999)):
    """A step of Adam (Kingma and Ba, ICLR 2015) whose moments lie in another optimizer's state, so that they are kept."""
    for p in parameters:
        own = state[p]
        if "count" not in own:
            own.update(count=torch.zeros(()), first=torch.zeros_like(p), second=torch.zeros_like(p))
        own["count"] += 1
        own["first"].lerp_(p.grad, 1 - betas[0])
        own["second"].lerp_(p.grad.square(), 1 - betas[1])
        first, second = (own[name] / (1 - beta ** own["count"]) for name, beta in zip(("first", "second"), betas))
        p.sub_(rate * first / (second.sqrt() + 1e-8))


@CLASSIFICATION.register("prood", title="ProoD", parameters={"outliers": None})
class ProoD(Classification):
    """Provable OOD detection (Meinke et al., NeurIPS 2022): a certified discriminator, trained together with the classifier."""

    steps = JoinedSteps

    @staticmethod
    def equip(network, config):
        torch.manual_seed(config.seed)
        network.beside = Joined()
