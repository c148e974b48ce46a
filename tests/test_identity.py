import dataclasses

import pytest

from bgood_lib import identity
from bgood_lib.config import Config
from bgood_lib.identity import TRAINING_MODULES, code_fingerprint, run_id

PLAIN = "def f(x):\n    return x + 1\n\nclass A:\n    y = 2\n"


@pytest.fixture
def fingerprint(tmp_path, monkeypatch):
    """A function from a module's source to its fingerprint."""
    monkeypatch.setattr(identity, "__file__", str(tmp_path / "identity.py"))

    def of(source):
        (tmp_path / "module.py").write_text(source, encoding="utf-8")
        return code_fingerprint(["module"])

    return of


@pytest.mark.parametrize("source", [
    "# a comment\n" + PLAIN,
    '"""A docstring."""\n' + PLAIN,
    PLAIN.replace("    return", '    """Says what it does."""\n    return').replace("    y", "    'and this'\n    y"),
    PLAIN.replace("x + 1", "(\n        x\n        + 1\n    )  # one more"),
])  # fmt: skip
def test_words_and_layout_do_not_count(fingerprint, source):
    assert fingerprint(source) == fingerprint(PLAIN)


@pytest.mark.parametrize(
    "old, new", [("x + 1", "x + 2"), ("x + 1", "x - 1"), ("y = 2", "y = '2'"), ("def f(x)", "def f(x=0)")]
)
def test_code_counts(fingerprint, old, new):
    assert fingerprint(PLAIN.replace(old, new)) != fingerprint(PLAIN)


def test_every_training_module_counts():
    whole = code_fingerprint()
    assert len(whole) == 16
    for module in TRAINING_MODULES:
        assert code_fingerprint([m for m in TRAINING_MODULES if m != module]) != whole


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Config)])
def test_every_setting_changes_the_run(field):
    config = Config()
    value = getattr(config, field)
    other = value + "x" if isinstance(value, str) else not value if isinstance(value, bool) else value + 1
    assert run_id(dataclasses.replace(config, **{field: other}), "a") != run_id(config, "a")


def test_data_and_code_change_the_run(monkeypatch):
    before = run_id(Config(), "a")
    assert before == run_id(Config(), "a") and len(before) == 16
    assert run_id(Config(), "b") != before
    monkeypatch.setattr(identity, "code_fingerprint", lambda: "other code")
    assert run_id(Config(), "a") != before


def test_equal_configurations_are_one_run():
    assert Config(weight=1) == Config(weight=1.0)
    assert run_id(Config(weight=1), "a") == run_id(Config(weight=1.0), "a")
