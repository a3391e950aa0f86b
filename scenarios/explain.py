"""A scenario in words: what it asks, what it is based on, what differs and what may not be meant.

from scenarios.explain import explain
print("\n".join(explain("high_unemployment").lines()))
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from scenarios.changes import Told
from scenarios.fields import MEANINGS
from scenarios.lint import warnings_of
from scenarios.outlook import YEARS, Outlook, lived, outlook_of
from scenarios.schema import DEFAULT_ECONOMY, FIELDS, Scenario, lineage
from scenarios.wording import (
    amount,
    clauses,
    differing,
    in_a_sentence,
    series_name,
    span,
    spread,
    subject,
    unit_of,
)
from sim.economy import SERIES
from sim.engine import ASSUMPTIONS
from sim.transitions.arrival_levers import BLOCKS, WORD
from sim.transitions.economy_levers import SERIES_OF, name_of
from sim.transitions.parameters import LOGIT
from sim.transitions.sources import CellChange, Overlay, rows, shipped, using

TOLD_ELSEWHERE = ("name", "question", "based_on", "assumptions", "changes", "ranges", "outputs")
FEW = 5  # values of a parameter that are listed rather than summed up


@dataclass(frozen=True)
class Difference:
    """A field or an assumption: its value here, in the base, and what it means here."""

    name: str
    here: str
    base: str
    meaning: str


@dataclass(frozen=True)
class Explanation:
    """A scenario in words.

    line: names of what it is based on, the nearest first.
    changes: sentences. courses: levers by year, in the base and here, where they differ.
    fields, assumptions: without a base, every field and what is not the default.
    ranges, outputs: what is left open for `vandring sensitivity`, and what that tells of.
    """

    name: str
    question: str
    years: tuple[int, int]
    line: tuple[str, ...]
    changes: tuple[str, ...]
    fields: tuple[Difference, ...]
    assumptions: tuple[Difference, ...]
    warnings: tuple[str, ...]
    ranges: tuple[str, ...]
    outputs: tuple[str, ...]
    courses: Mapping[str, Mapping[int, tuple[float, float]]]

    def lines(self) -> Iterator[str]:
        """Yield the explanation as lines of text."""
        yield f"{self.name}: {self.question}"
        if self.line:
            yield f"Based on {', which is based on '.join(self.line)}."
        yield ""
        told = [*self.changes, *map(self._told, self.fields), *map(self._assumed, self.assumptions)]
        if self.line and not told:
            yield f"Nothing differs from {self.line[0]}."
        else:
            yield f"What differs from {self.line[0]}:" if self.line else "What it says:"
            yield from (f"- {one}" for one in told)
        yield from self._left_open()
        if self.warnings:
            yield ""
            yield "Warnings:"
            yield from (f"- {warning}" for warning in self.warnings)

    def _left_open(self) -> Iterator[str]:
        """Yield what `vandring sensitivity` would vary and tell."""
        if self.ranges:
            yield ""
            yield "Left open for vandring sensitivity (a run takes what is said above):"
            yield from (f"- {one}" for one in self.ranges)
        if self.outputs:
            yield ""
            yield "What vandring sensitivity tells of:"
            yield from (f"- {one}" for one in self.outputs)

    def _told(self, one: Difference) -> str:
        instead = f" instead of {one.base}" if self.line else ""
        return f"{one.name} is {one.here}{instead} ({one.meaning.rstrip('.')})."

    def _assumed(self, one: Difference) -> str:
        return f"Assumption {one.name} is {one.here} instead of {one.base}. {one.meaning}"

    def record(self) -> dict[str, Any]:
        """Return the explanation for JSON."""
        return asdict(self)


def explain(which: str, overrides: Mapping[str, Any] | None = None) -> Explanation:
    """Explain a scenario by name or path."""
    line = lineage(which, overrides)
    return explained(line[0], line[1:])


def explained(scenario: Scenario, ancestors: tuple[Scenario, ...] = ()) -> Explanation:
    """Explain a scenario beside its nearest ancestor, or beside the defaults."""
    plain = Scenario("", "")
    base = ancestors[0] if ancestors else plain
    return Explanation(
        name=scenario.name,
        question=scenario.question,
        years=scenario.years,
        line=tuple(one.name for one in ancestors),
        changes=tuple(sentences(base, scenario)),
        fields=tuple(_fields(base, scenario, every=not ancestors)),
        assumptions=tuple(_assumptions(base, scenario)),
        warnings=tuple(warnings_of(scenario)),
        ranges=tuple(map(in_a_sentence, scenario.ranges)),
        outputs=scenario.outputs,
        courses=_courses(base, scenario),
    )


def changes_of(scenario: Scenario) -> list[str]:
    """Return all that a scenario and its ancestors alter, in sentences."""
    return list(sentences(replace(scenario, changes=(), economy=DEFAULT_ECONOMY), scenario))


def sentences(base: Scenario, scenario: Scenario) -> Iterator[str]:
    """Yield what levers and parameters a scenario alters beyond its base, with their values."""
    before, after = (_outlook(one) for one in (base, scenario))
    new = _new(base, scenario)
    years = lived(scenario.years)
    by_name: dict[str, list[Told]] = {}
    for told in new:
        by_name.setdefault(told.name, []).append(told)
    if base.economy != scenario.economy:
        yield from _other_economy(before, after, years, by_name)
    for name, changes in by_name.items():
        if changes[0].change:
            yield _of_lever(name, changes, before, after, years)
        else:
            yield _of_parameter(name, changes, base)
    if base.chosen("arrivals") != scenario.chosen("arrivals"):
        values = spread(before.courses(WORD)[""], after.courses(WORD)[""], years, unit_of(WORD))
        if values:
            yield f"First arrivals differ in all ({values})."


def _outlook(scenario: Scenario) -> Outlook:
    return outlook_of(scenario.economy, scenario.chosen("arrivals"), scenario.changes)


def _new(base: Scenario, scenario: Scenario) -> tuple[Told, ...]:
    """Return the changes that the base does not have: it comes first."""
    known = len(base.changes)
    return scenario.changes[known:] if scenario.changes[:known] == base.changes else ()


def _of_lever(name: str, changes: list[Told], before: Outlook, after: Outlook, years: range) -> str:
    """Return the sentence of one lever."""
    unit = unit_of(name)
    words, many = subject(name)
    told = f"{words} {'are' if many else 'is'} {clauses(changes, unit)}"
    parts = []
    factor = name not in SERIES_OF and name not in BLOCKS
    for part, course in before.courses(name).items():
        values = spread(course, after.courses(name)[part], years, unit)
        usual = factor and len(changes) == 1 and bool((course == 1).all())
        if values and not usual:
            parts.append(f"{part}, {values}" if part else values)
        if not values and not part:
            parts.append("no effect in the years of the run")
    return f"{told} ({'; '.join(parts)})." if parts else f"{told}."


def _other_economy(
    before: Outlook, after: Outlook, years: range, altered: Mapping[str, list[Told]]
) -> Iterator[str]:
    """Yield how the series of another economy differ, if no change of theirs tells it."""
    told = {series for name in altered for series in SERIES_OF.get(name, ())}
    for series in SERIES:
        if series not in told:
            lever = name_of(series)
            there, here = before.courses(lever)[""], after.courses(lever)[""]
            values = spread(there, here, years, unit_of(lever))
            if values:
                yield f"{series_name(series)} is another ({values})."


def _of_parameter(name: str, changes: list[Told], base: Scenario) -> str:
    """Return the sentence of one parameter."""
    told = "; ".join(
        amount(one, "ratio") + (f" {span(one.years)}" if one.years else "") for one in changes
    )
    cells = [one.cells for one in changes if isinstance(one.cells, CellChange)]
    if cells[0].table == LOGIT:
        return f"The coefficient {name} is {told}, in every model."
    mine = [one.cells for one in base.changes if isinstance(one.cells, CellChange)]
    with using(Overlay(tuple(mine))):
        before = rows(cells[0].table)
    with using(Overlay((*mine, *cells))):
        after = rows(cells[0].table)
    pairs = [
        (float(a[cells[0].column]), float(b[cells[0].column]))
        for plain, a, b in zip(shipped(cells[0].table), before, after, strict=True)
        if any(cell.applies(plain) for cell in cells)
    ]
    return f"The parameter {name} is {told} ({_summed_up(pairs)})."


def _summed_up(pairs: list[tuple[float, float]]) -> str:
    """Return numbers before and after, or the ends of many."""
    if len(pairs) <= FEW:
        return ", ".join(f"{a:.6g} -> {b:.6g}" for a, b in pairs)
    (low, high), (least, most) = ((min(some), max(some)) for some in zip(*pairs, strict=True))
    return f"{len(pairs):,} numbers from {low:.6g}..{high:.6g} to {least:.6g}..{most:.6g}"


def _fields(base: Scenario, scenario: Scenario, *, every: bool) -> Iterator[Difference]:
    for name in FIELDS:
        here, there = getattr(scenario, name), getattr(base, name)
        if name not in TOLD_ELSEWHERE and (every or here != there):
            yield Difference(name, written(here), written(there), MEANINGS[name])


def _assumptions(base: Scenario, scenario: Scenario) -> Iterator[Difference]:
    for assumption in ASSUMPTIONS:
        here, there = (one.chosen(assumption.name) for one in (scenario, base))
        if here != there:
            yield Difference(assumption.name, here, there, assumption.meanings[here])


def written(value: object) -> str:
    """Return the value of a field as one would write it in a file."""
    if not isinstance(value, tuple):
        return str(value)
    if not value:
        return "none"
    if all(isinstance(part, int) for part in value):
        return "..".join(map(str, value))
    return ", ".join(part if isinstance(part, str) else ": ".join(part) for part in value)


def _courses(base: Scenario, scenario: Scenario) -> dict[str, dict[int, tuple[float, float]]]:
    """Return by year the levers that differ from the base in the run's years."""
    before, after = (_outlook(one) for one in (base, scenario))
    years = lived(scenario.years)
    names = dict.fromkeys(told.name for told in scenario.changes if told.change)
    names |= dict.fromkeys(name_of(series) for series in SERIES)
    found: dict[str, dict[int, tuple[float, float]]] = {}
    for name in names:
        for part, course in before.courses(name).items():
            then = after.courses(name)[part]
            changed = differing(course, then, years)
            if changed and not (part and name in SERIES_OF):
                found[name] = {y: (float(course[y - YEARS[0]]), float(then[y - YEARS[0]]))
                               for y in changed}  # fmt: skip
    return found
