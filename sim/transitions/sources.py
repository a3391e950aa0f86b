"""Parameters as small tables beside the code: read once, each row with its source.

A run may alter cells of them (`Overlay`). Whatever is derived from tables is remembered with
the overlay it was derived under, so that simulations of different scenarios can live side by
side in one process, in threads too. What stands on no table that an overlay alters is derived
once for all: a thousand simulations that alter one table make only that one anew.
"""

import csv
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partial, wraps
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
    """What a scenario alters in the tables, and all that was derived under it.

    stands_on: of each thing remembered, the names of the tables it was derived from.
    """

    def __init__(self, changes: tuple[CellChange, ...] = ()) -> None:
        self.changes = changes
        self.tables = frozenset(change.table for change in changes)
        self.memory: dict[Hashable, Any] = {}
        self.stands_on: dict[Hashable, frozenset[str]] = {}


PLAIN = Overlay()
_NOW: ContextVar[Overlay] = ContextVar("overlay", default=PLAIN)
# Tables read so far by what is being derived; None: nothing is.
_READ: ContextVar[set[str] | None] = ContextVar("read", default=None)


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


def altered_in(tables: frozenset[str]) -> tuple[CellChange, ...]:
    """Return what is altered now in some tables: alike for overlays that agree on these."""
    return tuple(change for change in _NOW.get().changes if change.table in tables)


def forget() -> None:
    """Read everything anew: for tools that have just written a table."""
    shipped.cache_clear()
    PLAIN.memory.clear()
    PLAIN.stands_on.clear()


def remembered(derive: Callable[P, R]) -> Callable[P, R]:
    """Derive something from tables once for each arguments, and overlay that matters to it."""

    @wraps(derive)
    def recall(*args: P.args, **kwargs: P.kwargs) -> R:
        overlay = _NOW.get()
        key = (derive, args, tuple(sorted(kwargs.items())))
        if key not in overlay.memory:
            _remember(overlay, key, recall, partial(derive, *args, **kwargs))
        outer = _READ.get()
        if outer is not None:
            outer |= overlay.stands_on[key]
        found: R = overlay.memory[key]
        return found

    return recall


def _remember(
    overlay: Overlay, key: Any, recall: Callable[..., Any], derive: Callable[[], Any]
) -> None:
    """Derive something and note what it stands on; what an overlay leaves alone is taken over."""
    if overlay.changes:
        with using(PLAIN):
            plain = recall(*key[1], **dict(key[2]))
        stands_on = PLAIN.stands_on[key]
        if not stands_on & overlay.tables:
            overlay.stands_on[key], overlay.memory[key] = stands_on, plain
            return
    mine: set[str] = set()
    token = _READ.set(mine)
    try:
        found = derive()
    finally:
        _READ.reset(token)
    overlay.stands_on[key] = frozenset(mine)  # before what others may recall at once
    overlay.memory[key] = found


@remembered
def rows(name: str) -> tuple[Row, ...]:
    """Return the rows of a table of sim/transitions/data, as text by column.

    Every table has a column `source`, and `assumed` ('yes' or 'no') where some rows are
    assumptions that no source supports.
    """
    reading = _READ.get()
    if reading is not None:
        reading.add(name)
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
