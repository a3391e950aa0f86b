"""What is kept of a simulated history so that published patterns can be asked of it.

A watcher notes everybody who lives in Norway on 1 January with the characteristics that the
reports use, and at the end of the year what became of them: a row a person and year, small
whole numbers only. It alters nothing.

Movers are told as the 2016 report tells them: who lives at another level or in another county
on 31 December than on 1 January, once a year and person; who dies in the year has not moved.
An emigration is counted in the year in which the person leaves, as the calibration counts it.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.agents.population import ABROAD, DEAD, RESIDENT, Population
from sim.engine import Simulation
from sim.geography import CENTRALITY_OF, COUNTY_OF
from sim.transitions.process import Positions, Process, Year

Bytes = NDArray[np.uint8]
Ids = NDArray[np.int64]
FATES = ("stayed", "level", "level_and_county", "county", "emigrated", "died", "came")
STAYED, LEVEL, LEVEL_AND_COUNTY, COUNTY_ONLY, EMIGRATED, DIED, CAME = range(len(FATES))
ABSENCE = ("away", "back", "unknown")  # on 1 January five years after leaving
AWAY, BACK, NOT_YET_KNOWN = range(len(ABSENCE))
YEARS_ABROAD = 5
LARGEST_FAMILY = 5  # families of so many persons or more are one size
PARTS = ("immigrant_only", "mixed_immigrant_majority", "mixed_equal", "mixed_immigrant_minority")
CODED = ("background", "origin", "reason", "sponsor_reason", "sex", "education", "status")
OLDEST = 255


def _families() -> Bytes:
    """Return kind * LARGEST_FAMILY + size - 1 by members and immigrants, as one row of 65,536."""
    total, own = np.indices((256, 256))
    others = total - own
    kind = np.select([others <= 0, own > others, own == others], [0, 1, 2], 3)
    size = np.clip(total, 1, LARGEST_FAMILY) - 1
    return (kind * LARGEST_FAMILY + size).astype(np.uint8).ravel()


FAMILY_OF = _families()


@dataclass(eq=False)
class Columns:
    """Rows of one year, as columns of bytes.

    person: identifiers of the rows. age, stay: completed years on 31 December of the year, so
        that those of 31 December before are one less; the other columns are of 1 January.
    """

    year: int
    person: Ids
    columns: dict[str, Bytes]


@dataclass(eq=False)
class Collected:
    """A history: the years lived, and the 1 January after the last.

    residents: of each year all who were there on 1 January, then who came in the year (fate
        `came`); the last has only the former, and all its fates are `stayed`.
    departures: of each year who left. registered: of each year whose leaving was registered.
    scale: the share of all immigrants that the simulated persons are.
    """

    residents: list[Columns] = field(default_factory=list)
    departures: list[Columns] = field(default_factory=list)
    registered: list[Columns] = field(default_factory=list)
    scale: float = 1.0

    @property
    def years(self) -> tuple[int, ...]:
        """The years that were lived."""
        return tuple(one.year for one in self.departures)


class Collector:
    """A watcher that notes who is there when a year begins; `close` ends a year."""

    def __init__(self, scale: float = 1.0) -> None:
        self.found = Collected(scale=scale)
        self._year: Year | None = None
        self._here: Positions = np.empty(0, dtype=np.int64)
        self._town: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def before(self, process: Process, year: Year) -> None:  # noqa: ARG002 - a watcher sees it
        """Note everybody on 1 January, once a year."""
        if self._year is not year:
            self._year = year
            self.see(year.population)

    def after(self, process: Process, year: Year) -> None:
        """See nothing: what has happened is looked up when the year ends."""

    def see(self, people: Population) -> None:
        """Note the residents of the coming year's 1 January, and who has come back by then."""
        self._see_returns(people)
        here = np.flatnonzero(people["place"] == RESIDENT)
        self._here, self._town = here, people["municipality"][here].astype(np.int64)
        self.found.residents.append(_rows(people, here, people.year))

    def close(self) -> None:
        """Note what became of everybody in the year that has just been lived."""
        year = self._year
        assert year is not None, "no year has been lived"
        people, here = year.population, self._here
        january = self.found.residents[-1]
        fate = _fates(people, here, self._town, year)
        left = fate == EMIGRATED
        columns = {name: column[left] for name, column in january.columns.items()}
        columns["destination"] = people["destination"][here[left]]
        columns["absence"] = np.full(np.count_nonzero(left), NOT_YET_KNOWN, dtype=np.uint8)
        self.found.departures.append(Columns(year.year, january.person[left], columns))
        self.found.registered.append(_registered(people, year))
        came = np.concatenate([year.happened("arrive"), year.happened("return")])
        newcomers = _rows(people, came, year.year)
        january.columns["fate"] = fate
        newcomers.columns["fate"] = np.full(came.size, CAME, dtype=np.uint8)
        january.person = np.concatenate([january.person, newcomers.person])
        for name, column in january.columns.items():
            january.columns[name] = np.concatenate([column, newcomers.columns[name]])

    def end(self, people: Population) -> Collected:
        """Note the 1 January after the last year; return everything."""
        self.see(people)
        last = self.found.residents[-1]
        last.columns["fate"] = np.full(last.person.size, STAYED, dtype=np.uint8)
        return self.found

    def _see_returns(self, people: Population) -> None:
        """Say of those who left five years ago who is away; who is dead counts as back."""
        for one in self.found.departures[-YEARS_ABROAD:]:
            if one.year == people.year - YEARS_ABROAD:
                away = people["person"][people["place"] == ABROAD]
                still = np.isin(one.person, away)
                one.columns["absence"] = np.where(still, AWAY, BACK).astype(np.uint8)


def collect(simulation: Simulation, years: int, scale: float = 1.0) -> Collected:
    """Live some years and return what was seen; the simulation lives as it would unseen."""
    collector = Collector(scale)
    simulation.watcher = collector
    for _ in range(years):
        simulation.step()
        collector.close()
    simulation.watcher = None
    return collector.end(simulation.population)


def _rows(people: Population, which: Positions, year: int) -> Columns:
    """Return the characteristics of some persons."""
    town = people["municipality"][which]
    columns = {
        "age": _elapsed(people["birth_year"][which], year),
        "stay": _elapsed(people["first_arrival_year"][which], year),
        "county": COUNTY_OF[town],
        "centrality": CENTRALITY_OF[town],
        "total": people["family_total"][which],
        "immigrants": people["family_immigrants"][which],
    }
    columns["family"] = FAMILY_OF[columns["total"].astype(np.int64) << 8 | columns["immigrants"]]
    for name in CODED:
        columns[name] = people[name][which]
    return Columns(year, people["person"][which], columns)


def _elapsed(since: NDArray[np.int16], year: int) -> Bytes:
    return np.clip(year - since, 0, OLDEST).astype(np.uint8)


def _fates(people: Population, here: Positions, town: NDArray[np.int64], year: Year) -> Bytes:
    """Return what became of the residents of 1 January, who lived in these municipalities."""
    now = people["municipality"][here]
    level, county = CENTRALITY_OF[now] != CENTRALITY_OF[town], COUNTY_OF[now] != COUNTY_OF[town]
    fate = np.select([level & county, level, county], [LEVEL_AND_COUNTY, LEVEL, COUNTY_ONLY],
                     STAYED).astype(np.uint8)  # fmt: skip
    fate[people["place"][here] == DEAD] = DIED
    left = np.zeros(len(people), dtype=np.bool_)
    left[year.happened("emigrate")] = True
    fate[left[here]] = EMIGRATED  # also of those who died abroad in the same year
    return fate


def _registered(people: Population, year: Year) -> Columns:
    """Return whose emigration the register learnt of, and how many years after they left."""
    which = year.happened("register")
    found = _rows(people, which, year.year)
    found.columns["destination"] = people["destination"][which]
    found.columns["late"] = _elapsed(people["left_year"][which], year.year)
    return found
