"""Write the descriptions that the book's pages read: python -m bgood_lib.pages.explorers.export NAME... --runs runs/scenes."""

import argparse
import inspect
from pathlib import Path

from .base import find, names, write


def export(name, folder="results/touch", **sources):
    """Describe one explorer and write it as ``FOLDER/NAME.json``.

    Parameters
    ----------
    name : str
    folder : path
    **sources
        What its ``describe`` may read; those that it does not name are left out.

    Returns
    -------
    Path : the file.
    """
    describe = find(name).describe
    known = {key: value for key, value in sources.items() if key in inspect.signature(describe).parameters}
    path = Path(folder) / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write(describe(**known), path)
    return path


def main():
    """The command."""
    parser = argparse.ArgumentParser(description="Describe explorers for the book's pages.")
    parser.add_argument("names", nargs="*", default=names(), help="which; by default all")
    parser.add_argument("--runs", help="folder of a study's runs; by default that which each explorer is of")
    parser.add_argument("--results", default="results", help="folder of the published results")
    given = {key: value for key, value in vars(parser.parse_args()).items() if value is not None}
    for name in given.pop("names"):
        path = export(name, **given)
        print(f"{path}: {path.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    main()
