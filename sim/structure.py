"""The structure of the residents on a 1 January: ages, and sizes of families."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim import observe_kernel as kernel
from sim.agents.population import Population
from sim.codes import BACKGROUND, SEX

OLDEST = 100  # and beyond
LARGEST = 8  # members of a family, and beyond


@dataclass(frozen=True)
class Structure:
    """Residents on 1 January of a year.

    ages: (background, sex, age 0 to 100 and over); families: (background, size 1 to 8 and
        over), persons by the size of their family.
    """

    year: int
    ages: NDArray[np.int64]
    families: NDArray[np.int64]


def structure_of(population: Population) -> Structure:
    """Count the residents of the population's 1 January."""
    shape = len(BACKGROUND), len(SEX), OLDEST + 1, LARGEST
    counts = np.zeros((kernel.LANES, int(np.prod(shape)) + 1), dtype=np.int32)
    place, background, sex = (population[name] for name in ("place", "background", "sex"))
    born, size = population["birth_year"], population["family_total"]
    kernel.count_structure(
        place, background, sex, born, size, population.year, OLDEST, LARGEST, counts
    )
    found = counts.sum(axis=0, dtype=np.int64)[:-1].reshape(shape)
    return Structure(population.year, found.sum(axis=3), found.sum(axis=(1, 2)))
