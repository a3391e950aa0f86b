"""What every process shares: the settings of a run, the year as a process sees it, the seam.

A new process is one file with one class like those here, and one line in sim.engine.THE_YEAR.
(Processes that add persons within a year will need the year to own the population: see ROADMAP.)
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from sim.agents.families import Families
from sim.agents.followers import Followers
from sim.agents.population import RESIDENT, Forgotten, Population
from sim.chance import Chance
from sim.economy import Economy
from sim.transitions.calibrated import SHIPPED
from sim.transitions.economy_levers import altered
from sim.transitions.levers import Change, value
from sim.transitions.marked import marked
from sim.transitions.sources import PLAIN, CellChange, Overlay

Positions = NDArray[np.int64]
STAY, DOMESTIC, EMIGRATE = range(3)


@dataclass(frozen=True)
class Assumption:
    """A choice that the publications leave open, with the meaning of each value."""

    name: str
    meanings: dict[str, str]

    @property
    def default(self) -> str:
        """The value that a run takes unless told otherwise."""
        return next(iter(self.meanings))


PUBLISHED = "published"


@dataclass(frozen=True)
class Part:
    """A part of a population that is lived in parts.

    which: its number. homes: by origin, the parts where families of that origin live, in turn.
    """

    which: int
    homes: tuple[tuple[int, ...], ...]

    def receives(self, origin: NDArray[np.int64], number: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say which families of these origins and numbers come to this part and no other."""
        many = np.array([len(home) for home in self.homes])
        begins = np.cumsum(many) - many
        parts = np.concatenate([np.array(home, dtype=np.int64) for home in self.homes])
        return np.asarray(parts[begins[origin] + number % many[origin]] == self.which)


@dataclass(frozen=True)
class Settings:
    """How a simulation is run, apart from whom it starts with and its luck.

    model_type: 1 one logit for all, 2 one for each centrality level, 3 also for each sex.
    parameters: 'published', or the folder of a parameter artefact.
    draws: 'explicit' error terms for each alternative, or one 'threshold' draw (faster).
    assumptions: values that are not the default, by the assumption's name.
    chunk: persons handled at a time; a matter of speed that cannot change a result.
    scale: the share of all immigrants that the population stands for, so that as many
        arrive; None: as many as it holds of those who lived in Norway that year.
    part: of a population that is lived in parts, which part this is; None: it is lived whole.
    calibration: 'shipped', or the folder of a calibration.
    draw: which draw of all that was estimated and calibrated; None: the estimates.
    draw_seed: the seed of the draws.
    economy: unemployment and income ratios by year.
    economy_draw: number and seed of a random path around it, as altered; None: the path itself.
    changes: what a scenario alters, by the names of levers.
    tables: what it alters in the tables of parameters.
    renew: years between renewals of the ceilings of sim.transitions.mobility; likewise.
    """

    model_type: int = 1
    parameters: str = PUBLISHED
    draws: Literal["explicit", "threshold"] = "explicit"
    assumptions: dict[str, str] = field(default_factory=dict)
    chunk: int = 131_072
    renew: int = 10
    scale: float | None = None
    part: Part | None = None
    calibration: str = SHIPPED
    draw: int | None = None
    draw_seed: int = 0
    economy: Economy = field(default_factory=Economy.default)
    economy_draw: tuple[int, int] | None = None
    changes: tuple[Change, ...] = ()
    tables: tuple[CellChange, ...] = ()

    @cached_property
    def overlay(self) -> Overlay:
        """Return the tables of parameters as this run has them."""
        return Overlay(self.tables) if self.tables else PLAIN

    @cached_property
    def paths(self) -> Economy:
        """Return the economy as the scenario alters it, and as a draw strays from that."""
        path = altered(self.economy, self.changes)
        return path if self.economy_draw is None else path.drawn(*self.economy_draw)

    def lever(self, name: str, year: int) -> float:
        """Return a lever's factor in a year: 1 unless the scenario alters it."""
        return value(self.changes, name, year)

    def choice(self, assumption: Assumption) -> str:
        """Return which value of an assumption holds: its default unless told otherwise."""
        return self.assumptions.get(assumption.name, assumption.default)


@dataclass
class Year:
    """One year of one simulation, as the processes see and mark it.

    outcome: what each person does about moving: STAY, DOMESTIC or EMIGRATE.
    lucky: the numbers that the luck of a stretch of persons is drawn for: their identifiers or
        their family's.
    followers: whom children follow, if they follow adults.
    children, adults: positions of children who follow somebody who moves or emigrates, and of
        whom they follow.
    families: who belongs to which family now; whoever changes families keeps it up to date.
    events: positions of the persons to whom each kind of event happened.
    changed: positions of persons whose mobility covariates, place among them, a process altered.
    regrouped: positions of persons of whom it altered which relatives they live with, or whether
        they live with anybody; they need not be named as changed too.
    moved: positions of persons who came to live in another municipality, or back to Norway, since
        unions were formed, now or last year.
    settled: whether all couples who lived apart by then have parted.
    gone: where everybody stands since some were taken out at the end of last year, if they were.
    """

    year: int
    population: Population
    chance: Chance
    outcome: NDArray[np.uint8]
    lucky: Callable[[slice], NDArray[np.int64]]
    children: Positions
    adults: Positions
    families: Families = field(repr=False)
    followers: Followers | None = None
    events: dict[str, list[Positions]] = field(default_factory=dict)
    changed: list[Positions] = field(default_factory=list)
    regrouped: list[Positions] = field(default_factory=list)
    moved: list[Positions] = field(default_factory=list)
    settled: bool = False
    gone: Forgotten | None = None

    @classmethod
    def begin(cls, year: int, population: Population, chance: Chance) -> Self:
        """Return a year in which nothing has happened yet."""
        nobody = np.empty(0, dtype=np.int64)
        outcome = np.zeros(len(population), dtype=np.uint8)
        own = population["person"].__getitem__
        families = Families(population)
        return cls(year, population, chance, outcome, own, nobody, nobody, families)

    def follow_on(self, last: "Year", gone: Forgotten | None) -> None:
        """Take over who changed in the last year; `gone` says where everybody stands since."""

        def here(whom: list[Positions]) -> list[Positions]:
            if gone is None:
                return list(whom)
            now = [gone.now[positions] for positions in whom]
            return [positions[positions >= 0].astype(np.int64) for positions in now]

        self.changed, self.regrouped = here(last.changed), here(last.regrouped)
        self.moved, self.settled = here(last.moved if last.settled else []), last.settled
        self.gone = gone
        if gone is not None:
            newcomers = gone.out_of >= last.outcome.size  # may stand where others are known
            self.regrouped.append(gone.into[newcomers].astype(np.int64))

    def left_of(self, column: NDArray[Any]) -> NDArray[Any]:
        """Return a column of last year, in its own memory, without those taken out since.

        Last year's newcomers, whom it does not know, are named in `regrouped`.
        """
        if self.gone is None:
            return column
        _, into, out_of = self.gone
        known = np.searchsorted(out_of, column.size)
        column[into[:known]] = column[out_of[:known]]
        return column[: len(self.population)]

    def told(
        self, whom: list[Positions], known: int, others: NDArray[np.bool_] | None = None
    ) -> Positions:
        """Return in order, each once, the persons of these lists and newcomers from `known` on.

        others: who else is told, by position; used up.
        """
        mark = np.zeros(len(self.population), dtype=np.bool_) if others is None else others
        for positions in whom:
            mark[positions] = True
        mark[known:] = True
        return marked(mark)

    def following(self, adults: Positions) -> tuple[Positions, Positions]:
        """Return the children who follow one of these adults, and whom each follows."""
        nobody = np.empty(0, dtype=np.int64)
        return self.followers.of(adults) if self.followers else (nobody, nobody)

    def take_along(self, movers: Positions) -> None:
        """Let children do what these adults do, whom they follow."""
        children, adults = self.following(movers)
        self.outcome[children] = self.outcome[adults]
        self.children = np.concatenate([self.children, children])
        self.adults = np.concatenate([self.adults, adults])

    def record(self, event: str, positions: Positions) -> None:
        """Note that an event happened to these persons."""
        self.events.setdefault(event, []).append(positions)

    def happened(self, event: str) -> Positions:
        """Return the persons to whom an event happened so far this year."""
        parts = self.events.get(event, [])
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)

    def is_resident(self, positions: Positions) -> NDArray[np.bool_]:
        """Say which of these persons are resident now."""
        resident: NDArray[np.bool_] = self.population["place"][positions] == RESIDENT
        return resident


class Process(Protocol):
    """Something that happens to people once a year.

    reads, writes: the columns it looks at and alters. The engine locks what is not written,
        and a test sees that nothing else is looked at.
    assumptions: what it assumes where the publications leave a choice.
    """

    name: ClassVar[str]
    reads: ClassVar[frozenset[str]]
    writes: ClassVar[frozenset[str]]
    assumptions: ClassVar[tuple[Assumption, ...]]

    @classmethod
    def ready(cls, settings: Settings) -> "Process":
        """Return the process with its parameters, ready for a first year."""

    def happen(self, year: Year) -> None:
        """Let one year of it happen."""
