"""What makes two trainings the same: configuration, data and the code that matters."""

import ast
import dataclasses
import hashlib
import json
from pathlib import Path

# The modules that decide what a training computes.
TRAINING_MODULES = ("networks", "resnet18", "selectors", "background_loss", "augmentation", "training")


def code_fingerprint(modules=TRAINING_MODULES):
    """Hash of the syntax trees of modules of this package, without docstrings and comments.

    Returns
    -------
    str : 16 hexadecimal digits, unchanged by reformatting.
    """
    digest = hashlib.sha256()
    for name in modules:
        tree = ast.parse((Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
                if isinstance(body[0].value, ast.Constant) and isinstance(body[0].value.value, str):
                    body.pop(0)
        digest.update(ast.dump(tree).encode())
    return digest.hexdigest()[:16]


def run_id(config, data_sha256):
    """Name of a training: a hash of its configuration, its data and the training code.

    Parameters
    ----------
    config : Config
    data_sha256 : str
        Checksum of the training images and labels.

    Returns
    -------
    str : 16 hexadecimal digits.
    """
    # 1 and 1.0 are equal settings: every number is written as a float.
    settings = {
        name: float(value) if isinstance(value, int) else value for name, value in dataclasses.asdict(config).items()
    }
    content = [settings, data_sha256, code_fingerprint()]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
