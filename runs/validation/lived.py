"""A simulated history that answers the questions of the published patterns.

`Lived` tells every measure of one history, nan where it cannot; `unable` says why. `Ensemble`
keeps what replicates answered to the same questions: their mean, spread and each of them.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

import numpy as np

from calibration.raking import Floats
from runs.validation.collected import Collected
from runs.validation.economics import driver_effect, income_ratio, municipality_count
from runs.validation.measures import (
    FRACTIONS,
    TOTALS,
    Counted,
    peak_age,
    persons_ever,
)
from runs.validation.persons import CannotTellError
from runs.validation.quantity import POOLED, History, Quantity
from runs.validation.regressions import Regressions
from runs.validation.samples import REGRESSED
from sim.chance import Chance
from sim.transitions.process import Settings

LEAST = 0.5  # of the years asked for that must have been lived before rates are pooled
PERCENT = 100.0
OF_PERSONS = ("persons_in_sample", "emigrations_per_person")


class Lived:
    """What one simulated history tells.

    settings: how it was run, for the effects that are parameters rather than events.
    effects: percentages by which scenarios change emigrations, by name, if others lived them.
    least: the share of the years asked for that must have been lived before rates of several
        years are pooled. Numbers of persons or events are told of all years asked for, or not.
    part_of_year: the article's rates are of who lived in Norway all or part of the year.
    chance: the luck of the groups that the report of 2026 compares with; without it there are
        none.
    """

    def __init__(
        self,
        collected: Collected,
        settings: Settings | None = None,
        effects: Mapping[str, float] | None = None,
        least: float = LEAST,
        *,
        part_of_year: bool = False,
        chance: Chance | None = None,
    ) -> None:
        self.counted = Counted(collected, part_of_year=part_of_year, chance=chance)
        self.settings = settings or Settings()
        self.effects = dict(effects or {})
        self.least = least

    @property
    def years(self) -> tuple[int, ...]:
        """The years that were lived."""
        return self.counted.years

    @cached_property
    def regressions(self) -> Regressions:
        """The models of outcomes, estimated when first asked for."""
        return Regressions(self.counted.collected)

    def of(self, quantity: Quantity) -> Floats:
        """Return a value for each year of the quantity, or one if it is pooled."""
        try:
            return self._told(quantity)
        except CannotTellError:
            return np.full(1 if quantity.scope == POOLED else len(quantity.years), np.nan)

    def unable(self, quantity: Quantity) -> str:
        """Say why a quantity cannot be told; nothing if some of it can."""
        try:
            found = self._told(quantity)
        except CannotTellError as error:
            return str(error)
        if np.isfinite(found).any():
            return ""
        lived = f"{self.years[0]}-{self.years[-1]}"
        return f"{lived} do not hold the years that this needs, or nobody of that kind lived"

    def _told(self, q: Quantity) -> Floats:
        if q.measure in FRACTIONS:
            above, below = FRACTIONS[q.measure](self.counted, q)
            return self._ratio(q, above, below)
        if q.measure in TOTALS:
            return self._total(q, TOTALS[q.measure](self.counted, q) / self.counted.collected.scale)
        if q.measure in REGRESSED:
            return self._each(q, lambda year: self.regressions.of(q, year))
        if q.measure == "income_ratio":
            return np.array([income_ratio(q, year) for year in q.years])
        single = {
            "driver_effect": lambda: driver_effect(self.settings, q),
            "municipality_count": lambda: municipality_count(q),
            "effect_of_scenario": lambda: self._effect(q),
            "peak_age_emigration": lambda: self._peak(q),
            **dict.fromkeys(OF_PERSONS, lambda: self._of_persons(q)),
        }
        if q.measure not in single:
            raise CannotTellError(f"the model has no measure {q.measure}")
        return np.full(1 if q.scope == POOLED else len(q.years), single[q.measure]())

    def _ratio(self, q: Quantity, above: Floats, below: Floats) -> Floats:
        """Return percentages of each year, or of all that were lived together."""
        above, below = self._at(q.years, above), self._at(q.years, below)
        known = np.isfinite(above) & np.isfinite(below)
        if q.scope == POOLED:
            if not known.any() or known.mean() < self.least:
                return np.array([np.nan])
            above, below = above[known].sum(keepdims=True), below[known].sum(keepdims=True)
        out = np.full(above.shape, np.nan)
        np.divide(PERCENT * above, below, out=out, where=below > 0)
        return out

    def _total(self, q: Quantity, values: Floats) -> Floats:
        """Return numbers of each year, or of all; who is back is known of early years alone."""
        found = self._at(q.years, values)
        if q.scope != POOLED:
            return found
        known = np.isfinite(found)
        if q.measure == "return_count_5y" and known.mean() >= self.least:
            found = found[known]
        return np.asarray(found.sum(keepdims=True))

    def _at(self, years: tuple[int, ...], values: Floats) -> Floats:
        """Return the values of some years, nan of those that were not lived."""
        place = np.array(years) - self.counted.first
        inside = (place >= 0) & (place < values.size)
        return np.asarray(np.where(inside, values[np.where(inside, place, 0)], np.nan))

    def _each(self, q: Quantity, tell: Callable[[int], float]) -> Floats:
        """Return what is estimated of each year, and the mean if they are pooled."""
        found = np.array([tell(year) if year in self.years else np.nan for year in q.years])
        return found.mean(keepdims=True) if q.scope == POOLED else found

    def _lived_of(self, q: Quantity) -> tuple[int, ...]:
        return tuple(year for year in q.years if year in self.years)

    def _peak(self, q: Quantity) -> float:
        years = self._lived_of(q)
        if not years or len(years) < self.least * len(q.years):
            return np.nan
        return peak_age(self.counted, q, years)

    def _of_persons(self, q: Quantity) -> float:
        """Return the persons ever seen in all the years, or emigrations a person."""
        if self._lived_of(q) != q.years:
            return np.nan
        persons = persons_ever(self.counted, q.whom, q.years) / self.counted.collected.scale
        if q.measure == "persons_in_sample":
            return persons
        left = self._total(q, TOTALS["emigration_count"](self.counted, q)).sum()
        return float(left / self.counted.collected.scale / persons) if persons else np.nan

    def _effect(self, q: Quantity) -> float:
        if q.driver not in self.effects:
            raise CannotTellError(f"nobody has lived the scenario {q.driver}")
        return self.effects[q.driver]


class Ensemble:
    """What replicates answered: the mean is its answer, and each replicate can be asked too.

    Questions that were not put to the replicates cannot be answered: nan.
    """

    def __init__(self, questions: Iterable[Quantity]) -> None:
        self.questions = tuple(dict.fromkeys(questions))
        self.years: tuple[int, ...] = ()
        self._answers: dict[Quantity, list[Floats]] = {q: [] for q in self.questions}
        self.replicates = 0
        self.why: dict[Quantity, str] = {}  # of what no replicate could tell

    def add(self, history: History) -> None:
        """Put all questions to one more replicate, and keep the answers."""
        for question, answers in self._answers.items():
            answers.append(history.of(question))
        self.years = history.years
        self.replicates += 1

    def each(self, quantity: Quantity) -> Floats:
        """Return the answers (replicates, years), or (replicates, 1) if pooled."""
        if quantity in self._answers and self.replicates:
            return np.array(self._answers[quantity])
        return np.full((1, 1 if quantity.scope == POOLED else len(quantity.years)), np.nan)

    def of(self, quantity: Quantity) -> Floats:
        """Return the mean over replicates."""
        return np.asarray(self.each(quantity).mean(axis=0))

    def sd(self, quantity: Quantity) -> Floats:
        """Return the standard deviation between replicates; nan of a single one."""
        each = self.each(quantity)
        return np.full(each.shape[1], np.nan) if len(each) < 2 else each.std(axis=0, ddof=1)

    def interval(self, quantity: Quantity, share: float = 0.95) -> tuple[Floats, Floats]:
        """Return the bounds between which the middle share of the replicates lies."""
        low, high = np.quantile(self.each(quantity), [(1 - share) / 2, (1 + share) / 2], axis=0)
        return low, high

    def replicate(self, number: int) -> "One":
        """Return one replicate as a history of its own."""
        return One(self, number)


class One:
    """One replicate of an ensemble, as it answered."""

    def __init__(self, ensemble: Ensemble, number: int) -> None:
        self.ensemble, self.number = ensemble, number

    @property
    def years(self) -> tuple[int, ...]:
        """The years that were lived."""
        return self.ensemble.years

    def of(self, quantity: Quantity) -> Floats:
        """Return what this replicate answered."""
        each = self.ensemble.each(quantity)
        return np.asarray(each[min(self.number, len(each) - 1)])
