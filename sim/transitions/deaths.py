"""Deaths, by age and sex, at the rates of all residents of Norway.

A person who turns a in the year has lived half of it at age a - 1 and half at a, so the rate
is the mean of both. Of the deaths at age 0, most fall in the year of birth. Persons abroad
die too, at the same rates: whoever is dead cannot return.
"""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.agents.families import leave_families
from sim.agents.population import DEAD, RESIDENT
from sim.chance import cuts
from sim.codes import SEX
from sim.transitions import deaths_kernel as kernel
from sim.transitions.batches import screened
from sim.transitions.levers import Lever, hastened
from sim.transitions.odds import Odds, age_reached, luck_of
from sim.transitions.process import Assumption, Settings, Year
from sim.transitions.sources import remembered, rows

SOURCE = "Human Mortality Database, Norway, death rates by single age and sex, 2000-2023"
IN_BIRTH_YEAR = 0.88  # of deaths at age 0, in the calendar year of birth
OLD = slice(40, 96)  # ages whose rates say how fast mortality falls
FIRST_YEARS = 3  # averaged at both ends of the series

MORTALITY = Assumption(
    "mortality",
    {
        "falling": "Immigrants and Norwegian-born persons, also abroad, die at the rates of all "
        "residents of their age and sex; after 2023 rates go on falling as from 2000 to 2023.",
        "as_2023": "The same, but rates stay as they were in 2023.",
        "nobody_dies": "Nobody dies.",
    },
)


class Deaths:
    """Dying, in Norway and abroad; families count their dead out."""

    name: ClassVar = "deaths"
    reads: ClassVar = frozenset({"person", "sex", "birth_year", "place", "family", "background",
                                 "partner"})  # fmt: skip
    writes: ClassVar = frozenset({"place", "partner", "family_total", "family_immigrants"})
    assumptions: ClassVar[tuple[Assumption, ...]] = (MORTALITY,)

    LEVERS: ClassVar = (Lever("deaths", "factor", "the death rate at every age", 0.0, 10.0),)

    def __init__(self, choice: str, level: Callable[[int], float] = lambda _: 1.0) -> None:
        self.choice = choice
        self.level = level

    @classmethod
    def ready(cls, settings: Settings) -> "Deaths":
        """Take the published rates."""
        return cls(settings.choice(MORTALITY), partial(settings.lever, "deaths"))

    def happen(self, year: Year) -> None:
        """Let people die; a death abroad is no event of Norway's."""
        if self.choice == "nobody_dies":
            return
        population = year.population
        chances = probabilities(year.year, falling=self.choice == "falling")
        chances = hastened(chances, self.level(year.year))
        limits = cuts(chances)
        sex, birth_year, place = (population[c] for c in ("sex", "birth_year", "place"))
        limit, born_by = limits[:, : kernel.OLD].max(), np.int16(year.year - kernel.OLD)
        dying, words = screened(
            year, self.name, lambda words, some, marks: kernel.mark(
                words, limit, born_by, birth_year[some], place[some], marks,
            ),
        )  # fmt: skip
        dying = dying[: kernel.die(dying, words, limits, year.year, sex, birth_year)]
        here = dying[place[dying] == RESIDENT]
        place[dying] = DEAD
        _widow(population["partner"], dying)
        year.record("death", here)
        year.changed.append(here)
        year.regrouped.append(leave_families(population, here, year.families))

    def odds(self, year: Year, position: int) -> tuple[Odds, ...]:
        """Return the chance of dying, at the age reached in the year."""
        population = year.population
        if self.choice == "nobody_dies" or population["place"][position] == DEAD:
            return ()
        chances = probabilities(year.year, falling=self.choice == "falling")
        chances = hastened(chances, self.level(year.year))
        age = min(max(age_reached(year, position), 0), chances.shape[1] - 1)
        chance = float(chances[population["sex"][position], age])
        luck = luck_of(year, self.name, population["person"][position])
        return (Odds("death", chance, luck),)


def _widow(partner: NDArray[np.int32], dying: NDArray[np.int64]) -> None:
    left = partner[dying]
    partner[left[left >= 0]] = -1
    partner[dying] = -1


def rates(year: int, *, falling: bool) -> NDArray[np.float64]:
    """Return death rates (sex, age) of a calendar year; before 2000 those of 2000."""
    table, years = _published()
    known = table[min(max(year, years[0]), years[-1]) - years[0]]
    if falling and year > years[-1]:
        first, last = table[:FIRST_YEARS].mean(axis=0), table[-FIRST_YEARS:].mean(axis=0)
        yearly = np.log(last[:, OLD] / first[:, OLD]).mean(axis=1) / (len(years) - FIRST_YEARS)
        known = known * np.exp(yearly * (year - years[-1]))[:, None]
    return np.asarray(known)


@remembered
def probabilities(year: int, *, falling: bool = True) -> NDArray[np.float64]:
    """Return the probability of dying in a year by sex and the age reached in it."""
    rate = rates(year, falling=falling)
    both = (rate + np.roll(rate, 1, axis=1)) / 2
    both[:, 0] = IN_BIRTH_YEAR * rate[:, 0]
    both[:, 1] = (1 - IN_BIRTH_YEAR) * rate[:, 0] + rate[:, 1] / 2
    both[:, -1] = np.inf  # nobody is older than the table
    return np.asarray(-np.expm1(-both))


@remembered
def _published() -> tuple[NDArray[np.float64], list[int]]:
    read = rows("mortality.csv")
    years = sorted({int(row["year"]) for row in read})
    oldest = max(int(row["age"]) for row in read)
    table = np.full((len(years), len(SEX), oldest + 1), np.nan)
    for row in read:
        at = int(row["year"]) - years[0], SEX.index(row["sex"]), int(row["age"])
        table[at] = float(row["rate"])
    for age in range(1, oldest + 1):  # where nobody of an age was alive: as the year before it
        missing = np.isnan(table[:, :, age])
        table[:, :, age][missing] = table[:, :, age - 1][missing]
    assert np.isfinite(table).all()
    return table, years
