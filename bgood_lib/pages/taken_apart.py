"""The gain of an ordinary comparison, taken apart: what of it is a temperature's, weight decay's, that of shrinking, and the idea's own."""


def usual(view):
    """The plain training of a study that has less weight decay than the others: its setting.

    Parameters
    ----------
    view : View
        Of a study that has a second plain training beside ``view.plain``.

    Returns
    -------
    str
    """
    return next(name for name in view.about.index if view.about.loc[name, "plain"] and name != view.plain)


def printed(view, sets):
    """The gain of an ordinary comparison: by MSP, against the plain training with less weight decay: Difference."""
    return view.difference(view.chosen, usual(view), "MSP", sets)


def steps(view, sets):
    """From the plain training with less weight decay, by MSP, to the background loss at equal spread, each step by itself.

    Parameters
    ----------
    view : View
    sets : list of str
        OOD sets, whose mean counts.

    Returns
    -------
    dict of str to (Difference, str) : by what was done; the text is a name of :func:`bgood_lib.pages.plots.colour`.
    """
    before, every = usual(view), view.control("all")
    return {
        "a temperature": (view.difference(before, before, view.firm, sets, other_score="MSP"), "temperature"),
        "then more weight decay": (view.difference(view.plain, before, view.firm, sets), "cross_entropy"),
        "then all cells shrunk": (view.difference(every, view.plain, view.firm, sets), "all"),
        "then background chosen": (view.difference(view.chosen, every, view.firm, sets), "background"),
    }
