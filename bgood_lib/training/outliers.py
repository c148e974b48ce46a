"""Pictures that stand for the unknown in training: an image set, by name."""

import torch

from .. import datasets
from .examples import examples_of

# What is shown where nothing is named. No set of the test shares a class with it; `evaluation.apart` sees to that.
DEFAULT = {"scenes": "scenes_letters", "cifar10": "cifar100", "photos": "photos_outliers"}


def outlier_split(name):
    """Which split of a set its outliers are: ``train`` where it has one, else ``test``."""
    return "train" if "train" in datasets.splits(name) else "test"


def outliers_sha256(config):
    """Checksum of the images that a configuration names as outliers; None where it names none."""
    if config.outliers in (None, "background"):
        return None
    return datasets.info(config.outliers, outlier_split(config.outliers)).sha256


def even(logits):
    """Cross-entropy of class probabilities to even ones (Hendrycks et al., ICLR 2019).

    Parameters
    ----------
    logits : Tensor of shape [M, K]

    Returns
    -------
    Tensor, scalar : the mean of ``LSE(z) - mean(z)``, at least log K.
    """
    return (logits.logsumexp(1) - logits.mean(1)).mean()


class Outliers:
    """Outlier images, augmented as the training images are, in batches drawn with replacement.

    Parameters
    ----------
    network, config, device
        See :class:`bgood_lib.training.steps.Steps`; ``config.outliers`` names the set.
    """

    def __init__(self, network, config, device):
        images, _ = datasets.load(config.outliers, outlier_split(config.outliers))
        self.n, self.examples = len(images), examples_of(network, images, None, config, device)
        self.device = device

    def begin(self, epoch, generator):
        """Draw how each image moves in an epoch."""
        self.examples.begin(epoch, generator)

    def batch(self, size, generator):
        """A batch, as the network reads it."""
        return self.examples.batch(torch.randint(self.n, (size,), generator=generator).to(self.device))[0]
