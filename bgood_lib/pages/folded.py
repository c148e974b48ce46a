"""Evidence that a reader unfolds: tables behind one line."""

import html
import re

from IPython.display import HTML

# As :func:`.said.points` says a difference: its mean, its interval, and n with whatever follows.
POINTS = re.compile(r"([+−]?[\d.]+) points \((?:95% interval ([^,]+), )?n = ([^)]+)\)")


def _shorter(table):
    """The table with its differences said more shortly, so that columns of them fit a phone; and a note on what was left out."""
    found = [POINTS.fullmatch(str(cell)) for cell in table.to_numpy().ravel()]
    found = [match for match in found if match and match[2]]
    if not found:
        return table, ""
    seeds = {match[3] for match in found}

    def cell(text):
        match = POINTS.fullmatch(str(text))
        if not match:
            return text
        n = f"n\u00a0=\u00a0{match[3]}"
        if not match[2]:
            return f"{match[1]} ({n})"
        return f"{match[1]} ({match[2]})" + f", {n}" * (len(seeds) > 1)

    n = f", n = {found[0][3]} everywhere" * (len(seeds) == 1)
    return table.map(cell), f"<p>Points; in brackets the 95% interval{n}.</p>"


def table_html(table, corner=""):
    """A table as HTML, with the name of its rows in the corner, where an empty header would stand.

    A column ``n`` that says the same in every row becomes one line below the table; so do the words of differences
    with intervals (:func:`.said.points`), of which the numbers stay.

    Parameters
    ----------
    table : DataFrame
    corner : str
        What a row is, for example ``training``.
    """
    table, note = _shorter(table)
    if "n" in table and table["n"].nunique() == 1:
        note += f"<p>n = {table['n'].iloc[0]} in every row.</p>"
        table = table.drop(columns="n")
    if table.index.nlevels == 1:
        text = table.rename_axis(index=None, columns=corner or "row").to_html(escape=False, justify="left")
    else:
        named = table.rename_axis([name or corner for name in table.index.names])
        text = named.reset_index().to_html(escape=False, justify="left", index=False)
    return text + note


def folded(title, *parts, corner=""):
    """Tables and sentences behind a line that opens them.

    Parameters
    ----------
    title : str
        What is inside.
    *parts : DataFrame or str
        In their order; a str is a paragraph.
    corner : str
        What a row of the tables is.

    Returns
    -------
    IPython.display.HTML
    """
    inside = [f"<p>{html.escape(part)}</p>" if isinstance(part, str) else table_html(part, corner) for part in parts]
    title = html.escape(title[:1].upper() + title[1:])
    return HTML(f"<details><summary>{title}</summary>{''.join(inside)}</details>")


def shown(table, corner=""):
    """A table that is not folded, see :func:`table_html`."""
    return HTML(table_html(table, corner))
