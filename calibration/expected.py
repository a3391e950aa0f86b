"""What the yearly choice is expected to do with a population: probabilities, no luck."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibration.raking import Floats
from sim.agents.families import children_and_adults
from sim.agents.population import Population
from sim.transitions import mobility_kernel as kernel
from sim.transitions.mobility import YOUNGEST, Mobility, persons_of
from sim.transitions.process import Settings
from sim.transitions.sources import using


class Weights(NamedTuple):
    """exp(V) of moving and emigrating of everybody, and whom each person follows.

    follows: their own position, or of a child the adult's.
    """

    move: Floats
    emigrate: Floats
    follows: NDArray[np.int64]

    def emigrating(self, factor: Floats | float = 1.0) -> Floats:
        """Return everybody's probability of emigrating, the weight of it multiplied."""
        leave = self.emigrate * factor
        return np.asarray((leave / (1 + self.move + leave))[self.follows])


def weights(people: Population, settings: Settings | None = None) -> Weights:
    """Return the weights of a population in its year; children follow their adult."""
    settings = settings or Settings()
    with using(settings.overlay):
        mobility = Mobility.ready(settings)
        tables = mobility.tables_of(people.year)
        both = np.empty((2, len(people)))
        everybody = np.arange(len(people))
        kernel.weigh_some(persons_of(people), tables, people.year, everybody, *both)
    children, adults = children_and_adults(people, people.year - 1 - YOUNGEST)
    follows = everybody.copy()
    follows[children] = adults
    return Weights(both[0], both[1], follows)
