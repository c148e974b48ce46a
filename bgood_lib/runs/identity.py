"""What makes two trainings the same: configuration, data and the code that matters."""

import ast
import dataclasses
import hashlib
import json
from functools import cache
from pathlib import Path

from ..training.outliers import outliers_sha256
from ..utils.errors import InputError

# Where a training begins, and the packages in which what it reaches counts: images count by their checksum.
TRAINING = "runs.train:fit_network"
OWN_STEPS = "runs.train:fit_in_steps"
TRAINING_PACKAGES = ("training", "networks", "background_loss")
# Errors, files, locks, and how long a training would take: nothing in there changes what is computed.
LEFT_OUT = ("utils", "training.cost")
LIBRARY = Path(__file__).parents[1]


def code_fingerprint(roots, packages=None):
    """Hash of the definitions of this library that some of them reach.

    A function or class reaches those that its code names, in its own module or through an import. So a new
    neighbour in a file changes nothing, and an entry of a registry counts only where it is a root. Syntax
    trees are hashed, without docstrings, comments and the text of errors; where a definition stands does
    not count either.

    Parameters
    ----------
    roots : iterable of str
        ``module:name``, the module's name within the library.
    packages : sequence of str, optional
        Only what is reached in these counts, besides the roots; by default in all.

    Returns
    -------
    str : 16 hexadecimal digits, unchanged by reformatting, the same in every supported Python.

    Raises
    ------
    InputError
        If there is no such definition.
    """
    found, waiting = {}, [tuple(root.split(":")) for root in roots]
    while waiting:
        place = waiting.pop()
        if place in found:
            continue
        module, name = place
        if name not in _module(module).definitions:
            raise InputError(f"bgood_lib.{module} has no definition {name!r}")
        found[place], reached = _module(module).written_out(name)
        waiting += [target for target in reached if packages is None or target[0].split(".")[0] in packages]
    return _sha256(f"[{', '.join(text for _, text in sorted(found.values()))}]")


def training_fingerprint(config):
    """:func:`code_fingerprint` of a training: its loop, and the entries of the registries that it names.

    Parameters
    ----------
    config : Config
    """
    from ..background_loss import PENALTIES, SELECTORS
    from ..networks import NETWORKS
    from ..training.losses import CLASSIFICATION
    from ..training.optimizers import OPTIMIZERS

    entries = [NETWORKS[config.network], CLASSIFICATION[config.classification], OPTIMIZERS[config.optimizer or "sgd"]]
    if config.uses_background:
        entries += [SELECTORS[config.selector], PENALTIES[config.penalty]]
    named = [f"{entry.__module__.partition('.')[2]}:{entry.__name__}" for entry in entries]
    own = [OWN_STEPS] * hasattr(CLASSIFICATION[config.classification], "steps")
    return code_fingerprint([TRAINING, *own, *named], TRAINING_PACKAGES)


def evaluation_fingerprint():
    """:func:`code_fingerprint` of an evaluation, with the detectors that entered themselves from files of their own."""
    from ..detectors.registry import DETECTORS

    places = {entry.build.__module__.partition(".")[2] for entry in DETECTORS.values()} - {"detectors.registry"}
    return code_fingerprint(["runs.train:evaluate_run", *(f"{place}:DETECTORS" for place in sorted(places))])


@cache
def _module(name):
    return _Module(name)


class _Module:
    """Definitions of a module by name, and what the names in them stand for."""

    def __init__(self, name):
        path = LIBRARY.joinpath(*name.split("."))
        self.parts = name.split(".") + ["__init__"] * path.is_dir()
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        self.definitions, self.imports, self.statements, self.written = {}, {}, [], {}
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                self.definitions[node.name] = node
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
                self.definitions.update(dict.fromkeys(names, node))
            elif isinstance(node, ast.ImportFrom) and node.level:
                self._import(node)
            elif not isinstance(node, (ast.Import, ast.ImportFrom)) and not _does_nothing(node):
                self.statements.append(node)  # such as `torch.set_num_threads(1)`: it runs whoever imports the module

    def _import(self, node):
        package = self.parts[: -node.level]
        module = ".".join([*package, *(node.module.split(".") if node.module else ())])
        for alias in node.names:
            self.imports[alias.asname or alias.name] = (module, alias.name)

    def written_out(self, name):
        """A definition as JSON, to sort by and to hash, and the places that it reaches; each computed once."""
        if name not in self.written:
            nodes = [self.definitions[name], *self.statements]
            content = [name, _canonical(nodes)]
            reached = {target for node in nodes for target in self.reached_by(node)}
            self.written[name] = (json.dumps(content), json.dumps(content, sort_keys=True)), reached
        return self.written[name]

    def reached_by(self, node):
        """Places of the definitions that the code of a node names."""
        for part in ast.walk(node):
            if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id in self.imports:
                yield from _definition(*self.imports[part.value.id], part.attr)
            elif isinstance(part, ast.ImportFrom) and part.level:
                self._import(part)
            elif isinstance(part, ast.Name) and part.id in self.imports:
                yield from _definition(*self.imports[part.id])
            elif isinstance(part, ast.Name) and part.id in self.definitions:
                yield ".".join(part for part in self.parts if part != "__init__"), part.id


def _definition(module, name, attribute=None):
    """Place of an imported definition, through the packages that pass it on; nothing if it is a module itself."""
    inside = f"{module}.{name}".lstrip(".")
    if any(f"{inside}.".startswith(f"{place}.") for place in LEFT_OUT):
        return
    if (
        LIBRARY.joinpath(*inside.split(".")).is_dir()
        or LIBRARY.joinpath(*inside.split(".")).with_suffix(".py").is_file()
    ):
        if name not in (_module(module).imports if module else ()):  # a module, not a function of the same name
            if attribute is not None:
                yield from _definition(inside, attribute)
            return
    if name in _module(module).definitions:
        yield module, name
    elif name in _module(module).imports:
        yield from _definition(*_module(module).imports[name], attribute)


def run_id(config, data_sha256):
    """Identity of a training: a hash of its configuration, its data and the training code.

    It is the same in a batch, in a notebook opened by hand and in a script.

    Parameters
    ----------
    config : Config
        A field that is None does not count, so a field that is added as None changes nothing.
    data_sha256 : str
        Checksum of the training images and labels; that of outliers counts, too.

    Returns
    -------
    str : 16 hexadecimal digits.
    """
    # 1 and 1.0 are equal settings: every number is written as a float.
    settings = {
        name: float(value) if isinstance(value, int) else value
        for name, value in dataclasses.asdict(config).items()
        if value is not None
    }
    outliers = outliers_sha256(config)
    return _hash([settings, data_sha256, training_fingerprint(config), *([outliers] if outliers else [])])


def _hash(content):
    return _sha256(json.dumps(content, sort_keys=True))


def _sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _canonical(node):
    """A syntax tree in lists and text, the same in Python 3.11, 3.12 and 3.13.

    ``ast.dump`` is not: newer versions know more fields, and leave out others. Here every field
    that is empty is left out, and so is what does nothing: docstrings and ``pass``.
    """
    if isinstance(node, list):
        return [_canonical(part) for part in node if not _does_nothing(part)]
    if not isinstance(node, ast.AST):
        return f"{type(node).__name__} {node!a}"  # a name or a constant
    if isinstance(node, ast.Raise):  # what an error says changes no result
        return ["Raise"]
    if isinstance(node, ast.JoinedStr):
        return ["JoinedStr", *_pieces(node)]
    if getattr(node, "decorator_list", None):  # the facts that a registry notes, such as a title
        node.decorator_list = [mark for mark in node.decorator_list if "register" not in ast.dump(mark)]
    fields = {name: _canonical(value) for name, value in ast.iter_fields(node) if value is not None and name != "kind"}
    return [type(node).__name__, {name: value for name, value in fields.items() if value != []}]


def _does_nothing(node):
    return isinstance(node, ast.Pass) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    )


def _pieces(node):
    """The parts of an f-string; how its plain text is cut into constants differs between versions."""
    pieces, text = [], ""
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += part.value
        else:
            pieces += [ascii(text), _canonical(part)]
            text = ""
    return [*pieces, ascii(text)]
