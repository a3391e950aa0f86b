"""Children who follow: what an adult does, the children who live with them do too."""

import numpy as np
from numpy.typing import NDArray

from sim.agents import followers_kernel as kernel
from sim.agents.families import Families, children_and_adults
from sim.agents.population import Population

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]
ROOM = 2  # children a mover, on average, for whom there is room at first


class Followers:
    """Whom the children of a population follow, as long as nobody's family changes.

    A resident child follows the mother if she lives in the family, otherwise the eldest adult
    there. born_by: the latest year of birth of an adult; who is younger is a child.
    """

    def __init__(self, population: Population, born_by: int, families: Families) -> None:
        self.population, self.born_by, self.families = population, born_by, families

    def of(self, adults: NDArray[np.int64]) -> Pairs:
        """Return the children who follow one of these adults, and whom each follows.

        Only the families of these adults are looked at, since few move; each is named once.
        """
        following = self.families.hold().following
        columns = ("family", "birth_year", "place", "mother", "person")
        looked_at = [self.population[c] for c in columns]
        found, count = np.empty((2, 0), dtype=np.int64), ROOM * adults.size
        while count > found.shape[1]:
            found = np.empty((2, count), dtype=np.int64)
            count = kernel.followers(adults, self.born_by, following, *looked_at, *found)
        return found[0, :count], found[1, :count]

    def all(self) -> Pairs:
        """Return all children who follow an adult, and whom each follows."""
        return children_and_adults(self.population, self.born_by, self.families)
