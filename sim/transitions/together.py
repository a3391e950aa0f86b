"""Families that move together: members share part of their luck, and nobody's chances change.

Each year everybody tosses a coin of their own. Who gets heads takes the error terms of the
family instead of their own: those of the couple they are one of, or of the mother they live with
and her partner. They are drawn for a number that is nobody's, made of the smaller identifier of
the two, so every error term is still a draw of the same distribution: the probability of
staying, moving and emigrating is what the model says. Two members' error terms are the same
with the square of the coin's chance of heads, and independent otherwise: that is their
correlation.
"""

import numpy as np
from numpy.typing import NDArray

from sim.agents.population import Population, lengthened
from sim.chance import cuts
from sim.transitions import together_kernel as kernel
from sim.transitions.process import Assumption, Positions, Year

YOUNGEST = 15  # who are asked at all
BATCH = 65_536  # persons at a time, so that their coins stay in the cache
CORRELATION = 0.9  # of error terms inside a family; no source tells

TOGETHER = Assumption(
    "families",
    {
        "together": "Error terms of partners, and of children of 15 or more who live with their "
        f"mother, have a correlation of {CORRELATION:g}, so that families move and emigrate "
        "together more often than by chance; everybody's probabilities are those of the model.",
        "apart": "Members of a family decide independently of each other (children follow).",
    },
)


class SharedLuck:
    """Whose luck everybody shares, kept from year to year.

    It depends on who lives in one family with partner and mother. Whoever changes that names
    the members in year.regrouped.
    shared: by person, the number of luck that heads stand for, in eight bytes a person.
    """

    def __init__(self, correlation: float) -> None:
        self.correlation = correlation
        self.shared = np.empty(0, dtype=np.int64)
        self.forgotten = 0

    def lucky(self, year: Year) -> NDArray[np.int64]:
        """Return the number that everybody's luck is drawn for this year."""
        population = year.population
        person, birth_year = population["person"], population["birth_year"]
        if self.correlation <= 0 or not person.size:
            return person
        self._look_up(year)
        coin = np.empty(min(BATCH, person.size), dtype=np.uint32)
        lucky = np.empty(person.size, dtype=np.int64)
        heads = np.uint32(max(int(cuts(np.array([np.sqrt(self.correlation)]))[0]), 1) - 1)
        for first in range(0, person.size, BATCH):
            some = slice(first, first + BATCH)
            tossed = coin[: person[some].size]
            year.chance.swift_word("families_together", year.year, person[some], tossed)
            kernel.take_luck(tossed, heads, year.year - 1 - YOUNGEST, person[some],
                             birth_year[some], self.shared[some], lucky[some])  # fmt: skip
        return lucky

    def _look_up(self, year: Year) -> None:
        population = year.population
        known = self.shared.size
        if self.forgotten != population.forgotten:  # positions are others now
            self.forgotten, known = population.forgotten, 0
        changed = year.told(year.regrouped if known else [], known)
        self.shared = lengthened(self.shared, len(population))
        columns = ("person", "family", "family_total", "place", "partner", "mother")
        kernel.share_luck(changed, *(population[c] for c in columns), self.shared)


def leaders(population: Population, movers: Positions, going: NDArray[np.bool_]) -> Positions:
    """Return with whom each mover goes, as an index of `movers`; most go by themselves.

    movers: in ascending order; going: everybody's, True for movers. Of partners who live
    together the one with the smaller identifier leads; grown children go where the mother goes.
    """
    whom = np.empty(movers.size, dtype=np.int64)
    columns = ("person", "family", "municipality", "partner", "mother")
    kernel.follow(movers, going, *(population[c] for c in columns), whom)
    leader = np.arange(movers.size)
    led = np.flatnonzero(whom != movers)
    leader[led] = np.searchsorted(movers, whom[led])
    return leader
