"""Children under 15: they do what the adults do whom they live with.

A child is known by type and by the *parents* it lives with: adults of one kind and year of
arrival. Its chances are the mean of these adults', each counted as often as children live with
them. In the first year every child has the chances of its own adult.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.codes import ORIGIN
from sim.twin import cells_kernel as kernel
from sim.twin import kids_kernel
from sim.twin.cells import View
from sim.twin.kinds import (
    FAMILIES,
    IMMIGRANT,
    KINDS,
    LONG_AGO,
    LONGEST,
    PARTS,
    STATES,
    Floats,
    Ints,
    key_of,
    sums,
)
from sim.twin.numbers import Numbers

NOBODY = -1  # the parents of children who live with no adult
YEARS = 512
FIRST_ARRIVAL = 1700
GROUPS = KINDS * YEARS


@dataclass
class Kids:
    """Expected children, a row for each type, origin and parents.

    stay, move, leave: in the first year the chances of each row's own adults; else empty.
    """

    kind: Ints
    sex: Ints
    birth: Ints
    arrival: Ints
    background: Ints
    schooled: Ints
    origin: Ints
    state: Ints
    parents: Ints
    persons: Floats

    def take(self, which: NDArray[Any]) -> "Kids":
        """Return some of the rows."""
        return Kids(*(getattr(self, part.name)[which] for part in fields(self)))

    def with_persons(self, persons: Floats) -> "Kids":
        """Return the same rows, with so many persons."""
        return Kids(self.kind, self.sex, self.birth, self.arrival, self.background, self.schooled,
                    self.origin, self.state, self.parents, persons)  # fmt: skip

    def joined_by(self, *others: "Kids") -> "Kids":
        """Return these rows and others."""
        return Kids(*(
            np.concatenate([getattr(kids, part.name) for kids in (self, *others)])
            for part in fields(self)
        ))  # fmt: skip

    def merged(self) -> "Kids":
        """Return the rows with equal ones put together."""
        if not self.persons.size:
            return self
        key = key_of({part: getattr(self, part) for part in PARTS}) * len(ORIGIN) + self.origin
        key = (key * STATES + self.state) * (GROUPS + 1) + self.parents - NOBODY
        where, first = Numbers().find(key)
        return replace(self.take(first), persons=sums(where, self.persons, first.size))

    def without(self, least: float) -> "Kids":
        """Return the rows with more persons, or most of a kind; they stand for others of it too."""
        best = np.empty(KINDS, dtype=np.int64)
        kernel.heaviest(self.kind, self.persons, best)
        large = self.persons > least
        large[best[best >= 0]] = True
        kept = self.take(np.flatnonzero(large))
        every, held = (sums(kids.kind, kids.persons, KINDS) for kids in (self, kept))
        kept.persons = kept.persons * (every / np.where(held > 0, held, 1.0))[kept.kind]
        return kept

    def lightened(self, least: float) -> "Kids":
        """Return the rows; those with fewer persons live with the parents of the heaviest row.

        That is of the same kind, with parents of the same kind.
        """
        led = np.flatnonzero(self.parents != NOBODY)
        group = self.kind[led] * KINDS + self.parents[led] // YEARS
        best = np.empty(KINDS * KINDS, dtype=np.int64)
        kernel.heaviest(group, self.persons[led], best)
        light = self.persons[led] < least
        parents = self.parents.copy()
        parents[led[light]] = self.parents[led[best[group[light]]]]
        return replace(self, parents=parents).merged()


def nobody() -> Kids:
    """Return no children."""
    none = np.empty(0, dtype=np.int64)
    return Kids(none, none, none, none, none, none, none, none, none, np.empty(0))


def parents_of(kind: Any, arrival: Any) -> Ints:
    """Return the number of the parents of a kind and year of arrival (as types have it)."""
    arrival = np.asarray(arrival, dtype=np.int64)
    since = np.where(arrival == LONG_AGO, 0, arrival - FIRST_ARRIVAL)
    return np.asarray(np.asarray(kind, dtype=np.int64) * YEARS + since)


def parents_grown_old(parents: Ints, year: int) -> Ints:
    """Return the parents with long stays taken together, on 1 January of a year."""
    arrival = parents % YEARS + FIRST_ARRIVAL
    long_ago = (parents != NOBODY) & (year - 1 - arrival >= LONGEST) & (parents % YEARS > 0)
    return np.where(long_ago, parents - parents % YEARS, parents)


@dataclass(frozen=True)
class Parents:
    """What adults with children do, by kind and year of arrival: means over their children.

    Each first for children who are immigrants, then for those born in Norway.
    """

    move: Floats
    leave: Floats

    def of(self, kids: Kids, which: Floats) -> Floats:
        """Return a chance of the parents of each row of children; 0 for who has none."""
        return np.where(kids.parents == NOBODY, 0.0, which[born_here(kids), kids.parents])


def born_here(kids: Kids) -> Ints:
    """Return 1 for children born in Norway, else 0."""
    return np.where(IMMIGRANT[kids.kind], 0, 1)


def parents_who(view: View, before: Floats, moving: Floats, leaving: Floats) -> Parents:
    """Average what adults do over their children.

    before: persons of each row before anybody left.
    """
    found = np.zeros((2, 3, GROUPS))
    kids_kernel.what_they_do(_adults(view), before, moving, leaving, found)
    move, leave = (np.stack([_ratio(known[k], known[0]) for known in found]) for k in (1, 2))
    return Parents(move, leave)


def _adults(view: View) -> kids_kernel.Adults:
    return kids_kernel.Adults(parents_of(view.kind, view.arrival), view.role, view.sex, view.own,
                              view.size, view.same)  # fmt: skip


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Return shares; of groups in which no children are known, those of the whole kind."""
    by_kind = part.reshape(KINDS, YEARS).sum(1), whole.reshape(KINDS, YEARS).sum(1)
    usual = np.divide(*by_kind, out=np.zeros(KINDS), where=by_kind[1] > 0)
    found = np.repeat(usual, YEARS)
    return np.asarray(np.divide(part, whole, out=found, where=whole > 1e-9))


def families_of(view: View) -> tuple[Ints, Floats, Floats]:
    """Return the families in which children live: by class, and how many of them are mixed.

    First the parents that there are, in order. Of children who are immigrants and of those born
    in Norway, by these parents.
    """
    adults = _adults(view)
    there = np.bincount(adults.parents, minlength=GROUPS) > 0
    known = np.flatnonzero(there)
    classes, mixed = np.zeros((2, known.size, FAMILIES)), np.zeros((2, known.size))
    adults = adults._replace(parents=(np.cumsum(there) - 1)[adults.parents])
    kids_kernel.where_they_live(adults, view.family, view.persons, classes, mixed)
    return known, classes, mixed


def own_class(kind: Ints) -> Ints:
    """Return the class of a family of one, which immigrants and others have apart."""
    return IMMIGRANT[kind].astype(np.int64)
