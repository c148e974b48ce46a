"""Copy an executed page without what changes from one execution to the next: equal figures, equal bytes.

python book/settle.py EXECUTED PAGE
"""

import re
import sys

import nbformat

VOLATILE = {"papermill", "execution"}  # times and paths
ADDRESS = re.compile(r"(?<=\bat )0x[0-9a-f]{6,}")


def settled(notebook):
    """A notebook without times, paths, versions of Python, random ids and addresses in memory.

    Parameters
    ----------
    notebook : NotebookNode
        Executed by papermill; changed in place.

    Returns
    -------
    NotebookNode
        The same one.
    """
    kept = {key: notebook.metadata[key] for key in ("kernelspec", "language_info") if key in notebook.metadata}
    kept.get("language_info", {}).pop("version", None)
    notebook.metadata = nbformat.from_dict(kept)
    for cell in notebook.cells:
        for key in VOLATILE & set(cell.metadata):
            del cell.metadata[key]
        if "injected-parameters" in cell.metadata.get("tags", ()):
            cell.id = "injected-parameters"
        for output in cell.get("outputs", ()):
            if "text" in output:
                output.text = ADDRESS.sub("0x...", output.text)
            data = output.get("data", {})
            for kind in [kind for kind in data if kind.startswith("text/")]:
                data[kind] = ADDRESS.sub("0x...", data[kind])
    return notebook


if __name__ == "__main__":
    source, target = sys.argv[1:]
    nbformat.write(settled(nbformat.read(source, nbformat.NO_CONVERT)), target)
