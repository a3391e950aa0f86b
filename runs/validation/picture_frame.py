"""The frame of the small pictures: scale, axis, colours and the marks for what is published."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from calibration.raking import Floats

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 340, 210, 46, 26, 20, 8
COLOURS = ("#0b5c6b", "#c2571a", "#6b4c9a", "#2e7d32", "#a8324a", "#8a6d00")
GREY, PUBLISHED = "#9aa5ac", "#111"
HEADROOM = 1.08


@dataclass(frozen=True)
class Scale:
    """Where a value stands between two edges of a picture, in its units."""

    bottom: float
    top: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the place of a value; what is off the scale stands at its edge."""
        inside = min(max(value, self.bottom), self.top)
        share = (inside - self.bottom) / (self.top - self.bottom)
        return float(self.start + (self.end - self.start) * share)

    @property
    def ticks(self) -> tuple[float, ...]:
        """Return round numbers along the scale, three to six of them."""
        rough = (self.top - self.bottom) / 4
        power = 10.0 ** np.floor(np.log10(rough))
        step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough - 1e-12 * power)
        first = np.ceil(self.bottom / step - 1e-9) * step + 0.0
        return tuple(float(x) + 0.0 for x in np.arange(first, self.top + step * 1e-6, step))


def spanning(values: Sequence[float] | Floats, start: float, end: float) -> Scale | None:
    """Return a scale that holds the finite values and zero; None if there is nothing to show."""
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    if not known.size:
        return None
    low, high = min(0.0, float(known.min())), max(0.0, float(known.max()))
    if high <= low:
        return None
    return Scale(low * HEADROOM, high * HEADROOM, start, end)


def opened(words: str, height: float = HEIGHT) -> str:
    """Return the opening of a picture with the words for those who do not see it."""
    return (f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
            f'aria-label="{escape(words, quote=True)}">')  # fmt: skip


def text(x: float, y: float, words: str, *, anchor: str = "start", colour: str = "") -> str:
    """Return words at a place."""
    fill = f' style="fill:{colour}"' if colour else ""
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"{fill}>{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    """Return a straight line; style: the class that draws it."""
    return f'<path class="{style}" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'


def diamond(x: float, y: float) -> str:
    """Return the mark of a published number."""
    return f'<path class="said" d="M{x:.1f} {y - 5:.1f}l4 5l-4 5l-4 -5z"/>'


def number(value: float) -> str:
    """Return a number as an axis shows it."""
    if abs(value) >= 10_000:
        return f"{value / 1000:,.6g}k"
    return f"{value:.4g}"


def value_axis(scale: Scale) -> Iterator[str]:
    """Yield the lines and numbers of a vertical axis."""
    for tick in scale.ticks:
        y = scale.at(tick)
        yield line(LEFT, y, WIDTH - RIGHT, y, "grid")
        yield text(LEFT - 4, y + 3, number(tick), anchor="end")


STYLE = """
svg { max-width: 100%; height: auto; }
svg text { font: 12px sans-serif; fill: #44525a; }
svg .grid { stroke: #e3e8ea; fill: none; } svg .zero { stroke: #8a979e; fill: none; }
svg .said { stroke: #111; fill: none; stroke-width: 1.3; }
svg .band { stroke: #111; fill: #111; fill-opacity: .06; stroke-dasharray: 4 3; }
svg .open { stroke: #111; fill: none; stroke-dasharray: 4 3; }
svg .other { stroke: #9aa5ac; fill: none; } svg .bar { stroke-width: 2; fill: none; }
"""
