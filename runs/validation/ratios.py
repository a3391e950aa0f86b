"""How many times as much: patterns of kind ratio."""

from dataclasses import replace
from typing import Any

import numpy as np

from runs.validation.asking import Asked, Chosen, matches, named, window_name
from runs.validation.checks import Check, Verdict, number, sum_up
from runs.validation.levels import bounds, compare, tolerance_words
from runs.validation.record import Pattern, Side


def judge_ratio(asked: Asked) -> Verdict:
    """Judge a ratio of two sides; the exceptions of the report must lie on the other side."""
    pattern, said = asked.pattern, asked.pattern.expected
    assert said.numerator
    assert said.denominator
    checks: list[Check] = []
    cells = 0
    for chosen in asked.combinations():
        for member in asked.members():
            picked = asked.choose(chosen, member)
            above = asked.values(picked, said.numerator)
            below = asked.values(picked, said.denominator)
            ratios = np.divide(above, below, out=np.full_like(above, np.nan), where=below != 0)
            for years, ratio in zip(_windows(asked, len(ratios)), ratios, strict=True):
                cells += 1
                if np.isfinite(ratio):
                    where = named({**chosen, "member": member})
                    if len(ratios) > 1:
                        where = f"{where} {window_name(years)}".strip()
                    check = _check(pattern, picked, years, float(ratio))
                    words = f"{where} {number(float(ratio))}".strip()
                    checks.append(replace(check, words=words))
    return sum_up(pattern, expected_words(pattern), checks, cells, asked.known)


def expected_words(pattern: Pattern) -> str:
    """Return what is divided by what, the bounds and how far off is allowed."""
    said = pattern.expected
    assert said.numerator
    assert said.denominator
    low, high = bounds(pattern, "")
    if low == high:
        told = number(low)
    elif low == -np.inf:
        told = f"at most {number(high)}"
    elif high == np.inf:
        told = f"at least {number(low)}"
    else:
        told = f"{number(low)} to {number(high)}"
    share = pattern.tolerance.share
    allowed = f"{share:.0%} of cases" if share else tolerance_words(pattern)
    sides = f"{side_words(pattern, said.numerator)} to {side_words(pattern, said.denominator)}"
    turned = "; the other way for " + ", ".join(
        sorted({str(entry.get(str(pattern.by))) for entry in pattern.reversed})
    ) if pattern.reversed else ""  # fmt: skip
    return f"{sides}: {told} ({allowed}){turned}"


def side_words(pattern: Pattern, side: Side) -> str:
    """Return what a side is."""
    parts: list[str] = [side.measure] if side.measure else []
    if side.spread:
        parts.insert(0, f"spread over {side.spread} of")
    if side.growth:
        parts.append("growth")
    parts += [", ".join(v) if isinstance(v, tuple) else str(v) for v in side.whom.values()]
    if side.years:
        parts.append(window_name(side.years))
    return " ".join(parts) or pattern.measure


def _windows(asked: Asked, many: int) -> list[tuple[int, ...]]:
    """Return the years of each ratio; one for all if the sides have years of their own."""
    return asked.windows if many == len(asked.windows) else [asked.pattern.years]


def _check(pattern: Pattern, picked: Chosen, years: tuple[int, ...], ratio: float) -> Check:
    low, high = bounds(pattern, "")
    turned = any(_turns(entry, picked, years) for entry in pattern.reversed)
    if turned:  # the other side of the bound that is given
        low, high = (-np.inf, low) if np.isfinite(low) else (high, np.inf)
    widths = [pattern.tolerance.width(b) if np.isfinite(b) else 0.0 for b in (low, high)]
    return compare(ratio, low, high, (widths[0], widths[1]))


def _turns(entry: Any, picked: Chosen, years: tuple[int, ...]) -> bool:
    span = (years[0], years[-1])
    return matches(picked, entry, years=span)
