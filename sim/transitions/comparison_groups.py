"""The groups that the report of 2026 compares descendants with: numbers, not persons.

Young people of 18-35 with one foreign-born parent, and the majority. The model follows neither;
they are driven by published totals so that all five groups of the report can be drawn side by
side. An ordinary run does not ask for them, and nothing that happens to the simulated persons
depends on them. Residents come by year and sex; the majority is what is left of all residents.
Emigrations are drawn from rates by year and age. Nothing is known of where these groups go, of
their education or of who returns. Most of the table is assumed, and says so.

Ages are those reached on 31 December of a year. Within a published band single ages are alike.
"""

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from sim.chance import Chance
from sim.codes import SEX
from sim.transitions.sources import rows

Floats = NDArray[np.float64]
AGES = range(18, 36)
GROUPS = ("one_foreign_parent", "majority")
ALL = "all_residents"
BANDS = MappingProxyType({"15-19": range(15, 20), "20-34": range(20, 35), "35-39": range(35, 40)})
LUCK = "comparison_groups"


@dataclass(frozen=True, eq=False)
class Table:
    """What is published or assumed of the groups.

    residents: of all residents on 1 January, (year, sex, completed age 0-39). one_parent: of one
    foreign-born parent, (year, sex), of the ages 18-35. rates: percent a year of a group by year.
    shapes: how rates differ by age, relative.
    """

    years: tuple[int, ...]
    residents: Floats
    one_parent: Floats
    rates: MappingProxyType[str, dict[int, float]]
    shapes: MappingProxyType[str, Floats]


@cache
def table() -> Table:
    """Read the table."""
    every = rows("comparison_groups.csv")
    numbers = [row for row in every if row["kind"] == "residents"]
    years = tuple(sorted({int(row["year"]) for row in numbers}))
    residents, one_parent = np.zeros((len(years), len(SEX), 40)), np.zeros((len(years), len(SEX)))
    for row in numbers:
        at = years.index(int(row["year"])), SEX.index(row["sex"])
        if row["group"] == ALL:
            band = BANDS[row["age"]]
            residents[(*at, slice(band.start, band.stop))] = float(row["value"]) / len(band)
        else:
            one_parent[at] = float(row["value"])
    return Table(
        years, residents, one_parent,
        MappingProxyType({g: {int(r["year"]): float(r["value"]) for r in every
                              if r["kind"] == "rate" and r["group"] == g} for g in GROUPS}),
        MappingProxyType({g: np.array([float(r["value"]) for r in every
                                       if r["kind"] == "age" and r["group"] == g])
                          for g in GROUPS}),
    )  # fmt: skip


def everybody(year: int, later: int) -> Floats:
    """Return all residents of 1 January by sex and age 18-35; nan of years not in the table.

    later: 0 if the ages are those of 31 December of the year, 1 of the year before.
    """
    known = table()
    if year not in known.years:
        return np.full((len(SEX), len(AGES)), np.nan)
    first = AGES.start - 1 + later
    return known.residents[known.years.index(year), :, first : first + len(AGES)]


def one_foreign_parent(year: int) -> Floats:
    """Return residents with one foreign-born parent by sex and age, all ages alike."""
    known = table()
    if year not in known.years:
        return np.full((len(SEX), len(AGES)), np.nan)
    number = known.one_parent[known.years.index(year)]
    return np.repeat(number[:, None] / len(AGES), len(AGES), axis=1)


def emigrations(group: str, year: int, residents: Floats, chance: Chance) -> Floats:
    """Draw emigrants by sex and age from residents of 1 January; nan of years without a rate."""
    known = table()
    if year not in known.rates[group] or not np.isfinite(residents).all():
        return np.full(residents.shape, np.nan)
    chances = known.rates[group][year] / 100 * known.shapes[group]
    cell = np.arange(residents.size) + residents.size * GROUPS.index(group)
    luck = chance.uniform(LUCK, year, cell.astype(np.int64)).reshape(residents.shape)
    persons = np.rint(np.maximum(residents, 0))
    return np.asarray(binom.ppf(luck, persons, chances[None, :]), dtype=np.float64)
