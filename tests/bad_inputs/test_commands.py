"""Commands with something that is not there, not theirs, or of another run; pictures that are none."""

import json
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from bad_inputs.conftest import read_only
from bad_inputs.rows import Row, check, checksums, outcome, table, undisturbed
from bad_inputs.test_banks import ONE, flip
from PIL import Image

from bgood_lib.utils.files import write_json

TWO = "runs/scenes/two"


def copy(source, target):
    """A function that puts a file in the place of another."""
    return lambda d: shutil.copy(d / source, d / target)


def text(file, content):
    """A function that writes text, or bytes, to a file."""
    return lambda d: (d / file).write_bytes(content if isinstance(content, bytes) else content.encode())


def away(*files):
    return lambda d: [(d / file).unlink() for file in files]


def record(edit, sign=True):
    """A function that changes the record of a run, and signs it again, so that only its content counts."""

    def make(folder):
        file = folder / ONE / "record.json"
        content = json.loads(file.read_text())
        content.pop("checksum")
        edit(content)
        write_json(file, content) if sign else file.write_text(json.dumps(content))

    return make


@table(
    ("no run", None, "evaluate runs/scenes/three", "there is no bank runs/scenes/three; there are runs/scenes/one, runs/scenes/two"),
    ("a run misspelt", None, "evaluate runs/scenes/ome", "did you mean 'runs/scenes/one'"),
    ("a folder without a bank", None, "evaluate pictures", "there is no bank pictures/bank.npz; there are runs/scenes/one"),
    ("no name", None, ["evaluate", ""], "RUN.BANK.npz is empty .folder of a run, or a bank. in: bgood evaluate .*; give it a value", 2),
    ("a name of spaces", None, ["evaluate", "  "], "RUN.BANK.npz is empty .folder of a run, or a bank. in", 2),
    ("a long name", None, ["evaluate", "x" * 300], "name|no bank"),
    ("somebody's home", None, "evaluate ~nobody-of-that-name/run", "no such home folder; write the path out"),
    ("nothing", None, "evaluate", "RUN.BANK.npz is missing .folder of a run, or a bank.; write it", 2),
    ("too much", None, f"evaluate {ONE} {TWO}", f"too much is given: {TWO}; leave it out", 2),
    ("a command misspelt", None, "evalute x", "there is no command 'evalute'; there are train, .*; did you mean 'evaluate'", 2),
    ("an option misspelt", None, f"evaluate {ONE} --detector MSP", "there is no option --detector; there are .*; did you mean '--detectors'", 2),
    ("a text file for a bank", None, "evaluate notes.txt", "notes.txt is no feature bank that can be used .*save it again"),
    ("a picture for a bank", None, "evaluate pictures/a.png", "pictures/a.png is no feature bank that can be used"),
    ("an unknown detector", None, f"evaluate {ONE} --detectors MPS", "unknown detector 'MPS'; choose one of MSP.*; did you mean 'MSP'"),
    ("a detector in small letters", None, f"evaluate {ONE} --detectors msp", "unknown detector 'msp'.*; did you mean 'MSP'"),
    ("no detector", None, ["evaluate", ONE, "--detectors", ""], "--detectors is empty in: .*; give it a value, or leave it out", 2),
    ("a comma", None, ["evaluate", ONE, "--detectors", ","], "--detectors ',' names none; choose"),
    ("a detector of a shell", None, ["evaluate", ONE, "--detectors", "$(touch pwned)"], "unknown detector"),
    ("a detector that needs a head", None, f"evaluate {ONE} --detectors SSOD", "no detector could be computed.*SSOD needs an OOD head"),
    ("a detector of images", None, f"evaluate {ONE} --detectors ODIN", "ODIN must see the images, which a bank does not hold; give --odin"),
    ("an unknown protocol", None, f"evaluate {ONE} --protocol openood", "unknown protocol 'openood'; choose one of"),
    ("a protocol of other sets", None, f"evaluate {ONE} --protocol classic6", "protocol classic6 is for networks trained on cifar10 or .*this one is of scenes: use --protocol all"),
    ("no protocol", None, ["evaluate", ONE, "--protocol", ""], "--protocol is empty", 2),
    ("another data set", None, f"evaluate {ONE} --dataset cifar10", "was trained on scenes, not cifar10; leave --dataset out"),
    ("another data set to tune", None, f"tune {ONE} --dataset canvas", "was trained on scenes, not canvas"),
    ("no data set", None, ["evaluate", ONE, "--dataset", ""], "--dataset is empty", 2),
    ("-1 resamples", None, f"evaluate {ONE} --resamples -1", "resamples.*-1.*(expected a whole number from 0 to 100,000|range)", 2),
    ("1e12 resamples", None, f"evaluate {ONE} --resamples 1000000000000", "resamples.*1000000000000.*(expected a whole number from 0 to 100,000|range)", 2),
    ("half a resample", None, f"evaluate {ONE} --resamples 0.5", "resamples.*0.5.*(expected a whole number|valid int)", 2),
    ("a seed of -1", None, f"evaluate {ONE} --seed -1", "seed.*-1.*(expected a whole number of at least 0|range)", 2),
    ("tables into a file", None, f"evaluate {ONE} --out notes.txt", "--out notes.txt is a file; name a folder"),
    ("tuning into a file", None, f"tune {ONE} --out notes.txt", "--out notes.txt is a file; name a folder"),
    ("tables below a file", None, f"evaluate {ONE} --detectors MSP --resamples 0 --out notes.txt/x", "notes.txt/x is below notes.txt, which is a file; name another"),
    ("tables nowhere", None, ["evaluate", ONE, "--out", " "], "--out is empty", 2),
    ("tables in /proc", None, f"evaluate {ONE} --detectors MSP --resamples 0 --out /proc/none", "^error: /proc/none cannot be written, as /proc takes no files; name another place$"),
    ("tuning in /proc", None, f"tune {ONE} --out /proc/none", "^error: /proc/none cannot be written"),
    ("a run in /proc", None, "run notebooks/train.ipynb out.ipynb -p seed=0 -p out=/proc/none", "^error: /proc/none cannot be written"),
    ("a notebook in /proc", None, "run notebooks/train.ipynb /proc/none/out.ipynb -p seed=0", "^error: /proc/none/out.ipynb cannot be written"),
    ("a network in /proc", None, f"export {ONE} /proc/none/x.safetensors", "^error: /proc/none/x.safetensors cannot be written"),
    ("an OOD set that is none", None, f"evaluate {ONE} --ood svnh", "--ood svnh: neither a folder nor a prepared set; give a folder, or one of scenes, .*; did you mean .svhn.. get it first: bgood data prepare svhn"),
    ("an OOD set not prepared", None, f"evaluate {ONE} --ood svhn", "--ood svhn: neither a folder nor a prepared set; get it first: bgood data prepare svhn, or give a folder"),
    ("an OOD file", None, f"evaluate {ONE} --ood notes.txt", "--ood notes.txt: a file, neither a folder nor a prepared set; give"),
    ("an OOD folder without pictures", None, f"evaluate {ONE} --ood studies", "no pictures in studies; name a folder of files that end in .png"),
    ("an OOD folder of a taken name", lambda d: shutil.copytree(d / "pictures", d / "p/test"), f"evaluate {ONE} --ood p/test", "--ood p/test: the bank already holds a set called .test.; rename"),
    ("an OOD folder of an odd name", lambda d: shutil.copytree(d / "pictures", d / "$(touch pwned)"), ["evaluate", ONE, "--ood", "$(touch pwned)"], "it holds .[$].; expected letters.*rename"),
    ("an OOD folder with a bad picture", text("pictures/d.png", "no"), f"evaluate {ONE} --ood pictures", "pictures/d.png cannot be read as an image"),
    ("an OOD folder and a protocol", None, f"evaluate {ONE} --ood pictures --protocol openood15", "protocol openood15 is for networks|does not go with"),
    ("an OOD folder, but no network", away(f"{ONE}/checkpoint.pt"), f"evaluate {ONE} --ood pictures", "there is no runs/scenes/one/checkpoint.pt"),
    ("no OOD set", None, ["evaluate", ONE, "--ood", ""], "--ood is empty", 2),
)  # fmt: skip
def test_evaluate(row, project):
    check(row, project)


CHECKPOINT = f"{ONE}/checkpoint.pt"


@table(
    ("the checkpoint of another", copy(f"{TWO}/checkpoint.pt", CHECKPOINT), f"score {ONE} pictures", "checkpoint.pt and the bank beside it are not of one training .their weights differ.; put back whichever was replaced, or run"),
    ("the checkpoint of another, --ood", copy(f"{TWO}/checkpoint.pt", CHECKPOINT), f"evaluate {ONE} --ood pictures", "checkpoint.pt and the bank beside it are not of one training .their weights differ.; put back whichever was replaced, or run"),
    ("the checkpoint of another, verify", copy(f"{TWO}/checkpoint.pt", CHECKPOINT), f"verify {ONE}", "not whole .*checkpoint.pt and the bank beside it are not of one training"),
    ("the checkpoint of another, export", copy(f"{TWO}/checkpoint.pt", CHECKPOINT), f"export {ONE} new.safetensors", "checkpoint.pt and record.json beside it are not of one training .*; put back whichever was replaced, or run"),
    ("the record of another", copy(f"{TWO}/record.json", f"{ONE}/record.json"), f"score {ONE} pictures", "bank.npz and record.json beside it do not belong together: the bank is of training 0{16}, the record of 1{16}; put back the record of 0{16} or the bank of 1{16}, or run"),
    ("the record of another, verify", copy(f"{TWO}/record.json", f"{ONE}/record.json"), f"verify {ONE}", "bank.npz and record.json beside it do not belong together: the bank is of training"),
    ("the bank of another", copy(f"{TWO}/bank.npz", f"{ONE}/bank.npz"), f"score {ONE} pictures", "bank.npz and record.json beside it do not belong together: the bank is of training"),
    ("the bank of another, tune", copy(f"{TWO}/bank.npz", f"{ONE}/bank.npz"), f"tune {ONE}", "bank.npz and record.json beside it do not belong together: the bank is of training"),
    ("the bank of another, verify", copy(f"{TWO}/bank.npz", f"{ONE}/bank.npz"), f"verify {ONE}", "not whole .*the bank is of training 1{16}, the record of 0{16}"),
    ("other weights in the record", record(lambda r: r.update(weights_sha256="c" * 64)), f"score {ONE} pictures", "checkpoint.pt and record.json beside it are not of one training"),
    ("a figure changed", record(lambda r: r.update(accuracy=r["accuracy"] / 2)), f"verify {ONE}", "differs .*accuracy.; [0-9.]+ in the record, [0-9.]+ by the scores.*get it again"),
    ("a figure taken away", record(lambda r: r["mean_norm"].pop("ood")), f"verify {ONE}", "differs .*the record lacks mean_norm/ood/cell"),
    ("no checkpoint", away(CHECKPOINT), f"score {ONE} pictures", "there is no runs/scenes/one/checkpoint.pt, so no network; put it"),
    ("no checkpoint, export", away(CHECKPOINT), f"export {ONE} new.safetensors", "checkpoint.pt"),
    ("no record, export", away(f"{ONE}/record.json"), f"export {ONE} new.safetensors", "record.json"),
    ("half a checkpoint", lambda d: (d / CHECKPOINT).write_bytes((d / CHECKPOINT).read_bytes()[:5000]), f"score {ONE} pictures", "checkpoint.pt is no checkpoint, or is damaged: it is a zip archive, cut off or damaged; move it aside"),
    ("no checkpoint but text", text(CHECKPOINT, "hello"), f"score {ONE} pictures", "checkpoint.pt is no checkpoint, or is damaged: it is text; move it aside"),
    ("an empty checkpoint", text(CHECKPOINT, ""), f"score {ONE} pictures", "checkpoint.pt is no checkpoint, or is damaged: it is empty; move it aside"),
    ("a bank for a checkpoint", copy(f"{ONE}/bank.npz", CHECKPOINT), f"score {ONE} pictures", "checkpoint.pt is no checkpoint, or is damaged: it is an npz file; move it aside"),
    # Some of these bits lie in padding, in a data descriptor or in a flag, which nothing reads: the scores are the same.
    *(Row(f"bit {seed} of a checkpoint", flip(CHECKPOINT, seed), f"score {ONE} pictures", "checkpoint.pt", may_be_harmless=True) for seed in range(15)),
    ("export into a picture", None, f"export {ONE} pictures/a.png", "the output is pictures/a.png; expected a file that ends in .safetensors"),
    ("export over something else", text("mine.safetensors", "mine"), f"export {ONE} mine.safetensors", "mine.safetensors is there already, and is no weights file of bgood; name another"),
    ("export into a folder", lambda d: (d / "x.safetensors").mkdir(), f"export {ONE} x.safetensors", "x.safetensors is a folder; name a file"),
    ("export nowhere", None, ["export", ONE, ""], "FILE.safetensors is empty in: .*; give it a value(?!, or)", 2),
    ("the summary into something else", None, f"verify {ONE} --write scores.csv", "scores.csv is there already, and was not written by this command; name another"),
    ("the summary into text", None, f"verify {ONE} --write notes.txt", "expected a file that ends in .csv"),
    ("nothing to verify", None, "verify pictures", "no record in the folder pictures; there are records in runs/scenes/one, runs/scenes/two, results/scenes"),
    ("verify what is not there", None, "verify nowhere", "there is no nowhere; there are records in runs/scenes/one"),
    ("verify a bank", None, "verify mine/features.npz", "features.npz is an npz file, no record, which ends in .json; there are records in runs/scenes/one"),
    ("verify a picture", None, "verify pictures/a.png", "a.png is a picture .PNG., no record, which ends in .json; there are records in"),
    ("verify a run misspelt", None, "verify runs/scenes/ome", "there is no runs/scenes/ome; there are records in .*; did you mean 'runs/scenes/one'"),
    ("verify by a file of runs", None, "verify results --runs notes.txt", "--runs notes.txt is a file; name a folder"),
    ("verify no name", None, ["verify", ""], "RUN.RECORD.FOLDER is empty .a run.s folder, a record, or many. in", 2),
    ("verify without banks", None, "verify results --runs nowhere", "1 scores not here. Of those 1, the files are whole .* nowhere holds no banks", 3),
    ("a published record changed", lambda d: (d / "results/scenes/one.json").write_text((d / "results/scenes/one.json").read_text().replace('"accuracy": 0', '"accuracy": 1', 1)), "verify results", "one.json was changed after it was written"),
    ("a published record of text", text("results/scenes/two.json", "{"), "verify results", "not whole .*two.json is not whole JSON"),
)  # fmt: skip
def test_runs(row, project):
    check(row, project)


RECORD = f"{ONE}/record.json"


@table(
    *(Row(f"record: {what}", text(RECORD, content), f"score {ONE} pictures", message) for what, content, message in [
        ("nothing", "", "record.json is not whole JSON .it is empty.; move it aside"), ("text", "hello", "is not whole JSON .line 1, column 1 on: 'hello' cannot stand there"), ("half", '{"schema": 2, ', "is not whole JSON .it is cut off: it ends in line 1"),
        ("a list", "[]", "is not a valid record: it is ..; expected a mapping"), ("a number", "3", "is not a valid record: it is 3; expected a mapping"), ("null", "null", "is not a valid record: it is null; expected a mapping"),
        ("empty", "{}", "is not a valid record: it has no entry 'schema'; expected one"), ("nested", "[" * 100_000, "is not whole JSON"), ("nested and closed", "[" * 100_000 + "]" * 100_000, "is not whole JSON"),
        ("nested objects", '{"a":' * 100_000 + "1" + "}" * 100_000, "is not whole JSON"), ("nested a little", '{"a":' * 900 + "1" + "}" * 900, "record.json"),
        ("bytes", b"\xff\xfe\x00", "is not whole JSON .its byte 1 is 0xff, no text in UTF-8"), ("UTF-16", '{"schema": 2}'.encode("utf-16"), "is not whole JSON"), ("nan", '{"schema": NaN}', "NaN is no number"),
        ("infinity", '{"schema": -Infinity}', "Infinity is no number"), ("huge", '{"schema": ' + "9" * 5000 + "}", "the number 9{20}... is too long, 5,000 digits"), ("a picture", b"\x89PNG\r\n\x1a\n" + bytes(99), "is not whole JSON .it is a picture .PNG"),
    ]),
    *(Row(f"record: {what}", record(edit), f"score {ONE} pictures", f"record.json is not a valid record: {message}") for what, edit, message in [
        ("schema 1", lambda r: r.update(schema=1), "schema is 1, as of another version .*; expected 2; run the training again with this version, or use"), ("no schema", lambda r: r.pop("schema"), "it has no entry 'schema'; expected one"),
        ("identity of another form", lambda r: r.update(identity="xyz"), "identity is .xyz.; expected 16 digits of 0-9, a-f"), ("identity a number", lambda r: r.update(identity=7), "identity is 7; expected text"),
        ("no configuration", lambda r: r.pop("config"), "it has no entry 'config'"), ("configuration a list", lambda r: r.update(config=[]), "config is ..; expected a mapping"),
        ("data set a list", lambda r: r["config"].update(dataset=["scenes"]), "config/dataset is ..scenes..; expected text"), ("data set none", lambda r: r["config"].update(dataset=None), "config/dataset is null; expected text"),
        ("epochs text", lambda r: r["config"].update(epochs="12"), "config/epochs is .12.; expected a whole number of at least 1"), ("epochs 0", lambda r: r["config"].update(epochs=0), "config/epochs is 0; expected a whole number of at least 1"),
        ("images negative", lambda r: r["config"].update(n_train=-1), "config/n_train"), ("accuracy 2", lambda r: r.update(accuracy=2), "accuracy is 2; expected a number from 0 to 1"),
        ("accuracy text", lambda r: r.update(accuracy="high"), "accuracy is .high.; expected a number"), ("accuracy true", lambda r: r.update(accuracy=True), "accuracy is true; expected a number"),
        ("no history", lambda r: r.update(history=[]), "history is empty; expected at least one"), ("history of numbers", lambda r: r.update(history=[1]), "history/0"),
        ("weights short", lambda r: r.update(weights_sha256="abc"), "weights_sha256"), ("metrics text", lambda r: r.update(metrics="all"), "metrics is .all.; expected a table, columns and rows"),
        ("metrics null", lambda r: r.update(metrics=None), "metrics is null; expected a table"), ("metrics of an unknown form", lambda r: r.update(metrics={"a": 1}), "metrics is .*; expected a table"),
        ("rows without columns", lambda r: r.update(metrics={"columns": [], "rows": [[1]]}), "metrics/0"), ("AUROC of 3", lambda r: r["metrics"]["rows"][0].__setitem__(2, 3), "metrics/0"),
        ("a machine of text", lambda r: r.update(machine="fast"), "machine"), ("seconds negative", lambda r: r.update(train_seconds=-1), "train_seconds"),
        ("no sets", lambda r: r["data"].pop("train"), "data"), ("a set of -1 images", lambda r: r["data"]["train"].update(n=-1), "data/train"),
        ("a standing of its own", lambda r: r["data"]["train"].update(standing="good"), "data/train/standing is .good.; expected one of whole, part"), ("a title of numbers", lambda r: r["data"]["test"].update(title=3), "data/test"),
    ]),
    ("record: no checksum", record(lambda r: None, sign=False), f"score {ONE} pictures", "record.json has no checksum, so nobody can say .*; move it aside"),
    ("record: no checksum, verify", record(lambda r: r.update(accuracy=1.0), sign=False), f"verify {ONE}", "not whole .*record.json has no checksum"),
    ("a published record without checksum", lambda d: (d / "results/scenes/two.json").write_text('{"schema": 2}'), "verify results", "not whole .*two.json has no checksum"),
    *(Row(f"bit {seed} of a record", flip(RECORD, seed), f"verify {ONE}", "record.json", may_be_harmless=True) for seed in range(30)),
)  # fmt: skip
def test_records(row, project):
    check(row, project)


THRESHOLDS = [
    "", "{", "[]", "null", "3", "[" * 100_000, '{"MSP": 3}', '{"MSP": {}}', '{"MSP": []}', '{"MSP": {"threshold": "high"}}',
    '{"MSP": {"threshold": NaN, "accepted": 0.95, "weights_sha256": "x"}}', '{"MSP": {"threshold": 1, "weights_sha256": "x"}}',
    '{"MSP": {"threshold": true, "accepted": 0.95, "weights_sha256": "W"}}', '{"MSP": {"threshold": Infinity, "accepted": 0.95, "weights_sha256": "W"}}',
    '{"MSP": {"threshold": 1, "accepted": 0.5, "weights_sha256": "W"}}', '{"MSP": {"threshold": 1, "accepted": 0.95, "weights_sha256": "0"}}', b"\xff\xfe", b"\x80abc",
]  # fmt: skip


@pytest.mark.parametrize("content", THRESHOLDS, ids=lambda content: ascii(content)[:40])
def test_a_broken_threshold_is_computed_anew(content, project):
    expected = undisturbed(f"score {ONE} pictures")
    file, weights = project / ONE / "threshold.json", json.loads((project / RECORD).read_text())["weights_sha256"]
    file.write_bytes(content if isinstance(content, bytes) else content.replace('"W"', f'"{weights}"').encode())
    assert outcome(f"score {ONE} pictures") == expected and expected[0] == 0
    assert json.loads(file.read_text())["MSP"]["weights_sha256"] == weights
    assert outcome("verify runs/scenes")[0] == 0


def test_a_run_that_cannot_be_written_to(project):
    """It is scored all the same; what would write into it names the folder."""
    expected = outcome(f"score {ONE} pictures")
    (project / ONE / "threshold.json").unlink()
    before = checksums(project)
    with read_only(project / ONE):
        assert outcome(f"score {ONE} pictures") == expected and expected[0] == 0
        assert outcome(f"verify {ONE}")[0] == 0
        code, told = outcome(f"evaluate {ONE} --detectors MSP --resamples 0")
        assert (
            code == 1
            and f"error: {ONE} cannot be written, as {ONE} takes no files; " in told
            and "name another" in told
        )
        assert outcome(f"evaluate {ONE} --detectors MSP --resamples 0 --out tables")[0] == 0
        assert checksums(project).items() >= before.items() and not (project / ONE / "threshold.json").exists()


def png(width, height, *chunks):
    """A PNG file of that size by its header, with chunks of (type, content)."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunk(*parts) for parts in chunks) + chunk(b"IEND", b"")


BOMB = b"Comment\0\0" + zlib.compress(bytes(80_000_000))
PICTURES = {  # what stands in pictures/x.ENDING, and what is said of it
    "nothing.png": (b"", "it is empty"), "text.jpg": (b"hello", "it is text; known formats: PNG"), "zeros.gif": (bytes(99), "it is nothing but zeros"),
    "huge.png": (png(40_000, 40_000, (b"IDAT", b"x")), "at most 178 megapixels|more than 178 megapixels"),
    "wide.png": (png(2_000_000, 90, (b"IDAT", b"x")), "megapixels"), "large.png": (png(15_000, 12_000, (b"IDAT", b"x")), "more than 178 megapixels"),
    "no_size.png": (png(0, 0), "it begins as a picture .PNG., but is damaged"), "bomb.png": (png(8, 8, (b"zTXt", BOMB), (b"IDAT", zlib.compress(bytes(200)))), "cannot be read"),
    "text_bomb.png": (png(8, 8, (b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(bytes(80_000_000))), (b"IDAT", zlib.compress(bytes(200)))), "cannot be read"),
    "no_pixels.png": (png(8, 8), "cannot be read"), "half_pixels.png": (png(80, 80, (b"IDAT", zlib.compress(bytes(99)))), "cannot be read"),
    "half.jpg": (lambda d: (d / "pictures/b.jpg").read_bytes()[:200], "cannot be read"), "head.gif": (b"GIF89a", "cannot be read"),
    "bad.tif": (b"II*\0\xff\xff\xff\xff", "cannot be read"), "bad.bmp": (b"BM" + bytes(60), "cannot be read"), "bad.webp": (b"RIFF\0\0\0\0WEBPVP8 ", "cannot be read"),
    "bad.ppm": (b"P6 -1 9 255 ", "it begins as a picture .PPM., but is damaged"), "huge.ppm": (b"P6 99999 99999 255 ", "megapixels"), "bad.avif": (b"\0\0\0\x20ftypavif" + bytes(50), "it begins as a picture .AVIF., but is damaged"),
    "archive.png": (b"PK\3\4" + bytes(50), "it is a zip archive"), "page.png": (b"%PDF-1.4\n", "it is a PDF document"), "bank.png": (lambda d: (d / ONE / "bank.npz").read_bytes(), "it is an npz file"),
    "script.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(touch pwned) run\n", "it is a PostScript program; known formats"),
}  # fmt: skip


def tiff(values, name="odd.tif"):
    """A function that saves an array of grey values of any type as a picture."""
    return lambda d: Image.fromarray(np.asarray(values)).save(d / "pictures" / name)


def picture(name):
    content = PICTURES[name][0]
    return lambda d: (d / "pictures" / name).write_bytes(content if isinstance(content, bytes) else content(d))


@table(
    *(Row(f"{name} alone", picture(name), f"score {ONE} pictures/{name}", f"pictures/{name} (?=.*({message})).*leave it out") for name, (_, message) in PICTURES.items()),
    *(Row(f"{name} among others", picture(name), f"score {ONE} pictures --csv new.csv", f"pictures/a.png.*1 of 4 files have no row: pictures/{name}") for name in PICTURES),
    ("strict", picture("text.jpg"), f"score {ONE} pictures --strict", "^error: pictures/text.jpg cannot be read"),
    ("16 bits of which some are negative", tiff(np.full((40, 40), -5, np.int32)), f"score {ONE} pictures/odd.tif", "its values are -5 to -5, expected 0 to 65,535: save it as unsigned, 8 or 16 bits"),
    ("32 bits", tiff(np.full((40, 40), 2**20, np.int32)), f"score {ONE} pictures/odd.tif", "its values are 1048576"),
    ("floats of 0 to 255", tiff(np.full((40, 40), 200, np.float32)), f"score {ONE} pictures/odd.tif", "its values are 200 to 200, expected 0 to 1"),
    ("floats below zero", tiff(np.full((40, 40), -1, np.float32)), f"score {ONE} pictures/odd.tif", "its values are -1 to -1, expected 0 to 1"),
    ("floats that are none", tiff(np.full((40, 40), np.nan, np.float32)), f"score {ONE} pictures/odd.tif", "it holds values that are no numbers .nan., in 1,600 of 1,600 pixels.; replace"),
    ("no picture", None, f"score {ONE}", "images is missing .*; write it where the usage", 2),
    ("a picture that is not there", None, f"score {ONE} nowhere.png", "there is no file or folder nowhere.png; give"),
    ("a picture of no name", None, ["score", ONE, ""], "images is empty .images of any size, or folders of them. in", 2),
    ("a folder without pictures", None, f"score {ONE} studies", "no pictures in studies; name a folder of files that end in .png"),
    ("only what is hidden", lambda d: [(d / "h").mkdir(), shutil.copy(d / "pictures/a.png", d / "h/._a.png")], f"score {ONE} h", "no pictures in h .1 hidden skipped.; name"),
    ("only other files", lambda d: [(d / "h").mkdir(), *(shutil.copy(d / "pictures/a.png", d / f"h/a.{end}") for end in ("pdf", "mpg", "eps", "txt"))], f"score {ONE} h", "no pictures in h; name"),
    ("a transductive detector", None, f"score {ONE} pictures --detector ETLT", "ETLT is transductive: .*choose another"),
    ("an unknown detector", None, f"score {ONE} pictures --detector knn", "unknown detector 'knn'; .*KNN"),
    ("a detector that needs a head", None, f"score {ONE} pictures --detector SSOD", "SSOD needs an OOD head"),
    ("drawings into a file", None, f"score {ONE} pictures --cells notes.txt", "^error: --cells notes.txt is a file; name a folder"),
    ("drawings in /proc", None, f"score {ONE} pictures --cells /proc/none", "^error: /proc/none cannot be written, as /proc takes no files; name"),
    ("a page into another", lambda d: (d / "mine.html").write_text("<p>mine"), f"score {ONE} pictures --html mine.html", "mine.html is there already, and was not written by this command; name"),
    ("a value for what takes none", None, f"score {ONE} pictures --strict=3", "--strict takes no value; write it alone", 2),
    ("an option without its value", None, f"score {ONE} pictures --detector", "--detector has no value; write one behind it", 2),
    ("to train on nothing", None, "train", "folder is missing .holds a folder of pictures per class.*; write it", 2),
    ("to train on what is not there", None, "train nowhere", "there is no folder nowhere; give a folder"),
    ("to train on a file", None, "train notes.txt", "notes.txt is a file; give a folder"),
    ("to train with a seed of -1", None, "train pictures --seed -1", "--seed is '-1'; expected a whole number of at least 0", 2),
    ("a table into a picture", None, f"score {ONE} pictures/a.png --csv pictures/b.jpg", "the output is pictures/b.jpg; expected a file that ends in .csv"),
    ("a table into another", None, f"score {ONE} pictures/a.png --csv scores.csv", "scores.csv is there already, and was not written by this command; name another"),
    ("a table into a bank", None, f"score {ONE} pictures/a.png --csv {ONE}/bank.npz", "expected a file that ends in .csv"),
    ("a table into a folder", lambda d: (d / "x.csv").mkdir(), f"score {ONE} pictures/a.png --csv x.csv", "x.csv is a folder; name a file in it"),
    ("a table below a file", None, f"score {ONE} pictures/a.png --csv notes.txt/x.csv", "^error: notes.txt/x.csv is below notes.txt, which is a file; name another"),
    ("a table of no name", None, ["score", ONE, "pictures", "--csv", ""], "--csv is empty", 2),
    ("no run", None, "score runs/scenes/ome pictures", "there is no bank runs/scenes/ome; .*did you mean 'runs/scenes/one'"),
    ("a bank without its network", None, "score mine/features.npz pictures", "there is no mine/checkpoint.pt, so no network"),
)  # fmt: skip
def test_pictures(row, project):
    check(row, project)


@pytest.mark.parametrize("name, values, shown", [
    ("deep.png", np.full((40, 40), 200 * 257, np.uint16), 200), ("deep.tif", np.full((40, 40), 40 * 257, np.uint16), 40),
    ("floats.tif", np.full((40, 40), 0.5, np.float32), 128), ("ints.tif", np.full((40, 40), 257 * 9, np.int32), 9),
])  # fmt: skip
def test_more_than_eight_bits_are_scaled(name, values, shown, tmp_path):
    from bgood_lib.datasets.images import read_images

    Image.fromarray(values).save(tmp_path / name)
    assert (read_images([tmp_path / name]) == shown).all()


WEIGHTS = "net.safetensors"


def header(edit):
    """A function that changes what a weights file says of itself, checksum included."""

    def make(folder):
        import safetensors
        from safetensors.torch import save_file

        from bgood_lib.runs import weights

        with safetensors.safe_open(folder / WEIGHTS, "pt") as file:
            about = json.loads(file.metadata()["bgood"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        edit(about, tensors)
        about["checksum"] = weights._checksum(about, tensors)
        save_file(tensors, folder / WEIGHTS, metadata={"bgood": json.dumps(about)})

    return make


NO_WEIGHTS = "net.safetensors is not a whole weights file"
NO_FIT = "net.safetensors: (its header cannot be used: |the weights do not fit what it says of itself: |[a-z.]+ holds (nan|inf) in [0-9]+ of ).*export it again"
SCORE = f"score {WEIGHTS} pictures"
CUT = "it is a safetensors file that is cut off: it is shorter than its header says"


def cut(start, end):
    return lambda d: (d / WEIGHTS).write_bytes((d / WEIGHTS).read_bytes()[start:end])


def metadata(value):
    def make(folder):
        import torch
        from safetensors.torch import save_file

        save_file({"a": torch.ones(2)}, folder / WEIGHTS, metadata=value)

    return make


@table(
    ("no weights", away(WEIGHTS), SCORE, "there is no weights file net.safetensors; give"),
    ("nothing", text(WEIGHTS, ""), SCORE, f"{NO_WEIGHTS} of bgood: it is empty; expected"), ("text", text(WEIGHTS, "hello"), SCORE, f"{NO_WEIGHTS} of bgood: it is text; expected"), ("zeros", text(WEIGHTS, bytes(999)), SCORE, f"{NO_WEIGHTS} of bgood: it is nothing but zeros"),
    ("a huge header", text(WEIGHTS, b"\xff" * 8 + b"{}"), SCORE, NO_WEIGHTS), ("a header of 3 TB", text(WEIGHTS, (3 * 10**12).to_bytes(8, "little") + b"{}"), SCORE, NO_WEIGHTS),
    ("an empty header", text(WEIGHTS, (2).to_bytes(8, "little") + b"{}"), SCORE, NO_WEIGHTS), ("a nested header", text(WEIGHTS, (100_000).to_bytes(8, "little") + b"[" * 100_000), SCORE, NO_WEIGHTS),
    ("a checkpoint", copy(CHECKPOINT, WEIGHTS), SCORE, f"{NO_WEIGHTS} of bgood: it is a checkpoint of PyTorch"), ("a bank", copy(f"{ONE}/bank.npz", WEIGHTS), SCORE, f"{NO_WEIGHTS} of bgood: it is an npz file"), ("a picture", copy("pictures/a.png", WEIGHTS), SCORE, f"{NO_WEIGHTS} of bgood: it is a picture .PNG."),
    ("half", cut(0, 3000), SCORE, f"{NO_WEIGHTS} of bgood: {CUT}"), ("all but a byte", cut(0, -1), SCORE, f"{NO_WEIGHTS} of bgood: {CUT}"), ("all but the first", cut(1, None), SCORE, NO_WEIGHTS),
    ("of another project", metadata({"format": "pt"}), SCORE, NO_WEIGHTS), ("without words", metadata(None), SCORE, NO_WEIGHTS), ("words of no JSON", metadata({"bgood": "{"}), SCORE, NO_WEIGHTS),
    ("words of a list", metadata({"bgood": "[]"}), SCORE, NO_WEIGHTS), ("words of a number", metadata({"bgood": "3"}), SCORE, NO_WEIGHTS), ("nested words", metadata({"bgood": "[" * 100_000}), SCORE, NO_WEIGHTS),
    ("no checksum", metadata({"bgood": "{}"}), SCORE, NO_WEIGHTS),
    *(Row(f"header: {what}", header(edit), SCORE, NO_FIT) for what, edit in [
        ("no configuration", lambda a, t: a.pop("config")), ("configuration a list", lambda a, t: a.update(config=[])), ("another width", lambda a, t: a["config"].update(width=3)),
        ("a width of a billion", lambda a, t: a["config"].update(width=10**9)), ("a width of text", lambda a, t: a["config"].update(width="2")), ("a width of 0", lambda a, t: a["config"].update(width=0)),
        ("a million stages", lambda a, t: a["config"].update(stages=10**6)), ("another network", lambda a, t: a["config"].update(network="resnet18_32x32")), ("an unknown network", lambda a, t: a["config"].update(network="vgg")),
        ("no network", lambda a, t: a["config"].update(network=None)), ("an unknown method", lambda a, t: a["config"].update(method="magic")), ("no classes", lambda a, t: a.pop("n_classes")),
        ("-1 classes", lambda a, t: a.update(n_classes=-1)), ("a billion classes", lambda a, t: a.update(n_classes=10**9)), ("7 classes", lambda a, t: a.update(n_classes=7)), ("classes of text", lambda a, t: a.update(n_classes="6")),
        ("no mean", lambda a, t: a.pop("mean")), ("a mean of two", lambda a, t: a.update(mean=[0.1, 0.2])), ("a mean of text", lambda a, t: a.update(mean="abc")), ("a spread of null", lambda a, t: a.update(std=None)),
        ("a tensor less", lambda a, t: t.pop("head.bias")), ("a tensor more", lambda a, t: t.update(more=t["head.bias"].clone())), ("a tensor of another shape", lambda a, t: t.update({"head.bias": t["head.bias"][:3].clone()})),
        ("a tensor of nan", lambda a, t: t["head.bias"].fill_(float("nan"))), ("a tensor of infinity", lambda a, t: t["head.weight"].fill_(float("inf"))),
    ]),
    *(Row(f"bit {seed} of weights", flip(WEIGHTS, seed), SCORE, "net.safetensors", may_be_harmless=True) for seed in range(30)),
    ("a detector that must be fitted", None, f"score {WEIGHTS} pictures --detector KNN", "KNN cannot be computed from weights alone; choose one of MSP, MaxLogit, Energy"),
    ("an unknown detector", None, f"score {WEIGHTS} pictures --detector MPS", "unknown detector 'MPS'; choose one of MSP, MaxLogit, Energy, or give .*; did you mean 'MSP'"),
    ("a data set not prepared", header(lambda a, t: a["config"].update(dataset="cifar10")), SCORE, "net.safetensors was trained on cifar10, whose images set its threshold: cifar10 test is not prepared. Run: bgood data prepare cifar10"),
    ("an unknown data set", header(lambda a, t: a["config"].update(dataset="cifar11")), SCORE, "trained on cifar11, whose images set its threshold: no data set of that name is here. Run: bgood data prepare --from FOLDER"),
    ("a data set of a list", header(lambda a, t: a["config"].update(dataset=["a"])), SCORE, "net.safetensors|no data set"),
    ("evaluate weights", None, f"evaluate {WEIGHTS}", "net.safetensors is a network alone, which only .bgood score. takes; give"),
)  # fmt: skip
def test_weights(row, project):
    check(row, project)


def test_every_bit_of_a_weights_file_counts(project):
    """One bit in each hundredth of the file, in process."""
    from bgood_lib.runs.weights import load_weights
    from bgood_lib.training.checkpoint import weights_sha256

    content, undamaged = (project / WEIGHTS).read_bytes(), weights_sha256(load_weights(project / WEIGHTS))
    for place in range(0, len(content), max(1, len(content) // 300)):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        Path("flipped.safetensors").write_bytes(changed)
        try:
            found = weights_sha256(load_weights("flipped.safetensors"))
        except ValueError as error:
            assert "flipped.safetensors is not a whole weights file" in str(error)
        else:
            assert found == undamaged, place
