"""The pictures of a run: quiet SVG figures that say what they show and where it comes from.

Each figure is drawn from a summary table, never from single persons. The same run gives the
same bytes: no dates, no random identifiers, text as text (so that it can be read aloud,
searched and translated). A year alone is drawn as points, several years as lines with bands.
"""

import html
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from runs.intervals import Estimate, Floats
from runs.tables import CODE_LISTS, estimates, write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Inches; the notes below the axes come on top of the height.
WIDTH, HEIGHT, NOTE = 8.0, 4.0, 0.145
NOTE_ROWS, MORE = 3, "The others are in the report."
BOTTOM, TOP, LEFT = 0.4, 0.75, 0.02  # below and above the axes; the last a share of the width
INK, QUIET, GRID = "#1f2933", "#5b6770", "#e3e7ea"
SHADES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7f7f7f", "#1f2933")
# Okabe and Ito's palette, told apart by most colour-blind readers; labels stay dark.
COLOURS = {
    "": "#0b5c6b",
    "work": "#0072b2",
    "refuge": "#d55e00",
    "family": "#009e73",
    "education": "#cc79a7",
    "nordic": "#56b4e9",
    "unknown": "#7f7f7f",
    "immigrants": "#0b5c6b",
    "norwegian_born": "#e69f00",
    # sizes of families, from one person
    **dict(zip(("1", "2", "3", "4", "5", "6", "7", "8_or_more"), SHADES, strict=True)),
}
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "svg.fonttype": "none",
    "text.parse_math": False,
    "text.color": INK,
    "axes.edgecolor": QUIET,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "axes.linewidth": 0.8,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
}
FONTS = "'Source Sans 3', 'Open Sans', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"


@dataclass(frozen=True)
class Drawing:
    """One figure: what it is called, which summary and measure it shows, and in which unit."""

    name: str
    title: str
    unit: str
    summary: str
    measure: str


DRAWINGS = (
    Drawing(
        "emigrations",
        "Emigrations of immigrants per year",
        "Immigrants resident on 1 January who emigrated during the year",
        "summary_total",
        "emigrations",
    ),
    Drawing(
        "emigrations_by_reason",
        "Emigrations of immigrants per year, by reason for immigration",
        "Immigrants resident on 1 January who emigrated during the year",
        "summary_by_reason",
        "emigrations",
    ),
    Drawing(
        "emigration_rate_by_reason",
        "Emigration rate of immigrants, by reason for immigration",
        "Percent of the immigrants resident on 1 January who emigrated during the year",
        "summary_by_reason",
        "emigration_rate",
    ),
    Drawing(
        "domestic_moves_by_reason",
        "Domestic moves of immigrants per year, by reason for immigration",
        "Immigrants resident on 1 January who moved to another centrality level during the year",
        "summary_by_reason",
        "domestic_moves",
    ),
    Drawing(
        "stock_by_reason",
        "Immigrants on 1 January, by reason for immigration",
        "Immigrants resident in Norway",
        "summary_by_reason",
        "stock",
    ),
)


def draw_all(summaries: Mapping[str, pa.Table], manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return every figure that the summaries allow, as SVG by name."""
    drawn = {}
    for drawing in DRAWINGS:
        lines = _lines(summaries.get(drawing.summary), drawing.measure)
        if lines:
            drawn[drawing.name] = draw(drawing, lines, manifest)
    return drawn


def save_all(figures: Mapping[str, str], folder: Path) -> list[Path]:
    """Write the figures into a folder, each whole or not at all."""
    return [write_whole(folder / f"{name}.svg", svg) for name, svg in figures.items()]


@dataclass(frozen=True)
class Line:
    """One group through the years; low and high are nan where there is no interval."""

    group: str
    label: str
    years: Sequence[int]
    values: Sequence[Estimate]

    @property
    def colour(self) -> str:
        """The colour that the group has in every figure."""
        return COLOURS.get(self.group, COLOURS["unknown"])

    def part(self, name: str) -> Floats:
        """Return mean, low or high of all years."""
        return np.array([getattr(value, name) for value in self.values], dtype=np.float64)


def draw(drawing: Drawing, lines: Sequence[Line], manifest: Mapping[str, Any]) -> str:
    """Return one figure as SVG."""
    import matplotlib as mpl

    single = max(len(line.years) for line in lines) == 1
    style: Any = {**STYLE, "svg.hashsalt": drawing.name}
    with mpl.rc_context(style):
        notes = notes_for(lines[0].values[0].replicates, manifest)
        tall = 0.4 * len(lines) + 0.3 if single else HEIGHT - BOTTOM - TOP
        figure, axes = _frame(drawing, notes, tall, single=single)
        if single:
            _points(axes, lines, drawing.measure)
        else:
            _curves(axes, lines, drawing.measure)
        return svg_of(figure, drawing)


def short(label: str) -> str:
    """Return a label without what it adds in brackets."""
    return label.partition(" (")[0]


def _lines(table: pa.Table | None, measure: str) -> list[Line]:
    if table is None:
        return []
    found = estimates(table)
    dimension = table.column_names[1]
    labels = {code.name: short(code.en) for code in CODE_LISTS.get(dimension, ())}
    lines = []
    for group in dict.fromkeys(g for m, g, _ in found if m == measure):
        years = [y for m, g, y in found if (m, g) == (measure, group)]
        values = [found[measure, group, year] for year in years]
        if not np.isnan([value.mean for value in values]).all():
            lines.append(Line(group, labels.get(group, group), years, values))
    return lines


def _frame(
    drawing: Drawing, notes: Sequence[str], tall: float, *, single: bool
) -> "tuple[Figure, Axes]":
    """Return a figure with its words, and empty axes as tall as wanted."""
    from matplotlib.figure import Figure

    below = NOTE * len(notes) + 0.1
    height = TOP + tall + BOTTOM + below
    figure = Figure(figsize=(WIDTH, height))
    labelled = drawing.summary != "summary_total" and not single
    left, right = 0.14 if single else 0.085, 0.83 if labelled else 0.975
    axes = figure.add_axes((left, (below + BOTTOM) / height, right - left, tall / height))
    figure.text(LEFT, 1 - 0.3 / height, drawing.title, fontsize=13, fontweight="bold")
    figure.text(LEFT, 1 - 0.55 / height, drawing.unit, color=QUIET)
    for row, note in enumerate(notes):
        place = (below - 0.05 - NOTE * row) / height
        figure.text(LEFT, place, note, fontsize=7.5, color=QUIET, va="top")
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(side == ("left" if single else "bottom"))
    axes.grid(axis="x" if single else "y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=5)
    return figure, axes


def _curves(axes: "Axes", lines: Sequence[Line], measure: str) -> None:
    from matplotlib.ticker import MaxNLocator

    years = [line.years for line in lines]
    first, last = min(map(min, years)), max(map(max, years))
    marked = "o" if last - first < 25 else ""
    for line in lines:
        low, high = line.part("low"), line.part("high")
        axes.fill_between(line.years, low, high, color=line.colour, alpha=0.2, linewidth=0)
        axes.plot(line.years, line.part("mean"), color=line.colour, marker=marked, markersize=3.5)
    margin = 0.02 * (last - first)
    axes.set_xlim(first - margin, last + margin)
    axes.set_ylim(0, _number_axis(axes.yaxis, lines, measure))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True, min_n_ticks=1))
    axes.xaxis.set_major_formatter("{x:.0f}")
    axes.tick_params(axis="x", length=3)
    if len(lines) > 1:
        _label_ends(axes, lines)


def _label_ends(axes: "Axes", lines: Sequence[Line]) -> None:
    """Write each group's name beside the end of its line, moved apart where they would touch."""
    top = axes.get_ylim()[1]
    ends = np.nan_to_num([line.part("mean")[-1] for line in lines]) / top
    order = np.argsort(ends, kind="stable")
    places = _apart(ends[order], gap=min(0.075, 1 / len(lines)))
    for n, place in zip(order, places, strict=True):
        line = lines[n]
        axes.annotate(
            line.label,
            xy=(line.years[-1], ends[n] * top),
            xytext=(1.035, place),
            textcoords="axes fraction",
            va="center",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": line.colour,
                "linewidth": 1.2,
                "shrinkA": 1,
                "shrinkB": 3,
                "relpos": (0, 0.5),
            },
        )


def _apart(wanted: Floats, gap: float) -> Floats:
    """Return ascending places near the wanted ones, at least a gap apart, ending below 1."""
    steps = gap * np.arange(len(wanted))
    up = np.maximum.accumulate(wanted - steps) + steps
    down = np.minimum.accumulate((wanted - steps)[::-1])[::-1] + steps
    places = (up + down) / 2
    lowest, highest = steps, 1 - steps[::-1]
    return np.asarray(np.clip(places, lowest, highest))


def _points(axes: "Axes", lines: Sequence[Line], measure: str) -> None:
    lines = sorted(lines, key=lambda line: line.values[0].mean)
    for height, line in enumerate(lines):
        mean, low, high = (line.part(name)[0] for name in ("mean", "low", "high"))
        if low < high:
            axes.hlines(height, low, high, color=line.colour, linewidth=5, alpha=0.35)
        axes.plot([mean], [height], "o", color=line.colour, markersize=6)
    year = lines[0].years[0]
    axes.set_yticks(range(len(lines)), [line.label or str(year) for line in lines], color=INK)
    axes.set_ylim(-0.6, len(lines) - 0.4)
    axes.set_xlim(0, _number_axis(axes.xaxis, lines, measure))
    axes.annotate(
        str(year),
        (1, 1),
        xycoords="axes fraction",
        xytext=(0, 4),
        textcoords="offset points",
        ha="right",
        color=QUIET,
    )


def _number_axis(axis: Any, lines: Sequence[Line], measure: str) -> float:
    """Label an axis from zero to at least the largest value, and return where it ends."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

    rate = measure.endswith("rate")
    top = np.nanmax([np.fmax(line.part("mean"), line.part("high")) for line in lines])
    marks = MaxNLocator(nbins=7, integer=not rate, steps=[1, 2, 2.5, 5, 10])
    ticks = marks.tick_values(0, top if top > 0 else 1)
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.{'3g' if rate else '0f'}}"))
    return float(ticks[-1]) * 1.02


def notes_for(replicates: int, manifest: Mapping[str, Any]) -> list[str]:
    """Return the rows below a figure: its source, and the assumptions that fit whole."""
    return [*_wrapped(source_line(replicates, manifest)), *_wrapped(assumption_line(manifest))]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 128)


def source_line(replicates: int, manifest: Mapping[str, Any]) -> str:
    """Say which program, scenario and replicates a figure comes from, and what its band holds."""
    version = manifest.get("versions", {}).get("vandring", "")
    scenario = manifest.get("scenario", {}).get("name", "")
    program = f"Source: Vandring {version}".rstrip()
    if replicates < 2:
        return f"{program}, scenario {scenario}, 1 replicate: one possible history, no interval."
    return (
        f"{program}, scenario {scenario}, {replicates} replicates; "
        f"95\N{NO-BREAK SPACE}% interval for one history over replicates ({uncertainty(manifest)})."
    )


def uncertainty(manifest: Mapping[str, Any]) -> str:
    """Name what differs between the histories of a run."""
    uncertain = drawn(manifest)
    return " and ".join(["Monte Carlo", *uncertain]) if uncertain else "Monte Carlo only"


def drawn(manifest: Mapping[str, Any]) -> list[str]:
    """Return what the histories of a run drew anew besides luck."""
    several = int(manifest.get("draws", 1)) > 1
    return list(manifest.get("uncertainty", ["parameters"] if several else []))


def assumption_line(manifest: Mapping[str, Any]) -> str:
    """Say what the run assumed, the weightiest first, in as many whole sentences as fit."""
    every = [
        a.get("meaning") or f"{a['name']} = {a['value']}" for a in manifest.get("assumptions", ())
    ]
    told = [f"{text.rstrip('.')}.".replace("_", " ") for text in every]
    for kept in range(len(told), 0, -1):
        text = " ".join(["Assumptions:", *told[:kept], *([MORE] if kept < len(told) else [])])
        if len(_wrapped(text)) <= NOTE_ROWS:
            return text
    return "Assumptions: see the report." if told else ""


def svg_of(figure: "Figure", drawing: Drawing) -> str:
    """Return the figure as one <svg> element whose identifiers are its own."""
    from io import StringIO

    file = StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(file, format="svg", metadata=nothing)
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r'(<\w+ id="|xlink:href="#|url\(#)', rf"\1{drawing.name}-", text)
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
    text = text.replace("font-family: 'DejaVu Sans'", f"font-family: {FONTS}")
    title = html.escape(f"{drawing.title}. {drawing.unit}.")
    role = f'role="img" aria-label="{title}" style="stroke-linejoin: round; stroke-linecap: butt"'
    return text.replace("<svg ", f"<svg {role} ", 1)
