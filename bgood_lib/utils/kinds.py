"""What a file is, by how it begins: for the message about one that is not what was expected."""

import re
import zipfile
from pathlib import Path

_BEGINNINGS = {
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"GIF8": "a picture (GIF)",
    b"II*\0": "a picture (TIFF)",
    b"MM\0*": "a picture (TIFF)",
    b"RIFF": "a picture (WEBP)",
    b"%PDF": "a PDF document",
    b"%!PS": "a PostScript program",
    b"\x93NUMPY": "a single array of numpy.save",
    b"\x89HDF": "an HDF5 file",
    b"\x1f\x8b": "a gzip archive",
    b"\x7fELF": "a program",
}
HEAD = 512  # bytes that are looked at
UNKNOWN = "of a kind that bgood does not know"
WEIGHTS = "a weights file (safetensors)"
LARGEST_HEADER = 100_000_000  # bytes of what a weights file says of itself, as safetensors limits them
_MEMBERS = {"/data.pkl": "a checkpoint of PyTorch", ".npy": "an npz file"}


def kind_of(path):
    """What a file is, in words that end a sentence: ``it is a picture (PNG)``.

    Parameters
    ----------
    path : path
        Of a file that is there.

    Returns
    -------
    str
    """
    if Path(path).is_dir():
        return "a folder"
    with open(path, "rb") as file:
        head = file.read(HEAD)
    if not head.strip(b"\0"):
        return "nothing but zeros" if head else "empty"
    if head[:4] in (b"PK\3\4", b"PK\5\6"):
        return _kind_of_zip(path)
    if head[8:10] == b'{"' and int.from_bytes(head[:8], "little") < LARGEST_HEADER:
        return WEIGHTS
    if head[4:12] == b"ftypavif":
        return "a picture (AVIF)"
    if re.match(rb"P[1-6]\s+[#\d-]", head):
        return "a picture (PPM)"
    if head[:2] == b"BM" and b"\0" in head:
        return "a picture (BMP)"
    if found := next((kind for begins, kind in _BEGINNINGS.items() if head.startswith(begins)), ""):
        return found
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        cut = len(head) == HEAD and error.start > HEAD - 4  # in the middle of a letter
        text = head[: error.start].decode("utf-8") if cut else "\0"
    if not text.isprintable() and any(not letter.isprintable() and not letter.isspace() for letter in text):
        return UNKNOWN
    return "a JSON file" if text.lstrip().startswith(("{", "[")) else "text"


def _kind_of_zip(path):
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception:  # whatever changed bytes lead to
        return "a zip archive, cut off or damaged"
    return next((kind for end, kind in _MEMBERS.items() if any(name.endswith(end) for name in names)), "a zip archive")
