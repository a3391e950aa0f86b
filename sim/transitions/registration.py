"""Registration: when the register learns that somebody has left.

A move that is reported is registered at once. One that is not is noticed two years or more
later, by an administrative decision, and its destination is unknown. How often depends on
origin; moves inside the Nordic area are always known, for the other country's register tells.
Citizens of the EEA and EFTA need no permit since 2010, so their departures are found later;
citizenship is taken from origin. Early in 2013 the register was cleaned up.

Years to a decision, the effect of the rule of 2010 and the differences between origins are
assumed: the sources tell directions and examples only.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.agents.columns import LAST_YEAR
from sim.agents.population import ABROAD
from sim.codes import BACKGROUND, ORIGIN
from sim.transitions.marked import marked
from sim.transitions.process import Assumption, Settings, Year
from sim.transitions.sources import remembered, rows

SOONEST = 2  # years from leaving to an administrative decision
LONGEST = 20  # years after which every departure has been found
YOUNG = (18, 35)  # ages reached, of which the report of 2026 tells
NORDIC = tuple(ORIGIN.index(name) for name in ("denmark", "sweden", "iceland"))
EEA = (*NORDIC, ORIGIN.index("w_europe_nordic_other"), ORIGIN.index("eu_east"))
EEA_RULE, CLEAN_UP_YEAR = 2010, 2013

ADMINISTRATIVE = Assumption(
    "administrative",
    {
        "published": "Emigrations that nobody reports, of unknown destination: of those aged 18-35 "
        "the shares of the report of 2026 by background, of other immigrants 22 percent (over 20 "
        "in recent years); shares by origin are assumed around them.",
        "as_1971_2011": "The same differences at a lower level, so that 19 percent of immigrants' "
        "emigrations are administrative, as in 1971-2011.",
        "none": "Every emigration is reported and registered at once.",
    },
)
CLEAN_UP = Assumption(
    "clean_up",
    {
        "early_2013": "In 2013 every departure of 2011 or before that is still unknown to the "
        "register is registered.",
        "none": "In 2013 departures are found as in other years.",
    },
)


class Registration:
    """The register records the departures that it has learnt of."""

    name: ClassVar = "registration"
    reads: ClassVar = frozenset({"place", "registered_year"})
    writes: ClassVar = frozenset[str]()
    assumptions: ClassVar[tuple[Assumption, ...]] = ()

    @classmethod
    def ready(cls, settings: Settings) -> "Registration":
        """There are no parameters: the year of registration is decided on leaving."""
        return cls()

    def happen(self, year: Year) -> None:
        """Record everybody abroad whose departure is registered this year."""
        population = year.population
        known = marked(population["registered_year"] == year.year)
        year.record("register", known[population["place"][known] == ABROAD])


def administrative_shares(choice: str) -> NDArray[np.float64]:
    """Return the share that nobody reports by background, origin and being 18-35 (0 no, 1 yes)."""
    if choice == "none":
        return np.zeros((len(BACKGROUND), len(ORIGIN), 2))
    origin, level = _odds(choice)
    odds = level[:, None, :] * origin[None, :, None]
    return np.asarray(odds / (1 + odds))


def years_of_registration(
    left: int, eea: NDArray[np.bool_], luck: NDArray[np.float64], *, clean_up: bool = True
) -> NDArray[np.int64]:
    """Return the year in which each administrative emigration of a year is registered.

    luck: between 0 and 1; the unluckiest are found last.
    """
    years = np.empty(luck.size, dtype=np.int64)
    for citizens in (False, True):
        mine = eea == citizens
        known = found_by(left, eea=citizens, clean_up=clean_up)
        years[mine] = left + SOONEST + np.searchsorted(known, luck[mine], side="right")
    return np.minimum(years, LAST_YEAR)


@remembered
def found_by(left: int, *, eea: bool, clean_up: bool) -> NDArray[np.float64]:
    """Return the share of unreported departures found SOONEST, SOONEST + 1 ... years later."""
    yearly = _found_yearly()
    unknown, found = 1.0, []
    for year in range(left + SOONEST, left + LONGEST):
        hidden = eea and year >= EEA_RULE
        unknown *= 1 - yearly["eea_since_2010" if hidden else "ordinary"]
        if clean_up and year == CLEAN_UP_YEAR:
            unknown = 0.0
        found.append(1 - unknown)
    return np.array(found)


@remembered
def _found_yearly() -> dict[str, float]:
    return {row["key"]: float(row["value"]) for row in rows("registration.csv")
            if row["kind"] == "found_yearly"}  # fmt: skip


@remembered
def _odds(choice: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the odds of origins, and the levels by background and being 18-35."""
    origin = np.full(len(ORIGIN), np.nan)
    level = np.full((len(BACKGROUND), 2), np.nan)
    for row in rows("registration.csv"):
        if row["kind"] == "origin_odds":
            origin[ORIGIN.index(row["key"])] = float(row["value"])
        elif row["kind"] == f"level_{choice}":
            background, ages = row["key"].split(" ")
            level[BACKGROUND.index(background), ("other", "18-35").index(ages)] = float(
                row["value"]
            )
    assert np.isfinite(origin).all()
    assert np.isfinite(level).all()
    return origin, level
