"""Descendants: Norwegian-born persons to two immigrant parents, from the age of 15.

The published models describe immigrants, so these persons have rates of their own: at 18-35
those of the report of 2026 by age reached, origin and degree, at a level that falls as the
published emigrations of 2000-2023 do against the growing population at risk. Ages 15-17
and 36 or more, the shape around the published peak and most origins are assumed; the
table says which. Immigrants who arrived as children are immigrants in the models and stay there.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.codes import BACKGROUND, ORIGIN
from sim.transitions import descendants_kernel as kernel
from sim.transitions import mobility_kernel
from sim.transitions.logit import parameters_set
from sim.transitions.marked import marked
from sim.transitions.mobility import NORWEGIAN_BORN, YOUNGEST, persons_of, weight_tables
from sim.transitions.process import (
    STAY,
    Assumption,
    Positions,
    Settings,
    Year,
)
from sim.transitions.sources import remembered, rows

BORN = BACKGROUND.index("norwegian_born")
OLDEST = 110

DESCENDANTS = Assumption(
    "descendants",
    {
        "published": "Norwegian-born persons of 15 or more emigrate by age, origin and degree as "
        "the report of 2026 tells of ages 18-35; other ages are assumed.",
        "stay": "Norwegian-born persons of 15 or more do not emigrate.",
    },
)
DESCENDANTS_MOVE = Assumption(
    "descendants_move",
    {
        "as_immigrants": "Norwegian-born persons of 15 or more move between centrality levels as "
        "immigrants who share their other characteristics and have stayed all their life.",
        "stay": "Norwegian-born persons of 15 or more do not move between centrality levels.",
    },
)


class Descendants:
    """Emigration and moves of the Norwegian-born whom the models of immigrants leave out."""

    name: ClassVar = "descendants"
    reads: ClassVar = frozenset({*mobility_kernel.Persons._fields, "person", "family", "mother"})
    writes: ClassVar = frozenset[str]()
    assumptions: ClassVar[tuple[Assumption, ...]] = (DESCENDANTS, DESCENDANTS_MOVE)

    def __init__(self, tables: mobility_kernel.Tables | None, *, emigrate: bool) -> None:
        self.tables = tables
        self.emigrate = emigrate

    @classmethod
    def ready(cls, settings: Settings) -> "Descendants":
        """Take the published rates; nothing if the models of immigrants cover everybody."""
        if settings.choice(NORWEGIAN_BORN) == "as_immigrants":
            return cls(None, emigrate=False)
        tables = None
        if settings.choice(DESCENDANTS_MOVE) == "as_immigrants":
            tables = _moves_only(weight_tables(parameters_set(settings).coefficients, settings))
        return cls(tables, emigrate=settings.choice(DESCENDANTS) == "published")

    def happen(self, year: Year) -> None:
        """Set year.outcome of Norwegian-born residents who would stay; children follow them."""
        if not self.emigrate and self.tables is None:
            return
        population = year.population
        marks = np.empty(len(population), dtype=np.bool_)
        kernel.mark(population["background"], population["birth_year"], population["place"],
                    year.outcome, BORN, np.int16(year.year - 1 - YOUNGEST), marks)  # fmt: skip
        asked = marked(marks)
        if self.emigrate:
            self._emigrate(year, asked)
        if self.tables is not None:
            self._move(year, asked[year.outcome[asked] == STAY], self.tables)
        year.take_along(asked[year.outcome[asked] != STAY])

    def _emigrate(self, year: Year, asked: Positions) -> None:
        words = np.empty(asked.size, dtype=np.uint32)
        year.chance.swift_word(self.name, year.year, year.population["person"][asked], words)
        cuts = np.rint(probabilities(year.year) * 2.0**32).astype(np.uint64)
        kernel.leave(words, cuts, year.year, year.population["origin"],
                     year.population["education"], year.population["birth_year"], asked,
                     year.outcome)  # fmt: skip

    def _move(self, year: Year, asked: Positions, tables: mobility_kernel.Tables) -> None:
        luck = np.empty((1, asked.size), dtype=np.uint32)
        person = year.population["person"][asked]
        year.chance.swift_word("descendants_move", year.year, person, luck[0])
        persons = persons_of(year.population)
        mobility_kernel.decide_threshold(persons, tables, year.year, asked, luck, year.outcome)


def _moves_only(tables: mobility_kernel.Tables) -> mobility_kernel.Tables:
    """Return the weights of moving as they are, and of emigrating 0, of whatever background."""
    age = np.ascontiguousarray(tables.age * np.array([1.0, 0.0]))
    return tables._replace(age=age, covered=np.ones_like(tables.covered))


def probabilities(year: int) -> NDArray[np.float64]:
    """Return the probability of emigrating in a year by origin, degree (0 or 1) and age reached."""
    level, relative = _published()
    return np.minimum(level[min(max(year, min(level)), max(level))] * relative, 1.0)


@remembered
def _published() -> tuple[dict[int, float], NDArray[np.float64]]:
    """Return the level of each year, and rates relative to it by origin, degree and age."""
    level: dict[int, float] = {}
    by_age: dict[int, float] = {}
    origin, degree = np.full(len(ORIGIN), np.nan), np.full((len(ORIGIN), 2), np.nan)
    for row in rows("descendants.csv"):
        kind, key, value = row["kind"], row["key"], float(row["value"])
        if kind == "level":
            level[int(key)] = value / 100
        elif kind == "age":
            by_age[int(key)] = value
        elif kind == "origin":
            origin[ORIGIN.index(key)] = value
        else:
            degree[ORIGIN.index(key), int(kind == "degree")] = value
    known = np.array(sorted(by_age))
    last = np.searchsorted(known, np.arange(OLDEST + 1), side="right") - 1
    age = np.array([by_age[a] for a in known])[np.maximum(last, 0)]
    relative = origin[:, None, None] * degree[:, :, None] * age
    assert np.isfinite(relative).all()
    return level, relative
