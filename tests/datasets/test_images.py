"""Pictures of any size, from files and folders."""

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageDraw

from bgood_lib.datasets import images as pictures_of
from bgood_lib.datasets.images import find_images, read_classes, read_images


def test_images_are_found_in_folders_below(pictures):
    found = find_images([pictures / "b.png", pictures])
    assert [file.name for file in found] == ["b.png", "a.JPG", "b.png", "grey.gif", "c.png"]
    with pytest.raises(FileNotFoundError, match="there is no file or folder .*nowhere"):
        find_images([pictures / "nowhere"])
    (pictures / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no pictures in .*empty; name a folder of files that end in .png"):
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


def halves(left, right, size=(400, 200), mode="RGB"):
    """A picture of two colours side by side."""
    picture = Image.new(mode, size, left)
    ImageDraw.Draw(picture).rectangle((size[0] // 2, 0, *size), fill=right)
    return picture


def turned(file, picture, orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    picture.save(file, exif=exif)


def palette(file):
    """Colour 0 of the palette is transparent."""
    picture = Image.new("P", (80, 40))
    picture.putpalette([255, 0, 0, 0, 0, 255])
    picture.paste(1, (40, 0, 80, 40))
    picture.save(file, transparency=0)


def animated(file):
    Image.new("RGB", (60, 60), "lime").save(
        file, save_all=True, append_images=[Image.new("RGB", (60, 60), "red")] * 2, loop=0, duration=50
    )


BLUE, GREEN, RED, WHITE = (0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255)
KINDS = {  # what is saved, and the colours of its left and right, top and bottom
    "cmyk.jpg": (lambda f: halves((0, 255, 255, 0), (255, 255, 0, 0), mode="CMYK").save(f), RED, BLUE),
    "cmyk.tif": (lambda f: halves((0, 255, 255, 0), (255, 255, 0, 0), mode="CMYK").save(f), RED, BLUE),
    "palette.png": (lambda f: halves(RED, BLUE).convert("P", palette=Image.Palette.ADAPTIVE).save(f), RED, BLUE),
    "palette_clear.png": (palette, WHITE, BLUE),
    "palette_clear.gif": (palette, WHITE, BLUE),
    "la.png": (lambda f: halves((0, 0), (90, 255), mode="LA").save(f), WHITE, (90, 90, 90)),
    "rgba.png": (lambda f: halves((0, 0, 0, 0), (*BLUE, 255), mode="RGBA").save(f), WHITE, BLUE),
    "rgba_half.webp": (lambda f: halves((0, 0, 0, 128), (*BLUE, 255), mode="RGBA").save(f, lossless=True), (127, 127, 127), BLUE),
    "key.png": (lambda f: halves(RED, BLUE).save(f, transparency=RED), WHITE, BLUE),
    "bits.png": (lambda f: halves(0, 1, mode="1").save(f), (0, 0, 0), WHITE),
    "ycbcr.jpg": (lambda f: halves(RED, BLUE).convert("YCbCr").save(f, quality=95), RED, BLUE),
    "grey16.png": (lambda f: Image.fromarray(np.repeat([[0, 30 * 257]], 40, 0).repeat(40, 1).astype(np.uint16)).save(f), (0, 0, 0), (30, 30, 30)),
    "rotated.jpg": (lambda f: turned(f, halves(RED, BLUE).transpose(Image.Transpose.ROTATE_90), 6), RED, BLUE),
    "mirrored.png": (lambda f: turned(f, halves(RED, BLUE), 2), BLUE, RED),
    "upside_down.webp": (lambda f: turned(f, halves(RED, BLUE), 3), BLUE, RED),
    "animated.gif": (animated, GREEN, GREEN),
    "animated.webp": (animated, GREEN, GREEN),
    "ribbon.png": (lambda f: halves(RED, BLUE, (90_000, 2)).save(f), RED, BLUE),
    "ribbon_upright.png": (lambda f: turned(f, halves(RED, BLUE, (60_000, 3)).transpose(Image.Transpose.ROTATE_90), 6), RED, BLUE),
    "tiny.png": (lambda f: halves(RED, BLUE, (2, 1)).resize((4, 2), 0).save(f), RED, BLUE),
}  # fmt: skip


@pytest.mark.parametrize("large", [False, True], ids=["", "large"])
@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_picture(name, large, tmp_path, monkeypatch):
    """What is read band by band, as large pictures are, is the same."""
    save, left, right = KINDS[name]
    save(tmp_path / name)
    monkeypatch.setattr(pictures_of, "LARGE", 100 if large else 16e6)
    [image] = read_images([tmp_path / name], side=32)
    near = 6 if name.endswith((".jpg", ".webp")) else 1
    np.testing.assert_allclose(image[4:28, 2:8].reshape(-1, 3).mean(0), left, atol=near)
    np.testing.assert_allclose(image[4:28, 24:30].reshape(-1, 3).mean(0), right, atol=near)


def test_a_large_picture_read_band_by_band_is_that_picture(tmp_path, monkeypatch):
    coarse = np.random.default_rng(0).integers(0, 256, (9, 12, 3), np.uint8)
    Image.fromarray(coarse).resize((1303, 977), Image.BICUBIC).save(tmp_path / "a.png")
    [whole] = read_images([tmp_path / "a.png"], side=64)
    monkeypatch.setattr(pictures_of, "LARGE", 1e5)
    [banded] = read_images([tmp_path / "a.png"], side=64)
    assert 0 < np.abs(whole.astype(int) - banded).mean() < 1
    Image.open(tmp_path / "a.png").save(tmp_path / "a.jpg", quality=95)
    [drafted] = read_images([tmp_path / "a.jpg"], side=64)
    assert np.abs(whole.astype(int) - drafted).mean() < 2


def test_heic_is_read_where_its_plugin_is(tmp_path):
    plugin = pytest.importorskip("pillow_heif", reason="pip install pillow-heif")
    plugin.from_pillow(halves(RED, BLUE)).save(tmp_path / "a.heic", quality=90)
    [image] = read_images([tmp_path / "a.heic"])
    np.testing.assert_allclose(image[16, [4, 28]], [RED, BLUE], atol=8)


@pytest.mark.slow
def test_178_megapixels_are_read_once(tmp_path):
    """In at most 1 GB more than a small picture takes; what is larger is refused by its header."""
    import subprocess
    import sys

    Image.new("RGBA", (13_300, 13_300), (0, 0, 255, 0)).save(tmp_path / "a.png", compress_level=1)
    Image.new("RGB", (9, 9)).save(tmp_path / "b.png")
    read = (
        "import sys, resource; from bgood_lib.datasets.images import read_images as r; i = r([sys.argv[1]], side=224); "
        "print(i[0, 0, 0], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    colours, memory = zip(*(
        subprocess.run([sys.executable, "-c", read, tmp_path / name], capture_output=True, text=True, check=True).stdout.rsplit(" ", 1)
        for name in ("a.png", "b.png")
    ))  # fmt: skip
    assert colours[0] == "[255 255 255]" and int(memory[0]) - int(memory[1]) < 1000
