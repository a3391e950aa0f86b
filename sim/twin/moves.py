"""Expected persons who go from rows to rows, as families change."""

from collections.abc import Callable
from typing import Any

import numpy as np

from sim.twin import cells_kernel as kernel
from sim.twin import families_kernel
from sim.twin.cells import Cells
from sim.twin.families_kernel import Flows, Rows
from sim.twin.kinds import REGION, SAME, SIZES, Floats, Ints

MOST = 5  # flows of a row in one pass


class Moves:
    """Expected persons who go from rows to rows, all at once."""

    def __init__(self, cells: Cells, few: float = 0.0, persons: Floats | None = None) -> None:
        """Take a picture of the rows; those of no more than so few persons stay as they are.

        persons: how many each row holds, where that is known.
        """
        self.cells = cells
        self.few = few
        self.persons = persons
        self.alive = np.empty(0)
        self.parts: list[tuple[Ints, Ints, Floats]] = []
        self._rows: Rows | None = None

    @property
    def rows(self) -> Rows:
        """The rows as they are before anybody goes."""
        if self._rows is None:
            cells, n = self.cells, self.cells.count
            parts = [cells.types[name] for name in ("kind", "sex", "birth", "arrival")]
            parts += [cells.group, cells.usual_types()]
            persons = cells.persons() if self.persons is None else self.persons
            found = np.empty((10, n), dtype=np.int32)
            first, least = np.empty(n, dtype=np.int64), np.empty(n)
            families_kernel.look(
                cells.row_type[:n], cells.row_place[:n], np.stack(parts), np.stack([SIZES, SAME]),
                REGION, cells.width, self.few, cells.least, persons, found, first, least,
            )  # fmt: skip
            known = dict(zip(Rows._fields, found, strict=False))
            self._rows = Rows(**known, first=first, least=least, persons=persons)
        return self._rows

    def leave(self, alive: Floats) -> None:
        """Let but a share of each row be left to stay or go; the others are taken off."""
        self.alive = alive
        self._rows = self.rows._replace(persons=self.rows.persons * alive)

    def flow(self, kernel_of: Callable[..., int], *given: Any) -> None:
        """Note the flows that a kernel finds."""
        room = MOST * self.rows.persons.size
        flows = Flows(np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room))
        n = kernel_of(self.rows, *given, flows)
        self.parts.append((flows.source[:n], self.cells.at(flows.key[:n]), flows.share[:n]))

    def add(self, source: Ints, target: Ints, share: Floats) -> None:
        """Note which share of what a row holds goes to another; shares of a row add up."""
        some = np.flatnonzero(share > 0)
        self.parts.append((source[some], target[some], share[some]))

    def happen(self) -> None:
        """Let them go."""
        none = np.empty(0, dtype=np.int64)
        parts = [*self.parts, (none, none, np.empty(0))]
        source, target, share = (np.concatenate(part) for part in zip(*parts, strict=True))
        cells, alive = self.cells, np.ones(self.cells.count)
        alive[: self.alive.size] = self.alive
        kernel.shift_mass(source, target, share, alive, cells.mass[: cells.count], cells.spare)
