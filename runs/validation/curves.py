"""Pictures of what is told year by year: the model's curve, and what the report says of it.

A shaded band is where the middle 95 percent of the replicates lie. A diamond is a published
number, a dashed box published bounds, an arrow a course; numbers before names are the published
order, 1 being highest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from calibration.raking import Floats
from runs.validation.asking import Asked
from runs.validation.backtest import Backtest
from runs.validation.levels import bounds
from runs.validation.picture_frame import (
    BOTTOM,
    COLOURS,
    GREY,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Scale,
    diamond,
    line,
    opened,
    spanning,
    text,
    value_axis,
)
from runs.validation.record import Pattern
from runs.validation.wording import code_name

FEWEST = 5  # years for a curve to be drawn
COLOURED, MOST = 6, 40  # curves with a colour, an interval and a name; curves at all
ARROWS = {"rising": "↗", "weak_rise": "↗", "falling": "↘", "weak_fall": "↘", "stable": "→"}
APART = 12  # between names at the end of curves


@dataclass(frozen=True)
class Curve:
    """One group through the years: mean and interval, and the report's bounds if it has any.

    rank: its place in the published order, 0 if there is none.
    """

    name: str
    mean: Floats
    low: Floats
    high: Floats
    bounds: tuple[float, float]
    rank: int

    @property
    def label(self) -> str:
        """What stands at its end."""
        return f"{self.rank}. {self.name}" if self.rank else self.name


def by_year(pattern: Pattern) -> bool:
    """Say whether a pattern is of things that are told year by year."""
    if len(pattern.years) < FEWEST or pattern.kind == "ratio" or pattern.axis:
        return False
    if pattern.kind == "trend":
        return True
    plain = not pattern.statistic and not pattern.expected.numerator
    return plain and pattern.scope in ("each_year", "five_years")


def curves_of(pattern: Pattern, of: Backtest) -> list[Curve]:
    """Return the curves of a pattern, first those that the order names first."""
    made: list[Curve] = []
    asked = Asked(pattern, of.every)
    members = ranked(pattern) or dict.fromkeys(asked.members(), 0)
    for chosen in asked.combinations():
        for member, rank in members.items():
            if len(made) >= MOST:
                return made
            each = []
            for k in range(of.every.replicates):
                one = Asked(pattern, of.every.replicate(k))
                each.append(one.yearly(one.choose(chosen, member)))
            values = np.array(each)
            if np.isfinite(values).any(axis=0).sum() < FEWEST:
                continue
            low, high = np.quantile(values, (0.025, 0.975), axis=0)
            name = named(pattern, {**chosen, str(pattern.by): member})
            made.append(Curve(name, values.mean(axis=0), low, high, bounds(pattern, member), rank))
    return made


def ranked(pattern: Pattern) -> dict[str, int]:
    """Return the place of each member in the published order, without pseudo-members."""
    return {m: place for place, tier in enumerate(pattern.expected.tiers, start=1)
            for m in tier if m != "others"}  # fmt: skip


def named(pattern: Pattern, chosen: Mapping[str, str]) -> str:
    """Return what is chosen, in words."""
    told = [code.replace("_", " ") if code in pattern.names else code_name(name, code, "en")
            for name, code in chosen.items() if code]  # fmt: skip
    return ", ".join(str(word) for word in told)


def draw_curves(pattern: Pattern, of: Backtest) -> str:
    """Return the picture of a pattern told year by year; '' if nothing is known."""
    curves = curves_of(pattern, of)
    numbers = [x for c in curves[:COLOURED] for x in (*c.low, *c.high, *c.bounds)]
    numbers += [x for c in curves for x in c.mean]
    scale = spanning(numbers, HEIGHT - BOTTOM, TOP)
    if scale is None:
        return ""
    years = pattern.years
    across = Scale(years[0], years[-1], LEFT, WIDTH - RIGHT)
    words = "; ".join(c.label for c in curves) or "one curve"
    parts = [opened(words), *value_axis(scale), *_years(years, across)]
    greys = [_path(curve.mean, years, across, scale) for curve in curves[COLOURED:]]
    parts += [f'<polyline class="other" points="{grey}"/>' for grey in greys]
    for curve, colour in zip(curves, COLOURS, strict=False):
        parts += _drawn(curve, colour, years, across, scale)
    parts += _said(pattern, curves, across, scale)
    if len(curves) > 1:
        parts += _names(curves, across, scale, years)
    return "".join([*parts, "</svg>"])


def _years(years: tuple[int, ...], across: Scale) -> Iterator[str]:
    for i, anchor in ((0, "start"), (len(years) // 2, "middle"), (len(years) - 1, "end")):
        yield text(across.at(years[i]), HEIGHT - 8, str(years[i]), anchor=anchor)


def _path(values: Floats, years: tuple[int, ...], across: Scale, scale: Scale) -> str:
    return " ".join(f"{across.at(year):.1f},{scale.at(v):.1f}"
                    for year, v in zip(years, values, strict=True) if np.isfinite(v))  # fmt: skip


def _drawn(
    curve: Curve, colour: str, years: tuple[int, ...], across: Scale, scale: Scale
) -> Iterator[str]:  # fmt: skip
    upper = _path(curve.high, years, across, scale)
    lower = " ".join(reversed(_path(curve.low, years, across, scale).split(" ")))
    yield f'<polygon points="{upper} {lower}" fill="{colour}" opacity=".2"/>'
    mean = _path(curve.mean, years, across, scale)
    yield f'<polyline points="{mean}" fill="none" stroke="{colour}" stroke-width="1.8"/>'


def _names(
    curves: list[Curve], across: Scale, scale: Scale, years: tuple[int, ...]
) -> Iterator[str]:  # fmt: skip
    """Yield the names at the ends of the curves, moved apart where they would overlap."""
    ends = []
    for curve, colour in zip(curves, COLOURS, strict=False):
        last = int(np.flatnonzero(np.isfinite(curve.mean))[-1])
        ends.append((scale.at(float(curve.mean[last])) - 4, across.at(years[last]), curve, colour))
    before = -np.inf
    for y, x, curve, colour in sorted(ends, key=lambda end: end[0]):
        before = max(y, before + APART)
        yield text(x - 2, before, curve.label, anchor="end", colour=colour)
    if len(curves) > COLOURED:
        words = f"and {len(curves) - COLOURED} more in grey"
        yield text(WIDTH - RIGHT, HEIGHT - BOTTOM - 4, words, anchor="end", colour=GREY)


def _said(pattern: Pattern, curves: list[Curve], across: Scale, scale: Scale) -> Iterator[str]:
    """Yield the marks of what the report says: numbers, bounds, courses, years."""
    first, last = across.at(pattern.years[0]), across.at(pattern.years[-1])
    for low, high in dict.fromkeys(c.bounds for c in curves):
        if low == high:
            y = scale.at(low)
            yield line(first, y, last, y, "open") + diamond((first + last) / 2, y)
        elif np.isfinite(low) or np.isfinite(high):
            up, down = (scale.at(x if np.isfinite(x) else edge)
                        for x, edge in ((high, scale.top), (low, scale.bottom)))  # fmt: skip
            yield (f'<rect class="band" x="{first:.1f}" width="{last - first:.1f}" y="{up:.1f}" '
                   f'height="{max(down - up, 0.5):.1f}"/>')  # fmt: skip
    for start, end, direction in pattern.expected.segments:
        a, b = across.at(start), across.at(end)
        yield line(a, TOP - 4, b, TOP - 4, "open")
        yield text((a + b) / 2, TOP - 6, ARROWS[direction], anchor="middle")
    for span, glyph in ((pattern.expected.highest, "▲"), (pattern.expected.lowest, "▼")):
        if span:
            yield text(across.at(sum(span) / 2), HEIGHT - BOTTOM - 3, glyph, anchor="middle")
