"""Logits-based fine-tuning: the label is softened by what a finished network says of the picture."""

import torch
from torch.nn import functional as F

from ...utils.errors import InputError
from ..losses import CLASSIFICATION, Classification
from ..steps import Steps

ALPHA = 0.9  # share of plain cross-entropy
GAMMA = 1.0  # what the label adds to the teacher's probabilities
TOP = 5  # of these, the largest that are kept


def merged_targets(teacher_logits, labels, top=TOP, gamma=GAMMA):
    """A teacher's largest probabilities and the label, together one distribution.

    Parameters
    ----------
    teacher_logits : Tensor of shape [B, K]
    labels : Tensor of shape [B], int64
    top : int
        So many probabilities of an image are kept, the others count as 0.
    gamma : float
        What is added to that of the label.

    Returns
    -------
    Tensor of shape [B, K] : rows that sum to 1.
    """
    p = teacher_logits.softmax(1)
    kept = torch.zeros_like(p).scatter(1, *reversed(p.topk(min(top, p.shape[1]), dim=1)))
    kept = kept + gamma * F.one_hot(labels, p.shape[1])
    return kept / kept.sum(1, keepdim=True)


def softened(logits, teacher_logits, labels):
    """``ALPHA`` cross-entropy with the label, the rest KL divergence to :func:`merged_targets`; a scalar Tensor."""
    divergence = F.kl_div(logits.log_softmax(1), merged_targets(teacher_logits, labels), reduction="batchmean")
    return ALPHA * F.cross_entropy(logits, labels) + (1 - ALPHA) * divergence


class TaughtSteps(Steps):
    """The teacher sees what the network sees."""

    def __init__(self, network, images, masks, config, device, optimizer, teacher=None):
        super().__init__(network, images, masks, config, device, optimizer, teacher)
        if teacher is None:
            raise InputError("method logits learns from a finished network: name a run's folder, teacher=RUN")
        self.teacher = teacher.to(device).eval()

    def step(self, x, masks, y, share):
        with self.autocast():
            maps = self.examples.maps_of(x)
            _, background, accuracy = self.losses(maps, y, masks, share)
            with torch.no_grad():
                maps_of = self.teacher.rest if hasattr(self.teacher, "cut") else self.teacher.feature_maps
                told = self.teacher.head(self.teacher.pool(maps_of(x)[1])).float()
            loss = softened(self.logits(maps), told, y)
        self.optimizer.zero_grad(set_to_none=True)
        (loss + self.config.weight * background).backward()
        self.optimizer.step()
        return torch.stack([loss, background, accuracy]).detach()


@CLASSIFICATION.register("logits", title="a teacher's logits", parameters={"teacher": None})
class Logits(Classification):
    """Labels merged with a teacher's logits (arXiv 2505.24461, for language models; on pictures it is ours)."""

    steps = TaughtSteps
