"""The engine: one simulation lives its years, one process after the other."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.agents.families import Families
from sim.agents.population import RESIDENT, Forgotten, Population
from sim.chance import Chance
from sim.memory import LARGE, keep_freed
from sim.observe import DEFAULT_DIMENSIONS, Counts, Observer, sparse
from sim.problems import Problem, refuse
from sim.transitions import economy_levers
from sim.transitions.arrivals import Arrivals
from sim.transitions.births import Births
from sim.transitions.coming_of_age import ComingOfAge
from sim.transitions.county_moves import CountyMoves
from sim.transitions.deaths import Deaths
from sim.transitions.descendants import Descendants
from sim.transitions.destination import DomesticDestination
from sim.transitions.education import Education
from sim.transitions.emigration import Emigration
from sim.transitions.labour import LabourStatus
from sim.transitions.leaving_home import LeavingHome
from sim.transitions.levers import Lever
from sim.transitions.mobility import Mobility
from sim.transitions.process import Assumption, Process, Settings, Year
from sim.transitions.registration import Registration
from sim.transitions.returning import Returning, cannot_matter
from sim.transitions.share import share_of_all
from sim.transitions.shifts import Shifts
from sim.transitions.sources import using
from sim.transitions.unions import Unions

# The year, in order. Before it: the stock of 1 January is counted (they are exposed). After
# it: everybody is a year older and has stayed a year longer, and the books must balance.
THE_YEAR: tuple[type[Process], ...] = (
    Mobility,  # residents of 1 January stay, move or emigrate: one outcome a year
    Descendants,  # Norwegian-born from 15 on emigrate or move at rates of their own
    DomesticDestination,  # movers get a level and a municipality, before families change
    CountyMoves,  # some who stay at their level move to another county there
    Emigration,  # emigrants leave for somewhere, and their families count them out
    Registration,  # the register learns of departures, some of them years later
    Returning,  # persons abroad on 1 January come back
    Arrivals,  # people immigrate for the first time, in families; some join residents
    Births,  # women have children; those of two immigrant parents are persons
    Deaths,  # people die, in Norway and abroad
    Unions,  # people marry, or part
    LeavingHome,  # the young leave their parents' family
    ComingOfAge,  # who will be 15 on the coming 1 January gets a status and an education
    Education,  # people finish schools, or have their education registered
    LabourStatus,  # people find work, lose it, study, retire
)
ASSUMPTIONS: tuple[Assumption, ...] = tuple(a for p in THE_YEAR for a in p.assumptions)
LEVERS: tuple[Lever, ...] = (
    *economy_levers.LEVERS,
    *Shifts.LEVERS,
    *(lever for p in THE_YEAR for lever in getattr(p, "LEVERS", ())),
)
FORGET_EVERY, FORGET_FROM = 5, 20  # years; at least one in so many
ENTERING, LEAVING = ("return", "arrive", "birth"), ("emigrate", "death")


class Watcher(Protocol):
    """Somebody who looks on while a simulation lives, and changes nothing."""

    def before(self, process: Process, year: Year) -> None:
        """See the year before a process happens."""

    def after(self, process: Process, year: Year) -> None:
        """See the year after it."""


class BooksDoNotBalanceError(RuntimeError):
    """The engine lost or invented people: a fault of the program, never of its user."""


class Simulation:
    """One population living through the years with one replicate's luck.

    The population given is left as it was; `step` lives one year.
    forgetful: take out the dead, and those long abroad, every few years: quicker, with the
        same bits, but positions change.
    """

    def __init__(
        self,
        population: Population,
        settings: Settings,
        chance: Chance,
        *,
        dimensions: tuple[str, ...] = DEFAULT_DIMENSIONS,
        processes: tuple[type[Process], ...] = THE_YEAR,
        forgetful: bool = False,
    ) -> None:
        if len(population) >= LARGE:
            keep_freed()
        written = frozenset[str]().union(*(process.writes for process in processes))
        self.written = written
        self.population = population.copy(only=written)  # replicates share what never changes
        if settings.scale is None:
            settings = replace(settings, scale=share_of_all(population))
        self.settings = settings
        self.chance = chance
        self.observer = Observer(dimensions)
        with as_altered(settings):
            self.processes = tuple(process.ready(settings) for process in processes)
        self.forgetful = forgetful
        self.watcher: Watcher | None = None
        self._last: Year | None = None
        self._families = Families(self.population)

    @property
    def year(self) -> int:
        """The coming year: the population is that of its 1 January."""
        return self.population.year

    def go_on(self, columns: dict[str, NDArray[Any]], year: int) -> None:
        """Continue from the 1 January of a year, with the persons as they were then.

        They must be those of this simulation, lived before by another one like it; what
        processes keep between years is looked up again.
        """
        self.population = Population(columns, year, self.population.source)
        self._families = Families(self.population)
        self._last = None

    def step(self) -> Counts:
        """Live one year and return what happened in it."""
        with as_altered(self.settings):
            return self._step()

    def _step(self) -> Counts:
        gone = self._forget()
        year = Year.begin(self.year, self.population, self.chance)
        year.families = self._families.begin_year()
        if self._last is not None:
            year.follow_on(self._last, gone)
        stock = self.observer.begin(self.population)
        with _locked(self.population) as only_writing:
            for process in self.processes:
                if self.watcher is not None:
                    self.watcher.before(process, year)
                only_writing(process.writes)
                process.happen(year)
                if self.watcher is not None:
                    self.watcher.after(process, year)
        self.population.year += 1  # ageing: age and duration are counted from years
        counts = self.observer.finish(stock, year)
        _balance(counts, self.population)
        self._last = year
        return counts

    def _forget(self) -> Forgotten | None:
        """Now and then take out those whom every loop would pass in vain; nothing else changes."""
        if not self.forgetful or self.year % FORGET_EVERY:
            return None
        gone = cannot_matter(self.population)
        few = np.count_nonzero(gone) * FORGET_FROM <= gone.size
        return None if few else self._families.forget(gone)

    def run(self, years: int) -> Iterator[Counts]:
        """Live several years."""
        for _ in range(years):
            yield self.step()

    def stock(self) -> Counts:
        """Count the coming 1 January without living the year."""
        stock = self.observer.begin(self.population)
        return Counts(self.year, sparse(stock), {}, self.observer.structure)


@contextmanager
def as_altered(settings: Settings) -> Iterator[None]:
    """Let tables be as a scenario alters them, and say so if nothing can be derived from them."""
    with using(settings.overlay), np.errstate(invalid="raise" if settings.tables else "warn"):
        try:
            yield
        except (ArithmeticError, LookupError) as error:
            if not settings.tables:
                raise
            tables = ", ".join(dict.fromkeys(change.table for change in settings.tables))
            found = f"leave nothing that can be derived from them ({type(error).__name__})"
            cure = "Do shares still sum to more than nothing, and are divisors above 0?"
            refuse("changes", [Problem(f"parameters in {tables}", found, "usable ones", cure)])


@contextmanager
def _locked(population: Population) -> Iterator[Callable[[frozenset[str]], None]]:
    """Give what unlocks the columns that a process has declared that it writes, and no others."""
    unlocked = frozenset(population.columns)

    def only_writing(writes: frozenset[str]) -> None:
        nonlocal unlocked
        for name in unlocked ^ writes:  # few differ from one process to the next
            population[name].setflags(write=name in writes)
        unlocked = writes

    try:
        yield only_writing
    finally:
        only_writing(frozenset(population.columns))


def _balance(counts: Counts, population: Population) -> None:
    """Check that the residents at the end are those of the start, plus in, minus out."""
    start = int(counts.stock[1].sum())
    end = int(np.count_nonzero(population["place"] == RESIDENT))
    due = start + sum(map(counts.total, ENTERING)) - sum(map(counts.total, LEAVING))
    negative = [event for event, (_, number) in counts.flows.items() if (number < 0).any()]
    if due != end or negative:
        raise BooksDoNotBalanceError(
            f"{counts.year}: {start:,} residents on 1 January and the year's events make {due:,} "
            f"on 31 December, but {end:,} are there; negative flows: {negative or 'none'}"
        )
