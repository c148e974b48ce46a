"""How fast is the training loop, and what does the background loss cost?

    python bench/training.py [--profile cpu] [--device auto] [--threads 2] [--out bench/training-cpu.json]

One run measures, on CIFAR-10 images:

(a) our loop, without evaluation and checkpoints
(b) the usual loop: a DataLoader, as many workers as cores, torchvision transforms on PIL images
(c) forward and backward pass alone, on one batch that stays where it is

in turns, so that all see the same machine, and then the background step over the cross-entropy step in
interleaved pairs. All three have the same network, batch, precision and memory format.
"""

import argparse
import dataclasses
import json
import os
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torchvision import transforms

from bgood_lib import datasets
from bgood_lib.networks.base import channel_statistics
from bgood_lib.networks.build import make_network
from bgood_lib.training.augmentation import augment, draw_moves
from bgood_lib.training.config import PROFILES, make_config
from bgood_lib.training.loop import choose_precision, train
from bgood_lib.training.losses import losses
from bgood_lib.utils import machine


def wait(device):
    if device.type == "cuda":
        torch.cuda.synchronize()


def autocast(config, device):
    """The precision of a configuration, as the training loop has it."""
    precision = getattr(torch, config.precision)
    return torch.autocast(device.type, precision, enabled=precision != torch.float32, cache_enabled=False)


def our_loop(config, images, labels, device, compiled):
    """(a): images per second of the second epoch; the first warms up."""
    network = make_network(config, images, labels)
    config = dataclasses.replace(config, epochs=2)
    history = train(network, images, labels, config, device, report=lambda line: None, compiled=compiled)
    return len(images) // config.batch_size * config.batch_size / history[-1]["seconds"]


class Pictures(torch.utils.data.Dataset):
    """Images as PIL pictures through torchvision's transforms."""

    def __init__(self, images, labels, config):
        mean, std = channel_statistics(images)
        self.images, self.labels = images, labels
        self.transform = transforms.Compose([
            transforms.RandomCrop(32, config.crop_padding, padding_mode="reflect"),
            *([transforms.RandomHorizontalFlip()] if config.flip else []),
            transforms.ToTensor(),
            transforms.Normalize(mean, std),
        ])  # fmt: skip

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.transform(Image.fromarray(self.images[i])), int(self.labels[i])


def usual_loop(config, images, labels, device, workers):
    """(b): images per second of the second epoch; the first starts the workers."""
    network = make_network(config, images, labels).to(device, memory_format=torch.channels_last).train()
    network.normalise = lambda x: x.contiguous(memory_format=torch.channels_last)  # the transforms have done it
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=5e-4)
    loader = torch.utils.data.DataLoader(
        Pictures(images, labels, config), config.batch_size, shuffle=True, drop_last=True, num_workers=workers,
        persistent_workers=workers > 0, pin_memory=device.type == "cuda",
    )  # fmt: skip
    for _ in range(2):
        wait(device)
        begin = time.monotonic()
        for x, y in loader:
            x, y = x.to(device, non_blocking=True), y.to(device, non_blocking=True)
            with autocast(config, device):
                loss = torch.nn.functional.cross_entropy(network(x).float(), y)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        wait(device)
        seconds = time.monotonic() - begin
    return len(loader) * config.batch_size / seconds


def step_function(config, images, labels, device, compiled, with_background=False, optimise=False):
    """A function that does one step on one resident batch."""
    network = make_network(config, images, labels).to(device, memory_format=torch.channels_last).train()
    moves = draw_moves(config.batch_size, torch.Generator().manual_seed(0), config.crop_padding, bool(config.flip))
    x = augment(torch.as_tensor(images[: config.batch_size]), moves).to(device)
    y = torch.as_tensor(labels[: config.batch_size]).to(device)
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9, nesterov=True, weight_decay=5e-4)
    maps_of = torch.compile(network.feature_maps) if compiled else network.feature_maps

    def step():
        optimizer.zero_grad(set_to_none=True)
        with autocast(config, device):
            loss, background, _ = losses(network, maps_of(x[..., :3].permute(0, 3, 1, 2)), y, config, with_background)
        (loss + config.weight * background).backward()
        if optimise:
            optimizer.step()

    return step


def seconds_of(step, device, n=1):
    wait(device)
    begin = time.monotonic()
    for _ in range(n):
        step()
    wait(device)
    return (time.monotonic() - begin) / n


def median_interval(values, rng, resamples=2000):
    """Median and its 95% interval by the bootstrap over pairs."""
    values = np.asarray(values)
    medians = np.median(values[rng.integers(0, len(values), (resamples, len(values)))], axis=1)
    return float(np.median(values)), *map(float, np.percentile(medians, [2.5, 97.5]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", default="cpu", choices=list(PROFILES))
    parser.add_argument("--dataset", default="cifar10")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--compile", action="store_true", help="let torch.compile rewrite the network")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--workers", type=int, help="of the DataLoader; as many as cores by default")
    parser.add_argument("--steps", type=int, default=30, help="steps of each turn")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each loop")
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--out", type=Path, help="JSON file to write")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.backends.cudnn.benchmark = True
    device = machine.choose_device(options.device)
    common = {"dataset": options.dataset, "precision": choose_precision(device)}
    config = make_config(options.profile, method="background", selector="rank", **common)
    plain = make_config(options.profile, method="cross_entropy", **common)
    workers = os.cpu_count() if options.workers is None else options.workers
    images, labels = datasets.load(options.dataset, "train")
    images, labels = images[: options.steps * config.batch_size], labels[: options.steps * config.batch_size]

    alone = step_function(plain, images, labels, device, options.compile)
    seconds_of(alone, device, 3)
    speeds = {"a_our_loop": [], "b_usual_loop": [], "c_forward_backward": []}
    for turn in range(options.rounds):
        speeds["c_forward_backward"].append(config.batch_size / seconds_of(alone, device, options.steps))
        speeds["a_our_loop"].append(our_loop(plain, images, labels, device, options.compile))
        speeds["b_usual_loop"].append(usual_loop(plain, images, labels, device, workers))
        print(
            f"turn {turn + 1}: " + ", ".join(f"{name} {values[-1]:,.0f}/s" for name, values in speeds.items()),
            flush=True,
        )

    with_background = step_function(config, images, labels, device, options.compile, True, optimise=True)
    without = step_function(plain, images, labels, device, options.compile, optimise=True)
    n = 1 if device.type == "cpu" else 20  # a GPU's steps are too short to time one by one
    for step in (with_background, without):
        seconds_of(step, device, 5)
    ratios = []
    for pair in range(options.pairs):  # every second pair the other way round
        order = (with_background, without) if pair % 2 else (without, with_background)
        seconds = {step: seconds_of(step, device, n) for step in order}
        ratios.append(seconds[with_background] / seconds[without])
    ratio, low, high = median_interval(ratios, np.random.default_rng(0))

    medians = {name: statistics.median(values) for name, values in speeds.items()}
    share = statistics.median(a / c for a, c in zip(speeds["a_our_loop"], speeds["c_forward_backward"]))
    gain = statistics.median(a / b for a, b in zip(speeds["a_our_loop"], speeds["b_usual_loop"]))
    how = f"{config.precision}, {'compiled' if options.compile else 'not compiled'}"
    print(f"{config.network}, batch {config.batch_size}, {how}, {device}, {torch.get_num_threads()} threads")
    for name, value in medians.items():
        print(f"  {name:20s} {value:10,.0f} images/s")
    print(f"  (a) / (c) {share:.3f}    (a) / (b) {gain:.2f}")
    print(
        f"  background step / cross-entropy step {ratio:.3f}, 95% interval {low:.3f} to {high:.3f}, {len(ratios)} pairs"
    )
    if options.out:
        result = {
            "network": config.network, "batch_size": config.batch_size, "compiled": options.compile, "workers": workers,
            "images_per_second": speeds, "a_over_c": share, "a_over_b": gain,
            "background_over_cross_entropy": {"median": ratio, "interval_95": [low, high], "pairs": len(ratios)},
            "precision": config.precision, "machine": machine.describe(device), "cores": os.cpu_count(),
        }  # fmt: skip
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
