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

from sim.agents.population import Population
from sim.chance import Chance, cuts
from sim.transitions import together_kernel as kernel
from sim.transitions.process import Assumption, Positions

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


def lucky_persons(
    population: Population, year: int, chance: Chance, correlation: float = CORRELATION
) -> NDArray[np.int64]:
    """Return, for everybody, the number that their luck is drawn for this year."""
    person, family = population["person"], population["family"]
    if correlation <= 0 or not person.size:
        return person
    coin = np.empty(person.size, dtype=np.uint32)
    chance.swift_word("families_together", year, person, coin)
    lucky = np.empty(person.size, dtype=np.int64)
    heads = np.uint64(cuts(np.array([np.sqrt(correlation)]))[0])
    size, place = population["family_total"], population["place"]
    partner, mother = population["partner"], population["mother"]
    sharing = np.empty(person.size + 1, dtype=np.int64)
    kernel.take_luck(coin, heads, year - 1 - YOUNGEST, person, family, size,
                     population["birth_year"], place, partner, mother, lucky, sharing)  # fmt: skip
    return lucky


def leaders(population: Population, movers: Positions, going: NDArray[np.bool_]) -> Positions:
    """Return with whom each mover goes, as an index of `movers`; most go by themselves.

    movers: in ascending order; going: everybody's, True for movers. Of partners who live
    together the one with the smaller identifier leads; grown children go where the mother goes.
    """
    person, place_of = population["person"], population["municipality"]
    family, partner, mother = (population[c] for c in ("family", "partner", "mother"))

    def beside(other: NDArray[np.int32], whom: Positions) -> NDArray[np.bool_]:
        near = (other >= 0) & going[other] & (family[other] == family[whom])
        return np.asarray(near & (place_of[other] == place_of[whom]))

    leader = np.arange(movers.size)
    mate = partner[movers]
    led = beside(mate, movers) & (person[mate] < person[movers])
    leader[led] = np.searchsorted(movers, mate[led])
    parent = mother[movers]
    child = beside(parent, movers) & (mate < 0)
    leader[child] = leader[np.searchsorted(movers, parent[child])]
    return leader
