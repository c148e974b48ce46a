"""What the book's theme does not do by itself: a link to the repository, no dead scripts, images of the right size."""

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


def setup(app):
    """What Sphinx calls."""
    app.connect("config-inited", take_out)
    app.connect("config-inited", link_repository)
    return {"parallel_read_safe": True}
