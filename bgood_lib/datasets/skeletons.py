"""Skeletons: stick figures that do something, as small pictures of which a row is a joint and a column a moment.

A figure has 16 joints and is seen in 16 moments; the three channels of a "pixel" are a joint's place, x, y and z. So a
sequence is an array that everything made for pictures can read, but for what mirrors or shifts them. In distribution are six
actions. Out of it are *unseen* ones, which join known legs to other arms; figures that stand *still*, of which nothing
is left but background; and *strange* ones, whose whole body is where no action brings it.

The true mask of a sequence says which joints take part: they leave the middle of their own path.
"""

import numpy as np

from ..utils.errors import InputError

RECIPE = 1  # count it up with every change of the arrays: caches then make the sets anew
SIZES = {"train": 3000, "test": 2000, "unseen": 1500, "still": 1500, "strange": 1500}
# Joint: its parent.
JOINTS = {
    "pelvis": None, "chest": "pelvis", "neck": "chest", "head": "neck",
    "left shoulder": "neck", "left elbow": "left shoulder", "left hand": "left elbow",
    "right shoulder": "neck", "right elbow": "right shoulder", "right hand": "right elbow",
    "left hip": "pelvis", "left knee": "left hip", "left foot": "left knee",
    "right hip": "pelvis", "right knee": "right hip", "right foot": "right knee",
}  # fmt: skip
PARENTS = tuple(-1 if parent is None else list(JOINTS).index(parent) for parent in JOINTS.values())
MOMENTS = 16
CLASSES = ("walk", "wave", "clap", "squat", "jump", "kick")
# Set: its actions, as legs and arms, or as the way in which a whole body moves.
ACTIONS = {
    "known": (("walk", "swing"), ("stand", "wave"), ("stand", "clap"), ("squat", "reach"), ("jump", "hang"), ("kick", "hang")),
    "unseen": (("walk", "up"), ("stand", "punch"), ("stand", "flap"), ("squat", "flap"), ("jump", "up"), ("kick", "punch")),
    "still": (("stand", "hang"),),
    "strange": (("bow", "hang"), ("lie", "hang"), ("crawl", "reach"), ("stand", "hang", "handstand"), ("stand", "hang", "spin")),
}  # fmt: skip
TEMPO, AMPLITUDE, SIZE = (1.0, 2.5), (0.4, 1.3), (0.85, 1.15)  # turns in a sequence; of the action; of the body
VIEW = np.pi / 3  # largest turn of the body to either side, radians
LOOSE, SWAY, NOISE = 0.2, 0.15, 0.06  # of angles, radians: how one stands, how one sways; of places: m
MOVES = 0.05  # m from the middle of its path, from which on a joint takes part
RANGE = 2.0  # m either way that the 256 levels of a channel span
MIDDLE = 0.9  # m above the floor that is the middle of a channel
# Angles of a pose: of both sides, of the whole; those in which figures differ by how loosely they stand.
SIDED, WHOLE = ("swing", "raise", "fore", "out", "thigh", "open", "knee"), ("bow", "lift", "pitch", "roll", "yaw")
LOOSELY = (*SIDED, "bow")
BOTH, RIGHT, TURNS = (np.array(sides).reshape(2, 1, 1) for sides in ((1.0, 1.0), (0.0, 1.0), (1.0, -1.0)))
_SEED = 20261129


def generate(kind: str) -> dict[str, np.ndarray]:
    """Make one set: the same arrays at every call.

    Parameters
    ----------
    kind : {"train", "test", "unseen", "still", "strange"}

    Returns
    -------
    dict of str to numpy.ndarray
        ``images`` uint8 [N, 16 joints, 16 moments, 3]; ``labels`` int64 [N], places in `CLASSES`, -1 of unknown actions;
        ``foreground`` bool [N, 16, 16], true in the rows of joints that take part.
    """
    if kind not in SIZES:
        raise InputError(f"no set of skeletons is called {kind!r}; there are: {', '.join(SIZES)}")
    known, n = kind in ("train", "test"), SIZES[kind]
    rng = np.random.default_rng([_SEED, list(SIZES).index(kind)])
    actions = ACTIONS["known" if known else kind]
    chosen = rng.integers(len(actions), size=n)
    images, foreground = np.empty((n, len(JOINTS), MOMENTS, 3), np.uint8), np.zeros((n, len(JOINTS), MOMENTS), bool)
    for i, action in enumerate(actions):
        rows = chosen == i
        places, takes_part = sequences(action, rows.sum(), rng)
        images[rows] = np.rint((places / RANGE + 1) * 127.5).clip(0, 255)
        foreground[rows] = takes_part[:, :, None]
    labels = chosen if known else np.full(n, -1)
    return {"images": images, "labels": labels.astype(np.int64), "foreground": foreground}


def sequences(action: tuple, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """n figures: places [n, 16 joints, 16 moments, 3] in m, and which joints take part, bool [n, 16]."""
    turns = rng.uniform(*TEMPO, (n, 1)) * np.arange(MOMENTS) / MOMENTS + rng.uniform(size=(n, 1))
    a, left_handed = rng.uniform(*AMPLITUDE, (n, 1)), rng.random(n) < 0.5
    pose = dict.fromkeys(SIDED, np.zeros((2, n, MOMENTS))) | dict.fromkeys(WHOLE, np.zeros((n, MOMENTS)))
    for part in action:
        for name, angle in _part(part, 2 * np.pi * turns, a).items():
            pose[name] = pose[name] + angle
    swaying = {}
    for name, angle in pose.items():
        if name in SIDED:
            angle = np.where(left_handed[:, None], angle[::-1], angle)
        one = (*angle.shape[:-1], 1)
        pose[name] = angle + LOOSE * rng.normal(size=one) * (name in LOOSELY)
        waves = np.sin(np.linspace(0, np.pi, MOMENTS) * rng.uniform(0.5, 2, one) + rng.uniform(0, 2 * np.pi, one))
        swaying[name] = pose[name] + SWAY * waves * (name != "lift")
    size, view = rng.uniform(*SIZE, (1, n, 1, 1)), rng.uniform(-VIEW, VIEW, (n, 1))
    clean, seen = (size * places_of(some) for some in (pose, swaying))
    takes_part = np.linalg.norm(clean - clean.mean(2, keepdims=True), axis=3).max(2) > MOVES
    seen = _turned(seen - [0, MIDDLE, 0], view, (0, 2))
    seen = seen + rng.normal(size=seen.shape) * NOISE
    return seen.swapaxes(0, 1), takes_part.T


def _part(name, p, a):
    """What legs, arms or a whole body do at the phases p [n, T] with amplitudes a [n, 1]: angles by name, [2, n, T] or [n, T]."""
    wave, up, down, beat = np.sin(p), np.maximum(np.sin(p), 0), np.maximum(-np.sin(p), 0), (1 - np.cos(p)) / 2
    return {
        "stand": {}, "hang": {},
        "walk": {"thigh": 0.5 * a * TURNS * wave, "knee": 0.5 * a * (1 + TURNS * np.cos(p)) / 2},
        "squat": {"thigh": 1.3 * a * BOTH * beat, "knee": 2.0 * a * BOTH * beat},
        "jump": {"thigh": 0.5 * a * BOTH * down, "knee": a * BOTH * down, "lift": 0.35 * a * up},
        "kick": {"thigh": 1.2 * a * RIGHT * beat, "knee": 0.3 * RIGHT * beat},
        "swing": {"swing": -0.5 * a * TURNS * wave, "fore": 0.3 * BOTH},
        "wave": {"raise": 1.4 * RIGHT, "out": RIGHT * (1.0 + 0.6 * a * wave)},
        "clap": {"swing": 1.0 * BOTH, "fore": 0.4 * BOTH, "out": BOTH * (0.5 * a * wave - 0.3)},
        "reach": {"swing": 1.4 * BOTH},
        "up": {"raise": 2.7 * BOTH},
        "punch": {"swing": 1.4 * a * np.stack([up, down]), "fore": 1.3 - 1.3 * np.stack([up, down])},
        "flap": {"raise": 1.3 * a * BOTH * beat},
        "bow": {"bow": 1.3 * a * beat},
        "lie": {"pitch": -np.pi / 2, "thigh": 0.1 * a * TURNS * wave},
        "crawl": {"pitch": 1.4, "thigh": 1.4 + 0.3 * a * TURNS * wave, "knee": 1.4 * BOTH, "swing": 0.3 * a * TURNS * wave},
        "handstand": {"roll": np.pi, "raise": 2.9 * BOTH},
        "spin": {"yaw": p},
    }[name]  # fmt: skip


def places_of(pose):
    """Places [16, n, T, 3] in m of a pose: x to the left, y up, z to the front; the lowest joint stands on the floor."""
    zero = np.zeros_like(pose["bow"])
    spine = np.stack([zero, np.cos(pose["bow"]), np.sin(pose["bow"])], -1)
    found = {"pelvis": np.zeros_like(spine), "chest": 0.27 * spine, "neck": 0.5 * spine, "head": 0.72 * spine}
    for i, side in enumerate(("left", "right")):
        arm = pose["swing"][i], pose["raise"][i], pose["fore"][i], pose["out"][i]
        leg = pose["thigh"][i], pose["open"][i], -np.abs(pose["knee"][i]), zero
        for start, middle, end, root, width, length, (first, sideways, bend, out) in (
            ("shoulder", "elbow", "hand", found["neck"], 0.19, 0.28, arm),
            ("hip", "knee", "foot", found["pelvis"], 0.11, 0.43, leg),
        ):
            outward = 1 - 2 * i
            found[f"{side} {start}"] = root + [width * outward, 0, 0]
            found[f"{side} {middle}"] = found[f"{side} {start}"] + length * _bone(first, sideways, outward)
            found[f"{side} {end}"] = found[f"{side} {middle}"] + length * _bone(first + bend, sideways + out, outward)
    body = np.stack([found[joint] for joint in JOINTS])
    for angle, axes in (("pitch", (1, 2)), ("roll", (0, 1)), ("yaw", (0, 2))):
        body = _turned(body, pose[angle], axes)
    body[..., 1] += pose["lift"] - body[..., 1].min(0)
    return body


def _bone(forward, sideways, outward):
    """The direction [n, T, 3] of a bone that hangs, raised to the side and swung to the front by angles [n, T]."""
    down = np.cos(sideways)
    return np.stack([outward * np.sin(sideways), -down * np.cos(forward), down * np.sin(forward)], -1)


def _turned(places, angle, axes):
    """Places [..., n, T, 3] turned by angles that go with [n, T] in the plane of two axes, from the first to the second."""
    (i, j), turned = axes, places.copy()
    turned[..., i] = np.cos(angle) * places[..., i] - np.sin(angle) * places[..., j]
    turned[..., j] = np.sin(angle) * places[..., i] + np.cos(angle) * places[..., j]
    return turned
