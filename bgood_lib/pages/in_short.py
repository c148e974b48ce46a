"""The book's verdict, computed from the published tables: in three sentences, and in a few short paragraphs.

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
    "finished CIFAR-10 networks (other objects)": "other objects by finished CIFAR-10 networks",
    "finished CIFAR-10 networks (digits, letters, clothes, textures, places)": "all else by finished CIFAR-10 networks",
}
_CLEAR = (verdict.YES, verdict.YES_ALONE)
_SPREAD = " (± standard deviation over seeds, n = {})"
_BY_BASELINE = (
    "Photographs without an object, one training, several gains: AUROC of the background loss *less* that of a row's training, by three scores "
    "(95% intervals, n = {}). No temperature moves the last two."
)


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


def helps(judged, masks=None):
    """On which images it helps.

    Parameters
    ----------
    judged : DataFrame
        The family, see :func:`bgood_lib.pages.claims.family`.
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
    alone = _of(judged, verdict.DETECTION, verdict.YES_ALONE)
    but = (
        f"; {_COUNT.get(len(alone), len(alone))} clear {{term}}`alone <verdict>`, by {'its' if len(alone) == 1 else 'their'} own interval"
        if alone
        else ""
    )
    said.append(
        f"On {'the other' if yes else 'all'} kinds, from scenes to CIFAR-10, no gain is *sure*, clear when all {len(judged)} tests of this book are taken together{but}. "
        f"{_unknown(judged)}"
    )
    return " ".join(said).strip()


_COUNT = {1: "one is", 2: "two are", 3: "three are", 4: "four are"}


def _unknown(judged):
    """Where images of unknown backgrounds were judged, and none gained for sure: a sentence of them."""
    new = judged[(judged["claim"] == verdict.DETECTION) & judged["where"].str.contains("unknown backgrounds")]
    if new.empty or new["verdict"].isin(_CLEAR).any():
        return ""
    return (
        f"On unknown backgrounds ({listed([where.partition(' (')[0] for where in new['where']])}) none is clear at all."
    )


def confidence(judged, sure=None, temperatures=None):
    """Whether it is less sure of unknown photographs, and what a fitted temperature is.

    Parameters
    ----------
    judged : DataFrame
    sure : (Difference, Difference), optional
        Mean confidence on OOD photographs, each network at its own temperature: the loss less the plain network, and less all cells.
    temperatures : (list, list, list) of float, optional
        Those that were fitted: with the loss, without it, and without it and with less weight decay.

    Returns
    -------
    str : empty where nothing is clear.
    """
    tests = [row for row in _of(judged, verdict.CONFIDENCE, *_CLEAR) if row["where"] == "photographs"]
    if not (tests and sure):
        return ""
    alone = ", {term}`alone <verdict>`" * (tests[0]["verdict"] == verdict.YES_ALONE)
    besides = {
        verdict.YES: ", and lower than that of a network with all cells short, too",
        verdict.NO: ", but higher than that of a network with all cells short",
    }.get(verdict.verdict(sure[1], -1), "; beside a network with all cells short it is unclear")
    said = [
        f"**It is less sure of unknown photographs.** Its confidence in them is {number(-sure[0].mean)} points lower than the plain network's (n = {sure[0].n}{alone}){besides}. "
        "Each network has its own {term}`temperature`, fitted so that its confidence in known images is right on average: {doc}`figures </book/results/study/photographs>`."
    ]
    ours, plain, usual = (values and sum(values) / len(values) for values in temperatures or ([], [], []))
    if ours and max(*temperatures[0], *temperatures[1]) < 1:
        low, high = (end(*temperatures[0], *temperatures[1]) for end in (min, max))
        said.append(
            f"Here these are {low:.1f} to {high:.1f}. *Below one* means: the network was less sure of known images than it is right, and is made surer."
        )
        if ours < plain < usual:
            said.append(
                f"Weight decay does this (with less of it, the plain network's is {usual:.1f}), and the loss does more of it."
            )
    return " ".join(said)


def accuracy(accuracies, others=()):
    """What becomes of the accuracy on known images.

    Parameters
    ----------
    accuracies : sequence of (str, float, float)
        Images, ID accuracy with the loss and without it, means over seeds. Images without a name are a further baseline.
    others : sequence of (str, Difference)
        Images that are told apart, and the change on them.

    Returns
    -------
    str : empty where nothing was measured.
    """
    if not accuracies:
        return ""
    most = number(max(abs(ours - plain) for _, ours, plain in accuracies))
    said = f"On {listed([name for name, *_ in accuracies if name])}, accuracy on known images changes by {most} points at most, in the mean over seeds"
    for name, change in others:
        moved = "falls" if change.mean < 0 else "rises"
        unclear = ", *unclear*" * (verdict.verdict(change) == verdict.UNCLEAR)
        said += f"; on {name} it {moved} by {number(abs(change.mean))} (n = {change.n}{unclear})"
    return f"{said}."


def costs(judged, passed=None, harmed=None, flagged=None):
    """Where it costs, as plainly as where it helps.

    Parameters
    ----------
    judged : DataFrame
    passed : Difference, optional
        The loss less the plain network, by ``fpr95_id_positive`` on photographs of other objects; less is better.
    harmed : Difference, optional
        The same by AUROC on skeletons, mean over their OOD sets; more is better.
    flagged : Difference, optional
        As ``passed``, by ``fpr95_ood_positive``.

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
            f"There {number(passed.mean)} points more of the unknown images pass for known than with the plain network "
            f"({{term}}`fpr95_id_positive`, alone, n = {passed.n})."
        )
        if verdict.verdict(flagged, -1) == verdict.YES:
            said.append(
                f"The other FPR95 gets *better*: {number(-flagged.mean)} points fewer of the known images are flagged "
                f"({{term}}`fpr95_ood_positive`, alone, n = {flagged.n})."
            )
    if verdict.verdict(harmed) == verdict.NO:
        said.append(
            "On skeletons, {doc}`another kind of input </book/results/study/relatives>`, the loss did harm in the mean: "
            f"{number(harmed.mean, sign=True)} points of AUROC (alone, n = {harmed.n})."
        )
    return " ".join(["**It can cost.**", *said]) if said else ""


def plainly(judged, gain, most, accuracies=(), others=(), passed=None, harmed=None, flagged=None):
    """The verdict in three sentences, at most one number each, for who reads nothing else.

    Parameters
    ----------
    judged : DataFrame
        The family, see :func:`bgood_lib.pages.claims.family`.
    gain : Difference
        That of an ordinary comparison, see :func:`rest`.
    most : bool
        A temperature and weight decay give more than half of it.
    accuracies, others : sequence
        See :func:`accuracy`.
    passed, harmed, flagged : Difference, optional
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
    more += ", though fewer known ones are flagged" if more and verdict.verdict(flagged, -1) == verdict.YES else ""
    lost = f", and on {where} it {cost}{more or ' a little'}" if worse else ""
    lost += "; on skeletons it did harm" if verdict.verdict(harmed) == verdict.NO else ""
    first, *further = [_WORDS.get(row["where"], row["where"]) for row in helped] or ["none"]
    if helped:
        less = f", and less on {listed(further)}" if further else ""
        said[0] = (
            f"**{said[0]}** Beyond what a temperature gives, detection gets clearly better on {first}, by {number(helped[0]['difference'].mean)} points of AUROC{less}. "
            f"On the other kinds, from scenes to CIFAR-10, no gain is *sure*, clear when all tests are taken together{lost}."
        )
    else:
        said[0] = f"**{said[0]}** On no kind of images does detection get clearly better."
    premise = _of(judged, verdict.PREMISE, *_CLEAR)
    why = "" if premise else " That it works *because* backgrounds are shared was not seen."
    worth = "Making only background short, not everything,"
    if chosen:
        first, *less = [_WORDS.get(row["where"], row["where"]) for row in chosen]
        less = f", and less on {listed(less)}" if less else ""
        size = number(chosen[0]["difference"].mean)
        plain = judged[(judged["claim"] == verdict.DETECTION) & (judged["where"] == chosen[0]["where"])]["difference"]
        if (
            len(plain) and plain.iloc[0].mean < chosen[0]["difference"].mean - 0.005
        ):  # all cells lie below the plain network
            first += ", where making all short costs"
        said[1] = f"**{said[1]}** {worth} is worth {size} points on {first}{less}, elsewhere nothing that is sure.{why}"
    else:
        said[1] = f"**{said[1]}** {worth} is worth nothing that is sure.{why}"
    much = "more than half" if most else "a part"
    said[2] = (
        f"**{said[2]}** By the everyday score, photographs without an object gain {number(gain.mean)} points of AUROC over a plain network with less weight decay; a temperature and more weight decay "
        f"give {much} of them."
    )
    if accuracies:
        said.append(f"({accuracy(accuracies, others)})")
    return "\n\n".join(said)


def background(judged, rim=None, taken=None):
    """Whether background is the reason.

    Parameters
    ----------
    judged : DataFrame
    rim : Difference, optional
        The choice less the border, on photographs without an object.
    taken : (str, float), optional
        Images, and the share of all cells that the rule takes for background there.

    Returns
    -------
    str
    """
    yes, alone = (_of(judged, verdict.BACKGROUND, word) for word in _CLEAR)
    worse = _of(judged, verdict.BACKGROUND, verdict.NO, verdict.NO_ALONE)
    large = any(row["difference"].mean >= 0.01 for row in yes)
    lead = "Which cells are made short matters" if large else "Background matters, by little" if yes else "Background may matter, by little" if alone else (
        "That background is the reason is not shown"
    )  # fmt: skip
    said = [f"**{lead}.**"]
    if yes:
        said.append(f"Making only background short, not every cell, is worth {_sizes(yes)}.")
        if any("CIFAR-10" in row["where"] for row in yes):
            said.append("CIFAR-10 has no masks: what the rule takes there may be what is hard.")
    elif alone:
        said.append(
            f"Making only background short, not every cell, is worth {_sizes(alone)}, each clear only {{term}}`alone <verdict>`."
        )
    if worse:
        alone = "" if _of(judged, verdict.BACKGROUND, verdict.NO) else " ({term}`alone <verdict>`)"
        said.append(f"The change is {_sizes(worse)}{alone}.")
    if taken and taken[1] > 0.9:
        said.append(
            f"On {taken[0]} the rule takes {100 * taken[1]:.0f}% of *all* cells for background: there the two are nearly one training, and a small difference says little about the reason."
        )
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
        f"Most of the gain in an ordinary comparison is {both}."
        if most
        else f"{both.capitalize()} are part of the gain in an ordinary comparison."
    )


def rest(printed, temperature, fit):
    """What else there is in the gain of an ordinary comparison, on photographs without an object.

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
        "the other steps, and the gain by baseline and score, are in the drawer."
    )


def table(judged):
    """The family's figures for each kind of images: Markdown."""
    lines = ["| images | less the plain network | less all cells |", "|---|---|---|"]
    for where, rows in judged[judged["part"] != ""].groupby("where", sort=False):
        cells = {row["claim"]: _cell(row) for _, row in rows.iterrows()}
        both = (cells.get(claim, "–") for claim in (verdict.DETECTION, verdict.BACKGROUND))
        lines.append(f"| {where} | {' | '.join(both)} |")
    return "\n".join(lines)


def by_baseline(view, sets, usual):
    """One gain, by what it is compared with and by which score: Markdown.

    Parameters
    ----------
    view : View
    sets : sequence of str
        OOD sets, whose mean counts.
    usual : str
        The plain training with less weight decay.

    Returns
    -------
    str
    """
    scores = {"MSP": "MSP", view.firm: "MSP at equal spread", "MaxLogit": "MaxLogit"}
    baselines = {"plain, less weight decay": usual, "plain": view.plain, "all cells": view.control("all")}
    lines = [f"| less | {' | '.join(scores.values())} |", "|---|" + "---|" * len(scores)]
    for words, baseline in baselines.items():
        found = [view.difference(view.chosen, baseline, score, sets) for score in scores]
        cells = [f"{number(one.mean, sign=True)} ({number(one.low)} to {number(one.high)})" for one in found]
        lines.append(f"| {words} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(row):
    bare = span(row["difference"]).removeprefix("95% interval ")
    return f"*{row['verdict']}*: {number(row['difference'].mean, sign=True)} ({bare})"


@functools.lru_cache(maxsize=1)
def _gathered(root):
    """All that is said: the three sentences, the paragraphs, the tables and further figures as lines."""
    found = views(root)
    judged = claims.judge(claims.tests(found))
    judged = judged[judged["decides"]]
    photos = found["photos"]
    no_object, objects = photos.venue.parts["no object"], photos.venue.parts["other objects"]
    plain, every, usual = photos.plain, photos.control("all"), taken_apart.usual(photos)

    def of(view, setting, column):
        return view.runs.loc[view.runs["setting"] == setting, column]

    accuracies = [
        (view.venue.title, *(of(view, setting, "accuracy").mean() for setting in (view.chosen, view.plain)))
        for view in found.values()
    ]
    accuracies.append(("", *(of(photos, setting, "accuracy").mean() for setting in (photos.chosen, usual))))
    names = [f"at_temperature/overconfidence/{name}/mean_confidence" for name in photos.sets]
    sure = fitted = None
    if set(names) <= set(photos.runs):
        by_run = photos.runs[names].mean(axis=1)
        sure = [photos.of_runs(photos.chosen, other, by_run) for other in (plain, every)]
        fitted = {
            words: of(photos, setting, "at_temperature/temperature")
            for words, setting in (
                ("with the loss", photos.chosen), ("plain", plain), ("plain, less weight decay", usual),
            )
        }  # fmt: skip
    unseen = [kind for kind in controls.kinds(root) if (kind.place, kind.label) == ("scenes", "unseen digits")]
    masks = unseen[0].difference("oracle", "all", "firm") if unseen else None
    rim = photos.difference(photos.chosen, photos.control("border"), photos.firm, no_object)
    passed, beside_all, flagged = (
        photos.difference(photos.chosen, against, photos.firm, objects, metric=metric)
        for against, metric in (
            (plain, "fpr95_id_positive"), (every, "fpr95_id_positive"), (plain, "fpr95_ood_positive"),
        )
    )  # fmt: skip
    harmed, less_right = _skeletons(root)
    others = [("skeletons", less_right)] if less_right else []
    printed = taken_apart.printed(photos, no_object)
    steps = {what: found for what, (found, _) in taken_apart.steps(photos, no_object).items()}
    taken = {view.venue.title: shares for view in found.values() if (shares := claims.taken(view)) is not None}
    here = next(((name, shares["chosen"].mean()) for name, shares in taken.items() if name == "scenes"), None)
    lines = {
        "Photographs without an object, by MSP, less the plain network with less weight decay": printed,
        **{f"of that, {what}": found for what, found in steps.items()},
        "less the rim of every picture": rim,
        f"Photographs of other objects, fpr95_id_positive by {photos.firm}, less the plain network (less is better)": passed,
        "the same, less all cells": beside_all,
        f"Photographs of other objects, fpr95_ood_positive by {photos.firm}, less the plain network (less is better)": flagged,
        "Skeletons, background loss by least evidence, AUROC by ScaledMSP, less the plain network": harmed,
        "Skeletons, ID accuracy, less the plain network": less_right,
        "Unseen digits, true masks less all cells": masks,
    }
    for _, row in judged[judged["part"] == ""].iterrows():
        lines[f"{row['where'][0].upper()}{row['where'][1:]}: {row['claim']} ({row['measure']})"] = row["difference"]
    lines = {what: points(found) for what, found in lines.items() if found}
    for view in found.values():
        ours, without = (mean(of(view, setting, "accuracy")) for setting in (view.chosen, view.plain))
        n = of(view, view.chosen, "accuracy").count()
        lines[f"ID accuracy, {view.venue.title}"] = f"{ours}% with the loss, {without}% without{_SPREAD.format(n)}"
    for name, shares in taken.items():
        lines[f"Cells that the rule takes for background, {name}"] = (
            f"{mean(shares['chosen'])}%; truly background are {number(shares['chance'].mean())}%{_SPREAD.format(len(shares))}"
        )
    if fitted:
        each = (f"{words} {values.mean():.2f} ± {values.std(ddof=1):.2f}" for words, values in fitted.items())
        lines["Fitted temperatures, photographs"] = f"{'; '.join(each)}{_SPREAD.format(len(fitted['plain']))}"
    said = [
        helps(judged, masks),
        confidence(judged, sure, fitted and [values.tolist() for values in fitted.values()]),
        accuracy(accuracies, others),
        costs(judged, passed, harmed, flagged),
        background(judged, rim, here),
        rest(printed, *list(steps.values())[:2]),
        _BEFORE,
    ]
    most = _most(printed, *list(steps.values())[:2])
    short = plainly(judged, printed, most, accuracies, others, passed, harmed, flagged)
    tables = f"{table(judged)}\n\n{_BY_BASELINE.format(printed.n)}\n\n{by_baseline(photos, no_object, usual)}"
    return short, [part for part in said if part], tables, lines


def _skeletons(root):
    """What the background loss changes on skeletons: AUROC that no temperature moves, and ID accuracy; None where they were not trained."""
    if not (Path(root) / skeletons.STUDY).is_dir():
        return None, None
    rows = [row for row in skeletons.ROWS if row.group == "background"]
    measured = Measured(root, rows)
    return measured.change(rows[0], "ScaledMSP", "ScaledMSP", skeletons.SETS), measured.changed(rows[0], "accuracy")


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
