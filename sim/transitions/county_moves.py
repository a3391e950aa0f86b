"""Moves to another county at the same centrality level, so that moves out of counties count too.

The logit knows moves between levels. Of immigrants more move between counties inside a level
(Oslo and Akershus are both level 4) than between levels. Those who stay at their level move
so often that, with the level moves that cross a county border, as many leave their county as
Tables 4.1-4.3 say by reason, kind of family and age. They go where those of the same reason
live at the same level, whatever the distance.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.agents.population import Population
from sim.chance import cuts
from sim.codes import BACKGROUND, CENTRALITY, EDUCATION, REASON, STATUS
from sim.geography import COUNTY, COUNTY_OF
from sim.transitions import choice_kernel
from sim.transitions import county_moves_kernel as kernel
from sim.transitions.batches import screened
from sim.transitions.calibrated import AGES_OF_OFFSETS, KINDS, kinds_of_families
from sim.transitions.destination import published_places, whereabouts
from sim.transitions.mobility import NORWEGIAN_BORN, YOUNGEST
from sim.transitions.odds import Odds, age_reached, luck_of
from sim.transitions.process import STAY, Assumption, Positions, Settings, Year
from sim.transitions.reason_offsets import PERIODS, county_factor, period_of
from sim.transitions.shifts import within_reasons
from sim.transitions.sources import remembered, rows
from sim.transitions.together import leaders

SHAPE = (len(REASON), len(KINDS), len(AGES_OF_OFFSETS))
WITHIN = (len(REASON), len(STATUS), len(EDUCATION), len(COUNTY))
COUNTIES = COUNTY_OF.astype(np.uint8)

COUNTY_MOVES = Assumption(
    "county_moves",
    {
        "as_2013": "Residents who stay at their centrality level move to another county there as "
        "often as Tables 4.1-4.3 say of 2013, by reason, kind of family and being 20-35, in every "
        "year; which of them do is told by reason_offset.",
        "none": "Nobody moves to another county at the same level.",
    },
)


class CountyMoves:
    """Moving to another county without changing level; partners and children go together."""

    name: ClassVar = "county_moves"
    reads: ClassVar = frozenset({"person", "place", "birth_year", "background", "reason",
                                 "family_total", "family_immigrants", "municipality",
                                 "family", "partner",
                                 "mother", "status", "education"})  # fmt: skip
    writes: ClassVar = frozenset({"municipality"})
    assumptions: ClassVar[tuple[Assumption, ...]] = (COUNTY_MOVES,)

    def __init__(
        self, chances: NDArray[np.float64], factors: Sequence[NDArray[np.float64]] = (),
        *, norwegian_born: bool = False,
    ) -> None:  # fmt: skip
        self.chances = chances  # of SHAPE
        # factors: of WITHIN, one for each period
        self.cuts = [cuts(_within(chances, f)) for f in factors or [np.ones(WITHIN)] * len(PERIODS)]
        # of SHAPE too: of these first traits of everybody's cell
        self.highest = [below.reshape(chances.size, -1).max(axis=1) for below in self.cuts]
        self.kind_of = kinds_of_families()
        self.covered = np.ones(len(BACKGROUND), dtype=np.uint8)
        self.covered[BACKGROUND.index("norwegian_born")] = norwegian_born

    @classmethod
    def ready(cls, settings: Settings) -> "CountyMoves":
        """Take the published rates, less what level moves do."""
        born = settings.choice(NORWEGIAN_BORN) == "as_immigrants"
        if settings.choice(COUNTY_MOVES) == "none":
            return cls(np.zeros(SHAPE), norwegian_born=born)
        log = within_reasons(settings)
        factors = [county_factor(log, period) for period in range(len(PERIODS))]
        return cls(published_chances(), factors, norwegian_born=born)

    def happen(self, year: Year) -> None:
        """Move people and record them; those who crossed a border between levels are recorded."""
        below, highest = self.cuts[period_of(year.year)], self.highest[period_of(year.year)]
        if not below.any():
            return
        population, last_year = year.population, year.year - 1
        by_reason = highest.reshape(len(REASON), -1).max(axis=1)
        screen = [year.outcome, *(population[c] for c in ("place", "birth_year", "reason"))]
        movers, words = screened(
            year, self.name, lambda words, some, marks: kernel.mark(
                words, by_reason, last_year - YOUNGEST, marks, *(c[some] for c in screen),
            ), year.lucky,
        )  # fmt: skip
        columns = ("birth_year", "background", "reason", "family_total", "family_immigrants",
                   "status", "education", "municipality")  # fmt: skip
        count = kernel.leave_county(
            movers, words, below, highest, last_year, self.covered, self.kind_of, COUNTIES,
            *(population[c] for c in columns),
        )  # fmt: skip
        self._move(movers[:count], year)

    def chances_of(
        self, people: Population, who: NDArray[np.int64] | slice = slice(None)
    ) -> NDArray[np.float64]:
        """Return chances of moving to another county in the coming year, of those who stay.

        Children and persons abroad have one too, which nobody asks for. who: positions; else all.
        """
        age = people.year - 1 - people["birth_year"][who]
        young = ((age >= kernel.YOUNG) & (age <= kernel.OLD)).astype(np.int64)
        size = people["family_total"][who].astype(np.int64) * int(kernel.SIZES)
        cell = (
            people["reason"][who], self.kind_of[size + people["family_immigrants"][who]], young,
            people["status"][who], people["education"][who],
            COUNTIES[people["municipality"][who]],
        )  # fmt: skip
        below = self.cuts[period_of(people.year)].reshape(*SHAPE, *WITHIN[1:])
        return np.asarray(below[cell] * 2.0**-32 * self.covered[people["background"][who]])

    def odds(self, year: Year, position: int) -> tuple[Odds, ...]:
        """Return the chance of moving to another county at the same level."""
        population, age = year.population, age_reached(year, position) - 1
        stays = year.outcome[position] == STAY and year.is_resident(np.array([position]))[0]
        if not stays or age < YOUNGEST or not self.covered[population["background"][position]]:
            return ()
        size = int(population["family_total"][position]) * int(kernel.SIZES)
        kind = int(self.kind_of[size + int(population["family_immigrants"][position])])
        young = kernel.YOUNG <= age <= kernel.OLD
        whom = (int(population[name][position]) for name in ("reason", "status", "education"))
        reason, status, education = whom
        county = int(COUNTIES[population["municipality"][position]])
        cell = (reason, kind, int(young), status, education, county)
        below = self.cuts[period_of(year.year)].reshape(*SHAPE, *WITHIN[1:])
        chance = float(below[cell]) * 2.0**-32
        luck = luck_of(year, self.name, year.lucky(slice(position, position + 1))[0])
        return (Odds("moving to another county", chance, luck),)

    def _move(self, movers: Positions, year: Year) -> None:
        municipality = year.population["municipality"]
        before = municipality[movers]
        going = np.zeros(len(year.population), dtype=np.bool_)
        going[movers] = True
        leader = leaders(year.population, movers, going)
        municipality[movers] = _choose(movers, before, year)[leader]
        moved = movers[municipality[movers] != before]
        children, adults = year.following(moved)
        stays = year.outcome[children] == STAY
        children = children[stays]
        municipality[children] = municipality[adults[stays]]
        year.record("county", np.concatenate([moved, children]))
        year.changed += [moved, children]  # counties differ, and children's levels may
        year.moved += [moved, children]


def _within(chances: NDArray[np.float64], factor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return chances of everybody's cell: SHAPE, then status, education and county."""
    cells = chances[..., None, None, None] * factor[:, None, None]
    return np.minimum(cells, 1.0).ravel()


def _choose(movers: Positions, here: NDArray[np.int16], year: Year) -> NDArray[np.int64]:
    """Return a municipality of another county at each mover's level, the present one if none.

    First a county, by those of the mover's reason who live at the level there; then one of its
    municipalities of that level, all alike (published figures tell no more).
    """
    person, reason, level, county = whereabouts(movers, year.population)
    words = year.chance.words("county_move_county", year.year, person, len(COUNTY))
    chosen = np.empty(movers.size, dtype=np.int64)
    row = (reason * len(CENTRALITY) + level) * len(COUNTY) + county
    choice_kernel.choose(words, _elsewhere(), row, chosen)
    luck = year.chance.uniform("county_move_municipality", year.year, person)
    there = published_places().municipality(reason, level, np.maximum(chosen, 0), luck)
    return np.where(chosen < 0, here, there)


@remembered
def _elsewhere() -> NDArray[np.float64]:
    """Return weights of counties, a row for each reason, level and present county (weight 0)."""
    other = ~np.eye(len(COUNTY), dtype=np.bool_)
    weights = published_places().counties[:, :, None, :] * other
    return np.ascontiguousarray(weights.reshape(-1, len(COUNTY)))


@remembered
def published_chances() -> NDArray[np.float64]:
    """Return the chance of moving to another county at the same level, by `SHAPE`."""
    found = np.full(SHAPE, np.nan)
    for row in rows("county_moves.csv"):
        whose = REASON.index(row["reason"]), KINDS.index(row["family"])
        found[(*whose, AGES_OF_OFFSETS.index(row["age"]))] = float(row["chance_percent"]) / 100
    assert np.isfinite(found).all()
    return found
