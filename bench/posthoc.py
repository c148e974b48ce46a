"""How long does the whole suite of post-hoc scores take, here and the usual way?

    python bench/posthoc.py [--classes 10] [--threads 2] [--quick]

Here: one pass of the images through the network, then every score from the features it left. The scores
are timed at full size: 50,000 training and 6 x 10,000 test images, 512 features. The usual way:
pytorch-ood's ``fit(loader)`` and ``predict(images)``, detector by detector, with the network in each. It is
timed on 1,000 training and 1,000 test images; the network's part and the scoring are scaled to the same
numbers, and so is our pass. That favours the usual way: what its detectors compute to fit, and the neighbour
scores' growth with the number of training images, count as if there were 1,000 of them.

Features and images are random: they cost as much as real ones. The network is a ResNet-18 for 32 x 32 images.
"""

import argparse
import resource
import time

import numpy as np
import torch
from pytorch_ood import detector as theirs

from bgood_lib.detectors.registry import DETECTORS
from bgood_lib.detectors.scoring import Head, available, fit, score_all
from bgood_lib.features import Bank, Features, extract
from bgood_lib.networks.resnet18 import ResNet18_32x32

NEIGHBOURS = ["KNN", "NNGuide", "Relation"]  # share one product, so they are timed together

# How pytorch-ood builds each detector, with our defaults: from network, encoder, backbone and head.
USUAL = {
    "MSP": lambda n, e, b, h: theirs.MaxSoftmax(n),
    "MaxLogit": lambda n, e, b, h: theirs.MaxLogit(n),
    "Energy": lambda n, e, b, h: theirs.EnergyBased(n),
    "TemperatureScaling": lambda n, e, b, h: theirs.TemperatureScaling(n),
    "Entropy": lambda n, e, b, h: theirs.Entropy(n),
    "GEN": lambda n, e, b, h: theirs.GEN(n, M=100),
    "KLMatching": lambda n, e, b, h: theirs.KLMatching(n),
    "OpenMax": lambda n, e, b, h: theirs.OpenMax(n, 20, 3),
    "ReAct": lambda n, e, b, h: theirs.ReAct(b, h),
    "VRA": lambda n, e, b, h: theirs.VRA(b, h, 0.1, 0.9),
    "ASH-P": lambda n, e, b, h: theirs.ASH(b, h, "ash-p", 0.9),
    "ASH-B": lambda n, e, b, h: theirs.ASH(b, h, "ash-b", 0.9),
    "ASH-S": lambda n, e, b, h: theirs.ASH(b, h, "ash-s", 0.9),
    "SCALE": lambda n, e, b, h: theirs.SCALE(b, h, 0.85),
    "DICE": lambda n, e, b, h: theirs.DICE(e, h.weight, h.bias, 0.9),
    "KNN": lambda n, e, b, h: theirs.KNN(e, k=50),
    "NNGuide": lambda n, e, b, h: theirs.NNGuide(e, h, k=10),
    "Mahalanobis": lambda n, e, b, h: theirs.Mahalanobis(e),
    "RMD": lambda n, e, b, h: theirs.RMD(e),
    "ViM": lambda n, e, b, h: theirs.ViM(e, 256, h.weight, h.bias),
    "SHE": lambda n, e, b, h: theirs.SHE(e, h),
    "fDBD": lambda n, e, b, h: theirs.fDBD(e, h),
    "NCI": lambda n, e, b, h: theirs.NCI(e, h, 1e-4),
    "GradNorm": lambda n, e, b, h: theirs.GradNorm(h, param_filter=lambda name: name == "weight"),
}


def seconds(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def random_bank(sizes, classes, width=512, seed=0):
    """Features around a random prototype per class, at full size."""
    rng = np.random.default_rng(seed)
    prototypes = np.abs(rng.normal(0, 0.6, (classes, width))).astype("f4")
    sets = {}
    for name, n in sizes.items():
        labels = np.arange(n) % classes
        z = np.abs(rng.standard_normal((n, width), dtype="f4")) + (prototypes[labels] if name != "ood" else 0)
        cells = rng.random((n, 4, 4), dtype="f4")
        sets[name] = Features(z @ prototypes.T / 20, z, cells, z, labels)
    return Bank(sets, prototypes / 20, np.zeros(classes, "f4"), {})


def time_ours(bank):
    """Seconds of fit and scores of all sets, by detector; one entry for the neighbours."""
    found = {}
    for name in available(bank):
        if name not in NEIGHBOURS and not DETECTORS[name].transductive:
            tests = [features for which, features in bank.sets.items() if which != "train"]
            start = time.perf_counter()
            fitted = fit(name, bank)
            for features in tests:
                fitted.score(features)
            found[name] = time.perf_counter() - start
    found[" + ".join(NEIGHBOURS)] = seconds(lambda: score_all(bank, NEIGHBOURS))
    return found


def class_per_image(network, images, classes):
    """Give the network a head that predicts every class: the nearest of the first images' features. Returns labels."""
    features = torch.as_tensor(extract(network, images, np.zeros(len(images))).features)
    network.fc.weight.data = features[:classes].clone()
    network.fc.bias.data = -features[:classes].square().sum(1) / 2
    with torch.no_grad():
        return network.fc(features).argmax(1)


def time_usual(build, network, images, labels):
    """Seconds of one detector to fit, and to score, these images; the network included."""

    def encoder(x):
        return network.pool(network.feature_map(x))

    head = Head(network.fc.weight.detach(), network.fc.bias.detach())
    detector = build(network, encoder, lambda x: encoder(x)[:, :, None, None], head).to("cpu")
    batches = list(zip(images.split(100), labels.split(100)))
    predict = detector.predict
    if isinstance(detector, theirs.GradNorm):  # its own way, a gradient of the whole network per image, is far slower
        head.requires_grad_(True)
        predict = lambda x: detector.predict(encoder(x))  # noqa: E731
    fitting = seconds(lambda: detector.fit(batches)) if detector.requires_fit else 0
    with torch.no_grad():
        scoring = seconds(lambda: [predict(x) for x, _ in batches])
    return fitting, scoring


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--quick", action="store_true", help="small numbers, only to see that it runs")
    settings = parser.parse_args()
    torch.set_num_threads(settings.threads)
    n_train, n_sets, n_test, measured = (1_000, 2, 200, 100) if settings.quick else (50_000, 6, 10_000, 1_000)
    n_scored = n_sets * n_test

    network = ResNet18_32x32(settings.classes).eval()
    images = np.random.default_rng(0).integers(0, 256, (measured, 32, 32, 3), dtype=np.uint8)
    labels = class_per_image(network, images, settings.classes)
    per_image = seconds(lambda: extract(network, images, labels)) / measured
    one_pass = per_image * (n_train + n_scored)
    print(f"{settings.threads} threads, {settings.classes} classes")
    print(f"{n_train:,} training and {n_sets} x {n_test:,} test images")

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sizes = {"train": n_train, "test": n_test, **{f"ood{i}": n_test for i in range(n_sets - 1)}}
    ours = time_ours(random_bank(sizes, settings.classes))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    tensors = torch.as_tensor(images).permute(0, 3, 1, 2)
    usual = {}
    for name, build in USUAL.items():
        fitting, scoring = time_usual(build, network, tensors, labels)
        if fitting:  # the network's part is scaled, the detector's own counts as it is
            fitting = per_image * n_train + max(0, fitting - per_image * measured)
        usual[name] = fitting + scoring / measured * n_scored

    print(f"\n{'detector':28}{'usual way, s':>14}{'here, s':>10}")
    for name in dict.fromkeys([*usual, *ours]):
        theirs_took, ours_took = (f"{table[name]:.1f}" if name in table else "-" for table in (usual, ours))
        print(f"{name:28}{theirs_took:>14}{ours_took:>10}")
    print(f"{'one pass of the network':28}{'in each':>14}{one_pass:>10.1f}")
    total, total_usual = one_pass + sum(ours.values()), sum(usual.values())
    print(f"{'all':28}{total_usual:>14.1f}{total:>10.1f}   the usual way takes {total_usual / total:.1f} times as long")
    print(f"\nThe usual way and our pass: measured on {measured:,} images and scaled; scores here: measured in full.")
    print(f"Memory at most {after / 1e6:.1f} GB, features included; {before / 1e6:.1f} GB before the first score.")


if __name__ == "__main__":
    main()
