"""Letters on photographs: pictures to train with as unknowns, of things that no test set of the scenes shows.

Made as :mod:`bgood_lib.datasets.scenes` makes its training images, on the same regions of the same photographs, with
capital letters in the place of digits. Letters that could be read as a digit, or nearly, are left out.
"""

import numpy as np
from PIL import Image

from .scenes import SIDE, blend, contrasting_colour, digit_weight, photo_crop

RECIPE = 1  # count it up with every change of the arrays: caches then make the set anew
N = 6000  # as many as training images
CLASSES = tuple("AEFHKMNPRUVWX")
# Rows of 5 pixels, from the top.
_DRAWN = """
A 01110 10001 10001 11111 10001 10001 10001
E 11111 10000 10000 11110 10000 10000 11111
F 11111 10000 10000 11110 10000 10000 10000
H 10001 10001 10001 11111 10001 10001 10001
K 10001 10010 10100 11000 10100 10010 10001
M 10001 11011 10101 10101 10001 10001 10001
N 10001 11001 10101 10011 10001 10001 10001
P 11110 10001 10001 11110 10000 10000 10000
R 11110 10001 10001 11110 10100 10010 10001
U 10001 10001 10001 10001 10001 10001 01110
V 10001 10001 10001 10001 10001 01010 00100
W 10001 10001 10001 10101 10101 10101 01010
X 10001 10001 01010 00100 01010 10001 10001
"""
DRAWN = {
    line[0]: np.array([[int(bit) for bit in row] for row in line.split()[1:]]) for line in _DRAWN.split("\n") if line
}
TURN = 15  # largest turn either way, degrees
_SEED = 20261128


def generate() -> dict[str, np.ndarray]:
    """Make the set: the same arrays at every call.

    Returns
    -------
    dict of str to numpy.ndarray
        ``images`` uint8 RGB [N, 32, 32, 3]; ``labels`` int64 [N], places in `CLASSES`; ``foreground`` bool [N, 32, 32],
        true on the letter.
    """
    rng = np.random.default_rng(_SEED)
    labels = rng.integers(len(CLASSES), size=N)
    images, foreground = np.empty((N, SIDE, SIDE, 3), np.uint8), np.zeros((N, SIDE, SIDE), bool)
    for i, label in enumerate(labels):
        crop = photo_crop("train", rng)
        weight = digit_weight(letter(CLASSES[label], rng), rng)
        images[i] = blend(crop, weight, contrasting_colour(crop, weight, rng))
        foreground[i] = weight > 0
    return {"images": images, "labels": labels.astype(np.int64), "foreground": foreground}


def letter(name: str, rng: np.random.Generator) -> np.ndarray:
    """A letter as a handwritten digit comes: ink from 0 to 16, [8, 8]; turned and squeezed at random."""
    drawn = Image.fromarray((DRAWN[name] * 255).astype(np.uint8))
    width, height = rng.integers(28, 45), rng.integers(44, 57)
    large = Image.new("L", (64, 64))
    large.paste(drawn.resize((width, height), Image.Resampling.NEAREST), ((64 - width) // 2, (64 - height) // 2))
    large = large.rotate(rng.uniform(-TURN, TURN), Image.Resampling.BILINEAR)
    return np.asarray(large.resize((8, 8), Image.Resampling.BOX), float) * (16 / 255)
