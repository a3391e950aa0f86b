"""The tornado: for every output a panel, in it a bar an input, the one that matters most on top."""

import io
import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runs import plots
from runs.plots import Drawing
from runs.sensitivity.design import DELTA, MORRIS, OAT, SOBOL
from runs.sensitivity.findings import Found, short
from runs.sensitivity.indices import MEANINGS, Index

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS, MOST_BARS = 8, 12
BAR, GAP, HEAD, FOOT = 0.24, 0.62, 0.95, 0.35  # inches
LEFT_OF_BARS, RIGHT = 0.34, 0.97  # shares of the width
LOW, HIGH = plots.SHADES[0], plots.SHADES[1]
ROW = 128
TITLES = {
    OAT: ("What each input moves alone", "Output at the low and high end of each range, less that "
          "of the scenario"),
    MORRIS: ("What each input moves", "Elementary effects: mean size per whole range of an input"),
    SOBOL: ("How much of the variance each input makes", "Shares of the variance of each output"),
    DELTA: ("How much each input tells of each output", "Shift of the distribution once an input "
            "is known"),
}  # fmt: skip
KEYS = {OAT: (("low end of the range", LOW), ("high end", HIGH)),
        MORRIS: (("mean size of effects", LOW), ("spread of effects", HIGH)),
        SOBOL: (("total, with the other inputs", LOW), ("first order, alone", HIGH)),
        DELTA: (("delta", LOW), ("first-order share of the variance", HIGH))}  # fmt: skip
SECOND = {MORRIS: "sigma", SOBOL: "first", DELTA: "first"}


def tornado(found: Found, record: Mapping[str, Any]) -> tuple[str, bytes]:
    """Return the picture as SVG and as PNG."""
    import matplotlib as mpl

    title, unit = TITLES[found.design.method]
    drawing = Drawing("tornado", title, unit, "", "")
    style: Any = {**plots.STYLE, "svg.hashsalt": drawing.name}
    with mpl.rc_context(style):
        figure = _figure(found, drawing, _notes(found, record))
        svg = plots.svg_of(figure, drawing)
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=150, metadata={"Software": None})
    return svg, png.getvalue()


def shown_outputs(found: Found) -> list[int]:
    """Return the outputs that the picture has room for: the first that anything moves."""
    moved = [o for o in range(len(found.experiment.outputs))
             if any(one.value != 0 for one in found.ranked(o))]  # fmt: skip
    return moved[:MOST_PANELS]


def _notes(found: Found, record: Mapping[str, Any]) -> list[str]:
    version, many = record["versions"].get("vandring", ""), found.experiment.replicates
    points = len(found.experiment.points)
    source = (f"Source: Vandring {version}, scenario {record['scenario']['name']}, method "
              f"{found.design.method}, {points:,} points with shared luck, "
              f"{many} replicate{'s' * (many > 1)} each")  # fmt: skip
    if found.design.method != OAT:
        source += "; lines: 95% intervals of the bootstrap over points"
    elif many > 1:
        source += "; lines: 95% intervals of the mean over replicates (Monte Carlo)"
    left = len(found.experiment.outputs) - len(shown_outputs(found))
    more = f" {left} more outputs are in indices.csv." if left else ""
    assumed = plots.assumption_line(record)
    return [*textwrap.wrap(f"{source}.{more}", ROW), *textwrap.wrap(assumed, ROW)]


def _figure(found: Found, drawing: Drawing, below: Sequence[str]) -> "Figure":
    from matplotlib.figure import Figure

    outputs = shown_outputs(found)
    bars = min(len(found.experiment.inputs), MOST_BARS)
    panel = BAR * bars + GAP
    foot = plots.NOTE * len(below) + FOOT
    height = HEAD + panel * max(len(outputs), 1) + foot
    figure = Figure(figsize=(plots.WIDTH, height))
    figure.text(plots.LEFT, 1 - 0.3 / height, drawing.title, fontsize=13, fontweight="bold")
    figure.text(plots.LEFT, 1 - 0.55 / height, drawing.unit, color=plots.QUIET)
    for k, (label, colour) in enumerate(KEYS[found.design.method]):
        figure.text(plots.LEFT + 0.3 * k, 1 - 0.8 / height, f"\N{BLACK SQUARE} {label}",
                    color=colour)  # fmt: skip
    for row, note in enumerate(below):
        place = (foot - FOOT + 0.05 - plots.NOTE * row) / height
        figure.text(plots.LEFT, place, note, fontsize=7.5, color=plots.QUIET, va="top")
    for k, output in enumerate(outputs):
        top = height - HEAD - panel * k
        box = (LEFT_OF_BARS, (top - 0.25 - BAR * bars) / height, RIGHT - LEFT_OF_BARS,
               BAR * bars / height)  # fmt: skip
        axes = figure.add_axes(box)
        _dressed(axes, found.experiment.outputs[output].name)
        _bars(axes, found, output, bars)
    return figure


def _dressed(axes: "Axes", title: str) -> None:
    axes.set_title(f"{title[0].upper()}{title[1:]}", fontsize=9, loc="left", fontweight="bold")
    for side in axes.spines.values():
        side.set_visible(False)
    axes.grid(axis="x", color=plots.GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=4)


def _bars(axes: "Axes", found: Found, output: int, most: int) -> None:
    """Draw the bars of one output, the largest on top."""
    ranked = found.ranked(output)[:most]
    places = [len(ranked) - 1 - k for k in range(len(ranked))]
    oat = found.design.method == OAT
    kinds = ("low", "high") if oat else (found.main, SECOND[found.design.method])
    for colour, kind, shift in zip((LOW, HIGH), kinds, (0.0, 0.0) if oat else (0.16, -0.2),
                                   strict=True):  # fmt: skip
        held = found.of(output, kind)
        for place, one in zip(places, ranked, strict=True):
            mine = held[one.input]
            thick = 0.55 if oat else 0.34
            axes.barh(place + shift, mine.value, thick, color=colour, alpha=0.85)
            _interval(axes, place + shift, mine)
    labels = [short(found.experiment.inputs[one.input].label) for one in ranked]
    axes.set_yticks(places, labels, color=plots.INK, fontsize=8)
    axes.set_ylim(-0.6, len(ranked) - 0.4)
    axes.axvline(0, color=plots.INK, linewidth=0.8)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,g}".replace("-", "\N{MINUS SIGN}"))


def _interval(axes: "Axes", place: float, one: Index) -> None:
    if math.isfinite(one.low) and one.low < one.high:
        axes.hlines(place, one.low, one.high, color=plots.INK, linewidth=1.0)


assert set(TITLES) == set(KEYS) == {method for method, _ in MEANINGS}
