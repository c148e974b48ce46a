"""Fills the pages of the library with the docstrings of all modules, so that no list of them is kept by hand.

``book/library.md`` gets a list of packages, ``book/library/NAME.md``, which holds no more than its title, all of one.
"""

import importlib
import inspect
import pkgutil
import re
import sys

import bgood_lib

PAGE = "book/library"


def packages():
    """Packages, and modules beside them, in alphabetical order: full name to the modules in it, by their full names."""
    found = {}
    for module in pkgutil.walk_packages(bgood_lib.__path__, "bgood_lib."):
        package = found.setdefault(".".join(module.name.split(".")[:2]), {})
        package[module.name] = importlib.import_module(module.name)
    return found


def overview():
    """Markdown of a list: each package, what it holds, and what most people want of it."""
    for package, modules in packages().items():
        module = modules[package]
        names = [_linked(package, name, getattr(module, name)) for name in getattr(module, "__all__", ())]
        offered = f"\\\n  To be imported from it: {', '.join(names)}." if names else ""
        yield f"\n- {{doc}}`library/{package.removeprefix('bgood_lib.')}`. {module.__doc__.splitlines()[0]}{offered}"


def _linked(package, name, thing):
    described = inspect.isclass(thing) or inspect.isfunction(thing)
    return f"{{py:obj}}`~{package}.{name}`" if described else f"`{name}`"


def entries(package):
    """Markdown of a package: for every module a heading, its docstring, and its members where they are defined."""
    for name, module in packages()[package].items():
        heading = "" if name == package else f"\n## {name.removeprefix('bgood_lib.')}\n"
        members = "" if hasattr(module, "__path__") else "\n   :members:"
        yield f"{heading}\n```{{eval-rst}}\n.. automodule:: {name}{members}\n```\n"


def fill(app, docname, source):
    """Sphinx hands over a page as it was written; those of the library are longer when they are read."""
    if docname == PAGE:
        source[0] += "".join(overview())
    elif docname.startswith(f"{PAGE}/"):
        source[0] += "".join(entries(f"bgood_lib.{docname.removeprefix(f'{PAGE}/')}"))


def spread_returns(app, what, name, obj, options, lines):
    """``type : what it is`` under Returns becomes a type with a text, which may go on below."""
    section = re.compile(r"^((?:Returns|Yields)\n-+\n)(.*?)(?=^\S[^\n]*\n---|\Z)", re.M | re.S)
    lines[:] = section.sub(
        lambda found: found[1] + re.sub(r"^(\S.*?) : (.*)$", r"\1\n    \2", found[2], flags=re.M), "\n".join(lines)
    ).split("\n")


def find_promised(app, env, node, text):
    """A name that a package passes on is described in the module that defines it."""
    package, _, name = node.get("reftarget", "").rpartition(".")
    if package.startswith("bgood_lib") and node["refdomain"] == "py":
        home = getattr(getattr(sys.modules.get(package), name, None), "__module__", package)
        if home != package:
            python = env.get_domain("py")
            return python.resolve_xref(env, node["refdoc"], app.builder, node["reftype"], f"{home}.{name}", node, text)


def setup(app):
    """What Sphinx calls. The pages are read in every build, as there may be a new module."""
    app.connect("source-read", fill)
    app.connect("env-get-outdated", lambda app, env, *_: [name for name in env.found_docs if name.startswith(PAGE)])
    app.connect("autodoc-process-docstring", spread_returns, priority=400)  # before napoleon
    app.connect("missing-reference", find_promised)
    return {"parallel_read_safe": True}
