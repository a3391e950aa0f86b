"""The pictures of a comparison: B less A by year, by reason, and by mechanism."""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from runs import plots
from runs.compare_answer import focus, nothing
from runs.differences import MEASURES, Comparison
from runs.intervals import Floats
from runs.matching import EXPLAINED, FIRST_CELL, MECHANISMS, OTHER_GROUP
from runs.plots import Drawing
from runs.tables import CODE_LISTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NBSP = "\N{NO-BREAK SPACE}"
ROW = 128  # letters of a note
KEY = 0.2  # inches
COLOURS = {"composition": plots.COLOURS["family"], "employment": plots.COLOURS["work"],
           "circumstances": plots.COLOURS["education"],
           "direct": plots.COLOURS["refuge"]}  # fmt: skip
LESS = "B less A, immigrants"
EMIGRATIONS = Drawing("difference_emigrations", "Difference in emigrations per year",
                      f"{LESS} resident on 1 January who emigrated during the year", "",
                      "emigrations")  # fmt: skip
WHY = Drawing("difference_by_mechanism", "Why emigrations differ",
              f"{LESS}, persons per year by mechanism; bars above and below 0 add up to the "
              "difference", "", "emigrations")  # fmt: skip
REASON = Drawing("difference_by_reason", "Difference in emigrations by reason for immigration",
                 f"{LESS} resident on 1 January who emigrated during the year", "",
                 "emigrations")  # fmt: skip
STOCK = Drawing("difference_stock", "Difference in the number of immigrants",
                f"{LESS} resident in Norway on 1 January", "", "stock")  # fmt: skip
DRAWINGS = (EMIGRATIONS, WHY, REASON, STOCK)


def draw_comparison(found: Comparison, record: Mapping[str, Any]) -> dict[str, str]:
    """Return the pictures as SVG by name; none where nothing differs."""
    if nothing(found):
        return {}
    painters: dict[Drawing, Callable[[Axes], None]] = {
        EMIGRATIONS: lambda axes: _by_year(axes, found, EMIGRATIONS.measure),
        REASON: lambda axes: _by_reason(axes, found),
        STOCK: lambda axes: _by_year(axes, found, STOCK.measure),
    }
    if found.reasons is not None:
        painters[WHY] = lambda axes: _stacked(axes, found)
    return {d.name: _draw(d, painters[d], record) for d in DRAWINGS if d in painters}


def _draw(drawing: Drawing, paint: "Callable[[Axes], None]", record: Mapping[str, Any]) -> str:
    import matplotlib as mpl

    style: Any = {**plots.STYLE, "svg.hashsalt": drawing.name}
    with mpl.rc_context(style):
        key = KEY if drawing is WHY else 0.0
        figure, axes = _frame(drawing, notes(record), key, upright=drawing is not REASON)
        paint(axes)
        return plots.svg_of(figure, drawing)


def notes(record: Mapping[str, Any]) -> list[str]:
    """Return the rows below a figure: source, what the interval holds, assumptions."""
    labels = [side["label"] for side in record["sides"]]
    version, many = record["versions"].get("vandring", ""), record["replicates"]
    luck = "shared luck" if record["shared_luck"] else "luck of their own"
    source = (f"Source: Vandring {version}, A {labels[0]}, B {labels[1]}, "
              f"{many} replicates with {luck}")  # fmt: skip
    if many > 1:
        what = (
            "the difference of one history" if record["uncertainty"] else "the expected difference"
        )
        source += f"; 95{NBSP}% interval of {what} ({plots.uncertainty(record)})"
    assumed = plots.assumption_line(record)
    return [*textwrap.wrap(f"{source}.", ROW), *textwrap.wrap(assumed, ROW)]


def _frame(
    drawing: Drawing, below: Sequence[str], key: float, *, upright: bool
) -> "tuple[Figure, Axes]":
    """Return a figure with its words around empty axes; key: inches kept for colours."""
    from matplotlib.figure import Figure

    foot = plots.NOTE * len(below) + 0.1
    height = plots.HEIGHT + foot + key
    figure = Figure(figsize=(plots.WIDTH, height))
    left, bottom = 0.095 if upright else 0.14, foot + plots.BOTTOM
    box = (left, bottom / height, 0.975 - left, (height - bottom - plots.TOP - key) / height)
    axes = figure.add_axes(box)
    figure.text(plots.LEFT, 1 - 0.3 / height, drawing.title, fontsize=13, fontweight="bold")
    figure.text(plots.LEFT, 1 - 0.55 / height, drawing.unit, color=plots.QUIET)
    for row, note in enumerate(below):
        place = (foot - 0.05 - plots.NOTE * row) / height
        figure.text(plots.LEFT, place, note, fontsize=7.5, color=plots.QUIET, va="top")
    for side in axes.spines.values():
        side.set_visible(False)
    axes.grid(axis="y" if upright else "x", color=plots.GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=5)
    return figure, axes


def _by_year(axes: "Axes", found: Comparison, measure: str) -> None:
    """Draw the difference of every year with its interval."""
    years, mean, low, high = _series(found, measure)
    if len(years) == 1:
        axes.vlines(years, low, high, color=plots.COLOURS[""], linewidth=5, alpha=0.35)
    else:
        axes.fill_between(years, low, high, color=plots.COLOURS[""], alpha=0.2, linewidth=0)
    axes.plot(years, mean, color=plots.COLOURS[""], marker="o", markersize=3.5)
    axes.axhline(0, color=plots.INK, linewidth=0.8)
    _years_and_numbers(axes)


def _series(found: Comparison, measure: str) -> tuple[Floats, Floats, Floats, Floats]:
    values = found.differences.values[2:5, :-1, MEASURES.index(measure), 0]
    years = found.years[0] + np.flatnonzero(~np.isnan(values[0]))
    mean, low, high = values[:, years - found.years[0]]
    return years.astype(np.float64), mean, low, high


def _stacked(axes: "Axes", found: Comparison) -> None:
    """Draw what each mechanism adds (above 0) or takes away (below), and the difference."""
    assert found.reasons is not None, "drawn only where persons are compared"
    years = np.array(found.every_year)
    net = found.reasons.net[:, list(EXPLAINED).index("emigrate"), :OTHER_GROUP, 0]
    ends = {1: np.zeros(len(years)), -1: np.zeros(len(years))}
    for m, name in enumerate(MECHANISMS[:OTHER_GROUP]):
        if not net[:, m].any():
            continue
        base = np.where(net[:, m] >= 0, ends[1], ends[-1])
        axes.bar(years, net[:, m], 0.7, base, color=COLOURS[name], label=name)
        ends[1] += np.maximum(net[:, m], 0)
        ends[-1] += np.minimum(net[:, m], 0)
    axes.plot(years, net.sum(axis=1), "o", color=plots.INK, markersize=4, label="difference")
    axes.axhline(0, color=plots.INK, linewidth=0.8)
    axes.legend(frameon=False, fontsize=8, ncols=5, loc="lower right", bbox_to_anchor=(1, 1),
                borderaxespad=0.2, handlelength=1.2)  # fmt: skip
    _years_and_numbers(axes)


def _by_reason(axes: "Axes", found: Comparison) -> None:
    """Draw the difference by reason for immigration in the year of the answer."""
    y, codes = focus(found), CODE_LISTS["reason"].codes
    first = FIRST_CELL["reason"]
    mean, low, high = found.differences.values[
        2:5, y, MEASURES.index("emigrations"), first : first + len(codes)
    ]
    order = np.argsort(mean, kind="stable")
    for height, k in enumerate(order):
        colour = plots.COLOURS[codes[k].name]
        if low[k] < high[k]:
            axes.hlines(height, low[k], high[k], color=colour, linewidth=5, alpha=0.35)
        axes.plot([mean[k]], [height], "o", color=colour, markersize=6)
    labels = [plots.short(codes[k].en) for k in order]
    axes.set_yticks(range(len(codes)), labels, color=plots.INK)
    axes.set_ylim(-0.6, len(codes) - 0.4)
    axes.axvline(0, color=plots.INK, linewidth=0.8)
    axes.xaxis.set_major_formatter(_signed)
    axes.annotate(str(found.every_year[y]), (1, 1), xycoords="axes fraction", xytext=(0, 4),
                  textcoords="offset points", ha="right", color=plots.QUIET)  # fmt: skip


def _years_and_numbers(axes: "Axes") -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True, min_n_ticks=1))
    axes.xaxis.set_major_formatter("{x:.0f}")
    axes.yaxis.set_major_formatter(_signed)


def _signed(value: float, _: Any = None) -> str:
    """Return a tick with its sign."""
    return f"{value:+,g}".replace("-", "\N{MINUS SIGN}") if value else "0"
