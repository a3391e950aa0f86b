"""Families: who a child lives with, and counts that equal a recount."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.agents import families_kernel as kernel
from sim.agents.checks import NORWEGIAN_BORN
from sim.agents.population import ABROAD, RESIDENT, Population


def children_and_adults(
    population: Population, born_by: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions of resident children and of the adults they live with.

    born_by: the latest year of birth of an adult; children without an adult are left out.
    """
    family, birth_year, place = (population[c] for c in ("family", "birth_year", "place"))
    young = int(np.count_nonzero(birth_year > born_by))
    children, adults = np.empty(young, dtype=np.int64), np.empty(young, dtype=np.int64)
    if not young:
        return children, adults
    families = number_of_families(population)
    motherless = np.zeros(families, dtype=np.uint8)
    count = kernel.with_mother(
        family, birth_year, place, population["mother"], born_by, motherless, children, adults
    )
    children, adults = children[:count], adults[:count]
    eldest = np.full(families, -1, dtype=np.int32)
    person = population["person"]
    kernel.eldest_members(family, birth_year, person, place, born_by, motherless, eldest)
    adults = np.where(adults < 0, eldest[family[children]], adults)
    found = adults >= 0
    return children[found], adults[found]


def leave_families(population: Population, leavers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Take people who have left off their families' counts; return whose counts changed."""
    families = number_of_families(population)
    changed = np.empty(len(population) + 1, dtype=np.int64)
    count = kernel.leave(
        leavers,
        population["family"],
        population["background"],
        NORWEGIAN_BORN,
        population["place"],
        np.zeros(families, dtype=np.uint8),
        np.zeros((families, 2), dtype=np.int16),
        population["family_total"],
        population["family_immigrants"],
        changed,
    )
    return changed[:count].copy()


def join_families(
    population: Population, joiners: NDArray[np.int64], others: int | NDArray[Any] = 0
) -> NDArray[np.int64]:
    """Count people into the families whose number they bear; return whose counts changed.

    The joiners are resident already. others: members who are no persons (a Norwegian spouse)
    of a family of which nobody else is resident (a number, or one for each joiner); an
    existing family keeps its own.
    """
    families = number_of_families(population)
    beside = np.zeros(families, dtype=np.int32)
    np.maximum.at(beside, population["family"][joiners], others)
    changed = np.empty(len(population) + 1, dtype=np.int64)
    count = kernel.join(
        np.asarray(joiners, dtype=np.int64),
        population["family"],
        population["background"],
        NORWEGIAN_BORN,
        population["place"],
        beside,
        np.zeros(families, dtype=np.uint8),
        np.zeros(len(population), dtype=np.uint8),
        np.zeros((families, 4), dtype=np.int32),
        population["family_total"],
        population["family_immigrants"],
        changed,
    )
    return changed[:count].copy()


def change_families(
    population: Population,
    movers: NDArray[np.int64],
    families: NDArray[np.int32],
    others: int = 0,
) -> NDArray[np.int64]:
    """Let residents leave their families for others; return whose counts changed."""
    population["place"][movers] = ABROAD  # out of the old family's counts
    left = leave_families(population, movers)
    population["place"][movers] = RESIDENT
    population["family"][movers] = families
    return np.union1d(left, join_families(population, movers, others))


def new_families(population: Population, number: int) -> NDArray[np.int32]:
    """Return family numbers that nobody bears."""
    first = number_of_families(population)
    return np.arange(first, first + number, dtype=np.int32)


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
