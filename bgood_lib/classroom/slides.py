"""A deck of slides and a pack of figures, from the executed pages of the book: nothing is drawn again."""

import base64
import re
import struct
from html import escape
from pathlib import Path

import nbformat

from ..utils import files
from ..utils.errors import MissingExtra

SCENES, STUDY = "book/results/scenes", "book/results/study"
CHAPTERS = [  # in the order of a lab; after each come the exercises that belong to it
    f"{SCENES}/overconfidence",
    f"{SCENES}/cells",
    "idea",
    f"{SCENES}/measuring",
    f"{SCENES}/length",
    f"{SCENES}/background_loss",
    "controls",
    f"{STUDY}/controls",
    f"{STUDY}/how_sure",
    f"{SCENES}/scores",
    f"{SCENES}/finding_background",
    f"{STUDY}/photographs",
]
TEXTS = {  # slides that no chapter's figure is
    "idea": (
        "The idea in one sentence",
        "An unknown image often has a background of a known kind: train the network to answer background cells with **short "
        "feature vectors**, which cannot make it sure.",
    ),
    "controls": (
        "The controls: what a gain is compared with",
        "- **All cells**: the same loss on every cell. Was choosing background worth anything?\n"
        "- **True masks**: a choice without mistakes. Is background the reason?\n"
        "- **A temperature**: no training at all. Are answers only softer?\n"
        "- **More seeds**: the same again. Was it luck?\n\nWhich will do best? Say so before you look.",
    ),
}
ENDINGS = {  # chapters, or sections of one, that answer an exercise or tell how it all ends
    f"{SCENES}/measuring": ["Two conventions, two winners"],
    f"{SCENES}/length": ["The gap"],
    f"{STUDY}/controls": None,
    f"{STUDY}/how_sure": None,
    f"{STUDY}/photographs": None,
}
IDEA, VERDICT = f"{SCENES}/idea.png", f"{STUDY}/verdict.md"
TALL = 0.9  # height of a figure by its width, from which on it is shown in full beside its words, and the slide scrolls

STYLE = """
:root { color-scheme: light dark; }
body { font: 1.4rem/1.45 system-ui, sans-serif; margin: 0; }
section { min-height: 100vh; box-sizing: border-box; padding: 4vh 6vw; display: flex; flex-direction: column; justify-content: center;
  scroll-snap-align: start; break-after: page; }
html { scroll-snap-type: y proximity; }
img { max-width: 100%; max-height: 60vh; align-self: center; background: white; }
h2 { margin: 0 0 2vh; overflow-wrap: anywhere; } code { overflow-wrap: anywhere; } p, ul { max-width: 84ch; margin: 1vh 0; } .chapter { margin: 0; opacity: .7; font-size: 1rem; }
.tall { display: block; } .tall img { max-height: none; }
@media screen and (min-width: 75rem) {
  .tall { display: grid; grid-template-columns: auto minmax(16rem, 1fr); justify-content: start; column-gap: 3vw; align-items: start; }
  .tall img { grid-area: 1 / 1; max-width: 60vw; } .tall div { grid-area: 1 / 2; position: sticky; top: 4vh; }
}
@media (max-width: 40rem) { body { font-size: 1.1rem; } }
@media print { section { min-height: 0; height: 100vh; } .tall img { max-height: 60vh; } }
"""
KEYS = """
addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1 }[event.key];
  if (!step) return;
  const all = [...document.querySelectorAll("section")];
  const now = all.findIndex((one) => one.getBoundingClientRect().bottom > innerHeight / 2);
  const box = all[now].getBoundingClientRect();
  event.preventDefault();
  if (step > 0 ? box.bottom > innerHeight + 9 : box.top < -9) scrollBy(0, step * 0.8 * innerHeight);
  else all[Math.min(Math.max(now + step, 0), all.length - 1)].scrollIntoView();
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
        ``chapter`` and ``title`` (of the section), ``alt``, ``see`` (what to see in it, Markdown, or an empty string), ``png`` (bytes).
    """
    cells = nbformat.read(path, as_version=4).cells
    found, chapter, title = [], "", ""
    for number, cell in enumerate(cells):
        if cell.cell_type == "markdown":
            headings = re.findall(r"(?m)^#+ (.+)$", cell.source)
            title = headings[-1] if headings else title
            chapter = chapter or title
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
                found.append({"chapter": chapter, "title": title, "alt": alt, "see": see.split("\n\n")[0], "png": png})
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


def heading(text, chapter=""):
    """A slide's heading as HTML, with the chapter's title above it."""
    above = f'<p class="chapter">{_inline(chapter)}</p>' if chapter else ""
    return f"{above}<h2>{_inline(text)}</h2>"


def _inline(markdown):
    return re.sub(r"^<p>|</p>$", "", words(markdown).strip())


def picture(png, alt):
    """An image as HTML, with its bytes in it."""
    data, alt = base64.b64encode(png).decode(), escape(alt.replace("`", ""))
    return f'<img src="data:image/png;base64,{data}" alt="{alt}">'


def write_slides(exercises, book, folder, endings=False):
    """Write ``slides.html``, one file with its pictures in it, and ``figures/``.

    The deck follows a lab: CHAPTERS with their figures, after each its exercises. What answers an exercise or tells how it all
    ends (ENDINGS, the verdict) is left out, or comes after everything else.

    Parameters
    ----------
    exercises : iterable of Exercise
        Each has a slide for itself.
    book : path
        The project, which the chapters' paths start from.
    folder : path
    endings : bool, default=False
        Add the endings; for whoever teaches.

    Returns
    -------
    int : slides
    """
    folder, book, exercises = Path(folder), Path(book), list(exercises)
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    deck, last = [], []

    def show(chapter):
        path, withheld = book / f"{chapter}.ipynb", ENDINGS.get(chapter, [])
        seen = set()  # the first slide of a chapter, and of its end, can be linked to
        for number, one in enumerate(figures(path) if path.is_file() else [], 1):
            ending = withheld is None or one["title"] in withheld
            if ending and not endings:
                continue
            name = f"{path.stem}-end" if ending else path.stem
            (folder / "figures" / f"{path.stem}-{number}.png").write_bytes(one["png"])
            width, height = struct.unpack(">II", one["png"][16:24])
            tall = height > TALL * width
            label = "" if name in seen else f' id="{name}"'
            opening = f"<section{label}{' class=tall' * tall}>"
            seen.add(name)
            title, image, see = (
                heading(one["title"], one["chapter"]),
                picture(one["png"], one["alt"]),
                words(one["see"]),
            )
            body = f"<div>{title}{see}</div>{image}" if tall else f"{title}{image}{see}"
            (last if ending else deck).append(f"{opening}{body}</section>")

    for chapter in [*CHAPTERS, *dict.fromkeys(one.chapter for one in exercises if one.chapter not in CHAPTERS)]:
        if chapter in TEXTS:
            title, text = TEXTS[chapter]
            image = ""
            if chapter == "idea" and (book / IDEA).is_file():
                about = (book / IDEA).with_suffix(".md").read_text(encoding="utf-8")
                image = picture((book / IDEA).read_bytes(), re.search(r"(?m)^:alt: (.+)$", about)[1])
            deck.append(f'<section id="{chapter}">{heading(title)}{image}{words(text)}</section>')
            continue
        show(chapter)
        deck += [_about(exercise) for exercise in exercises if exercise.chapter == chapter]
    if endings:
        if (book / VERDICT).is_file():
            text = (book / VERDICT).read_text(encoding="utf-8").split(":::")[0]
            last.append(f'<section id="verdict">{heading("What was found")}{words(text)}</section>')
        title = heading("From here on: what came out")
        deck += [f'<section id="end">{title}<p>Answers of exercises, and how it ends.</p></section>', *last]
    with files.atomic_write(folder / "slides.html") as temporary:
        temporary.write_text(
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Slides</title>'
            f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>\n<body><main>{chr(10).join(deck)}</main>'
            f"<script>{KEYS}</script></body></html>\n",
            encoding="utf-8",
        )
    return len(deck)


def _about(exercise):
    """An exercise's own slide."""
    goal = f"{exercise.goal[:1].upper()}{exercise.goal[1:]}."
    points = f"{exercise.points} + {exercise.read_points} points"
    title = heading(f"Exercise {exercise.name.partition('_')[0]}: {exercise.title}")
    return (
        f'<section id="{exercise.name}">{title}<p>{_inline(goal)}</p>'
        f"<p>{exercise.minutes} minutes, {points}: by machine, and for texts that a person reads.</p></section>"
    )
