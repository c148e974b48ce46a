"""What `worker.py` has done, each in a process of its own, so that one that fails or hangs harms no other.

    python gpu/steps.py unpack STORE
    python gpu/steps.py trial FOLDER DEVICE ACCELERATION
    python gpu/steps.py train FOLDER DEVICE ACCELERATION
    python gpu/steps.py score FOLDER DEVICE THREADS
    python gpu/steps.py curves RUNS PICTURE

FOLDER is that of a run and holds its ``item.json``.
"""

import dataclasses
import json
import os
import statistics
import sys
import time
from pathlib import Path

FIT_IMAGES = 50_000  # training images that scores are fitted on
IN_VAIN = 3  # exit status: to try again would be in vain


def read_item(folder):
    """A run as it was queued, and its configuration."""
    from bgood_lib.config import make_config

    item = json.loads((Path(folder) / "item.json").read_text())
    try:
        return item, make_config(item["profile"], **item["settings"])
    except ValueError as error:
        say(f"no such configuration: {error}")
        sys.exit(IN_VAIN)


def write_json(path, content):
    """Write a JSON file, whole or not at all."""
    from bgood_lib.files import atomic_write

    with atomic_write(path) as temporary:
        Path(temporary).write_text(json.dumps(content))


def unpack(store):
    """Bring every set that has arrived whole into the data cache, and check it."""
    import parcel

    from bgood_lib import datasets

    manifest = json.loads((Path(store) / "manifest.json").read_text())
    for stem, names in manifest["sets"].items():
        fresh = not (datasets.cache_folder() / names[0]).exists()
        if not parcel.unpack(store, names, datasets.cache_folder()):
            print(f"{stem}: not all here yet")
        elif fresh:
            try:
                print(f"{stem}: {datasets.verify(*stem.rsplit('-', 1)).label}")
            except datasets.DataError as error:
                (datasets.cache_folder() / names[0]).unlink()
                print(f"{stem}: left out: {error}")


def _prepare_training(folder, device):
    """Network, images, labels and configuration of a run, with the device awake."""
    import torch

    from bgood_lib import datasets, training

    _, config = read_item(folder)
    images, labels = datasets.load(config.dataset, "train")
    network = training.make_network(config, images, labels)
    keep = slice(config.n_train or None)
    torch.zeros(1, device=device)
    return network, images[keep], labels[keep], config


def trial(folder, device, acceleration):
    """A short training: its losses, the statistics that batch normalisation kept, and its speed."""
    import torch

    from bgood_lib import training

    network, images, labels, config = _prepare_training(folder, device)
    history = training.train(
        network, images, labels, config, torch.device(device), report=say, acceleration=acceleration
    )
    # Recording and compiling happen where the background loss begins, so the last epochs are plain ones.
    seconds = statistics.median(epoch["seconds"] for epoch in history[len(history) // 2 :])
    write_json(
        Path(folder) / "trial.json",
        {
            "loss": [epoch["loss"] for epoch in history],
            "background_loss": [epoch["background_loss"] for epoch in history],
            "statistics": [float(b.float().mean()) for name, b in network.named_buffers() if "running" in name],
            "images_per_second": len(images) // config.batch_size * config.batch_size / seconds,
            "seconds": [round(epoch["seconds"], 2) for epoch in history],
        },
    )


def train(folder, device, acceleration):
    """Get ready, wait for the file ``go``, train or finish a training; leaves checkpoint.pt and history.json."""
    import torch

    from bgood_lib import datasets, training
    from bgood_lib.identity import run_id

    folder, parent = Path(folder), os.getppid()
    network, images, labels, config = _prepare_training(folder, device)
    run = run_id(config, datasets.info(config.dataset, "train").sha256, notebook="")
    say("ready")
    while not (folder / "go").exists():
        time.sleep(0.05)
        if os.getppid() != parent:
            sys.exit("nobody waits for this any more")
    say(f"training, acceleration {acceleration}")
    try:
        history = training.train(
            network, images, labels, config, torch.device(device),
            checkpoint=folder / "checkpoint.pt", run=run, report=say, acceleration=acceleration,
        )  # fmt: skip
    except training.TrainingDiverged as error:
        say(f"TrainingDiverged: {error}")
        sys.exit(IN_VAIN)
    write_json(folder / "history.json", {"acceleration": acceleration, "history": history})


def score(folder, device, threads):
    """Bank, outputs.npz, weights.pt and the record of a trained run."""
    import numpy as np
    import torch

    from bgood_lib import evaluation, machine, records, training

    begin, folder = time.monotonic(), Path(folder)
    torch.set_num_threads(int(threads))
    item, config = read_item(folder)
    network = training.load_network(folder / "checkpoint.pt").to(device)
    state = torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True)
    fit_images = min(FIT_IMAGES, config.n_train or FIT_IMAGES)
    bank, ood = evaluation.build_bank(network, config.dataset, fit_images, report=say)
    say(f"bank after {time.monotonic() - begin:.0f} s")
    shown = {name: part for name, part in bank.sets.items() if name != "train"}
    arrays = {f"{name}/logits": part.logits for name, part in shown.items()}
    arrays |= {f"{name}/norm": np.linalg.norm(part.features, axis=1) for name, part in shown.items()}
    np.savez(folder / ".half.npz", labels=bank["test"].labels.astype(np.int16), **arrays)
    os.replace(folder / ".half.npz", folder / "outputs.npz")
    if item.get("weights"):
        small = {k: v.bfloat16() if v.is_floating_point() else v for k, v in state["network"].items()}
        about = {key: state[key] for key in ("run", "config", "n_classes", "mean", "std")}
        torch.save({**about, "network": small}, folder / ".half.pt")
        os.replace(folder / ".half.pt", folder / "weights.pt")
    description = machine.describe(torch.device(device))
    if description["git_commit"] == "unknown":
        description["git_commit"] = item.get("commit", "unknown")
    record = records.write_record(
        folder / "record.json",
        {
            "run": state["run"],
            "config": dataclasses.asdict(config),
            "data": {
                "train": evaluation.describe_set(config.dataset, "train"),
                "test": evaluation.describe_set(config.dataset, "test"),
                "fit_images": len(bank["train"]),
                "ood": ood,
            },
            "machine": description,
            "train_seconds": sum(epoch["seconds"] for epoch in state["history"]),
            "weights_sha256": training.weights_sha256(network),
            "history": state["history"],
            **evaluation.judge(bank),
        },
    )
    values = {}
    for row in record["metrics"]:
        values.setdefault(row["detector"], []).append(row.get("auroc", float("nan")))
    means = "  ".join(f"{name} {100 * np.nanmean(v):.1f}" for name, v in values.items() if np.isfinite(v).any())
    say(f"accuracy {100 * record['accuracy']:.2f}%, mean AUROC: {means}")
    say(f"scored in {time.monotonic() - begin:.0f} s")


def curves(runs, picture):
    """Losses and training accuracy of all trainings that have ended."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(15, 6), layout="constrained")
    for i, file in enumerate(sorted(Path(runs).glob("*/*/history.json"))):
        history = json.loads(file.read_text())["history"]
        for axis, key in zip(axes, ("loss", "background_loss", "train_accuracy")):
            axis.plot(
                [epoch["epoch"] for epoch in history], [epoch[key] for epoch in history],
                label="/".join(file.parts[-3:-1]), linewidth=1, linestyle=("-", "--", ":")[i // 10 % 3],
            )  # fmt: skip
            axis.set(xlabel="epoch", ylabel=key.replace("_", " "))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=7)
    figure.savefig(picture, dpi=80)


def say(line):
    """Print a line at once."""
    print(line, flush=True)


if __name__ == "__main__":
    # `step` is one of the functions above that the worker calls by name.
    {"unpack": unpack, "trial": trial, "train": train, "score": score, "curves": curves}[sys.argv[1]](*sys.argv[2:])
