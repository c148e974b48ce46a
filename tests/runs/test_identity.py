import ast
import dataclasses
import json
import shutil
import subprocess

import pytest

from bgood_lib.runs import identity
from bgood_lib.runs.identity import LIBRARY, code_fingerprint, run_id, training_fingerprint
from bgood_lib.studies.results import read_results
from bgood_lib.training.config import Config, make_config
from bgood_lib.utils.errors import DataError

PLAIN = "def f(x):\n    return x + 1\n\nclass A:\n    y = 2\n"


@pytest.fixture
def fingerprint(tmp_path, monkeypatch):
    """A function from a module's source to its fingerprint."""
    monkeypatch.setattr(identity, "LIBRARY", tmp_path)

    def of(source, roots=None):
        identity._module.cache_clear()
        (tmp_path / "module.py").write_text(source, encoding="utf-8")
        names = [node.name for node in ast.parse(source).body if hasattr(node, "name")] or ["a"]
        return code_fingerprint(roots or [f"module:{name}" for name in names])

    yield of
    identity._module.cache_clear()


@pytest.mark.parametrize("source", [
    "# a comment\n" + PLAIN,
    '"""A docstring."""\n' + PLAIN,
    PLAIN.replace("    return", '    """Says what it does."""\n    return').replace("    y", "    'and this'\n    y"),
    PLAIN.replace("    y", "    pass\n    y"),
    PLAIN.replace("x + 1", "(\n        x\n        + 1\n    )  # one more"),
])  # fmt: skip
def test_words_and_layout_do_not_count(fingerprint, source):
    assert fingerprint(source) == fingerprint(PLAIN)


@pytest.mark.parametrize("old, new", [
    ("x + 1", "x + 2"), ("x + 1", "x - 1"), ("y = 2", "y = '2'"), ("y = 2", "y = 2.0"), ("y = 2", "y: int = 2"),
    ("def f(x)", "def f(x=0)"), ("def f(x)", "def f(x, /)"), ("return", "yield"),
])  # fmt: skip
def test_code_counts(fingerprint, old, new):
    assert fingerprint(PLAIN.replace(old, new)) != fingerprint(PLAIN)


def test_a_body_of_a_docstring_is_an_empty_one(fingerprint):
    bodies = ["pass", "'Says what it is.'", "'Says it.'\n    pass"]
    assert len({fingerprint(f"class E(ValueError):\n    {body}\n") for body in bodies}) == 1
    assert fingerprint("def f():\n    return None\n") != fingerprint("def f():\n    pass\n")


@pytest.mark.parametrize("one, other", [
    ("f'{x}'", "f'{x!r}'"), ("f'{x}'", "f'{x:>3}'"), ("f'a{x}'", "f'{x}a'"), ("f'{x:{y}}'", "f'{x:{z}}'"),
    ("f'x'", "f'{x}'"), ("None", "0"), ("0", "False"), ("0", "0.0"), ("''", "b''"), ("'x'", "x"), ("[None]", "[]"),
    ("{**x}", "{None: x}"),
])  # fmt: skip
def test_what_looks_alike_counts(fingerprint, one, other):
    assert fingerprint(f"a = {one}\n") != fingerprint(f"a = {other}\n")
    assert fingerprint(f"a = {one}\n") == fingerprint(f"a = ({one})  # in brackets\n")


def test_fields_that_other_versions_know_do_not_count():
    # 3.13 has fields that are empty, and its trees leave out others
    empty = {"posonlyargs": [], "vararg": None, "kwonlyargs": [], "kw_defaults": [], "kwarg": None, "defaults": []}
    argument = ast.arg("x")
    body = [ast.Return(ast.Constant("x"))]
    old = ast.FunctionDef(
        name="f", args=ast.arguments(args=[argument], **empty), body=body, decorator_list=[], lineno=1
    )
    new = ast.FunctionDef(name="f", args=ast.arguments(args=[argument]), body=body, lineno=7)
    new._fields = (*ast.FunctionDef._fields, "type_params", "other")
    new.type_params, new.other = [], None
    assert identity._canonical(old) == identity._canonical(new)


def test_how_the_text_of_an_f_string_is_cut_does_not_count():
    x = ast.FormattedValue(ast.Name("x"), -1)
    whole = ast.JoinedStr([ast.Constant("ab"), x])
    pieces = ast.JoinedStr([ast.Constant("a"), ast.Constant("b", kind="u"), x, ast.Constant("")])
    assert identity._canonical(whole) == identity._canonical(pieces)


@pytest.mark.slow
@pytest.mark.parametrize("python", ["python3.11", "python3.12", "python3.13"])
def test_every_python_agrees(python, tmp_path):
    works = shutil.which(python) and not subprocess.call([python, "--version"])
    if not works:
        pytest.skip(f"there is no {python} here")
    # The library without its dependencies: what `identity` and the errors that it raises need.
    shutil.copytree(identity.LIBRARY, tmp_path / "bgood_lib")
    (tmp_path / "bgood_lib/runs/__init__.py").write_text("")
    roots = ["runs.train:train_run", "runs.train:evaluate_run"]
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from bgood_lib.runs import identity; "
        f"print(identity.code_fingerprint({roots}))"
    )
    done = subprocess.run([python, "-I", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [code_fingerprint(roots)]


MODULE = """
from .utils.files import write

A = 2

def f(x):
    write(x)
    return g(x) * A

def g(x):
    if x > 9:
        raise ValueError("large")
    return x

def neighbour(x):
    return x
"""


@pytest.mark.parametrize("old, new, same", [
    ("def neighbour(x):\n    return x", "def neighbour(x):\n    return 3", True),
    ("def neighbour", "def another():\n    return f\n\ndef neighbour", True),
    ('ValueError("large")', 'ValueError(f"{x} is too large")', True),
    ("    return x\n\ndef neigh", "    return x + 1\n\ndef neigh", False),
    ("A = 2", "A = 3", False),
    ("x > 9", "x > 8", False),
    ("A = 2", "A = 2\nprint(A)", False),  # runs whenever the module is imported
])  # fmt: skip
def test_only_what_is_reached_counts(fingerprint, old, new, same):
    assert old in MODULE
    roots = ["module:f"]
    assert (fingerprint(MODULE.replace(old, new), roots) == fingerprint(MODULE, roots)) is same


def reach(config, monkeypatch):
    """Names of the definitions that the training of a configuration reaches."""
    found = []
    monkeypatch.setattr(identity, "_sha256", lambda text: found.append({name for name, _ in json.loads(text)}))
    training_fingerprint(config)
    monkeypatch.undo()
    return found[0]


def test_what_a_training_reaches(monkeypatch):
    rank = reach(make_config("scenes", selector="rank", penalty="squared_norm"), monkeypatch)
    assert rank >= {
        "train", "fit_network", "make_network", "SmallResNet", "ResidualBlock", "MapNetwork", "losses", "CrossEntropy", "rank",
        "squared_norm", "background_loss", "augment", "learning_rate_at", "resume",
    }  # fmt: skip
    assert not rank & {
        "cam_threshold",
        "norm",
        "WhitenedCNN",
        "LogitNorm",
        "refuse_endless",
        "load",
        "atomic_write",
        "evaluate_run",
    }
    plain = reach(make_config("cpu", method="logitnorm"), monkeypatch)
    assert plain >= {"WhitenedCNN", "LogitNorm"} and not plain & {"rank", "cam_threshold", "SmallResNet"}


def test_an_entry_of_a_registry_counts_only_where_it_is_named(monkeypatch, tmp_path):
    """A new selector and a changed one, in the file that holds them all."""
    rank, border = make_config("scenes", selector="rank"), make_config("scenes", selector="border")
    before = training_fingerprint(rank), training_fingerprint(border)
    shutil.copytree(identity.LIBRARY, tmp_path / "library")
    monkeypatch.setattr(identity, "LIBRARY", tmp_path / "library")
    file = tmp_path / "library/background_loss/selectors.py"
    text = file.read_text().replace("chosen[:, 1:-1, 1:-1] = False", "chosen[:, 2:-2, 2:-2] = False")
    new = '\n\n@SELECTORS.register(title="none", options={})\ndef none(logits, labels, **_):\n    return logits[..., 0] > 9\n'
    file.write_text(text.replace('title="rank"', 'title="not in the likeliest"') + new)
    identity._module.cache_clear()
    assert training_fingerprint(rank) == before[0] and training_fingerprint(border) != before[1]
    identity._module.cache_clear()


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Config)])
def test_every_setting_changes_the_run(field):
    config = Config()
    value = getattr(config, field)
    choices = {
        "method": "cross_entropy", "selector": "rank", "penalty": "entropy", "network": "whitened_cnn", "optimizer": "muon",
        "outliers": "background",
    }  # fmt: skip
    if isinstance(value, bool):
        other = not value
    else:
        other = choices.get(field) or (value + "x" if isinstance(value, str) else (value or 0) + 1)
    assert run_id(dataclasses.replace(config, **{field: other}), "a") != run_id(config, "a")


def test_data_and_code_change_the_run(monkeypatch):
    before = run_id(Config(), "a")
    assert before == run_id(Config(), "a") and len(before) == 16
    assert run_id(Config(), "b") != before
    monkeypatch.setattr(identity, "code_fingerprint", lambda *roots: "other code")
    assert run_id(Config(), "a") != before


def test_a_field_that_is_added_as_none_changes_no_run():
    later = dataclasses.make_dataclass("Later", [("added", object, None)], bases=(Config,), frozen=True)
    assert run_id(later(), "a") == run_id(Config(), "a") != run_id(later(added=1), "a")


def test_equal_configurations_are_one_run():
    assert Config(weight=1) == Config(weight=1.0)
    assert run_id(Config(weight=1), "a") == run_id(Config(weight=1.0), "a")


# Studies of which every training has the identity that this code gives it. A change that takes one out of here makes its
# trainings those of another code: users would train them again.
OF_THIS_CODE = (
    "cifar10_tuned", "photos", "photos_blind", "photos_blind_choice", "photos_choice", "photos_confirm", "relatives_cifar10", "relatives_finished",
    "relatives_mood", "relatives_photos", "relatives_scenes", "skeletons",
)  # fmt: skip


@pytest.mark.parametrize("study", OF_THIS_CODE)
def test_published_trainings_are_those_of_this_code(study):
    published = read_results(LIBRARY.parent / "results" / study)
    images = {run: part["train"]["sha256"] for part in published.data["data"] for run in part["runs"]}
    runs = published.runs.astype(object).where(published.runs.notna(), None)
    fields = [field.name for field in dataclasses.fields(Config)]
    checked = 0
    for row in runs.to_dict("records"):
        try:
            identity = run_id(Config(**{name: row.get(name) for name in fields}), images[row["run"]])
        except DataError:  # outliers that are made from photographs, which are not prepared here
            continue
        checked += 1
        assert identity == row["identity"], row["run"]
    assert checked
