"""No result stands in the book's prose that no published record holds."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from bgood_lib.studies.results import published, read_results

ROOT = Path(__file__).parents[2]
PROSE = [ROOT / "README.md", *sorted((ROOT / "book").glob("*.md")), ROOT / "results/README.md"]
# A result: a figure in percent, in points, or with its spread; "= 84.4%" ends a worked example.
RESULT = re.compile(r"(?<!= )(?<![\d.])(\d+\.\d+)(?:%| points| ±)")


@pytest.fixture(scope="module")
def held():
    """Every number of the published records and tables, as a share and in percent, at one to four decimals."""
    numbers = set(pd.read_csv(ROOT / "results/openood.csv").select_dtypes("number").to_numpy().ravel())

    def walk(value):
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            for part in value:
                walk(part)
        elif isinstance(value, float):
            numbers.add(value)

    for folder in published(ROOT / "results"):
        for file in folder.glob("*.json"):
            walk(json.loads(file.read_text()))
        study = read_results(folder)
        for table in (study.runs, *study.metrics.values()):
            numbers.update(table.select_dtypes("number").to_numpy().ravel().tolist())
    return {f"{scale * x:.{digits}f}" for x in numbers if x == x for scale in (1, 100) for digits in (1, 2, 3, 4)}


def quoted(text):
    text = re.sub(r"```.*?```", "", text, flags=re.S)  # code; exercises keep their text
    return [match[1] for match in RESULT.finditer(text)]


@pytest.mark.parametrize("path", PROSE, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_result_in_prose_is_in_a_record(path, held):
    missing = [number for number in quoted(path.read_text()) if number not in held]
    assert not missing, f"{path.name} quotes {', '.join(missing)}, which no record in results/ holds"


def test_results_are_recognised():
    text = "AUROC is 13.5 / 16 = 84.4%; it reached 92.36% and 1.25 points, 88.1 ± 0.3; weight 0.05, Python 3.11"
    assert quoted(text) == ["92.36", "1.25", "88.1"]


def test_an_invented_result_is_found(held):
    assert "90.08" in held and "90.079999" not in held
    assert [number for number in quoted("accuracy 12.3456%") if number not in held] == ["12.3456"]
