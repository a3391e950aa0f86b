"""A population: columns of equal length, one row a person, links as positions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.agents import population_kernel as kernel
from sim.agents.checks import NORWEGIAN_BORN, broken_truths
from sim.agents.columns import BY_NAME, BYTES_PER_PERSON, COLUMNS, LINKS
from sim.codes import PLACE
from sim.problems import refuse

DEFAULTS = {column.name: column.default for column in COLUMNS if column.default is not None}
SPARE = 4  # a quarter more than needed, when a population grows
RESIDENT, ABROAD, DEAD = (PLACE.index(name) for name in ("resident", "abroad", "dead"))


class Forgotten(NamedTuple):
    """Where persons stand since others were taken out.

    now: by former position, -1 for those taken out. into, out_of: the places that were filled, in
        order, and whose they are since; all others stand where they stood.
    """

    now: NDArray[np.int32]
    into: NDArray[np.int32]
    out_of: NDArray[np.int32]


@dataclass
class Population:
    """The persons of a model on 1 January of `year`, as columns of stored numbers.

    columns: one array for each declared column (see sim.agents.columns).
    year: the state is that of 1 January of this year, so that the youngest have
        age 0 in year - 1 and the latest arrivals came in year - 1.
    source: where the persons come from, as a report should cite it.
    forgotten: how often persons were taken out in place, so that positions are others now.
    """

    columns: dict[str, NDArray[Any]]
    year: int
    source: str
    forgotten: int = 0
    _room: dict[str, NDArray[Any]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def build(cls, year: int, source: str, columns: Mapping[str, ArrayLike]) -> Self:
        """Make a population from stored numbers; columns with a default may be left out.

        Raises InputError with everything that is wrong.
        """
        n = len(np.asarray(columns["person"]))
        made: dict[str, NDArray[Any]] = {}
        for column in COLUMNS:
            if column.name in columns:
                made[column.name] = np.array(columns[column.name], dtype=column.dtype)
            else:
                if column.default is None:
                    raise KeyError(f"the column {column.name!r} has no default; give it")
                made[column.name] = np.full(n, column.default, dtype=column.dtype)
        population = cls(made, year, source)
        population.check()
        return population

    def __len__(self) -> int:
        return int(self.columns["person"].size)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def grow(self, newcomers: Mapping[str, ArrayLike]) -> NDArray[np.int64]:
        """Add persons at the end, in place, and return their positions.

        newcomers: stored numbers by column, links as positions; columns with a default may
            be left out. Nothing is checked: what a process makes is tested, not guarded.
        """
        first, more = len(self), len(np.asarray(newcomers["person"]))
        rows = self.lengthen(more)
        for name, values in newcomers.items():
            rows[name][:] = values
        missing = rows.keys() - newcomers.keys() - DEFAULTS.keys()
        assert not missing, f"newcomers have no {missing}"
        return np.arange(first, first + more, dtype=np.int64)

    def lengthen(self, more: int) -> dict[str, NDArray[Any]]:
        """Add so many persons at the end, in place; return their columns, to be written.

        Columns hold their defaults, or anything where there is none.
        """
        first = len(self)
        rows = {name: self._extend(name, first + more)[first:] for name in BY_NAME}
        for name, default in DEFAULTS.items():
            rows[name][:] = default
        return rows

    def forget(self, which: NDArray[np.bool_]) -> "Forgotten":
        """Take persons out, in place; links to them become -1.

        Those at the end take the places of those who are gone, so that few columns' values
        are moved.
        """
        now = np.empty(len(self) + 1, dtype=np.int32)
        into, out_of = np.empty((2, np.count_nonzero(which) + 1), dtype=np.int32)
        moved, left = kernel.renumber(which, now, into, out_of), len(self) - into.size + 1
        into, out_of = into[:moved], out_of[:moved]
        for name, column in self.columns.items():
            room = self._own_room(name)  # fresh memory would take longer than all the rest
            if room is None:
                room = self._room[name] = np.empty(left + left // SPARE + 1, dtype=column.dtype)
                room[:left] = column[:left]
            kernel.fill(column, into, out_of, room)
            self.columns[name] = room[:left]
            if name in LINKS:
                kernel.relink(self.columns[name], now)
        self.forgotten += 1
        return Forgotten(now[:-1], into, out_of)

    def _own_room(self, name: str) -> NDArray[Any] | None:
        """Return the memory that a column is the beginning of, if nobody shares it."""
        room, column = self._room.get(name), self.columns[name]
        mine = room is not None and np.shares_memory(room[:1], column[:1])
        return room if mine else None

    def _extend(self, name: str, size: int) -> NDArray[Any]:
        """Lengthen a column, with room to spare; return it all, to write the new rows into."""
        column = self.columns[name]
        room = self._own_room(name)
        if room is None or room.size < size:
            room = np.empty(size + size // SPARE, dtype=column.dtype)
            room[: column.size] = column
            self._room[name] = room
        longer = room[:size]
        self.columns[name] = longer.view()
        self.columns[name].flags.writeable = column.flags.writeable  # a locked column stays so
        return longer

    @property
    def nbytes(self) -> int:
        """Bytes taken by the columns."""
        return sum(array.nbytes for array in self.columns.values())

    def check(self) -> None:
        """Raise InputError if any declared range or invariant is broken."""
        refuse(self.source, broken_truths(self.columns, self.year))

    def copy(self, *, only: Collection[str] = BY_NAME.keys()) -> "Population":
        """Return a copy of which the columns `only` are independent, the others shared.

        What is copied has room to grow at once: newcomers would have it copied again.
        """
        for name in self.columns.keys() - set(only):
            self._room.pop(name, None)  # no longer its own
        copied = self._with({name: column.view() for name, column in self.columns.items()})
        copied.columns |= {name: copied._extend(name, len(self)) for name in only}
        return copied

    def select(self, which: NDArray[Any]) -> "Population":
        """Return the persons of a mask or of positions, in that order.

        Links to persons left out become -1; family counts stay as they were.
        """
        positions = np.flatnonzero(which) if which.dtype == np.bool_ else np.asarray(which)
        columns = {name: array[positions] for name, array in self.columns.items()}
        place_of = np.full(len(self) + 1, -1, dtype=np.int32)  # the last entry answers -1
        place_of[positions] = np.arange(positions.size, dtype=np.int32)
        for link in LINKS:
            columns[link] = place_of[columns[link]]
        return self._with(columns)

    def remove(self, which: NDArray[Any]) -> "Population":
        """Return everyone but the persons of a mask or of positions."""
        keep = np.ones(len(self), dtype=np.bool_)
        keep[which] = False
        return self.select(keep)

    def compact(self) -> "Population":
        """Return the population without its dead, with family numbers 0, 1, 2 ... again."""
        living = self.select(self["place"] != DEAD)
        numbers = np.unique(living["family"], return_inverse=True)[1]
        living.columns["family"] = numbers.astype(np.int32)
        return living

    def append(self, others: "Population", *, families: str = "apart") -> "Population":
        """Return this population followed by `others`.

        families: 'apart' gives the others family numbers of their own, 'shared' takes
        their numbers as meaning families of this population.
        """
        columns = {n: np.concatenate([a, others.columns[n]]) for n, a in self.columns.items()}
        newcomers = slice(len(self), None)
        for link in LINKS:
            column = columns[link][newcomers]
            column[column >= 0] += len(self)
        if families == "apart" and len(self):
            columns["family"][newcomers] += self["family"].max() + 1
        both = self._with(columns)
        both.check()
        return both

    def _with(self, columns: dict[str, NDArray[Any]]) -> "Population":
        return Population(columns, self.year, self.source)

    @property
    def immigrants(self) -> NDArray[np.bool_]:
        """Whether each person is a resident immigrant."""
        return np.asarray((self["place"] == RESIDENT) & (self["background"] != NORWEGIAN_BORN))

    def census(self) -> dict[str, int]:
        """Count the residents, immigrants apart from Norwegian-born, and persons abroad."""
        resident, born = self["place"] == RESIDENT, self["background"] == NORWEGIAN_BORN
        return {
            "resident_immigrants": int(np.count_nonzero(resident & ~born)),
            "resident_norwegian_born": int(np.count_nonzero(resident & born)),
            "abroad": int(np.count_nonzero(self["place"] == ABROAD)),
        }

    def describe(self) -> str:
        """Return a description that fits on one screen; shares are of all persons."""
        where = np.bincount(self["place"], minlength=len(PLACE))
        immigrants, born, _ = self.census().values()
        lines = [
            f"{self.source}: {len(self):,} persons on 1 January {self.year} "
            f"({', '.join(f'{n:,} {c.name}' for n, c in zip(where, PLACE, strict=True))})",
            f"residents: {immigrants:,} immigrants, {born:,} Norwegian-born; "
            f"{self['family'].max(initial=-1) + 1:,} family numbers; "
            f"{BYTES_PER_PERSON} bytes a person, {self.nbytes / 2**20:,.1f} MiB",
        ]
        lines += [f"  {c.name:<19}{_summary(self[c.name], c.name)}" for c in COLUMNS]
        return "\n".join(lines)


def lengthened(column: NDArray[Any], size: int) -> NDArray[Any]:
    """Return a column of `size` persons that begins as this one; the rest holds anything.

    It is a view of a larger array that is filled up first, so that most calls copy nothing.
    """
    room = column.base if isinstance(column.base, np.ndarray) else column
    if room.ndim != 1 or room.dtype != column.dtype or room.size < size:
        room = np.empty(size + size // SPARE, dtype=column.dtype)
        room[: column.size] = column[:size]
    return room[:size]


def _summary(values: NDArray[Any], name: str) -> str:
    """One line on one column: shares of the six commonest codes, or the span of numbers."""
    column = BY_NAME[name]
    if not values.size:
        return "-"
    if column.codes is None:
        known = values if column.none is None else values[values != column.none]
        if not known.size:
            return "no values"
        missing = "" if known.size == values.size else f", {values.size - known.size:,} without"
        return f"{known.min()} to {known.max()}{missing}"
    counts = np.bincount(values, minlength=len(column.codes))
    commonest = np.argsort(-counts, kind="stable")[:6]
    shares = (
        f"{column.codes.codes[i].name} {counts[i] / values.size:.1%}"
        for i in commonest
        if counts[i]
    )
    return ", ".join(shares)
