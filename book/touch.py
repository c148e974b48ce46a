"""Things to touch on a page: a still figure that becomes an explorer on a click, from a web host or from disk.

    ```{touch} live
    :label: a digit to drag on a photograph
    A figure or a text: shown before the start, and in print.
    ```

With ``:still:`` the explorer's own picture, as it stands before anything is moved, is drawn above the text.

An explorer is a script ``book/touch/NAME.js`` and its description ``results/touch/NAME.json``. Only pages that use one
get the starter and the style (``start.js``, ``touch.css``); the rest is loaded as scripts when the reader asks for it,
or with ``:near:`` when the place comes near. No fetch and no modules: both fail on ``file://``.
"""

import gzip
import hashlib
import json
import re
from html import escape
from pathlib import Path

import matplotlib
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from bgood_lib.pages import plots
from bgood_lib.pages.explorers import base

SCRIPTS = Path(__file__).parent / "touch"
DATA = Path(__file__).parents[1] / "results/touch"


def explorers():
    """Names of the explorers that are whole, sorted: script and description are there."""
    return sorted(file.stem for file in SCRIPTS.glob("*.js") if (DATA / f"{file.stem}.json").is_file())


def sources(name):
    """The files that an explorer is made of: its description, and its script behind those that it is written with.

    A script's first line may name others: ``// with network.js``.
    """
    script = SCRIPTS / f"{name}.js"
    named = re.match(r"// with (.*)", script.read_text(encoding="utf-8"))
    others = named[1].split() if named else []
    return DATA / f"{name}.json", [*(SCRIPTS / other for other in others), script]


def look():
    """Colours of the book's figures, for style and scripts: those of methods and sets, and the scale of norms."""
    norms = matplotlib.colormaps[plots.NORMS].resampled(64)
    return {
        "colours": {**plots.METHOD_COLOURS, "id": plots.ID_COLOUR, "ood": plots.OOD_COLOUR},
        "norms": [matplotlib.colors.to_hex(norms(i)) for i in range(64)],
        "length": plots.LENGTH,
    }


def assets():
    """What is written into the built book's folder of explorers: dict of file name to text."""
    files = {"start.js": (SCRIPTS / "start.js").read_text(encoding="utf-8")}
    files["base.js"] = f"window.bgoodLook = {json.dumps(look())};\n" + (SCRIPTS / "base.js").read_text(encoding="utf-8")
    colours = "".join(f"--touch-{name}: {value}; " for name, value in look()["colours"].items())
    files["touch.css"] = f":root {{ {colours}}}\n" + (SCRIPTS / "touch.css").read_text(encoding="utf-8")
    for name in explorers():
        data, scripts = sources(name)
        text = json.dumps(json.loads(data.read_text(encoding="utf-8")), separators=(",", ":"))
        files[f"{name}.data.js"] = f"bgoodTouch.data.{name} = {text};\n"
        files[f"{name}.js"] = "".join(script.read_text(encoding="utf-8") for script in scripts)
    return files


class touch(nodes.General, nodes.Element):
    """The place of an explorer; its children are the still figure."""


class Touch(SphinxDirective):
    """``{touch} NAME`` with ``:label:`` (what it is, also for screen readers), ``:near:`` (starts by itself), ``:still:`` (a
    picture of it is drawn)."""

    required_arguments = 1
    has_content = True
    option_spec = {"label": directives.unchanged_required, "near": directives.flag, "still": directives.flag}

    def run(self):
        [name] = self.arguments
        if name not in explorers():
            raise self.error(f"nothing to touch is called {name!r}; there are: {', '.join(explorers())}")
        if not self.options.get("label") or not self.content:
            raise self.error(f"{name}: write a :label: and, below it, the figure or text for before the start")
        data, scripts = sources(name)
        for file in (data, *scripts, SCRIPTS / "base.js", SCRIPTS / "start.js", SCRIPTS / "touch.css"):
            self.env.note_dependency(str(file))  # a page is written anew when its explorer has changed
        place = touch(
            name=name, label=self.options["label"], near="near" in self.options, still="still" in self.options
        )
        self.set_source_info(place)
        self.state.nested_parse(self.content, self.content_offset, place)
        return [place]


def open_place(visitor, node):
    files = assets()
    loaded = "".join(files[name] for name in ("base.js", f"{node['name']}.js", f"{node['name']}.data.js")).encode()
    facts = {
        "touch": node["name"], "label": node["label"], "near": "yes" if node["near"] else "",
        "version": hashlib.sha256(loaded).hexdigest()[:8], "kb": round(len(gzip.compress(loaded)) / 1000),
    }  # fmt: skip
    told = "".join(f' data-{key}="{escape(str(value))}"' for key, value in facts.items() if value != "")
    visitor.body.append(f'<div class="touch"{told}><div class="touch-still">')
    if node["still"]:
        described = base.read(DATA / f"{node['name']}.json")
        picture = Path(visitor.builder.outdir) / f"_static/touch/{node['name']}.png"
        picture.write_bytes(base.still(node["name"], described))
        page = visitor.builder.get_target_uri(visitor.builder.current_docname)
        width, height = (round(96 * inches) for inches in base.find(node["name"]).SIZE)
        visitor.body.append(
            f'<img src="{relative_uri(page, f"_static/touch/{picture.name}")}" width="{width}" height="{height}" '
            f'alt="{escape(node["label"])}: a picture of it, before anything is moved">'
        )


def close_place(visitor, node):
    visitor.body.append("</div></div>\n")


def write_assets(app):
    """In every build, as Sphinx copies no static file when no page has changed."""
    if app.builder.format == "html":
        folder = Path(app.outdir) / "_static/touch"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in assets().items():
            (folder / name).write_text(text, encoding="utf-8")


def add_starter(app, pagename, templatename, context, doctree):
    if doctree is not None and any(doctree.findall(touch)):
        app.add_css_file("touch/touch.css")
        app.add_js_file("touch/start.js", loading_method="defer")


def setup(app):
    """What Sphinx calls."""
    nothing = (lambda visitor, node: None,) * 2
    app.add_node(touch, html=(open_place, close_place), **dict.fromkeys(("latex", "text", "man", "texinfo"), nothing))
    app.add_directive("touch", Touch)
    app.connect("builder-inited", write_assets)
    app.connect("html-page-context", add_starter)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
