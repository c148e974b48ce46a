"""Dropout: in each step the head does without some of the pooled features, drawn by chance."""

import torch
from torch.nn import functional as F

from ..losses import CLASSIFICATION, Classification
from ..steps import Steps


def left_out(features, share, generator):
    """Features [B, C] without a share of them; the others grow by 1 / (1 - share), so that their mean stays."""
    kept = torch.rand(features.shape, generator=generator).to(features.device) >= share
    return features * kept / (1 - share)


class DropoutSteps(Steps):
    """Plain steps; what is left out depends on seed and epoch, so that a training that was stopped goes on alike."""

    def begin(self, epoch, generator):
        self.draws = torch.Generator().manual_seed(2**42 + 1_000_003 * self.config.seed + epoch)

    def step(self, x, masks, y, share):
        with self.autocast():
            maps = self.examples.maps_of(x)
            _, background, _ = self.losses(maps, y, masks, share)
            features = left_out(self.network.pool(maps[1]), self.config.dropout, self.draws)
            logits = self.network.head(features).float()
            loss = F.cross_entropy(logits, y)
        self.optimizer.zero_grad(set_to_none=True)
        (loss + self.config.weight * background).backward()
        self.optimizer.step()
        return torch.stack([loss, background, (logits.argmax(1) == y).float().mean()]).detach()


@CLASSIFICATION.register("dropout", title="dropout", parameters={"dropout": 0.5})
class Dropout(Classification):
    """Cross-entropy with dropout before the head (Srivastava et al., JMLR 2014, section 4; before the head alone is ours)."""

    steps = DropoutSteps
