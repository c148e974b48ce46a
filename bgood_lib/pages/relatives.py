"""Related methods side by side: what each changes against cross-entropy of the same seed, and what it costs."""

from dataclasses import dataclass

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ..metrics.paired import paired_difference
from ..networks.build import make_network
from ..studies.results import read_results
from ..training.config import make_config
from ..training.equip import equip
from ..training.losses import CLASSIFICATION, losses
from ..training.optimizers import OPTIMIZERS
from .verdict import INSTEAD

SETS = ("scenes_unseen", "scenes_background", "scenes_novel", "scenes_elsewhere")
BASELINE = "cross_entropy"


@dataclass(frozen=True)
class Relative:
    """A row: its label, study and runs (``RUN-s0``, ``RUN-s1`` ...), its publication's score, what it needs besides labels, and its profile."""

    label: str
    study: str
    run: str
    score: str = "MSP"
    needs: str = "nothing"
    group: str = "other"
    profile: str = "scenes"


_FACTORS, _SCENES, _FINISHED = "scenes_factors", "relatives_scenes", "relatives_finished"
_MOOD, _NORMALISED, _RECONSTRUCTION = "relatives_mood", "Mahalanobis++", "MOOD-reconstruction"
_UNIFORM = "background-penalty_uniform-w0.5-"
ROWS = (
    Relative("background loss", _FACTORS, "background-cam_threshold", group="background"),
    Relative("loss on all cells", _FACTORS, "background-all", group="all"),
    Relative("loss on true masks", _FACTORS, "background-oracle", needs="true masks", group="oracle"),
    Relative("outliers: background", _SCENES, f"{_UNIFORM}cam_threshold", group="background"),
    Relative("outliers: all cells", _SCENES, f"{_UNIFORM}all", group="all"),
    Relative("outliers: true masks", _SCENES, f"{_UNIFORM}oracle", needs="true masks", group="oracle"),
    Relative("outliers: one a picture", _SCENES, "background-penalty_uniform_pooled-w0.5-cam_threshold", group="background"),
    Relative("DOE on background", _SCENES, "doe_background-outliers_background-penalty_uniform-w0.5-cam_threshold", "MaxLogit", group="background"),
    Relative("outlier exposure", _SCENES, "oe", needs="other pictures"),
    Relative("DOE", _SCENES, "doe", "MaxLogit", "other pictures"),
    Relative("ProoD", _SCENES, "prood", "ProoD", "other pictures"),
    Relative("ProoD, certified", _SCENES, "prood", "ProoD-certified", "other pictures"),
    Relative("SyncOOD, shuffled", _FINISHED, "syncood-unknowns_shuffled", "OODHead", "true masks"),
    Relative("SyncOOD, noise", _FINISHED, "syncood-unknowns_noise", "OODHead", "true masks"),
    Relative("SyncOOD, other picture", _FINISHED, "syncood-unknowns_other", "OODHead", "true masks"),
    Relative("MECAM", _SCENES, "mecam", "MECAM"),
    Relative("loss by MECAM's map", _SCENES, "mecam_background-merged_cams", group="background"),
    Relative("KAN", _SCENES, "cross_entropy", "KAN"),
    Relative("a teacher's logits", _FINISHED, "logits", needs="a finished network"),
    Relative("without a teacher", _FINISHED, "cross_entropy", needs="a finished network", group="all"),
    Relative("MOOD", _MOOD, "mood", _NORMALISED, profile="vit"),
    Relative("MOOD's reconstruction", _MOOD, "mood", _RECONSTRUCTION, profile="vit"),
    Relative("MOOD, not pre-trained", _MOOD, "cross_entropy", _NORMALISED, group="all", profile="vit"),
    Relative("MOOD, second half alone", _MOOD, "cross_entropy-epochs_6", _NORMALISED, group="all", profile="vit"),
)  # fmt: skip


class Measured:
    """The published figures of some rows.

    Parameters
    ----------
    results : path, default="results"
    rows : sequence of Relative, default=ROWS
    """

    def __init__(self, results="results", rows=ROWS):
        self.results, self.runs, self.auroc = results, {}, {}
        for name in dict.fromkeys(row.study for row in rows):
            study = read_results(f"{results}/{name}")
            self.runs[name] = study.runs.set_index("run")
            self.auroc[name] = study.metrics["auroc"].set_index(["run", "detector"])
        self.rows = [row for row in rows if self.seeds(row) and self._has(row)]

    def _has(self, row):
        """Whether a row's score is published; scores of earlier records may lack it."""
        return row.score in INSTEAD or row.score in self.auroc[row.study].index.get_level_values("detector")

    def seeds(self, row):
        """Seeds of a row's runs: dict of int to str, the run."""
        return {
            int(run.rpartition("-s")[2]): run
            for run in self.runs[row.study].index
            if run.rpartition("-s")[0] == row.run
        }

    def of(self, row, score=None, sets=SETS):
        """Mean AUROC over some sets by seed: dict of int to float. ``score`` None is the row's own."""
        table, score = self.auroc[row.study], score or row.score
        if score not in table.index.get_level_values("detector"):
            score = INSTEAD[score]
        return {seed: float(table.loc[(run, score), list(sets)].mean()) for seed, run in self.seeds(row).items()}

    def figure(self, row, column):
        """A column of the table of runs by seed."""
        return {seed: float(self.runs[row.study].loc[run, column]) for seed, run in self.seeds(row).items()}

    def plain(self, row):
        """Cross-entropy that a row is compared with: of its own study or, where it begins from a finished network, that network's."""
        return Relative("cross-entropy", _SCENES if row.study == _FINISHED else row.study, BASELINE)

    def change(self, row, score=None, against="MSP", sets=SETS):
        """:class:`~bgood_lib.metrics.paired.Difference` of mean AUROC to cross-entropy under the score ``against``."""
        return paired_difference(self.of(row, score, sets), self.of(self.plain(row), against, sets))

    def between(self, row, control, score=None, sets=SETS):
        """:class:`~bgood_lib.metrics.paired.Difference` of mean AUROC of two rows of one study, each under its own score or both under one."""
        return paired_difference(self.of(row, score, sets), self.of(control, score, sets))

    def sure(self, row):
        """Mean of the classifier's largest probability over the four OOD sets, by seed: dict of int to float."""
        parts = [self.figure(row, f"overconfidence/{name}/mean_confidence") for name in SETS]
        return {seed: sum(part[seed] for part in parts) / len(parts) for seed in parts[0]}

    def changed(self, row, column):
        """The same of a column of the table of runs."""
        return paired_difference(self.figure(row, column), self.figure(self.plain(row), column))


class Operations(TorchDispatchMode):
    """Counts the floating point operations of convolutions and matrix products: ``total``."""

    def __init__(self):
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        if count := flop_registry.get(func._overloadpacket):
            self.total += count(*args, **(kwargs or {}), out_val=result)
        return result


def step_cost(method, images, labels, masks, profile="scenes", **settings):
    """What a step of a method computes, in units of a step of cross-entropy on the same network.

    Parameters
    ----------
    method : str
    images, labels, masks : ndarray
        A few training images of scenes; a batch is all of them.
    profile : str, default="scenes"
    **settings
        Fields of a configuration.

    Returns
    -------
    float
        Floating point operations of convolutions and matrix products, forward and backward; of DOE the mean of its two halves.
    """
    given = images, labels, masks, profile
    return _operations(method, *given, settings) / _operations(BASELINE, *given, {})


def _operations(method, images, labels, masks, profile, settings):
    config = make_config(profile, method=method, background_start=0.0, batch_size=len(images), **settings)
    network, y = make_network(config, images, labels), torch.as_tensor(labels)
    equip(network, config)
    entry, teacher = CLASSIFICATION[config.classification], make_network(config, images, labels)
    if not hasattr(entry, "steps"):
        with Operations() as counted:
            x = torch.as_tensor(images).permute(0, 3, 1, 2)
            loss, background, _ = losses(network, network.feature_maps(x), y, config, config.uses_background)
            (loss + config.weight * background).backward()
        return counted.total
    device = torch.device("cpu")
    optimizer = OPTIMIZERS[config.optimizer or "sgd"](network, config, device)
    steps = entry.steps(network, images, masks, config, device, optimizer, teacher)
    generator = torch.Generator().manual_seed(0)
    steps.examples.begin(0, generator)
    steps.begin(0, generator)
    with Operations() as counted:
        for share in (0.1, 0.9):
            steps.step(*steps.examples.batch(torch.arange(len(images))), y, share)
    return counted.total / 2


def look_cost(method, images, labels, profile="scenes"):
    """What a look at a test picture computes, in units of the network's own pass: see :func:`step_cost`."""
    config = make_config(profile, method=method)
    network = make_network(config, images, labels).eval()
    equip(network, config)
    x, found = torch.as_tensor(images).permute(0, 3, 1, 2), []
    beside = getattr(network, "beside", None)
    for more in (False, True):
        with torch.no_grad(), Operations() as counted:
            maps = network.eval().feature_maps(x)
            network.head(network.pool(maps[1]))
            if more and beside is not None:
                beside(network, x, maps[1])
        found.append(counted.total)
    return found[1] / found[0]
