"""Cells: how many adults of each kind are expected, by all that the yearly choice reads.

A *type* never changes: kind (reason and country group of immigrants, origin of the
Norwegian-born), sex, year of birth, year of first arrival, background and school. A *row* is a
type at a level of centrality, in a role in a family of a size; it holds expected persons by
status and education, 30 numbers. Rows are made when somebody gets there.

Origins of the immigrants of a type are kept as shares: only children, destinations and the
return of descendants depend on more than the country group.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.codes import (
    BACKGROUND,
    CENTRALITY,
    COUNTRY_GROUP,
    EDUCATION,
    ORIGIN,
    ORIGIN_COUNTRY_GROUP,
    REASON,
)
from sim.codes import STATUS as STATUSES
from sim.geography import CENTRALITY_OF, COUNTY, COUNTY_OF
from sim.twin import cells_kernel as kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GROUP_OF = np.array(ORIGIN_COUNTRY_GROUP, dtype=np.int64)
IMMIGRANT_KINDS = len(REASON) * len(COUNTRY_GROUP)
KINDS = IMMIGRANT_KINDS + len(ORIGIN)  # then the Norwegian-born, by origin
BORN = BACKGROUND.index("norwegian_born")
LEVELS = len(CENTRALITY)
PLACES = len(COUNTY) * LEVELS  # counties and their levels of centrality
PLACE_OF = COUNTY_OF.astype(np.int64) * LEVELS + CENTRALITY_OF  # by municipality
STATES = len(STATUSES) * len(EDUCATION)
LATEST_SCHOOL = 15  # oldest age at arrival of those who go to school in Norway
LONGEST = 17  # years of stay from which nothing depends on how long it is
LONG_AGO = 0  # stands for the year of arrival of those who have stayed so long

# Roles in a family: nobody beside oneself but children; a partner who is a person; one who is
# none, or children of theirs; at home with parents; the same where members are no persons.
ALONE, PAIRED, MIXED, AT_HOME, AT_HOME_MIXED = range(5)
ROLES = 5
LARGEST = 8  # members of a family; larger ones count as so large
SIZES = np.array([t for t in range(1, LARGEST + 1) for _ in range(t + 1)], dtype=np.int64)
SAME = np.array([i for t in range(1, LARGEST + 1) for i in range(t + 1)], dtype=np.int64)
FAMILIES = SIZES.size  # by members, and immigrants among them

AGES_OF_BANDS, RECENT = (22, 34), 7  # ages where bands widen; years of stay that stay apart
# Years of birth that are neighbours, up to these ages and beyond, and years of arrival.
NEAR = np.array([1, 3, 5]), np.int64(3)
WIDE = np.array([2, 5, 15]), np.int64(5)
WIDEST = np.array([4, 10, 30]), np.int64(10)
# How much fewer persons the widest bands take than wide ones, and the largest family than these.
SPARSER, SPARSEST = 4, 50
OF_FAMILIES = {"family": np.arange(FAMILIES), "size": SIZES, "same": SAME}
PARTS = ("kind", "sex", "birth", "arrival", "background", "schooled")
FIRST_BIRTH, LAST_BIRTH = 1800, 2200


def family_class(total: Any, immigrants: Any) -> Ints:
    """Return the class of families of so many members and so many immigrants among them."""
    size = np.asarray(np.clip(total, 1, LARGEST), dtype=np.int64)
    same = np.asarray(np.clip(immigrants, 0, size), dtype=np.int64)
    return np.asarray((size - 1) * (size + 2) // 2 + same)


def kind_of(background: Any, reason: Any, origin: Any) -> Ints:
    """Return the kind of persons."""
    origin = np.asarray(origin, dtype=np.int64)
    immigrant = np.asarray(reason, dtype=np.int64) * len(COUNTRY_GROUP) + GROUP_OF[origin]
    born = np.asarray(background) == BORN
    return np.asarray(np.where(born, IMMIGRANT_KINDS + origin, immigrant), dtype=np.int64)


def arrival_of(year: int, first_arrival: Any) -> Ints:
    """Return years of arrival as types have them on 1 January of a year."""
    first = np.asarray(first_arrival, dtype=np.int64)
    return np.where(year - 1 - first >= LONGEST, LONG_AGO, first)


REASON_OF_KIND = np.concatenate([
    np.arange(IMMIGRANT_KINDS) // len(COUNTRY_GROUP),
    np.full(len(ORIGIN), REASON.index("unknown")),
])  # fmt: skip
REGION_OF_KIND = np.concatenate([np.arange(IMMIGRANT_KINDS) % len(COUNTRY_GROUP), GROUP_OF])
IMMIGRANT = np.arange(KINDS) < IMMIGRANT_KINDS


class Cells:
    """Expected adults by type, level, role, family, status and education.

    levels: the number of places (`PLACES`) if rows are of one place each, else 1.
    """

    def __init__(self, levels: int) -> None:
        self.levels = levels
        self.types: dict[str, Ints] = {part: np.empty(0, dtype=np.int64) for part in PARTS}
        self.origins: Floats = np.empty((0, len(ORIGIN)))  # persons by type and origin
        self.places: Floats = np.empty((0, PLACES))  # persons by type and place
        self._keys, self._order = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        self.row_of = np.empty((0, levels * ROLES * FAMILIES), dtype=np.int32)
        self.count = 0
        self.row_type = np.empty(0, dtype=np.int32)
        self.row_place = np.empty(0, dtype=np.int16)  # level, role and class of family
        self.mass: Floats = np.empty((0, STATES))
        self.gained: Floats = np.empty((0, STATES))  # all zero between two moves
        self.usual = np.empty(0, dtype=np.int64)  # the type that newcomers to a row come to
        self.level_shares = np.full((KINDS, levels), 1 / levels)  # of the residents of each kind
        self.least = 0.0  # flows of fewer persons between rows are left out
        self._columns: dict[str, Ints] = {}  # what is known of rows; these are only added to
        self._spare: dict[str, NDArray[Any]] = {}  # longer arrays, of which others are the begin

    # Types

    def find(self, parts: Mapping[str, Ints]) -> Ints:
        """Return the type of each of these persons; new ones are added."""
        key = _key(parts)
        known, inverse = np.unique(key, return_inverse=True)
        at = np.searchsorted(self._keys, known)
        at_most = np.minimum(at, max(self._keys.size - 1, 0))
        new = np.ones(known.size, dtype=np.bool_)
        if self._keys.size:
            new = self._keys[at_most] != known
        if new.any():
            first = np.zeros(known.size, dtype=np.int64)
            first[inverse[::-1]] = np.arange(key.size)[::-1]
            self._add({part: parts[part][first[new]] for part in PARTS}, known[new])
            at_most = np.searchsorted(self._keys, known)
        return np.asarray(self._order[at_most][inverse])

    def _add(self, parts: Mapping[str, Ints], keys: Ints) -> None:
        before, more = self.types["kind"].size, keys.size
        for part in PARTS:
            self.types[part] = np.concatenate([self.types[part], parts[part]])
        for name, value in (("origins", 0), ("places", 0), ("row_of", -1)):
            setattr(self, name, self._longer(name, more, value))
        every = np.concatenate([self._keys, keys])
        numbers = np.concatenate([self._order, np.arange(before, before + more)])
        order = np.argsort(every, kind="stable")  # quick, of two that are in order
        self._keys, self._order = every[order], numbers[order]

    def _longer(self, name: str, more: int, value: int) -> NDArray[Any]:
        """Return an array of types with so many more lines, in place where there is room."""
        old, spare = getattr(self, name), self._spare.get(name)
        n = len(old)
        if spare is None or old.base is not spare or len(spare) < n + more:
            spare = np.empty((n + more + n // 4, *old.shape[1:]), dtype=old.dtype)
            spare[:n] = old
            self._spare[name] = spare
        spare[n : n + more] = value
        return spare[: n + more]

    def column(self, name: str) -> Ints:
        """Return what is known of every row by this name: a part of its type or place."""
        known = self._columns.get(name, np.empty(0, dtype=np.int64))
        if known.size < self.count:
            new = slice(known.size, self.count)
            known = np.concatenate([known, self._known(name, new)])
            self._columns[name] = known
        return known

    def persons(self) -> Floats:
        """Return how many persons each row holds."""
        found = np.empty(self.count)
        kernel.persons_of(self.mass[: self.count], found)
        return found

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

    def shares(self) -> Floats:
        """Return the share of each origin among the persons of each type."""
        return _shares(self.origins)

    def place_shares(self) -> Floats:
        """Return the share of each place among the persons of each type; unknown: of all."""
        known = self.places.sum(axis=1, keepdims=True) > 0
        everybody = _shares(self.places.sum(axis=0)[None])
        return np.where(known, _shares(self.places), everybody)

    def note_usual(self, year: int) -> None:
        """Find the usual type of the neighbours of each type, and of what origins they are."""
        n = self.types["kind"].size
        persons = np.bincount(self.row_type[: self.count], self.persons(), n)
        self.usual = self.find(_neighbours(self.types, year, NEAR))
        more = self.types["kind"].size - n
        there = np.append(persons, np.zeros(more)).astype(np.float64)
        self.usual = np.append(self.usual, np.arange(n, n + more))
        own = (self.usual == np.arange(self.usual.size))[:, None]
        for name in ("origins", "places"):
            shares = _shares(getattr(self, name))
            spread = np.zeros_like(shares)
            kernel.put_in(self.usual, shares, there, spread)
            known = own & (spread.sum(axis=1, keepdims=True) > 0)
            setattr(self, name, np.where(known, spread, shares * there[:, None]) + 1e-9 * shares)

    def near(self, types: Ints, level: Any, role: Any, family: Any) -> Ints:
        """Return rows as `rows` does, of the usual types of the neighbours of these types."""
        return self.rows(self.usual_types()[types], level, role, family)

    def usual_types(self) -> Ints:
        """Return the usual type of every type: of those added this year themselves."""
        known, n = self.usual.size, self.types["kind"].size
        if known < n:
            self.usual = np.append(self.usual, np.arange(known, n))
        return self.usual

    def merge(self, light: float, lightest: float, year: int) -> None:
        """Put light rows to those of the usual types, and the lightest to those of wider bands.

        Of the smallest families in these the persons join the largest of the same role.
        """
        self._merge(self.usual_types(), light)
        for bands, least in ((WIDE, lightest), (WIDEST, lightest / SPARSER)):
            wide = self.find(_neighbours(self.types, year, bands))
            n, more = wide.size, self.types["kind"].size - wide.size
            self._merge(np.append(wide, np.arange(n, n + more)), least)
        self._join_largest(lightest / SPARSEST)

    def _join_largest(self, least: float) -> None:
        """Put rows with fewer persons to the largest one of the same type, place and role."""
        n = self.count
        persons = self.persons()
        roles = self.levels * ROLES
        group = self.column("type") * roles + self.row_place[:n] // FAMILIES
        best = np.empty(self.types["kind"].size * roles, dtype=np.int64)
        kernel.heaviest(group, persons, best)
        light = np.flatnonzero((persons < least) & (best[group] != np.arange(n)))
        kernel.pour(light, best[group[light]], self.mass)

    def _merge(self, into: Ints, least: float) -> None:
        n = self.count
        types = self.row_type[:n].astype(np.int64)
        light = np.flatnonzero((into[types] != types) & (self.persons() < least))
        target = self.rows(into[types[light]], 0, 0, self.row_place[light].astype(np.int64))
        kernel.pour(light, target, self.mass)
        known = np.bincount(into, minlength=into.size) > 0
        for name in ("origins", "places"):
            held = getattr(self, name)
            empty = known & (held.sum(axis=1) <= 0)
            which = np.flatnonzero(empty[into])
            spread = _shares(held[which])
            kernel.put_in(into[which], spread, np.full(which.size, 1e-6), held)

    def rows(self, types: Any, level: Any, role: Any, family: Any) -> Ints:
        """Return the row of each of these; new ones are made, empty."""
        place = (np.asarray(level) * ROLES + role) * FAMILIES + family
        types, place = np.broadcast_arrays(types, place)
        self._room(self.count + types.size)
        found = np.empty(types.size, dtype=np.int64)
        self.count = kernel.find_rows(
            types.astype(np.int64).ravel(), place.astype(np.int64).ravel(), self.row_of, self.count,
            self.row_type, self.row_place, found,
        )  # fmt: skip
        return found.reshape(types.shape)

    def _room(self, rows: int) -> None:
        if rows <= self.row_type.size:
            return
        size = rows + rows // 2 + 1000
        for name in ("row_type", "row_place", "mass", "gained"):
            old = getattr(self, name)
            longer = np.zeros((size, *old.shape[1:]), dtype=old.dtype)
            longer[: self.count] = old[: self.count]
            setattr(self, name, longer)

    def add(self, rows: Ints, states: Ints, persons: Floats) -> None:
        """Add expected persons to rows, each in a state."""
        kernel.count_in(rows, states, persons, self.mass)

    def grow_old(self, year: int) -> None:
        """Put types whose stay is long by now together with those alike, on 1 January of a year."""
        long = (self.types["arrival"] != LONG_AGO) & (year - 1 - self.types["arrival"] >= LONGEST)
        there = np.bincount(self.row_type[: self.count], minlength=long.size) > 0
        old = np.flatnonzero(long & there)
        if not old.size:
            return
        parts = {part: values[old] for part, values in self.types.items()}
        new = self.find({**parts, "arrival": np.full(old.size, LONG_AGO)})
        for persons in (self.origins, self.places):
            np.add.at(persons, new, persons[old])
            persons[old] = 0
        at, place = np.nonzero(self.row_of[old] >= 0)
        rows = self.row_of[old[at], place]
        target = self.rows(new[at], 0, 0, place)
        kernel.pour(rows.astype(np.int64), target, self.mass)

    def compact(self, least: float, used: Ints) -> Ints:
        """Drop rows in which fewer persons are expected, and types that are in no use.

        used: types that are needed though nobody is there. Returned: the new number of each type.
        """
        kept = np.flatnonzero(self.persons() > least)
        n = kept.size
        self.row_type[:n], self.row_place[:n] = self.row_type[kept], self.row_place[kept]
        self.mass[:n] = self.mass[kept]
        self.mass[n : self.count] = 0
        self.count = n
        needed = np.zeros(self.types["kind"].size, dtype=np.bool_)
        needed[self.row_type[:n]] = True
        needed[used] = True
        number = np.cumsum(needed) - 1
        self.types = {part: values[needed] for part, values in self.types.items()}
        self.origins, self.places = self.origins[needed], self.places[needed]
        self.row_type[:n] = number[self.row_type[:n]]
        inside = needed[self._order]
        self._keys, self._order = self._keys[inside], number[self._order[inside]]
        many = np.count_nonzero(needed)
        spare = np.full((many + many // 4, self.row_of.shape[1]), -1, dtype=np.int32)
        self.row_of, self._spare["row_of"] = spare[:many], spare
        self.row_of[self.row_type[:n], self.row_place[:n]] = np.arange(n)
        self.usual = self.usual[:0]
        self._columns = {}
        return number


def _shares(persons: Floats) -> Floats:
    total = persons.sum(axis=1, keepdims=True)
    return np.asarray(persons / np.where(total > 0, total, 1.0))


def sums(where: NDArray[Any], persons: NDArray[Any], size: int) -> Floats:
    """Return the sums of persons by where they are: 0 to size - 1."""
    return np.bincount(where, persons, size).astype(np.float64)


class View:
    """The rows of cells with what is known of each, as columns; a picture of the moment."""

    def __init__(self, cells: Cells) -> None:
        column = cells.column
        self.type, self.level = column("type"), column("level")
        self.family, self.role = column("family"), column("role")
        self.size, self.same = column("size"), column("same")
        self.kind, self.sex = column("kind"), column("sex")
        self.birth, self.arrival = column("birth"), column("arrival")
        self.background = column("background")
        self.own = column("own")  # counted among the immigrants
        self.persons: Floats = cells.persons()


def rows_of(cells: Cells) -> kernel.Rows:
    """Return the rows as kernels read them."""
    n, types = cells.count, cells.types
    return kernel.Rows(cells.row_type[:n], cells.row_place[:n], types["kind"], types["sex"],
                       types["birth"], types["arrival"], types["schooled"])  # fmt: skip


def _neighbours(types: Mapping[str, Ints], year: int, bands: tuple[Ints, Any]) -> dict[str, Ints]:
    """Return the parts of the usual types: years of birth and of arrival in the middle of bands."""
    widths, stays = bands
    wide = widths[np.searchsorted(AGES_OF_BANDS, year - types["birth"], side="right")]
    birth = types["birth"] // wide * wide + wide // 2
    arrival = types["arrival"]
    middle = np.minimum(arrival // stays * stays + stays // 2, year - RECENT)
    arrival = np.where((arrival == LONG_AGO) | (year - arrival <= RECENT), arrival, middle)
    born = types["kind"] >= IMMIGRANT_KINDS
    return {**types, "birth": birth, "arrival": np.where(born, types["arrival"], arrival)}


def _key(parts: Mapping[str, Ints]) -> Ints:
    key = parts["kind"].astype(np.int64)
    key = key * 2 + parts["sex"]
    key = key * 3 + parts["background"]
    key = key * 2 + parts["schooled"]
    key = key * (LAST_BIRTH - FIRST_BIRTH) + parts["birth"] - FIRST_BIRTH
    arrival = np.where(parts["arrival"] == LONG_AGO, 0, parts["arrival"] - FIRST_BIRTH)
    return np.asarray(key * (LAST_BIRTH - FIRST_BIRTH) + arrival)


def level_of(municipality: NDArray[Any], levels: int) -> Ints:
    """Return places as rows have them: all one, or county and level of centrality."""
    return np.asarray(PLACE_OF[municipality] % levels)
