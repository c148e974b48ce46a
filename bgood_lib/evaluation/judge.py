"""All figures of a bank."""

import numpy as np

from ..detectors.scoring import score_all
from ..metrics.accuracy import accuracies
from ..metrics.calibration import calibration_error, likeliest_temperature, overconfidence
from ..metrics.ood import ood_metrics
from .validation import validation_part, validation_rows


def judge(bank):
    """All figures that a record holds about a bank.

    Parameters
    ----------
    bank : Bank

    Returns
    -------
    dict
        ``accuracy``, ``balanced_accuracy`` and ``calibration_error`` on ``test``; ``validation_accuracy`` on
        ID images for validation, to choose hyper-parameters by; the same calibration error and the
        overconfidence ``at_temperature``, the likeliest one on ID images for validation; ``overconfidence`` and ``mean_norm``
        (mean L2 norm of the pooled features and of the map's cells) per set; ``metrics``, one
        row per OOD set and detector, see :func:`bgood_lib.metrics.ood_metrics`. A detector that
        fails has rows with its reason as ``error`` instead of metrics. ``validation``: AUROC of
        ID images for validation (:func:`~bgood_lib.evaluation.validation.validation_part`) against the
        bank's validation sets, to choose hyper-parameters by.
    """
    test, scores = bank["test"], score_all(bank)
    if "val" in bank.sets:
        ids = {name: of_sets["val"] for name, of_sets in scores.items() if not isinstance(of_sets, str)}
    else:
        aside = validation_rows(len(test))
        ids = {name: of_sets["test"][aside] for name, of_sets in scores.items() if not isinstance(of_sets, str)}
    validation = validation_part(bank)
    temperature = likeliest_temperature(validation.logits, validation.labels)
    shown = {name: bank[name] for name in ("test", *bank.ood)}
    return {
        **accuracies(test.logits, test.labels),
        "validation_accuracy": accuracies(validation.logits, validation.labels)["accuracy"],
        "calibration_error": calibration_error(test.logits, test.labels),
        "at_temperature": {
            "temperature": temperature,
            "calibration_error": calibration_error(test.logits / temperature, test.labels),
            "overconfidence": {name: overconfidence(part.logits / temperature) for name, part in shown.items()},
        },
        "overconfidence": {name: overconfidence(features.logits) for name, features in shown.items()},
        "mean_norm": {
            name: {
                "pooled": float((features.features**2).sum(1).__pow__(0.5).mean()),
                "cell": float(features.cell_norms.mean()),
            }
            for name, features in shown.items()
        },
        "metrics": [
            {"ood": name, "detector": detector, **measure(of_sets, name, detector)}
            for detector, of_sets in scores.items()
            for name in bank.ood
        ],
        "validation": [
            {"ood": name, "detector": detector, "auroc": ood_metrics(ids[detector], of_sets[name])["auroc"]}
            for detector, of_sets in scores.items()
            for name in ("val_jigsaw", "val_ood")
            if name in bank.sets and not isinstance(of_sets, str) and np.isfinite(of_sets[name]).all()
        ],
    }


def measure(scores, name, detector, figures=ood_metrics):
    """Metrics of ``test`` against one set, or ``{"error": reason}``.

    Parameters
    ----------
    scores : dict or str
        Of one detector, as :func:`bgood_lib.detectors.scoring.score_all` gives them.
    name, detector : str
    figures : callable, default=ood_metrics
        Takes ID scores, OOD scores and the detector's name.
    """
    if isinstance(scores, str):
        return {"error": scores}
    try:
        return figures(scores["test"], scores[name], detector)
    except ValueError as error:
        return {"error": str(error)}
