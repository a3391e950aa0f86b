"""Destination of domestic movers: another centrality level, and a municipality there.

Level and county are choices with explicit error terms among alternatives weighted by the
immigrants who live there on 1.1.2013, by reason: people go where those who came for the same reason
live. Of those who move to a level that their own county has, a share stays in it, as of all
moves of immigrants between municipalities. The official stock knows reasons less finely:
refugees include their families, family immigrants exclude them, education includes other
reasons, and Nordic and unknown reason are one group. It is published by county and centrality;
within a county's level it is shared evenly among the municipalities, for want of published
figures.
"""

import csv
from functools import cache
from importlib import resources
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.agents.population import Population
from sim.chance import Chance
from sim.codes import CENTRALITY, REASON
from sim.geography import CENTRALITY_OF, COUNTY, COUNTY_OF, MUNICIPALITY
from sim.transitions import choice_kernel as kernel
from sim.transitions.marked import marked
from sim.transitions.process import DOMESTIC, Assumption, Positions, Settings, Year
from sim.transitions.sources import remembered, rows
from sim.transitions.together import leaders

SOURCE = "IMDi, immigrants by reason and municipality, 1.1.2013"
SMALLEST = 0.5  # persons; keeps every municipality within reach of every reason
BATCH = 8_192  # movers at a time, so that the draws of a batch fit the cache

NEAR = Assumption(
    "near_moves",
    {
        "as_2014": "Of moves to a level that the mover's county has, four in ten stay in the "
        "county, as of all moves of immigrants between municipalities in 2014; the others go "
        "where those of the same reason live.",
        "none": "Moves to another level go where those of the same reason live, however far.",
    },
)


class DomesticDestination:
    """Where domestic movers go; partners go together, and children with their adult."""

    name: ClassVar = "domestic_destination"
    reads: ClassVar = frozenset({"person", "reason", "municipality", "family", "partner", "mother"})
    writes: ClassVar = frozenset({"municipality"})
    assumptions: ClassVar[tuple[Assumption, ...]] = (NEAR,)

    def __init__(self, weights: NDArray[np.float64], near: float = 0.0) -> None:
        self.level_weights = _by_level(weights)  # weights: (reasons, municipalities)
        self.places = Places(weights)
        self.county_weights = with_own(self.places.counties, near).reshape(-1, len(COUNTY))

    @classmethod
    def ready(cls, settings: Settings) -> "DomesticDestination":
        """Take the published stock as weights."""
        return cls(published_weights(), share_near(settings))

    def happen(self, year: Year) -> None:
        """Move everybody whose outcome is DOMESTIC, and record those who change level."""
        municipality = year.population["municipality"]
        going = year.outcome == DOMESTIC
        along = going[year.children]
        going[year.children] = False  # they do not choose for themselves
        movers, children = marked(going), year.children[along]
        everybody = np.concatenate([movers, children])
        before = municipality[everybody]
        leader = leaders(year.population, movers, going)
        chosen = np.empty(movers.size, dtype=np.int64)
        for first in range(0, movers.size, BATCH):
            some = slice(first, first + BATCH)
            chosen[some] = self._choose(movers[some], year)
        municipality[movers] = chosen[leader]
        municipality[children] = municipality[year.adults[along]]
        after = municipality[everybody]
        year.record("domestic", everybody[CENTRALITY_OF[after] != CENTRALITY_OF[before]])
        year.record("county", everybody[COUNTY_OF[after] != COUNTY_OF[before]])
        moved = everybody[after != before]
        year.changed.append(moved)
        year.moved.append(moved)

    def _choose(self, movers: Positions, year: Year) -> NDArray[np.int64]:
        person, reason, here, home = whereabouts(movers, year.population)
        level = _draw(
            year.chance,
            year.year,
            "destination_level",
            person,
            self.level_weights,
            reason * len(CENTRALITY) + here,
        )
        county = _draw(
            year.chance,
            year.year,
            "destination_county",
            person,
            self.county_weights,
            (reason * len(CENTRALITY) + level) * len(COUNTY) + home,
        )
        luck = year.chance.uniform("destination_municipality", year.year, person)
        return self.places.municipality(reason, level, county, luck)


def whereabouts(movers: Positions, population: Population) -> NDArray[np.int64]:
    """Return identifier, reason, level and county of each mover, as four rows."""
    found = np.empty((4, movers.size), dtype=np.int64)
    columns = (population[c] for c in ("person", "reason", "municipality"))
    kernel.whereabouts(movers, CENTRALITY_OF, COUNTY_OF, *found, *columns)
    return found


class Places:
    """Municipalities by level and county, and how much each weighs for each reason.

    weights: (reasons, municipalities); counties: their sums by (reason, level, county).
    """

    def __init__(self, weights: NDArray[np.float64]) -> None:
        shape = len(CENTRALITY), len(COUNTY)
        cell = CENTRALITY_OF.astype(np.int64) * len(COUNTY) + COUNTY_OF
        self.order = np.argsort(cell, kind="stable")
        number = np.bincount(cell, minlength=shape[0] * shape[1])
        self.last = (np.cumsum(number) - 1).reshape(shape)
        self.first = self.last - number.reshape(shape) + 1
        ordered = weights[:, self.order]
        self.heap = np.cumsum(ordered, axis=None)  # one reason after the other
        sums = [np.bincount(cell, of_reason, shape[0] * shape[1]) for of_reason in weights]
        counties = np.array(sums, dtype=np.float64)
        self.counties = counties.reshape(len(weights), *shape)

    def municipality(
        self,
        reason: NDArray[np.int64],
        level: NDArray[np.int64],
        county: NDArray[np.int64],
        luck: NDArray[np.float64],
    ) -> NDArray[np.int64]:
        """Return a municipality of a level and county, by weight; luck lies between 0 and 1."""
        at = np.empty(luck.size, dtype=np.int64)
        kernel.find(self.heap, self.first, self.last, reason, level, county, luck, at)
        return np.asarray(self.order[at])


def with_own(counties: NDArray[np.float64], near: float) -> NDArray[np.float64]:
    """Return weights of counties for each present one: (reason, level, present, county).

    near: the share that stays in the present county if it has the level; the others choose
    among all counties by weight.
    """
    own = np.eye(len(COUNTY))
    total = counties.sum(axis=-1, keepdims=True)
    share = counties / np.where(total > 0, total, 1.0)
    has = np.where(counties > 0, near, 0.0)[..., None]
    return np.ascontiguousarray(has * own + (1 - has) * share[:, :, None, :])


def share_near(settings: Settings) -> float:
    """Return the share of moves to another municipality that stay in the county."""
    return 0.0 if settings.choice(NEAR) == "none" else _share_near()


@remembered
def _share_near() -> float:
    (row,) = rows("destination_near.csv")
    return 1 - float(row["between_counties"]) / float(row["between_municipalities"])


@cache
def published_places() -> Places:
    """Return the municipalities with the published stock as weights."""
    return Places(published_weights())


def _draw(
    chance: Chance,
    year: int,
    process: str,
    person: NDArray[np.int64],
    weights: NDArray[np.float64],
    row: NDArray[np.int64],
) -> NDArray[np.int64]:
    words = chance.words(process, year, person, weights.shape[1])
    chosen = np.empty(person.size, dtype=np.int64)
    kernel.choose(words, weights, row, chosen)
    return chosen


@cache
def published_weights() -> NDArray[np.float64]:
    """Return the stock of immigrants by reason and municipality, spread as described above."""
    path = resources.files("sim.transitions") / "data" / "destination_stock_2013.csv"
    cells = np.zeros((len(REASON), len(COUNTY), len(CENTRALITY)))
    for row in csv.DictReader(path.read_text("utf-8").splitlines()):
        cell = REASON.index(row["reason"]), COUNTY.index(row["county"]), int(row["centrality"]) - 1
        cells[cell] = float(row["persons"]) / int(row["municipalities"])
    weights: NDArray[np.float64] = np.maximum(cells[:, COUNTY_OF, CENTRALITY_OF], SMALLEST)
    assert weights.shape == (len(REASON), len(MUNICIPALITY))
    weights.flags.writeable = False
    return weights


def _by_level(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum weights by level for every (reason, present level); the present level weighs 0."""
    sums = np.stack(
        [weights[:, level == CENTRALITY_OF].sum(axis=1) for level in range(len(CENTRALITY))], axis=1
    )
    others = sums[:, None, :] * ~np.eye(len(CENTRALITY), dtype=np.bool_)
    return np.ascontiguousarray(others.reshape(-1, len(CENTRALITY)))
