"""How things go over the years: patterns of kind trend."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from runs.validation.asking import Asked, Chosen, Floats, mean, named
from runs.validation.checks import ENOUGH, SMALL, Check, Verdict, sum_up, why_not
from runs.validation.record import Pattern

STEADY = 0.15  # stable: the line through the years changes by at most this share of their mean
WEAK = 0.05  # a weak fall may be so much of a rise: the report saw little or nothing
HALF = 0.5


def judge_trend(asked: Asked) -> Verdict:
    """Judge a trend: the slope of every segment has the stated sign."""
    pattern = asked.pattern
    checks: list[Check] = []
    groups: list[bool] = []
    count = asked_groups = 0
    for chosen in asked.combinations():
        for member in asked.members():
            found = list(_of_member(asked, chosen, member))
            told = [check for check in found if check is not None]
            checks += told
            count += len(found)
            asked_groups += 1
            if told:
                groups.append(all(check.holds for check in told))
    if pattern.expected.periods:
        return _by_groups(pattern, checks, groups, asked_groups)
    return sum_up(pattern, expected_words(pattern), checks, count)


def expected_words(pattern: Pattern) -> str:
    """Return the segments that the report tells, and how many of them must be right."""
    said = pattern.expected
    parts = [f"{first}-{last} {direction.replace('_', ' ')}"
             for first, last, direction in said.segments]  # fmt: skip
    for words, years in (("lowest", said.lowest), ("highest", said.highest)):
        if years:
            parts.append(f"{words} in {years[0]}" + (f"-{years[1]}" * (years[0] != years[1])))
    share = pattern.tolerance.share
    less = f" ({share:.0%} of them)" if share and share < 1 else ""
    minus = f"less {pattern.minus}: " if pattern.minus else ""
    return minus + ", ".join(parts) + less


def _by_groups(pattern: Pattern, checks: list[Check], groups: list[bool], asked: int) -> Verdict:
    """Return a verdict on the share of groups of which all segments are right."""
    words, told = expected_words(pattern), len(groups) / asked
    if told < ENOUGH:
        return Verdict(pattern.id, None, np.nan, "", words, why_not(told), np.nan, told)
    right, needed = float(np.mean(groups)), pattern.tolerance.share or 1.0
    margin = (right - needed) / max(1 - needed, 1 / len(groups))
    failed = ", ".join(check.words for check in checks if not check.holds)
    found = f"{sum(groups)} of {len(groups)}" + (f"; not {failed}" if failed else "")
    return Verdict(pattern.id, right >= needed - SMALL, margin, found, words, "", right, told)


def _of_member(asked: Asked, chosen: Chosen, member: str) -> Iterator[Check | None]:
    pattern, said = asked.pattern, asked.pattern.expected
    values = asked.yearly(asked.choose(chosen, member))
    years = np.array(pattern.years, dtype=np.float64)
    if said.periods:
        years, values = _periods(years, values, said.periods)
    where = named({**chosen, "member": member})
    for first, last, direction in said.segments:
        inside = (years >= first) & (years <= last)
        x, y = _told(years[inside], values[inside])
        if x is None:
            yield None
            continue
        held = f"{x[0]:.0f}-{x[-1]:.0f} {direction.replace('_', ' ')}"
        right = holds(x, y, direction, pattern.tolerance.rel)
        words = f"{where} {held} ({y[0]:.2f} to {y[-1]:.2f})".strip()
        yield Check(right, words)
    for extreme, span in ((np.nanargmin, said.lowest), (np.nanargmax, said.highest)):
        if span is not None:
            yield _extreme(years, values, extreme, span, where)


def _periods(years: Floats, values: Floats, many: int) -> tuple[Floats, Floats]:
    """Return the middle and the mean of so many equal parts of the years."""
    parts = np.array_split(np.arange(len(years)), many)
    return (
        np.array([years[part].mean() for part in parts]),
        np.array([mean(values[part]) for part in parts]),
    )


def _told(x: Floats, y: Floats) -> tuple[Any, Floats]:
    """Return the years that are known, None if they are less than half of a segment, or one."""
    known = np.isfinite(y)
    if known.sum() < 2 or known.mean() < HALF:
        return None, y
    return x[known], y[known]


def holds(x: Floats, y: Floats, direction: str, spread: float | None = None) -> bool:
    """Say whether values go in a direction.

    spread: for stable, the largest coefficient of variation; the change of the line if None.
    """
    away = x - x.mean()
    slope = float(away @ (y - y.mean()) / (away @ away))
    size = abs(float(y.mean()))
    change = slope * float(x[-1] - x[0])
    if direction == "stable":
        if spread is not None:
            return float(y.std()) <= spread * size + SMALL
        return abs(change) <= STEADY * size + SMALL
    rise = change if direction in ("rising", "weak_rise") else -change
    least = SMALL if direction in ("rising", "falling") else -WEAK
    return rise > least * size if least > 0 else rise >= least * size - SMALL


def _extreme(
    years: Floats, values: Floats, find: Any, span: tuple[int, int], where: str
) -> Check | None:  # fmt: skip
    """Compare the year of the lowest or highest value, if the years about it are known."""
    about = (years >= span[0] - 1) & (years <= span[1] + 1)
    if not np.isfinite(values[about]).all():
        return None
    year = int(years[find(values)])
    return Check(span[0] <= year <= span[1], f"{where} {year}".strip())
