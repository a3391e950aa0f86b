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
    IMMIGRANT,
    KINDS,
    LONG_AGO,
    LONGEST,
    NEAR,
    OF_FAMILIES,
    PARTS,
    ROLES,
    STATES,
    WIDE,
    WIDEST,
    Floats,
    Ints,
    key_of,
    neighbours,
    sums,
)
from sim.twin.numbers import Numbers


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
        self.mass: Floats = np.empty((0, STATES))
        self.gained: Floats = np.empty((0, STATES))  # all zero between two moves
        self.usual = np.empty(0, dtype=np.int64)  # the type that newcomers to a row come to
        self.level_shares = np.full((KINDS, levels), 1 / levels)  # of the residents of each kind
        self.least = 0.0  # flows of fewer persons between rows are left out
        self._types, self._rows = Numbers(), Numbers()
        self._columns: dict[str, Ints] = {}  # what is known of rows; these are only added to

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

    def note_usual(self, year: int) -> None:
        """Find the usual type of the neighbours of each type; homes hold whom rows hold."""
        group = self.group
        self.usual = self.usual_of(self.find(neighbours(self.types, year, NEAR)))
        self.homes.hold(self.by_group(self.persons()))
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

    def column(self, name: str) -> Ints:
        """Return what is known of every row by this name: a part of its type or place."""
        known = self._columns.get(name, np.empty(0, dtype=np.int64))
        if known.size < self.count:
            new = slice(known.size, self.count)
            known = np.concatenate([known, self._known(name, new)])
            self._columns[name] = known
        return known

    def _known(self, name: str, rows: slice) -> Ints:
        if name in PARTS:
            return self.types[name][self.row_type[rows]]
        if name in OF_FAMILIES:
            return OF_FAMILIES[name][self.row_place[rows] % FAMILIES]
        if name == "own":
            return IMMIGRANT[self._known("kind", rows)].astype(np.int64)
        if name == "type":
            return self.row_type[rows].astype(np.int64)
        place = self.row_place[rows].astype(np.int64)
        return place // FAMILIES % ROLES if name == "role" else place // (FAMILIES * ROLES)

    def persons(self) -> Floats:
        """Return how many persons each row holds."""
        found = np.empty(self.count)
        kernel.persons_of(self.mass[: self.count], found)
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
            made, of = slice(before, self.count), self._rows.keys[before:]
            self.row_type[made], self.row_place[made] = of // self.width, of % self.width
        return found.reshape(keys.shape)

    def _room(self, rows: int) -> None:
        if rows <= self.row_type.size:
            return
        size = 2 * rows + 1000
        for name in ("row_type", "row_place", "mass", "gained"):
            old = getattr(self, name)
            longer = np.zeros((size, *old.shape[1:]), dtype=old.dtype)
            longer[: len(old)] = old
            setattr(self, name, longer)

    def add(self, rows: Ints, states: Ints, persons: Floats) -> None:
        """Add expected persons to rows, each in a state."""
        kernel.count_in(rows, states, persons, self.mass)

    # The end of a year

    def merge(self, light: float, lightest: float, smallest: float, year: int) -> None:
        """Put light rows to those of types in wide bands, and the lightest to the widest.

        Of the smallest families in these the persons join the largest of the same role.
        """
        for bands, least in ((WIDE, light), (WIDEST, lightest)):
            persons, types = self.persons(), self.row_type[: self.count].astype(np.int64)
            rows = np.flatnonzero(persons < least)
            some = np.flatnonzero(np.bincount(types[rows], minlength=self.group.size))
            into = np.arange(self.group.size)
            parts = {part: of[some] for part, of in self.types.items()}
            into[some] = self.find(neighbours(parts, year, bands))
            rows = rows[into[types[rows]] != types[rows]]
            self._pour(rows, into, persons[rows])
        self._join_largest(smallest)

    def _pour(self, rows: Ints, into: Ints, persons: Floats) -> None:
        """Put rows with so many persons to those of the same place of other types, by type."""
        types = self.row_type[rows].astype(np.int64)
        kernel.pour(rows, self.at(into[types] * self.width + self.row_place[rows]), self.mass)
        going = sums(types, persons, into.size)
        gone = np.flatnonzero(going)
        self.homes.move(self.group[gone], self.group[into[gone]], going[gone])

    def _join_largest(self, least: float) -> None:
        """Put rows with fewer persons to the largest one of the same type, place and role."""
        n = self.count
        persons = self.persons()
        roles = self.levels * ROLES
        group = self.row_type[:n].astype(np.int64) * roles + self.row_place[:n] // FAMILIES
        best = np.empty(self.group.size * roles, dtype=np.int64)
        kernel.heaviest(group, persons, best)
        light = np.flatnonzero((persons < least) & (best[group] != np.arange(n)))
        kernel.pour(light, best[group[light]], self.mass)

    def grow_old(self, year: int) -> None:
        """Put types whose stay is long by now together with those alike, on 1 January of a year."""
        arrival = self.types["arrival"]
        long = (arrival != LONG_AGO) & (year - 1 - arrival >= LONGEST)
        types = self.row_type[: self.count].astype(np.int64)
        rows = np.flatnonzero(long[types])
        if not rows.size:
            return
        old, into = np.flatnonzero(long), np.arange(long.size)
        parts = {part: values[old] for part, values in self.types.items()}
        into[old] = self.find({**parts, "arrival": np.full(old.size, LONG_AGO)})
        self._pour(rows, into, self.persons()[rows])

    def compact(self, least: float) -> None:
        """Drop rows in which fewer persons are expected, and types and groups without rows."""
        before = self.count
        kept = np.flatnonzero(self.persons() > least)
        n = kept.size
        self.row_place[:n] = self.row_place[kept]
        of, self.row_type[:n] = _in_use(self.row_type[kept], self.group.size)
        kernel.close_up(kept, before, self.mass)
        self.types = {part: values[of] for part, values in self.types.items()}
        groups, self.group = _in_use(self.group[of], self.homes.kind.size)
        self.homes.keep(groups)
        self._types = Numbers(self._types.keys[of])
        self._rows = Numbers(self.row_type[:n].astype(np.int64) * self.width + self.row_place[:n])
        self.usual = self.usual[:0]
        self._columns = {}


def _in_use(number: NDArray[Any], size: int) -> tuple[Ints, Ints]:
    """Return which of so many numbers are in use, in order, and the new number of each line."""
    used = np.zeros(size, dtype=np.bool_)
    used[number] = True
    return np.flatnonzero(used), (np.cumsum(used) - 1)[number]


class View:
    """The rows of cells with what is known of each, as columns; a picture of the moment."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        column = cells.column
        self.type, self.level = column("type"), column("level")
        self.family, self.role = column("family"), column("role")
        self.size, self.same = column("size"), column("same")
        self.kind, self.sex = column("kind"), column("sex")
        self.birth, self.arrival = column("birth"), column("arrival")
        self.background = column("background")
        self.own = column("own")  # counted among the immigrants

    @cached_property
    def persons(self) -> Floats:
        """How many persons each row holds, when this is first asked for."""
        return self.cells.persons()[: self.type.size]
