"""The same yearly choice in NumPy alone, twice: as one would write it, and tuned.

Both take the columns of a population and coefficients by group, term and outcome, and
return outcomes 0 (stay), 1 (move) and 2 (emigrate) of everybody resident and covered.
They are the baselines of the benchmark, written in good faith: `plain` is ordinary
vectorised NumPy of the published logit; `Tuned` multiplies factors from the engine's own tables,
all of them, in float32 and in blocks that fit the cache. Its weights are tested to be the engine's.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.geography import CENTRALITY_OF
from sim.transitions import mobility_kernel as kernel

BLOCK = 16_384
AGES, CLASSES, SIZES, KINDS, PLACES = map(
    int, (kernel.AGES, kernel.CLASSES, kernel.SIZES, kernel.KINDS, kernel.PLACES)
)
REASONS, STATUSES, EDUCATIONS = map(int, (kernel.REASONS, kernel.STATUSES, kernel.EDUCATIONS))


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
    """Products of all the engine's tables in float32, block by block.

    Rows hold both weights, so that one look-up finds them together; of 16,384 persons at a time
    indices and weights stay in the cache. Tried and slower: a look-up for each weight, and
    indices of 32 bits, which NumPy widens each time. Nobody asked is born after the year.
    """

    def __init__(self, tables: kernel.Tables) -> None:
        regions = tables.region_of.astype(np.intp)
        shift = tables.shift.reshape(int(kernel.REASONS), -1, 2)[:, regions]
        self.origins = regions.size
        self.group_of = tables.group_of.astype(np.intp)
        self.kind_of = tables.kind_of.astype(np.intp)
        self.covered = tables.covered
        every = (tables.age, tables.duration, tables.traits, tables.total, tables.immigrants,
                 shift, tables.offset, tables.place)  # fmt: skip
        self.tables = [np.ascontiguousarray(t.reshape(-1, 2), dtype=np.float32) for t in every]

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

    def weights(self, p: kernel.Persons, year: int) -> NDArray[np.float32]:
        """Return how much everybody weighs moving and emigrating, a row each."""
        first, *others = self.tables
        indices = self._indices(p, year)
        weight = first.take(indices[0], axis=0)
        for table, index in zip(others, indices[1:], strict=True):
            weight *= table.take(index, axis=0)
        return weight

    def _indices(self, p: kernel.Persons, year: int) -> list[NDArray[np.intp]]:
        """Return everybody's row in each table."""
        group = self.group_of.take(p.municipality)
        group += p.sex
        years = np.minimum(np.int32(year - 1) - p.birth_year, AGES - 1)
        stay = np.minimum(np.int32(year - 1) - p.first_arrival_year, CLASSES - 1)
        reason = p.reason.astype(np.intp)
        traits = group * REASONS
        for factor, code in ((1, reason), (STATUSES, p.status), (EDUCATIONS, p.education)):
            traits *= factor
            traits += code
        sizes = p.family_total.astype(np.intp)
        sizes *= SIZES
        sizes += p.family_immigrants
        offset = reason * KINDS
        offset += self.kind_of.take(sizes)
        offset *= 2
        offset += (years >= int(kernel.YOUNG)) & (years <= int(kernel.OLD))
        rows = group * SIZES
        return [
            group * AGES + years,
            group * CLASSES + stay,
            traits,
            rows + p.family_total,
            rows + p.family_immigrants,
            reason * self.origins + p.origin,
            offset,
            reason * PLACES + p.municipality,
        ]

    def _block(self, p: kernel.Persons, year: int, random: np.random.Generator) -> Any:
        weight = self.weights(p, year)
        both = weight[:, 0] + weight[:, 1]
        mark = random.random(both.size, dtype=np.float32)
        mark *= 1 + both
        outcome = (mark < both).astype(np.uint8)
        outcome += mark < both
        outcome -= mark < weight[:, 0]
        outcome *= (p.place == 0) & (self.covered.take(p.background) != 0)
        return outcome
