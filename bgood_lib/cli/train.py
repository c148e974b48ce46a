"""``bgood train``: one's own pictures, a folder a class."""

import contextlib
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..utils.errors import InputError
from .common import output_folder

DETECTOR = "MSP"
SCORE = "MSP, minus the largest class probability: -1 is sure of a class, and the larger, the less known"
SIDE = 224  # px of the pictures as they are kept
CHOSEN = {"weight": 0.03, "weight_decay": 0.05}  # on validation photographs: studies/photos_confirm.yaml
STEPS = 300  # that a training takes at least; few pictures are gone through more often


def train(
    folder: Annotated[Path, typer.Argument(help="holds a folder of pictures per class, any sizes and formats")],
    out: Annotated[
        Path | None, typer.Option(metavar="RUN", help="folder of the run; by default runs/FOLDER/METHOD-sSEED")
    ] = None,
    method: Annotated[
        str, typer.Option(help="background: with the background loss; cross_entropy: without")
    ] = "background",
    ood: Annotated[
        list[Path] | None, typer.Option(metavar="FOLDER", help="pictures of something else: judged, never trained on")
    ] = None,
    epochs: Annotated[int, typer.Option(min=0, help="passes over the pictures; 0: as many as they need")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="of who is set aside, and of the training")] = 0,
    strict: Annotated[bool, typer.Option("--strict", help="stop at the first file that cannot be read")] = False,
    network: Annotated[str, typer.Option(help="a pre-trained network by its name in timm")] = "tf_efficientnet_lite0",
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0: all cores")] = 0,
):
    """Train on your own pictures, a folder a class: a pre-trained network learns to name them, and to say "unknown".

    Of each class about 20% are set aside to test it and 10% to set the score
    from which on a picture is unknown; near-duplicates stay together. Ends with
    its figures and a page of pictures, report.html. Stopped? Give the same
    command again. What cannot be read is left out and listed at the end.
    """
    from .. import datasets
    from ..datasets.folder import list_folder, set_name
    from ..utils.files import locate

    listing = list_folder(folder)
    name = set_name(listing, SIDE, seed)
    out = output_folder(out or Path("runs", name.rpartition("_")[0], f"{method}-s{seed}"))
    for path in ood or ():
        _check_ood(path)
    from ..evaluation.protocols import shuffled_name  # slow to import
    from ..studies.notebooks import check_parameters

    notebook = locate("notebooks/train.ipynb")
    if not notebook.is_file():
        notebook = Path(__file__).parents[2] / "notebooks/train.ipynb"
    values = {
        "profile": "photos", **CHOSEN, "method": method, "backbone": network, "seed": seed, "epochs": epochs,
        "threads": threads or _cores(), "out": str(out),
    }  # fmt: skip
    check_parameters(notebook, values)
    _refuse_another(out, name)
    _look_for_weights(network)
    if not all(datasets.prepared(name, split) for split in ("train", "val", "test")):
        _keep(listing, name, seed, strict)
    if not datasets.prepared(shuffled_name(name), "test"):
        _keep_shuffled(name)
    about = _tell(listing, name, strict)
    values |= {"dataset": name, "epochs": epochs or _epochs(name)}
    config = _train(notebook, out, values)
    _judge(out, config, about, [*dict.fromkeys(ood or ())], strict)
    for text in about["unreadable"]:
        typer.echo(f"left out: {text}", err=True)


def _cores():
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _check_ood(path):
    from ..datasets.images import find_images
    from ..utils.files import user_path

    find_images([path])
    if not user_path(path, "--ood").is_dir():
        raise InputError(f"--ood {path} is a file; name a folder of pictures")


def _refuse_another(out, name):
    """Before anything is read: a folder that holds a run on other pictures."""
    from ..runs.record import read_record

    if (out / "record.json").is_file() and (other := read_record(out / "record.json")["config"]["dataset"]) != name:
        raise InputError(
            f"{out} holds a run on other pictures ({other}; these are {name}); name another folder with --out, or "
            "move that one"
        )


def _look_for_weights(network):
    """Say at once what is not installed, or that a hub does not answer."""
    from ..networks.pretrained import Pretrained

    try:
        Pretrained(2, backbone=network).prepare(None)
    except OSError as error:
        reason = f"{error}".partition("\n")[0]
        raise InputError(
            f"the weights of --network {network} cannot be had ({reason}); try again later, or leave it out: those of "
            "the default come with the installation"
        ) from error


def _keep(listing, name, seed, strict):
    """Read the pictures into an image set of their own, with what was found while reading."""
    import json

    import numpy as np
    from tqdm import tqdm

    from .. import datasets
    from ..datasets.folder import read_folder

    found = read_folder(
        listing, SIDE, seed, strict, progress=lambda files: tqdm(files, "reading", unit="picture", disable=None)
    )
    reading = {
        "unreadable": [reason for _, reason in found.unreadable], "alike": found.alike, "warnings": found.warnings
    }  # fmt: skip
    found.splits["train"]["reading"] = np.array(json.dumps(reading))
    datasets.adopt(name, found.splits, listing.folder.resolve().name, f"pictures of {listing.folder.resolve()}")


def _keep_shuffled(name):
    """The test pictures in shuffled tiles, as an image set."""
    from .. import datasets
    from ..evaluation.protocols import shuffled_name
    from ..evaluation.validation import jigsaw

    about = datasets.info(name, "test")
    shuffled = {"test": {"images": jigsaw(datasets.load(name, "test")[0])}}
    datasets.adopt(shuffled_name(name), shuffled, f"{about.title}, test pictures in shuffled tiles", about.origin)


def _tell(listing, name, strict):
    """Say what the image set holds; what was found while reading it."""
    import json

    from .. import datasets

    about = json.loads(str(datasets.extra(name, "train", "reading")))
    if strict and about["unreadable"]:
        raise InputError(about["unreadable"][0])
    counts = {split: len(set(datasets.extra(name, split, "names"))) for split in ("train", "val", "test")}
    about |= {"folder": listing.folder.resolve().name, "classes": list(listing.classes), "counts": counts}
    n = f"{sum(counts.values()):,} pictures of {len(listing.classes)} classes ({_few(listing.classes)})"
    typer.echo(f"{listing.folder}: {n}")
    typer.echo(_counted(counts))
    if about["alike"]:
        n = sum(map(len, about["alike"]))
        typer.echo(f"near-duplicates, kept in one split: {n:,} pictures, such as {_few(about['alike'][0])}")
    for text in about["warnings"]:
        typer.echo(f"note: {text}")
    return about


def _counted(counts):
    train, val, test = (f"{counts[split]:,}" for split in ("train", "val", "test"))
    return f"{train} to learn from; set aside, by class: {val} for the threshold, {test} for the test"


def _few(names, most=6):
    return ", ".join(names[:most]) + f" and {len(names) - most} more" * (len(names) > most)


def _epochs(name):
    """As many as the profile says, and so many that there are ``STEPS`` steps."""
    from .. import datasets
    from ..training.config import PROFILES

    profile = PROFILES["photos"]
    steps = max(1, datasets.info(name, "train").n // profile["batch_size"])
    return max(profile["epochs"], -(-STEPS // steps))


def _train(notebook, out, values):
    """Run the notebook of every training, unless its run is whole; returns the configuration."""
    from types import SimpleNamespace

    import torch

    from ..studies.status import config_of, state_of
    from .run import execute

    torch.set_num_threads(values["threads"])
    config = config_of(SimpleNamespace(notebook=notebook, runs={"mine": values}, places={}), "mine")
    state, _ = state_of(out, config)
    if state == "changed":
        raise InputError(
            f"{out} holds another training of these pictures; name another folder with --out, or move that one"
        )
    if state == "done":
        typer.echo(f"{out} is finished: nothing is trained")
        return config
    _look_first(config)
    with contextlib.redirect_stdout(_Epochs(sys.stdout)):
        execute(notebook, out / "train.ipynb", values)
    return config


class _Epochs:
    """What a training prints, as a bar that its epochs fill; where that cannot be seen, ten of its lines."""

    def __init__(self, out):
        self.out, self.bar, self.tenth = out, None, 0

    def write(self, text):
        for line in filter(str.strip, text.splitlines()):
            line = line.partition(": ")[2]
            found = re.match(r"epoch +(\d+)/(\d+) ", line)
            if line.startswith("test accuracy"):  # told by `_judge`, with the balanced one
                continue
            if not found:
                self.out.write(f"{line}\n")
            elif self.out.isatty():
                self._fill(*map(int, found.groups()), line)
            elif 10 * int(found[1]) // int(found[2]) > self.tenth:
                self.tenth = 10 * int(found[1]) // int(found[2])
                self.out.write(f"{line}\n")

    def _fill(self, epoch, epochs, line):
        from tqdm import tqdm

        self.bar = self.bar or tqdm(total=epochs, desc="training", unit="epoch", initial=epoch - 1, file=self.out)
        self.bar.set_postfix_str(" ".join(line.split()[2:4]), refresh=False)
        self.bar.update()
        if epoch == epochs:
            self.bar.close()

    def flush(self):
        self.out.flush()


def _look_first(config):
    """What the frozen layers say of all pictures: most of the time of a training, so it is shown, and kept."""
    from .. import datasets
    from ..networks.build import make_network
    from ..trunk_maps import trunk_maps
    from ..utils.machine import choose_device

    network = make_network(config, *datasets.load(config.dataset, "train")).to(choose_device())
    for split in ("train", "val", "test"):
        images, _ = datasets.load(config.dataset, split)
        trunk_maps(network, images)
        if split == "train" and config.flip:
            trunk_maps(network, images[:, :, ::-1])


def _judge(out, config, about, ood, strict):
    """Print the figures, and write the page."""
    from .. import datasets
    from ..detectors.scoring import fit
    from ..evaluation import own_images
    from ..evaluation.protocols import shuffled_name
    from ..metrics.ood import ood_metrics
    from ..pages.own_pictures import Group, html_page
    from ..runs.run import open_run
    from ..utils.files import atomic_write

    run = open_run(out)
    network, fitted, test = run.network(), fit(DETECTOR, run.bank), run.bank["test"]
    images, labels = datasets.load(config.dataset, "test")
    names = list(datasets.extra(config.dataset, "test", "names"))
    shuffled = shuffled_name(config.dataset)
    groups = []
    for title, pictures, features in (
        ("test pictures", images, test),
        ("test pictures in shuffled tiles", datasets.load(shuffled)[0], run.bank[shuffled]),
    ):
        table = own_images.verdicts(run, fitted, features)
        table.insert(0, "path", names)
        groups.append(Group(title, table, pictures, features.cell_norms))
    groups[0].table["truth"] = [about["classes"][i] for i in labels]
    for folder in ood:
        groups.append(_judge_ood(run, folder, network, strict, about["unreadable"]))
    passing = [100 * (group.table["verdict"] == own_images.KNOWN).mean() for group in groups]
    limit, n = groups[0].table["threshold"].iloc[0], len(run.bank["val"])
    facts = [
        ("classes", ", ".join(about["classes"])),
        ("pictures", _counted(about["counts"])),
        ("trained", f"method {config.method}, seed {config.seed}, {config.epochs:,} epochs"),
        (
            "accuracy",
            f"{100 * run.record['accuracy']:.1f}%; balanced, where each class counts alike, "
            f"{100 * run.record['balanced_accuracy']:.1f}%: on {len(test):,} test pictures",
        ),
        ("score", SCORE),
        (
            "threshold",
            f"{limit:.4f}: 95% of the {n:,} pictures set aside for it have at most that score"
            + (f" (so few are coarse: one of them is {100 / n:.0f}%)" if n < 100 else "")
            + f". {passing[0]:.1f}% of the test pictures have, and so count as known",
        ),
        (
            "jigsaw",
            f"{passing[1]:.1f}% of the test pictures count as known when cut into 4 x 4 tiles and shuffled. Many "
            "means that it goes by texture more than by whole objects",
        ),
    ]
    for group, passed in zip(groups[2:], passing[2:]):
        found = ood_metrics(groups[0].table["score"], group.table["score"], DETECTOR)
        facts.append((
            group.title,
            f"{passed:.1f}% of {len(group.table):,} count as known. Apart from the test pictures: AUROC "
            f"{100 * found['auroc']:.1f}%, fpr95_id_positive {100 * found['fpr95_id_positive']:.1f}% (of these are known "
            f"where 95% of the test pictures are), fpr95_ood_positive {100 * found['fpr95_ood_positive']:.1f}% (of the "
            "test pictures are unknown where 95% of these are)",
        ))  # fmt: skip
    for name, text in facts[3:]:
        typer.echo(f"{name}: {text}")
    facts += [("note", text) for text in about["warnings"]]
    title = f"{about['folder']}: known or unknown?"
    with atomic_write(out / "report.html") as temporary:
        temporary.write_text(html_page(title, facts, groups, DETECTOR), encoding="utf-8")
    typer.echo(f"wrote {out / 'report.html'}")
    typer.echo(f"next: bgood score {out} pictures/")


def _judge_ood(run, folder, network, strict, unreadable):
    from ..datasets.images import find_images
    from ..evaluation import own_images
    from ..pages.own_pictures import Group

    bad = None if strict else []
    judged = own_images.judge_files(run, find_images([folder]), DETECTOR, network, bad)
    unreadable += [reason for _, reason in bad or ()]
    return Group(f"OOD, {folder.resolve().name}", judged.table, judged.images, judged.features.cell_norms)
