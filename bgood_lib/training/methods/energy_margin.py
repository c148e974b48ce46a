"""Energy margin: what is known shall have low energy, lower than a margin."""

from torch.nn import functional as F

from ..losses import CLASSIFICATION, Classification

WEIGHT = 0.1  # of the margin's term, as published


@CLASSIFICATION.register("energy_margin", title="energy margin", parameters={"energy_margin": -25.0})
class EnergyMargin(Classification):
    """Cross-entropy, and the square of what an energy is too high by: Skeleton-OOD (arXiv 2405.20633).

    The energy of logits z is -log sum exp z, as in Liu et al., "Energy-based OOD detection", NeurIPS 2020, whose term for
    unknown pictures is left out.
    """

    @staticmethod
    def loss(logits, labels, config):
        energy = -logits.logsumexp(dim=1)
        too_high = F.relu(energy - config.energy_margin)
        return F.cross_entropy(logits, labels) + WEIGHT * too_high.square().mean()
