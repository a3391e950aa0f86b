"""Renew the tables and the picture of docs/economy.md; what stands above them is written by hand."""

import io
import re
from pathlib import Path

import numpy as np

from sim.economy import FIRST, FITTED, SERIES, YEARS, Economy, fitted_range, is_ratio
from sim.transitions.sources import rows

PAGE = Path(__file__).with_name("economy.md")
PICTURE = PAGE.parent / "img" / "economy.svg"
TABLES = "## The paths in numbers"
SHOWN = (2000, 2005, 2010, 2013, 2016, 2020, 2024, 2029, 2035, 2040, 2050, 2060)
DRAWS, SEED = 400, 1
SHADE, LINE, DOTS = "#cfe3e8", "#0b5c6b", "#d55e00"
TITLE = "The economy of the default, 2000-2060"
LEGEND = (
    "Line: the default. Dots: as observed, where that differs. Shaded: eight draws of ten. "
    "Between dashes: values of 2000-2013, in which the response of emigration was estimated. "
    "Sources: ILO, World Bank (2000 scaled to Økonomiske analyser 2015), IMF to 2029; later years are assumed."
)


def words(series: str) -> str:
    """Return a series as people say it."""
    what, where = series.rsplit("_", 1)
    place = "Norway" if where == "norway" else f"group {where[-1]}"
    if is_ratio(series):
        return f"income ratio to {place}"
    return f"{what} of {place}, %"


def tables() -> str:
    default, observed = Economy.default(), Economy.observed()
    head = ["year", *map(words, SERIES)]
    parts = [[str(y), *(f"{default.value(s, y):.2f}" for s in SERIES)] for y in SHOWN]
    swing = [[str(y), *(f"{observed.value(s, y):.2f}" for s in SERIES)] for y in (2016, 2022, 2023)]
    shocks = {row["series"]: row for row in rows("economy_shocks.csv")}
    text = [["series", "fitted range", "left of a gap after a year", "shock of a year, %",
             "eight of ten draws in 2060"]]  # fmt: skip
    spread = draws()
    for k, series in enumerate(SERIES):
        low, high = fitted_range(series)
        least, most = np.quantile(spread[:, -1, k], (0.1, 0.9))
        row = shocks[series]
        text.append([words(series), f"{low:.2f}-{high:.2f}", row["persistence"],
                     f"{100 * float(row['innovation']):.0f}", f"{least:.1f}-{most:.1f}"])  # fmt: skip
    return "\n".join([
        TABLES, "", *_markdown([head, *parts]), "",
        "As observed, with the swings that the default leaves out:", "",
        *_markdown([head, *swing]), "",
        f"How far the series stray ({DRAWS} draws of seed {SEED}):", "", *_markdown(text), "",
    ])  # fmt: skip


def draws():
    default = Economy.default()
    return np.array([default.drawn(number, SEED).values for number in range(DRAWS)])


def _markdown(table):
    lines = ["| " + " | ".join(row) + " |" for row in table]
    return [lines[0], "|" + "---|" * len(table[0]), *lines[1:]]


def picture() -> str:
    import textwrap

    import matplotlib as mpl
    from matplotlib.figure import Figure

    from runs.plots import FONTS, QUIET, STYLE

    spread = draws()
    with mpl.rc_context({**STYLE, "svg.hashsalt": "economy"}):
        figure = Figure(figsize=(8, 5.6))
        figure.text(0.02, 0.96, TITLE, fontsize=13, fontweight="bold")
        for k, series in enumerate(SERIES):
            place = (0.05 + 0.33 * (k % 3), 0.58 - 0.4 * (k // 3), 0.265, 0.3)
            _panel(figure.add_axes(place), k, series, spread)
        for row, line in enumerate(textwrap.wrap(LEGEND, 125)):
            figure.text(0.02, 0.08 - 0.028 * row, line, fontsize=8, color=QUIET)
        file = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(file, format="svg", metadata=nothing)
    text = file.getvalue()
    text = text[text.index("<svg") :].replace("'DejaVu Sans'", FONTS)
    text = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(\d\.\d\d)\d+", r"\1", tag[0]), text)
    return text.replace("<svg ", f'<svg role="img" aria-label="{TITLE}. {LEGEND}" ', 1)


def _panel(axes, k, series, spread) -> None:
    from runs.plots import GRID, QUIET

    default, observed = (e.values[:, k] for e in (Economy.default(), Economy.observed()))
    years = np.array(YEARS)
    least, most = np.quantile(spread[:, :, k], (0.1, 0.9), axis=0)
    apart = (np.abs(observed - default) > 0.005) & (years <= 2023)
    axes.fill_between(years, least, most, color=SHADE, linewidth=0)
    axes.plot(years, default, color=LINE)
    axes.plot(years[apart], observed[apart], ".", color=DOTS, markersize=4)
    for bound in fitted_range(series):
        axes.axhline(bound, color=QUIET, linewidth=0.7, linestyle=(0, (4, 3)))
    axes.axvline(FITTED[-1], color=GRID, linewidth=0.8)
    axes.set_title(words(series), loc="left", fontsize=9)
    axes.set_ylim(0, None)
    axes.set_xlim(FIRST, YEARS[-1])
    axes.set_xticks((2000, 2020, 2040, 2060))
    axes.grid(color=GRID, linewidth=0.8, axis="y")
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=3, labelcolor=QUIET)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def main() -> None:
    head = PAGE.read_text("utf-8").partition(TABLES)[0]
    PAGE.write_text(head + tables(), encoding="utf-8")
    PICTURE.write_text(picture(), encoding="utf-8")


if __name__ == "__main__":
    main()
