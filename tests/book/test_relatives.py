"""The page on relatives: the line that switches to each of them runs as it stands."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn

from bgood_lib.background_loss import background_loss

PAGE = Path(__file__).parents[2] / "book/relatives.md"
LINES = [block for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)]


@pytest.mark.parametrize("lines", LINES, ids=lambda lines: lines.splitlines()[0][:60])
def test_the_lines_of_the_page_run(lines):
    torch.manual_seed(0)
    network = nn.Module()
    network.head, network.ood_head = nn.Linear(16, 6), nn.Linear(16, 2)
    names = {
        "loss": 0, "feature_map": (20 * torch.rand(4, 16, 8, 8)).requires_grad_(), "labels": torch.arange(4), "network": network,
        "background_loss": background_loss,
    }  # fmt: skip
    exec(lines, names)
    names["loss"].backward()
    assert names["feature_map"].grad.any()


def test_it_has_one_for_each():
    assert len(LINES) == 5
