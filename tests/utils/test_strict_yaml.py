"""A file is read as it looks, or refused with its line."""

import pytest

from bgood_lib.utils import strict_yaml
from bgood_lib.utils.errors import InputError, StudyError
from bgood_lib.utils.strict_yaml import read_yaml

DOUBLING = "a: &a0 [x, x]\n" + "".join(f"b{i}: &a{i + 1} [*a{i}, *a{i}]\n" for i in range(40))


@pytest.fixture
def read(tmp_path):
    def of(text, **options):
        path = tmp_path / "some.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_yaml(path, **options)

    return of


def test_plain_values(read):
    text = "a: yes\nb: no\nc: true\nd: ~\ne:\nf: 2026-01-01\ng: 1e3\nh: 1e-3\ni: .5\nj: '010'\nk: -3\nl: 5.\nm: {n: [1, x]}\n"
    found = read(text)
    assert found == {
        "a": "yes", "b": "no", "c": True, "d": None, "e": None, "f": "2026-01-01", "g": 1000.0, "h": 0.001, "i": 0.5,
        "j": "010", "k": -3, "l": 5.0, "m": {"n": [1, "x"]},
    }  # fmt: skip
    assert type(found["k"]) is int and type(found["g"]) is float
    assert read("\ufeffa: 1\n") == {"a": 1}
    assert read("a: &s [0, 1]\nb: *s\n") == {"a": [0, 1], "b": [0, 1]}


@pytest.mark.parametrize("text, message", [
    ("a: 1\nb: 2\na: 3\n", "line 3: 'a' stands there twice, first in line 1"),
    ("a:\n  b: 1\n  b: 1\n", "line 3: 'b' stands there twice"),
    ("a: 010\n", "line 1: 010 is no plain decimal number"), ("a: 1:30\n", "1:30 is no plain"),
    ("a: 0x1F\n", "0x1F is no plain"), ("a: 0o17\n", "0o17 is no plain"), ("a: 1_000\n", "1_000 is no plain"),
    ("a: .inf\n", "inf is no plain"), ("a: -.NaN\n", "NaN is no plain"),
    ("\na: " + "9" * 5000, "line 2: 9+... is too long a number"),
    ("a: " + "[" * 50 + "]" * 50, "more than 20 levels"), ("{a: " * 1000 + "}" * 1000, "more than 20 levels"),
    ("a: &a [1]\nb: [" + "*a, " * 101 + "]\n", "line 2: more than 100 aliases"),
    (DOUBLING, "more than 100,000 values"),
    ("a: *b\n", "line 1, `a: \\*b`: an undefined alias"), ("a: &a [*a]\n", "line 1: \\*a stands inside of what it stands for"),
    ("a: !!python/object/apply:os.mkdir [x]\n", "line 1: the tag .*os.mkdir is not used"), ("a: !mine 1\n", "the tag !mine"),
    ("a: !!binary aGk=\n", "the tag"), ("1: a\n", "1 stands as a key; expected text"), ("[a]: b\n", "a list or mapping stands as a key"),
    ("true: a\n", "true stands as a key"), ("- 1\n", r"holds \[1\]; expected lines of `key: value`"), ("", "is empty; expected lines"),
    ("just text", "holds 'just text'; expected lines"), ("a: 1\n---\nb: 2\n", "line 2"), ("a: [1\n", "line 1, .*: a bracket that is never closed; close it"),
    ("a:\n\t- 1\n", "line 2"), ("a: \x00b\n", "line 1, .*: the control character 0x00; take it away"),
    ("a: 1\nb: \xe4\n".encode("latin-1"), "line 2: byte 0xe4 is no text in UTF-8; save"), ("a: 1\n".encode("utf-16"), "line 1: byte 0xff is no text"),
    (b"\x89PNG\r\n\x1a\n\xff\xfe", "is a picture .PNG.; expected a YAML file"),
    ("a: " + "x" * 1_000_001, "holds 1,000,004 bytes, more than 1,000,000"),
])  # fmt: skip
def test_surprises_are_refused_with_their_line(read, text, message):
    with pytest.raises(InputError, match=message) as caught:
        read(text)
    assert "some.yaml" in str(caught.value) and len(str(caught.value)) < 400


def test_the_kind_of_error_is_the_callers(read, tmp_path):
    with pytest.raises(StudyError):
        read("- 1", kind=StudyError)
    with pytest.raises(StudyError, match="there is no .*none.yaml; look whether it is spelt right"):
        read_yaml(tmp_path / "none.yaml", StudyError)
    with pytest.raises(InputError, match="is a folder; name a file"):
        read_yaml(tmp_path)


def test_what_is_refused_is_no_larger_than_said(read):
    assert len(read("a: [" + "x, " * 1000 + "]")["a"]) == 1000
    assert strict_yaml.MAX_ALIASES == 100
