"""Families: who a child lives with, and counts that equal a recount."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.agents import families_kernel as kernel
from sim.agents.checks import NORWEGIAN_BORN
from sim.agents.population import RESIDENT, Forgotten, Population, lengthened


class Families:
    """Who belongs to which family: looked up once, and kept up to date.

    The members of a family, wherever they are, stand in a ring. Other family numbers are given
    by `move`; newcomers at the end of the population are noticed by themselves.
    """

    def __init__(self, population: Population) -> None:
        self.population = population
        self.following = np.empty(0, dtype=np.int32)  # by person: who comes next in the ring
        self.first = np.empty(0, dtype=np.int32)  # by family: a member, or -1
        self.seen = np.empty(0, dtype=np.uint8)
        self.known = self.forgotten = 0

    def hold(self) -> "Families":
        """Take newcomers in."""
        if self.forgotten != self.population.forgotten:  # positions are others now
            self.known, self.forgotten = 0, self.population.forgotten
            self.first[:] = -1
        family = self.population["family"]
        if self.known < family.size:
            if self.following.size < family.size:
                self.following = lengthened(self.following, family.size)
            self._room(int(family[self.known :].max()) + 1)
            kernel.link(family, self.known, self.following, self.first)
            self.known = family.size
        return self

    def forget(self, which: NDArray[np.bool_]) -> Forgotten:
        """Take persons out of the population and of their families."""
        self.hold()
        gone = self.population.forget(which)
        kernel.pass_over(*gone, self.following, self.first)
        self.known, self.forgotten = len(self.population), self.population.forgotten
        self.following = self.following[: self.known]
        return gone

    def begin_year(self) -> "Families":
        """Drop the numbers above the largest that anybody bears, and return the families.

        New families then get the numbers that they get in a simulation of a copied population.
        """
        size = self.hold().first.size
        while size and self.first[size - 1] < 0:
            size -= 1
        self.first, self.seen = self.first[:size], self.seen[:size]
        return self

    def of(self, families: NDArray[Any]) -> NDArray[np.int64]:
        """Return the positions of everybody in these families, each once."""
        self.hold()
        found = np.empty(self.known + 1, dtype=np.int64)
        if not self.first.size:
            return found[:0]
        families = families.astype(np.int64)
        count = kernel.members(families, self.following, self.first, self.seen, found)
        return found[:count].copy()

    def beside(self, persons: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the positions of everybody in the families of these persons, each once."""
        return self.of(self.population["family"][persons])

    def move(self, movers: NDArray[np.int64], numbers: NDArray[np.int32]) -> None:
        """Give persons other family numbers; each is named once."""
        self._room(int(numbers.max(initial=-1)) + 1)
        kernel.relink(movers, numbers, self.population["family"], self.following, self.first)

    def new(self, number: int) -> NDArray[np.int32]:
        """Return family numbers that nobody bears."""
        return np.arange(self.size, self.size + number, dtype=np.int32)

    @property
    def size(self) -> int:
        """One more than the largest family number so far."""
        return self.hold().first.size

    def _room(self, families: int) -> None:
        if families > self.first.size:
            known = self.first.size
            self.first = lengthened(self.first, families)
            self.seen = lengthened(self.seen, families)
            self.first[known:], self.seen[known:] = -1, 0


def children_and_adults(
    population: Population, born_by: int, families: Families | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions of resident children and of the adults they live with.

    born_by: the latest year of birth of an adult; children without an adult are left out.
    """
    family, birth_year, place = (population[c] for c in ("family", "birth_year", "place"))
    found = np.empty((2, family.size + 1), dtype=np.int64)
    count = kernel.with_mother(
        family, birth_year, place, population["mother"], born_by, found[0], found[1]
    )
    children, adults = found[:, :count].copy()
    alone = np.flatnonzero(adults < 0)
    if alone.size:
        families = families or Families(population)
        rows = families.beside(children[alone])
        eldest = np.full(families.size, -1, dtype=np.int32)
        kernel.eldest_members(
            rows, family, birth_year, population["person"], place, born_by, eldest
        )
        adults[alone] = eldest[family[children[alone]]]
        known = adults >= 0
        children, adults = children[known], adults[known]
    return children, adults


def leave_families(
    population: Population, leavers: NDArray[np.int64], families: Families | None = None
) -> NDArray[np.int64]:
    """Take people who leave off their families' counts; return whose counts changed.

    They are resident no more, or about to bear other family numbers.
    """
    families = (families or Families(population)).hold()
    return _counted(kernel.leave, population, families, leavers)


def join_families(
    population: Population,
    joiners: NDArray[np.int64],
    others: int | NDArray[Any] = 0,
    families: Families | None = None,
) -> NDArray[np.int64]:
    """Count people into the families whose number they bear; return whose counts changed.

    The joiners are resident already. others: members who are no persons (a Norwegian spouse)
    of a family of which nobody else is resident (a number, or one for each joiner); an
    existing family keeps its own.
    """
    families = (families or Families(population)).hold()
    joiners = np.asarray(joiners, dtype=np.int64)
    with_others = np.broadcast_to(np.asarray(others, dtype=np.int64), joiners.shape).copy()
    return _counted(kernel.join, population, families, joiners, with_others)


def _counted(
    count: Callable[..., int], population: Population, families: Families, *who: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Let a kernel count some people into or out of families; return whom it lists."""
    changed = np.empty(2 * len(population), dtype=np.int64)
    number = count(
        *who,
        families.following,
        population["background"],
        NORWEGIAN_BORN,
        population["place"],
        np.zeros(len(population), dtype=np.uint8),
        population["family_total"],
        population["family_immigrants"],
        changed,
    )
    return changed[:number].copy()


def change_families(
    population: Population,
    movers: NDArray[np.int64],
    numbers: NDArray[np.int32],
    families: Families | None = None,
) -> NDArray[np.int64]:
    """Let residents leave their families for others, all at once; return whose counts changed."""
    families = (families or Families(population)).hold()
    left = leave_families(population, movers, families)
    families.move(movers, numbers)
    return np.concatenate([left, join_families(population, movers, 0, families)])


def add_others(
    population: Population,
    numbers: NDArray[np.int32],
    more: NDArray[np.int32],
    families: Families,
) -> NDArray[np.int64]:
    """Count members who are no persons into families, or out; return whose counts changed.

    Each family is named once.
    """
    families.hold()
    changed = np.empty(len(population), dtype=np.int64)
    count = kernel.add_others(numbers, more, families.following, families.first,
                              population["place"], population["family_total"],
                              changed)  # fmt: skip
    return changed[:count].copy()


def recount(population: Population) -> tuple[NDArray[Any], NDArray[Any]]:
    """Count, for each person, the resident persons and immigrants who share their family.

    family_immigrants must equal the second; family_total minus the first is the number
    of members who are not persons of the population, and never changes by itself.
    """
    resident = population["place"] == RESIDENT
    immigrant = resident & (population["background"] != NORWEGIAN_BORN)
    family, n = population["family"], number_of_families(population)
    persons = np.bincount(family, resident, n)[family]
    immigrants = np.bincount(family, immigrant, n)[family]
    return persons.astype(np.int64), immigrants.astype(np.int64)


def number_of_families(population: Population) -> int:
    """Return one more than the largest family number."""
    return int(population["family"].max(initial=-1)) + 1
