"""Where the idea was tried: five kinds of images, each with the published studies that speak of it."""

from dataclasses import dataclass

import pandas as pd

from ..metrics.paired import paired_difference
from ..utils.files import locate
from . import changes
from .names import DEFAULT, is_control, place, short_name

# No temperature moves these: MSP of logits at equal spread and, where tables are older than that, at a fitted temperature.
FIRM = ("ScaledMSP", "TemperatureScaling")
_SAME = ["family", *(name for name in changes._BACKGROUND if name != "judge")]


@dataclass(frozen=True)
class Venue:
    """A kind of images.

    Attributes
    ----------
    name, title : str
        ``title`` stands in a sentence.
    folders : tuple of tuple of str
        Folders of ``results/``: the first of each tuple holds a study, the others further baselines. The first tuple
        whose study is there counts.
    parts : dict of str to tuple of str
        Which kinds of OOD images are told apart, in words, and the sets of each.
    shared, elsewhere : str
        An OOD set on backgrounds like those of the training images, and one of the same objects on others.
    masks : str
        The folder of a study that has true masks.
    """

    name: str
    title: str
    folders: tuple
    parts: dict
    shared: str = ""
    elsewhere: str = ""
    masks: str = ""


_CIFAR = {
    "other objects": ("cifar100", "tiny_imagenet"),
    "digits, letters, clothes, textures, places": (
        "mnist", "svhn", "textures", "places365", "fashion_mnist", "chars74k",
    ),
}  # fmt: skip
VENUES = (
    Venue(
        "scenes", "scenes", (("scenes_confirm",),),
        {
            "unseen digits": ("scenes_unseen",),
            "no digit": ("scenes_background",),
            "unknown backgrounds": ("scenes_novel", "scenes_elsewhere"),
        },
        "scenes_unseen", "scenes_elsewhere", "scenes_factors",
    ),
    Venue(
        "canvas", "canvas", (("canvas",),),
        {
            "other objects": ("canvas_objects",),
            "no object": ("canvas_bare",),
            "unknown backgrounds": ("canvas_elsewhere",),
        },
        "canvas_objects", "canvas_elsewhere", "canvas",
    ),
    Venue("cifar10", "CIFAR-10", (("cifar10_confirm", "cifar10"),), _CIFAR),
    Venue("tuned", "finished CIFAR-10 networks", (("cifar10_tuned",),), _CIFAR),
    Venue(
        "photos", "photographs", (("photos_confirm",),),
        {
            "other objects": ("photos_unseen", "photos_unseen_moved", "photos_objects"),
            "no object": ("photos_bare", "photos_places", "photos_textures"),
        },
        "photos_unseen", "photos_unseen_moved", "photos_confirm",
    ),
)  # fmt: skip


def find(name):
    """The venue of a name."""
    return next(venue for venue in VENUES if venue.name == name)


class View:
    """A venue's study, with what pages ask of it.

    Attributes
    ----------
    venue : Venue
    folder : str
        Name of the folder of ``results/`` that it was read from.
    study : StudyTables
    runs, metrics : DataFrame
        Of :func:`bgood_lib.pages.changes.with_settings`.
    chosen : str
        The setting that stands for the idea, on top of cross-entropy: of those that choose background (no controls)
        the one with most seeds, and of these the first of the study. Studies name first what was chosen blind.
    plain : str
        The same training without background loss.
    """

    def __init__(self, venue, folder, *more, leave_out=True):
        self.venue, self.folder = venue, locate(folder).name
        self.study, runs, metrics = changes.with_baselines(folder, *more)
        named = {**DEFAULT, "weight": None}  # labels tell the weight
        self.runs, self.metrics = (changes.with_settings(frame, named, leave_out) for frame in (runs, metrics))
        self.about = self.runs.drop_duplicates("setting").set_index("setting")
        self.chosen = self.first("background")
        self.plain = self.base(self.chosen)

    def first(self, method):
        """The choice of background with most seeds under a method, see ``chosen``; None where there is none."""
        choices = [isinstance(name, str) and not is_control(name) for name in self.runs["selector"]]
        rows = self.runs[pd.Series(choices, self.runs.index) & (self.runs["method"] == method)]
        seeds = rows.groupby("setting", sort=False)["seed"].nunique()
        return seeds.idxmax() if len(seeds) else None

    def words(self, setting):
        """What a setting is called in figures and tables of this venue: short, its own baseline without conditions."""
        if setting == self.plain:
            return "cross-entropy"
        name = short_name(setting).replace("_", " ")
        return name.replace("cross-entropy, ", "plain, ") if self.about.loc[setting, "plain"] else name

    def base(self, setting):
        """The training without background loss that a setting is compared with."""
        return self.about.index[self.about["plain"] & (self.about["family"] == self.about.loc[setting, "family"])][0]

    def like(self, setting, selector):
        """The setting that differs from another in the selector alone; None where it was not trained."""
        fields = [name for name in _SAME if name in self.about]
        filled = self.about[fields].astype(object).where(self.about[fields].notna(), "")
        same = filled.eq(filled.loc[setting])
        found = self.about.index[same.all(axis=1) & (self.about["selector"] == selector)]
        return found[0] if len(found) else None

    def control(self, selector):
        """The setting that differs from the chosen one in the selector alone; None where that is the chosen one's."""
        found = self.like(self.chosen, selector)
        return None if found == self.chosen else found

    def part(self, score, sets=None):
        """Metrics of one score, on some OOD sets or on all."""
        rows = self.metrics[self.metrics["detector"] == score]
        return rows if sets is None else rows[rows["ood"].isin(sets)]

    @property
    def order(self):
        """All settings, by classification loss, without background loss first, then by selector."""
        rows = {name: (*place(row), row["weight"]) for name, row in self.about.iterrows()}
        return sorted(rows, key=rows.get)

    @property
    def sets(self):
        """All OOD sets in their order, as a list of str."""
        return list(self.metrics.dropna(subset="auroc")["ood"].unique())

    @property
    def firm(self):
        """The score like MSP that no temperature moves."""
        there = set(self.metrics["detector"])
        return next((name for name in FIRM if name in there), "MSP")

    def by_seed(self, setting, score, sets=None, metric="auroc"):
        """A figure's mean over OOD sets: dict of seed to share."""
        mean = changes.mean_over_sets(self.part(score, sets), metric)
        return dict(mean.loc[mean["setting"] == setting, ["seed", metric]].itertuples(index=False))

    def difference(self, setting, other, score, sets=None, metric="auroc", other_score=None):
        """How a setting differs from another, seed by seed, in the mean over OOD sets.

        Parameters
        ----------
        setting, other : str or None
        score : str
        sets : list of str, optional
        metric : str, default="auroc"
        other_score : str, optional
            The score of the other one, where it is not the same.

        Returns
        -------
        Difference or None : None where one of the settings or scores is not there, or no seed is shared.
        """
        ours = self.by_seed(setting, score, sets, metric)
        return self._paired(setting, other, ours, self.by_seed(other, other_score or score, sets, metric))

    def gap(self, setting, other, score):
        """How much more one setting gains where backgrounds are shared than where they are not, less what another does.

        Parameters
        ----------
        setting, other : str or None
        score : str

        Returns
        -------
        Difference or None : None where the venue has no such pair of sets, or one of the settings is not there.
        """
        pair = self.venue.shared, self.venue.elsewhere
        if not all((*pair, setting, other)):
            return None

        def of(name):
            shared, elsewhere = (self.by_seed(name, score, [ood]) for ood in pair)
            return {seed: shared[seed] - elsewhere[seed] for seed in shared.keys() & elsewhere.keys()}

        return self._paired(setting, other, of(setting), of(other))

    def of_runs(self, setting, other, value):
        """As :meth:`difference`, of a column of ``runs`` or a Series with its index."""
        values = self.runs[value] if isinstance(value, str) else value

        def of(name):
            rows = self.runs["setting"] == name
            return dict(zip(self.runs.loc[rows, "seed"], values[rows]))

        return self._paired(setting, other, of(setting), of(other))

    def _paired(self, setting, other, ours, theirs):
        if not ours.keys() & theirs.keys():
            return None
        bad = self.runs.loc[self.runs["setting"].isin([setting, other]) & self.runs["collapsed"], "seed"]
        return paired_difference(ours, theirs, collapsed=set(bad))


def view(name, root="results", leave_out=True):
    """The view of a venue; None where none of its studies is published.

    Parameters
    ----------
    name : str
    root : path, default="results"
    leave_out : bool
        See :func:`bgood_lib.pages.changes.with_settings`.
    """
    venue = find(name)
    for folder, *more in venue.folders:
        if (locate(root) / folder / "runs.csv").is_file():
            return View(venue, locate(root) / folder, *(locate(root) / other for other in more), leave_out=leave_out)
    return None


def views(root="results", leave_out=True):
    """Views of all venues that have a published study, by name: dict of str to View."""
    found = {venue.name: view(venue.name, root, leave_out) for venue in VENUES}
    return {name: one for name, one in found.items() if one is not None}
