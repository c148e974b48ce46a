"""Exercises of a class in the book: a table of them, a folder to download for each, slides, and a pointer in their chapters.

    ```{exercises}
    ```

Where ``repository_url`` and a launch button's host are set in _config.yml, each also opens there, from the branch ``students``
that holds what ``make class`` made. With ``BGOOD_SOLUTIONS=hide`` (``python book/build.py --without-solutions``) the chapters'
questions have no answers.
"""

import hashlib
import os
import re
import shutil
import tempfile
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from bgood_lib.classroom.exercise import read_exercises
from bgood_lib.classroom.generate import BRANCH, write_exercise
from bgood_lib.classroom.slides import write_slides

ROOT = Path(__file__).parents[1]
PAGE = "book/class"
# Chapters that no exercise was written for, and the one that goes with them.
NEAR = {
    "book/results/scenes/overconfidence": "1_measuring",
    "book/results/scenes/length": "5_background_loss",
    "book/results/scenes/more_scores": "3_scores",
    "book/results/study/cifar10": "7_critical",
    "book/results/study/shared_backgrounds": "7_critical",
    "book/results/study/patch_weight": "5_background_loss",
    "book/results/study/on_top": "3_scores",
    "book/results/study/claims": "7_critical",
    "book/results/study/forms": "9_project",
    "book/relatives": "9_project",
    "book/results/study/relatives": "9_project",
}


def hidden():
    """Is this the book without answers?"""
    return os.environ.get("BGOOD_SOLUTIONS") == "hide"


def buttons(exercise, theme):
    """Where an exercise opens: dict of words to addresses, empty where no address is set. On Binder there is NumPy alone.

    Parameters
    ----------
    exercise : Exercise
    theme : dict
        ``html_theme_options`` of _config.yml.
    """
    project = urlsplit(theme.get("repository_url", "")).path.strip("/")
    hosts = theme.get("launch_buttons", {})
    file, found = f"{exercise.name}/{exercise.name}.ipynb", {}
    if project and hosts.get("colab_url"):
        found["Colab"] = f"{hosts['colab_url']}/github/{project}/blob/{BRANCH}/{file}"
    if project and hosts.get("binderhub_url") and exercise.needs == "numpy":
        found["Binder"] = f"{hosts['binderhub_url']}/v2/gh/{project}/{BRANCH}?urlpath=lab/tree/{file}"
    return found


class Exercises(SphinxDirective):
    """A list of all exercises, as a table."""

    def run(self):
        """What docutils calls."""
        up = "../" * self.env.docname.count("/")
        rows = []
        for name, exercise in read_exercises(ROOT / "exercises").items():
            self.env.note_dependency(str(exercise.folder / "questions.py"))
            needs = "NumPy" if exercise.needs == "numpy" else "all of bgood"
            title = nodes.reference("", exercise.title, refuri=f"{up}exercises/{name}.zip")
            opened = [
                [nodes.reference("", f"open on {host}", refuri=address)]
                for host, address in buttons(exercise, self.config.html_theme_options).items()
            ]
            goal = [nodes.Text(f"{exercise.goal[:1].upper()}{exercise.goal[1:]}.")]
            number = name.partition("_")[0]
            rows.append(
                (
                    [[nodes.Text(f"{number}. "), title], goal, *opened],
                    [
                        [nodes.Text(f"{exercise.minutes} min, {needs}")],
                        [nodes.Text(f"{exercise.points} + {exercise.read_points} points")],
                    ],
                )
            )
        table = nodes.table(classes=["commands"])
        group = nodes.tgroup(cols=2)
        group += [nodes.colspec(colwidth=width) for width in (75, 25)]
        head, body = nodes.thead(), nodes.tbody()
        head += _row([[[nodes.Text(text)]] for text in ("exercise: a folder to download", "takes")])
        body += [_row(row) for row in rows]
        group += [head, body]
        table += group
        return [table]


def _row(cells):
    """A row: each cell is a list of paragraphs, each of these a list of nodes."""
    row = nodes.row()
    for cell in cells:
        entry = nodes.entry()
        entry += [nodes.paragraph("", "", *inside) for inside in cell]
        row += entry
    return row


def point(app, doctree):
    """Add a box with its exercises to the end of a chapter, or to its top where the chapter answers them."""
    docname = app.env.docname
    for exercise in read_exercises(ROOT / "exercises").values():
        if exercise.chapter != docname and NEAR.get(docname) != exercise.name:
            continue
        first = exercise.first and exercise.chapter == docname
        box = nodes.admonition(classes=["tip"])
        box += nodes.title("", f"{'Do it first' if first else 'Do it yourself'}: {exercise.title}")
        text = f"{exercise.goal[:1].upper()}{exercise.goal[1:]}, in about {exercise.minutes} minutes: "
        address = f"{'../' * docname.count('/')}exercises/{exercise.name}.zip"
        link = nodes.reference("", "an exercise that checks itself", refuri=address)
        how = nodes.reference("", "how to open it", refuri=app.builder.get_relative_uri(docname, PAGE))
        end = "). This chapter has its answers." if first else ")."
        box += nodes.paragraph("", "", nodes.Text(text), link, nodes.Text(" (a zip; "), how, nodes.Text(end))
        last = ([node for node in doctree.children if isinstance(node, nodes.section)] or [doctree])[-1]
        about = [n for n, node in enumerate(last.children) if isinstance(node, nodes.admonition)]
        last.insert(about[0] + 1 if first and about else len(last), box)


def link_slides(app, doctree):
    """Let names such as #idea on the page for a class lead to the slides; those with answers only where these are."""
    if app.env.docname != PAGE:
        return
    for node in list(doctree.findall(nodes.literal)):
        name = re.fullmatch(r"(?:instructor/slides\.html)?(#[\w-]+)", node.astext())
        if name and not (hidden() and re.search("end$|verdict$", name[1])):
            link = nodes.reference("", "", refuri=f"{'../' * PAGE.count('/')}exercises/slides.html{name[1]}")
            node.replace_self(link)
            link += node


def hide(app, doctree):
    """Take the answers out of the chapters' questions."""
    if hidden():
        for node in list(doctree.findall(lambda node: type(node).__name__ == "solution_node")):
            node.parent.remove(node)


def folders(app, exception):
    """Write a zip of each exercise, and the slides, beside the pages; a zip that has not changed is kept."""
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir) / "exercises"
    out.mkdir(exist_ok=True)
    address = app.config.html_theme_options.get("repository_url", "")
    every = read_exercises(ROOT / "exercises")
    with tempfile.TemporaryDirectory() as made:
        write_slides(every.values(), ROOT, made, endings=not hidden())
        shutil.copy(Path(made) / "slides.html", out)
    for name, exercise in every.items():
        path, mark = out / f"{name}.zip", Path(app.doctreedir) / f"exercise-{name}"
        found = hashlib.sha256(address.encode())
        for file in sorted(p for p in exercise.folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
            found.update(file.read_bytes())
        for file in sorted((ROOT / "bgood_lib/classroom").glob("*.py")):
            found.update(file.read_bytes())
        if path.is_file() and mark.is_file() and mark.read_text() == found.hexdigest():
            continue
        with tempfile.TemporaryDirectory() as made, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            write_exercise(exercise, Path(made) / name, address)
            for file in sorted(p for p in Path(made).rglob("*") if p.is_file()):
                archive.write(file, file.relative_to(made))
        mark.write_text(found.hexdigest())


def setup(app):
    """What Sphinx calls."""
    app.add_directive("exercises", Exercises)
    app.connect("doctree-read", hide, priority=400)
    app.connect("doctree-read", point)
    app.connect("doctree-read", link_slides)
    app.connect("build-finished", folders)
    return {"parallel_read_safe": True}
