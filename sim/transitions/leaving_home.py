"""Leaving home: the young get a family number of their own.

Parents and children share a family number as long as they live together. Who still does is
not published by age. The rates are assumed: descendants leave so that the share at home by
age stays that of the Norwegian-born in the reconstructed register of 2013, and nobody stays
after 30. Those who have a partner have left already, or their union has its own number.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.agents.families import Families
from sim.agents.population import RESIDENT, Population
from sim.chance import cuts
from sim.codes import SEX
from sim.transitions import leaving_home_kernel as kernel
from sim.transitions.batches import screened
from sim.transitions.odds import Odds, age_reached, luck_of
from sim.transitions.process import Assumption, Positions, Settings, Year
from sim.transitions.sources import remembered, rows
from sim.transitions.unions import Move, move, with_children

YOUNGEST, OLDEST = 18, 30  # ages reached in the year
GENERATION = 15  # years by which a parent is older, at least
TEENAGER = 19  # until then members who are no persons are parents, later a partner

LEAVING_HOME = Assumption(
    "leaving_home",
    {
        "by_30": "Residents of 18-30 leave their parents' family at rates by sex and age that "
        "keep the shares of the reconstructed register of 2013; at 30 all do.",
        "nobody_leaves": "Nobody leaves, except for a union.",
    },
)


class LeavingHome:
    """Moving out of the parents' family; own children under 18 go along."""

    name: ClassVar = "leaving_home"
    reads: ClassVar = frozenset({"person", "sex", "birth_year", "background", "place", "mother",
                                 "partner"})  # fmt: skip
    writes: ClassVar = frozenset({"family", "family_total", "family_immigrants"})
    assumptions: ClassVar[tuple[Assumption, ...]] = (LEAVING_HOME,)

    def __init__(self, choice: str) -> None:
        self.choice = choice

    @classmethod
    def ready(cls, settings: Settings) -> "LeavingHome":
        """Take the assumed rates."""
        return cls(settings.choice(LEAVING_HOME))

    def happen(self, year: Year) -> None:
        """Let the young leave, each for a family of one's own."""
        if self.choice == "nobody_leaves":
            return
        population = year.population
        possible = _possible(year, cuts(rates()))
        leavers = possible[with_parents(population, possible, year.year, year.families)]
        first = year.families.size
        new = np.arange(first, first + leavers.size, dtype=np.int32)
        nobody = np.zeros(leavers.size, dtype=np.bool_)  # is the eldest, beside parents
        moves = with_children(year, Move(leavers, new, leavers), nobody)
        none = np.empty(0, dtype=np.int32)
        year.regrouped.append(move(population, moves, none, none, year.families))

    def odds(self, year: Year, position: int) -> tuple[Odds, ...]:
        """Return the chance of leaving home of a single person, if they live with parents."""
        population, age = year.population, age_reached(year, position)
        single = population["partner"][position] < 0 and population["place"][position] == RESIDENT
        single &= population["family_total"][position] > 1
        if self.choice == "nobody_leaves" or not single or age < YOUNGEST:
            return ()
        if age > OLDEST:  # who still lives with their mother
            mother = int(population["mother"][position])
            family = population["family"]
            if mother < 0 or population["place"][mother] != RESIDENT \
                    or family[mother] != family[position]:  # fmt: skip
                return ()
        chance = float(rates()[population["sex"][position], min(age, OLDEST) - YOUNGEST])
        luck = luck_of(year, self.name, population["person"][position])
        return (Odds("leaving home, who lives with parents", chance, luck),)


def with_parents(
    population: Population, whom: Positions, year: int, families: Families
) -> NDArray[np.bool_]:
    """Say who of these residents lives with the mother or somebody as old as parents are.

    Teenagers who live with members only who are no persons live with parents, too.
    """
    found = np.empty(whom.size, dtype=np.bool_)
    columns = ("place", "birth_year", "family", "mother", "family_total")
    kernel.with_parents(whom, GENERATION, year - TEENAGER, families.hold().following, found,
                        *(population[c] for c in columns))  # fmt: skip
    return found


def _possible(year: Year, limits: NDArray[np.uint64]) -> Positions:
    """Return single residents, not alone at home, who leave if they live with parents."""
    population = year.population
    screen = [population[c] for c in ("birth_year", "place", "family_total", "mother")]
    limit, born = limits[:, :-1].max(), (year.year - OLDEST, year.year - YOUNGEST)
    possible, words = screened(
        year, LeavingHome.name, lambda words, some, marks: kernel.mark(
            words, limit, np.int16(born[0]), np.int16(born[1]), marks, *(c[some] for c in screen)
        ),
    )  # fmt: skip
    columns = ("sex", "birth_year", "place", "partner", "mother", "family")
    looked_at = (population[c] for c in columns)
    return possible[: kernel.list_possible(possible, words, limits, born[1], *looked_at)]


@remembered
def rates() -> NDArray[np.float64]:
    """Return the probability of leaving home in a year by sex and age reached, 18-30."""
    table = np.full((len(SEX), OLDEST - YOUNGEST + 1), np.nan)
    for row in rows("leaving_home.csv"):
        table[SEX.index(row["sex"]), int(row["age"]) - YOUNGEST] = float(row["rate"])
    assert np.isfinite(table).all()
    return table
