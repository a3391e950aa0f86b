"""The backtest: histories from 2004 on, asked everything that the record tells.

Half of the replicates differ by luck alone; the others draw coefficients and the answer to the
economy too, so that the spread between replicates can be told apart by where it comes from.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np

from calibration import elasticities
from runs.ensemble import PARAMETERS, Plan
from runs.people import find_people
from runs.settings import settings_of
from runs.validation.cells import Cell
from runs.validation.collected import collect
from runs.validation.judging import judge
from runs.validation.lived import Ensemble, Lived
from runs.validation.quantity import POOLED, Quantity
from runs.validation.record import Pattern
from scenarios.schema import Scenario
from sim.chance import Chance
from sim.engine import Simulation
from sim.transitions import calibrated
from sim.transitions.share import share_of_all

PARTS = ("history", "cross_section", "descendants")
FIRST, RECORD_ENDS, LAST = 2004, 2013, 2023
LATE = "d2026"
# What the record calls the experiments.
EFFECTS = {"experiment_unemployment_group1": "unemployment_group1_plus_1",
           "experiment_unemployment_norway": "unemployment_norway_plus_1",
           "experiment_income": "income_ratio_plus_0.1"}  # fmt: skip
EFFECT_SCALE = 0.3


class Asking:
    """A history that notes what it is asked, and answers 1 to everything."""

    years = tuple(range(1990, 2030))

    def __init__(self) -> None:
        self.asked: dict[Quantity, None] = {}

    def of(self, quantity: Quantity) -> np.ndarray:
        """Note the question."""
        self.asked[quantity] = None
        return np.ones(1 if quantity.scope == POOLED else len(quantity.years))


def questions(patterns: Iterable[Pattern], lived: tuple[int, ...]) -> tuple[Quantity, ...]:
    """Return every quantity that judging the patterns asks of a history of these years."""
    asking = Asking()
    asking.years = lived
    for pattern in patterns:
        judge(pattern, asking)
    return tuple(asking.asked)


@dataclass(frozen=True)
class Backtest:
    """What replicates answered: with other luck alone, with other parameters too, and all."""

    luck: Ensemble
    parameters: Ensemble
    every: Ensemble


def part_of(pattern: Pattern) -> str:
    """Return which histories a pattern is put to.

    What is told of 2013 alone, as the tables of the report are, is asked of the people of 1
    January 2013 as they were reconstructed; other years of a history that began in 2004. The
    report of 2026 tells of years until 2023.
    """
    if pattern.report == LATE:
        return "descendants"
    return "cross_section" if min(pattern.years) >= RECORD_ENDS else "history"


def years_of(part: str) -> tuple[int, int]:
    """Return the years that are lived for a part of the record."""
    return {"history": (FIRST, RECORD_ENDS), "cross_section": (RECORD_ENDS, RECORD_ENDS),
            "descendants": (FIRST, LAST)}[part]  # fmt: skip


def backtest(
    scenario: Scenario, patterns: Iterable[Pattern], cells: Iterable[Cell] = (), *,
    threads: int = 1, done: Callable[[], None] = lambda: None,
) -> dict[str, Backtest]:  # fmt: skip
    """Live the replicates of every part, and put all questions of its patterns to them.

    Half as many replicates live the long years of the report of 2026. cells: figures of
    published tables, asked too.
    """
    effects = effects_of_experiments(scenario.calibration)
    found = {}
    every, figures = list(patterns), list(cells)
    for part in PARTS:
        mine = [pattern for pattern in every if part_of(pattern) == part]
        more = [cell.quantity for cell in figures if cell.part == part]
        if not mine and not more:
            continue
        few = -(-scenario.replicates // 2) if part == "descendants" else scenario.replicates
        asked = replace(scenario, years=years_of(part), replicates=few)
        found[part] = _live_all(asked, mine, more, effects, threads, done)
    return found


def lives(scenario: Scenario) -> int:
    """Return how many histories a backtest lives."""
    return 2 * scenario.replicates + -(-scenario.replicates // 2)


def _live_all(
    scenario: Scenario, patterns: list[Pattern], more: list[Quantity],
    effects: dict[str, float], threads: int, done: Callable[[], None],
) -> Backtest:  # fmt: skip
    people = find_people(scenario.population, scenario.years[0]).population
    lived = tuple(range(scenario.years[0], scenario.years[1] + 1))
    asked = tuple(dict.fromkeys((*questions(patterns, lived), *more)))
    share = share_of_all(people)
    plan = Plan(people, settings_of(scenario), scenario.seed, len(lived), scenario.replicates, ())
    drawing = replace(plan, uncertain=(PARAMETERS,))
    found, lock = Backtest(Ensemble(asked), Ensemble(asked), Ensemble(asked)), Lock()

    def live(number: int) -> tuple[int, Answers]:
        settings = (drawing if number % 2 else plan).settings_of(number)
        simulation = Simulation(people, settings, Chance(scenario.seed, number),
                                dimensions=("background",), forgetful=True)  # fmt: skip
        history = Lived(collect(simulation, len(lived), share), settings, effects,
                        chance=simulation.chance)  # fmt: skip
        answers = Answers(history, asked)
        with lock:
            done()
        return number, answers

    with ThreadPoolExecutor(threads) as pool:
        for number, answers in pool.map(live, range(scenario.replicates)):
            found.every.add(answers)
            found.every.why.update(answers.why)
            (found.parameters if number % 2 else found.luck).add(answers)
    return found


class Answers:
    """The answers of one history, told once and kept instead of it.

    why: the reasons of what it could not tell.
    """

    def __init__(self, history: Lived, asked: Iterable[Quantity]) -> None:
        self.years = history.years
        self._told = {quantity: history.of(quantity) for quantity in asked}
        self.why = {quantity: history.unable(quantity) for quantity, told in self._told.items()
                    if not np.isfinite(told).any()}  # fmt: skip

    def of(self, quantity: Quantity) -> np.ndarray:
        """Return what was told."""
        return self._told[quantity]


def effects_of_experiments(calibration: str) -> dict[str, float]:
    """Return by how many percent the experiments change emigrations, at the posterior's mean."""
    of = elasticities.response("without_feedback", EFFECT_SCALE, calibration)
    mean = calibrated.read(calibration).means["without_feedback"]
    return {EFFECTS[e.name]: float(of.of(mean, e)) for e in elasticities.experiments()}
