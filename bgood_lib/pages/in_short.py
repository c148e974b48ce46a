"""The book's verdict in three sentences, computed from the published tables.

What is said depends on the figures: a lead for *yes* and one for everything else, by the one rule of
:mod:`bgood_lib.pages.verdict`.
"""

from pathlib import Path

from ..utils.files import atomic_write
from . import verdict
from .said import moves, number, span
from .venues import views

_SEE = "{doc}`The evidence, claim by claim </book/results/study/claims>`."


def sentences(root="results"):
    """Where it helps most, what it does elsewhere, and whether background is the reason.

    Parameters
    ----------
    root : path, default="results"
        Folder of the published studies; that on photographs must be there.

    Returns
    -------
    list of str : three paragraphs of Markdown.
    """
    found = views(root)
    return [_most(found["photos"]), _elsewhere(found), _background(found)]


def _most(photos):
    sets = photos.venue.parts["no object"]
    printed = photos.difference(photos.chosen, photos.plain, "MSP", sets)
    temperature = photos.difference(photos.plain, photos.plain, photos.firm, sets, other_score="MSP")
    left = photos.difference(photos.chosen, photos.plain, photos.firm, sets)
    helps = verdict.verdict(left) == verdict.YES
    lead = "It helps where a photograph shows no object" if helps else "No clear gain is left"
    accuracy = [number(photos.runs.loc[photos.runs["setting"] == name, "accuracy"].mean())
                for name in (photos.chosen, photos.plain)]  # fmt: skip
    other = photos.difference(photos.chosen, photos.plain, "MaxLogit", sets)
    also = (
        f" By MaxLogit, which no temperature moves either, it is {number(other.mean, sign=True)} ({_bare(other)})."
        if other
        else ""
    )
    blind = (
        ""
        if photos.folder.endswith("confirm")
        else " Selector and weight were those of a first look, not chosen blind."
    )
    return (
        f"**{lead}.** On photographs of places, surfaces and bare background, AUROC by the everyday score, MSP, "
        f"{moves(printed)}. A mere temperature would give {number(temperature.mean, sign=True)}. Compared so that no "
        f"temperature counts, {number(left.mean, sign=True)} are left ({span(left)}; two ways to set a temperature aside, which need not "
        f"add up). Accuracy on the images it knows: {accuracy[0]}% instead of {accuracy[1]}%.{also}{_faster(photos, sets)}{blind}{_surer(photos)}"
    )


def _faster(photos, sets):
    """What is left against plain networks with another learning rate, where they do better than the plain one."""
    rows = photos.about
    names = [name for name in rows.index if name != photos.plain and rows.loc[name, "plain"]]
    said = []
    for name in [name for name in names if rows.loc[name, "method"] == "cross_entropy"]:
        if photos.difference(name, photos.plain, photos.firm, sets).mean > 0:
            left = photos.difference(photos.chosen, name, photos.firm, sets)
            said.append(
                f" Against a plain network trained at a higher rate {number(left.mean, sign=True)} are left ({_bare(left)})."
            )
    return "".join(said)


def _surer(photos):
    """How sure the networks are of all OOD photographs, each at its own temperature; nothing where that is not clear."""
    names = [f"at_temperature/overconfidence/{name}/mean_confidence" for name in photos.sets]
    if not set(names) <= set(photos.runs):
        return ""
    sure = photos.runs[names].mean(axis=1)
    change = photos.of_runs(photos.chosen, photos.plain, sure)
    if verdict.verdict(change, good=-1) != verdict.YES:
        return ""
    ours, plain = (number(sure[photos.runs["setting"] == name].mean(), 0) for name in (photos.chosen, photos.plain))
    return f" Over all {len(photos.sets)} sets of unknown photographs it is {ours}% sure instead of {plain}%, each network at its own temperature."


# What else is compared: venue, part (None: all OOD sets), words.
_OTHERS = (
    ("scenes", "shared backgrounds", "made scenes with shared backgrounds"),
    ("scenes", "other backgrounds", "made scenes with unknown backgrounds"),
    ("canvas", "shared backgrounds", "CIFAR-10 objects pasted on photographs, with shared backgrounds"),
    ("photos", "other objects", "photographs of other objects"),
    ("cifar10", None, "CIFAR-10"),
    ("tuned", None, "a finished CIFAR-10 network that goes on"),
)


def _elsewhere(found):
    clear, unclear, worse = [], [], []
    for name, part, words in _OTHERS:
        if view := found.get(name):
            change = view.difference(view.chosen, view.plain, view.firm, view.venue.parts.get(part))
            place = {verdict.YES: clear, verdict.NO: worse}.get(verdict.verdict(change), unclear)
            place.append(f"{words} {number(change.mean, sign=True)} ({_bare(change)})")
    lead = "Elsewhere it depends on the images" if clear else "Elsewhere we saw no clear gain"
    said = [
        f"{words}: {'; '.join(entries)}."
        for words, entries in (("Clear", clear), ("Not clear", unclear), ("Clearly worse", worse))
        if entries
    ]
    return (
        f"**{lead}.** Again without what a temperature gives, in points; *clear* means that the interval does not hold "
        f"zero, each taken alone. {' '.join(said)}"
    )


def _bare(difference):
    return span(difference).removeprefix("95% interval ")


def _background(found):
    photos, beats = found["photos"], []
    for name, part, words in (
        ("photos", "no object", "on photographs without an object"),
        ("scenes", "shared backgrounds", "on made scenes with shared backgrounds"),
    ):
        if view := found.get(name):
            control = view.control("all")
            found_here = view.difference(view.chosen, control, view.firm, view.venue.parts[part])
            beats += [(words, found_here)] if found_here else []
    shown = beats and all(verdict.verdict(difference) == verdict.YES for _, difference in beats)
    lead = "Background matters, by little" if shown else "That background is the reason is not clear everywhere"
    figures = " and ".join(f"{number(d.mean, sign=True)} {words} ({_bare(d)})" for words, d in beats)
    text = f"**{lead}.** Making only background short, not every cell, is worth {figures}."
    rim = photos.difference(photos.chosen, photos.control("border"), photos.firm, photos.venue.parts["no object"])
    if rim:
        well = "does less well" if verdict.verdict(rim) == verdict.YES else "does as well"
        text += (
            f" But on photographs the rim of every picture, taken without looking, {well}: the choice less the rim is "
        )
        text += f"{number(rim.mean, sign=True)} ({_bare(rim)})."
    return text


def write(path, root="results"):
    """Write the sentences as Markdown: paragraphs and a link to the evidence.

    Parameters
    ----------
    path : path
    root : path, default="results"

    Returns
    -------
    Path : the file.
    """
    text = "\n\n".join([*sentences(root), _SEE]) + "\n"
    with atomic_write(path) as temporary:
        Path(temporary).write_text(text, encoding="utf-8")
    return Path(path)
