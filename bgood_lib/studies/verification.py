"""Does a record say what its scores say? Every figure again, from what the run stored."""

import datetime
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ..runs.record import read_record
from ..utils.errors import InputError, nearest
from ..utils.files import user_path
from ..utils.kinds import kind_of

JUDGED = ("accuracy", "calibration_error", "overconfidence", "mean_norm", "metrics", "validation")
SUMMARY = ("study", "verdict", "records", "figures", "largest_difference", "date")  # columns of `summary`
TOLERANCE = 1e-4  # other processors add in another order


@dataclass(frozen=True)
class Verification:
    """What became of one record.

    Attributes
    ----------
    record : Path
        Of a run in tables: their folder and its name.
    figures : int
        Numbers compared; 0 if the scores are not stored here.
    worst : float
        Largest difference found, as a share.
    where : str
        Where it is: the place in the record.
    missing : str
        Why nothing was compared, or what the record lacks; empty if all is there.
    whole : bool
        Whether record, bank and checkpoint are as they were written, and of one training.
    """

    record: Path
    figures: int = 0
    worst: float = 0.0
    where: str = ""
    missing: str = ""
    whole: bool = True

    @property
    def verdict(self):
        """``verified``, ``differs``, ``not whole`` or ``scores not here``."""
        if not self.whole:
            return "not whole"
        if not self.figures:
            return "scores not here"
        return "differs" if self.missing or self.worst > TOLERANCE else "verified"


def verify(path, runs="runs"):
    """Recompute every figure of records from the banks of their runs.

    Parameters
    ----------
    path : path
        A run's folder, a record, or a folder of records or of a study's tables (searched in depth).
    runs : path, default="runs"
        Where banks are looked for: ``STUDY/NAME/bank.npz`` for ``STUDY/NAME.json`` or the run NAME
        of a study's tables, if the run beside it is the same one.

    Yields
    ------
    Verification
        One per record.

    Raises
    ------
    FileNotFoundError
        If there is no record.
    """
    path = user_path(path, "the record", "a file or a folder")
    if not path.exists():
        raise FileNotFoundError(f"there is no {path}; {records_there_are(path)}")
    if (path / "record.json").is_file():
        records = [path / "record.json"]
    elif path.is_dir():
        records = sorted(file for file in path.rglob("*.json") if _is_record(file))
    else:
        records = [path] if path.is_file() else []
    if path.is_file() and path.suffix != ".json":
        raise InputError(f"{path} is {kind_of(path)}, no record, which ends in .json; {records_there_are(path)}")
    if not records:
        raise FileNotFoundError(f"no record in the folder {path}; {records_there_are(path)}")
    for file in records:
        try:
            if file.name == "data.json" and (file.parent / "runs.csv").is_file():
                yield from _verify_tables(file.parent, Path(runs))
            else:
                yield _verify(file, Path(runs))
        except InputError as error:
            yield Verification(file, missing=str(error), whole=False)


def records_there_are(path, most=6):
    """What to give in the place of something that holds no record."""
    found = sorted({str(file.parent) for file in Path("runs").glob("*/*/record.json")})
    found += sorted({str(file.parent) for file in Path("results").glob("*/*.json")})
    if not found:
        return "give a run's folder, a record or a folder of records; `make book` trains runs/scenes/..."
    more = f" and {len(found) - most} more" * (len(found) > most)
    return f"there are records in {', '.join(found[:most])}{more}{nearest(path, found)}"


def _is_record(file):
    """Not what else a run's folder holds, such as ``threshold.json``, nor what is hidden, nor ``touch/`` of the book."""
    beside = file.name != "record.json" and (file.parent / "record.json").is_file()
    return not (beside or file.name.startswith(".") or file.name == "threshold.json" or file.parent.name == "touch")


def exit_code(found):
    """0: every record is verified. 1: one differs or is not whole. 3: all are whole, but scores of some are not here."""
    verdicts = {one.verdict for one in found}
    return 1 if verdicts & {"differs", "not whole"} else 3 * ("scores not here" in verdicts)


def in_words(found, runs):
    """What the outcome means, in a line."""
    counts = Counter(one.verdict for one in found)
    text = ", ".join(f"{n} {verdict}" for verdict, n in counts.items())
    if counts["differs"]:
        text += ". What differs is no longer as its training left it: get it again, or run that training again"
    if n := counts["scores not here"]:
        text += (
            f". Of those {n}, the files are whole (schema and checksums); their figures could not be computed again, as "
            f"{runs} holds no banks of theirs: train them (bgood study plan STUDY says how long), or give --runs FOLDER"
        )
    return text


def summary(found):
    """What became of many records, to be kept beside them.

    Parameters
    ----------
    found : iterable of Verification

    Returns
    -------
    DataFrame
        One row per study and verdict: ``study``, ``verdict``, ``records``, ``figures`` (numbers compared),
        ``largest_difference`` (a share) and ``date`` (today).
    """
    import pandas as pd

    rows = pd.DataFrame(
        [(one.record.parent.name, one.verdict, one.figures, one.worst) for one in found],
        columns=["study", "verdict", "figures", "largest_difference"],
    )
    groups = rows.groupby(["study", "verdict"], as_index=False)
    table = groups.agg(
        records=("figures", "size"), figures=("figures", "sum"), largest_difference=("largest_difference", "max")
    )
    return table.assign(date=datetime.date.today().isoformat())[list(SUMMARY)]


def _verify(file, runs):
    record = read_record(file)
    folder = file.parent if file.name == "record.json" else runs / file.parent.name / file.stem
    said = _flat({key: _keyed(record[key]) for key in JUDGED if key in record})
    return _compare(file, folder, record["identity"], record["weights_sha256"], said)


def _verify_tables(folder, runs):
    """The runs of a study that is published as tables, see :mod:`bgood_lib.studies.tables`."""
    from .tables import read_study_tables

    tables = read_study_tables(folder)
    ood = {entry["name"] for variant in tables.data["data"] for entry in variant["ood"]}
    said = {run: {} for run in tables.runs["run"]}
    for metric, table in tables.metrics.items():
        for row in table.to_dict("records"):
            run, detector = row.pop("run"), row.pop("detector")
            for name, value in row.items():
                said[run][f"{'metrics' if name in ood else 'validation'}/{name}/{detector}/{metric}"] = value
    for row in tables.runs.to_dict("records"):
        said[row["run"]] |= {key: value for key, value in row.items() if key.partition("/")[0] in JUDGED}
        place = runs / folder.name / row["run"]
        yield _compare(folder / row["run"], place, row["identity"], row["weights_sha256"], _flat(said[row["run"]]))


def _compare(name, folder, identity, weights, said):
    """A :class:`Verification` of what was said against the bank in a run's folder."""
    if not (folder / "bank.npz").is_file():
        return Verification(name, missing=f"no {folder / 'bank.npz'}")
    beside = read_record(folder / "record.json")
    if (beside["identity"], beside["weights_sha256"]) != (identity, weights):
        return Verification(name, missing=f"{folder} holds another training")
    from ..evaluation.judge import judge  # slow to import, and needed only where there are scores
    from ..runs.run import open_run

    run = open_run(folder)
    if (folder / "checkpoint.pt").is_file():
        run.network()  # refuses one that is not whole, or of another training
    found = _flat({key: _keyed(value) for key, value in judge(run.bank).items()})
    kinds = set(map(_kind, said))
    found = {key: value for key, value in found.items() if _kind(key) in kinds}
    lacking = {"the record lacks": set(found) - set(said), "only the record has": set(said) - set(found)}
    both = {key: abs(found[key] - said[key]) for key in said.keys() & found.keys()}
    where = max(sorted(both), key=both.get)
    missing = "; ".join(f"{what} {_few(sorted(places))}" for what, places in lacking.items() if places)
    if both[where] > TOLERANCE:
        missing = "; ".join(
            filter(None, [f"{said[where]:.6g} in the record, {found[where]:.6g} by the scores", missing])
        )
    return Verification(name, len(both), both[where], where, missing)


def _few(names):
    return f"{', '.join(names[:3])}{' ...' * (len(names) > 3)}"


def _kind(place):
    """What a figure is, whatever its set. A kind that a record has none of is no claim of it: AUPR in tables, say,
    or a detector that was withdrawn or came later."""
    kind, _, *detail = [*place.split("/"), ""]
    return kind, *detail


def _keyed(value):
    """Metric rows by set and detector, so that their order does not matter."""
    if isinstance(value, list):
        return {f"{row['ood']}/{row['detector']}": row for row in value}
    return value


def _flat(value, place=""):
    """All numbers of a nested dict by their place."""
    if isinstance(value, dict):
        return {k: v for name, part in value.items() for k, v in _flat(part, f"{place}/{name}").items()}
    if isinstance(value, (int, float)) and math.isfinite(value):
        return {place.lstrip("/"): float(value)}
    return {}
