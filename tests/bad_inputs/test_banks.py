"""Banks that are none, and arrays of others that do not fit."""

import io
import json
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest
from bad_inputs.rows import Row, check, outcome, table

from bgood_lib.features import Bank

ONE = "runs/scenes/one"
EVALUATE = f"evaluate {ONE} --detectors MSP,KNN --resamples 0 --out tables"
NO_BANK = "bank.npz is no feature bank that can be used .*"


def edit(**changes):
    """A function that changes arrays of a bank: a value, a function of the old one, or None to take it away."""

    def make(folder):
        path = folder / ONE / "bank.npz"
        with np.load(path) as file:
            arrays = dict(file)
        for name, value in changes.items():
            value = value(arrays[name]) if callable(value) else value
            arrays.pop(name, None)
            if value is not None:
                arrays[name] = value
        np.savez(path, **arrays)

    return make


def at(value, dtype=None):
    """A function that puts a value in the place of the first one of an array."""

    def change(array):
        array = array.astype(dtype or array.dtype)
        array.flat[0] = value
        return array

    return change


SPOILT = {  # what is done to an array, and what is said of it
    "nan": (at(np.nan), "{part} of {name} hold nan, not finite .* in 1 of [0-9]+ rows, first in row 0"),
    "infinite": (at(-np.inf), "{part} of {name} hold -inf, not finite .* in 1 of [0-9]+ rows, first in row 0"),
    "too large": (at(1e200, float), "{part} of {name} hold 1e.200, not finite .* in 1 of [0-9]+ rows, first in row 0"),
    "objects": (lambda a: a.astype(object), "holds Python objects|Object arrays"),
    "text": (lambda a: a.astype(str), "{part} of {name} have type <U.*expected"),
    "complex": (lambda a: a.astype(complex), "{part} of {name} have type complex128"),
    "yes and no": (lambda a: a > 0, "{part} of {name} have type bool"),
    "fewer rows": (lambda a: a[:-3], "{name} holds .*{part} of [0-9]+.* images; expected all of the same"),
    "another axis": (lambda a: a[None], "{part} of {name} have shape .*expected"),
    "no rows": (lambda a: a[:0], "{part} of {name} hold nothing, .*at least one"),
    "missing": (None, "it has no {name}/{part}"),
}
ARRAYS = [
    Row(
        f"{name}/{part} {what}", edit(**{f"{name}/{part}": change}), EVALUATE,
        NO_BANK + message.format(name=name, part=part),
    )
    for part in ("logits", "features", "cell_norms", "channel_norms")
    for name in ("test", "ood")
    for what, (change, message) in SPOILT.items()
]  # fmt: skip
LABELS = [
    Row(f"labels of {name}: {what}", edit(**{f"{name}/labels": change}), EVALUATE, NO_BANK + message)
    for name, what, change, message in [
        ("test", "99", at(99), "labels of test hold 99; expected 0 to 5"),
        ("train", "99", at(99), "labels of train hold 99; expected 0 to 5"),
        ("test", "-1", at(-1), "labels of test hold -1; expected 0 to 5"),
        ("train", "-1", at(-1), "labels of train hold -1; expected 0 to 5"),
        ("train", "from 1", lambda a: a + 1, "labels of train are 1 to 6; expected 0 to 5: subtract 1"),
        ("test", "as many as bits", at(2**40), f"labels of test hold {2**40}"),
        ("test", "floats", lambda a: a.astype(float), "labels of test have type float64; expected integers"),
        ("test", "halves", lambda a: a + 0.5, "labels of test have type float64; expected integers"),
        ("ood", "floats", lambda a: a.astype(float), "labels of ood have type float64"),
        ("ood", "a class", at(0), "labels of ood hold 0; expected -1"),
        ("ood", "-2", at(-2), "labels of ood hold -2; expected -1"),
        ("test", "text", lambda a: a.astype(str), "labels of test have type <U"),
        ("test", "objects", lambda a: a.astype(object), "holds Python objects"),
        ("test", "one hot", lambda a: np.eye(6, dtype=int)[a], "labels of test have shape .*expected"),
        ("test", "fewer", lambda a: a[1:], r"labels of test have shape \(39,\); expected \[40\]"),
        ("test", "more", lambda a: np.tile(a, 3), r"labels of test have shape \(120,\); expected \[40\]"),
        ("test", "missing", None, "it has no test/labels"),
    ]
]
ODD_NAMES = [
    "a/b",
    "a b",
    "../up",
    "$(touch pwned)",
    ".hidden",
    "-option",
    "x" * 101,
    "tab\there",
    "semi;colon",
    "ü/ü",
    "*",
]
STRUCTURE = [
    Row(f"{name}: {what}", edit(**{name: change}), EVALUATE, NO_BANK + message)
    for name, what, change, message in [
        ("weight", "transposed", lambda a: a.T, "the head has weight"),
        ("weight", "flat", lambda a: a.ravel(), "the head has weight"),
        ("weight", "nan", at(np.nan), "weight of the head hold nan, .* in 1 of 6 rows"),
        ("weight", "text", lambda a: a.astype(str), "weight of the head have type"),
        ("weight", "objects", lambda a: a.astype(object), "holds Python objects"),
        ("weight", "missing", None, "it has no weight"),
        ("weight", "of another network", lambda a: a[::-1], "logits of train do not come from"),
        ("weight", "twice as long", lambda a: 2 * a, "logits of train do not come from"),
        ("bias", "one more", lambda a: np.append(a, 0), "the head has weight"),
        ("bias", "infinite", at(np.inf), "bias of the head hold inf"),
        ("bias", "missing", None, "it has no bias"),
        ("bias", "another", lambda a: a + 1, "logits of train do not come from"),
        ("test/logits", "of another head", lambda a: a[:, ::-1], "logits of test do not come from .*one network"),
        ("test/logits", "one off", at(1e3), "logits of test do not come from .*, in 1 of 40 rows, first in row 0 .from 0.: 1000 instead of -?[0-9.]+; expected"),
        ("ood/features", "other rows", lambda a: a[::-1], "logits of ood do not come from"),
        ("descriptions", "missing", None, "it has no descriptions"),
        ("descriptions", "no JSON", np.array("{"), "its entry 'descriptions' is '{'; expected JSON"),
        ("descriptions", "a list", np.array("[]"), "its entry 'descriptions' is '..'; expected JSON"),
        ("descriptions", "nested", np.array("[" * 100_000), "its entry 'descriptions' is '.{60}'; expected JSON"),
        ("descriptions", "of more", np.array(json.dumps({"ood": {"name": "o", "title": "o", "n": 9}})), "has 30 rows"),
        ("descriptions", "odd field", np.array(json.dumps({"ood": {"nam": "o"}})), "its entry 'descriptions' is .*nam.*; expected JSON with name"),
        ("unknown", "entry", np.zeros(3), "unknown entry 'unknown'; expected weight, bias"),
        ("train", "entry", np.zeros(3), "unknown entry 'train'"),
        ("test/more", "part", np.zeros(3), "unknown entry 'test/more'"),
        ("ood_head0", "alone", np.zeros((3, 8)), "it has ood_head0, but no ood_head1; expected all of ood_head0 to ood_head3, or none"),
        ("identity", "of another", np.array("f" * 16), "."),
    ]
    if name != "identity"
] + [
    *(Row(f"a set called {name!r}", edit(**{f"{name}/{part}": np.ones((3, 8)) for part in
          ("logits", "features", "cell_norms", "channel_norms", "labels")}), EVALUATE, NO_BANK + "a set is called .*: it (holds|begins with|is too long).*; expected") for name in ODD_NAMES),
    *(Row(f"no {name}", edit(**{f"{name}/{part}": None for part in
          ("logits", "features", "cell_norms", "channel_norms", "labels", "stages")}), EVALUATE, NO_BANK + f"it has no set {name!r}") for name in ("train", "test")),
    Row("the bank of another training", lambda d: (d / ONE / "bank.npz").write_bytes((d / "runs/scenes/two/bank.npz").read_bytes()),
        EVALUATE, "bank.npz and record.json beside it do not belong together: the bank is of training 1{16}, the record of 0{16}; put back"),
    *(Row(f"a bank that names no training, beside a record: {command}", edit(identity=np.array("")), f"{command} {ONE}", "bank.npz and record.json beside it .*: the bank names no training, the record of 0{16}; put back the bank of 0{16}, or run")
      for command in ("evaluate", "tune", "verify")),
    Row("a bank without an identity, beside a record", edit(identity=None), f"score {ONE} pictures", "the bank names no training"),
]  # fmt: skip


def put(content):
    """A function that writes bytes in the place of a bank."""
    return lambda d: (d / ONE / "bank.npz").write_bytes(content if isinstance(content, bytes) else content(d))


def whole(folder):
    return (folder / ONE / "bank.npz").read_bytes()


def lies(shape="(1000000000000,)", descr="<f4", size=64):
    """An npz file whose only array claims another shape than it has."""
    content = io.BytesIO()
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    with zipfile.ZipFile(content, "w") as file:
        file.writestr(
            "weight.npy", b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header.encode() + bytes(size)
        )
    return content.getvalue()


def duplicate(folder):
    content = io.BytesIO(whole(folder))
    with zipfile.ZipFile(content, "a") as file:
        file.writestr("test/labels.npy", file.read("test/labels.npy"))
    return content.getvalue()


def pickled():
    content = io.BytesIO()
    np.save(content, np.array([print], object), allow_pickle=True)
    return content.getvalue()


FILES = [
    Row(name, put(content), EVALUATE, message)
    for name, content, message in [
        ("a header that claims 3 TB", lies("(750000000000,)"), NO_BANK + "claims the shape"),
        ("a header that claims 3 TB in two", lies("(75000,10000000)"), NO_BANK + "claims the shape"),
        ("a header with a negative size", lies("(-1,)"), NO_BANK + "claims the shape"),
        ("a header with a text for a shape", lies("'abc'"), NO_BANK),
        ("a header of objects", lies("(2,)", "|O"), NO_BANK + "Python objects"),
        ("a header of nonsense", lies("(2,)", "xx"), NO_BANK),
        ("a header that is code", lies("__import__('os').mkdir('pwned')"), NO_BANK),
        ("an array in an array", lies("(2,", "<f4"), NO_BANK),
        ("more bytes than claimed", lies("(2,)", size=640), NO_BANK + "claims the shape"),
        ("a member twice", duplicate, NO_BANK + "'test/labels' twice"),
        ("nothing", b"", NO_BANK + "it is empty; expected an npz file"),
        ("text", b"hello", NO_BANK + "it is text; expected an npz file"),
        ("a single array", pickled(), NO_BANK + "it is a single array of numpy.save; expected an npz file"),
        ("an empty zip", b"PK\5\6" + bytes(18), NO_BANK + "it has no set 'train'; its sets: none"),
        ("the first half", lambda d: whole(d)[: len(whole(d)) // 2], NO_BANK),
        ("all but a byte", lambda d: whole(d)[:-1], NO_BANK),
        (
            "the second half",
            lambda d: whole(d)[len(whole(d)) // 2 :],
            NO_BANK + "it is of a kind that bgood does not know",
        ),
        ("zeros in the middle", lambda d: whole(d)[:2000] + bytes(500) + whole(d)[2500:], NO_BANK),
        ("a picture", lambda d: (d / "pictures/a.png").read_bytes(), NO_BANK + "it is a picture .PNG."),
        (
            "a checkpoint",
            lambda d: (d / ONE / "checkpoint.pt").read_bytes(),
            NO_BANK + "it is a checkpoint of PyTorch; expected an npz file",
        ),
    ]
]


def flip(file, seed):
    """A function that turns one bit of a file over, the same one each time."""

    def make(folder):
        content = bytearray((folder / file).read_bytes())
        rng = random.Random(seed)
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        (folder / file).write_bytes(content)

    return make


FLIPS = [
    Row(f"bit {seed} of a bank", flip(f"{ONE}/bank.npz", seed), f"verify {ONE}", "bank.npz", may_be_harmless=True)
    for seed in range(25)
]


@table(*ARRAYS, *LABELS, *STRUCTURE, *FILES, *FLIPS)
def test_a_bank(row, project):
    check(row, project)


def given(**changes):
    """A call of `Bank.from_arrays` with something else than what fits."""

    def call():
        rng = np.random.default_rng(0)
        arrays = {
            "features": {"train": rng.normal(size=(20, 5)), "test": rng.normal(size=(6, 5)), "mine": rng.normal(size=(4, 5))},
            "labels": {"train": np.arange(20) % 3, "test": np.arange(6) % 3},
            "weight": rng.normal(size=(3, 5)), "bias": rng.normal(size=3),
        }  # fmt: skip
        for place, value in changes.items():
            name, _, key = place.partition("__")
            if key and value is None:
                del arrays[name][key]
            elif key:
                arrays[name][key] = value
            else:
                arrays[name] = value
        Bank.from_arrays(**arrays)

    return call


@table(
    ("rows of several lengths", None, given(features__mine=[[1, 2], [3]]), "features of mine are no array, as its rows hold 2 and 1 values; expected rows of one length"),
    ("text", None, given(features__mine=[["a"] * 5]), "features of mine have type <U1 .text.; expected"),
    ("None", None, given(features__mine=[[None] * 5]), "features of mine hold None; expected float32"),
    ("a number", None, given(features__mine=3.0), "features of mine have shape .*expected .N, 5"),
    ("too few channels", None, given(features__test=np.zeros((6, 4))), r"features of test have shape \(6, 4\); expected"),
    ("no images", None, given(features__test=np.zeros((0, 5))), "features of test hold nothing, .*at least one"),
    ("a map", None, given(features__test=np.zeros((6, 5, 1, 1))), "features of test have shape"),
    ("nan", None, given(features__mine=np.full((2, 5), np.nan)), "features of mine hold nan, .* in 2 of 2 rows, first in row 0"),
    ("too large", None, given(features__mine=np.full((2, 5), 1e99)), "hold 1e.99, .* in 2 of 2 rows"),
    ("complex", None, given(features__mine=np.ones((2, 5)) * 1j), "type complex128"),
    ("bytes", None, given(features__mine=np.zeros((2, 5), "S3")), "type .S3"),
    ("dates", None, given(features__mine=np.zeros((2, 5), "M8[s]")), "type datetime64"),
    ("a slash", None, given(**{"features__a/b": np.zeros((2, 5))}), "a set is called 'a/b': it holds '/'; expected letters"),
    ("no name", None, given(**{"features": {"": np.zeros((2, 5)), "train": np.zeros((3, 5)), "test": np.zeros((3, 5))},
                               "labels": {"train": [0, 1, 2], "test": [0, 1, 2]}}), "a set is called '': it is empty; expected"),
    ("a number for a name", None, given(features={3: np.zeros((2, 5)), "train": np.zeros((3, 5)), "test": np.zeros((3, 5))},
                                        labels={"train": [0, 1, 2], "test": [0, 1, 2]}), "a set is called 3: it is no text; expected"),
    ("no train", None, given(features__train=None), "features have no set 'train', only test, mine; give it"),
    ("no test", None, given(features__test=None), "features have no set 'test'"),
    ("no labels", None, given(labels__test=None), "labels have no set 'test', only train; give it"),
    ("labels of nothing", None, given(labels__tset=[1]), "labels have a set 'tset', features only train, test, mine; give both, or rename it; did you mean 'test'"),
    ("labels are floats", None, given(labels__test=np.zeros(6)), "labels of test have type float64; expected integers"),
    ("labels from 1", None, given(labels__train=np.arange(20) % 3 + 1), "labels of train are 1 to 3; .*subtract 1"),
    ("a label of 99", None, given(labels__train=np.full(20, 99)), "labels of train hold 99; expected 0 to 2"),
    ("a label of -1", None, given(labels__test=np.full(6, -1)), "labels of test hold -1; expected 0 to 2"),
    ("classes of OOD images", None, given(labels__mine=[0, 1, 2, 0]), "labels of mine hold 2; expected -1 for every image"),
    ("labels of other length", None, given(labels__test=[0, 1]), r"labels of test have shape \(2,\); expected \[6\], one number for each of the 6 images"),
    ("labels in rows", None, given(labels__test=[[0], [1, 2]]), "labels of test are no array, as its rows hold 1 and 2 values"),
    ("names for labels", None, given(labels__test=["cat"] * 6), "labels of test have type"),
    ("weight of one class", None, given(weight=np.zeros((1, 5)), bias=np.zeros(1)), "of at least 2 classes"),
    ("weight of other channels", None, given(weight=np.zeros((3, 4))), r"features of train have shape \(20, 5\); expected \[N, 4\], as the head's weight is \[3, 4\]"),
    ("bias of two", None, given(bias=np.zeros(2)), r"weight \(3, 5\) and bias \(2,\); expected"),
    ("weight is nan", None, given(weight=np.full((3, 5), np.nan)), "weight of the head hold nan.* in 3 of 3 rows"),
    ("bias is text", None, given(bias=["a", "b", "c"]), "bias of the head have type"),
)  # fmt: skip
def test_arrays_of_others(row, project):
    check(row, project)


def test_other_numbers_become_float32():
    rng = np.random.default_rng(0)
    for dtype in (np.float16, np.float64, np.int8, np.uint16):
        features = {name: (9 * rng.random((8, 5))).astype(dtype) for name in ("train", "test", "mine")}
        labels = {"train": np.arange(8, dtype=np.uint8) % 3, "test": list(range(3)) * 2 + [0, 1]}
        bank = Bank.from_arrays(features, labels, np.ones((3, 5), dtype), np.ones(3, dtype))
        assert bank["mine"].features.dtype == bank["mine"].logits.dtype == bank.weight.dtype == np.float32
        assert bank["test"].labels.dtype == np.int64


def test_what_was_not_spoilt_is_read(project):
    assert outcome(EVALUATE)[0] == 0
    assert Path("tables/evaluation-all-MSP-KNN.csv").is_file()


@pytest.mark.parametrize("name", ["mine/features.npz"])
def test_nobody_is_told_to_delete_their_own_file(name, project):
    (project / name).write_bytes(b"half")
    code, told = outcome(f"evaluate {name}")
    assert code == 1 and "delete" not in told and "save it again with Bank.save" in told
