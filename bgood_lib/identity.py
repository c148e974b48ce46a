"""What makes two trainings the same: configuration, data and the code that matters."""

import ast
import dataclasses
import hashlib
import json
import os
from pathlib import Path

# The modules that decide what a training computes.
TRAINING_MODULES = (
    "networks", "resnet18", "auxiliary_heads", "selectors", "penalties", "background_loss", "augmentation", "training",
)  # fmt: skip
# Cells of a notebook that decide nothing of its training: what they set is in the configuration, or comes too late.
IDLE_CELLS = {"parameters", "injected-parameters", "after-training"}
# Where a kernel finds the fingerprint of the notebook that it runs.
NOTEBOOK_VARIABLE = "BGOOD_NOTEBOOK"


def code_fingerprint(modules=TRAINING_MODULES):
    """Hash of what modules of this package do: of their syntax trees, without docstrings and comments.

    Returns
    -------
    str : 16 hexadecimal digits, unchanged by reformatting, the same in every supported Python.
    """
    folder = Path(__file__).parent
    return _hash([_canonical(ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))) for name in modules])


def notebook_fingerprint(path):
    """Hash of what a notebook does until its training has ended.

    The code of all cells counts, but for those tagged ``parameters`` (their values are in the
    configuration) and ``after-training`` (such cells may only score and show). Text, outputs,
    metadata, comments and where one cell ends and the next begins do not.

    Parameters
    ----------
    path : path
        A notebook, executed or not; nothing is run.

    Returns
    -------
    str : 16 hexadecimal digits.

    Raises
    ------
    ValueError
        If it is no notebook of format 4.
    """
    try:
        cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no notebook of format 4 (json with a list of cells)") from error
    done = []
    for cell in cells:
        if cell["cell_type"] == "code" and not IDLE_CELLS & set(cell["metadata"].get("tags", ())):
            source = "".join(cell["source"])
            try:
                done += _canonical(ast.parse(source).body)
            except SyntaxError:  # a magic command, say
                done.append(source)
    return _hash(done)


def run_id(config, data_sha256, notebook=None):
    """Name of a training: a hash of its configuration, its data and the training code.

    Parameters
    ----------
    config : Config
    data_sha256 : str
        Checksum of the training images and labels.
    notebook : str, optional
        :func:`notebook_fingerprint` of the notebook that trains, "" if none does. By default that of
        the notebook this is called in: ``bgood run`` tells its kernel, and a Jupyter server names the
        file, which is read as it was last saved. Elsewhere (VS Code, a console, a script) it is "": a
        training there is another than in batch.

    Returns
    -------
    str : 16 hexadecimal digits.
    """
    # 1 and 1.0 are equal settings: every number is written as a float.
    settings = {
        name: float(value) if isinstance(value, int) else value for name, value in dataclasses.asdict(config).items()
    }
    notebook = _this_notebook() if notebook is None else notebook
    return _hash([settings, data_sha256, code_fingerprint(), notebook])


def _this_notebook():
    """Fingerprint of the notebook that runs in this process, or ""."""
    if NOTEBOOK_VARIABLE in os.environ:
        return os.environ[NOTEBOOK_VARIABLE]
    path = Path(os.environ.get("JPY_SESSION_NAME", ""))  # a Jupyter server sets it
    return notebook_fingerprint(path) if path.suffix == ".ipynb" and path.is_file() else ""


def _hash(content):
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _canonical(node):
    """A syntax tree in lists and text, the same in Python 3.11, 3.12 and 3.13.

    ``ast.dump`` is not: newer versions know more fields, and leave out others. Here every field
    that is empty is left out, and so is what does nothing: docstrings and ``pass``.
    """
    if isinstance(node, list):
        return [_canonical(part) for part in node if not _does_nothing(part)]
    if not isinstance(node, ast.AST):
        return f"{type(node).__name__} {node!a}"  # a name or a constant
    if isinstance(node, ast.JoinedStr):
        return ["JoinedStr", *_pieces(node)]
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
