"""Families that move together: members share part of their luck, and nobody's chances change.

Each year everybody tosses a coin of their own. Who gets heads takes the error terms of the
family instead of their own: those of the couple they are one of, or of the mother they live with
and her partner. They are drawn for a number that is nobody's, made of the smaller identifier of
the two, so every error term is still a draw of the same distribution: the probability of
staying, moving and emigrating is what the model says. Two members' error terms are the same
with the square of the coin's chance of heads, and independent otherwise: that is their
correlation.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.agents.population import Population, lengthened
from sim.transitions import together_kernel as kernel
from sim.transitions.process import Assumption, Positions, Year

YOUNGEST = 15  # who are asked at all
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
    the members in year.regrouped, but those who leave Norway or die: they are not asked.
    shared: by resident born by the year `born_by`, as are all who are asked, the number of luck
        that heads stand for.
    """

    def __init__(self, correlation: float) -> None:
        self.correlation = correlation
        self.shared = np.empty(0, dtype=np.int64)
        self.forgotten = self.born_by = 0

    def hold(self, year: Year) -> Callable[[slice], NDArray[np.int64]]:
        """Look up what has changed; return what tells the numbers that luck is drawn for."""
        population = year.population
        if self.correlation <= 0:
            return population["person"].__getitem__
        if year.gone is not None and self.shared.size:
            self.shared = year.left_of(self.shared)
            self.forgotten += 1
        known = self.shared.size
        if self.forgotten != population.forgotten:  # positions are others now
            self.forgotten, known = population.forgotten, 0
        born_by = year.year - 1 - YOUNGEST
        grown = population["birth_year"] == born_by  # nobody has asked for theirs so far
        for earlier in range(self.born_by + 1, born_by) if known else ():  # years passed over
            grown |= population["birth_year"] == earlier
        self.born_by = born_by
        changed = year.told(year.regrouped if known else [], known, grown)
        self.shared = lengthened(self.shared, len(population))
        columns = ("person", "birth_year", "family", "family_total", "place", "partner", "mother")
        kernel.share_luck(changed, born_by, self.shared, *(population[c] for c in columns))
        # Not the year itself, which would refer to itself: its population would stay for long.
        return year.chance.toss(
            "families_together", year.year, np.sqrt(self.correlation),
            population["person"], self.shared, population["birth_year"], born_by,
        )  # fmt: skip


def leaders(population: Population, movers: Positions, going: NDArray[np.bool_]) -> Positions:
    """Return with whom each mover goes, as an index of `movers`; most go by themselves.

    going: everybody's, True for movers. Of partners who live together the one with the smaller
    identifier leads; grown children go where the mother goes.
    """
    leader = np.empty(movers.size, dtype=np.int64)
    number = np.empty(len(population), dtype=np.int32)
    columns = ("person", "family", "municipality", "partner", "mother")
    kernel.follow(movers, going, number, leader, *(population[c] for c in columns))
    return leader
