"""`bgood data`."""

import zipfile

import pytest
from typer.testing import CliRunner

from bgood_lib import datasets
from bgood_lib.cli.main import app


def run(*arguments):
    return CliRunner().invoke(app, ["data", *arguments], env={"COLUMNS": "200"})


def test_list(foreign, cache):
    foreign("svhn_subset", 1040)
    foreign.adopt()
    (cache / "mnist-test.npz").write_bytes(b"half")
    lines = {tuple(line.split()[:2]): line for line in run("list").output.splitlines()}
    assert set(lines) == {("name", "split"), *datasets.names()}
    assert "embedded" in lines["scenes", "train"]
    assert "not available" in lines["cifar10", "test"]
    assert "damaged" in lines["mnist", "test"]
    sha = datasets.info("svhn").sha256[:12]
    line = lines["svhn", "test"]
    assert all(s in line for s in ("prepared", "  part  ", "SVHN subset", "1,040", sha))


def test_prepare_from_folder(foreign):
    foreign("svhn_subset", 1040)
    foreign("mine")
    result = run("prepare", "--from", str(foreign.folder))
    assert result.exit_code == 0
    assert "svhn test: SVHN subset (part), N = 1,040" in result.output
    assert datasets.available("mine", "test")


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("prepare", "svnh"), "did you mean 'svhn'?"),
        (("prepare",), "error: nothing to prepare"),
        (("prepare", "chars74k"), "error: Chars74K cannot be downloaded"),
        (("verify", "svnh"), "error: no data set is called 'svnh'"),
        (("verify", "cifar10"), "bgood data prepare cifar10"),
    ],
)
def test_errors_are_one_message_and_exit_code_1(arguments, message):
    result = run(*arguments)
    assert result.exit_code == 1 and message in result.output
    assert isinstance(result.exception, SystemExit) and "Traceback" not in result.output


def test_verify(foreign, cache):
    foreign("mine")
    foreign.adopt()
    result = run("verify")
    assert result.exit_code == 0 and "mine test: mine (own), N = 20" in result.output
    with zipfile.ZipFile(cache / "mine-test.npz", "a") as file:
        offset = file.getinfo("images.npy").header_offset + 500
    altered = bytearray((cache / "mine-test.npz").read_bytes())
    altered[offset] ^= 1
    (cache / "mine-test.npz").write_bytes(altered)
    result = run("verify", "mine")
    assert result.exit_code == 1 and "bgood data prepare mine --from FOLDER" in result.output


def test_prepares_and_lists_a_canvas(small_canvas):
    def states():
        return {tuple(line.split()[:2]): line for line in run("list").output.splitlines()}

    assert "not available" in states()["canvas", "test"]
    assert "get it: bgood data prepare cifar100 canvas_objects" in states()["canvas_objects", "test"]
    refused = run("prepare", "canvas")
    assert refused.exit_code == 1 and "Run: bgood data prepare cifar10 canvas" in refused.output
    done = run("prepare", "cifar10", "canvas")
    assert done.exit_code == 0 and "canvas train: Canvas train (whole), N = 12" in done.output
    assert "prepared" in states()["canvas", "test"] and "made on first use" in states()["canvas_bare", "test"]
    assert run("verify", "canvas").output.count("ok   canvas") == 2
