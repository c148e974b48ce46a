import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from papermill import PapermillExecutionError
from typer.testing import CliRunner

from bgood_lib.cli import main
from bgood_lib.runs.record import read_record
from bgood_lib.studies import notebooks
from bgood_lib.studies.notebooks import check_parameters, read_parameters, run_notebook
from bgood_lib.utils.errors import ParameterError, in_a_line

PARAMETERS = """\
count: int = 3  # how often [1, 100]
weight: float = 0.5  # how much [0, 10]
method: str = "plain"  # what {plain, fancy}
loud: bool = False  # whether
title: str = "x"  # free text
"""


@pytest.fixture
def notebook(tmp_path):
    """A function that writes a notebook of some cells, the first one tagged ``parameters``."""

    def write(*cells, parameters=PARAMETERS):
        first = new_code_cell(parameters, metadata={"tags": ["parameters"]})
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        content = new_notebook(cells=[first, *map(new_code_cell, cells)], metadata={"kernelspec": kernel})
        nbformat.write(content, tmp_path / "page.ipynb")
        return tmp_path / "page.ipynb"

    return write


def test_parameters_are_read_with_what_they_may_be(notebook):
    got = read_parameters(notebook())
    assert list(got) == ["count", "weight", "method", "loud", "title"]
    assert [p.type for p in got.values()] == [int, float, str, bool, str]
    assert (got["count"].low, got["count"].high, got["count"].help) == (1, 100, "how often [1, 100]")
    assert got["method"].choices == ("plain", "fancy") and got["method"].low is None
    assert got["title"].choices == () and got["title"].low is None


def test_choices_can_be_those_of_a_registry(notebook):
    from bgood_lib.background_loss import SELECTORS

    got = read_parameters(notebook(parameters='selector: str = "rank"  # which {any selector}\n'))
    assert got["selector"].choices == tuple(SELECTORS)
    with pytest.raises(ParameterError, match="no list of 'colour'; after `any` comes one of data set, method"):
        read_parameters(notebook(parameters='colour: str = "red"  # which {any colour}\n'))


@pytest.mark.parametrize("name, value, expected", [
    ("count", "7", 7), ("count", 7, 7), ("count", "1", 1), ("count", 100, 100), ("weight", "1e-3", 1e-3), ("weight", 2, 2.0),
    ("weight", "0", 0.0), ("method", "fancy", "fancy"), ("loud", "true", True), ("loud", "False", False),
    ("loud", True, True), ("title", "12", "12"), ("title", "a=b", "a=b"),
])  # fmt: skip
def test_good_values_get_their_type(notebook, name, value, expected):
    got = check_parameters(notebook(), {name: value})[name]
    assert got == expected and type(got) is type(expected)


@pytest.mark.parametrize("name, value, message", [
    ("count", "1.5", "count is '1.5'; expected a whole number"),
    ("count", 1.5, "count is 1.5; expected a whole number"),
    ("count", "abc", "count is 'abc'; expected a whole number"),
    ("count", True, "count is true; expected a whole number"),
    ("count", None, "count is null; expected a whole number"),
    ("count", "", "count is ''; expected a whole number"),
    ("count", 0, "count is 0; expected a whole number from 1 to 100"),
    ("count", "101", "count is '101'; expected a whole number from 1 to 100"),
    ("weight", "heavy", "weight is 'heavy'; expected a number"),
    ("weight", True, "weight is true; expected a number"),
    ("weight", "nan", "weight is 'nan'; expected a number from 0 to 10"),
    ("weight", "inf", "weight is 'inf'; expected a number from 0 to 10"),
    ("weight", [0.1, 0.2], r"weight is \[0.1, 0.2\]; expected a number"),
    ("method", "Fancy", "method is 'Fancy'; choose one of plain, fancy; did you mean 'fancy'"),
    ("method", 1, "method is 1; expected text"),
    ("loud", "1", "loud is '1'; expected true or false"),
    ("loud", "yes", "loud is 'yes'; expected true or false"),
    ("loud", 1, "loud is 1; expected true or false"),
])  # fmt: skip
def test_bad_values_are_named(notebook, name, value, message):
    with pytest.raises(ParameterError, match=message):
        check_parameters(notebook(), {name: value})


def test_an_unknown_name_gives_the_nearest_and_the_valid_ones(notebook):
    with pytest.raises(ParameterError, match="page.ipynb has no parameter 'wieght'; did you mean 'weight'") as caught:
        check_parameters(notebook(), {"count": 1, "wieght": 1})
    assert "count, weight, method, loud, title" in str(caught.value)


@pytest.mark.parametrize("values", [{"wieght": 1}, {"count": "x"}, {"count": 0}, {"method": "x"}])
def test_nothing_runs_after_a_mistake(notebook, tmp_path, monkeypatch, values):
    monkeypatch.setattr(notebooks.papermill, "execute_notebook", lambda *args, **kwargs: pytest.fail("it ran"))
    with pytest.raises(ParameterError):
        run_notebook(notebook(), tmp_path / "out" / "page.ipynb", values)
    assert not (tmp_path / "out").exists()


def test_a_notebook_without_usable_parameters_is_refused(notebook, tmp_path):
    with pytest.raises(ParameterError, match="parameter 'count' has the type"):
        read_parameters(notebook(parameters="count = 3  # how often"))
    with pytest.raises(ParameterError, match="there is no notebook .*missing.ipynb"):
        read_parameters(tmp_path / "missing.ipynb")
    nbformat.write(new_notebook(cells=[new_code_cell("count: int = 3")]), tmp_path / "plain.ipynb")
    with pytest.raises(ParameterError, match="plain.ipynb has no cell tagged 'parameters'"):
        read_parameters(tmp_path / "plain.ipynb")


def test_a_file_that_is_no_notebook_is_refused(tmp_path):
    (tmp_path / "page.ipynb").write_text("no notebook")
    with pytest.raises(ParameterError, match="page.ipynb"):
        read_parameters(tmp_path / "page.ipynb")


def test_a_notebook_runs_with_its_parameters_and_shows_what_it_prints(notebook, tmp_path, capsys):
    source = notebook("print('hello\\n\\nthere')", "print('got', count, weight, method, loud, repr(title))")
    before = source.read_bytes()
    output = tmp_path / "runs" / "mine" / "page.ipynb"
    run_notebook(source, output, {"count": "7", "loud": "true", "title": "it's"})
    done = nbformat.read(output, 4)
    assert done.cells[-1].outputs[0].text == 'got 7 0.5 plain True "it\'s"\n'
    assert "count = 7" in done.cells[1].source
    lines = ["hello", "there", 'got 7 0.5 plain True "it\'s"']
    assert capsys.readouterr().out.splitlines() == [f"mine/page: {line}" for line in lines]
    assert source.read_bytes() == before


def test_a_failing_cell_keeps_the_notebook(notebook, tmp_path, capsys):
    with pytest.raises(PapermillExecutionError, match="no good: 7"):
        run_notebook(notebook("print('so far')", "raise ValueError(f'no good: {count}')", "print('never')"),
                     tmp_path / "out.ipynb", {"count": 7}, show=False)  # fmt: skip
    assert capsys.readouterr().out == ""
    text = (tmp_path / "out.ipynb").read_text()
    assert "so far" in text and "no good: 7" in text
    assert nbformat.read(tmp_path / "out.ipynb", 4).cells[-1].execution_count is None


def command(*words):
    return CliRunner().invoke(main.app, ["run", *map(str, words)])


@pytest.mark.parametrize("words, message", [
    (["-p", "wieght=1"], "did you mean 'weight'"),
    (["-p", "count=1.5"], "count is '1.5'; expected a whole number"),
    (["-p", "count"], "-p 'count' has no value; write -p count=VALUE"),
    (["-f", "missing.yaml"], "there is no missing.yaml; look whether it is spelt right"),
    (["-f", "list.yaml"], "list.yaml holds [1]; expected lines of `key: value`"),
    (["-f", "broken.yaml"], "broken.yaml"),
    (["-f", "bad.yaml"], "bad.yaml, line 1: count is 0; expected a whole number from 1 to 100"),
])  # fmt: skip
def test_command_line_says_mistakes_plainly(notebook, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.yaml").write_text("- 1\n")
    (tmp_path / "broken.yaml").write_text("a: [1\n")
    (tmp_path / "bad.yaml").write_text("count: 0\n")
    result = command(notebook(), "out.ipynb", *words)
    assert result.exit_code == 2
    assert result.output.startswith("error: ") and message in result.output and "Traceback" not in result.output
    assert not (tmp_path / "out.ipynb").exists()


def test_command_line_overrides_the_file(notebook, tmp_path, monkeypatch):
    (tmp_path / "good.yaml").write_text("count: 5\nweight: 2\n")
    seen = []
    monkeypatch.setattr(notebooks, "run_notebook", lambda *args, **kwargs: seen.append((args[2], kwargs)))
    result = command(
        notebook(), tmp_path / "out.ipynb", "-f", tmp_path / "good.yaml", "-p", "count=7", "-p", "title=a=b", "-q"
    )
    assert result.exit_code == 0
    values, told = seen[0]
    assert values == {"count": "7", "weight": 2, "title": "a=b"} and told["show"] is False
    assert told["places"] == {"weight": f"{tmp_path / 'good.yaml'}, line 2"}


def test_command_line_names_a_failing_notebook_and_its_output(notebook, tmp_path):
    result = command(notebook("raise ValueError('no good')"), tmp_path / "out.ipynb")
    assert result.exit_code == 1
    assert "error: ValueError: no good" in result.output and str(tmp_path / "out.ipynb") in result.output
    assert "Traceback" not in result.output
    assert (tmp_path / "out.ipynb").exists()


@pytest.mark.parametrize("kind, text, line", [
    ("InputError", "x is 1", "x is 1"), ("DataError", "no set", "no set"), ("FileNotFoundError", "no file", "no file"),
    ("ValueError", "no good", "ValueError: no good"), ("NameError", "x", "NameError: x"), ("in_a_line", "x", "in_a_line: x"), ("Odd", "x", "Odd: x"),
])  # fmt: skip
def test_the_kind_of_our_own_errors_is_left_out(kind, text, line):
    assert in_a_line(kind, text) == line


@pytest.mark.slow
def test_papermill_alone_makes_the_same_run(tmp_path, small_run, monkeypatch):
    """Without ``bgood run``: the same identity and weights; and what it refuses ends with an exit code."""
    monkeypatch.setenv("BGOOD_DATA", str(small_run / "cache"))
    notebook = Path(__file__).parents[2] / "notebooks" / "train.ipynb"
    values = {"method": "cross_entropy", "epochs": 1, "n_train": 128, "fit_images": 100, "device": "cpu"}
    run_notebook(notebook, tmp_path / "a.ipynb", {**values, "out": str(tmp_path / "a")}, show=False)
    words = [word for name, value in {**values, "out": tmp_path / "b"}.items() for word in ("-p", name, str(value))]
    command = [sys.executable, "-m", "papermill", str(notebook), str(tmp_path / "b.ipynb"), "--no-progress-bar", *words]
    assert subprocess.run(command, capture_output=True).returncode == 0
    a, b = (read_record(tmp_path / name / "record.json") for name in "ab")
    assert (a["identity"], a["weights_sha256"]) == (b["identity"], b["weights_sha256"])
    wrong = subprocess.run([*command, "-p", "method", "nonsense"], capture_output=True, text=True)
    assert wrong.returncode != 0 and "unknown method 'nonsense'; choose one of cross_entropy" in wrong.stderr
