"""Figures of the report of 2026: five groups and origins by year, age, sex, education and stay.

The figures are curves and bars; numbers stand only where the prose gives them. Every such
number becomes a cell, beside those that draw the whole figure. Histories begin in 2004, so what
the report pools over 2000-2023 is pooled over the years lived.
"""

from collections.abc import Iterator
from functools import cache

from runs.validation.asking import Asked
from runs.validation.cells import Cell
from runs.validation.dimensions import CODES, FIVE_GROUPS, MEANS
from runs.validation.levels import bounds
from runs.validation.quantity import PER_YEAR, POOLED, Quantity, Whom
from runs.validation.record import Pattern, patterns
from runs.validation.wording import code_name, label

PART, REPORT = "descendants", "d2026"
FIRST, LIVED, LAST, RETURNED = 2000, 2004, 2023, 2019
YEARS = tuple(range(FIRST, LAST + 1))
LEFT_BY = tuple(range(FIRST, RETURNED + 1))
YOUNG = ("18-35",)
PERIODS = ((2004, 2008), (2009, 2013), (2014, 2018), (2019, 2023))
SOURCE = "Report on emigration of descendants, 2026"
DRAWN = f"{SOURCE}: drawn, no number in the prose"
SIMULATED = ("norwegian_born_2ip", "child_arrival_0_9", "immigrants_10plus")
DEGREES = CODES["education2"]


@cache
def cells_2026() -> tuple[Cell, ...]:
    """Return all cells of the report of 2026."""
    said = _said()
    drawn = [*_by_year(), *_by_traits(), *_destinations(), *_by_origin(), *_returns()]
    cells = []
    for table, row, column, quantity in drawn:
        known = said.pop(quantity, None)
        if known is None:
            cells.append(Cell(table, row, column, quantity, PART, source=DRAWN))
        else:
            cells.append(_told(table, row, column, quantity, *known))
    for quantity, (pattern, low, high) in said.items():
        number = pattern.id.split(".")[1]
        table = f"2026 figure {number[1:]}" if number[0] == "f" else "2026 other numbers"
        words, _, _ = label(pattern, "en").rpartition(":")
        column = _members(quantity, pattern)
        cells.append(_told(table, words, column, quantity, pattern, low, high))
    return tuple(sorted(cells, key=lambda cell: _order(cell.table)))


def _told(
    table: str, row: str, column: str, asked: Quantity, pattern: Pattern, low: float, high: float
) -> Cell:  # fmt: skip
    """Return a cell with a number, or bounds, of the prose."""
    half = half_of(low, about=pattern.kind == "approx") if low == high else 0.0
    return Cell(table, row, column, asked, PART, low, high, half,
                source=f"{SOURCE}, {pattern.source['at']}", used_by=pattern.used_by)  # fmt: skip


def half_of(number: float, *, about: bool) -> float:
    """Return half a unit of the last digit that says something: of 'about 300' that is the 3."""
    text = f"{number:.10g}"
    if "." in text:
        return 0.5 * 10.0 ** -len(text.partition(".")[2])
    zeros = len(text) - len(text.rstrip("0")) if about else 0
    return 0.5 * 10.0**zeros


Drawn = tuple[str, str, str, Quantity]


def _ask(measure: str, scope: str, years: tuple[int, ...], group: str, **more: object) -> Quantity:
    whom = Whom(group, age=more.pop("age", YOUNG), **more)  # type: ignore[arg-type]
    return Quantity(measure, whom, years, scope, REPORT)


def _name(group: str) -> str:
    return code_name("group", group, "en")


def _by_year() -> Iterator[Drawn]:
    """Yield Figures 1-3: emigrations, residents and rates of five groups, year by year."""
    shown = {"1": ("emigration_count", "emigrations"), "2": ("stock", "residents on 1 January"),
             "3": ("emigration_rate", "emigrations, percent a year")}  # fmt: skip
    for figure, (measure, words) in shown.items():
        for group in FIVE_GROUPS:
            for year in range(LIVED, LAST + 1):
                asked = _ask(measure, PER_YEAR, (year,), group)
                yield f"2026 figure {figure}", f"{_name(group)}, {year}", words, asked


def _by_traits() -> Iterator[Drawn]:
    """Yield Figures 4 and 7, and rates by sex and stay: by group, all years together."""
    rate = "emigrations, percent of person-years"
    for group in FIVE_GROUPS:
        for age in range(18, 36):
            asked = _ask("emigration_rate", POOLED, YEARS, group, age=(str(age),))
            yield "2026 figure 4", f"{_name(group)}, aged {age}", rate, asked
        for sex in CODES["sex"]:
            asked = _ask("emigration_rate", POOLED, YEARS, group, sex=(sex,))
            yield "2026 by sex and stay", f"{_name(group)}, {sex}", rate, asked
    for group in SIMULATED:
        for degree in DEGREES:
            words = f"{_name(group)}, {code_name('education2', degree, 'en')}"
            asked = _ask("emigration_rate", POOLED, YEARS, group, education2=(degree,))
            yield "2026 figure 7", words, rate, asked
    for stay in CODES["duration"]:
        asked = _ask("emigration_rate", POOLED, YEARS, "immigrants_10plus", duration=(stay,))
        words = f"{_name('immigrants_10plus')}, {stay} years of stay"
        yield "2026 by sex and stay", words, rate, asked


def _shares(group: str, **more: tuple[str, ...]) -> Iterator[tuple[str, Quantity]]:
    """Yield the share of emigrations to each kind of destination."""
    base = Whom(group, age=YOUNG, **more)
    for destination in ("origin", "third_country", "unknown"):
        codes = MEANS.get(destination, (destination,))
        asked = Quantity("destination_share", Whom(group, age=YOUNG, destination=codes, **more),
                         YEARS, POOLED, REPORT, base)  # fmt: skip
        yield code_name("destination", destination, "en"), asked


def _destinations() -> Iterator[Drawn]:
    """Yield Figures 5 and 8: destinations by group and degree."""
    words = "share of emigrations, percent"
    for group in SIMULATED:
        for where, asked in _shares(group):
            yield "2026 figure 5", f"{_name(group)}, {where}", words, asked
        for degree in DEGREES:
            for where, asked in _shares(group, education2=(degree,)):
                row = f"{_name(group)}, {code_name('education2', degree, 'en')}, {where}"
                yield "2026 figure 8", row, words, asked


def _by_origin() -> Iterator[Drawn]:
    """Yield Figures 11-14: descendants by origin: rates, counts, rates by period, destinations."""
    for origin in CODES["origin"]:
        name = code_name("origin", origin, "en")
        asked = _ask("emigration_rate", POOLED, YEARS, "descendants", origin=(origin,))
        yield "2026 figure 11", name, "emigrations, percent of person-years", asked
        for first, last in PERIODS:
            years = tuple(range(first, last + 1))
            count = _ask("emigration_count", PER_YEAR, years, "descendants", origin=(origin,))
            yield "2026 figure 12", f"{name}, {first}-{last}", "emigrations a year", count
            rate = _ask("emigration_rate", POOLED, years, "descendants", origin=(origin,))
            yield "2026 figure 13", f"{name}, {first}-{last}", "percent of person-years", rate
        for where, share in _shares("descendants", origin=(origin,)):
            yield "2026 figure 14", f"{name}, {where}", "share of emigrations, percent", share


def _returns() -> Iterator[Drawn]:
    """Yield Figures 6, 9 and 17: who is back after five years, by group, degree and origin."""
    words = "back after five years, percent"
    for group in SIMULATED:
        asked = _ask("return_share_5y", POOLED, LEFT_BY, group)
        yield "2026 figure 6", _name(group), words, asked
        for degree in DEGREES:
            row = f"{_name(group)}, {code_name('education2', degree, 'en')}"
            yield "2026 figure 9", row, words, _ask(
                "return_share_5y", POOLED, LEFT_BY, group, education2=(degree,))  # fmt: skip
    for origin in CODES["origin"]:
        asked = _ask("return_share_5y", POOLED, LEFT_BY, "descendants", origin=(origin,))
        yield "2026 figure 17", code_name("origin", origin, "en"), words, asked


class _AllYears:
    """A history of every year, only to spell out what is asked."""

    years = YEARS


Said = dict[Quantity, tuple[Pattern, float, float]]


def _said() -> Said:
    """Return the numbers and bounds that the prose gives, by what they are of."""
    found: Said = {}
    for p in patterns().values():
        if p.report != REPORT or p.kind not in ("value", "approx", "range") or p.expected.sign:
            continue
        asked = Asked(p, _AllYears())  # type: ignore[arg-type]
        scope = POOLED if p.scope == "pooled" else PER_YEAR
        years = p.years[-1:] if p.scope == "latest" else p.years
        for chosen in asked.combinations():
            for member in asked.members():
                quantity = asked.quantity(asked.choose(chosen, member), None, years, scope)
                found[quantity] = (p, *bounds(p, member))
    return found


def _members(quantity: Quantity, pattern: Pattern) -> str:
    """Return which of a pattern's groups or codes a number is of."""
    return ", ".join(
        code_name(name, code, "en")
        for name, codes in {"group": (quantity.whom.group,), **quantity.whom.given}.items()
        if name in (pattern.by, *pattern.each) for code in codes
    ) or "number in the prose"  # fmt: skip


def _order(table: str) -> tuple[int, str]:
    word = table.rsplit(maxsplit=1)[-1]
    return (int(word), "") if word.isdigit() else (99, table)
