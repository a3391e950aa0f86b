"""The same yearly choice in NumPy alone, twice: as one would write it, and tuned.

Both take the columns of a population and coefficients by group, term and outcome, and
return outcomes 0 (stay), 1 (move) and 2 (emigrate) of everybody resident and covered.
They are the baselines of the benchmark, written in good faith: `plain` is ordinary
vectorised NumPy; `tuned` multiplies factors from the engine's own tables in float32 and
works in blocks that fit the cache.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.geography import CENTRALITY_OF
from sim.transitions import mobility_kernel as kernel

BLOCK = 8_192


def plain(
    persons: kernel.Persons,
    terms: dict[str, NDArray[np.float64]],
    year: int,
    random: np.random.Generator,
) -> NDArray[np.uint8]:
    """Add the terms of the utilities, take exponentials, draw one uniform a person.

    terms: by name, arrays (groups, [categories,] 2): a factor's categories in one array.
    """
    group = CENTRALITY_OF[persons.municipality].astype(np.int64) * 2 + persons.sex
    age = np.minimum(year - 1 - persons.birth_year.astype(np.float64), 74)
    duration = year - 1 - persons.first_arrival_year
    duration_class = np.digitize(duration, [3, 6, 11, 16])
    weight = []
    for k in range(2):
        utility = (
            terms["constant"][group, k]
            + terms["age"][group, k] * age
            + terms["age_over_10_squared"][group, k] * (age / 10) ** 2
            + terms["duration"][group, duration_class, k]
            + terms["reason"][group, persons.reason, k]
            + terms["status"][group, persons.status, k]
            + terms["education"][group, persons.education, k]
            + terms["family_total"][group, k] * persons.family_total
            + terms["family_immigrants"][group, k] * persons.family_immigrants
        )
        weight.append(np.exp(utility))
    total = 1 + weight[0] + weight[1]
    luck = random.random(age.size)
    outcome = np.zeros(age.size, dtype=np.uint8)
    outcome[luck < (weight[0] + weight[1]) / total] = 2
    outcome[luck < weight[0] / total] = 1
    outcome[(age < 15) | (persons.place != 0)] = 0
    return outcome


class Tuned:
    """Products of the engine's tables in float32, block by block, with buffers kept."""

    def __init__(self, tables: kernel.Tables) -> None:
        self.group_of = tables.group_of.astype(np.int32)
        self.ages = int(kernel.AGES)
        small = np.float32
        self.age = tables.age.astype(small).reshape(-1, 2).T.copy()
        self.duration = tables.duration.astype(small).reshape(-1, 2).T.copy()
        self.traits = tables.traits.astype(small).reshape(-1, 2).T.copy()
        self.total = tables.total.astype(small).reshape(-1, 2).T.copy()
        self.immigrants = tables.immigrants.astype(small).reshape(-1, 2).T.copy()

    def __call__(
        self, persons: kernel.Persons, year: int, random: np.random.Generator
    ) -> NDArray[np.uint8]:
        """Return everybody's outcome."""
        outcome = np.zeros(persons.sex.size, dtype=np.uint8)
        for first in range(0, outcome.size, BLOCK):
            some = slice(first, first + BLOCK)
            block = kernel.Persons(*(column[some] for column in persons))
            outcome[some] = self._block(block, year, random)
        return outcome

    def _block(self, p: kernel.Persons, year: int, random: np.random.Generator) -> Any:
        group = self.group_of[p.municipality]
        group += p.sex
        age = np.minimum(np.int32(year - 1) - p.birth_year, self.ages - 1) + group * self.ages
        duration = np.minimum(np.int32(year - 1) - p.first_arrival_year, 16) + group * 17
        traits = ((group * 6 + p.reason) * 5 + p.status) * 6 + p.education
        total, immigrants = group * 256 + p.family_total, group * 256 + p.family_immigrants
        weight = []
        for k in range(2):
            w = self.age[k].take(age)
            w *= self.duration[k].take(duration)
            w *= self.traits[k].take(traits)
            w *= self.total[k].take(total)
            w *= self.immigrants[k].take(immigrants)
            weight.append(w)
        both = weight[0] + weight[1]
        mark = random.random(both.size, dtype=np.float32) * (1 + both)
        moved = (mark < both).astype(np.uint8)
        moved += mark < both
        moved -= mark < weight[0]
        moved *= p.place == 0
        return moved
