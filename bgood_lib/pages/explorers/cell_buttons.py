"""A square of buttons, one a cell, as one widget with one value."""

import ipywidgets
import traitlets


class CellButtons(ipywidgets.VBox):
    """Cells of a map to take or leave; ``value`` has a sign a cell, row by row: 1 where it is taken, otherwise 0.

    Parameters
    ----------
    control : dict
        A described :class:`~bgood_lib.pages.explorers.base.Cells`.
    """

    value = traitlets.Unicode()

    def __init__(self, control):
        side, size = control["side"], ipywidgets.Layout(width="1.9em", height="1.9em", padding="0")
        self.cells = [
            ipywidgets.ToggleButton(sign == "1", tooltip=f"row {i // side + 1}, column {i % side + 1}", layout=size)
            for i, sign in enumerate(control["default"])
        ]
        grid = ipywidgets.GridBox(self.cells, layout=ipywidgets.Layout(grid_template_columns=f"repeat({side}, 2.3em)"))
        super().__init__([ipywidgets.Label(control["label"]), grid])
        self.value, self.showing = control["default"], False
        for cell in self.cells:
            cell.observe(self._read, "value")
        self.observe(self._show, "value")

    def _read(self, _):
        if not self.showing:
            self.value = "".join("01"[cell.value] for cell in self.cells)

    def _show(self, change):
        self.showing = True  # one change, not one a cell
        for cell, sign in zip(self.cells, change["new"]):
            cell.value = sign == "1"
        self.showing = False
