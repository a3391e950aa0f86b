"""Everything that a scenario may alter, as a list: levers, and tables of parameters."""

from collections.abc import Iterator
from typing import Any

from scenarios.changes import levers
from scenarios.wording import number, subject
from sim.codes import ORIGIN, REASON
from sim.transitions.levers import Lever
from sim.transitions.parameters import LOGIT, TABLES, Table, names
from sim.transitions.terms import MOVES, TERMS

PATTERN = "arrivals.REASON.ORIGIN"


def catalogue() -> dict[str, Any]:
    """Return every lever, and every table of parameters with the names in it."""
    by_table: dict[str, list[str]] = {}
    for name in names():
        by_table.setdefault(name.partition(".")[0], []).append(name)
    return {
        "levers": [
            {
                "name": lever.name,
                "meaning": meaning(lever),
                "unit": lever.unit,
                "allowed": [lever.least, lever.most],
                "fitted": lever.fitted,
            }
            for lever in levers().values()
        ],
        "parameters": [
            {"table": word, "name": pattern, "by_year": yearly, "names": by_table[word]}
            for word, pattern, yearly, _ in tables()
        ],
    }


def meaning(lever: Lever) -> str:
    """Return what a lever is, in words."""
    return subject(lever.name)[0]


def listed() -> Iterator[Lever]:
    """Yield the levers that a list names: those of a reason and an origin are one pattern."""
    for lever in levers().values():
        if lever.name.count(".") < 2 or ".to_" in lever.name:
            yield lever


def allowed(lever: Lever) -> str:
    """Return what a lever may be, with its unit."""
    return f"{lever.least:g} to {lever.most:,.10g}"


def fitted(lever: Lever) -> str:
    """Return the range in which the model was fitted, or a dash."""
    return " to ".join(number(end, lever.unit) for end in lever.fitted) if lever.fitted else "-"


def tables() -> Iterator[tuple[str, str, bool, int]]:
    """Yield tables of parameters: word, pattern of names, whether by year, how many names."""
    yield LOGIT, f"{LOGIT}.OUTCOME.TERM", False, len(MOVES) * len(TERMS)
    for word, table in TABLES.items():
        yield word, pattern(word, table), bool(table.by_year), (
            len(table.keys_of()) * len(table.columns)
        )  # fmt: skip


def pattern(word: str, table: Table) -> str:
    """Return how the parameters of a table are named: capitals stand for a word of the table."""
    column = ("|".join(table.columns),) if len(table.columns) > 1 else ()
    return ".".join((word, *(key.upper() for key in table.keys), *column))


def lines() -> Iterator[str]:
    """Yield the list as lines of text."""
    yield "Levers: what it is; what it may be; the range in which the model was fitted."
    for lever in listed():
        fit = f"; fitted {fitted(lever)}" if lever.fitted else ""
        yield f"- {lever.name}: {meaning(lever)} ({lever.unit}; {allowed(lever)}{fit})"
    yield (f"- {PATTERN}: the same of one reason and one origin, such as arrivals.work.eu_east "
           f"({len(REASON) * len(ORIGIN)} levers)")  # fmt: skip
    yield ""
    yield "Parameters by table: capitals stand for a row's words, * for all of them."
    for word, named, yearly, count in tables():
        first = next(name for name in names() if name.partition(".")[0] == word)
        years = ", by year" if yearly else ""
        yield f"- {named}: {count:,}{years}, such as {first}"
