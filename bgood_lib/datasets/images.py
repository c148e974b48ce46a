"""Pictures of any size from files and folders."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ..utils.errors import InputError
from ..utils.files import user_path

ENDINGS = tuple(".png .jpg .jpeg .webp .bmp .gif .tif .tiff .ppm .pgm .pbm .avif .jp2".split())
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF", "JPEG2000")  # none that runs a program
MAX_MEGAPIXELS = 150


def fit(image: Image.Image) -> np.ndarray:
    """RGB, short side to 32 px (bilinear), centre crop: uint8 [32, 32, 3]."""
    from torchvision.transforms import functional

    image = functional.resize(image.convert("RGB"), 32, functional.InterpolationMode.BILINEAR)
    return np.asarray(functional.center_crop(image, 32))


def find_images(paths):
    """Image files, in order, and those in folders and the folders below (hidden ones left out).

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
    files = []
    for path in (user_path(path, "a picture") for path in paths):
        if path.is_dir():
            files += sorted(file for file in path.rglob("*") if _is_picture(file, path))
        elif path.is_file():
            files.append(path)
        else:
            raise FileNotFoundError(f"there is no file or folder {path}; give pictures, or folders of them")
    if not files:
        raise FileNotFoundError(f"no images in {', '.join(map(str, paths))}; known endings: {' '.join(ENDINGS)}")
    return files


def _is_picture(file, folder):
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return file.suffix.lower() in ENDINGS and not hidden and file.is_file()


def read_images(files, bad=None):
    """Pictures of any size, brought to 32 x 32 as all test sets are: RGB, short side to 32 px, centre crop.

    Parameters
    ----------
    files : sequence of path
    bad : list, optional
        Receives (file, reason) of each that cannot be read, and is left out. Without it, the first one is
        an error.

    Returns
    -------
    ndarray of shape [N, 32, 32, 3], uint8

    Raises
    ------
    InputError
        If a file is not an image; the message names it. With ``bad``: if none is.
    """
    images, refused = [], []
    for file in files:
        try:
            images.append(_read(file))
        except Exception as error:  # whatever the bytes of a picture lead to
            reason = f"{file} cannot be read as an image ({_reason(file, error)}); leave it out"
            if bad is None:
                raise InputError(reason) from error
            refused.append((file, reason))
    if not images:
        raise InputError("; ".join(reason for _, reason in refused[:5]) or "no picture is given; name some")
    if bad is not None:
        bad += refused
    return np.stack(images)


def _read(file):
    Image.init()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(file, formats=[name for name in FORMATS if name in Image.OPEN]) as image:
            megapixels = image.width * image.height / 1e6
            if megapixels > MAX_MEGAPIXELS:
                raise ValueError(
                    f"it has {image.width:,} x {image.height:,} pixels; at most {MAX_MEGAPIXELS} megapixels"
                )
            return fit(_eight_bits(ImageOps.exif_transpose(image)))


def _reason(file, error):
    if isinstance(error, Image.DecompressionBombError):
        return f"its header claims more than {MAX_MEGAPIXELS} megapixels"
    if Path(file).is_file() and Path(file).stat().st_size == 0:
        return "it is empty"
    return f"{error}" or type(error).__name__


def _eight_bits(image):
    """An image of 16-bit or floating-point grey values with 8 bits; any other as it is."""
    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > 65_535:
            raise ValueError(f"its values are {values.min()} to {values.max()}; save it with 8 or 16 bits")
        return Image.fromarray((values / 257 + 0.5).astype(np.uint8))
    if image.mode == "F":
        values = np.asarray(image)
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
            raise ValueError(
                f"its values are {values.min():g} to {values.max():g}, expected 0 to 1; save it with 8 bits"
            )
        return Image.fromarray((255 * values + 0.5).astype(np.uint8))
    return image


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
    InputError
        If a file is not an image.
    """
    folders = sorted(path for path in Path(folder).glob("[!.]*") if path.is_dir())
    if not folders:
        raise FileNotFoundError(f"{folder} holds no folders; it needs one per class")
    files = [find_images([path]) for path in folders]
    labels = np.repeat(np.arange(len(folders)), list(map(len, files)))
    return read_images([file for some in files for file in some]), labels, [path.name for path in folders]
