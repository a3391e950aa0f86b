"""Emigration: those whose outcome is to emigrate leave, and their families count them out.

Everybody who leaves goes somewhere: a choice with explicit error terms among the country of
origin, some countries and "unknown", by background, origin, age and whether they hold a
degree. Unknown is what nobody reported, and only that (see sim.transitions.registration).
Children go where the adult they follow goes, and of partners who leave together one decides.

Published are the shares by background at 18-35, who goes to the origin more often than whom,
and which third countries stand out; the rest of the table is assumed and marked so.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.agents.families import leave_families
from sim.codes import BACKGROUND, DESTINATION, EDUCATION, ORIGIN
from sim.transitions import choice_kernel
from sim.transitions import emigration_kernel as kernel
from sim.transitions.marked import marked
from sim.transitions.process import EMIGRATE, Assumption, Positions, Settings, Year
from sim.transitions.registration import (
    ADMINISTRATIVE,
    CLEAN_UP,
    EEA,
    NORDIC,
    YOUNG,
    administrative_shares,
    years_of_registration,
)
from sim.transitions.sources import rows

CHOICES = ("origin", "nordic", "uk", "usa_canada", "germany", "other", "unknown")
CODE_OF_CHOICE = np.array([DESTINATION.index(name) for name in CHOICES], dtype=np.uint8)
HOME, UNKNOWN = DESTINATION.index("origin"), DESTINATION.index("unknown")
DEGREE = EDUCATION.index("tertiary_short")  # the lowest education that is a degree


def _elsewhere() -> NDArray[np.uint8]:
    """Return what going home with somebody of each origin is for those of another origin."""
    found = np.full(len(ORIGIN), DESTINATION.index("other"), dtype=np.uint8)
    found[list(NORDIC)] = DESTINATION.index("nordic")
    found[ORIGIN.index("usa_can_aus_nz")] = DESTINATION.index("usa_canada")
    return found


ELSEWHERE = _elsewhere()
IS_EEA = np.isin(np.arange(len(ORIGIN)), EEA)


class Emigration:
    """Leaving Norway. Persons abroad keep the family counts that they left with."""

    name: ClassVar = "emigration"
    reads: ClassVar = frozenset({"person", "birth_year", "background", "origin", "education",
                                 "family", "partner", "place"})  # fmt: skip
    writes: ClassVar = frozenset(
        {
            "place",
            "left_year",
            "destination",
            "registered_year",
            "family_total",
            "family_immigrants",
        }
    )
    assumptions: ClassVar[tuple[Assumption, ...]] = (ADMINISTRATIVE, CLEAN_UP)

    def __init__(self, administrative: str = "published", *, clean_up: bool = True) -> None:
        self.weights = weights(administrative_shares(administrative))
        self.clean_up = clean_up

    @classmethod
    def ready(cls, settings: Settings) -> "Emigration":
        """Take the published shares."""
        clean_up = settings.choice(CLEAN_UP) == "early_2013"
        return cls(settings.choice(ADMINISTRATIVE), clean_up=clean_up)

    def happen(self, year: Year) -> None:
        """Let everybody leave whose outcome is EMIGRATE, each to a destination."""
        population = year.population
        leavers = marked(year.outcome == EMIGRATE)
        leader = leaders(year, leavers)
        destination = np.zeros(leavers.size, dtype=np.uint8)
        registered = np.full(leavers.size, year.year, dtype=np.int64)
        leads, row, person = _leading(year, leavers, leader)
        words = year.chance.words("destination_abroad", year.year, person, len(CHOICES))
        chosen = np.empty(leads.size, dtype=np.int64)
        choice_kernel.choose(words, self.weights, row, chosen)
        destination[leads] = CODE_OF_CHOICE[chosen]
        hidden = CODE_OF_CHOICE[chosen] == UNKNOWN
        registered[leads[hidden]] = self._find(year, leavers[leads[hidden]], person[hidden])
        columns = ("origin", "place", "left_year", "registered_year", "destination")
        kernel.depart(leavers, leader, destination, registered, year.year, HOME, ELSEWHERE,
                      *(population[c] for c in columns))  # fmt: skip
        year.record("emigrate", leavers)
        year.changed.append(leavers)  # whose luck they share is not asked while they are away
        year.regrouped.append(leave_families(population, leavers, year.families))

    def _find(self, year: Year, who: Positions, person: NDArray[np.int64]) -> NDArray[np.int64]:
        luck = year.chance.uniform("administrative", year.year, person)
        eea = IS_EEA[year.population["origin"][who]]
        return years_of_registration(year.year, eea, luck, clean_up=self.clean_up)


def leaders(year: Year, leavers: Positions) -> Positions:
    """Return whom each leaver goes with, as an index of `leavers`; most go by themselves.

    Of partners in one family who leave in one year the smaller identifier leads; children go
    with the adult they follow.
    """
    leader = np.empty(leavers.size, dtype=np.int64)
    number = np.empty(len(year.population), dtype=np.int32)
    columns = (year.population[c] for c in ("partner", "family", "person"))
    kernel.leaders(leavers, year.children, year.adults, number, leader, year.outcome, *columns)
    return leader


def _leading(
    year: Year, leavers: Positions, leader: Positions
) -> tuple[Positions, NDArray[np.int64], NDArray[np.int64]]:
    """Return who leads, as an index of leavers, their rows of weights and identifiers."""
    young = year.year - YOUNG[1], year.year - YOUNG[0]
    found = np.empty((3, leavers.size + 1), dtype=np.int64)
    columns = ("person", "birth_year", "background", "origin", "education")
    count = kernel.who_leads(leavers, leader, len(ORIGIN), DEGREE, young, *found,
                             *(year.population[c] for c in columns))  # fmt: skip
    leads, row, person = found[:, :count]
    return leads, row, person


def weights(unknown: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability of every destination (rows of persons, CHOICES).

    Rows are by background, origin, degree (0 no, 1 yes) and being 18-35, in this order.
    unknown: shares by background, origin and being 18-35.
    """
    known = known_shares()[:, :, :, None, :]
    hidden = unknown[:, :, None, :, None]
    both = np.concatenate([known * (1 - hidden), known[..., :1] * 0 + hidden], axis=-1)
    return np.ascontiguousarray(both.reshape(-1, len(CHOICES)))


def known_shares() -> NDArray[np.float64]:
    """Return shares of known destinations by background, origin and degree (0 no, 1 yes).

    A destination's weight is that of the background, times a factor of origin and one of degree.
    """
    known = CHOICES[:-1]
    weight = np.zeros((len(BACKGROUND), len(known)))
    by_origin = np.ones((len(BACKGROUND), len(ORIGIN), len(known)))
    by_degree = np.ones((2, len(known)))
    for row in rows("destination_abroad.csv"):
        k, value = known.index(row["destination"]), float(row["value"])
        whom = slice(None) if row["background"] == "all" else BACKGROUND.index(row["background"])
        if row["kind"] == "weight":
            weight[whom, k] = value
        elif row["kind"] == "origin":
            by_origin[whom, ORIGIN.index(row["key"]), k] *= value
        else:
            by_degree[1, k] = value
    shares = (weight[:, None] * by_origin)[:, :, None] * by_degree
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True))
