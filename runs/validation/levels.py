"""Numbers and bounds: patterns of kind value, approx and range."""

from itertools import combinations
from typing import Any

import numpy as np

from runs.validation.asking import Asked, Chosen, named, window_name
from runs.validation.checks import SMALL, Check, Verdict, not_judged, number, sum_up
from runs.validation.dimensions import TOTALS
from runs.validation.record import Pattern

NEAR_ZERO = 1.0  # percent: an effect that the report finds to be none
PLAIN_T = 2.0  # estimates whose t values differ by more have an order
LEAST_ESTIMATE = 0.0005  # an estimate printed as zero may be as large
LEAST_T = 0.01


def judge_level(asked: Asked) -> Verdict:
    """Judge a value, an approximate value or a range."""
    pattern, said = asked.pattern, asked.pattern.expected
    words = expected_words(pattern)
    if pattern.measure in TOTALS and pattern.scope == "pooled":
        missing = [year for year in pattern.years if year not in asked.history.years]
        if missing:
            told = 1 - len(missing) / len(pattern.years)
            why = f"a total of {pattern.years[0]}-{pattern.years[-1]} needs all years"
            return not_judged(pattern, words, why, told)
    checks: list[Check] = []
    cells = 0
    for chosen in asked.combinations():
        found = {member: asked.values(asked.choose(chosen, member)) for member in asked.members()}
        for member, values in found.items():
            cells += len(values)
            checks += _of_cell(asked, chosen, member, values)
            if said.some_above is not None and np.isfinite(values).any():
                cells += 1
                checks.append(_some_above(pattern, values))
        if said.t_values:
            ordered = _orders(pattern, {m: float(v[0]) for m, v in found.items()})
            cells += len(ordered)
            checks += [check for check in ordered if check is not None]
    return sum_up(pattern, words, checks, cells, asked.known)


def expected_words(pattern: Pattern) -> str:
    """Return what the report says and how far off is allowed."""
    said = pattern.expected
    if said.sign:
        return f"sign {said.sign}" if said.sign != "none" else "no effect"
    if said.values:
        told = ", ".join(f"{member} {number(v)}" for member, v in said.values.items())
    elif said.value is not None:
        told = number(said.value)
    elif said.low is None:
        told = f"at most {number(said.high or 0.0)}"
    elif said.high is None:
        told = f"at least {number(said.low)}"
    else:
        told = f"{number(said.low)} to {number(said.high)}"
    also = "" if said.some_above is None else f", some years above {number(said.some_above)}"
    return f"{told}{also} ({tolerance_words(pattern)})"


def tolerance_words(pattern: Pattern) -> str:
    """Return how far off is allowed."""
    t = pattern.tolerance
    ways = []
    if t.abs is not None:
        ways.append(f"{number(t.abs)}")
    if t.rel is not None:
        ways.append(f"{t.rel:.0%}")
    if t.errors is not None:
        ways.append(f"{number(t.errors)} standard errors")
    return "give or take " + " or ".join(ways) if ways else "exactly"


def bounds(pattern: Pattern, member: str) -> tuple[float, float]:
    """Return the bounds before any tolerance; infinite where open."""
    said = pattern.expected
    value = said.values.get(member, said.value)
    if value is not None:
        return float(value), float(value)
    low = -np.inf if said.low is None else float(said.low)
    return low, np.inf if said.high is None else float(said.high)


def error_of(pattern: Pattern, chosen: Chosen, member: str) -> float:
    """Return the standard error of a published number: estimate / t, or as it stands there."""
    said = pattern.expected
    if member in said.t_values:
        size = max(abs(said.values[member]), LEAST_ESTIMATE)
        return size / max(abs(said.t_values[member]), LEAST_T)
    key = named({**chosen, "member": member})
    return float(said.errors.get(key, said.errors.get(member, 0.0)))


def compare(found: float, low: float, high: float, widths: tuple[float, float]) -> Check:
    """Compare a number with bounds that are widened; the words are left to the caller."""
    if found < low - widths[0] - SMALL or found > high + widths[1] + SMALL:
        outside = max(low - widths[0] - found, found - high - widths[1])
        width = widths[0] if found < low else widths[1]
        return Check(False, "", -outside / _unit(width, low, high))
    inside = []
    if np.isfinite(low):
        inside.append((found - low + widths[0]) / _unit(widths[0], low, high))
    if np.isfinite(high):
        inside.append((high + widths[1] - found) / _unit(widths[1], low, high))
    return Check(True, "", max(0.0, min(inside)) if inside else np.inf)


def _unit(width: float, low: float, high: float) -> float:
    """Return the unit of distances: the tolerance; without one, the size of the bound."""
    if width > 0:
        return width
    return max((abs(b) for b in (low, high) if np.isfinite(b) and b), default=1.0)


def _of_cell(asked: Asked, chosen: Chosen, member: str, values: Any) -> list[Check]:
    pattern = asked.pattern
    several = len(values) > 1
    checks = []
    for years, found in zip(asked.windows, values, strict=True):
        if not np.isfinite(found):
            continue
        where = named({**chosen, "member": member})
        if several:
            where = f"{where} {window_name(years)}".strip()
        check = _sign(pattern, float(found)) if pattern.expected.sign else None
        if check is None:
            low, high = bounds(pattern, member)
            error = error_of(pattern, chosen, member)
            widths = tuple(pattern.tolerance.width(b, error) if np.isfinite(b) else 0.0
                           for b in (low, high))  # fmt: skip
            check = compare(float(found), low, high, (widths[0], widths[1]))
        checks.append(Check(check.holds, f"{where} {number(found)}".strip(), check.margin))
    return checks


def _sign(pattern: Pattern, found: float) -> Check:
    if pattern.expected.sign == "none":
        return Check(abs(found) < NEAR_ZERO, "", (NEAR_ZERO - abs(found)) / NEAR_ZERO)
    right = found > 0 if pattern.expected.sign == "positive" else found < 0
    return Check(right, "", 1.0 if right else -1.0)


def _some_above(pattern: Pattern, values: Any) -> Check:
    asked = pattern.expected.some_above
    assert asked is not None
    highest = float(np.nanmax(values))
    check = compare(highest, asked, np.inf, (pattern.tolerance.width(asked), 0.0))
    return Check(check.holds, f"highest {number(highest)}", check.margin)


def _orders(pattern: Pattern, found: dict[str, float]) -> list[Check | None]:
    """Compare the order of estimates that differ plainly; None where it is not known."""
    said = pattern.expected
    values = {**said.values, str(said.reference): 0.0}
    t_values = {**said.t_values, str(said.reference): 0.0}
    found = {**found, str(said.reference): 0.0}
    checks: list[Check | None] = []
    for a, b in combinations(values, 2):
        if abs(t_values[a] - t_values[b]) <= PLAIN_T or values[a] == values[b]:
            continue
        if not (np.isfinite(found[a]) and np.isfinite(found[b])):
            checks.append(None)
            continue
        high, low = (a, b) if values[a] > values[b] else (b, a)
        checks.append(Check(found[high] > found[low], f"{high} above {low}"))
    return checks
