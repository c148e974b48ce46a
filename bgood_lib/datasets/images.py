"""Pictures of any size from files and folders."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..utils.errors import InputError


def fit(image: Image.Image) -> np.ndarray:
    """RGB, short side to 32 px (bilinear), centre crop: uint8 [32, 32, 3]."""
    from torchvision.transforms import functional

    image = functional.resize(image.convert("RGB"), 32, functional.InterpolationMode.BILINEAR)
    return np.asarray(functional.center_crop(image, 32))


def find_images(paths):
    """Image files, in order, and those in folders and the folders below.

    Parameters
    ----------
    paths : sequence of path

    Returns
    -------
    list of Path

    Raises
    ------
    FileNotFoundError
        If a path does not exist, or there is no image at all.
    """
    known = Image.registered_extensions()
    files = []
    for path in map(Path, paths):
        if path.is_dir():
            files += sorted(file for file in path.rglob("*") if file.suffix.lower() in known and file.is_file())
        elif path.is_file():
            files.append(path)
        else:
            raise FileNotFoundError(f"there is no file or folder {path}")
    if not files:
        raise FileNotFoundError(f"no images in {', '.join(map(str, paths))}; known endings: {' '.join(sorted(known))}")
    return files


def read_images(files):
    """Pictures of any size, brought to 32 x 32 as all test sets are: RGB, short side to 32 px, centre crop.

    Parameters
    ----------
    files : sequence of path

    Returns
    -------
    ndarray of shape [N, 32, 32, 3], uint8

    Raises
    ------
    ValueError
        If a file is not an image; the message names it.
    """
    images = []
    for file in files:
        try:
            with Image.open(file) as image:
                images.append(fit(ImageOps.exif_transpose(image)))
        except (UnidentifiedImageError, OSError) as error:
            raise InputError(f"{file} cannot be read as an image ({error}); leave it out") from error
    return np.stack(images)


def read_classes(folder):
    """A folder that holds one folder of pictures per class.

    Parameters
    ----------
    folder : path

    Returns
    -------
    images : ndarray of shape [N, 32, 32, 3], uint8
    labels : ndarray of shape [N], int64
        Place of the class in ``classes``.
    classes : list of str
        Names of the folders, sorted.

    Raises
    ------
    FileNotFoundError
        If there are no such folders, or one has no image.
    ValueError
        If a file is not an image.
    """
    folders = sorted(path for path in Path(folder).glob("[!.]*") if path.is_dir())
    if not folders:
        raise FileNotFoundError(f"{folder} holds no folders; it needs one per class")
    files = [find_images([path]) for path in folders]
    labels = np.repeat(np.arange(len(folders)), list(map(len, files)))
    return read_images([file for some in files for file in some]), labels, [path.name for path in folders]
