"""A user's own observed figures: what each asks of a history, and all that may be wrong with them.

A figure is a measure of a year and of whom, by the codes of this project, with its value and,
if known, bounds or a standard error. Rates are those of the report of 2016: events of the year
over the residents of 1 January, in percent, by the age and stay of 31 December before; numbers
are persons. What reads files (`against_csv`, `against_jsonstat`) makes `Row`s; `problems_of`
finds what no single row shows: the same figure twice, totals beside their parts, other units.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import combinations, pairwise

import numpy as np

from runs.validation.backtest import FIRST, LAST, RECORD_ENDS
from runs.validation.cells import Cell
from runs.validation.dimensions import CODES, MEANS, MORE_CODES, RATES
from runs.validation.persons import GROUPS, span
from runs.validation.quantity import Quantity, Whom
from runs.validation.record_checks import BAND
from sim.problems import Problem, suggest

COUNTS = ("emigration_count", "stock", "person_years")
SHARES = (*RATES, "return_share_5y")
MEASURES = (*SHARES, *COUNTS)
VARIABLES = tuple(f.name for f in fields(Whom) if f.name != "country")
EVERYBODY = ("", "all", "total", "both")
UNITS = {**dict.fromkeys(SHARES, "percent"), **dict.fromkeys(COUNTS, "persons")}
LIKE_SHARES = 0.2  # rates of several groups that are all lower than this are no percentages
FEW = 3
MOST_ROWS = 20_000
MOST_NAMED, MOST_KINDS = 5, 40
LONGEST_NAME = 40
MOST_VARIABLES = 6  # of one figure that totals are looked for


@dataclass(frozen=True)
class Row:
    """One observed figure.

    where: row or cell of the file. codes: by variable, without those that mean everybody.
    low, high, error: nan if not given. unit: as said, '' if not.
    """

    where: str
    measure: str
    year: int
    codes: Mapping[str, str]
    value: float
    low: float = np.nan
    high: float = np.nan
    error: float = np.nan
    unit: str = ""

    @property
    def key(self) -> tuple[str, int, frozenset[tuple[str, str]]]:
        """What tells figures apart."""
        return self.measure, self.year, frozenset(self.codes.items())


@dataclass
class Found:
    """What a file holds: the rows that could be read, and what is wrong with the others."""

    rows: list[Row] = field(default_factory=list)
    wrong: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)

    def say(self, where: str, found: str, allowed: str = "", cure: str = "") -> None:
        """Note what is wrong somewhere; the same in other places becomes one message."""
        self.wrong.setdefault((found, allowed, cure), []).append(where)

    @property
    def problems(self) -> list[Problem]:
        """One message of each kind, with the places of it."""
        said = [Problem(named_few(where), *what) for what, where in self.wrong.items()]
        if len(said) <= MOST_KINDS:
            return said
        left = Problem("file", f"{len(said) - MOST_KINDS} more kinds of problems")
        return [*said[:MOST_KINDS], left]


def known_codes(variable: str) -> tuple[str, ...]:
    """Return the codes of a variable; ages are bands and have none."""
    if variable == "group":
        return (*GROUPS, "one_foreign_parent", "majority", "three_small_groups", "all_residents")
    return (*CODES[variable], *MORE_CODES.get(variable, ()), *(
        name for name, codes in MEANS.items() if codes and variable == "destination"))  # fmt: skip


def code_problem(variable: str, code: str) -> tuple[str, str] | None:
    """Return what is allowed and the likely cure of a code that is none; None if it is one."""
    if variable == "age":
        allowed = "bands such as 18-34, 67+ or 20"
        return None if BAND.fullmatch(code) else (allowed, "")
    known = known_codes(variable)
    if code in known:
        return None
    said = ", ".join(known[:12]) + (" ..." if len(known) > 12 else "")
    return said, suggest(code, known)


def problems_of(rows: Sequence[Row]) -> Iterator[Problem]:
    """Yield what is wrong with rows taken together, one message of each kind."""
    yield from _years(rows)
    yield from _units(rows)
    yield from _twice(rows)
    yield from _beside(rows)


def named_few(places: Iterable[str]) -> str:
    """Return the first few of some places, and how many more there are."""
    every = list(dict.fromkeys(places))
    more = f" and {len(every) - MOST_NAMED} more" if len(every) > MOST_NAMED else ""
    return ", ".join(every[:MOST_NAMED]) + more


def _years(rows: Sequence[Row]) -> Iterator[Problem]:
    outside = [row for row in rows if not FIRST <= row.year <= LAST]
    if outside:
        years = named_few(str(row.year) for row in outside)
        cure = "Leave these rows out: histories are lived from 2004."
        yield Problem("year", f"{years} in {named_few(r.where for r in outside)}",
                      f"{FIRST} to {LAST}", cure)  # fmt: skip


def _units(rows: Sequence[Row]) -> Iterator[Problem]:
    other = [row for row in rows if row.unit and row.unit != UNITS[row.measure]]
    for unit, measure in dict.fromkeys((row.unit, row.measure) for row in other):
        where = named_few(r.where for r in other if (r.unit, r.measure) == (unit, measure))
        yield Problem("unit", f"{unit[:LONGEST_NAME]!r} of {measure} in {where}", UNITS[measure],
                      "Convert the values, then say so in the column unit.")  # fmt: skip
    for measure in MEASURES:
        mine = [row for row in rows if row.measure == measure]
        wrong = [row for row in mine if row.value < 0 or (measure in SHARES and row.value > 100)]
        if wrong:
            allowed = "0 to 100 percent" if measure in SHARES else "0 or more persons"
            found = f"{wrong[0].value:g} of {measure} in {named_few(r.where for r in wrong)}"
            yield Problem("value", found, allowed)
        unsaid = [row.value for row in mine if not row.unit]
        if measure in SHARES and len(unsaid) >= FEW and 0 < max(unsaid) < LIKE_SHARES:
            cure = "Multiply by 100, or add a column unit that says percent."
            found = f"{measure} is {max(unsaid):g} at most, as shares of one are"
            yield Problem("value", found, "percent", cure)


def _twice(rows: Sequence[Row]) -> Iterator[Problem]:
    seen: dict[object, Row] = {}
    again = []
    for row in rows:
        if row.key in seen:
            again.append(f"{seen[row.key].where} and {row.where}")
        seen.setdefault(row.key, row)
    if again:
        yield Problem("rows", f"the same figure twice: {named_few(again)}", "every figure once")


def _beside(rows: Sequence[Row]) -> Iterator[Problem]:
    """Yield totals that stand beside their parts, and bands of age that overlap."""
    keys = {row.key: row for row in rows}
    pairs: dict[str, list[str]] = {}
    for row in rows:
        for parts in _parts(row.codes):
            rest = frozenset((n, c) for n, c in row.codes.items() if n not in parts)
            total = keys.get((row.measure, row.year, rest))
            if total:
                pairs.setdefault(" and ".join(parts), []).append(f"{total.where} holds {row.where}")
    for names, places in pairs.items():
        cure = "Compare totals and parts in two files, so that nobody counts twice."
        yield Problem(names, f"totals beside parts: {named_few(places)}", "one of them", cure)
    overlaps = list(_overlaps(rows))
    if overlaps:
        yield Problem("age", f"bands overlap: {named_few(overlaps)}", "bands apart")


def _parts(codes: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Yield every choice of the variables that a figure is divided by."""
    names = sorted(codes)[:MOST_VARIABLES]
    for many in range(1, len(names) + 1):
        yield from combinations(names, many)


def _overlaps(rows: Sequence[Row]) -> Iterator[str]:
    alike: dict[object, list[tuple[tuple[int, int], Row]]] = {}
    for row in rows:
        if "age" in row.codes:
            rest = frozenset((n, c) for n, c in row.codes.items() if n != "age")
            alike.setdefault((row.measure, row.year, rest), []).append(
                (span(row.codes["age"]), row)
            )
    for group in alike.values():
        ordered = sorted({(where, row.codes["age"], row.where) for where, row in group})
        for (a, first, one), (b, second, other) in pairwise(ordered):
            if b[0] <= a[1] and first != second:
                yield f"{first} and {second} ({one}, {other})"


def part_of_year(year: int) -> str:
    """Return the histories that a year is asked of."""
    return "history" if year <= RECORD_ENDS else "descendants"


def cell_of(row: Row, table: str) -> Cell:
    """Return a figure as a cell of a table, so that histories can be asked for it."""
    whom = Whom(row.codes.get("group", "immigrants"), **{
        name: MEANS.get(code, (code,)) for name, code in row.codes.items() if name != "group"
    })  # fmt: skip
    words = ", ".join(row.codes.values()) or "immigrants"
    return Cell(table, f"{words}, {row.year}", row.measure,
                Quantity(row.measure, whom, (row.year,)), part_of_year(row.year), row.value,
                row.value, 0.0, row.error, f"{table}, {row.where}")  # fmt: skip


def plain_name(name: str) -> str:
    """Return the name of a column as this project writes it."""
    return re.sub(r"\W+", "_", name.strip()).casefold().strip("_")
