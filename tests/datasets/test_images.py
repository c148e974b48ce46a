"""Pictures of any size, from files and folders."""

import numpy as np
import pytest
from PIL import Image

from bgood_lib.datasets.images import find_images, read_classes, read_images


def test_images_are_found_in_folders_below(pictures):
    found = find_images([pictures / "b.png", pictures])
    assert [file.name for file in found] == ["b.png", "a.JPG", "b.png", "grey.gif", "c.png"]
    with pytest.raises(FileNotFoundError, match="there is no file or folder .*nowhere"):
        find_images([pictures / "nowhere"])
    (pictures / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no images in .*empty; known endings: .*.png"):
        find_images([pictures / "empty"])


def test_any_size_is_brought_to_32(pictures):
    wide = np.zeros((32, 64, 3), np.uint8)
    wide[:, 16:48] = 200
    Image.fromarray(wide).save(pictures / "wide.png")
    images = read_images([pictures / "a.JPG", pictures / "grey.gif", pictures / "wide.png"])
    assert images.shape == (3, 32, 32, 3) and images.dtype == np.uint8
    assert (images[1] == 9).all() and (images[2] == 200).all()  # the centre
    with pytest.raises(ValueError, match="notes.txt cannot be read as an image"):
        read_images([pictures / "notes.txt"])


def test_a_folder_per_class(tmp_path):
    for name, n in (("dog", 2), ("cat", 3)):
        (tmp_path / name).mkdir()
        for i in range(n):
            Image.new("RGB", (40, 40), (n, 0, 0)).save(tmp_path / name / f"{i}.png")
    images, labels, classes = read_classes(tmp_path)
    assert classes == ["cat", "dog"] and labels.tolist() == [0, 0, 0, 1, 1]
    assert images[:, 0, 0, 0].tolist() == [3, 3, 3, 2, 2]
    with pytest.raises(FileNotFoundError, match="holds no folders; it needs one per class"):
        read_classes(tmp_path / "cat")
