"""Studies, parameter files, parameters and image sets that cannot be meant."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from bad_inputs.rows import Row, check, table
from bad_inputs.test_banks import ONE, lies

from bgood_lib.studies.notebooks import read_parameters

HEAD = "title: Bad\nnotebook: notebooks/train.ipynb\n"
RUNS = "runs:\n  - {method: cross_entropy, seed: 0}\n"


def study(content, name="bad"):
    data = content if isinstance(content, bytes) else content.encode()
    return lambda d: (d / "studies" / f"{name}.yaml").write_bytes(data)


def deep(n):
    return "".join(f"{'  ' * i}a{i}:\n" for i in range(n))


DOUBLING = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))
SURPRISES = {  # what a YAML file says, and what is said of it
    "nothing": ("", "(bad|p).yaml is empty; expected lines of `key: value`"), "a list": ("- 1\n- 2\n", "yaml holds .1, 2.; expected lines of `key: value`"), "a word": ("hello", "yaml holds 'hello'; expected lines"),
    "a number": ("3", "yaml holds 3; expected lines"), "null": ("~", "yaml holds null; expected lines"), "a bracket": ("a: [1\n", "not YAML that can be used: line 1, .a: .1.: a bracket that is never closed; close it"),
    "a tab": ("a:\n\t- 1\n", "not YAML that can be used: line 2, .- 1.: a tab; indent with spaces"), "two documents": ("a: 1\n---\nb: 2\n", "line 2, .---.: a second document .*expected a single document"), "a key twice": ("seed: 1\nseed: 2\n", "line 2: 'seed' stands there twice"),
    "a tag": ("a: !!python/object/apply:os.system ['touch pwned']\n", "the tag !!python/object/apply:os.system is not used here; take"), "a tag of its own": ("a: !x 1\n", "the tag !x"), "a new object": ("a: !!python/object/new:os.system ['touch pwned']\n", "the tag"),
    "010": ("seed: 010\n", "010 is no plain decimal number"), "1:30": ("seed: 1:30\n", "1:30 is no plain decimal"), "0x10": ("seed: 0x10\n", "0x10 is no plain decimal"), "1_000": ("seed: 1_000\n", "1_000 is no plain decimal"),
    "0b1": ("seed: 0b1\n", "no plain decimal"), "0o7": ("seed: 0o7\n", "no plain decimal"), ".inf": ("weight: .inf\n", ".inf is no plain decimal"), ".nan": ("weight: .nan\n", ".nan is no plain decimal"),
    "a huge number": ("seed: " + "9" * 5000 + "\n", "too long a number"), "a number as a key": ("1: a\n", "1 stands as a key; expected text"), "a list as a key": ("[a]: b\n", "a list or mapping stands as a key; expected text"), "true as a key": ("true: b\n", "true stands as a key"),
    "null as a key": ("~: b\n", "~ stands as a key"), "Latin-1": ("title: caf\xe9\n".encode("latin-1"), "line 1: byte 0xe9 is no text in UTF-8; save"), "UTF-16": ("title: x\n".encode("utf-16"), "byte 0xff is no text in UTF-8"), "bytes": (bytes(range(128, 256)), "byte 0x80 is no text in UTF-8"),
    "zeros": (bytes(100), "line 1: the control character 0x00; take it away"), "a bell": ("a: \x07\n", "line 1, .a:.*: the control character 0x07; take it away"), "2 MB": ("a: " + "x" * 2_000_000, "holds 2,000,003 bytes, more than 1,000,000; expected"), "100 levels": (deep(100), "more than 20 levels"), "brackets": ("a: " + "[" * 5000, "more than 20 levels|not YAML"),
    "an alias of nothing": ("a: *b\n", "line 1, .a: .b.: an undefined alias"), "an alias of itself": ("a: &a [*a]\n", "line 1: .a stands inside of what it stands for .*write"), "doubled 40 times": (DOUBLING, "more than 100,000 values"),
    "a second colon": ("seed: 1: 2\n", "line 1, .seed: 1: 2.: a colon where none can stand; put text"), "a deeper line": ("a: 1\n  b: 2\n", "line 2, .b: 2.: a colon where none can stand; .*indent the line as those above"),
    "no comma": ("a: [1, {b: 2]\n", "line 1, .*: a bracket that another kind closes; close .* with"), "no comma between words": ("a: {b: c d: e}\n", "line 1, .*: no comma between two values, or a bracket that is not closed; put in"), "a bracket of nothing": ("a: [1]]\n", "line 1, .*: a bracket that closes nothing; take"), "a sign of its own": ("a: @x\n", "line 1, .a: @x.: a value that begins with a sign of YAML's own; put it in quotes"),
    "a line out of line": ("a:\n    b: 1\n  c: 2\n", "line 3, .c: 2.: it does not go on from the lines above; indent"), "a dash among names": ("a: 1\n- b: 2\n", "line 2, .*: a dash among lines of `name: value`; take"), "a name in a list": ("- a: 1\nb: 2\n", "line 2, .*among those of a list; begin it with a dash"), "text after a quote": ("a: 'it's'\n", "line 1, .*: more stands behind a quote that is closed; put all"), "text behind a bar": ("a: >5x\n  b\n", "line 1, .*: text behind > or .; put"), "a mark of YAML": ("a: !<x y\n", "line 1, .*: a sign of YAML's own .!.; put"), "no space behind the colon": ("a:1\nb:2\n", "expected lines of `key: value`, with a space behind the colon"), "a percent sign": ("%A\na: 1\n", "begins with %, .*; put it in quotes"), "a comma first": ("a: ,b\n", "a comma or bracket where a value is expected; put"),
    "a dash in a line": ("a: - 1\n", "line 1, .a: - 1.: a dash where no list can begin; put it on a line of its own"), "a backslash": ('a: "C:\\q"\n', "line 1, .*: a backslash in double quotes; use single quotes"),
    "a quote": ('a: "x\n', "line 1, .a: .x.: a quote that is never closed; close it"), "no colon": ("a: 1\nb\n", "line 2, .b.: a name without a colon; write `name: value`"), "an anchor twice": ("a: &x 1\nb: &x 2\n", "line 2, .b: &x 2.: a second anchor .*rename it"),
    "a star": ("a: *\n", "line 1, .a: ..: a sign of YAML's own .*without a name behind it; put"),
    "101 aliases": ("a: &a 1\nb: [" + ", ".join(["*a"] * 101) + "]\n", "more than 100 aliases"), "a picture": (b"\x89PNG\r\n\x1a\n", "yaml is a picture .PNG.; expected a YAML file"),
}  # fmt: skip


def bad(text, message):
    return text, message


STUDIES = {
    "no title": (f"notebook: notebooks/train.ipynb\n{RUNS}", "title is missing; add it, as in `title: Mine`"), "no notebook": (f"title: Bad\n{RUNS}", "notebook is missing; add it, as in `notebook: notebooks/train.ipynb`"), "no runs": (HEAD, "runs is missing; add it, as in `runs: .*`"),
    "an unknown key": (f"{HEAD}{RUNS}rnus: []\n", "unknown key 'rnus'.*did you mean 'runs'"), "runs twice": (f"{HEAD}{RUNS}{RUNS}", "'runs' stands there twice"), "runs a word": (f"{HEAD}runs: all\n", "line 3: runs is 'all'; expected lines such as"),
    "runs of numbers": (f"{HEAD}runs: [1]\n", "line 3: an entry of runs is 1; expected"), "an empty run": (f"{HEAD}runs:\n- {{seed: 0}}\n- {{}}\n", "line 5: an entry of runs is {}; expected"), "a run of nothing": (f"{HEAD}runs:\n- {{seed: 0}}\n-\n", "line 5: an entry of runs is null; expected"), "a title of a list": ("title: [a]\nnotebook: notebooks/train.ipynb\nruns: []\n", 'title is ."a".; expected text'), "common a list": (f"{HEAD}common: []\n{RUNS}", "common is"),
    "pages a list": (f"{HEAD}{RUNS}pages: [a]\n", "pages is"), "a page of a number": (f"{HEAD}{RUNS}pages: {{page: 3}}\n", "page 'page' is 3; expected .parameter: value"), "a page of a shell": (f'{HEAD}{RUNS}pages: {{"$(touch pwned)": {{}}}}\n', "page '.*touch pwned"),
    "a page above": (f'{HEAD}{RUNS}pages: {{"../x": {{}}}}\n', "page '../x'"), "a page that is none": (f"{HEAD}{RUNS}pages: {{nothing: {{}}}}\n", "there is no notebook notebooks/nothing.ipynb"),
    "a page's parameter": (f"{HEAD}{RUNS}pages: {{page: {{wieght: 1}}}}\n", "has no parameter 'wieght'; did you mean 'weight'"), "publish 3": (f"{HEAD}{RUNS}publish: 3\n", "publish is 3; expected"), "publish maybe": (f"{HEAD}{RUNS}publish: maybe\n", "publish is 'maybe'"),
    "a notebook above": (f"title: B\nnotebook: ../x.ipynb\n{RUNS}", "notebook is '../x.ipynb'; expected one of this project, .* not beginning with / and without .."), "a notebook of the system": (f"title: B\nnotebook: /etc/passwd\n{RUNS}", "notebook is '/etc/passwd'"), "a notebook of a shell": (f'title: B\nnotebook: "$(touch pwned).ipynb"\n{RUNS}', "notebook is"),
    "a notebook that is not there": (f"title: B\nnotebook: notebooks/trian.ipynb\n{RUNS}", "there is no notebook notebooks/trian.ipynb; there are .*; did you mean 'notebooks/train.ipynb'"), "a notebook without parameters": (f"title: B\nnotebook: other.ipynb\n{RUNS}", "other.ipynb"),
    **{f"{key} in a study": (f"{HEAD}runs: [{{{key}: x}}]\n", f"line 3: {key}: 'x' is no setting of a study; take it away: {way_out}") for key, way_out in [
        ("out", "every run has a folder of its own, runs/bad/RUN"), ("device", "give it when running, make study STUDY=bad DEVICE=x"), ("threads", "give it when running, make study STUDY=bad THREADS=x"),
        ("force", "give it when running, make study STUDY=bad FORCE=1"), ("overwrite", "a run whose parameters changed is trained again")]},
    **{f"{key} for all": (f"{HEAD}common: {{{key}: x}}\n{RUNS}", f"line 3: {key}: 'x' is no setting of a study; take it away") for key in ("out", "device")},
    "an empty list": (f"{HEAD}runs: [{{seed: []}}]\n", "seed is an empty list"), "a list of lists": (f"{HEAD}runs: [{{seed: [[1]]}}]\n", "seed is .1.; expected"), "a mapping": (f"{HEAD}runs: [{{seed: {{a: 1}}}}]\n", 'seed is ."a": 1.; expected'), "null": (f"{HEAD}runs: [{{seed: ~}}]\n", "seed is null; expected"),
    "a name of a shell": (f'{HEAD}runs: [{{selector: "$(touch pwned)"}}]\n', "a run would be called .*touch pwned"), "a name of backticks": (f'{HEAD}runs: [{{selector: "`touch pwned`"}}]\n', "a run would be called"), "a name with a semicolon": (f'{HEAD}runs: [{{selector: "a;touch pwned"}}]\n', "a run would be called"),
    "a name above": (f'{HEAD}runs: [{{selector: "../x"}}]\n', "a run would be called"), "a name with spaces": (f'{HEAD}runs: [{{selector: "a b"}}]\n', "a run would be called"), "a name with a line": (f'{HEAD}runs: [{{selector: "a\\nb"}}]\n', "a run would be called"), "a name of 300": (f"{HEAD}runs: [{{selector: {'x' * 300}}}]\n", "a run would be called x+..., 300 characters; shorten its values"),
    "two of one name": (f"{HEAD}runs: [{{seed: 0}}, {{seed: 0}}]\n", "two runs are called s0"), "too many": (f"{HEAD}runs: [{{seed: &s [0,1,2,3,4,5,6,7,8,9], top_k: *s, n_patches: *s, epochs: *s, n_train: *s}}]\n", "more than 20,000 runs"),
    "a patch of 32": (f"{HEAD}runs: [{{seed: 0}}, {{patch_size: 32}}]\n", "to do +s0 .*impossible p32 studies/bad.yaml, line 3: patch_size is 32; on this map it must be between 1 and 8"), "a patch of 5 on 4 cells": (f"{HEAD}runs: [{{patch_size: [4, 5], profile: full}}]\n", "to do +p4-profile_full .*impossible p5-profile_full studies/bad.yaml, line 3: patch_size is 5; on this map it must be between 1 and 4"), "a patch on an early map": (f"{HEAD}runs: [{{patch_size: 9, layer: [both, previous]}}]\n", "impossible p9-layer_both studies/bad.yaml, line 3: patch_size is 9; .*impossible p9-layer_previous"), "too many patches": (f"{HEAD}runs: [{{selector: random, n_patches: 500}}]\n", "impossible random-n500 studies/bad.yaml, line 3: n_patches is 500"),
    "an unknown method": (f"{HEAD}runs: [{{method: magic}}, {{method: logitnorm}}]\n", "impossible magic studies/bad.yaml, line 3: method is 'magic'; choose one of .*to do +logitnorm"), "a misspelt parameter": (f"{HEAD}runs: [{{wieght: 1}}]\n", "impossible .*studies/bad.yaml, line 3: train.ipynb has no parameter 'wieght'; did you mean 'weight'"),
    "a seed of text": (f"{HEAD}runs: [{{seed: one}}]\n", "impossible sone studies/bad.yaml, line 3: seed is 'one'; expected a whole number from 0 to 1,000,000"), "half a seed": (f"{HEAD}runs: [{{seed: 0.5}}]\n", "impossible .*seed is 0.5; expected a whole number"), "one training twice": (f"{HEAD}runs: [{{method: cross_entropy, weight: [0.1, 0.2]}}]\n", "studies/bad.yaml, line 3: the same training as cross_entropy-w0.1, as weight .0.1, 0.2. makes no difference with method cross_entropy; take weight away, or choose a method that uses it"),
    "6 stages": (f"{HEAD}runs: [{{stages: 6}}]\n", "stages is 6; expected a whole number from 0 to 5"), "a data set that is none": (f"{HEAD}runs: [{{dataset: cifar11}}]\n", "dataset is 'cifar11'; choose one of .*did you mean 'cifar10'"), "true for a number": (f"{HEAD}runs: [{{epochs: true}}]\n", "epochs is true; expected a whole number"),
}  # fmt: skip


@table(
    *(Row(f"a study of {name}", study(content), "study plan bad", message) for name, (content, message) in SURPRISES.items()),
    *(Row(name, study(content), "study plan bad", message) for name, (content, message) in STUDIES.items()),
    *(Row(f"status: {name}", study(STUDIES[name][0]), "study status bad", STUDIES[name][1]) for name in ("a patch of 32", "an unknown method", "one training twice", "a name of a shell")),
    ("a study misspelt", None, "study plan goood", "there is no study 'goood': studies/goood.yaml is not there; there are good; did you mean 'good'"),
    ("a study of a shell", None, ["study", "plan", "$(touch pwned)"], "there is no study"),
    ("a study above", None, "study plan ../../etc/passwd", "there is no study 'passwd': studies/../../etc/passwd.yaml is not there; studies/../../etc holds none; name one"),
    ("a study with a name of a shell", study(f"{HEAD}{RUNS}", "$(x)"), ["study", "plan", "$(x)"], "a study's name has letters, digits"),
    ("a folder for a study", lambda d: (d / "studies/f.yaml").mkdir(), "study plan f", "there is no study 'f': studies/f.yaml is a folder; there are good"),
    ("a record that is spoilt", lambda d: [(d / "runs/good/cross_entropy-s0").mkdir(parents=True), (d / "runs/good/cross_entropy-s0/record.json").write_text("{")],
     "study plan good", "impossible cross_entropy-s0 .*record.json is not whole JSON.*to do +background-s0"),
    ("runs in a file: plan", None, "study plan good --runs notes.txt", "--runs notes.txt is a file; name a folder"),
    ("runs in a file: status", None, "study status good --runs notes.txt", "--runs notes.txt is a file; name a folder"),
    ("no study", None, "study plan", "STUDY is missing .name of a file in studies/, or its path.; write it", 2),
    ("publish what is not there", None, "study publish goood", "there is no study 'goood'"),
)  # fmt: skip
def test_studies(row, project):
    check(row, project)


def parameters(content):
    data = content if isinstance(content, bytes) else content.encode()
    return lambda d: (d / "p.yaml").write_bytes(data)


RUN = ["run", "notebooks/train.ipynb", "out.ipynb"]


def values():
    """Bad values of each parameter of the training notebook, by its type and range."""
    for name, one in read_parameters(Path(__file__).parents[2] / "notebooks/train.ipynb").items():
        odd = {
            int: ["x", "1.5", "1e3", "0x10", "nan", "true"],
            float: ["x", "1,5", "nan", "inf", "0x1", "true"],
            bool: ["yes", "1", "maybe"],
        }
        for value in odd.get(one.type, []):
            yield name, value, rf"{name} is '{value}'; expected (a whole number|a number|true or false)"
        if one.low is not None:
            for value in (one.low - 1, one.high + 1):
                yield (
                    name,
                    f"{one.type(value)}",
                    rf"{name} is '{one.type(value)}'; expected .* from {one.low:,.9g} to {one.high:,.9g}",
                )
        if one.choices:
            for value in ("none of them", "$(touch pwned)"):
                yield name, value, f"{name} is '.*'; choose one of"


@table(
    *(Row(f"-f {name}", parameters(content), [*RUN, "-f", "p.yaml"], message, 2) for name, (content, message) in SURPRISES.items()),
    *(Row(f"-p {name}={value}", None, [*RUN, "-p", f"{name}={value}"], message, 2) for name, value, message in values()),
    ("-p without =", None, [*RUN, "-p", "seed"], "-p 'seed' has no value; write -p seed=VALUE", 2), ("-p of nothing", None, [*RUN, "-p", ""], "-p is empty in: .*; give it a value, or leave it out", 2),
    ("-p =1", None, [*RUN, "-p", "=1"], "has no parameter ''", 2), ("-p misspelt", None, [*RUN, "-p", "wieght=1"], "has no parameter 'wieght'; did you mean 'weight'", 2),
    ("-p of a shell", None, [*RUN, "-p", "$(touch pwned)=1"], "has no parameter", 2), ("-f of a folder", None, [*RUN, "-f", "studies"], "studies is a folder; name a file", 2),
    ("-f of nothing", None, [*RUN, "-f", "nowhere.yaml"], "there is no nowhere.yaml; look whether it is spelt right", 2), ("-f with a list", parameters("seed: [1, 2]\n"), [*RUN, "-f", "p.yaml"], "p.yaml, line 1: seed is .1, 2.; expected a whole number", 2),
    ("-f with null", parameters("seed:\n"), [*RUN, "-f", "p.yaml"], "p.yaml, line 1: seed is null; expected a whole number", 2), ("-f with yes", parameters("force: yes please\n"), [*RUN, "-f", "p.yaml"], "p.yaml, line 1: force is 'yes please'; expected true or false", 2),
    ("out of nothing", None, [*RUN, "-p", "out="], "out is ''; expected a folder", 1), ("out of spaces", None, [*RUN, "-p", "out=  "], "out is ' *'; expected", 1), ("out at somebody's home", None, [*RUN, "-p", "out=~nobody-of-that-name/x"], "no such home folder", 1),
    ("out a file", None, [*RUN, "-p", "out=notes.txt"], "out is notes.txt, a file; name a folder", 2), ("a folder for a notebook", None, ["run", "notebooks", "out.ipynb"], "notebooks is a folder; there are .*notebooks/train.ipynb", 2), ("a notebook of another folder", None, ["run", "train.ipynb", "out.ipynb"], "there is no notebook train.ipynb; .*did you mean 'notebooks/train.ipynb'", 2),
    ("no notebook", None, ["run", "nowhere.ipynb", "out.ipynb"], "there is no notebook nowhere.ipynb; there are other.ipynb, notebooks/.*, notebooks/train.ipynb$", 2), ("text for a notebook", None, ["run", "notes.txt", "out.ipynb"], "notes.txt cannot be read as a notebook, as it is text; name an .ipynb file", 2),
    ("a notebook without parameters", None, ["run", "other.ipynb", "out.ipynb"], "other.ipynb", 2), ("itself", None, ["run", "notebooks/train.ipynb", "notebooks/train.ipynb"], "the output is notebooks/train.ipynb, the notebook itself; name another", 2),
    ("over another notebook", None, ["run", "notebooks/train.ipynb", "other.ipynb", "-p", "seed=0"], "other.ipynb is there already, and is no notebook that bgood or papermill ran; name another", 2),
    ("over text", None, ["run", "notebooks/train.ipynb", "notes.txt"], "notes.txt is there already, and is no notebook that bgood or papermill ran; name another", 2), ("into no notebook", None, ["run", "notebooks/train.ipynb", "out.txt"], "expected a file that ends in .ipynb, other than", 2),
    ("into a folder", lambda d: (d / "f.ipynb").mkdir(), ["run", "notebooks/train.ipynb", "f.ipynb"], "f.ipynb is a folder; name a file", 1),
)  # fmt: skip
def test_parameters(row, project):
    check(row, project)


def npz(**arrays):
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


IMAGES = np.zeros((3, 32, 32, 3), np.uint8)
FOREIGN = {  # what stands in sets/mine.npz, and what is said of it
    "nothing": (b"", "it is empty; expected an npz file"), "text": (b"hello", "it is text; expected an npz"), "a picture": (b"\x89PNG\r\n", "it is a picture .PNG."), "half": (npz(images=IMAGES)[:500], "it is an npz file that is cut off"),
    "no images": (npz(labels=np.zeros(3, int)), "no array 'images', only: labels"), "floats": (npz(images=IMAGES.astype(float)), "images are float64"), "channels first": (npz(images=np.zeros((3, 3, 32, 32), np.uint8)), "images are uint8"),
    "grey": (npz(images=np.zeros((3, 32, 32), np.uint8)), "images are uint8"), "large": (npz(images=np.zeros((3, 600, 600, 3), np.uint8)), "images are uint8 .*S from 8 to 512 px"), "tiny": (npz(images=np.zeros((3, 7, 7, 3), np.uint8)), "images are uint8"), "not square": (npz(images=np.zeros((3, 32, 48, 3), np.uint8)), "images are uint8"), "none": (npz(images=IMAGES[:0]), "images are uint8"), "objects": (npz(images=np.array([None, {}], object)), "holds Python objects"),
    "labels of text": (npz(images=IMAGES, labels=np.array(["a", "b", "c"])), "labels are <U1 .*expected integers of shape"), "labels of floats": (npz(images=IMAGES, labels=np.zeros(3)), "labels are float64"), "two labels": (npz(images=IMAGES, labels=np.zeros(2, int)), "labels are int64"),
    "a header of 3 TB": (lies("(750000000000,)"), "claims the shape"), "code in a header": (lies("__import__('os').mkdir('pwned')"), "'weight' does not begin as an array"),
}  # fmt: skip


def foreign(content, name="mine"):
    return lambda d: [(d / "sets").mkdir(), (d / "sets" / f"{name}.npz").write_bytes(content)]


@table(
    *(Row(f"adopt {name}", foreign(content), "data prepare --from sets", f"mine.npz cannot be adopted: .*{message}") for name, (content, message) in FOREIGN.items()),
    *(Row(f"adopt as {name!r}", foreign(npz(images=IMAGES), name), "data prepare --from sets", message) for name, message in [
        ("cifar10", "cifar10 is a set that bgood knows. Rename it"), ("a b", "cannot be adopted as 'a b': it holds ' '; expected letters"), ("$(touch pwned)", "cannot be adopted as"), ("-x", "cannot be adopted as .*it begins with '-'"), ("svhn_subset", "has 3 images where 1,040 are expected; give that file, or rename yours"),
    ]),
    ("no set", None, "data prepare", "nothing to prepare. Name a set"), ("a set misspelt", None, "data prepare svnh", "no data set is called 'svnh'; there are .*; did you mean 'svhn'"), ("a set of nothing", None, ["data", "prepare", ""], "NAME... is empty .sets, by their names in .bgood data list.. in", 2),
    ("a set of a shell", None, ["data", "prepare", "$(touch pwned)"], "no data set is called"), ("no folder", None, "data prepare --from nowhere", "there is no folder nowhere"), ("a file for a folder", None, "data prepare --from notes.txt", "notes.txt is a file; give a folder"),
    ("a folder without sets", None, "data prepare --from pictures", "pictures holds no npz files. Put them there, or name"), ("a set that is not in it", foreign(npz(images=IMAGES)), "data prepare svhn --from sets", "sets holds no svhn_subset.npz for svhn, only mine.npz. Put"),
    ("what cannot be downloaded", None, "data prepare chars74k", "cannot be downloaded by bgood. Put chars74k_streetview.npz .an npz file with .images., uint8 .N, S, S, 3.: 6,283 letters"), ("verify a set misspelt", None, "data verify svnh", "no data set is called 'svnh'"), ("verify what is not there", None, "data verify cifar10", "cifar10 train is not prepared. Run"),
    ("a command misspelt", None, "data lits", "there is no command 'lits'; there are list, prepare, verify; did you mean 'list'", 2),
)  # fmt: skip
def test_image_sets(row, project):
    check(row, project)


EXERCISES = f"--exercises {Path(__file__).parents[2] / 'exercises'}"


@table(
    ("no exercises", None, "class --exercises pictures", "pictures holds no exercise: no folder in it has a questions.py; name another with --exercises"),
    ("an exercise misspelt", None, f"class {EXERCISES} --only 1_mesuring", "there is no exercise '1_mesuring'; there are 1_measuring, .*; did you mean '1_measuring'"),
    ("a class into a file", None, f"class {EXERCISES} --out notes.txt", "^error: --out notes.txt is a file; name a folder"),
    ("a class into what is not its own", None, f"class {EXERCISES} --out pictures", "pictures is not empty, and not written by this command; name another with --out, or move it aside"),
    ("a class in /proc", None, f"class {EXERCISES} --out /proc/none", "^error: /proc/none cannot be written, as /proc takes no files; name another place"),
    ("marks in /proc", None, f"grade pictures {EXERCISES} --out /proc/none", "^error: /proc/none cannot be written, as /proc takes no files; name another place"),
    ("nothing to mark", None, "grade", "FOLDER is missing .the folder that holds one file or one folder per student.; write it", 2),
    ("to mark what is not there", None, f"grade nowhere {EXERCISES}", "there is no folder nowhere; name the folder that holds"),
    ("to mark a file", None, f"grade notes.txt {EXERCISES}", "notes.txt is a file; name the folder that holds"),
    ("a roster that is not there", None, f"grade pictures {EXERCISES} --roster nowhere.csv", "^error: the roster: there is no nowhere.csv; look whether"),
    ("a picture for a roster", None, f"grade pictures {EXERCISES} --roster pictures/a.png", "^error: the roster pictures/a.png is a picture .PNG., not a table in UTF-8; expected Moodle's"),
    ("a roster of others", None, f"grade pictures {EXERCISES} --roster scores.csv", "^error: the roster scores.csv has the columns name, mark; expected Moodle's"),
    ("no job at a time", None, f"grade pictures {EXERCISES} --jobs 0", "--jobs is '0'; expected a whole number from 1 to 64", 2),
)  # fmt: skip
def test_classes(row, project):
    check(row, project)


@pytest.mark.parametrize("where, message", [
    ("notes.txt", "^error: BGOOD_DATA is notes.txt, which is no folder; set BGOOD_DATA to a folder"), ("notes.txt/below", "cannot be written, as a part of the path .*set BGOOD_DATA"), ("/proc/none", "cannot be written, as /proc takes no files; set BGOOD_DATA"),
    ("/dev/null", "^error: BGOOD_DATA is /dev/null, which is no folder; set BGOOD_DATA"), ("~nobody-of-that-name/x", "BGOOD_DATA is .*no such home folder; write the path out"), (" ", "BGOOD_DATA is ' '; expected a folder"),
])  # fmt: skip
def test_a_cache_that_is_none(where, message, project, monkeypatch):
    monkeypatch.setenv("BGOOD_DATA", where)
    for command in ("data prepare scenes", "data prepare cifar10"):
        check(Row(where, None, command, message), project)


def test_no_home(project, monkeypatch):
    monkeypatch.delenv("BGOOD_DATA")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: f"~/.cache/{name}")
    check(Row("no home", None, "data prepare scenes", "there is no home folder .*set BGOOD_DATA to a folder"), project)


BGOOD = [sys.executable, "-c", "from bgood_lib.cli import bgood; bgood()"]
REAL = [
    (["--version"], 0, "bgood 0"), (["evaluate", "runs/scenes/ome"], 1, "did you mean 'runs/scenes/one'"), (["evaluate", ONE, "--dataset", "cifar10"], 1, "leave --dataset out"), (["evaluate", "notes.txt"], 1, "no feature bank that can be used"),
    (["score", ONE, "notes.txt"], 1, "notes.txt cannot be read as an image"), (["score", ONE, "pictures/a.png", "--csv", "pictures/b.jpg"], 1, "ends in .csv"), (["score", "net.safetensors", "pictures", "--detector", "KNN"], 1, "choose one of MSP"),
    (["verify", "results", "--runs", "nowhere"], 3, "the files are whole"), (["verify", "notes.txt"], 1, "notes.txt is text, no record"), (["study", "plan", "goood"], 1, "did you mean 'good'"), (["data", "prepare", "svnh"], 1, "did you mean 'svhn'"), (["nothing"], 2, "there is no command"),
    (["run", "notebooks/train.ipynb", "other.ipynb"], 2, "is no notebook that bgood or papermill ran"), (["run", "notebooks/train.ipynb", "out.ipynb", "-p", "seed=x"], 2, "seed is 'x'; expected a whole number"), (["export", ONE, "pictures/a.png"], 1, "ends in .safetensors"), (["evaluate", ""], 2, "RUN|BANK.npz is empty"),
    (["study", "status", "$(touch pwned)"], 1, "there is no study"), (["run", "notebooks/train.ipynb", "out.ipynb", "-f", "notes.txt"], 2, "expected lines of `key: value`"), (["score", ONE, "pictures", "--csv", "scores.csv"], 1, "was not written by this command"),
    (["verify", "mine/features.npz"], 1, "is an npz file, no record"), (["data", "prepare", "--from", "notes.txt"], 1, "notes.txt is a file; give a folder"), (["evaluate", ONE, "--out", "notes.txt/x"], 1, "is below notes.txt, which is a file"), (["export", ONE, "mine.txt/x.safetensors", "--nothing"], 2, "there is no option --nothing"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments, code, message", REAL, ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None
)
def test_real_commands(arguments, code, message, project):
    done = subprocess.run([*BGOOD, *arguments], capture_output=True, text=True, timeout=100, check=False)
    told = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == code and message in told and "Traceback" not in told, told


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.1, 0.3, 0.6, 1.0, 1.5, 2.5])
def test_ctrl_c_is_one_line(seconds, project):
    def listens():
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    command = [*BGOOD, "evaluate", ONE]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, preexec_fn=listens
    )
    time.sleep(seconds)
    os.kill(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    begun = process.returncode not in (-signal.SIGINT, 0) and "encodings" not in told and "site" not in told
    assert not begun or (process.returncode, told) == (130, "stopped by Ctrl-C\n")
