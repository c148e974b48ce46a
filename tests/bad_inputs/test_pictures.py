"""Pictures and folders of pictures to train on that are none, or too few."""

import shutil

import numpy as np
from bad_inputs.rows import Row, check, table
from bad_inputs.test_commands import ONE, PICTURES, picture, png, text
from PIL import Image

from bgood_lib.datasets import folder as folders

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(50)


def heic_is_missing(folder):
    """A HEIC file where there is no plugin."""
    (folder / "pictures/x.heic").write_bytes(HEIC)


def classes(**counts):
    """A function that makes a folder ``kinds`` with so many different pictures of each class."""

    def make(folder):
        for i, (name, n) in enumerate(counts.items()):
            (folder / "kinds" / name).mkdir(parents=True, exist_ok=True)
            for k in range(n):
                values = np.random.default_rng([i, k]).integers(0, 256, (6, 6, 3), np.uint8)
                Image.fromarray(values).resize((40, 40)).save(folder / "kinds" / name / f"{k}.png")

    return make


def both(*steps):
    return lambda d: [step(d) for step in steps]


def read(**options):
    return lambda: folders.read_folder(folders.list_folder("kinds"), side=32, **options)


SPOILT = ("nothing.png", "text.jpg", "large.png", "half.jpg", "bad.tif", "bank.png", "script.png", "bomb.png")


def spoilt(name, *targets):
    """A function that puts a bad picture of the other table into places of the folder."""
    return both(picture(name), lambda d: [shutil.copy(d / "pictures" / name, d / target) for target in targets])


@table(
    ("HEIC without its plugin", heic_is_missing, f"score {ONE} pictures/x.heic", "x.heic cannot be read as an image .*(pip install pillow-heif|Invalid).*leave it out"),
    ("HEIC among others", heic_is_missing, f"score {ONE} pictures", "1 of 4 files have no row: pictures/x.heic"),
    ("180 megapixels", text("pictures/x.png", png(15_000, 12_000, (b"IDAT", b"x"))), f"score {ONE} pictures/x.png", "its header claims 180 megapixels, more than 178 megapixels: make it smaller"),
    ("178.5 megapixels", text("pictures/x.png", png(17_850, 10_000, (b"IDAT", b"x"))), f"score {ONE} pictures/x.png", "it has 17,850 x 10,000 pixels; at most 178 megapixels"),
)  # fmt: skip
def test_pictures(row, project):
    check(row, project)


@table(
    ("no folder", None, read(), "there is no folder kinds; give a folder"),
    ("a file", text("kinds", "hello"), read(), "kinds is a file; give a folder"),
    ("an empty folder", lambda d: (d / "kinds").mkdir(), read(), "kinds holds no folders; put the pictures of each class"),
    ("pictures without folders", lambda d: shutil.copytree(d / "pictures", d / "kinds"), read(), "holds pictures .3. but no folders; put"),
    ("one class", classes(cat=9), read(), "one class only, cat; a classifier needs at least two"),
    ("an empty class", classes(cat=9, dog=0), read(), "kinds/dog holds no pictures .*; put some there, or move the folder out of kinds"),
    ("a class of other files", both(classes(cat=9, dog=0), text("kinds/dog/a.pdf", "x")), read(), "kinds/dog holds no pictures .*move the folder out"),
    ("only hidden pictures", both(classes(cat=9, dog=0), lambda d: shutil.copy(d / "pictures/a.png", d / "kinds/dog/._a.png")), read(), "kinds/dog holds no pictures .1 hidden skipped; .*move the folder out"),
    ("two pictures in all", classes(cat=1, dog=1), read(), "the class cat in kinds has 1 picture; at least 3 are needed"),
    ("two of a class", classes(cat=9, dog=2), read(), "the class dog in kinds has 2 pictures; at least 3 are needed"),
    ("equal names", classes(Cat=4, cat=4), read(), "two classes of equal names, 'Cat' and 'cat'; rename one"),
    ("equal names in capitals", classes(STRASSE=4, straße=4), read(), "two classes of equal names"),
    ("a picture beside the folders, strict", both(classes(cat=4, dog=4), lambda d: shutil.copy(d / "pictures/a.png", d / "kinds")), read(strict=True), "in no class, lie a.png; put them into one"),
    *(Row(f"{name}, strict", both(classes(cat=4, dog=4), spoilt(name, "kinds/cat")), read(strict=True), f"kinds/cat/{name} cannot be read as an image") for name in SPOILT),
    *(Row(f"{name} in the place of two", both(classes(cat=4, dog=3), spoilt(name, "kinds/dog/0.png", "kinds/dog/1.png")), read(), "2 of 7 files cannot be read, and the class dog has 1 left where 3 are needed; replace these files: ((?!leave it out).)*$") for name in SPOILT),
    ("nothing but bad pictures", both(classes(cat=3, dog=3), lambda d: [file.write_bytes(b"x") for file in (d / "kinds").rglob("*.png")]), read(), "none of the 6 files can be read as an image; replace them. The first: kinds/cat/0.png .*it is text"),
    ("the same picture throughout", lambda d: [shutil.copytree(d / "pictures", d / "kinds" / name, copy_function=lambda _, new: shutil.copy(d / "pictures/a.png", new)) for name in ("cat", "dog")],
     read(), "nothing can be set aside in kinds: its pictures are near-duplicates .*put others"),
)  # fmt: skip
def test_folders(row, project):
    check(row, project)


def test_every_bad_picture_is_left_out_by_name(project):
    classes(cat=5, dog=5)(project)
    for name in PICTURES:
        spoilt(name, "kinds/cat")(project)
    (project / "kinds/dog/x.heic").write_bytes(HEIC)
    found = folders.read_folder(folders.list_folder("kinds"), side=32)
    assert sorted(file.name for file, _ in found.unreadable) == sorted([*PICTURES, "x.heic"])
    assert sum(len(part["labels"]) for part in found.splits.values()) == 10
