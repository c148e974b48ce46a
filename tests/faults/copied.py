"""A copy of the project, for tests that change it."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
GENERATED = {
    ".git", ".venv", ".snakemake", ".pytest_cache", ".ruff_cache", "runs", "_build", "build", "bgood.egg-info",
    "book/results/scenes", "book/results/study",
}  # fmt: skip


def copy_project(folder, without=()):
    """Copy the project's sources into a folder that does not exist yet.

    Parameters
    ----------
    folder : path
    without : iterable of str
        Paths to leave out too, seen from the top of the project.

    Returns
    -------
    Path : the folder.
    """

    def ignored(source, names):
        left_out = {path for path in GENERATED.union(without) if (ROOT / path).parent == Path(source)}
        return [name for name in names if name == "__pycache__" or name in {Path(path).name for path in left_out}]

    return Path(shutil.copytree(ROOT, folder, ignore=ignored))
