"""Things to touch: the same explorers on the book's pages and, live, in a notebook.

A module here is one explorer. ``describe`` makes its description, controls and data, from runs or results; a page of the
book reads it as ``results/touch/NAME.json`` and draws it by ``book/touch/NAME.js``, and :func:`.base.explore` draws it by the
module's ``draw``, for the reader's own runs. :mod:`.export` writes the descriptions of the book.
"""

from .base import explore as explore
