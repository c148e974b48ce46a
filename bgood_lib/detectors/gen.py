"""GEN: generalised entropy of the softmax."""

import torch
from pytorch_ood.detector import GEN as TheirGEN


class GEN(TheirGEN):
    """Sum of ``p^gamma (1 - p)^gamma`` over the M largest probabilities (Liu et al., CVPR 2023).

    The published formula, in float64 and from logarithms: at a gamma of 0.1 a probability of 1e-20
    counts 0.01. pytorch-ood raises it to 1e-7, which counts 0.2, and averages.
    """

    @staticmethod
    def score(logits, gamma=0.1, M=None):
        """Logits of shape [N, K] to scores of shape [N], larger = more OOD; all K count if M is None or larger."""
        log_p = logits.double().log_softmax(1).sort(1, descending=True).values
        log_rest = torch.log1p(-log_p.exp())
        log_rest[:, 0] = log_p[:, 1:].logsumexp(1)  # the largest p may be 1 to the last digit
        return (gamma * (log_p + log_rest)[:, :M]).exp().sum(1)
