"""Pictures of what is told of one period: a row a group, the model's mean with its interval.

A diamond is a published number, a dashed bar published bounds; numbers before names are the
published order, 1 being highest. Ratios have a line at one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from calibration.raking import Floats
from runs.validation.asking import Asked, matches
from runs.validation.backtest import Backtest
from runs.validation.curves import named, ranked
from runs.validation.levels import bounds
from runs.validation.orders import values_of_member
from runs.validation.picture_frame import (
    COLOURS,
    RIGHT,
    WIDTH,
    Scale,
    diamond,
    line,
    number,
    opened,
    spanning,
    text,
)
from runs.validation.record import Pattern

ROW, HEAD, FOOT = 17, 6, 22
LETTER, LEAST_LEFT, MOST_LEFT = 6.4, 60, 200  # width of a letter; room for names
MOST = 40  # rows of one picture


@dataclass(frozen=True)
class Dot:
    """One group: mean and interval over replicates, and the report's bounds if it has any."""

    name: str
    mean: float
    low: float
    high: float
    bounds: tuple[float, float]


def dots_of(pattern: Pattern, of: Backtest) -> list[Dot]:
    """Return what a pattern compares, in the order of the report where it tells one."""
    asked = Asked(pattern, of.every)
    ranks = ranked(pattern)
    members = tuple(ranks) or (*pattern.expected.rising, *pattern.expected.falling)
    found = []
    for chosen in asked.combinations():
        for member in members or asked.members():
            each = np.array([_mean(pattern, of, k, chosen, member)
                             for k in range(of.every.replicates)])  # fmt: skip
            if not np.isfinite(each).all():
                continue
            low, high = np.quantile(each, (0.025, 0.975))
            name = named(pattern, {**chosen, str(pattern.by): member})
            if member in ranks:
                name = f"{ranks[member]}. {name}"
            limits = _limits(pattern, asked.choose(chosen, member), member)
            found.append(Dot(name, float(each.mean()), float(low), float(high), limits))
    return found


def _limits(pattern: Pattern, picked: Mapping[str, str], member: str) -> tuple[float, float]:
    """Return the report's bounds, turned round for what it excepts from a ratio."""
    low, high = bounds(pattern, member)
    if pattern.kind == "ratio" and any(
        matches(picked, {name: code for name, code in entry.items() if name != "years"})
        for entry in pattern.reversed
    ):
        return (-np.inf, low) if np.isfinite(low) else (high, np.inf)
    return low, high


def _mean(
    pattern: Pattern, of: Backtest, k: int, chosen: Mapping[str, str], member: str
) -> float:  # fmt: skip
    """Return what a replicate tells of a member, the mean of its windows."""
    asked = Asked(pattern, of.every.replicate(k))
    if pattern.kind == "ordering":
        values = values_of_member(asked, chosen, member, ())
    elif pattern.expected.numerator and pattern.expected.denominator:
        picked = asked.choose(chosen, member)
        below = asked.values(picked, pattern.expected.denominator)
        above = asked.values(picked, pattern.expected.numerator)
        values = above / np.where(below == 0, np.nan, below)
    else:
        values = asked.values(asked.choose(chosen, member))
    known: Floats = values[np.isfinite(values)]
    return float(known.mean()) if known.size else np.nan


def draw_dots(pattern: Pattern, of: Backtest) -> str:
    """Return the picture of a pattern of one period; '' if nothing is known."""
    every = dots_of(pattern, of)
    dots = every[:MOST]
    longest = max((len(dot.name) for dot in dots), default=0)
    left = min(max(LETTER * (longest + 1), LEAST_LEFT), MOST_LEFT)
    ratio = pattern.kind == "ratio" or bool(pattern.expected.numerator)
    numbers = [x for d in dots for x in (d.low, d.high, *d.bounds)] + [1.0] * ratio
    scale = spanning(numbers, left + 6, WIDTH - RIGHT - 4) if dots else None
    if scale is None:
        return ""
    rows = len(dots) + (len(every) > MOST)
    height = HEAD + ROW * rows + FOOT
    parts = [opened("; ".join(f"{d.name} {number(d.mean)}".strip() for d in dots), height)]
    for tick in scale.ticks:
        parts.append(line(scale.at(tick), HEAD, scale.at(tick), height - FOOT, "grid"))
        parts.append(text(scale.at(tick), height - 7, number(tick), anchor="middle"))
    parts += [line(scale.at(at), HEAD, scale.at(at), height - FOOT, "zero")
              for at in (0.0, 1.0)[: 1 + ratio]]  # fmt: skip
    for k, dot in enumerate(dots):
        parts += _row(dot, HEAD + ROW * (k + 0.5), left, scale)
    if len(every) > MOST:
        words = f"and {len(every) - MOST} more in scorecard.json"
        parts.append(text(left, height - FOOT - 4, words, anchor="end"))
    return "".join([*parts, "</svg>"])


def _row(dot: Dot, y: float, left: float, scale: Scale) -> Iterator[str]:
    """Yield a row: the name, the report's bounds, the model's interval and mean."""
    most = int((left - 2) / LETTER)
    short = dot.name if len(dot.name) <= most else f"{dot.name[: most - 1]}…"
    yield text(left, y + 4, short, anchor="end")
    low, high = dot.bounds
    if low != high and (np.isfinite(low) or np.isfinite(high)):
        start, end = (scale.at(x if np.isfinite(x) else edge)
                      for x, edge in ((low, scale.bottom), (high, scale.top)))  # fmt: skip
        yield (f'<rect class="band" x="{start:.1f}" width="{max(end - start, 0.5):.1f}" '
               f'y="{y - 5:.1f}" height="10"/>')  # fmt: skip
    bar = line(scale.at(dot.low), y, scale.at(dot.high), y, "bar")
    yield bar.replace("<path", f'<path stroke="{COLOURS[0]}"', 1)
    yield f'<circle cx="{scale.at(dot.mean):.1f}" cy="{y:.1f}" r="3" fill="{COLOURS[0]}"/>'
    if low == high:
        yield diamond(scale.at(low), y)
