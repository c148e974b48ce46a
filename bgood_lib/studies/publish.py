"""From the runs of a study to what is published of it."""

from pathlib import Path

from ..runs.record import read_record
from ..utils.errors import InputError
from ..utils.files import atomic_write
from .status import config_of
from .tables import make_study_tables, write_study_tables


def publish(study, runs="runs", results="results"):
    """Write what ``results/`` gets of a study: tables or a copy of each record, as its file says.

    Parameters
    ----------
    study : Study
    runs, results : path, default="runs" and "results"
        Records are read from ``runs/STUDY/NAME/record.json``; ``results/STUDY/`` is written.

    Returns
    -------
    folder : Path
        What was written to.
    missing : list of str
        Runs of the study that have no record yet. Tables list them too.

    Raises
    ------
    ValueError
        If the study publishes nothing, no run is finished, a record is of another configuration
        than the study's, or two runs are one training.
    """
    if not study.publish:
        raise InputError(f"study {study.name} publishes nothing; write `publish: tables` into its file")
    files = {name: Path(runs) / study.name / name / "record.json" for name in study.runs}
    missing = [name for name, file in files.items() if not file.is_file()]
    if len(missing) == len(files):
        raise InputError(f"no run of study {study.name} is finished: there is no {next(iter(files.values()))}")
    records = {name: read_record(file) for name, file in files.items() if name not in missing}
    for name, record in records.items():
        _check_config(name, record["config"], vars(config_of(study, name)))
    folder = Path(results) / study.name
    tables = make_study_tables(records, missing)
    if study.publish == "tables":
        write_study_tables(tables, folder)
    else:
        for name in records:
            with atomic_write(folder / f"{name}.json") as temporary:
                temporary.write_bytes(files[name].read_bytes())
    return folder, missing


def _check_config(name, found, wanted):
    """Refuse a record that is not what its name says; a field that is None does not count, see Config."""
    for key in [*wanted, *found]:
        if found.get(key) != wanted.get(key):
            raise InputError(
                f"the record of {name} has {key} {found.get(key)!r}, the study says {wanted.get(key)!r}; "
                "run it again, then publish"
            )
