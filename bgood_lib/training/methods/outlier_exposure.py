"""Outlier exposure: other pictures are shown, and their class probabilities made even."""

import torch

from ..losses import CLASSIFICATION, Classification
from ..outliers import Outliers, even
from ..steps import Steps


class OutlierSteps(Steps):
    """Each batch goes through the network together with as many outliers (ours; published are twice as many)."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.outliers = Outliers(self.network, self.config, self.device)

    def begin(self, epoch, generator):
        self.outliers.begin(epoch, generator)

    def step(self, x, masks, y, share):
        both = torch.cat([x, self.outliers.batch(len(x), self.choice)])
        with self.autocast():
            maps = self.examples.maps_of(both)
            loss, background, accuracy = self.losses([m if m is None else m[: len(x)] for m in maps], y, masks, share)
            loss = loss + self.config.outlier_weight * even(self.logits(maps)[len(x) :])
        self.optimizer.zero_grad(set_to_none=True)
        (loss + self.config.weight * background).backward()
        self.optimizer.step()
        return torch.stack([loss, background, accuracy]).detach()


@CLASSIFICATION.register("oe", title="outlier exposure", parameters={"outliers": None, "outlier_weight": 0.5})
class OutlierExposure(Classification):
    """Cross-entropy, and even class probabilities on outliers at weight 0.5 (Hendrycks et al., ICLR 2019)."""

    steps = OutlierSteps
