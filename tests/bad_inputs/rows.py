"""A bad input as a line of a table, and what must hold for every one of them.

``MESSAGES=FILE pytest tests/bad_inputs`` adds what was tried and what was told, row by row, to a file to be read.
"""

import hashlib
import os
import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bgood_lib.cli.main import app
from bgood_lib.utils.errors import BgoodError

# What a message tells to do, or the choice it gives.
WAY_OUT = re.compile(
    r"expected|add it|choose|move |leave |replace |indent |close |give |give\b|delete|run |Run:|train |write|leave|make |use |name another|name a |name some|put |rename|save|name (an?|the) |"
    r"there (is|are)\b|must be|did you mean|at least|at most|keep one|take |get it|set BGOOD|it has|have been|may have|"
    r"may be|between|once|needs|look whether|Repair|change|Try|known endings|Usage|lower",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Row:
    """What is done, and what must come of it.

    Attributes
    ----------
    name : str
    make : callable or None
        Takes the scratch folder, and spoils something in it.
    do : str, list or callable
        The command (without ``bgood``), or a call of the library.
    message : str
        A pattern of what must be told.
    code : int
        Exit code of the command.
    may_be_harmless : bool
        Whether it may also change nothing at all: then the output is that of the undamaged input.
    """

    name: str
    make: object
    do: object
    message: str
    code: int = 1
    may_be_harmless: bool = False


def table(*rows):
    """A decorator: the test runs once for each row."""
    rows = [row if isinstance(row, Row) else Row(*row) for row in rows]
    return pytest.mark.parametrize("row", rows, ids=[f"{i:03d} {ascii(row.name)[1:60]}" for i, row in enumerate(rows)])


def checksums(folder):
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    }


def outcome(do):
    """Exit code and text of a command, or of a call of the library."""
    if callable(do):
        try:
            do()
        except (BgoodError, OSError) as error:
            return 1, f"error: {error}"
        return 0, ""
    done = CliRunner().invoke(app, shlex.split(do) if isinstance(do, str) else do, prog_name="bgood")
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    return done.exit_code, done.output


@cache
def undisturbed(do):
    """Exit code and text of a command in a project that nobody spoilt: the same in every copy, so it is given once."""
    return outcome(do)


def keep(row, told):
    """For somebody who reads all messages, and only them."""
    if file := os.environ.get("MESSAGES"):
        do = "a call of the library" if callable(row.do) else row.do if isinstance(row.do, str) else shlex.join(row.do)
        with open(file, "a", encoding="utf-8") as out:
            out.write(f"## {row.name!a} | {do}\n{told.strip()}\n\n")


def check(row, folder):
    """Spoil, do, and look at what is told, and that nothing else was touched."""
    if row.may_be_harmless:
        undamaged = undisturbed(row.do)
        assert undamaged[0] == 0, undamaged
    if row.make:
        row.make(folder)
    before = checksums(folder)
    code, told = outcome(row.do)
    flat = " ".join(re.sub("[│╭╮╰╯─]", " ", told).split())
    after = checksums(folder)
    same = row.may_be_harmless and code == 0 and told == undamaged[1]
    keep(row, f"{told.strip()}\n(the output of the undamaged file: nothing reads what was changed)" if same else told)
    assert {path: after.get(path) for path in before} == before, "a file was overwritten"
    assert not any(path.name == "pwned" for path in after), "something was executed"
    assert "Traceback" not in told and "bug of bgood" not in told, told
    if row.may_be_harmless and code == 0:
        assert told == undamaged[1], "other figures without a word"
        return
    assert code == row.code, f"exit code {code}: {flat}"
    assert re.search(row.message, flat), flat
    assert WAY_OUT.search(flat), f"no way out: {flat}"
    assert flat.count("error: ") <= 1 and len(flat) < 4000, flat
