"""The end of a year: rows that are put together, and what is kept of all.

Where rows go is found from the numbers of their persons alone. What they hold is written once,
when it is known where everybody comes.
"""

import numpy as np

from sim.twin import cells_kernel as kernel
from sim.twin.cells import Cells
from sim.twin.kinds import (
    FAMILIES,
    LONG_AGO,
    LONGEST,
    ROLES,
    WIDE,
    WIDEST,
    Floats,
    Ints,
    neighbours,
    sums,
)
from sim.twin.numbers import Numbers


class Joining:
    """Rows that join others. Nothing is altered before it happens."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.before = cells.persons()
        self.persons = self.before.copy()  # by row, as it will be
        self.last = np.arange(cells.count)  # where those of each row come

    def grow_old(self, year: int) -> None:
        """Put types whose stay is long by now together with those alike, on 1 January of a year."""
        arrival = self.cells.types["arrival"]
        long = (arrival != LONG_AGO) & (year - 1 - arrival >= LONGEST)
        rows = np.flatnonzero(long[self._types()] & (self.persons > 0))
        if rows.size:
            old, into = np.flatnonzero(long), np.arange(long.size)
            parts = {part: values[old] for part, values in self.cells.types.items()}
            into[old] = self.cells.find({**parts, "arrival": np.full(old.size, LONG_AGO)})
            self._change_types(rows, into)

    def merge(self, light: float, lightest: float, smallest: float, year: int) -> None:
        """Put light rows to those of types in wide bands, and the lightest to the widest.

        Of the smallest families in these the persons join the largest of the same role.
        """
        cells = self.cells
        for bands, least in ((WIDE, light), (WIDEST, lightest)):
            types = self._types()
            rows = np.flatnonzero((self.persons < least) & (self.persons > 0))
            some = np.flatnonzero(np.bincount(types[rows], minlength=cells.group.size))
            into = np.arange(cells.group.size)
            parts = {part: of[some] for part, of in cells.types.items()}
            into[some] = cells.find(neighbours(parts, year, bands))
            self._change_types(rows[into[types[rows]] != types[rows]], into)
        self._join_largest(smallest)

    def happen(self, least: float) -> Floats:
        """Let rows join; give those up in which no more persons are expected.

        Returned: how many each row holds.
        """
        cells = self.cells
        self._move_homes()
        kept = np.flatnonzero(self.persons > least)
        kept = kept[np.argsort(cells.group[cells.row_type[kept]], kind="stable")]  # near in memory
        number = np.full(self.persons.size, -1)
        number[kept] = np.arange(kept.size)
        kernel.gather(number[self.last], cells.mass, cells.spare[: kept.size])
        cells.keep(kept, cells.spare)
        return np.asarray(self.persons[kept])

    def _types(self) -> Ints:
        return self.cells.row_type[: self.cells.count].astype(np.int64)

    def _change_types(self, rows: Ints, into: Ints) -> None:
        """Let rows join those of the same place of other types. into: by type."""
        cells = self.cells
        target = cells.at(into[cells.row_type[rows]] * cells.width + cells.row_place[rows])
        made = cells.count - self.persons.size
        self.persons = np.concatenate([self.persons, np.zeros(made)])
        kernel.join(rows, target, self.persons, self.last)

    def _join_largest(self, least: float) -> None:
        """Let rows with fewer persons join the largest one of the same type, place and role."""
        cells, roles = self.cells, self.cells.levels * ROLES
        group = self._types() * roles + cells.row_place[: cells.count] // FAMILIES
        best = np.empty(cells.group.size * roles, dtype=np.int64)
        kernel.heaviest(group, self.persons, best)
        light = np.flatnonzero((self.persons < least) & (self.persons > 0))
        light = light[best[group[light]] != light]
        kernel.join(light, best[group[light]], self.persons, self.last)

    def _move_homes(self) -> None:
        """Let origins and places go along with persons who come to another group."""
        cells = self.cells
        group = cells.group[cells.row_type[: cells.count]]
        source, target = group[: self.last.size], group[self.last]
        some = np.flatnonzero((source != target) & (self.before > 0))
        pairs = source[some] * np.int64(cells.homes.kind.size) + target[some]
        at, first = Numbers().find(pairs)
        first = some[first]
        cells.homes.move(source[first], target[first], sums(at, self.before[some], first.size))
