"""The page on one's own things: its Python blocks run as they stand."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image

from bgood_lib.networks.resnet18 import ResNet18_32x32

PAGE = Path(__file__).parents[2] / "book/your_own.md"


@pytest.fixture
def folder(tmp_path, monkeypatch, small_run):
    """What the page takes for granted: a run, pictures, a checkpoint and saved features."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BGOOD_DATA", str(small_run / "cache"))
    (tmp_path / "runs/scenes").mkdir(parents=True)
    (tmp_path / "runs/scenes/background-s0").symlink_to(small_run)
    rng = np.random.default_rng(0)
    for name, n in (("pictures/cat", 8), ("pictures/dog", 8), ("holidays", 6), ("new", 6)):
        (tmp_path / name).mkdir(parents=True)
        for i in range(n):
            Image.fromarray(rng.integers(0, 256, (40, 50, 3), np.uint8)).save(tmp_path / name / f"{i}.png")
    torch.save(ResNet18_32x32(10).state_dict(), "best.ckpt")
    torch.save(torchvision.models.resnet18(num_classes=2).state_dict(), "mine.pt")
    features = {name: rng.normal(size=(n, 6)) for name, n in (("train", 80), ("test", 40), ("holidays", 30))}
    labels = {f"{name}_labels": np.arange(len(features[name])) % 3 for name in ("train", "test")}
    np.savez("features.npz", **features, **labels, weight=rng.normal(size=(3, 6)), bias=rng.normal(size=3))
    return tmp_path


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_blocks_of_the_page_run(folder, capsys):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 6
    names = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
        if "background_loss" in block:
            assert 0 < names["loss"].item() < 10
    assert list(names["table"]["verdict"].isin(["known", "unknown"])) == [True] * 6
    assert "| Mahalanobis++ |" in capsys.readouterr().out
    assert {file.suffix for file in (folder / "mine").iterdir()} == {".csv", ".md", ".tex"}


def test_the_commands_of_the_page_exist():
    from typer.testing import CliRunner

    from bgood_lib.cli.main import app

    lines = re.findall(r"^bgood (.*)", PAGE.read_text(), re.MULTILINE)
    assert len(lines) == 5
    for line in lines:
        command, *words = line.split()
        shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).output
        for word in words:
            assert not word.startswith("--") or word in shown
