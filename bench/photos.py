"""What does it save to keep what a pre-trained network's frozen layers say of photographs?

    python bench/photos.py [--images 256] [--threads 1] [--out bench/photos-cpu.json]

On random pictures of 128 x 128 pixels, as those of the image set ``photos`` are (what they show costs nothing):

(a) the first look: images a second through the frozen layers, as they are when maps are kept, plain and mirrored
(b) an epoch of a training from kept maps
(c) an epoch of the same training that looks at the pictures again

Seconds of wall time, and of the processor: on a busy machine only the second kind can be compared.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from bgood_lib.networks.build import make_network
from bgood_lib.training import examples, loop
from bgood_lib.training.config import PROFILES, make_config
from bgood_lib.trunk_maps import trunk_maps
from bgood_lib.utils import machine

EPOCHS = 2  # the first warms up


def timed(work):
    """Seconds that some work takes: wall, processor."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor}


def an_epoch(config, images, labels, examples_of):
    """Seconds of the last of ``EPOCHS`` epochs."""
    network, kept = make_network(config, images, labels), loop.examples_of
    ends = []

    def report(line):
        ends.append((time.perf_counter(), time.process_time()))

    loop.examples_of = examples_of
    try:
        loop.train(network, images, labels, config, torch.device("cpu"), report=report)
    finally:
        loop.examples_of = kept
    return dict(zip(("wall", "processor"), np.subtract(ends[-1], ends[-2]).tolist()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (options.images, 128, 128, 3), np.uint8)
    labels = np.arange(options.images) % 6
    config = make_config("photos", dataset="photos", method="background", epochs=EPOCHS, background_start=0.0)
    network = make_network(config, images, labels)
    trunk_maps(network, images[:16], keep=False)  # warms up
    look = timed(lambda: trunk_maps(network, images, keep=False))
    seconds = {
        "first_look_of_an_image": {kind: 1 / (options.images / value) for kind, value in look.items()},
        "epoch_from_kept_maps": an_epoch(config, images, labels, examples.Maps),
        "epoch_from_pictures": an_epoch(config, images, labels, examples.Images),
    }
    found = {
        "images": options.images, "threads": options.threads, "seconds": seconds,
        "machine": machine.describe(torch.device("cpu")),
    }  # fmt: skip
    one, kept, anew = (seconds[name]["processor"] for name in seconds)
    epochs = PROFILES["photos"]["epochs"]
    print(f"first look: {1 / one:.1f} images a second of one processor")
    print(f"a training of {epochs} epochs, seconds of the processor an image:")
    print(f"  kept: {2 * one + epochs * kept / options.images:.3f}, of these {2 * one:.3f} once for all trainings")
    print(f"  not kept: {epochs * anew / options.images:.3f}")
    if options.out:
        options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
