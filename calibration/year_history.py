"""The years 2004-2013 as simulated with given shifts, counted as the record counts them.

Rates are those of the report: immigrants of 1 January, all ages, and who of them left in the
year. Emigrations by citizenship are those that the register learns of in the year, that is
after the observation model; citizenship is taken from origin, as nobody's is modelled. The
register of 1 January 2004 has no departures that are still unknown to it, so those that it
should have are added: as many as of the leavers of 2004 are found late, scaled to the
emigrations of the years before.
"""

import csv
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration import margins as m
from calibration import start_years
from calibration.raking import Floats, Ints
from calibration.reconstruction import reconstruct
from sim.agents.population import ABROAD, Population
from sim.chance import Chance
from sim.codes import (
    BACKGROUND,
    COUNTRY_GROUP,
    ORIGIN,
    ORIGIN_COUNTRY_GROUP,
    REASON,
    SPONSOR_REASON,
)
from sim.engine import Simulation
from sim.transitions import sources
from sim.transitions.calibrated import COLUMNS, YEARS
from sim.transitions.process import Process, Settings, Year

FIRST, BASE = 2004, 2013
SHIFTED = tuple(range(FIRST, BASE))  # years with a shift; in 2013 it is zero
LIVED = (*SHIFTED, BASE)
CITIZENS = ("nordic", "western_europe", "eastern_europe", "asia", "africa", "america_oceania")
SHAPE = (len(SHIFTED), len(REASON), len(COUNTRY_GROUP))
DATA = Path(sources.__file__).parent / "data"
GROUP_OF = np.array(ORIGIN_COUNTRY_GROUP, dtype=np.int64)
NORWEGIAN_BORN = BACKGROUND.index("norwegian_born")
_PARTS = {
    "nordic": ("denmark", "sweden", "iceland"),
    "western_europe": ("w_europe_nordic_other",),
    "eastern_europe": ("eu_east", "ex_yugoslavia_non_eu", "e_europe_other_non_eu"),
    "africa": ("somalia_djibouti", "africa_other"),
    "america_oceania": ("usa_can_aus_nz", "south_central_america"),
}


def _citizens_of_origin() -> Ints:
    found = np.full(len(ORIGIN), CITIZENS.index("asia"))
    for name, origins in _PARTS.items():
        found[[ORIGIN.index(origin) for origin in origins]] = CITIZENS.index(name)
    return found


CITIZENS_OF = _citizens_of_origin()


@dataclass(frozen=True)
class History:
    """What one simulated history holds, or the mean of several.

    stock: immigrants of 1 January by year, reason, country group.
    movers: who of them moved to another centrality level.
    left: who of them left, by year, reason, country group, official reason.
    registered: found by the register, by year, year of leaving, citizenship, reason, group.
    came: immigrants who arrived or returned, by year.
    official: immigrants of 1 January as the published stock counts them, by year and official
        reason; 2014 too.
    """

    stock: Floats
    movers: Floats
    left: Floats
    registered: Floats
    came: Floats
    official: Floats

    @property
    def rates(self) -> Floats:
        """Return the share that left, by year and reason."""
        return np.asarray(self.left.sum(axis=(2, 3)) / self.stock.sum(axis=2))

    @property
    def rates_by_group(self) -> Floats:
        """Return the share that left, by year and country group."""
        return np.asarray(self.left.sum(axis=(1, 3)) / self.stock.sum(axis=1))

    @property
    def domestic(self) -> Floats:
        """Return the share that moved to another level, by year and reason."""
        return np.asarray(self.movers.sum(axis=2) / self.stock.sum(axis=2))

    @property
    def net(self) -> Floats:
        """Return how many more came than left, by year."""
        return np.asarray(self.came - self.left.sum(axis=(1, 2, 3)))

    @property
    def emigrations(self) -> Floats:
        """Return registered emigrations by year and citizenship."""
        return np.asarray(self.registered.sum(axis=(1, 3, 4)) + self.from_before)

    @property
    def from_before(self) -> Floats:
        """Return departures before 2004 that are found later, by year and citizenship."""
        years, emigrations = start_years.emigrations_by_year()
        before = dict(zip(years.tolist(), emigrations.tolist(), strict=True))
        late = self.registered[:, 0].sum(axis=(2, 3))  # of the leavers of 2004, by year
        found = np.zeros((len(LIVED), len(CITIZENS)))
        for t in range(len(LIVED)):
            for lag in range(t + 1, len(LIVED)):
                found[t] += late[lag] * before[FIRST + t - lag] / before[FIRST]
        return found


def official_reason(people: Population) -> Ints:
    """Return everybody's reason as the published stock has it (`margins.OFFICIAL`)."""
    of = np.empty(len(REASON), dtype=np.int64)
    for reason, name in {
        "work": "work", "refuge": "refuge_with_families", "family": "family_not_of_refugees",
        "education": "education_or_other", "nordic": "nordic_or_unknown",
        "unknown": "nordic_or_unknown",
    }.items():  # fmt: skip
        of[REASON.index(reason)] = m.OFFICIAL.index(name)
    found = of[people["reason"]]
    found[people["sponsor_reason"] == SPONSOR_REASON.index("refuge")] = m.OFFICIAL.index(
        "refuge_with_families"
    )
    return np.asarray(found)


class _Looking:
    """Counts leavers when they have left, and departures when the register learns of them."""

    def __init__(self) -> None:
        n = len(LIVED)
        self.stock = np.zeros((n, *SHAPE[1:]))
        self.movers = np.zeros((n, *SHAPE[1:]))
        self.left = np.zeros((n, *SHAPE[1:], len(m.OFFICIAL)))
        self.registered = np.zeros((n, n, len(CITIZENS), *SHAPE[1:]))
        self.came = np.zeros(n)
        self.official = np.zeros((n + 1, len(m.OFFICIAL)))

    def before(self, process: Process, year: Year) -> None:
        """See who is there on 1 January."""
        if process.name == "mobility":
            self.see_stock(year.population, year.year - FIRST)

    def see_stock(self, people: Population, t: int) -> None:
        """Count immigrants of 1 January."""
        here = people.immigrants
        self.official[t] = np.bincount(official_reason(people)[here], minlength=len(m.OFFICIAL))
        if t < len(LIVED):
            self.stock[t] = _by_reason_and_group(people, here)

    def after(self, process: Process, year: Year) -> None:
        """See who moves, who left, and of whom the register has learnt."""
        people, t = year.population, year.year - FIRST
        if process.name == "registration":
            moved = year.happened("domestic")
            moved = moved[people["background"][moved] != NORWEGIAN_BORN]
            self.movers[t] = _by_reason_and_group(people, moved)
            abroad = (people["place"] == ABROAD) & (people["background"] != NORWEGIAN_BORN)
            left = abroad & (people["left_year"] == year.year)
            _count(self.left[t], people, left, official_reason(people))
            found = abroad & (people["registered_year"] == year.year)
            found &= people["left_year"] >= FIRST
            _count_registered(self.registered[t], people, found)
        elif process.name == "arrivals":
            came = np.concatenate([year.happened("arrive"), year.happened("return")])
            self.came[t] = np.count_nonzero(people["background"][came] != NORWEGIAN_BORN)


def _by_reason_and_group(people: Population, who: NDArray[Any]) -> Floats:
    found = np.zeros(SHAPE[1:])
    np.add.at(found, (people["reason"][who], GROUP_OF[people["origin"][who]]), 1)
    return found


def _count(into: Floats, people: Population, who: NDArray[np.bool_], last: Ints) -> None:
    group = GROUP_OF[people["origin"]]
    np.add.at(into, (people["reason"][who], group[who], last[who]), 1)


def _count_registered(into: Floats, people: Population, who: NDArray[np.bool_]) -> None:
    origin, reason = people["origin"][who], people["reason"][who]
    citizens = np.where(reason == REASON.index("nordic"), CITIZENS.index("nordic"),
                        CITIZENS_OF[origin])  # fmt: skip
    left = people["left_year"][who].astype(np.int64) - FIRST
    np.add.at(into, (left, citizens, reason, GROUP_OF[origin]), 1)


def write_shifts(folder: Path, shifts: Floats) -> None:
    """Write a calibration with these shifts of emigration, all else as shipped."""
    for name in COLUMNS:
        shutil.copy(DATA / name, folder / name)
    with (folder / YEARS).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS[YEARS])
        for (y, r, g), shift in np.ndenumerate(shifts):
            writer.writerow([SHIFTED[y], REASON.names[r], COUNTRY_GROUP.names[g], "emigrate",
                             repr(float(shift)), "", "yes", "tried"])  # fmt: skip


def simulate(shifts: Floats, seeds: tuple[int, ...] = (1,), scale: float = 1.0) -> History:
    """Live 2004-2013 with shifts by year, reason and country group; the mean of all seeds.

    scale: the share of the people who are simulated; counts are of all.
    """
    with tempfile.TemporaryDirectory() as name:
        write_shifts(Path(name), shifts)
        seen = [_live(Settings(calibration=name), seed, scale) for seed in seeds]
    mean = {
        column: np.mean([getattr(s, column) for s in seen], axis=0) / scale
        for column in History.__dataclass_fields__
    }
    return History(**mean)


def _live(settings: Settings, seed: int, scale: float) -> _Looking:
    people = reconstruct(year=FIRST, seed=seed, scale=scale)
    simulation = Simulation(people, settings, Chance(seed), forgetful=True)
    simulation.watcher = looking = _Looking()
    for _ in LIVED:
        simulation.step()
    looking.see_stock(simulation.population, len(LIVED))
    return looking
