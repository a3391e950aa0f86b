"""Parameters as small tables beside the code: read once, each row with its source.

A run may alter cells of them (`Overlay`). Whatever is derived from tables is remembered with
the overlay it was derived under, so that simulations of different scenarios can live side by
side in one process, in threads too.
"""

import csv
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, wraps
from importlib import resources
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
Row = dict[str, str]


@dataclass(frozen=True)
class CellChange:
    """Another number in a table: of the rows whose columns hold these values."""

    table: str
    where: tuple[tuple[str, frozenset[str]], ...]
    column: str
    kind: str
    number: float

    def applies(self, row: Row) -> bool:
        """Say whether a row is meant."""
        return all(row[column] in values for column, values in self.where)


class Overlay:
    """What a scenario alters in the tables, and all that was derived under it."""

    def __init__(self, changes: tuple[CellChange, ...] = ()) -> None:
        self.changes = changes
        self.memory: dict[Hashable, Any] = {}


PLAIN = Overlay()
_NOW: ContextVar[Overlay] = ContextVar("overlay", default=PLAIN)


@contextmanager
def using(overlay: Overlay) -> Iterator[None]:
    """Let the tables be as this overlay says, in this thread, until the end of the block."""
    token = _NOW.set(overlay)
    try:
        yield
    finally:
        _NOW.reset(token)


def current() -> Overlay:
    """Return the overlay that holds now."""
    return _NOW.get()


def forget() -> None:
    """Read everything anew: for tools that have just written a table."""
    shipped.cache_clear()
    PLAIN.memory.clear()


def remembered(derive: Callable[P, R]) -> Callable[P, R]:
    """Derive something from tables once for each overlay and arguments."""

    @wraps(derive)
    def recall(*args: P.args, **kwargs: P.kwargs) -> R:
        memory = _NOW.get().memory
        key = (derive, args, tuple(sorted(kwargs.items())))
        if key not in memory:
            memory[key] = derive(*args, **kwargs)
        found: R = memory[key]
        return found

    return recall


@remembered
def rows(name: str) -> tuple[Row, ...]:
    """Return the rows of a table of sim/transitions/data, as text by column.

    Every table has a column `source`, and `assumed` ('yes' or 'no') where some rows are
    assumptions that no source supports.
    """
    read = shipped(name)
    for change in _NOW.get().changes:
        if change.table == name:
            read = tuple(_changed(row, change) if change.applies(row) else row for row in read)
    return read


@cache
def shipped(name: str) -> tuple[Row, ...]:
    """Return the rows of a table as they come with the package."""
    text = (resources.files("sim.transitions") / "data" / name).read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def _changed(row: Row, change: CellChange) -> Row:
    return row | {
        change.column: repr(altered(float(row[change.column]), change.kind, change.number))
    }


def altered(value: float, kind: str, number: float) -> float:
    """Return a value set to a number, with it added, or multiplied by it."""
    if kind == "set":
        return number
    return value + number if kind == "add" else value * number
