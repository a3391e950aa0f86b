"""Cells: how many adults of each kind are expected, by all that the yearly choice reads.

A *row* is a type (see `kinds`) at a level of centrality, in a role in a family of a size; it
holds expected persons by status and education, 30 numbers. Rows are made when somebody gets
there. Origins and places of the persons of a type are kept by groups of types (see `homes`).
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.twin import cells_kernel as kernel
from sim.twin.homes import LITTLE, Homes
from sim.twin.kinds import (
    FAMILIES,
    KINDS,
    NEAR,
    PARTS,
    ROLES,
    SAME,
    SIZES,
    Floats,
    Ints,
    key_of,
    lines,
    neighbours,
    sums,
)
from sim.twin.numbers import Numbers

# What is known of rows, in the order in which the kernel writes it: parts of the type first.
COLUMNS = (*PARTS, "type", "level", "role", "family", "size", "same", "own")

ROOM = 4  # times as many rows as there are to begin with have room; a year makes new ones


class Cells:
    """Expected adults by type, level, role, family, status and education.

    levels: the number of places (`PLACES`) if rows are of one place each, else 1.
    """

    def __init__(self, levels: int) -> None:
        self.levels = levels
        self.width = levels * ROLES * FAMILIES  # places that rows of a type may have
        self.types: dict[str, Ints] = {part: np.empty(0, dtype=np.int64) for part in PARTS}
        self.group = np.empty(0, dtype=np.int64)  # of each type, in homes
        self.homes = Homes()
        self.row_type = np.empty(0, dtype=np.int32)
        self.row_place = np.empty(0, dtype=np.int16)  # level, role and class of family
        self.mass: Floats = lines(0)
        self.spare: Floats = lines(0)  # of the same size; what it holds is of no account
        self.usual = np.empty(0, dtype=np.int64)  # the type that newcomers to a row come to
        self.level_shares = np.full((KINDS, levels), 1 / levels)  # of the residents of each kind
        self.least = 0.0  # flows of fewer persons between rows are left out
        self._types, self._rows = Numbers(), Numbers()
        self._columns: Ints = np.empty((len(COLUMNS), 0), dtype=np.int64)
        self._seen = 0  # rows of which the columns are known

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self._rows.count

    # Types

    def find(self, parts: Mapping[str, Ints]) -> Ints:
        """Return the type of each of these persons; new ones are added."""
        found, new = self._types.find(key_of(parts))
        if new.size:
            more = {part: parts[part][new] for part in PARTS}
            self.types = {p: np.concatenate([self.types[p], more[p]]) for p in PARTS}
            self.group = np.concatenate([self.group, self.homes.groups(more)])
        return found

    def note_usual(self, year: int, persons: Floats) -> None:
        """Find the usual type of the neighbours of each type; homes hold whom rows hold.

        persons: how many each row holds.
        """
        group = self.group
        self.usual = self.usual_of(self.find(neighbours(self.types, year, NEAR)))
        self.homes.hold(self.by_group(persons))
        self.homes.move(group, self.group[self.usual[: group.size]], np.full(group.size, LITTLE))

    def by_group(self, persons: Floats) -> Floats:
        """Return persons by group, given by row."""
        group = self.group[self.row_type[: self.count]]
        return sums(group, persons, self.homes.kind.size)

    def usual_of(self, into: Ints) -> Ints:
        """Return these types of the first types, and of those added since themselves."""
        return np.concatenate([into, np.arange(into.size, self.group.size)])

    def usual_types(self) -> Ints:
        """Return the usual type of every type: of those added this year themselves."""
        if self.usual.size < self.group.size:
            self.usual = self.usual_of(self.usual)
        return self.usual

    # Rows

    def columns(self) -> Ints:
        """Return what is known of every row, a line for each of `COLUMNS`."""
        if self._seen < self.count:
            new = slice(self._seen, self.count)
            parts = np.stack([self.types[part] for part in PARTS])
            kernel.describe(self.row_type[new], self.row_place[new], parts,
                            np.stack([SIZES, SAME]), self._columns[:, new])  # fmt: skip
            self._seen = self.count
        return self._columns[:, : self.count]

    def column(self, name: str) -> Ints:
        """Return what is known of every row by this name: one of `COLUMNS`."""
        return np.asarray(self.columns()[COLUMNS.index(name)])

    def persons(self, rows: Ints | None = None) -> Floats:
        """Return how many persons these rows hold, or all."""
        mass = self.mass[: self.count] if rows is None else self.mass[rows]
        found = np.empty(len(mass))
        kernel.persons_of(mass, found)
        return found

    def near(self, types: Ints, level: Any, role: Any, family: Any) -> Ints:
        """Return rows as `rows` does, of the usual types of the neighbours of these types."""
        return self.rows(self.usual_types()[types], level, role, family)

    def rows(self, types: Any, level: Any, role: Any, family: Any) -> Ints:
        """Return the row of each of these; new ones are made, empty."""
        place = (np.asarray(level) * ROLES + role) * FAMILIES + family
        return self.at(np.asarray(types, dtype=np.int64) * self.width + place)

    def at(self, keys: Ints) -> Ints:
        """Return the row of each type times the width plus place; new ones are made, empty."""
        before = self.count
        found, new = self._rows.find(keys.ravel())
        if new.size:
            self._room(self.count)
            made = slice(before, self.count)
            kernel.open_rows(self._rows.keys[before:], self.width, self.row_type[made],
                             self.row_place[made], self.mass[made])  # fmt: skip
        return found.reshape(keys.shape)

    def _room(self, rows: int) -> None:
        """Make room for rows, and for as many again; what nobody writes to takes no memory."""
        if rows <= self.row_type.size:
            return
        n, size = min(rows, self.row_type.size), ROOM * rows + 1000
        for name in ("row_type", "row_place", "mass"):
            old = getattr(self, name)
            longer = lines(size) if name == "mass" else np.empty(size, dtype=old.dtype)
            longer[:n] = old[:n]
            setattr(self, name, longer)
        self.spare = lines(size)
        columns, self._columns = self._columns, np.empty((len(COLUMNS), size), dtype=np.int64)
        self._columns[:, : self._seen] = columns[:, : self._seen]

    def add(self, rows: Ints, states: Ints, persons: Floats) -> None:
        """Add expected persons to rows, each in a state."""
        kernel.count_in(rows, states, persons, self.mass)

    # The end of a year

    def keep(self, kept: Ints, mass: Floats) -> None:
        """Keep these rows alone, which hold so much; of types and groups those that have rows."""
        n = kept.size
        self.row_place[:n] = self.row_place[kept]
        of, self.row_type[:n] = _in_use(self.row_type[kept], self.group.size)
        self.mass, self.spare = mass, self.mass
        self.types = {part: values[of] for part, values in self.types.items()}
        groups, self.group = _in_use(self.group[of], self.homes.kind.size)
        self.homes.keep(groups)
        self._types = Numbers(self._types.keys[of], self._types.bits)
        rows = self.row_type[:n].astype(np.int64) * self.width + self.row_place[:n]
        self._rows = Numbers(rows, self._rows.bits)  # there will be as many as there have been
        self.usual = self.usual[:0]
        self._seen = 0


def _in_use(number: NDArray[Any], size: int) -> tuple[Ints, Ints]:
    """Return which of so many numbers are in use, in order, and the new number of each line."""
    used = np.zeros(size, dtype=np.bool_)
    used[number] = True
    return np.flatnonzero(used), (np.cumsum(used) - 1)[number]


class View:
    """The rows of cells with what is known of each, as columns; a picture of the moment."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        known = dict(zip(COLUMNS, cells.columns(), strict=True))
        self.type, self.level = known["type"], known["level"]
        self.family, self.role = known["family"], known["role"]
        self.size, self.same = known["size"], known["same"]
        self.kind, self.sex = known["kind"], known["sex"]
        self.birth, self.arrival = known["birth"], known["arrival"]
        self.background = known["background"]
        self.own = known["own"]  # counted among the immigrants

    @cached_property
    def persons(self) -> Floats:
        """How many persons each row holds, when this is first asked for."""
        return self.cells.persons()[: self.type.size]
