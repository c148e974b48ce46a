"""A deck of slides and a pack of figures, from the executed pages of the book: nothing is drawn again."""

import base64
import re
from html import escape
from pathlib import Path

import nbformat

from ..utils import files
from ..utils.errors import MissingExtra

STYLE = """
:root { color-scheme: light dark; }
body { font: 1.4rem/1.45 system-ui, sans-serif; margin: 0; }
section { min-height: 100vh; box-sizing: border-box; padding: 4vh 6vw; display: flex; flex-direction: column; justify-content: center;
  scroll-snap-align: start; break-after: page; }
html { scroll-snap-type: y proximity; }
img { max-width: 100%; max-height: 62vh; align-self: center; background: white; }
h2 { margin: 0 0 2vh; } p { max-width: 60ch; }
@media print { section { min-height: 0; height: 100vh; } }
"""
KEYS = """
addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1 }[event.key];
  if (!step) return;
  const all = [...document.querySelectorAll("section")];
  const now = all.findIndex((one) => one.getBoundingClientRect().bottom > innerHeight / 2);
  all[Math.min(Math.max(now + step, 0), all.length - 1)].scrollIntoView();
  event.preventDefault();
});
"""


def figures(path):
    """All figures of an executed page.

    Parameters
    ----------
    path : path
        A notebook.

    Returns
    -------
    list of dict
        ``title`` (of the section), ``alt``, ``see`` (what to see in it, Markdown, or an empty string), ``png`` (bytes).
    """
    cells = nbformat.read(path, as_version=4).cells
    found, title = [], ""
    for number, cell in enumerate(cells):
        if cell.cell_type == "markdown":
            headings = re.findall(r"(?m)^#+ (.+)$", cell.source)
            title = headings[-1] if headings else title
            continue
        if cell.cell_type != "code":
            continue
        data = [output.get("data", {}) for output in cell.outputs]
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        for one in data:
            if "image/png" in one and alt:
                after = [other.get("text/markdown", "") for other in data]
                after += [cells[number + 1].source] if number + 1 < len(cells) else []
                see = next((text for text in after if text.startswith("*What to see:*")), "")
                png = base64.b64decode(one["image/png"])
                found.append({"title": title, "alt": alt, "see": see.split("\n\n")[0], "png": png})
    return found


def words(markdown):
    """Markdown of the book as HTML, its references as plain words."""
    try:
        import mistune
    except ImportError as error:
        raise MissingExtra(f"slides need a reader of Markdown ({error})", "class") from None
    text = re.sub(r"\s*\{cite(:\w+)?\}`[^`]*`", "", markdown)
    text = re.sub(r"\{\w+\}`([^`<]*?)(\s*<[^`]*>)?`", r"\1", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return mistune.html(text)


def write_slides(exercises, book, folder):
    """Write ``slides.html``, one file with its pictures in it, and ``figures/``.

    Parameters
    ----------
    exercises : iterable of Exercise
        Each has a slide for itself, then one for each figure of its chapter.
    book : path
        The project, which the chapters' paths start from.
    folder : path

    Returns
    -------
    int : slides
    """
    folder, slides, seen = Path(folder), [], set()
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    for exercise in exercises:
        about = f"<p>{escape(exercise.goal[:1].upper() + exercise.goal[1:])}.</p><p>{exercise.minutes} minutes, {exercise.points + exercise.read_points} points.</p>"
        slides.append(f"<h2>{escape(exercise.title)}</h2>{about}")
        path = Path(book) / f"{exercise.chapter}.ipynb"
        if exercise.chapter in seen or not path.is_file():
            continue
        seen.add(exercise.chapter)
        for number, one in enumerate(figures(path), 1):
            name = f"{path.stem}-{number}.png"
            (folder / "figures" / name).write_bytes(one["png"])
            inside = base64.b64encode(one["png"]).decode()
            slides.append(
                f'<h2>{escape(one["title"])}</h2><img src="data:image/png;base64,{inside}" alt="{escape(one["alt"])}">'
                f"{words(one['see'])}"
            )
    sections = "\n".join(f"<section>{slide}</section>" for slide in slides)
    with files.atomic_write(folder / "slides.html") as temporary:
        temporary.write_text(
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Slides</title>'
            f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>\n<body><main>{sections}</main>'
            f"<script>{KEYS}</script></body></html>\n",
            encoding="utf-8",
        )
    return len(slides)
