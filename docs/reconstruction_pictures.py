"""The pictures of docs/reconstruction.md, drawn from the solution that is shipped.

Each names its source and what is assumed. The same bits whenever they are made on one machine.
"""

import re
from dataclasses import dataclass

import numpy as np

from calibration import reconstruct
from calibration.solution import LAST_YEAR
from docs.make_reconstruction import read_csv, standard_errors, t_values, table


@dataclass(frozen=True)
class Picture:
    """What a picture is called and says; source: also what is assumed."""

    name: str
    title: str
    unit: str
    source: str


SE = Picture(
    "standard_errors",
    "Standard errors: what 610 figures of the publication ask, before and after the fit",
    "Gap between computed and printed standard error in percent, one dot each, by model",
    "Source: Rapporter 2016/27, tables 6.1, D.1-D.4 and E.1-E.8; candidate families of Vandring. Computed as "
    "expected information at the published coefficients. Assumed: the starting population (grey), to which "
    "the fit stays as near as the figures allow.",
)
TV = Picture(
    "t_values",
    "Held out: t values that the fit never saw",
    "Tables 6.2-6.16; left: printed and computed, logarithmic; right: gaps in percent",
    "Source: Rapporter 2016/27; covariances of Vandring. Assumed: the reconstructed register, and the delta "
    "method. Rows with proven misprints are left out (docs/misprints.md).",
)
SH = Picture(
    "shares",
    "What the standard errors say on their own, and what the margins add",
    "Percent of immigrants aged 15-74, 1 January 2013",
    "Source: calibration/register/shares.csv. 'Standard errors and sizes' uses nothing but the 13 tables of the "
    "logits; 'margins only' no standard error, likelihood or R2. Assumed: the starting population, from which each "
    "of the three fits begins.",
)
ID = Picture(
    "identifiability",
    "What pins a margin down",
    "Large: how far the margin moves when a source is left out (percentage points, largest cell); "
    "small: how uncertain it is then",
    "Source: calibration/register/identifiability.csv; ages 15-74. Assumed: the fit as a regression with the entropy "
    "as prior, so 'uncertain' means relative to the starting population.",
)
T41 = Picture(
    "family_size",
    "Emigration by reason and family size: a misfit that no population can mend",
    "Percent who emigrate in a year; every panel has its own scale",
    "Source: Rapporter 2016/27, Table 4.1 (published); the pooled logit of Table 6.1 on the people of the "
    "reconstructed register of 1.1.2013 (reconstruction), aged 15 or more. Assumed: who lives in families of which size.",
)
AGE = Picture(
    "ages",
    "Ages of immigrants, 1 January 2013",
    "Persons by single year of age; lines: the published groups, spread evenly",
    "Source: IMDi / Statistics Norway (groups); people of the reconstructed register (bars). Only the groups are "
    "fitted, and the 15-year-olds that the sizes of the models' samples imply. Assumed: the course inside each group, "
    "which is rough because people are copies of few candidate families.",
)
WIDE, TALL_TOP, ROW = 8.0, 0.75, 0.15
BEFORE, AFTER = "#a9b1b7", "#0b5c6b"


def pictures() -> dict[str, str]:
    """Return every picture as SVG, by file name."""
    made = {
        SE: _draw_errors, TV: _draw_t_values, SH: _draw_shares, ID: _draw_heat,
        T41: _draw_family_size, AGE: _draw_ages,
    }  # fmt: skip
    return {file_of(picture): draw(picture) for picture, draw in made.items()}


def file_of(picture: Picture) -> str:
    return f"img/reconstruction_{picture.name}.svg"


PICTURES = tuple(file_of(picture) for picture in (SE, TV, SH, ID, T41, AGE))


def _paint(picture: Picture, tall: float, draw) -> str:
    """Return a picture: its words, and below them what `draw` puts on the figure.

    tall: inches for axes; draw: is given the figure and a function from inches above the
        notes (left, bottom, width, height) to axes.
    """
    import io
    import textwrap

    import matplotlib as mpl
    from matplotlib.figure import Figure

    from runs.plots import QUIET, STYLE

    notes = textwrap.wrap(picture.source, 118)
    below = ROW * len(notes) + 0.12
    height = TALL_TOP + tall + below
    with mpl.rc_context({**STYLE, "svg.hashsalt": picture.name}):
        figure = Figure(figsize=(WIDE, height))
        figure.text(0.02, 1 - 0.3 / height, picture.title, fontsize=13, fontweight="bold")
        for row, line in enumerate(textwrap.wrap(picture.unit, 112)):
            figure.text(0.02, 1 - (0.53 + 0.17 * row) / height, line, color=QUIET)
        for row, line in enumerate(notes):
            place = (below - 0.04 - ROW * row) / height
            figure.text(0.02, place, line, fontsize=8, color=QUIET, va="top")

        def axes(left: float, bottom: float, wide: float, high: float):
            box = (left / WIDE, (below + bottom) / height, wide / WIDE, high / height)
            return _quiet(figure.add_axes(box))

        draw(axes)
        file = io.StringIO()
        figure.savefig(
            file, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type"))
        )
    return _tidy(picture, file.getvalue())


def _quiet(axes):
    from runs.plots import GRID, QUIET

    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(side == "bottom")
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=4, labelcolor=QUIET)
    return axes


def _tidy(picture: Picture, svg: str) -> str:
    """Return the bare <svg> element with words for who cannot see it, and fonts at hand."""
    import html

    from runs.plots import FONTS

    text = svg[svg.index("<svg") :].replace("'DejaVu Sans'", FONTS)
    text = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(\d\.\d\d)\d+", r"\1", tag[0]), text)
    label = html.escape(f"{picture.title}. {picture.unit}.")
    return text.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def _legend(axes, entries, **where) -> None:
    from matplotlib.lines import Line2D

    marks = [
        Line2D([], [], linestyle="", marker=marker, color=colour, markersize=6, label=label)
        for label, marker, colour in entries
    ]
    axes.legend(handles=marks, frameon=False, handletextpad=0.3, columnspacing=1.6, **where)


def _draw_errors(picture: Picture) -> str:
    before, after = standard_errors()

    def draw(axes) -> None:
        ax = axes(0.75, 0.55, 7.0, 4.6)
        names = list(after.by_model)
        for row, name in enumerate(names):
            for gaps, colour, shift in ((before, BEFORE, 0.18), (after, AFTER, -0.18)):
                percent = 100 * np.expm1(gaps.by_model[name])
                spread = shift + 0.16 * (np.arange(percent.size) % 5 - 2) / 2
                place = len(names) - 1 - row + spread
                ax.plot(
                    percent, place, "o", color=colour, markersize=2.6, markeredgewidth=0, alpha=0.8
                )
        ax.set_yticks(range(len(names)), names[::-1])
        ax.set_ylim(-0.6, len(names) - 0.4)
        ax.grid(visible=False, axis="y")
        ax.axvline(0, color="#5b6770", linewidth=0.8)
        ax.set_xlabel("gap, percent", color="#5b6770")
        entries = (
            (
                f"starting population: median {before.quantile(0.5):.1f} %, 95th percentile {before.quantile(0.95):.0f} %",
                "o",
                BEFORE,
            ),
            (
                f"reconstruction: {after.quantile(0.5):.1f} and {after.quantile(0.95):.1f} %",
                "o",
                AFTER,
            ),
        )
        _legend(ax, entries, loc="lower left", bbox_to_anchor=(-0.02, 0.995), ncols=2)

    return _paint(picture, 5.5, draw)


def _draw_t_values(picture: Picture) -> str:
    from matplotlib.ticker import FuncFormatter

    found = t_values()
    looks = (
        ("stay", "staying", "#5b6770"),
        ("domestic", "moving", "#d55e00"),
        ("emigrate", "emigrating", "#0072b2"),
    )

    def draw(axes) -> None:
        left, right = axes(0.65, 0.5, 3.7, 3.7), axes(5.0, 0.5, 2.75, 3.7)
        for outcome, _, colour in looks:
            pair = np.abs([(printed, t) for _, o, printed, t in found if o == outcome])
            left.loglog(*pair.T, "o", color=colour, markersize=3, markeredgewidth=0, alpha=0.75)
        ends = (0.02, 110)
        left.plot(ends, ends, color="#1f2933", linewidth=0.7)
        left.set_xlim(ends)
        left.set_ylim(ends)
        for axis in (left.xaxis, left.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
        left.tick_params(which="minor", length=0)
        left.set_xlabel("printed t value (absolute)", color="#5b6770")
        left.set_ylabel("computed", color="#5b6770")
        _legend(left, [(label, "o", colour) for _, label, colour in looks], loc="upper left")
        gap = np.array([100 * (t / printed - 1) for *_, printed, t in found])
        right.hist(gap, bins=np.arange(-16, 16.01, 1), color=AFTER)
        right.set_xlabel("gap, percent", color="#5b6770")
        right.set_ylabel("t values", color="#5b6770")
        every = np.abs(np.log([t / printed for *_, printed, t in found]))
        half, tail = 100 * np.quantile(every, (0.5, 0.95))
        words = f"{every.size} t values\nmedian gap {half:.1f} %\n95th percentile {tail:.1f} %"
        right.text(0.03, 0.98, words, transform=right.transAxes, va="top", backgroundcolor="white")
        right.set_ylim(0, 1.2 * right.get_ylim()[1])
        right.grid(visible=False, axis="x")

    return _paint(picture, 4.3, draw)


CHOICES = (
    ("starting population", "o", BEFORE),
    ("standard errors and sizes", "D", "#d55e00"),
    ("margins only", "s", "#56b4e9"),
    ("everything", "|", "#1f2933"),
)


def _draw_shares(picture: Picture) -> str:
    rows = read_csv("shares.csv")
    panels = ("reason (report)", "age", "education", "status")

    def draw(axes) -> None:
        for place, margin in enumerate(panels):
            some = [row for row in rows if row["margin"] == margin]
            cells = list(dict.fromkeys(row["cell"] for row in some))
            ax = axes(1.25 + 4.0 * (place % 2), 0.4 + 2.75 * (1 - place // 2), 2.6, 2.2)
            for step, (name, marker, colour) in enumerate(CHOICES):
                value = {r["cell"]: float(r["percent"]) for r in some if r["choice"] == name}
                places = np.arange(len(cells))[::-1]
                if marker == "|":
                    ax.vlines(
                        [value[c] for c in cells],
                        places - 0.4,
                        places + 0.4,
                        color=colour,
                        linewidth=2,
                    )
                else:
                    ax.plot(
                        [value[c] for c in cells],
                        places + 0.26 * (1 - step),
                        marker,
                        color=colour,
                        markersize=5,
                    )
            labels = [
                cell.replace("_", " ").replace("upper secondary basic", "upper sec. basic")
                for cell in cells
            ]
            ax.set_yticks(range(len(cells)), labels[::-1])
            ax.set_ylim(-0.6, len(cells) - 0.4)
            ax.set_xlim(0, None)
            ax.set_title(f"{margin}", loc="left", fontsize=10, color="#1f2933")
            if place == 0:
                _legend(ax, CHOICES, loc="lower left", bbox_to_anchor=(-0.5, 1.1), ncols=4)

    return _paint(picture, 5.95, draw)


def _draw_heat(picture: Picture) -> str:
    from matplotlib.colors import LinearSegmentedColormap

    rows = read_csv("identifiability.csv")
    margins = list(dict.fromkeys(row["margin"] for row in rows))
    sources = list(dict.fromkeys(row["left_out"] for row in rows))
    of = {(row["left_out"], row["margin"]): row for row in rows}
    grid = np.array([[float(of[s, m]["moved_points"]) for m in margins] for s in sources])
    scale = LinearSegmentedColormap.from_list("moved", ["#f7f9fa", "#8fc1ca", "#0b5c6b"])

    def draw(axes) -> None:
        ax = axes(2.05, 0.1, 5.75, 5.0)
        ax.grid(visible=False)
        ax.spines["bottom"].set_visible(False)
        ax.pcolormesh(
            np.sqrt(grid), cmap=scale, vmin=0, vmax=np.sqrt(5), edgecolors="white", linewidth=1.5
        )
        for (i, j), moved in np.ndenumerate(grid):
            ink = "white" if moved > 2 else "#1f2933"
            spread = float(of[sources[i], margins[j]]["spread_points"])
            first = f"{moved:.1f}" if sources[i] != "nothing" else "-"
            ax.text(
                j + 0.5, i + 0.42, first, ha="center", va="center", color=ink, fontweight="bold"
            )
            ax.text(
                j + 0.5,
                i + 0.78,
                f"± {spread:.1f}",
                ha="center",
                va="center",
                color=ink,
                fontsize=8,
            )
        named = {"nothing": "nothing left out", "everything": "starting population alone"}
        ax.set_yticks(
            np.arange(len(sources)) + 0.5, [named.get(s, f"without {s}") for s in sources]
        )
        ax.set_xticks(np.arange(len(margins)) + 0.5, [_two_lines(m) for m in margins])
        ax.xaxis.tick_top()
        ax.invert_yaxis()

    return _paint(picture, 5.65, draw)


def _two_lines(words: str) -> str:
    return (
        words.replace("reason (report)", "reason\n(report)")
        .replace("immigrants in family", "immigr. in\nfamily")
        .replace("family size", "family\nsize")
    )


def _draw_family_size(picture: Picture) -> str:
    rows = [row for row in table(LAST_YEAR) if row.block == "emigration by reason and family size"]

    def draw(axes) -> None:
        from runs.plots import COLOURS

        reasons = list(dict.fromkeys(row.cell.split()[0] for row in rows))
        for place, reason in enumerate(reasons):
            some = [row for row in rows if row.cell.split()[0] == reason]
            ax = axes(0.5 + 2.6 * (place % 3), 0.45 + 2.15 * (1 - place // 3), 2.0, 1.55)
            ax.bar(np.arange(3) - 0.19, [r.published for r in some], 0.34, color=BEFORE)
            ax.bar(np.arange(3) + 0.19, [r.found for r in some], 0.34, color=COLOURS[reason])
            for x, row in enumerate(some):
                for value, shift in ((row.published, -0.2), (row.found, 0.2)):
                    ax.text(x + shift, value, f"{value:.1f}", ha="center", va="bottom", fontsize=8)
            ax.set_xticks(range(3), ["alone", "two", "three or more"])
            ax.set_ylim(0, 1.15 * max(max(r.published, r.found) for r in some))
            ax.set_title(reason, loc="left", fontsize=10, color="#1f2933")
            ax.grid(visible=False, axis="x")
            if place == 0:
                entries = (
                    ("published (Table 4.1)", "s", BEFORE),
                    ("reconstruction (colour of the reason)", "s", COLOURS[reason]),
                )
                _legend(ax, entries, loc="lower left", bbox_to_anchor=(-0.25, 1.13), ncols=2)

    return _paint(picture, 4.75, draw)


def _draw_ages(picture: Picture) -> str:
    from matplotlib.ticker import FuncFormatter

    from calibration import margins

    population = reconstruct(year=LAST_YEAR)
    some = population.immigrants
    age = LAST_YEAR - 1 - population["birth_year"][some].astype(np.int64)
    sex = population["sex"][some]
    highest = 1.05 * max(np.bincount(age[sex == one]).max() for one in (0, 1))
    published = margins.stock_by_age() / np.diff(margins.AGE_EDGES)

    def draw(axes) -> None:
        for number_, (label, colour) in enumerate((("women", "#cc79a7"), ("men", "#0072b2"))):
            ax = axes(0.7 + 3.75 * number_, 0.5, 3.35, 2.9)
            ax.bar(
                np.arange(101),
                np.bincount(age[sex == number_], minlength=101)[:101],
                1.0,
                color=colour,
                alpha=0.55,
            )
            ax.stairs(
                published[number_], margins.AGE_EDGES, color="#1f2933", linewidth=1.4, baseline=None
            )
            ax.set_xlim(0, 100)
            ax.set_ylim(0, highest)
            ax.set_title(label, loc="left", fontsize=10, color="#1f2933")
            ax.set_xlabel("age", color="#5b6770")
            ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}"))
            ax.grid(visible=False, axis="x")

    return _paint(picture, 3.75, draw)
