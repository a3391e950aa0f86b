"""Make docs/fit.md, and the figures that the pictures show, from the solution that is shipped.

Nothing is fitted here: the people of every start year are drawn and held against what was
published. Another machine may draw a few persons differently, so `agrees` compares the
page with some slack.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby

import numpy as np

from calibration import reconstruct
from calibration.equations import in_persons
from calibration.fit_margins import fit_table
from calibration.fit_table import Row
from calibration.information import published_shadows
from calibration.solution import FIRST_YEAR, FOLDER, LAST_YEAR, shipped_solution

WORST = 4  # cells of a block that are shown
SHOWN_FROM = 0.05  # of what is allowed: who is closer is not worth a row
SLACK, LEAST = 0.02, 0.15  # numbers of a page agree to this share, or to so much
PERSONS_SLACK = 25  # ... or, from a hundred persons up, to so many persons
WORSE = 0.15  # of what is allowed: how much worse than the worst shown another cell may be
NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?![\w.]*\d)")
Chosen = Mapping[str, Sequence[str]]

HEAD = """\
# How well the reconstructed register fits

<!-- Made by docs/make_reconstruction.py from the shipped solution; `make docs` makes it again. -->

This page holds the people of 1 January {year} (`vandring reconstruct`, scale 1, seed 1) against
every figure that was published about them. How they were made, and what the figures can and
cannot say, is told in [reconstruction.md](reconstruction.md). The whole table of {all} figures is
written beside every population that is drawn (`FILE.fit.csv`).

{judged} figures have a limit, and {held} of them hold. The other {shown} are only shown: they are
rounded too much, or sources contradict each other, and the notes below say how.

People are whole, so they fit a little less well than the numbers of families they are drawn
from. Those numbers reproduce the {many} standard errors with a median gap of {fit_half} percent and
a 95th percentile of {fit_tail}; the people drawn with {half} and {tail}.

## Every block

*furthest off*: the cell with the largest difference in proportion to what is allowed.
"""

CONTRADICTIONS = """\
## Where sources contradict each other

| what | sources | believed |
|---|---|---|
| who is in the models' sample | "15-74" (text of the report) or everybody of 15 or more (its N, the stock by age, its standard errors) | 15 or more |
| refugees who came before 1990 | refugees (official stock) or of unknown reason (the report's own definition) | both: they are refugees in `sponsor_reason`, and `reason` is unknown |
| immigrants | {by_reason} (by reason and municipality) or {by_age} (by age, sex and country) | the first; the other margins are scaled to it |
| neither in work nor in education | 32 percent (official statistics) or 30 (statuses of the report, where an exam passed counts as education) | the report; the official pattern by age and sex is multiplied by {idle} |
| emigration by family size | Table 4.1 or the logit, which is linear in family size | neither can be met by weights: the totals by reason are |
| employed | whole percents of the 4th quarter 2012, and exact shares by status | the shares; the percents with half a point of slack |
"""


@cache
def table(year: int) -> tuple[Row, ...]:
    """Return every published figure of a year beside the people's."""
    return _drawn(year)[0]


@cache
def _drawn(year: int) -> tuple[tuple[Row, ...], Mapping[str, int]]:
    population = reconstruct(year=year)
    return tuple(fit_table(population)), population.census()


@dataclass(frozen=True)
class Gaps:
    """Relative gaps of the usable standard errors, model by model."""

    by_model: Mapping[str, np.ndarray]

    @property
    def every(self) -> np.ndarray:
        return np.concatenate(list(self.by_model.values()))

    def quantile(self, share: float) -> float:
        """Return a quantile of the absolute gaps, in percent."""
        return float(100 * np.quantile(np.abs(self.every), share))


@cache
def standard_errors() -> tuple[Gaps, Gaps]:
    """Return the gaps of the starting population and of the fit."""
    solution = shipped_solution()
    found = []
    shadows = published_shadows(solution.pool)
    for number in (solution.pool.prior, solution.number[LAST_YEAR]):
        weights = in_persons(solution.pool, number)
        gaps = {s.model.name: s.gaps(s.covariance(weights)) for s in shadows}
        found.append(Gaps({name: gap[np.isfinite(gap)] for name, gap in gaps.items()}))
    return found[0], found[1]


def t_values() -> list[tuple[str, str, float, float]]:
    """Return table, outcome, printed and computed t value of Tables 6.2-6.16, misprints apart."""
    import pandas as pd

    from sim.transitions.covariance import published_covariance
    from sim.transitions.effects import effects
    from sim.transitions.logit import published_model
    from tests.published import OUTCOMES, contrasts, misprinted

    out, found = {place[:3] for place in misprinted("estimate")}, []
    for name in dict.fromkeys(contrast.model for contrast in contrasts()):
        mine = [contrast for contrast in contrasts() if contrast.model == name]
        people, others = (
            pd.DataFrame(side) for side in ([c.person for c in mine], [c.reference for c in mine])
        )
        computed = effects(published_model(name), people, others, published_covariance(name))
        for contrast, values in zip(mine, computed.t_values, strict=True):
            place = (contrast.table, contrast.centrality, contrast.value)
            for outcome, t, printed in zip(OUTCOMES, values, contrast.t_values, strict=True):
                if place not in out and (*place, outcome) not in misprinted("t_value"):
                    found.append((contrast.table, outcome, printed, float(t)))
    return found


def read_csv(name: str) -> list[dict[str, str]]:
    """Return the rows of a table that comes with the solution."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def misfit(row: Row) -> float:
    """Return how far off a figure is: in what is allowed, else in shares of itself."""
    if row.holds is None:
        return abs(row.difference) / max(abs(row.believed), 1.0)
    return abs(row.difference) / (row.allowed or 0.5)


def page(chosen: Chosen | None = None) -> str:
    """Return docs/fit.md; chosen: the cells to show of each block, else the worst."""
    rows = table(LAST_YEAR)
    blocks = {name: list(some) for name, some in groupby(rows, lambda row: row.block)}
    picked = {name: _picked(name, some, chosen) for name, some in blocks.items()}
    judged = [row for row in rows if row.holds is not None]
    fit, half_tail = standard_errors()[1], blocks["standard errors"]
    lines = [
        HEAD.format(
            year=LAST_YEAR,
            all=len(rows),
            judged=len(judged),
            held=sum(bool(row.holds) for row in judged),
            shown=len(rows) - len(judged),
            many=fit.every.size,
            fit_half=f"{fit.quantile(0.5):.2f}",
            fit_tail=f"{fit.quantile(0.95):.2f}",
            half=f"{half_tail[0].found:.2f}",
            tail=f"{half_tail[1].found:.2f}",
        ),
        "| block | figures | with a limit | hold | furthest off | published | people |",
        "|---|---:|---:|---:|---|---:|---:|",
        *(_summary(name, some, picked[name]) for name, some in blocks.items()),
        "",
        *_models(blocks),
        *_worst(blocks, picked),
        *_contradictions(rows),
        *_years(chosen),
    ]
    return "\n".join(lines) + "\n"


def _picked(name: str, some: Sequence[Row], chosen: Chosen | None) -> list[Row]:
    """Return the cells of a block to show, worst first."""
    if chosen is not None:
        return [row for cell in chosen.get(name, ()) for row in some if row.cell == cell]
    judged = [row for row in some if row.holds is not None] or list(some)
    least = SHOWN_FROM if judged[0].holds is not None else 0.0
    ranked = sorted((row for row in judged if misfit(row) > least), key=lambda row: -misfit(row))
    return ranked[:WORST]


def _summary(name: str, some: Sequence[Row], picked: Sequence[Row]) -> str:
    judged = [row for row in some if row.holds is not None]
    counts = f"{len(some)} | {len(judged) or '-'} | {sum(bool(r.holds) for r in judged) if judged else 'shown'}"
    if not picked:
        return f"| {name} | {counts} | all within {SHOWN_FROM:.0%} of the limit | | |"
    worst = picked[0]
    figures = f"{number(worst.published, worst.unit)} | {number(worst.found, worst.unit)}"
    return f"| {name} | {counts} | {worst.cell} | {figures} |"


def number(value: float, unit: str) -> str:
    """Return a figure as the page shows it."""
    decimals = {"persons": 0, "log likelihood": 0, "R2": 3}.get(unit, 2)
    return f"{value:,.{decimals}f}"


def _models(blocks: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    likelihood, r2 = ({r.cell: r for r in blocks[name]} for name in ("log likelihood", "scaled R2"))
    errors = {row.cell: row.found for row in blocks["standard errors"]}
    fit = standard_errors()[1].by_model
    yield "## The thirteen models"
    yield ""
    yield (
        "N is met to the person. Gaps of standard errors are in percent, those that rounding makes "
        "useless left out: of the numbers of families (fit) and of the people drawn (people)."
    )
    yield ""
    yield (
        "| model | N | log likelihood | people | R2 | people | standard errors | fit: median | "
        "largest | people: median | largest |"
    )
    yield "|---|" + "---:|" * 10
    for row in blocks["sample size"]:
        gap, name = np.abs(fit[row.cell]), row.cell
        like, share = likelihood[name], r2[name]
        yield (
            f"| {name} | {row.published:,.0f} | {like.published:,.0f} | {like.found:,.0f} "
            f"| {share.published:.3f} | {share.found:.3f} | {gap.size} "
            f"| {100 * np.median(gap):.1f} | {100 * gap.max():.1f} "
            f"| {errors[f'{name}, median gap of {gap.size}']:.1f} | {errors[f'{name}, largest']:.1f} |"
        )
    yield ""


def _worst(
    blocks: Mapping[str, Sequence[Row]], picked: Mapping[str, Sequence[Row]]
) -> Iterator[str]:
    yield "## The worst cells of each block"
    yield ""
    yield f"At most {WORST} a block, and none that is within {SHOWN_FROM:.0%} of its limit."
    yield ""
    for name, some in blocks.items():
        rows = picked[name]
        if not rows:
            continue
        yield f"### {name}"
        yield ""
        notes = dict.fromkeys(row.note for row in some if row.note)
        for note in notes:
            yield f"*{note[0].upper()}{note[1:]}.*"
            yield ""
        yield f"| cell | published | people | allowed, +/- ({rows[0].unit}) |"
        yield "|---|---:|---:|---:|"
        for row in rows:
            allowed = "shown" if row.holds is None else number(row.allowed, row.unit)
            figures = f"{number(row.published, row.unit)} | {number(row.found, row.unit)}"
            yield f"| {row.cell} | {figures} | {allowed} |"
        yield ""


def _contradictions(rows: Sequence[Row]) -> Iterator[str]:
    from calibration import margins, targets

    by_age = margins.stock_by_age().sum()
    yield CONTRADICTIONS.format(
        by_reason=f"{margins.PERSONS:,}", by_age=f"{by_age:,.0f}", idle=targets.IDLE_FACTOR
    )
    yield "Notes that stand beside figures in the fit table:"
    yield ""
    for note in dict.fromkeys(row.note for row in rows if row.note):
        named = ", ".join(dict.fromkeys(row.block for row in rows if row.note == note))
        yield f"- {named}: {note}."
    yield ""


def _years(chosen: Chosen | None) -> Iterator[str]:
    yield "## The start years"
    yield ""
    yield (
        "The people of 2013 raked to what was published of each year; 2004 and 2005 are partly "
        "derived ([reconstruction.md](reconstruction.md))."
    )
    yield ""
    yield (
        "| 1 January | immigrants | Norwegian-born | abroad | figures | hold | furthest off "
        "| published | people |"
    )
    yield "|---|" + "---:|" * 5 + "---|---:|---:|"
    for year in range(FIRST_YEAR, LAST_YEAR):
        rows, census = _drawn(year)
        judged = [row for row in rows if row.holds is not None]
        worst = max(judged, key=misfit)
        if chosen is not None:
            wanted = chosen.get(str(year), ("",))[0]
            worst = next((row for row in judged if _named(row) == wanted), worst)
        people = " | ".join(
            f"{census[name]:,}"
            for name in ("resident_immigrants", "resident_norwegian_born", "abroad")
        )
        yield (
            f"| {year} | {people} | {len(rows)} | {sum(bool(row.holds) for row in judged)} "
            f"| {_named(worst)} | {number(worst.published, worst.unit)} "
            f"| {number(worst.found, worst.unit)} |"
        )


def _named(row: Row) -> str:
    return f"{row.block}: {row.cell}"


def agrees(old: str) -> bool:
    """Return whether a page says what the shipped solution gives, draws on other machines apart."""
    chosen = _chosen(old)
    if not _alike(old, page(chosen)):
        return False
    for block, some in groupby(table(LAST_YEAR), lambda row: row.block):
        rows = [row for row in some if row.holds is not None]
        shown = max((misfit(row) for row in rows if row.cell in chosen.get(block, ())), default=0.0)
        if rows and max(map(misfit, rows)) > max(shown, SHOWN_FROM) + WORSE:
            return False
    return True


def _chosen(text: str) -> dict[str, list[str]]:
    """Return the cells that a page shows of each block, and of each year."""
    found: dict[str, list[str]] = {}
    block = ""
    for line in text.splitlines():
        if line.startswith("#"):
            block = line[4:] if line.startswith("### ") else ""
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if block and len(cells) == 4 and cells[0] not in ("cell", "---"):
            found.setdefault(block, []).append(cells[0])
        elif len(cells) == 9 and re.fullmatch(r"\d{4}", cells[0]):
            found[cells[0]] = [cells[6]]
    return found


def _alike(one: str, other: str) -> bool:
    """Return whether two texts have the same words, and numbers close to each other."""
    if one == other:
        return True
    if NUMBER.sub("#", one) != NUMBER.sub("#", other):
        return False
    pairs = zip(NUMBER.findall(one), NUMBER.findall(other), strict=True)
    return all(_close(*(float(x.replace(",", "")) for x in pair)) for pair in pairs)


def _close(one: float, other: float) -> bool:
    least = PERSONS_SLACK if min(one, other) >= 100 else LEAST
    return abs(one - other) <= max(SLACK * abs(one), least)
