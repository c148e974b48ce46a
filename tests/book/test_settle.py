"""An executed page is the same file whenever its figures are the same."""

import copy
import subprocess
import sys
from pathlib import Path

import nbformat
import settle
from nbformat.v4 import new_code_cell, new_notebook, new_output


def executed(number):
    """What papermill leaves behind, with all in it that changes from one execution to the next."""
    times = {"start_time": f"2026-01-01T00:00:0{number}", "duration": number}
    shown = new_output("display_data", {"text/plain": f"<Figure at 0x7f00000{number}>", "image/png": "aGk="})
    cells = [
        new_code_cell("x = 1", id=f"random-{number}", metadata={"tags": ["injected-parameters"], "papermill": times}),
        new_code_cell(
            "show(x)", id="show", execution_count=2, metadata={"execution": {"shell.execute_reply": times["start_time"]}, "tags": ["hide-input"]},
            outputs=[new_output("stream", text=f"<A at 0x55000000{number}> at 0xff\n"), shown],
        ),
    ]  # fmt: skip
    about = {
        "papermill": {"output_path": f"/home/{number}", **times},
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python", "version": f"3.11.{number}", "pygments_lexer": "ipython3"},
    }
    return new_notebook(cells=cells, metadata=about)


def test_two_executions_are_one_page(tmp_path):
    for number in (1, 2):
        nbformat.write(executed(number), tmp_path / f"{number}.ipynb")
        command = [
            sys.executable,
            Path(settle.__file__),
            tmp_path / f"{number}.ipynb",
            tmp_path / f"page{number}.ipynb",
        ]
        subprocess.run(command, check=True)
    assert (tmp_path / "page1.ipynb").read_bytes() == (tmp_path / "page2.ipynb").read_bytes()


def test_what_readers_see_stays():
    page = settle.settled(copy.deepcopy(executed(1)))
    nbformat.validate(page)
    cell = page.cells[1]
    assert cell.source == "show(x)" and cell.metadata == {"tags": ["hide-input"]} and cell.execution_count == 2
    assert cell.outputs[0].text == "<A at 0x...> at 0xff\n" and cell.outputs[1].data["image/png"] == "aGk="
    assert page.metadata.language_info.pygments_lexer == "ipython3"


def test_another_figure_is_another_page():
    one, two = executed(1), executed(1)
    two.cells[1].outputs[1].data["image/png"] = "aG8="
    assert nbformat.writes(settle.settled(one)) != nbformat.writes(settle.settled(two))
