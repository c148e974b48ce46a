"""How well scores tell OOD images from ID ones, how sure a network is, and what chance explains of a difference."""

from .calibration import calibration_error, overconfidence, softmax
from .ood import METRICS, bootstrap, fpr_at_tpr, ood_metrics
from .paired import compare, paired_difference

__all__ = [
    "METRICS", "bootstrap", "calibration_error", "compare", "fpr_at_tpr", "ood_metrics", "overconfidence",
    "paired_difference", "softmax",
]  # fmt: skip
