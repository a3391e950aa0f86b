"""Watching one person while a simulation lives."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from runs.ensemble import plan_of
from runs.people import People
from runs.settings import settings_of
from scenarios.schema import Scenario
from sim.agents.columns import BY_NAME, COLUMNS, LINKS
from sim.agents.population import DEAD, RESIDENT, Population
from sim.chance import Chance, between_0_and_1
from sim.codes import CENTRALITY
from sim.engine import Simulation
from sim.geography import CENTRALITY_OF
from sim.problems import InputError, Problem
from sim.transitions.mobility import Mobility
from sim.transitions.odds import Odds, TellsOdds
from sim.transitions.process import Process, Year

CHOICES = ("stay", "move", "emigrate")


@dataclass
class LivedYear:
    """One year of a life: who the person was on 1 January, and what happened."""

    year: int
    state: str
    lines: list[str] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    choice: dict[str, Any] | None = None
    odds: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Life:
    """One person's life in one history."""

    person: int
    replicate: int
    years: list[LivedYear]
    end: tuple[int, str]

    def record(self) -> dict[str, Any]:
        """Return it for machines."""
        return {
            "person": self.person, "replicate": self.replicate,
            "years": [{"year": y.year, "state": y.state, "choice": y.choice, "changes": y.changes,
                       "odds": y.odds}
                      for y in self.years],
            "end": {"year": self.end[0], "state": self.end[1]},
        }  # fmt: skip


def watch(
    scenario: Scenario, people: People, replicate: int, person: int | None, event: str | None
) -> Life:
    """Live a history again and watch a person, or the first to whom an event happens."""
    if person is None:
        assert event is not None
        person = _first(_simulation(scenario, people, replicate), scenario, event)
    simulation = _simulation(scenario, people, replicate)
    watcher = _Watcher(person)
    simulation.watcher = watcher
    for _ in simulation.run(_years(scenario)):
        pass
    if not watcher.years:
        known = people.population["person"]
        found = f"{person} is nobody of this run"
        allowed = f"such as {known[0]}, {known[len(known) // 2]} or {known[-1]}"
        raise InputError("trace", [Problem("PERSON", found, allowed)])
    end = state_of(simulation.population, watcher.position)
    return Life(person, replicate, watcher.years, (simulation.year, end))


def _simulation(scenario: Scenario, people: People, replicate: int) -> Simulation:
    plan = plan_of(scenario, people, settings_of(scenario))
    luck = Chance(scenario.seed, replicate)
    return Simulation(people.population, plan.settings_of(replicate), luck)


def _years(scenario: Scenario) -> int:
    return scenario.years[1] - scenario.years[0] + 1


def _first(simulation: Simulation, scenario: Scenario, event: str) -> int:
    """Return the person with the smallest identifier to whom an event happens first."""
    seen: list[int] = []

    class Ears:
        def before(self, process: Process, year: Year) -> None:
            pass

        def after(self, process: Process, year: Year) -> None:  # noqa: ARG002 - a watcher sees it
            happened = year.happened(event)
            if happened.size and not seen:
                seen.append(int(year.population["person"][happened].min()))

    simulation.watcher = Ears()
    for _ in simulation.run(_years(scenario)):
        if seen:
            return seen[0]
    raise InputError("trace", [Problem("--event", f"{event} happens to nobody", "another event")])


class _Watcher:
    """Notes everything that is done to one person."""

    def __init__(self, person: int) -> None:
        self.person, self.position = person, -1
        self.years: list[LivedYear] = []
        self._row: dict[str, int] = {}
        self._odds: tuple[Odds, ...] = ()
        self._events: set[str] = set()

    def before(self, process: Process, year: Year) -> None:
        """Note who the person is, and the choice that they are about to make."""
        if self.position < 0 and not self._find(year.population, 0):
            return
        if year.population["place"][self.position] == DEAD:
            return
        if not self.years or self.years[-1].year != year.year:
            self.years.append(LivedYear(year.year, state_of(year.population, self.position)))
            self._events = set()
        self._row = row_of(year.population, self.position)
        self._odds = ()
        if isinstance(process, TellsOdds):
            self._odds = process.odds(year, self.position)
        if isinstance(process, Mobility):
            self._explain(process, year)  # of everybody whom it asks

    def after(self, process: Process, year: Year) -> None:
        """Note what the process has done."""
        if self.position < 0:
            if not self._find(year.population, 0):
                return
            self.years.append(LivedYear(year.year, "was not in Norway on 1 January"))
            self._row = row_of(year.population, self.position)
        lived = self.years[-1]
        if lived.year != year.year:
            return  # dead since
        known = len(lived.changes)
        for event in sorted(set(year.events) - self._events):
            if (year.happened(event) == self.position).any():
                self._events.add(event)
                same = process.name.startswith(event)
                lived.lines.append(event if same else f"{process.name}: {event}")
                lived.changes.append({"process": process.name, "event": event})
        for name, now in row_of(year.population, self.position).items():
            before = self._row.get(name, now)
            if now != before:
                words = value_of(name, before), value_of(name, now)
                lived.lines.append(f"{process.name}: {name} {words[0]} -> {words[1]}")
                lived.changes.append({"process": process.name, "column": name,
                                      "from": words[0], "to": words[1]})  # fmt: skip
        self._chances(process, befell=len(lived.changes) > known)
        self._follows(process, year)

    def _chances(self, process: Process, *, befell: bool) -> None:
        """Note chances and draws of what befell the person, or what their draw alone would do."""
        lived, odds, self._odds = self.years[-1], self._odds, ()
        for one in odds:
            if befell or one.happens:
                ends = "is below it" if one.happens else "is not: not of their own draw"
                ends += "" if befell else ", but nothing changes"
                lived.lines.append(f"{process.name}: {one.what}, chance {100 * one.chance:.3g} %, "
                                   f"the draw of {100 * one.luck:.3g} {ends}")  # fmt: skip
                lived.odds.append({"process": process.name, "happens": one.happens,
                                   "befell": befell, **one._asdict()})  # fmt: skip

    def _find(self, population: Population, first: int) -> bool:
        found = np.flatnonzero(population["person"][first:] == self.person)
        if found.size:
            self.position = first + int(found[0])
        return bool(found.size)

    def _explain(self, process: Mobility, year: Year) -> None:
        """Note probabilities and error terms of staying, moving and emigrating."""
        weights = (1.0, *process.weights(year.population, year.year, self.position))
        chances = [weight / sum(weights) for weight in weights]
        if sum(weights) == 1.0:
            return
        lived = self.years[-1]
        lived.choice = {"probabilities": dict(zip(CHOICES, chances, strict=True))}
        said = ", ".join(f"{c} {100 * p:.2f} %" for c, p in zip(CHOICES, chances, strict=True))
        lived.lines.append(f"mobility: {said}")
        if process.settings.draws != "explicit":
            return
        person = process.lucky(year)[[self.position]]
        words = year.chance.words(process.name, year.year, person, len(CHOICES))[:, 0]
        errors = -np.log(-np.log(between_0_and_1(words)))  # Gumbel
        utility = [math.log(w) + e if w > 0 else -math.inf
                   for w, e in zip(weights, errors.tolist(), strict=True)]  # fmt: skip
        lived.choice |= {"errors": dict(zip(CHOICES, errors.tolist(), strict=True)),
                         "utilities": dict(zip(CHOICES, utility, strict=True))}  # fmt: skip
        said = ", ".join(
            f"{c} {u:.2f} ({e:+.2f} of it luck)"
            for c, u, e in zip(CHOICES, utility, errors, strict=True)
        )
        best = CHOICES[int(np.argmax(utility))]
        lived.lines.append(f"mobility: utility {said}; the highest is to {best}")

    def _follows(self, process: Process, year: Year) -> None:
        if process.name != Mobility.name or year.followers is None:
            return
        children, adults = year.followers.all()
        at = np.flatnonzero(children == self.position)
        if at.size:
            adult = year.population["person"][adults[at[0]]]
            self.years[-1].lines.append(f"mobility: does what person {adult} does")


def row_of(population: Population, position: int) -> dict[str, int]:
    """Return a person's stored numbers, links as identifiers."""
    row = {column.name: int(population[column.name][position]) for column in COLUMNS}
    for link in LINKS:
        row[link] = int(population["person"][row[link]]) if row[link] >= 0 else -1
    return row


def value_of(name: str, stored: int) -> str:
    """Return a stored number in words."""
    column = BY_NAME[name]
    if name in LINKS or column.none == stored:
        return "nobody" if stored < 0 else "none" if column.none == stored else str(stored)
    return column.codes.names[stored] if column.codes is not None else str(stored)


def state_of(population: Population, position: int) -> str:
    """Say who somebody is on a 1 January, on one line."""
    row, year = row_of(population, position), population.year
    word = {name: value_of(name, stored) for name, stored in row.items()}
    if row["place"] != RESIDENT:
        gone = f", left {row['left_year']}, destination {word['destination']}"
        gone += f"; {word['sex']}, aged {year - 1 - row['birth_year']}, from {word['origin']}"
        return f"{word['place']}{gone if word['place'] == 'abroad' else ''}"
    level = CENTRALITY.names[CENTRALITY_OF[row["municipality"]]]
    return (
        f"{word['sex']}, aged {year - 1 - row['birth_year']}, {word['background']} from "
        f"{word['origin']}, reason {word['reason']}, in Norway for "
        f"{year - 1 - row['first_arrival_year']} years; {word['education']}, {word['status']}; "
        f"municipality {word['municipality']} (level {level}); family of {row['family_total']}, "
        f"{row['family_immigrants']} immigrants"
    )
