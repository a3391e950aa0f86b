"""A pattern put to a history: the quantities that it is about, as numbers by window of years.

A window is what a pattern compares: a year, five years, all years. What is chosen is a code for
each variable that the pattern repeats or compares; the rest is the pattern's own population.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.validation.dimensions import CODES, MEANS, OTHERS
from runs.validation.quantity import PER_YEAR, POOLED, History, Quantity, Whom
from runs.validation.record import Pattern, Side

Floats = NDArray[np.float64]
Chosen = Mapping[str, Any]
ENOUGH = 0.5  # a mean of years is told if half of them are
FIVE = 5
WITHOUT_FIGURES = Side()


def codes(said: Any) -> tuple[str, ...] | None:
    """Return the codes that an entry of the record means; None is everybody."""
    found: list[str] = []
    for code in said if isinstance(said, tuple) else (said,):
        means = MEANS.get(code, (code,))
        if means is None:
            return None
        found += means
    return tuple(found)


@dataclass(frozen=True)
class Asked:
    """A pattern and the history that it is put to."""

    pattern: Pattern
    history: History

    @property
    def windows(self) -> list[tuple[int, ...]]:
        """The years of the pattern, cut as its scope says."""
        years, scope = self.pattern.years, self.pattern.scope
        if scope == "each_year":
            return [(year,) for year in years]
        if scope == "latest":
            return [years[-1:]]
        if scope == "five_years":
            return [years[i : i + FIVE] for i in range(0, len(years), FIVE)]
        return [years]

    @property
    def known(self) -> float:
        """The share of the years that one pooled value is about and the history has."""
        if self.pattern.scope != POOLED:
            return 1.0
        years = self.pattern.years
        return sum(year in self.history.years for year in years) / len(years)

    def combinations(self) -> Iterator[dict[str, Any]]:
        """Yield every combination of codes for which the pattern is claimed."""
        each = self.pattern.each
        for chosen in product(*each.values()):
            found = dict(zip(each, chosen, strict=True))
            if not any(matches(found, entry) for entry in self.pattern.skip):
                yield found

    def members(self) -> tuple[str, ...]:
        """Return the codes that are compared; one without a name if nothing is compared."""
        p = self.pattern
        return p.members or tuple(p.expected.values) or (CODES[p.by] if p.by else ("",))

    def choose(self, chosen: Chosen, member: str) -> dict[str, Any]:
        """Return what is chosen when a member is asked for."""
        if member in self.pattern.names:
            return {**chosen, **self.pattern.names[member]}
        return {**chosen, self.pattern.by: member} if self.pattern.by else dict(chosen)

    def values(self, chosen: Chosen, side: Side = WITHOUT_FIGURES) -> Floats:
        """Return a value for each window; one if the side has years of its own."""
        if side.growth:
            late, early = (self._mean(chosen, side, years) for years in side.growth)
            return np.array([late / early if early else np.nan])
        if side.years:
            return np.array([self._mean(chosen, side, side.years)])
        if side.spread:
            plain = replace(side, spread=None)
            of = [self.values({**chosen, side.spread: code}, plain) for code in CODES[side.spread]]
            return np.asarray(np.std(of, axis=0))
        return self._windows({**chosen, **side.whom}, side.measure)

    def others(self, chosen: Chosen, named: tuple[str, ...]) -> Floats:
        """Return the unweighted mean over the codes that are not named."""
        by = str(self.pattern.by)
        left = [code for code in CODES[by] if code not in named]
        found = np.array([self.values({**chosen, by: code}) for code in left])
        told = np.isfinite(found).sum(axis=0)
        mean = np.nansum(found, axis=0) / np.maximum(told, 1)
        return np.asarray(np.where(told >= ENOUGH * len(left), mean, np.nan))

    def change(self, chosen: Chosen) -> Floats:
        """Return how much higher the late years are than the early ones."""
        said = self.pattern.expected
        assert said.late
        assert said.early
        late, early = (self._mean(chosen, WITHOUT_FIGURES, y) for y in (said.late, said.early))
        return np.array([late - early])

    def yearly(self, chosen: Chosen) -> Floats:
        """Return a value for each year of the pattern, less its other measure if it has one."""
        years, minus = self.pattern.years, self.pattern.minus
        found = self._of(chosen, None, years, PER_YEAR)
        return found - self._of(chosen, minus, years, PER_YEAR) if minus else found

    def _windows(self, chosen: Chosen, measure: str | None) -> Floats:
        pattern = self.pattern
        if pattern.scope == POOLED:
            known = tuple(year for year in pattern.years if year in self.history.years)
            return self._of(chosen, measure, known, POOLED) if known else np.array([np.nan])
        if pattern.scope == "latest":
            return self._of(chosen, measure, pattern.years[-1:], PER_YEAR)
        found = self._of(chosen, measure, pattern.years, PER_YEAR)
        by_year = dict(zip(pattern.years, found, strict=True))
        return np.array([mean(np.array([by_year[y] for y in years])) for years in self.windows])

    def _mean(self, chosen: Chosen, side: Side, years: tuple[int, int]) -> float:
        every = tuple(range(years[0], years[1] + 1))
        return mean(self._of({**chosen, **side.whom}, side.measure, every, PER_YEAR))

    def _of(
        self, chosen: Chosen, measure: str | None, years: tuple[int, ...], scope: str
    ) -> Floats:
        asked = self.quantity(chosen, measure, years, scope)
        found = np.asarray(self.history.of(asked), dtype=np.float64)
        many = 1 if scope == POOLED else len(years)
        assert found.shape == (many,), f"{asked} is answered by {found.shape}"
        return found

    def quantity(
        self, chosen: Chosen, measure: str | None, years: tuple[int, ...], scope: str
    ) -> Quantity:  # fmt: skip
        """Return what is asked of the history."""
        p = self.pattern
        own, wanted = dict(p.whom), dict(chosen)
        measure = measure or wanted.pop("measure", p.measure)
        wanted.pop("measure", None)
        term = None
        if p.term:
            code = wanted.pop(p.term) if p.term in wanted else own.pop(p.term)
            term = (p.term, str(code))
        said = own | wanted
        return Quantity(
            measure, _whom(said), years, scope, p.report, self._base(said), term, p.model,
            p.controls, p.driver,
        )  # fmt: skip

    def _base(self, said: Mapping[str, Any]) -> Whom | None:
        p = self.pattern
        if p.of is None:
            return None
        kept = {name: said[name] for name in (*p.of, "group") if name in said}
        if p.of_group:
            kept["group"] = p.of_group
        if p.of_destination:
            kept["destination"] = p.of_destination
        return _whom(kept)


def _whom(said: Mapping[str, Any]) -> Whom:
    group = said.get("group", "immigrants")
    return Whom(group, **{name: codes(v) for name, v in said.items() if name != "group"})


def matches(chosen: Chosen, entry: Mapping[str, Any], **also: Any) -> bool:
    """Say whether an exception is of what is chosen: all that it names must agree."""
    there = {**chosen, **also}
    return all(name in there and there[name] == value for name, value in entry.items())


def mean(values: Floats) -> float:
    """Return the mean of the years that are told, nan if they are too few."""
    told = values[np.isfinite(values)]
    return float(told.mean()) if len(told) >= ENOUGH * len(values) and len(told) else np.nan


def named(chosen: Chosen) -> str:
    """Return what is chosen in words for a finding."""
    return " ".join(str(code) for code in chosen.values() if code != "")


def window_name(years: tuple[int, ...]) -> str:
    """Return 2004 or 2004-2008."""
    return str(years[0]) if len(years) == 1 else f"{years[0]}-{years[-1]}"


__all__ = ["OTHERS", "Asked", "Chosen", "Floats", "matches", "mean", "named", "window_name"]
