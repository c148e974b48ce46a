"""Published studies, read as tables."""

import pandas as pd

from ..metrics.ood import METRICS
from ..runs.record import read_records
from ..utils.files import locate
from .tables import StudyTables, check_distinct, check_sets, make_study_tables, read_study_tables


def read_results(*folders):
    """A study's tables, whether its folder holds tables or records; of several folders as if they were one.

    Parameters
    ----------
    *folders : path
        For example ``results/cifar10`` (records) or a folder that :func:`.write_study_tables` filled.

    Returns
    -------
    StudyTables

    Raises
    ------
    ValueError
        If two runs are one training, or one name stands for two image sets.
    """
    studies = []
    for folder in map(locate, folders):
        tables = (folder / "runs.csv").is_file()
        studies.append(read_study_tables(folder) if tables else make_study_tables(read_records(folder)))
    return studies[0] if len(studies) == 1 else _joined(studies)


def _joined(studies):
    data = {"config": list(dict.fromkeys(field for study in studies for field in study.data["config"]))}
    for name in ("missing", "data", "machines"):
        data[name] = [entry for study in studies for entry in study.data[name]]
    check_sets({run: variant for variant in data["data"] for run in variant["runs"]})
    runs = pd.concat([study.runs for study in studies], ignore_index=True)
    check_distinct(runs)
    metrics = {metric: pd.concat([study.metrics[metric] for study in studies], ignore_index=True) for metric in METRICS}
    return StudyTables(runs, metrics, pd.concat([study.errors for study in studies], ignore_index=True), data)


def published(results="results"):
    """The folders of ``results/`` that hold a study, sorted: list of Path."""
    # touch/ holds what the book's explorers show, made from runs; no records.
    folders = sorted(path for path in locate(results).iterdir() if path.is_dir() and path.name != "touch")
    return [folder for folder in folders if (folder / "runs.csv").is_file() or any(folder.glob("[!.]*.json"))]
