"""The book's table of contents: ``_toc.yml``, and the pages of every other study that has some.

    python book/contents.py OUTPUT.yml

A study of one's own appears in the book without an edit; its part stands before the last one.
"""

import sys
from pathlib import Path

import yaml

from bgood_lib.studies import read_study


def contents(top):
    """The table of contents as nested lists and dicts.

    Parameters
    ----------
    top : path
        The project's top folder.
    """
    top = Path(top)
    toc = yaml.safe_load((top / "_toc.yml").read_text(encoding="utf-8"))
    named = {chapter["file"] for part in toc["parts"] for chapter in part["chapters"]}
    for path in sorted((top / "studies").glob("*.yaml")):
        study = read_study(path, check=False)
        pages = [f"book/results/{study.name}/{page}" for page in study.pages]
        pages = [page for page in pages if page not in named and (top / f"{page}.ipynb").is_file()]
        if pages:
            toc["parts"].insert(-1, {"caption": study.title, "chapters": [{"file": page} for page in pages]})
    return toc


if __name__ == "__main__":
    output = Path(sys.argv[1])
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(yaml.safe_dump(contents("."), sort_keys=False), encoding="utf-8")
