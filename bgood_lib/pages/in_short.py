"""The book's verdict, computed from the published tables: in three sentences, and in four short paragraphs.

What is said follows the figures: a lead for each verdict that the tests can have. Seeds and intervals stand folded below the paragraphs.
"""

import functools
from pathlib import Path

from ..utils.files import atomic_write
from . import claims, controls, skeletons, taken_apart, verdict
from .relatives import Measured
from .said import counted, listed, mean, number, points, span
from .venues import views

_SEE = "{doc}`The evidence, claim by claim </book/results/study/claims>`."
_BEFORE = (
    "The settings for photographs were chosen on validation photographs and trained on fresh seeds. But earlier rounds had seen the test sets, "
    "and the family of tests was fixed after most figures had been seen."
)
# What a kind of images is called in a sentence; others are called as their venue and part are.
_WORDS = {
    "photographs (no object)": "photographs without an object",
    "photographs (other objects)": "photographs of other objects",
    "scenes (unseen digits)": "made scenes with an unseen digit",
    "scenes (no digit)": "made scenes without a digit",
    "canvas (no object)": "canvas images without an object",
}
_CLEAR = (verdict.YES, verdict.YES_ALONE)


def _of(judged, claim, *said):
    """Tests of a claim with one of some verdicts, the largest difference first: list of rows."""
    rows = judged[(judged["claim"] == claim) & judged["verdict"].isin(said)]
    return sorted((row for _, row in rows.iterrows()), key=lambda row: -abs(row["difference"].mean))


def _sizes(rows, before=""):
    sizes = [number(row["difference"].mean, sign=not before) for row in rows]
    places = [_WORDS.get(row["where"], row["where"]) for row in rows]
    return listed(
        [f"{before}{size}{' points' * (not i)} on {place}" for i, (size, place) in enumerate(zip(sizes, places))]
    )


def helps(judged, accuracies=(), sure=None, masks=None):
    """On which images it helps.

    Parameters
    ----------
    judged : DataFrame
        The family, see :func:`bgood_lib.pages.claims.family`.
    accuracies : sequence of (str, float, float)
        Images, ID accuracy with the loss and without it.
    sure : (float, float, float), optional
        Mean confidence on OOD photographs with the loss, without it and with all cells shrunk, each at its own temperature.
    masks : Difference, optional
        True masks less all cells, on scenes with unseen digits.

    Returns
    -------
    str
    """
    yes = _of(judged, verdict.DETECTION, verdict.YES)
    said = [f"**{'It helps on some images' if yes else 'No gain is sure'}.**"]
    if yes:
        said.append(
            f"{{term}}`AUROC` rises {_sizes(yes, 'by ')}, beyond what a {{term}}`temperature` gives (n = {counted([row['difference'].n for row in yes])})."
        )
        digits = [row["where"] for row in yes if "unseen digits" in row["where"]]
        if digits and verdict.verdict(masks) == verdict.NO:
            unclear = {row["where"] for row in _of(judged, verdict.BACKGROUND, verdict.UNCLEAR)}
            nearly = "shrinking all cells gives nearly as much, and " if digits[0] in unclear else ""
            said.append(
                f"The gain on unseen digits is *not shown* to come from background: {nearly}true masks give less than all cells do."
            )
    said.append(
        f"On {'the other' if yes else 'all'} kinds, from scenes to CIFAR-10{_textures(judged)}, no gain is sure."
    )
    if sure and (tests := _of(judged, verdict.CONFIDENCE, *_CLEAR)):
        alone = " ({term}`alone <verdict>`)" if tests[0]["verdict"] == verdict.YES_ALONE else ""
        less = "and less than with all cells short" if sure[0] < sure[2] else "but not less than with all cells short"
        said.append(
            f"Of unknown photographs the network is less sure, each at its own temperature{alone}, {less}: {{doc}}`figures </book/results/study/photographs>`."
        )
    if accuracies:
        said.append(f"Accuracy on known images changes by {number(_apart(accuracies))} points at most.")
    return " ".join(said)


def _apart(accuracies):
    return max(abs(ours - plain) for _, ours, plain in accuracies)


def _textures(judged):
    """Where images of unknown backgrounds were judged, and none gained for sure: a word of them."""
    new = judged[(judged["claim"] == verdict.DETECTION) & judged["where"].str.contains("unknown backgrounds")]
    return ", unknown textures among them" if len(new) and not new["verdict"].isin(_CLEAR).any() else ""


def costs(judged, passed=None, harmed=None):
    """Where it costs, as plainly as where it helps.

    Parameters
    ----------
    judged : DataFrame
    passed : Difference, optional
        The loss less the plain network, by ``fpr95_id_positive`` on photographs of other objects; less is better.
    harmed : Difference, optional
        The same by AUROC on skeletons, mean over their OOD sets; more is better.

    Returns
    -------
    str : empty where it costs nothing that shows.
    """
    said = []
    for row in _of(judged, verdict.DETECTION, verdict.NO, verdict.NO_ALONE):
        alone = " ({term}`alone <verdict>`)" if row["verdict"] == verdict.NO_ALONE else ""
        where = _WORDS.get(row["where"], row["where"])
        said.append(f"On {where} AUROC falls by {number(-row['difference'].mean)} points{alone}.")
    if verdict.verdict(passed, -1) == verdict.NO:
        said.append(
            f"There {number(passed.mean)} points more images pass for known than with the plain network "
            f"({{term}}`fpr95_id_positive`, alone, n = {passed.n})."
        )
    if verdict.verdict(harmed) == verdict.NO:
        said.append(
            "On skeletons, {doc}`another kind of input </book/results/study/relatives>`, the loss did harm in the mean: "
            f"{number(harmed.mean, sign=True)} points of AUROC (alone, n = {harmed.n})."
        )
    return " ".join(["**It can cost.**", *said]) if said else ""


def plainly(judged, gain, most, accuracies=(), passed=None, harmed=None):
    """The verdict in three sentences, at most one number each, for who reads nothing else.

    Parameters
    ----------
    judged : DataFrame
        The family, see :func:`bgood_lib.pages.claims.family`.
    gain : Difference
        What one would print, see :func:`rest`.
    most : bool
        A temperature and weight decay give more than half of it.
    accuracies : sequence of (str, float, float)
        Images, ID accuracy with the loss and without it.
    passed, harmed : Difference, optional
        See :func:`costs`.

    Returns
    -------
    str
    """
    helped, chosen = (_of(judged, claim, verdict.YES) for claim in (verdict.DETECTION, verdict.BACKGROUND))
    said = [helps(judged).split("**")[1], background(judged).split("**")[1], _lead(most)]
    worse = _of(judged, verdict.DETECTION, verdict.NO, verdict.NO_ALONE)
    cost = "costs" if _of(judged, verdict.DETECTION, verdict.NO) else "may cost"
    where = listed([_WORDS.get(row["where"], row["where"]) for row in worse]) if worse else ""
    more = ": more of them pass for known" if verdict.verdict(passed, -1) == verdict.NO else ""
    lost = f", and on {where} it {cost}{more or ' a little'}" if worse else ""
    lost += "; on skeletons it did harm" if verdict.verdict(harmed) == verdict.NO else ""
    first, *others = [_WORDS.get(row["where"], row["where"]) for row in helped] or ["none"]
    if helped:
        less = f", and less on {listed(others)}" if others else ""
        said[0] = (
            f"**{said[0]}** Detection gets clearly better on {first}, by {number(helped[0]['difference'].mean)} points of AUROC{less}. "
            f"On the other kinds, from scenes to CIFAR-10, no gain is sure{lost}."
        )
    else:
        said[0] = f"**{said[0]}** On no kind of images does detection get clearly better."
    premise = _of(judged, verdict.PREMISE, *_CLEAR)
    why = "" if premise else " That it works *because* backgrounds are shared was not seen."
    worth = "Making only background short, instead of everything,"
    if chosen:
        size, where = number(chosen[0]["difference"].mean), _WORDS.get(chosen[0]["where"], chosen[0]["where"])
        said[1] = f"**{said[1]}** {worth} is worth {size} points on {where}, and elsewhere nothing that is sure.{why}"
        if len(chosen) > 1:
            said[1] = said[1].replace("and elsewhere nothing that is sure", "and less elsewhere")
    else:
        said[1] = f"**{said[1]}** {worth} is worth nothing that is sure.{why}"
    much = "more than half" if most else "a part"
    said[2] = (
        f"**{said[2]}** By the everyday score, photographs without an object gain {number(gain.mean)} points over the plain network with less weight decay; a temperature and more weight decay "
        f"give {much} of them."
    )
    if accuracies:
        apart = number(_apart(accuracies))
        said.append(f"(Accuracy on known images changes by {apart} points at most.)")
    return "\n\n".join(said)


def background(judged, rim=None):
    """Whether background is the reason.

    Parameters
    ----------
    judged : DataFrame
    rim : Difference, optional
        The choice less the border, on photographs without an object.

    Returns
    -------
    str
    """
    yes, alone = (_of(judged, verdict.BACKGROUND, word) for word in _CLEAR)
    worse = _of(judged, verdict.BACKGROUND, verdict.NO, verdict.NO_ALONE)
    lead = "Background matters, by little" if yes else "Background may matter, by little" if alone else (
        "That background is the reason is not shown"
    )  # fmt: skip
    said = [f"**{lead}.**"]
    if yes:
        said.append(f"Making only background short, not every cell, is worth {_sizes(yes)}.")
    elif alone:
        said.append(
            f"Making only background short, not every cell, is worth {_sizes(alone)}, each clear only {{term}}`alone <verdict>`."
        )
    if worse:
        alone = "" if _of(judged, verdict.BACKGROUND, verdict.NO) else " ({term}`alone <verdict>`)"
        said.append(f"The change is {_sizes(worse)}{alone}.")
    if rim:
        well = "a little less well" if verdict.verdict(rim) == verdict.YES else "as well"
        said.append(f"The rim of a picture, taken without a look, does {well}.")
    if not _of(judged, verdict.PREMISE, *_CLEAR):
        said.append("That it works *because* backgrounds are shared was not seen.")
    return " ".join(said)


def _most(printed, temperature, fit):
    return temperature.mean + fit.mean > printed.mean / 2 > 0


def _lead(most):
    both = "a temperature and weight decay"
    return (
        f"Most of what one would print is {both}." if most else f"{both.capitalize()} are part of what one would print."
    )


def rest(printed, temperature, fit):
    """What else there is in a gain that one would print, on photographs without an object.

    Parameters
    ----------
    printed : Difference
        By MSP, against the plain network with less weight decay.
    temperature, fit : Difference
        What of it is a temperature's, taken off first, and then weight decay's.

    Returns
    -------
    str
    """
    return (
        f"**{_lead(_most(printed, temperature, fit))}** By the everyday score, {{term}}`MSP <maximum softmax probability, MSP>`, photographs without an object gain {number(printed.mean)} points over "
        f"the plain network with less {{term}}`weight decay` (n = {printed.n}). A temperature, one number and no training, gives {number(temperature.mean)} of them when it is taken off first; "
        "the other steps are in the drawer, in this one order."
    )


def table(judged):
    """The family's figures for each kind of images: Markdown."""
    lines = ["| images | less the plain network | less all cells |", "|---|---|---|"]
    for where, rows in judged[judged["part"] != ""].groupby("where", sort=False):
        cells = {row["claim"]: _cell(row) for _, row in rows.iterrows()}
        both = (cells.get(claim, "–") for claim in (verdict.DETECTION, verdict.BACKGROUND))
        lines.append(f"| {where} | {' | '.join(both)} |")
    return "\n".join(lines)


def _cell(row):
    bare = span(row["difference"]).removeprefix("95% interval ")
    return f"*{row['verdict']}*: {number(row['difference'].mean, sign=True)} ({bare})"


@functools.lru_cache(maxsize=1)
def _gathered(root):
    """All that is said: the three sentences, the paragraphs, the table and further figures as lines."""
    found = views(root)
    judged = claims.judge(claims.tests(found))
    judged = judged[judged["decides"]]
    photos = found["photos"]
    no_object = photos.venue.parts["no object"]

    def accuracy(view, setting):
        return view.runs.loc[view.runs["setting"] == setting, "accuracy"].mean()

    gains = {row["venue"] for row in _of(judged, verdict.DETECTION, verdict.YES)}
    accuracies = [
        (view.venue.title, accuracy(view, view.chosen), accuracy(view, view.plain))
        for name, view in found.items()
        if name in gains
    ]
    names = [f"at_temperature/overconfidence/{name}/mean_confidence" for name in photos.sets]
    sure = photos.runs[names].mean(axis=1) if set(names) <= set(photos.runs) else None
    if sure is not None:
        names = (photos.chosen, photos.plain, photos.control("all"))
        sure = tuple(sure[photos.runs["setting"] == name].mean() for name in names)
    unseen = [kind for kind in controls.kinds(root) if (kind.place, kind.label) == ("scenes", "unseen digits")]
    masks = unseen[0].difference("oracle", "all", "firm") if unseen else None
    rim = photos.difference(photos.chosen, photos.control("border"), photos.firm, no_object)
    plain, every = photos.plain, photos.control("all")
    parts = photos.venue.parts["other objects"]
    passed, beside_all = (
        photos.difference(photos.chosen, against, photos.firm, parts, metric="fpr95_id_positive")
        for against in (plain, every)
    )
    harmed = _skeletons(root)
    usual, printed = taken_apart.usual(photos), taken_apart.printed(photos, no_object)
    taken = {what: found for what, (found, _) in taken_apart.steps(photos, no_object).items()}
    beside_usual = ("", accuracy(photos, photos.chosen), accuracy(photos, usual))
    lines = {
        "Photographs without an object, by MSP, less the plain network with less weight decay": printed,
        **{f"of that, {what}": found for what, found in taken.items()},
        "by MaxLogit, which no temperature moves either, less the plain network": photos.difference(
            photos.chosen, plain, "MaxLogit", no_object
        ),
        "less the rim of every picture": rim,
        f"Photographs of other objects, fpr95_id_positive by {photos.firm}, less the plain network (less is better)": passed,
        "the same, less all cells": beside_all,
        "Skeletons, background loss by least evidence, AUROC by ScaledMSP, less the plain network": harmed,
        "Unseen digits, true masks less all cells": masks,
    }
    for _, row in judged[judged["part"] == ""].iterrows():
        lines[f"{row['where'].capitalize()}: {row['claim']} ({row['measure']})"] = row["difference"]
    said = [
        helps(judged, [*accuracies, beside_usual], sure, masks),
        costs(judged, passed, harmed),
        background(judged, rim),
        rest(printed, *list(taken.values())[:2]),
        _BEFORE,
    ]
    lines = {what: points(found) for what, found in lines.items() if found}
    for name in sorted(gains, key=list(found).index):
        view = found[name]
        ours, plain = (
            mean(view.runs.loc[view.runs["setting"] == name, "accuracy"]) for name in (view.chosen, view.plain)
        )
        lines[f"ID accuracy, {view.venue.title}"] = (
            f"{ours}% with the loss, {plain}% without (± standard deviation over seeds)"
        )
    most = _most(printed, *list(taken.values())[:2])
    short = plainly(judged, printed, most, [*accuracies, beside_usual], passed, harmed)
    return short, [part for part in said if part], table(judged), lines


def _skeletons(root):
    """What the background loss changes on skeletons, AUROC that no temperature moves; None where they were not trained."""
    if not (Path(root) / skeletons.STUDY).is_dir():
        return None
    rows = [row for row in skeletons.ROWS if row.group == "background"]
    return Measured(root, rows).change(rows[0], "ScaledMSP", "ScaledMSP", skeletons.SETS)


def text(root="results"):
    """The verdict as Markdown: short paragraphs, the figures folded, a link to the evidence.

    Parameters
    ----------
    root : path, default="results"
        Folder of the published studies; that on photographs must be there.

    Returns
    -------
    str
    """
    _, said, figures, lines = _gathered(str(root))
    folded = "\n".join(f"- {what}: {figure}" for what, figure in lines.items())
    rule = (
        "AUROC without what a temperature gives, in points. *Yes*: clear when all tests of the book's one family are taken together; "
        "*opposite*: clearly less, not more; *alone*: clear by its own interval only; *unclear*: the interval holds zero. "
        "{term}`Canvas <canvas>`: CIFAR-10's objects, shrunk, on photographs."
    )
    drawer = f":::{{dropdown}} Figures, seeds and intervals\n{rule}\n\n{figures}\n\n{folded}\n:::"
    return "\n\n".join([*said, drawer, _SEE]) + "\n"


def write(path, root="results"):
    """Write :func:`text` into a file.

    Parameters
    ----------
    path : path
    root : path, default="results"

    Returns
    -------
    Path : the file.
    """
    with atomic_write(path) as temporary:
        Path(temporary).write_text(text(root), encoding="utf-8")
    return Path(path)


def write_short(path, root="results"):
    """Write :func:`plainly` into a file, see :func:`write`."""
    with atomic_write(path) as temporary:
        Path(temporary).write_text(_gathered(str(root))[0] + "\n", encoding="utf-8")
    return Path(path)
