"""Small pictures: the model's curve over the years, and what the report says of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from runs.validation.asking import Asked
from runs.validation.backtest import Backtest, part_of
from runs.validation.levels import bounds
from runs.validation.record import Pattern

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 340, 190, 42, 24, 10, 8
FEWEST = 5  # years for a curve to be drawn
MOST = 6  # curves in one picture
COLOURS = ("#0b5c6b", "#c2571a", "#6b4c9a", "#2e7d32", "#a8324a", "#5b6770")
Floats = np.ndarray


@dataclass(frozen=True)
class Curve:
    """One group through the years: mean and interval, and the report's bounds if it has any."""

    name: str
    mean: Floats
    low: Floats
    high: Floats
    bounds: tuple[float, float]


def drawing(pattern: Pattern, found: Mapping[str, Backtest]) -> str:
    """Return an SVG of a pattern that is told year by year, '' if there is no curve."""
    if pattern.scope not in ("each_year", "five_years") and pattern.kind != "trend":
        return ""
    if len(pattern.years) < FEWEST:
        return ""
    curves = _curves(pattern, found[part_of(pattern)])
    return _svg(pattern.years, curves) if curves else ""


def _curves(pattern: Pattern, of: Backtest) -> list[Curve]:
    made: list[Curve] = []
    for chosen in Asked(pattern, of.every).combinations():
        for member in Asked(pattern, of.every).members():
            each = []
            for k in range(of.every.replicates):
                asked = Asked(pattern, of.every.replicate(k))
                each.append(asked.yearly(asked.choose(chosen, member)))
            values = np.array(each)
            if np.isfinite(values).any(axis=0).sum() < FEWEST or len(made) >= MOST:
                continue
            low, high = np.quantile(values, (0.025, 0.975), axis=0)
            name = " ".join(str(code) for code in (*chosen.values(), member) if code)
            made.append(Curve(name, values.mean(axis=0), low, high, bounds(pattern, member)))
    return made


class Scale:
    """Where a year and a value stand in the picture."""

    def __init__(self, years: int, bottom: float, top: float) -> None:
        self.years, self.bottom, self.top = years, bottom, top

    def x(self, i: float) -> float:
        """Return the place of the i-th year."""
        return LEFT + (WIDTH - LEFT - RIGHT) * i / max(self.years - 1, 1)

    def y(self, value: float) -> float:
        """Return the height of a value."""
        share = (value - self.bottom) / (self.top - self.bottom)
        return float(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * share)

    def path(self, values: Floats) -> str:
        """Return the points of a curve."""
        return " ".join(
            f"{self.x(i):.1f},{self.y(v):.1f}" for i, v in enumerate(values) if np.isfinite(v)
        )


def _svg(years: tuple[int, ...], curves: list[Curve]) -> str:
    numbers = [x for c in curves for x in (*c.low, *c.high, *c.bounds) if np.isfinite(x)]
    bottom, top = min(0.0, *numbers), 1.08 * max(numbers)
    if top <= bottom:
        return ""
    scale = Scale(len(years), bottom, top)
    named = "; ".join(c.name for c in curves) or "curve"
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{named}">',
        *_axes(years, scale),
        *(part for c, colour in zip(curves, COLOURS, strict=False)
          for part in _drawn(c, colour, scale, named=len(curves) > 1)),
        "</svg>",
    ]  # fmt: skip
    return "".join(parts)


def _axes(years: tuple[int, ...], scale: Scale) -> Iterator[str]:
    for tick in (scale.bottom, (scale.bottom + scale.top) / 2, scale.top):
        y = scale.y(tick)
        yield (f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
               f'stroke="#d5dbdf"/><text x="{LEFT - 4}" y="{y + 3:.1f}" text-anchor="end">'
               f"{tick:.3g}</text>")  # fmt: skip
    for i in (0, len(years) // 2, len(years) - 1):
        place = f'x="{scale.x(i):.1f}" y="{HEIGHT - 8}" text-anchor="middle"'
        yield f"<text {place}>{years[i]}</text>"


def _drawn(curve: Curve, colour: str, scale: Scale, *, named: bool) -> Iterator[str]:
    yield from _bounds(curve, colour, scale)
    area = f"{scale.path(curve.high)} " + " ".join(reversed(scale.path(curve.low).split(" ")))
    yield f'<polygon points="{area}" fill="{colour}" opacity=".2"/>'
    line = f'fill="none" stroke="{colour}" stroke-width="1.8"'
    yield f'<polyline points="{scale.path(curve.mean)}" {line}/>'
    if curve.name and named:
        last = np.flatnonzero(np.isfinite(curve.mean))[-1]
        place = f'x="{scale.x(last) - 2:.1f}" y="{scale.y(curve.mean[last]) - 4:.1f}"'
        yield f'<text {place} text-anchor="end" fill="{colour}">{curve.name}</text>'


def _bounds(curve: Curve, colour: str, scale: Scale) -> Iterator[str]:
    """Yield the report's bounds, as a band or a dashed line."""
    low, high = curve.bounds
    if not (np.isfinite(low) or np.isfinite(high)):
        return
    first, last = scale.x(0), scale.x(scale.years - 1)
    upper = scale.y(high if np.isfinite(high) else scale.top)
    lower = scale.y(low if np.isfinite(low) else scale.bottom)
    yield (f'<rect x="{first:.1f}" width="{last - first:.1f}" y="{upper:.1f}" '
           f'height="{max(lower - upper, 0.5):.1f}" fill="none" stroke="{colour}" '
           'stroke-dasharray="4 3"/>')  # fmt: skip
