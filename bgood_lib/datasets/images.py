"""Pictures of any size from files and folders."""

import contextlib
import re
import warnings
from functools import cache
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from ..utils.errors import InputError, system_words
from ..utils.files import user_path
from ..utils.kinds import kind_of

ENDINGS = tuple(".png .jpg .jpeg .webp .bmp .gif .tif .tiff .ppm .pgm .pbm .avif .jp2 .heic .heif".split())
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF", "JPEG2000")  # none that runs a program
WAY_OUT = "; replace it, or leave it out"  # of a picture that cannot be read
MAX_MEGAPIXELS = 178
LARGE = 16e6  # pixels from which a picture is made smaller band by band
HEIC = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")  # how such files begin, after 8 bytes


def fit(image: Image.Image, side: int = 32) -> np.ndarray:
    """RGB, what is transparent on white; short side to `side` px (bilinear), centre crop: uint8 [side, side, 3]."""
    from torchvision.transforms import functional

    image = functional.resize(_rgb(image), side, functional.InterpolationMode.BILINEAR)
    return np.asarray(functional.center_crop(image, side))


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
    for path in (user_path(path, "a picture", "a file or a folder") for path in paths):
        if path.is_dir():
            files += sorted(file for file in path.rglob("*") if _is_picture(file, path))
        elif path.is_file():
            files.append(path)
        else:
            raise FileNotFoundError(f"there is no file or folder {path}; give pictures, or folders of them")
    if not files:
        where = ", ".join(map(str, paths))
        hidden = sum(file.name.startswith(".") for path in paths for file in Path(path).rglob("*"))
        where += f" ({hidden} hidden skipped)" * bool(hidden)
        raise FileNotFoundError(f"no pictures in {where}; name a folder of files that end in {' '.join(ENDINGS)}")
    return files


def _is_picture(file, folder):
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return file.suffix.lower() in ENDINGS and not hidden and file.is_file()


def read_images(files, bad=None, side=32):
    """Pictures of any size and format, brought to one size as all test sets are.

    The first frame, as its EXIF data turn it, RGB; what is transparent lies on white. Short side to ``side`` px, centre
    crop. Grey values of 16 bits are scaled, floating-point ones if they are 0 to 1. HEIC needs the plugin pillow-heif.

    Parameters
    ----------
    files : sequence of path
        It may show its progress, such as ``tqdm(files)``.
    bad : list, optional
        Receives (file, reason) of each that cannot be read, and is left out. Without it, the first one is
        an error.
    side : int, default=32
        In pixels.

    Returns
    -------
    ndarray of shape [N, side, side, 3], uint8

    Raises
    ------
    InputError
        If a file is not an image, or has more than ``MAX_MEGAPIXELS``; the message names it. With ``bad``: if none is.
    """
    images, n, refused = np.empty((len(files), side, side, 3), np.uint8), 0, []
    for file in files:
        try:
            images[n] = _read(file, side)
            n += 1
        except Exception as error:  # whatever the bytes of a picture lead to
            reason = f"{file} cannot be read as an image ({_reason(file, error)}){WAY_OUT}"
            if bad is None:
                raise InputError(reason) from error
            refused.append((file, reason))
    if not n and not refused:
        raise InputError("no picture is given; name some")
    if not n and len(refused) == 1:
        raise InputError(refused[0][1])
    if not n:
        reasons = "; ".join(reason.removesuffix(WAY_OUT) for _, reason in refused[:3])
        raise InputError(
            f"none of the {len(refused)} files can be read as an image; replace them. The first: {reasons}"
        )
    if bad is not None:
        bad += refused
    return images[:n]


def _read(file, side):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(file, formats=_formats()) as image:
            megapixels = image.width * image.height / 1e6
            if megapixels > MAX_MEGAPIXELS:
                raise InputError(
                    f"it has {image.width:,} x {image.height:,} pixels; at most {MAX_MEGAPIXELS} megapixels, so make it smaller"
                )
            image.draft(None, (4 * side, 4 * side))  # of a large JPEG every second, fourth or eighth pixel
            image.load()
            turned = image.getexif().get(ExifTags.Base.Orientation, 1)
            image = _without_ends(image)
            if image.width * image.height > LARGE:
                image = _smaller(image, max(1, min(image.size) // (4 * side)))
            image.getexif()[ExifTags.Base.Orientation] = turned
            return fit(ImageOps.exif_transpose(image), side)


@cache
def _formats():
    """Formats that may be read here; HEIC where its plugin is installed."""
    Image.init()
    found = [name for name in FORMATS if name in Image.OPEN]
    with contextlib.suppress(ImportError):
        from pillow_heif import register_heif_opener

        register_heif_opener()
        found.append("HEIF")
    return found


def _reason(file, error):
    if isinstance(error, Image.DecompressionBombError):
        claimed = int(re.search(r"\d+", str(error)).group()) / 1e6
        return f"its header claims {claimed:,.0f} megapixels, more than {MAX_MEGAPIXELS} megapixels: make it smaller"
    if not Path(file).is_file():
        return "there is no such file"
    with open(file, "rb") as content:
        head = content.read(12)
    if not head:
        return "it is empty"
    if isinstance(error, UnidentifiedImageError) and head[4:8] == b"ftyp" and head[8:] in HEIC:
        return "HEIC needs a plugin, if the file is whole: pip install pillow-heif"
    if isinstance(error, InputError):
        return f"{error}"
    if isinstance(error, OSError) and error.errno is not None:
        return system_words(error, "it")[0]
    if "MAX_TEXT" in f"{error}":
        return "the text in it is too large: save it again without metadata"
    if isinstance(error, UnidentifiedImageError):
        kind = kind_of(file)
        damaged = kind.startswith("a picture") and kind[11:-1] in (*_formats(), "HEIC")
        return (
            f"it begins as {kind}, but is damaged"
            if damaged
            else f"it is {kind}; known formats: {', '.join(_formats())}"
        )
    return "it is too large for the memory" if isinstance(error, MemoryError) else "it is damaged or cut off"


def _without_ends(image):
    """The middle of a ribbon, four times as long as wide; enlarged whole, a ribbon would fill the memory."""
    left, top = (max(0, (length - 4 * min(image.size)) // 2) for length in image.size)
    return image.crop((left, top, image.width - left, image.height - top)) if left or top else image


def _smaller(image, factor):
    """A picture made ``factor`` times smaller (RGB, box filter) band by band, so that it is in memory only once."""
    band = 16 * factor
    parts = [
        np.asarray(_rgb(image.crop((0, top, image.width, min(top + band, image.height)))).reduce(factor))
        for top in range(0, image.height, band)
    ]
    return Image.fromarray(np.concatenate(parts))


def _rgb(image):
    """An image of any mode as RGB; what is transparent lies on white."""
    image = _eight_bits(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _eight_bits(image):
    """An image of 16-bit or floating-point grey values with 8 bits; any other as it is."""
    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > 65_535:
            raise InputError(
                f"its values are {values.min()} to {values.max()}, expected 0 to 65,535: save it as unsigned, 8 or 16 bits"
            )
        return Image.fromarray((values / 257 + 0.5).astype(np.uint8))
    if image.mode == "F":
        values = np.asarray(image)
        if len(odd := values[~np.isfinite(values)]):
            raise InputError(
                f"it holds values that are no numbers ({odd[0]}), in {len(odd):,} of {values.size:,} pixels"
            )
        if values.min() < 0 or values.max() > 1:
            raise InputError(
                f"its values are {values.min():g} to {values.max():g}, expected 0 to 1: save it with 8 bits"
            )
        return Image.fromarray((255 * values + 0.5).astype(np.uint8))
    return image


def read_classes(folder, side=32):
    """A folder that holds one folder of pictures per class.

    Parameters
    ----------
    folder : path
    side : int, default=32
        In pixels.

    Returns
    -------
    images : ndarray of shape [N, side, side, 3], uint8
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
    return read_images([file for some in files for file in some], side=side), labels, [path.name for path in folders]
