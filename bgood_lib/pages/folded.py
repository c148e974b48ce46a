"""Evidence that a reader unfolds: tables behind one line."""

import html

from IPython.display import HTML


def table_html(table, corner=""):
    """A table as HTML, with the name of its rows in the corner, where an empty header would stand.

    A column ``n`` that says the same in every row becomes one line below the table.

    Parameters
    ----------
    table : DataFrame
    corner : str
        What a row is, for example ``training``.
    """
    note = ""
    if "n" in table and table["n"].nunique() == 1:
        note, table = f"<p>n = {table['n'].iloc[0]} in every row.</p>", table.drop(columns="n")
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
