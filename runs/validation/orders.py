"""Who is above whom: patterns of kind ordering."""

from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

import numpy as np

from runs.validation.asking import Asked, Chosen, Floats, matches, named, window_name
from runs.validation.checks import Check, Verdict, sum_up
from runs.validation.dimensions import OTHERS
from runs.validation.record import Pattern

OPEN_BAND = 100  # an open age band is taken to end here


def judge_order(asked: Asked) -> Verdict:
    """Judge an ordering: every member of a tier above every member of the tiers after it."""
    pattern = asked.pattern
    checks: list[Check] = []
    pairs = 0
    for chosen in asked.combinations():
        for check in _pairs(asked, chosen):
            pairs += 1
            if check is not None:
                checks.append(check)
    return sum_up(pattern, expected_words(pattern), checks, pairs, asked.known)


def expected_words(pattern: Pattern) -> str:
    """Return the order that the report tells, and how many pairs must have it."""
    said = pattern.expected
    tiers = " > ".join(_tier(tier) for tier in said.tiers)
    if not said.tiers:
        tiers = f"up: {', '.join(said.rising)}; down: {', '.join(said.falling)}"
    share = pattern.tolerance.share
    return f"{tiers} ({share:.0%} of pairs)" if share and share < 1 else tiers


def _tier(members: tuple[str, ...]) -> str:
    return ", ".join(members) if len(members) <= 4 else f"{len(members)} others"


def _pairs(asked: Asked, chosen: Chosen) -> Iterator[Check | None]:
    """Yield a check for each pair and window, None where it is not known."""
    said, pattern = asked.pattern.expected, asked.pattern
    if not said.tiers:
        yield from _changes(asked, chosen)
        return
    names = tuple(member for tier in said.tiers for member in tier)
    found = {member: values_of_member(asked, chosen, member, names) for member in names}
    several = len(next(iter(found.values()))) > 1
    turned = any(matches(chosen, entry) for entry in pattern.reversed)
    for upper, lower in combinations(said.tiers, 2):
        for a, b in product(upper, lower):
            for w, years in enumerate(_windows(asked)):
                if _skipped(pattern, chosen, (a, b), years):
                    continue
                high, low = (b, a) if turned else (a, b)
                where = f"{high} above {low} {named(chosen)}".strip()
                where = f"{where} {window_name(years)}" if several else where
                yield _compare(float(found[high][w]), float(found[low][w]), where)


def _windows(asked: Asked) -> list[tuple[int, ...]]:
    return [asked.pattern.years] if asked.pattern.statistic == "change" else asked.windows


def values_of_member(asked: Asked, chosen: Chosen, member: str, names: tuple[str, ...]) -> Floats:
    """Return what is compared of a member, by window; names: all members that are named."""
    pattern, said = asked.pattern, asked.pattern.expected
    if member == OTHERS:
        return asked.others(chosen, names)
    picked = asked.choose(chosen, member)
    if pattern.statistic == "change":
        return asked.change(picked)
    if said.numerator and said.denominator:
        below = asked.values(picked, said.denominator)
        below = np.where(below == 0, np.nan, below)
        return np.asarray(asked.values(picked, said.numerator) / below)
    values = asked.values(picked)
    if pattern.statistic == "per_year_of_age":
        return values / _width(member)
    return np.abs(values) if pattern.statistic == "absolute" else values


def _width(band: str) -> int:
    """Return how many single ages a band holds."""
    if band.endswith("+"):
        return OPEN_BAND - int(band[:-1])
    first, _, last = band.partition("-")
    return int(last or first) - int(first) + 1


def _skipped(
    pattern: Pattern, chosen: Chosen, pair: tuple[str, str], years: tuple[int, ...]
) -> bool:  # fmt: skip
    """Say whether the report makes an exception of a pair."""
    also: dict[str, Any] = {"pair": pair, "year": years[0] if len(years) == 1 else None}
    return any(matches(chosen, entry, **also) for entry in pattern.skip)


def _changes(asked: Asked, chosen: Chosen) -> Iterator[Check | None]:
    said = asked.pattern.expected
    for member, up in [(m, True) for m in said.rising] + [(m, False) for m in said.falling]:
        change = float(asked.change(asked.choose(chosen, member))[0])
        signed = change if up else -change
        yield _compare(signed, 0.0, f"{member} {'up' if up else 'down'}")


def _compare(high: float, low: float, where: str) -> Check | None:
    if not (np.isfinite(high) and np.isfinite(low)):
        return None
    return Check(high > low, where)
