"""How well do scores tell OOD images from in-distribution ones? Larger score = more OOD."""

from functools import lru_cache

import numpy as np

from ..utils.errors import InputError

METRICS = ("auroc", "fpr95_ood_positive", "fpr95_id_positive")  # those of every table


def _check(scores_id, scores_ood, name):
    for which, scores in (("in-distribution", scores_id), ("OOD", scores_ood)):
        if np.ndim(scores) != 1 or len(scores) == 0:
            raise InputError(f"{name}: {which} scores have shape {np.shape(scores)}; expected [N] with N > 0")
        bad = int((~np.isfinite(scores)).sum())
        if bad:
            raise InputError(f"{name}: {bad} of {len(scores)} {which} scores are not finite")


def fpr_at_tpr(positive, negative, tpr=0.95):
    """Share of negatives above the highest threshold that keeps a share ``tpr`` of positives.

    Parameters
    ----------
    positive, negative : ndarray of shape [N]
        Scores; larger = more positive. A score equal to the threshold counts as positive.
    tpr : float, default=0.95

    Returns
    -------
    float in [0, 1]
    """
    from sklearn.metrics import roc_curve  # slow to import: only where figures are computed

    labels = np.concatenate([np.ones(len(positive)), np.zeros(len(negative))])
    fpr, rate, _ = roc_curve(labels, np.concatenate([positive, negative]), drop_intermediate=False)
    return float(fpr[np.argmax(rate >= tpr)])


def ood_metrics(scores_id, scores_ood, name="scores"):
    """All figures of one score on one pair of sets.

    Parameters
    ----------
    scores_id, scores_ood : ndarray of shape [N]
        Larger = more OOD.
    name : str
        The detector, named in errors.

    Returns
    -------
    dict of str to float, shares in [0, 1]
        ``auroc``; ``aupr_ood`` and ``aupr_id`` (average precision with OOD or ID as the positive class,
        where OpenOOD integrates the same curve by the trapezoid rule: its AUPR is another figure);
        ``fpr95_ood_positive`` (ID images flagged while 95% of OOD images are caught: OpenOOD 1.5,
        pytorch-ood); ``fpr95_id_positive`` (OOD images accepted while 95% of ID images are accepted: ODIN,
        Liang et al., ICLR 2018, and most papers).

    Raises
    ------
    ValueError
        If a score is not finite or a set is empty; the message names the detector.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    scores_id, scores_ood = np.asarray(scores_id, np.float64), np.asarray(scores_ood, np.float64)
    _check(scores_id, scores_ood, name)
    is_ood = np.concatenate([np.zeros(len(scores_id)), np.ones(len(scores_ood))])
    scores = np.concatenate([scores_id, scores_ood])
    return {
        "auroc": float(roc_auc_score(is_ood, scores)),
        "aupr_ood": float(average_precision_score(is_ood, scores)),
        "aupr_id": float(average_precision_score(1 - is_ood, -scores)),
        "fpr95_ood_positive": fpr_at_tpr(scores_ood, scores_id),
        "fpr95_id_positive": fpr_at_tpr(-scores_id, -scores_ood),
    }


@lru_cache(maxsize=16)
def _resamples(n, n_resamples, seed, which):
    """Cumulative counts [B, n + 1] of n sorted scores, drawn B times with replacement."""
    drawn = np.random.default_rng((seed, n, which)).integers(0, n, (n_resamples, n))
    drawn += n * np.arange(n_resamples)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=n_resamples * n).reshape(n_resamples, n)
    return np.concatenate([np.zeros((n_resamples, 1), np.int32), counts.cumsum(1, dtype=np.int32)], axis=1)


def bootstrap(scores_id, scores_ood, n_resamples=200, seed=0, level=0.95, name="scores"):
    """Percentile bootstrap intervals: ID and OOD images drawn anew, each with replacement.

    They say how much a figure would change with other test images of the same kind, for the one
    network at hand; nothing about other networks or seeds.

    Parameters
    ----------
    scores_id, scores_ood : ndarray of shape [N]
        Larger = more OOD.
    n_resamples : int, default=200
    seed : int, default=0
        Equal seeds draw the same images for every detector.
    level : float, default=0.95
    name : str
        The detector, named in errors.

    Returns
    -------
    dict of str to (float, float), shares in [0, 1]
        Lower and upper end for ``auroc``, ``fpr95_ood_positive`` and ``fpr95_id_positive``, see
        :func:`ood_metrics`.

    Raises
    ------
    ValueError
        If a score is not finite or a set is empty; the message names the detector.

    References
    ----------
    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
    """
    known, unknown = np.sort(np.asarray(scores_id, np.float64)), np.sort(np.asarray(scores_ood, np.float64))
    _check(known, unknown, name)
    n, m = len(known), len(unknown)
    # A resample of sorted scores is a count of each; its cumulative sum answers "how many are below".
    of_id, of_ood = _resamples(n, n_resamples, seed, 0), _resamples(m, n_resamples, seed, 1)
    below, up_to = np.searchsorted(known, unknown, "left"), np.searchsorted(known, unknown, "right")
    wins = (of_id[:, below] + of_id[:, up_to]) / 2
    rows = np.arange(n_resamples)
    caught = unknown[((m - of_ood) / m >= 0.95).sum(1) - 1]  # the highest threshold that catches 95%
    accepted = known[(of_id[:, 1:] / n < 0.95).sum(1)]  # the lowest that accepts 95%
    found = {
        "auroc": (wins * np.diff(of_ood, axis=1)).sum(1) / (n * m),
        "fpr95_ood_positive": 1 - of_id[rows, np.searchsorted(known, caught, "left")] / n,
        "fpr95_id_positive": of_ood[rows, np.searchsorted(unknown, accepted, "right")] / m,
    }
    ends = ((1 - level) / 2, (1 + level) / 2)
    return {metric: tuple(np.quantile(values, ends).tolist()) for metric, values in found.items()}
