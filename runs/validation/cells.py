"""Figures of published tables, each with the question that a history answers to it.

A cell is one figure: its table, row and column, what was printed, and the quantity that is asked
of the histories of one part of the backtest. Chapter 4 gives rates by family, chapter 5 linear
models and rates by county, chapter 6 effects of the logit; all of them are of 2013 but the
rates by county. Figures that the report draws and does not print have no published number.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from calibration.effect_tables import definitions
from calibration.linear_sample import TABLES
from calibration.margins import table as read
from runs.validation.dimensions import CODES, COUNTIES, RATES
from runs.validation.levels import bounds
from runs.validation.quantity import PER_YEAR, Quantity, Whom
from runs.validation.record import Pattern, patterns
from runs.validation.wording import COUNTY_NAMES, REASON_NAMES

YEAR = 2013
PERIODS = ((2004, 2008), (2009, 2013))
TENTH, THIRD_DECIMAL = 0.05, 0.0005  # half a unit of the last digit printed
MOVES = {"stay": "adj_stay", "domestic": "adj_domestic", "emigrate": "adj_emigration"}
RATE_OF = {"emigrate_percent": "emigration_rate", "out_of_county_percent": "county_out_rate"}
FAMILY_TYPES: Mapping[str, tuple[str, ...] | None] = {
    "all_families": None,
    "immigrants_only": ("immigrant_only",),
    "also_non_immigrants": ("mixed",),
    "equal": ("mixed_equal",),
    "more_immigrants": ("mixed_immigrant_majority",),
    "fewer_immigrants": ("mixed_immigrant_minority",),
}
COLUMNS = {
    "emigration_rate": "emigrate, percent a year",
    "county_out_rate": "move out of the county, percent a year",
    "adj_stay": "stay",
    "adj_domestic": "move to another level",
    "adj_county_out": "move out of the county",
    "adj_emigration": "emigrate",
}
FIGURES = {"work": "5.14", "refuge": "5.15", "family": "5.16", "education": "5.17",
           "nordic": "5.18", "unknown": "5.19"}  # fmt: skip
BY_COUNTY = "county_by_reason"  # Tables 5.13-5.31
ALL_REASONS = "figures 5.14-5.19 together"


@dataclass(frozen=True)
class Cell:
    """One figure of a table, and the question it answers.

    low, high: what is published, equal if it is a number; nan if nothing is, infinite if open.
    half: half a unit of the last digit printed. error: the printed standard error, estimate/t.
    part: the histories that are asked.
    used_by: calibrations that used the figure.
    """

    table: str
    row: str
    column: str
    quantity: Quantity
    part: str
    low: float = np.nan
    high: float = np.nan
    half: float = 0.0
    error: float = np.nan
    source: str = ""
    note: str = ""
    used_by: tuple[str, ...] = ()

    @property
    def published(self) -> str:
        """What is published, in words; '' if nothing is."""
        if np.isnan(self.low):
            return ""
        if self.low == self.high:
            return f"{self.low:.10g}"
        if np.isinf(self.high):
            return f"at least {self.low:.10g}"
        up = f"{self.high:.10g}"
        return f"at most {up}" if np.isinf(self.low) else f"{self.low:.10g} to {up}"


def family_cells() -> Iterator[Cell]:
    """Yield Tables 4.1-4.3: rates of 2013 by reason and family, of those of 20-35 in 4.2."""
    for name in ("family_rates_2013", "family_rates_by_age_and_kind_2013"):
        for row in read(name):
            table = row.get("table", "4.1")
            size, kind = row["family_size"], row["family_kind"]
            whom = Whom(
                reason=(row["reason"],), family_size=(size,), family_type=FAMILY_TYPES[kind],
                age=("20-35",) if table == "4.2" else None,
            )  # fmt: skip
            words = f"{row['reason']}, family of {size}, {kind.replace('_', ' ')}"
            for column, measure in RATE_OF.items():
                value = float(row[column])
                used = ("family_offsets" if measure == "emigration_rate" else "county_moves",)
                yield Cell(
                    table, words, COLUMNS[measure], Quantity(measure, whom, (YEAR,)),
                    "cross_section", value, value, TENTH, source=row["source"], used_by=used,
                )  # fmt: skip


def linear_cells() -> Iterator[Cell]:
    """Yield the tables of chapter 5: differences in the probabilities of a linear model."""
    for row in read("linear_published"):
        measure, of_county = MOVES[row["outcome"]], TABLES[row["table"]].kind == BY_COUNTY
        if of_county and row["outcome"] == "domestic":
            measure = "adj_county_out"
        asked = Quantity(measure, Whom(), (YEAR,), term=("variable", row["variable"]),
                         model="linear", table=row["table"])  # fmt: skip
        value = float(row["estimate"])
        yield Cell(
            row["table"], row["variable"], COLUMNS[measure], asked, "cross_section", value, value,
            THIRD_DECIMAL, _error(row), row["source"], row["note"],
            ("reason_offsets",) if of_county else (),
        )  # fmt: skip


def _error(row: Mapping[str, str]) -> float:
    """Return the standard error of a printed estimate; nan if rounding leaves none."""
    value, t = float(row["estimate"]), float(row["t_value"])
    return abs(value / t) if value and t else np.nan


def effect_cells() -> Iterator[Cell]:
    """Yield Tables 6.2-6.16: effects on the probabilities of the person that a table describes."""
    for row in read("effects_published"):
        one = definitions()[row["table"]]
        measure, value = MOVES[row["outcome"]], float(row["estimate"])
        asked = Quantity(
            measure, Whom(centrality=(row["centrality"],)), (YEAR,),
            term=(one.varied, row["value"]), model="logit", table=row["table"],
        )  # fmt: skip
        words = f"{one.varied} {row['value']} instead of {one.reference}"
        if len(one.levels) > 1:
            words += f", level {row['centrality']}"
        yield Cell(
            row["table"], words, COLUMNS[measure], asked, "cross_section", value, value,
            THIRD_DECIMAL, _error(row), row["source"], row["note"], ("published_model",),
        )  # fmt: skip


def county_cells() -> Iterator[Cell]:
    """Yield five-year means of yearly rates by county and reason; few are told in words."""
    said = _said_of_counties(patterns().values())
    reasons: tuple[str | None, ...] = (None, *CODES["reason"])
    for reason in reasons:
        table = f"figure {FIGURES[reason]}" if reason else ALL_REASONS
        of = REASON_NAMES[reason][0] if reason else "all immigrants"
        for first, last in PERIODS:
            for county, name in zip(COUNTIES, COUNTY_NAMES, strict=True):
                for measure in ("emigration_rate", "county_out_rate"):
                    whom = Whom(county=(county,), reason=(reason,) if reason else None)
                    low, high, at, used = said.get(
                        (measure, reason, county, first), (np.nan, np.nan, "", ()))  # fmt: skip
                    years = tuple(range(first, last + 1))
                    yield Cell(
                        table, f"{name}, {of}, {first}-{last}", COLUMNS[measure],
                        Quantity(measure, whom, years, PER_YEAR), "history", low, high,
                        source=at or "no number printed", used_by=used,
                    )  # fmt: skip


Said = dict[tuple[str, str | None, str, int], tuple[float, float, str, tuple[str, ...]]]


def _said_of_counties(every: Iterable[Pattern]) -> Said:
    """Return what the prose tells of single counties in five years, from the record."""
    found: Said = {}
    for p in every:
        plain = set(p.whom) <= {"reason", "county"} and p.kind in ("value", "approx", "range")
        five = p.years in {tuple(range(first, last + 1)) for first, last in PERIODS}
        if not (plain and five and p.measure in RATES and p.report == "r2016" and not p.each):
            continue
        named = p.members or ((str(p.whom["county"]),) if "county" in p.whom else ())
        if p.by == "county" and not named:
            named = COUNTIES
        at = f"Rapporter 2016/27, {p.source['at']}"
        for county in named:
            low, high = bounds(p, county)
            reason = p.whom.get("reason")
            found[p.measure, reason, county, p.years[0]] = (low, high, at, p.used_by)
    return found


@cache
def table_cells() -> tuple[Cell, ...]:
    """Return all cells of the 2016 report, in the order of the report."""
    return (*family_cells(), *linear_cells(), *county_cells(), *effect_cells())
