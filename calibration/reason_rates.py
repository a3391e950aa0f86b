"""What the model expects of each reason by county, centrality, education and status.

A history is simulated, and on each 1 January everybody's probabilities are noted, so that
rates have no luck in them but that of who lives where.
"""

import csv
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.county_moves import crossing
from calibration.expected import weights
from calibration.family_offsets import cells_of
from calibration.raking import Floats, Ints
from calibration.reconstruction import reconstruct
from calibration.year_history import BASE, DATA, FIRST
from sim.agents.population import Population
from sim.chance import Chance
from sim.codes import REASON
from sim.engine import Simulation
from sim.geography import CENTRALITY_OF, COUNTY_OF
from sim.transitions.calibrated import COLUMNS, WITHIN
from sim.transitions.county_moves import published_chances
from sim.transitions.process import Process, Settings, Year
from sim.transitions.reason_offsets import (
    PERIODS,
    TRAITS,
    WHAT,
    Offsets,
    county_factor,
    period_of,
)
from sim.transitions.shifts import within_reasons

WORKING = (15, 74)  # of whom the report tells by education and status
DOMESTIC, EMIGRATE, COUNTY = range(3)
UNIONS = "unions"
SOURCE = (
    "fitted to what Rapporter 2016/27 tells in words of Figures 4.9-4.32 and 5.1-5.19 "
    "(calibration/data/reason_readings.csv), its Tables 5.13-5.31 and flows by county in 2013"
)


@dataclass(frozen=True)
class Expected:
    """Everybody's probabilities in a year.

    what: (move, emigrate, leave the county) by person. inside: the part of leaving the county
    that offsets of it can alter. level, county: of residence.
    """

    what: Floats
    inside: Floats


def expected(people: Population, settings: Settings) -> Expected:
    """Return everybody's probabilities in the year that a population stands before."""
    of = weights(people, settings)
    total = 1 + of.move + of.emigrate
    place, reason = people["municipality"], people["reason"]
    across = crossing()[reason, CENTRALITY_OF[place], COUNTY_OF[place]]
    cell = cells_of(people).cell
    chance = np.where(cell >= 0, published_chances().ravel()[np.maximum(cell, 0)], 0.0)
    factor = county_factor(within_reasons(settings), period_of(people.year))
    inside = factor[reason, people["status"], people["education"], COUNTY_OF[place]]
    inside = inside * chance / total
    leaving = of.move / total * across + inside
    what = np.stack([of.move / total, of.emigrate / total, leaving])[:, of.follows]
    return Expected(what, inside[of.follows])


@dataclass(frozen=True)
class Rates:
    """Mean annual rates by trait: (period, what, reason, code), and how many persons.

    persons: by trait (period, reason, code), of a mean year. pliant: the share of leaving the
    county that offsets alter.
    """

    rate: Offsets
    persons: dict[str, Floats]
    pliant: dict[str, Floats]


def traits_of(people: Population) -> dict[str, Ints]:
    """Return everybody's codes."""
    place = people["municipality"]
    found = {"county": COUNTY_OF[place], "centrality": CENTRALITY_OF[place],
             "education": people["education"], "status": people["status"]}  # fmt: skip
    return {by: codes.astype(np.int64) for by, codes in found.items()}


class _Looking:
    """Adds up expected rates, each year weighing alike."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.years = np.zeros(len(PERIODS))
        size = {by: (len(PERIODS), len(REASON), len(codes)) for by, codes in TRAITS.items()}
        self.rate = {by: np.zeros((s[0], len(WHAT), *s[1:])) for by, s in size.items()}
        self.persons = {by: np.zeros(s) for by, s in size.items()}
        self.inside = {by: np.zeros(s) for by, s in size.items()}
        self.cells: dict[str, tuple[NDArray[np.bool_], Ints]] = {}  # of this year's 1 January
        self.living = COUNTY_OF[:0]

    def before(self, process: Process, year: Year) -> None:
        """See everybody on 1 January, and where they live before they marry or part."""
        if process.name == "mobility":
            self.see(year.population, period_of(year.year))
        elif process.name == UNIONS:
            self.living = COUNTY_OF[year.population["municipality"]]

    def after(self, process: Process, year: Year) -> None:
        """Add who leaves the county on marrying or parting, which no offset alters."""
        if process.name != UNIONS:
            return
        moved = COUNTY_OF[year.population["municipality"]] != self.living
        moved &= year.is_resident(np.arange(moved.size))
        period = period_of(year.year)
        for by, (some, cell) in self.cells.items():
            shape = self.persons[by].shape[1:]
            size = shape[0] * shape[1]
            left = np.bincount(cell, moved[: some.size][some], size).reshape(shape)
            persons = np.bincount(cell, minlength=size).reshape(shape)
            self.rate[by][period, COUNTY] += left / np.maximum(persons, 1)

    def see(self, people: Population, period: int) -> None:
        """Add the rates of a year."""
        found = expected(people, self.settings)
        here = people.immigrants & (people["place"] == 0)
        age = people.year - 1 - people["birth_year"].astype(np.int64)
        working = here & (age >= WORKING[0]) & (age <= WORKING[1])
        self.years[period] += 1
        for by, code in traits_of(people).items():
            some = here if by in ("county", "centrality") else working
            cell = people["reason"][some].astype(np.int64) * len(TRAITS[by]) + code[some]
            self.cells[by] = some, cell
            self._add(by, period, cell, found.what[:, some], found.inside[some])

    def _add(self, by: str, period: int, cell: Ints, what: Floats, inside: Floats) -> None:
        shape = self.persons[by].shape[1:]
        size = shape[0] * shape[1]
        persons = np.bincount(cell, minlength=size).reshape(shape)
        self.persons[by][period] += persons
        for k in range(len(WHAT)):
            sums = np.bincount(cell, what[k], size).reshape(shape)
            self.rate[by][period, k] += sums / np.maximum(persons, 1)
        sums = np.bincount(cell, inside, size).reshape(shape)
        self.inside[by][period] += sums / np.maximum(persons, 1)

    def rates(self) -> Rates:
        """Return means of years."""
        years = self.years[:, None, None]
        rate = {by: r / years[:, None] for by, r in self.rate.items()}
        persons = {by: p / years for by, p in self.persons.items()}
        pliant = {by: self.inside[by] / years / np.maximum(rate[by][:, COUNTY], 1e-9)
                  for by in TRAITS}  # fmt: skip
        return Rates(rate, persons, pliant)


def history(offsets: Offsets, seeds: tuple[int, ...] = (1, 2)) -> Rates:
    """Live 2004-2013 with offsets, and return the rates expected on the way."""
    with tempfile.TemporaryDirectory() as name:
        settings = settings_with(offsets, Path(name))
        looking = _Looking(settings)
        for seed in seeds:
            people = reconstruct(year=FIRST, seed=seed)
            simulation = Simulation(people, settings, Chance(seed), forgetful=True)
            simulation.watcher = looking
            for _ in range(FIRST, BASE + 1):
                simulation.step()
    return looking.rates()


def settings_with(offsets: Offsets, folder: Path) -> Settings:
    """Return settings whose calibration is the shipped one but for these offsets."""
    for name in COLUMNS:
        shutil.copy(DATA / name, folder / name)
    write(offsets, folder / WITHIN)
    return Settings(calibration=str(folder))


def write(offsets: Offsets, path: Path) -> None:
    """Write offsets as the model reads them; zeros are left out."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS[WITHIN])
        for by, codes in TRAITS.items():
            for (p, k, r, c), value in np.ndenumerate(offsets[by]):
                if abs(value) >= 5e-5:
                    writer.writerow([WHAT[k], PERIODS[p], REASON.names[r], by, codes[c],
                                     f"{value:.4f}", "yes", SOURCE])  # fmt: skip


def of_2013(people: Population, settings: Settings) -> tuple[Expected, NDArray[np.bool_]]:
    """Return the probabilities of 2013, and who is a resident immigrant."""
    return expected(people, settings), people.immigrants & (people["place"] == 0)
