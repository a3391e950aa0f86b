"""Births, by the mother's age, origin and union.

The rate is that of all women of the age and year, times how many children women of the
mother's background have for each child of all women. Published totals by background are of
a few years: the ratio is interpolated between them, and after the last year all stays.
A woman who turns a in the year has lived half of it at age a - 1 and half at a.

A child of two immigrants is a person, Norwegian-born to immigrant parents. Any other child
is but one more member of the family, since children with one immigrant parent and children
of Norwegian-born are outside the population.
"""

from collections.abc import Callable
from functools import partial
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.agents.families import Families
from sim.agents.newcomers import child_identifiers
from sim.agents.population import RESIDENT, Population
from sim.chance import cuts
from sim.codes import BACKGROUND, EDUCATION, ORIGIN, REASON, SEX, SPONSOR_REASON, STATUS
from sim.transitions import births_kernel as kernel
from sim.transitions.batches import screened
from sim.transitions.levers import Lever
from sim.transitions.odds import Odds, age_reached, luck_of
from sim.transitions.process import Assumption, Positions, Settings, Year
from sim.transitions.sources import remembered, rows
from sim.transitions.unions import at_home

SOURCE = (
    "Human Fertility Database, Norway, births by age, 2000-2022; Statistics Norway, total "
    "fertility by mother's background, 1998-2022"
)
NORWEGIAN_BORN = BACKGROUND.index("norwegian_born")
NATION = "whole_population"
YOUNGEST, OLDEST = 15, 50  # age reached in the year by those who give birth at 15-49
NO_UNION, MIXED, PAIRED = kernel.NO_UNION, kernel.MIXED, kernel.PAIRED
COVARIATES = ("sex", "place", "birth_year", "first_arrival_year", "origin", "background")
FATHER, BOY = range(2)  # the draws of a birth

FERTILITY = Assumption(
    "fertility",
    {
        "as_2022": "Women have children as published by age and by background; after 2022 as in "
        "2022. Women with a partner who is an immigrant have three times as many as those "
        "without a partner, women with another partner twice as many.",
        "as_all_women": "The same, but all have as many as all women in Norway.",
        "nobody_is_born": "Nobody is born.",
    },
)


class Mothers(NamedTuple):
    """Women who give birth: positions, and whether the father is an immigrant."""

    mother: Positions
    immigrant_father: NDArray[np.bool_]


class Births:
    """Giving birth: persons are added, and other children counted in their families."""

    name: ClassVar = "births"
    reads: ClassVar = frozenset({"person", "sex", "birth_year", "background", "origin",
                                 "first_arrival_year", "municipality", "family", "partner",
                                 "place", "family_immigrants"})  # fmt: skip
    writes: ClassVar = frozenset({"family_total"})
    assumptions: ClassVar[tuple[Assumption, ...]] = (FERTILITY,)

    LEVERS: ClassVar = (
        Lever("births", "factor", "the chance of a birth, of every woman", 0.0, 10.0),
    )

    def __init__(self, choice: str, level: Callable[[int], float] = lambda _: 1.0) -> None:
        self.choice = choice
        self.level = level

    @classmethod
    def ready(cls, settings: Settings) -> "Births":
        """Take the published rates."""
        return cls(settings.choice(FERTILITY), partial(settings.lever, "births"))

    def happen(self, year: Year) -> None:
        """Let women give birth; count the children, and add those who are persons."""
        if self.choice == "nobody_is_born":
            return
        mothers = self._mothers(year)
        population = year.population
        families = year.families.hold()
        changed = np.empty(2 * len(population), dtype=np.int64)
        columns = (population[c] for c in ("family", "place", "family_total"))
        count = kernel.add_members(
            mothers.mother, families.following, families.seen, changed, *columns
        )
        alone_until_now = population["family_total"][mothers.mother] == 2
        year.changed.append(changed[:count].copy())
        year.regrouped.append(mothers.mother[alone_until_now])
        both = mothers.immigrant_father & (
            population["background"][mothers.mother] != NORWEGIAN_BORN
        )
        year.record("birth", _add_children(year, mothers.mother[both]))

    def odds(self, year: Year, position: int) -> tuple[Odds, ...]:
        """Return a woman's chance of giving birth, in the union that she lives in."""
        population, age = year.population, age_reached(year, position)
        woman = population["sex"][position] == SEX.index("female")
        here = woman and population["place"][position] == RESIDENT and YOUNGEST <= age <= OLDEST
        if self.choice == "nobody_is_born" or not here:
            return ()
        born = population["background"][position] == NORWEGIAN_BORN
        group = len(ORIGIN) if born else int(population["origin"][position])
        came = int(population["first_arrival_year"][position] == year.year)
        union = union_of(population, position, year.families)
        chances = probabilities(year.year, by_background=self.choice == "as_2022")
        chance = float(chances[union, came, group, age - YOUNGEST] * self.level(year.year))
        luck = luck_of(year, self.name, population["person"][position])
        return (Odds("giving birth", min(chance, 1.0), luck),)

    def _mothers(self, year: Year) -> Mothers:
        """Return who gives birth, after the one draw that each woman has."""
        population = year.population
        chances = probabilities(year.year, by_background=self.choice == "as_2022")
        limits = cuts(np.minimum(chances * self.level(year.year), 1.0))
        possible, cells, words = _possible(year, limits.max(axis=0))
        union = np.empty(possible.size, dtype=np.int64)
        immigrant = np.empty(possible.size, dtype=np.bool_)
        columns = ("partner", "place", "family_total", "background")
        count = kernel.give_birth(possible, words, cells, limits.reshape(len(limits), -1),
                                  year.families.hold().following, union, immigrant,
                                  *(population[c] for c in columns))  # fmt: skip
        mother, immigrant = possible[:count], immigrant[:count]
        alone = np.flatnonzero(union[:count] == NO_UNION)
        immigrant[alone] = (
            _luck(year, mother[alone], FATHER) < assumed()["immigrant_father_no_union"]
        )
        return Mothers(mother, immigrant)


def _possible(
    year: Year, highest: NDArray[np.uint64]
) -> tuple[Positions, NDArray[np.int64], NDArray[np.uint32]]:
    """Return who gives birth in one union or another, their cells of the rates, and words."""
    population = year.population
    sex, place, birth_year, arrival, origin, background = (population[c] for c in COVARIATES)
    top = highest.max()
    if not top:
        nobody = np.empty(0, dtype=np.int64)
        return nobody, nobody, nobody.astype(np.uint32)
    limit = np.uint32(top - np.uint64(1))
    born = np.int16(year.year - OLDEST), np.int16(year.year - YOUNGEST)
    women, words = screened(
        year, Births.name, lambda words, some, marks: kernel.mark(
            words, limit, *born, sex[some], place[some], birth_year[some], marks,
        ),
    )  # fmt: skip
    cells = np.empty(women.size + 1, dtype=np.int64)
    count = kernel.list_possible(women, words, highest, year.year, YOUNGEST, birth_year,
                                 arrival, origin, background, cells)  # fmt: skip
    return women[:count], cells[:count], words[:count]


def union_of(population: Population, woman: int, families: Families) -> int:
    """Say if a resident lives in Norway with a partner who is a person, or with one who is not.

    Members of the family who are not persons are taken for a partner who is no immigrant,
    and children with him.
    """
    partner = population["partner"][woman]
    if partner >= 0 and population["place"][partner] == RESIDENT:
        return PAIRED
    persons, _ = at_home(population, np.array([woman]), families)
    return MIXED if population["family_total"][woman] > persons[0] else NO_UNION


def _add_children(year: Year, mothers: Positions) -> Positions:
    """Add a child of each mother to the population, in a family that has counted it."""
    population = year.population
    same = ("origin", "municipality", "family", "family_total", "family_immigrants")
    columns = {name: population[name][mothers] for name in same}
    boys = _luck(year, mothers, BOY) < assumed()["boys"]
    return population.grow(
        columns
        | {
            "person": child_identifiers(year.year, population["person"][mothers]),
            "sex": np.where(boys, SEX.index("male"), SEX.index("female")),
            "birth_year": np.full(mothers.size, year.year),
            "background": np.full(mothers.size, NORWEGIAN_BORN),
            "reason": np.full(mothers.size, REASON.index("unknown")),
            "sponsor_reason": np.full(mothers.size, SPONSOR_REASON.index("none")),
            "first_arrival_year": np.full(mothers.size, year.year),
            "education": np.full(mothers.size, EDUCATION.index("none")),
            "status": np.full(mothers.size, STATUS.index("outside")),
            "mother": mothers,
        }
    )


def _luck(year: Year, mothers: Positions, draw: int) -> NDArray[np.float64]:
    return year.chance.uniform("birth", year.year, year.population["person"][mothers], draw)


@remembered
def probabilities(year: int, *, by_background: bool = True) -> NDArray[np.float64]:
    """Return the probability of a birth in a year, at most one a woman.

    By union (none, mixed, paired), arrival (before, in the year), group (the origins, then
    Norwegian-born) and the age reached in the year, 15-50.
    """
    national = rates(year)
    ratio = relative_fertility(year) if by_background else np.ones(len(ORIGIN) + 1)
    table = np.einsum("ua,s,g,a->usga", union_factors(), [1.0, assumed()["year_of_arrival"]],
                      ratio, national)  # fmt: skip
    return np.asarray(np.minimum(table, 1.0))


def rates(year: int) -> NDArray[np.float64]:
    """Return births a woman in a calendar year by the age reached, 15-50; constant outside."""
    table, first = _by_age()
    at_age = table[min(max(year - first, 0), len(table) - 1)]  # completed years 15-49
    return np.asarray((np.append(at_age, 0.0) + np.append(0.0, at_age)) / 2)


@remembered
def relative_fertility(year: int) -> NDArray[np.float64]:
    """Return children for each child of all women, by origin and, last, of Norwegian-born."""
    total, country, region_of = _by_region(), _by_origin(), _regions()
    nation = _between(year, total[NATION])
    region = {name: _between(year, known) / nation for name, known in total.items()}
    of_origin = [region[region_of[o]] * _between(year, country[o]) for o in ORIGIN.names]
    return np.array([*of_origin, region["norwegian_born"]])


@remembered
def union_factors() -> NDArray[np.float64]:
    """Return what union (none, mixed, paired) and the age reached, 15-50, do to the rate."""
    table = rows("fertility_by_union.csv")
    starts = [int(row["age_from"]) for row in table]
    band = np.searchsorted(starts, np.arange(YOUNGEST, OLDEST + 1), side="right") - 1
    unions = ("no_union", "mixed", "paired")
    return np.array([[float(row[union]) for row in table] for union in unions])[:, band]


@remembered
def assumed() -> dict[str, float]:
    """Return the numbers that no source gives."""
    return {row["quantity"]: float(row["value"]) for row in rows("fertility_assumed.csv")}


@remembered
def _by_age() -> tuple[NDArray[np.float64], int]:
    read = rows("fertility.csv")
    first, last = (choose(int(row["year"]) for row in read) for choose in (min, max))
    table = np.full((last - first + 1, OLDEST - YOUNGEST), np.nan)
    for row in read:
        table[int(row["year"]) - first, int(row["age"]) - YOUNGEST] = float(row["rate"])
    assert np.isfinite(table).all()
    return table, first


Known = dict[int, float]


@remembered
def _by_region() -> dict[str, Known]:
    known: dict[str, Known] = {}
    for row in rows("fertility_by_region.csv"):
        known.setdefault(row["region"], {})[int(row["year"])] = float(row["children_per_woman"])
    return known


@remembered
def _by_origin() -> dict[str, Known]:
    known: dict[str, Known] = {}
    for row in rows("fertility_by_origin.csv"):
        known.setdefault(row["origin"], {})[int(row["year"])] = float(row["relative"])
    return known


@remembered
def _regions() -> dict[str, str]:
    return {row["origin"]: row["region"] for row in rows("fertility_by_origin.csv")}


def _between(year: int, known: Known) -> float:
    """Interpolate between the years known; constant before and after."""
    return float(np.interp(year, list(known), list(known.values())))
