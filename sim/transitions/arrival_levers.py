"""Levers of the arrivals: more, fewer or other people, by reason, whom they join, and origin."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.codes import ORIGIN, REASON, SPONSOR_REASON
from sim.transitions import arrival_tables as tables
from sim.transitions.arrival_tables import STREAMS
from sim.transitions.levers import Change, Lever
from sim.transitions.sources import altered as changed

Floats = NDArray[np.float64]
WORD = "arrivals"
MOST = 1_000_000


def _of(reason: str = "", sponsor: str = "") -> list[int]:
    """Return the streams of a reason, or of those who join somebody of a sponsor's reason."""
    return [i for i, (r, s) in enumerate(STREAMS)
            if reason in ("", r) and sponsor in ("", s)]  # fmt: skip


def _blocks() -> dict[str, tuple[list[int], Any, str]]:
    """Return, by the name of a lever, its streams, its origins and whom they are in words."""
    found: dict[str, tuple[list[int], Any, str]] = {WORD: (_of(), slice(None), "everybody")}
    for origin in ORIGIN.names:
        found[f"{WORD}.{origin}"] = (
            _of(),
            slice(ORIGIN.index(origin), ORIGIN.index(origin) + 1),
            (f"those from {origin}"),
        )
    for reason in REASON.names:
        found[f"{WORD}.{reason}"] = _of(reason), slice(None), f"those whose reason is {reason}"
        for i, origin in enumerate(ORIGIN.names):
            words = f"those whose reason is {reason} and who are from {origin}"
            found[f"{WORD}.{reason}.{origin}"] = _of(reason), slice(i, i + 1), words
    for sponsor in SPONSOR_REASON.names[1:]:
        words = f"family immigrants who join somebody of reason {sponsor}"
        found[f"{WORD}.family.to_{sponsor}"] = _of("family", sponsor), slice(None), words
    return found


BLOCKS = _blocks()
LEVERS = tuple(
    Lever(name, "persons a year", f"first arrivals: {words}", 0.0, MOST, None)
    for name, (_, _, words) in BLOCKS.items()
)


def altered(numbers: Floats, mix: Floats, changes: Iterable[Change]) -> tuple[Floats, Floats]:
    """Return persons by year and stream, and their origins, as a scenario alters them.

    A change of several streams or origins together alters each in proportion. Where nobody
    would have come, those who come now are spread as those who are expected that year.
    """
    mine = [change for change in changes if change.lever in BLOCKS]
    if not mine:
        return numbers, mix
    years = len(numbers)
    shares = np.concatenate([mix, np.repeat(mix[-1:], max(years - len(mix), 0), axis=0)])[:years]
    persons = numbers[:, :, None] * shares
    expected = tables.expected_numbers(declining=True)[:years, :, None] * shares
    for change in mine:
        streams, origins, _ = BLOCKS[change.lever]
        first = max(change.first - tables.FIRST, 0)
        for year in range(first, min(change.last - tables.FIRST + 1, years)):
            block = persons[year, streams, origins]
            total = float(block.sum())
            wanted = max(changed(total, change.kind, change.number), 0.0)
            usual = expected[year, streams, origins]
            persons[year, streams, origins] = _spread(block, wanted, usual)
    total = persons.sum(axis=2)
    some = total[..., None] > 0
    return total, np.where(some, persons / np.where(some, total[..., None], 1.0), shares)


def _spread(block: Floats, wanted: float, usual: Floats) -> Floats:
    """Return a block scaled to a total; from nothing as usual, else evenly."""
    if block.sum() > 0:
        return np.asarray(block * (wanted / block.sum()))
    base = usual if usual.sum() > 0 else np.ones_like(block)
    return np.asarray(base * (wanted / base.sum()))
