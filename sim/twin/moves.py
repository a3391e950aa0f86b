"""Expected persons who go from rows to rows, as families change."""

from typing import Any

import numpy as np

from sim.twin import cells_kernel as kernel
from sim.twin.cells import Cells, Floats, Ints, View


class Moves:
    """Expected persons who go from rows to rows, all at once."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.parts: list[tuple[Ints, Ints, Floats]] = []

    def add(self, source: Ints, target: Ints, share: Floats) -> None:
        """Note which share of what a row holds goes to another; shares of a row add up."""
        some = np.flatnonzero(share > 0)
        self.parts.append((source[some], target[some], share[some]))

    def go(self, view: View, source: Ints, role: Any, family: Ints, share: Floats) -> None:
        """Note which share of rows goes to another role and family, among its neighbours."""
        some = np.flatnonzero(share * view.persons[source] > self.cells.least)
        rows, role = source[some], np.broadcast_to(role, source.shape)[some]
        target = self.cells.near(view.type[rows], view.level[rows], role, family[some])
        self.parts.append((rows, target, share[some]))

    def happen(self) -> None:
        """Let them go."""
        if self.parts:
            source, target, share = (np.concatenate(part) for part in zip(*self.parts, strict=True))
            kernel.shift_mass(source, target, share, self.cells.mass, self.cells.gained)
