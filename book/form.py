"""What the book's theme does not do by itself: a link to the repository, no dead scripts, numbers of figures and questions."""

import re

from docutils import nodes
from sphinx_exercise.nodes import exercise_node, is_exercise_enumerable_node, is_solution_node

# sphinx-thebe would let readers run cells on a foreign host; it puts its scripts on every page, twice.
UNUSED = "sphinx_thebe"


def take_out(app, config):
    """Without what puts scripts on pages that nobody uses."""
    for listeners in app.events.listeners.values():
        listeners[:] = [one for one in listeners if not one.handler.__module__.startswith(UNUSED)]
    app.registry.css_files[:] = [entry for entry in app.registry.css_files if "thebe" not in str(entry[0])]


def link_repository(app, config):
    """``repository_url`` in _config.yml turns on the link to it."""
    config.html_theme_options["use_repository_button"] = bool(config.html_theme_options.get("repository_url"))


def name_pages(app, doctree):
    """A notebook that is executed twice makes two pages: one is called as _toc.yml calls it, where that gives a title."""
    entry = app.env.external_site_map.get(app.env.docname)
    heading = next(doctree.findall(nodes.title), None)
    if entry is not None and entry.title and heading is not None:
        heading[:] = [nodes.Text(entry.title)]


def number_figures(app, doctree):
    """Number the figures of a page: in the caption or, below a computed one, before the sentence that says what to see."""
    number, unnamed = 0, False
    for node in doctree.findall(lambda one: isinstance(one, nodes.image | nodes.caption | nodes.paragraph)):
        sees = isinstance(node, nodes.paragraph) and node.children and node.children[0].astext() == "What to see:"
        if isinstance(node, nodes.image):
            unnamed = True
        elif unnamed and (sees or isinstance(node, nodes.caption)):
            number, unnamed = number + 1, False
            node.insert(0, nodes.strong("", f"Figure {number}. "))
        if sees:
            node["classes"].append("see")


def number_questions(app, doctree, docname):
    """Call a chapter's quick questions so, and count them chapter by chapter: *exercises* are those of a class."""
    for number, node in enumerate(list(doctree.findall(is_exercise_enumerable_node)), 1):
        title = nodes.title("", f"Question {number}")
        node.replace_self(exercise_node("", title, *node.children[1:], **node.attributes))
    for node in doctree.findall(is_solution_node):
        node[0] = nodes.title("", "Answer")


# Where a table's cell may break on a phone: what is found, and the same with the places where it may.
BREAKS = (
    (r"fpr95_(id|ood)_positive(?=</th>)", r"fpr95_<wbr>\1_<wbr>positive"),
    (r"(<th[^>]*>[^<]*)(back|Mahala)(ground|nobis)", "\\1\\2\u00ad\\3"),
    (r"(?<=[\d%])[ \u00a0]±[ \u00a0](?=\d)", " ±\u00a0"),
    (r"(?<=<td>)[0-9a-f]{12,}(?=</td>)", lambda found: re.sub("(.{6})(?=.)", r"\1<wbr>", found[0])),
    (r"(?<=<th>)[\w.-]+_[\w.-]+(?=</th>)", lambda found: found[0].replace("_", "_<wbr>")),
)


def break_cells(app, doctree):
    """Let long names, hashes and spreads break in the cells of a computed table, so that it fits a phone."""
    for node in list(doctree.findall(nodes.raw)):
        if "<table" in node.astext():
            text = node.astext()
            for pattern, broken in BREAKS:
                text = re.sub(pattern, broken, text)
            node[:] = [nodes.Text(text)]
            node.rawsource = text


def setup(app):
    """What Sphinx calls."""
    app.connect("doctree-read", name_pages, priority=400)  # before Sphinx notes the titles
    app.connect("doctree-read", number_figures)
    app.connect("doctree-read", break_cells)
    app.connect("doctree-resolved", number_questions, priority=900)
    app.connect("config-inited", take_out)
    app.connect("config-inited", link_repository)
    return {"parallel_read_safe": True}
