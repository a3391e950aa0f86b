"""The picture of a published finding: curves over the years, or a row of dots a group."""

from collections.abc import Mapping

from runs.validation.backtest import Backtest, part_of
from runs.validation.curves import by_year, draw_curves
from runs.validation.dots import draw_dots
from runs.validation.record import Pattern


def drawing(pattern: Pattern, found: Mapping[str, Backtest]) -> str:
    """Return an SVG of a finding; '' if the histories tell nothing of it."""
    of = found[part_of(pattern)]
    if pattern.axis or pattern.expected.sign:
        return ""
    return draw_curves(pattern, of) if by_year(pattern) else draw_dots(pattern, of)
