"""Every parameter of every process by the name of its table: what a scenario may alter.

A name is the table, then the row, then the column if there are several:
`unions_assumed.same_origin`, `unions.female.25.part`, `logit.emigrate.age`. A star stands for
every row: `unions.*.*.part`. In tables by year the years of the change say which rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from sim.problems import Problem, suggest
from sim.transitions.sources import CellChange, shipped
from sim.transitions.terms import MOVES, TERMS

LOGIT = "logit"
STAR = "*"


@dataclass(frozen=True)
class Table:
    """A table of parameters: its file, the columns that name a row, and those with values.

    by_year: the column with the year. later: what the years after the last stand on, if on
    rows of the table at all, and `ends`: on how many of its first years and of its last.
    lever: what alters any year.
    """

    file: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    by_year: str = ""
    later: str = ""
    ends: int = 0
    lever: str = ""

    @property
    def years(self) -> list[int]:
        """Return the years that have rows."""
        return sorted({int(row[self.by_year]) for row in shipped(self.file)})

    def keys_of(self) -> list[tuple[str, ...]]:
        """Return the names of the rows, in parts."""
        return list(dict.fromkeys(tuple(row[key] for key in self.keys)
                                  for row in shipped(self.file)))  # fmt: skip


_LABOUR = ("outside", "employed_student", "student", "unemployed")
_LEVELS = ("compulsory", "upper_secondary_basic", "upper_secondary", "tertiary_short",
           "tertiary_long")  # fmt: skip
AS_LAST = "are as the last"
TABLES = {
    "county_moves": Table("county_moves.csv", ("reason", "family", "age"), ("chance_percent",)),
    "descendants": Table("descendants.csv", ("kind", "key"), ("value",)),
    "destination_abroad": Table(
        "destination_abroad.csv", ("kind", "background", "key", "destination"), ("value",)
    ),
    "education_career": Table("education_career.csv", ("what", "sex", "education", "age"),
                              ("share",)),
    "education_foreign": Table("education_foreign.csv", ("reason", "sex", "first_age"), _LEVELS),
    "education_pace": Table("education_pace.csv", ("what", "education", "age"), ("share",)),
    "education_registration": Table(
        "education_registration.csv", ("what", "first_stay"), ("chance",)
    ),
    "education_study": Table("education_study.csv", ("from", "to", "first_age"), ("chance",)),
    "fertility": Table("fertility.csv", ("age",), ("rate",), "year", AS_LAST, 1, "births"),
    "fertility_assumed": Table("fertility_assumed.csv", ("quantity",), ("value",)),
    "fertility_by_origin": Table(
        "fertility_by_origin.csv", ("origin",), ("relative",), "year", AS_LAST, 1, "births"
    ),
    "fertility_by_region": Table(
        "fertility_by_region.csv", ("region",), ("children_per_woman",), "year", AS_LAST, 1,
        "births",
    ),
    "fertility_by_union": Table("fertility_by_union.csv", ("age_from",),
                                ("no_union", "mixed", "paired")),
    "labour_leaving": Table("labour_leaving.csv", ("reason", "stay", "status"), ("share",)),
    "labour_parameters": Table("labour_parameters.csv", ("name",), ("value",)),
    "labour_targets": Table("labour_targets.csv", ("term",), _LABOUR),
    "labour_years": Table("labour_years.csv", ("reason", "sex", "stay"), ("shift",), "year"),
    "leaving_home": Table("leaving_home.csv", ("sex", "age"), ("rate",)),
    "mortality": Table("mortality.csv", ("sex", "age"), ("rate",), "year",
                       "go on falling as from the first three years to the last three", 3,
                       "deaths"),
    "registration": Table("registration.csv", ("kind", "key"), ("value",)),
    "returning": Table("returning.csv", ("kind", "background", "origin", "destination"),
                       ("value",)),
    "unions": Table("unions.csv", ("sex", "age_from"), ("within", "outside", "part", "leave")),
    "unions_assumed": Table("unions_assumed.csv", ("quantity",), ("value",)),
}  # fmt: skip


def is_parameter(name: str) -> bool:
    """Say whether a name begins as one of a parameter."""
    return name.partition(".")[0] in (LOGIT, *TABLES)


def names() -> Iterator[str]:
    """Yield the name of every parameter."""
    yield from (f"{LOGIT}.{outcome}.{term}" for outcome, term in product(MOVES, TERMS))
    for word, table in TABLES.items():
        for row, column in product(table.keys_of(), table.columns):
            yield ".".join((word, *row, *([column] if len(table.columns) > 1 else [])))


def cell_change(name: str, years: tuple[int, int] | None, kind: str, number: float
                ) -> CellChange | Problem:  # fmt: skip
    """Return the change of a parameter, or what is wrong with its name.

    years: first and last year; None: all.
    """
    word, _, rest = name.partition(".")
    if word == LOGIT:
        return _logit(name, rest, years, kind, number)
    table = TABLES[word]
    parts = rest.split(".") if rest else []
    if len(table.columns) == 1:
        parts.append(table.columns[0])
    wanted = ".".join((word, *(f"<{key}>" for key in table.keys)))
    if len(parts) != len(table.keys) + 1:
        return Problem(name, f"has {len(parts)} parts after {word}", f"{wanted} (* for all)")
    where: list[tuple[str, frozenset[str]]] = []
    for key, part in zip(table.keys, parts, strict=False):
        known = list(dict.fromkeys(row[key] for row in shipped(table.file)))
        if part not in (STAR, *known):
            return Problem(name, f"{key} is {part!r}", f"{STAR}, {_some(known)}",
                           suggest(part, known))  # fmt: skip
        if part != STAR:
            where.append((key, frozenset({part})))
    if parts[-1] not in table.columns:
        return Problem(name, f"column is {parts[-1]!r}", ", ".join(table.columns),
                       suggest(parts[-1], table.columns))  # fmt: skip
    return _in_years(name, table, where, parts[-1], years, kind, number)


def _in_years(
    name: str, table: Table, where: list[tuple[str, frozenset[str]]], column: str,
    years: tuple[int, int] | None, kind: str, number: float,
) -> CellChange | Problem:  # fmt: skip
    if years and not table.by_year:
        return Problem(name, f"is altered in {years[0]}..{years[1]}", "no years",
                       "This parameter holds in every year: leave the years out.")  # fmt: skip
    if years:
        known = table.years
        chosen = frozenset(str(y) for y in known if years[0] <= y <= years[1])
        if not chosen:
            return _no_rows(name, table, years)
        where.append((table.by_year, chosen))
    change = CellChange(table.file, tuple(where), column, kind, number)
    if not any(change.applies(row) for row in shipped(table.file)):
        return Problem(name, "names no row", "rows of the table", "See the table's file.")
    return change


def _no_rows(name: str, table: Table, years: tuple[int, int]) -> Problem:
    """Say which years a table tells of, and what to alter instead."""
    known = table.years
    whole = known == list(range(known[0], known[-1] + 1))
    allowed = f"{known[0]}..{known[-1]}" if whole else ", ".join(map(str, known))
    cure = f"Years after {known[-1]} have no figure of their own."
    if table.later:
        cure = (f"Years after {known[-1]} {table.later}; {table.lever} can be altered in any "
                "year.")  # fmt: skip
    elif years[1] < known[-1]:
        cure = ""
    return Problem(name, f"has no rows in {years[0]}..{years[1]}", allowed, cure)


def _logit(
    name: str, rest: str, years: tuple[int, int] | None, kind: str, number: float
) -> CellChange | Problem:
    outcome, _, term = rest.partition(".")
    if outcome not in MOVES:
        return Problem(name, f"outcome is {outcome!r}", ", ".join(MOVES), suggest(outcome, MOVES))
    if term not in TERMS:
        return Problem(name, f"term is {term!r}", ", ".join(TERMS), suggest(term, TERMS))
    if years:
        cure = "Coefficients hold in every year: alter emigration or domestic instead."
        return Problem(name, "is altered in some years", "no years", cure)
    where = ("outcome", frozenset({outcome})), ("term", frozenset({term}))
    return CellChange(LOGIT, where, "estimate", kind, number)


def _some(known: list[str], most: int = 12) -> str:
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more
