"""The whole path in small: trainings, pages, pictures, the book."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from copied import copy_project

from bgood_lib.runs.record import read_record

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project whose scenes study is short."""
    folder = copy_project(tmp_path_factory.mktemp("walk") / "project")
    # What other tools leave behind must not become a page.
    (folder / ".some_cache").mkdir()
    (folder / ".some_cache/README.md").write_text("# A cache\n")
    study = yaml.safe_load((folder / "studies/scenes.yaml").read_text())
    study["common"].update(epochs=1, n_train=384, fit_images=200)
    study["runs"] = [
        {"method": ["cross_entropy", "background"], "seed": 0},
        {"method": "background", "selector": ["all", "oracle", "rank"], "seed": 0},
        {"method": "background", "patch_size": 2, "seed": 0},
        {"method": ["logitnorm", "logitnorm_background"], "seed": 0},
    ]
    study["pages"]["background_loss"] = {"epochs": 1}
    (folder / "studies/scenes.yaml").write_text(yaml.safe_dump(study))
    (folder / ".snakemake").mkdir()
    (folder / ".snakemake/alone").touch()  # no fresh clone: pages of published results are executed too
    return folder


def make_book(project):
    environment = {
        **os.environ,
        "BGOOD_DATA": str(project.parent / "cache"),  # empty at first, as on a new machine
        "PYTHONPATH": str(project),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    return subprocess.run(
        ["snakemake", "--cores", "2", "--rerun-triggers", "mtime", "params", "input"],
        cwd=project, env=environment, capture_output=True, text=True, timeout=900,
    )  # fmt: skip


def test_the_book_is_built_once(project):
    done = make_book(project)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    records = sorted((project / "runs/scenes").glob("*/record.json"))
    assert len(records) == 8
    for path in records:
        record = read_record(path)
        assert record["config"]["epochs"] == 1
        assert {row["ood"] for row in record["metrics"]} == {
            "scenes_unseen", "scenes_background", "scenes_novel", "scenes_elsewhere",
        }  # fmt: skip
    pages = yaml.safe_load((project / "_toc.yml").read_text())
    for part in pages["parts"]:
        for chapter in part["chapters"]:
            html = project / "_build/html" / (chapter["file"] + ".html")
            assert html.is_file(), html
            assert "Traceback" not in html.read_text()
            without_alt = [
                tag
                for tag in re.findall(r"<img[^>]*>", html.read_text())
                if not re.search(r'alt="[^"]+|class="logo__image', tag)  # the mark: its name stands beside it
            ]
            assert not without_alt, f"pictures without alt text in {html}: {without_alt[:2]}"

    again = make_book(project)
    assert "Nothing to be done" in again.stdout + again.stderr
