"""What a file is said to be."""

import io
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save

from bgood_lib.utils.kinds import UNKNOWN, kind_of


def made(write, *values, **options):
    content = io.BytesIO()
    write(content, *values, **options)
    return content.getvalue()


def archive(content):
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("a.txt", "x")


NPZ = made(np.savez, a=np.zeros(3))


@pytest.mark.parametrize("content, kind", [
    (b"", "empty"), (bytes(9), "nothing but zeros"), (b"hello\n", "text"), (("ä" * 300).encode(), "text"), (("xä" * 300).encode(), "text"),
    (b'{"a": 1}', "a JSON file"), (b" [1", "a JSON file"), (b"a: \xe4\n", UNKNOWN), (b"a\0b", UNKNOWN), (bytes(range(1, 256)), UNKNOWN),
    ("a: 1".encode("utf-16"), UNKNOWN), (NPZ, "an npz file"), (NPZ[:40], "a zip archive, cut off or damaged"),
    (made(archive), "a zip archive"), (made(lambda file: torch.save({"a": 1}, file)), "a checkpoint of PyTorch"),
    (made(np.save, np.zeros(3)), "a single array of numpy.save"), (save({"a": torch.zeros(3)}), "a weights file (safetensors)"),
    *((made(Image.new("RGB", (9, 9)).save, format=name), f"a picture ({name})") for name in ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP")),
    (b"%PDF-1.4\n", "a PDF document"), (b"%!PS-Adobe", "a PostScript program"),
])  # fmt: skip
def test_what_a_file_is(content, kind, tmp_path):
    (tmp_path / "it").write_bytes(content)
    assert kind_of(tmp_path / "it") == kind


def test_a_folder(tmp_path):
    assert kind_of(tmp_path) == "a folder"
