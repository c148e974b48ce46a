"""Build the book from the records and executed pages that are here: nothing is trained, nothing is executed.

python book/build.py [FOLDER]    into FOLDER/_build/html and FOLDER/_build/book.zip; FOLDER is by default the project
python book/build.py --without-solutions [FOLDER]    the same for students; FOLDER is by default _build/students
"""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
TABLE = "book/results/study/all_scores.csv"


def pages():
    """Names of all pages in _toc.yml, those below others too, without what follows the dot."""
    names = []

    def walk(entries):
        for entry in entries:
            if "glob" in entry:
                names.extend(str(path.relative_to(ROOT).with_suffix("")) for path in sorted(ROOT.glob(entry["glob"])))
            else:
                names.append(entry["file"])
            walk(entry.get("sections", ()))

    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    walk([{"file": toc["root"]}, *(chapter for part in toc["parts"] for chapter in part["chapters"])])
    return names


def build(folder):
    """Build all pages with every warning an error, and put them into a zip.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    SystemExit
        A page has not been executed, or is not as it should be.
    """
    missing = [page for page in pages() if not any((ROOT / f"{page}{end}").is_file() for end in (".md", ".ipynb"))]
    if missing:
        sys.exit(f"error: not executed yet: {', '.join(missing)}; `make book` does that, and trains what is missing")
    if not (ROOT / TABLE).is_file():  # too large to be kept beside the records that it is made of
        subprocess.run([sys.executable, "book/from_results.py", "results", Path(TABLE).parent], cwd=ROOT, check=True)
    # All pages: of those that it does not write anew, Sphinx forgets in the search which words they define.
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ROOT, "--path-output", folder, "--all"]
    done = subprocess.run([*map(str, command), "-W", "-n", "--keep-going"], cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    html = folder / "_build/html"
    # Sphinx copies the style only when a page has changed too.
    shutil.copytree(ROOT / "book/style", html / "_static", dirs_exist_ok=True)
    with zipfile.ZipFile(folder / "_build/book.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in html.rglob("*") if path.is_file()):
            archive.write(path, Path("bgood-book") / path.relative_to(html))


if __name__ == "__main__":
    given = sys.argv[1:]
    if given[:1] == ["--without-solutions"]:
        os.environ["BGOOD_SOLUTIONS"] = "hide"
        given = given[1:] or [ROOT / "_build/students"]
    build(Path(given[0] if given else ROOT).resolve())
