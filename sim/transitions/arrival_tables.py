"""Tables of the arrivals: how many, from where, and the donor families who they resemble.

A stream is a reason, and for family immigrants the reason of the person they join. Every
table is by stream, so that one stream can be altered without touching another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sim.arrow import numbers, words
from sim.codes import CENTRALITY, EDUCATION, ORIGIN, REASON, SEX, SPONSOR_REASON, STATUS
from sim.geography import CENTRALITY_OF, COUNTY, COUNTY_OF
from sim.transitions import arrivals_kernel as kernel
from sim.transitions.sources import remembered, rows

DONORS = "arrivals_donors.parquet"
STREAMS = (
    ("work", "none"), ("refuge", "none"), ("family", "refuge"), ("family", "work"),
    ("family", "other"), ("family", "non_immigrant"), ("family", "unknown"),
    ("education", "none"), ("nordic", "none"), ("unknown", "none"),
)  # fmt: skip
STREAM_REASON = np.array([REASON.index(reason) for reason, _ in STREAMS])
STREAM_SPONSOR = np.array([SPONSOR_REASON.index(sponsor) for _, sponsor in STREAMS])
# Assumed: those whose reason is not registered are like labour immigrants.
LIKE = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 0])
JOINS = ("nobody", "partner", "parent", "norwegian")  # resident already; 'norwegian': no person
NOBODY, PARTNER, PARENT, NORWEGIAN = range(len(JOINS))
FIRST, LAST_PUBLISHED, LAST = 2004, 2023, 2100
USUAL = slice(2015 - FIRST, 2020 - FIRST)  # the five years before the pandemic and Ukraine's war
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@remembered
def published_numbers() -> Floats:
    """Return first-time immigrations 2004-2023 by year and stream."""
    read = _by_stream("arrivals_numbers.csv", lambda row: np.array([float(row["persons"])]))
    return _locked(read[..., 0])


def expected_numbers(*, declining: bool) -> Floats:
    """Return arrivals by year (2004-2100) and stream.

    After the published years as many as in the mean year of 2015-2019; or, if declining, that
    mean times the official projection's immigrations relative to 2019.
    """
    known = published_numbers()
    years = np.arange(LAST_PUBLISHED + 1, LAST + 1)
    factor = np.ones(years.size)
    if declining:
        table = rows("arrivals_forward.csv")
        level = np.array([float(row["immigrations"]) for row in table])
        factor = np.interp(years, [int(row["year"]) for row in table], level / level[0])
    return np.concatenate([known, factor[:, None] * known[USUAL].mean(axis=0)])


@remembered
def origin_mix() -> Floats:
    """Return shares by year (2004-2024), stream and origin; the last year stands for all later.

    2024: the mean of the usual years.
    """
    shares = _by_stream(
        "arrivals_mix.csv", lambda row: np.array([float(row[name]) for name in ORIGIN.names])
    )
    later = (shares[USUAL] * published_numbers()[USUAL, :, None]).sum(axis=0)
    shares = np.concatenate([shares, later[None]])
    return _locked(shares / shares.sum(axis=2, keepdims=True))


def _locked(table: Floats) -> Floats:
    table.flags.writeable = False
    return table


def _by_stream(table: str, read: Callable[[dict[str, str]], Floats]) -> Floats:
    years = LAST_PUBLISHED - FIRST + 1
    found: dict[tuple[int, int], Floats] = {}
    for row in rows(table):
        stream = STREAMS.index((row["reason"], row["sponsor_reason"]))
        found[int(row["year"]) - FIRST, stream] = read(row)
    assert len(found) == years * len(STREAMS)
    return np.array([[found[y, s] for s in range(len(STREAMS))] for y in range(years)])


@dataclass(frozen=True)
class Donors:
    """Families, or parts of families, who arrived together and for one reason.

    By unit: start, size: its members, the eldest first; stream, origin; joins (`JOINS`);
        others: members who are no persons; weight: how many such units it stands for;
        cell: county x centrality.
    By member: sex, age at the end of the year of arrival, education, status; mother, partner:
        which member of the unit, or -1.
    """

    start: Ints
    size: Ints
    stream: Ints
    origin: Ints
    joins: Ints
    others: Ints
    weight: Floats
    cell: Ints
    members: dict[str, Ints]

    @cached_property
    def packed(self) -> kernel.Donors:
        """Return the same as two small tables, in which a unit and a member are a row."""
        units = (self.start, self.size, self.origin, self.joins, self.others, self.cell)
        names = ("sex", "age", "education", "status", "mother", "partner")
        members = [self.members[name] for name in names]
        return kernel.Donors(np.stack(units, axis=1).astype(np.int32),
                             np.stack(members, axis=1).astype(np.int8))  # fmt: skip

    @cached_property
    def by_stream(self) -> list[tuple[Ints, Ints, Floats, Floats]]:
        """Return the units of each stream, their origins and weights, and persons by origin."""
        found: list[tuple[Ints, Ints, Floats, Floats]] = []
        for like in LIKE:
            units = np.flatnonzero(self.stream == like)
            origin, weight = self.origin[units], self.weight[units]
            persons = np.bincount(origin, weight * self.size[units], len(ORIGIN))
            found.append((units, origin, weight, persons.astype(np.float64)))
        return found

    def chances(self, stream: int, origin_shares: Floats) -> tuple[Ints, Floats]:
        """Return a stream's units and the probability that an arriving unit is like each.

        Such that persons, not units, come from the origins in these shares.
        """
        units, origin, weight, persons = self.by_stream[stream]
        per_person = np.divide(origin_shares, persons, out=np.zeros(len(ORIGIN)), where=persons > 0)
        chance = weight * per_person[origin]
        return units, np.asarray(chance / chance.sum())


@cache
def donors() -> Donors:
    """Return the donor units that come with the package."""
    with resources.as_file(resources.files("sim.transitions") / "data" / DONORS) as path:
        return donors_in(path)


def donors_in(path: Path) -> Donors:
    """Read donor units."""
    table = pq.ParquetFile(path).read()
    columns = {name: numbers(table[name])
               for name in ("unit", "weight", "others", "age", "mother", "partner")}  # fmt: skip
    lists = {"sex": SEX, "origin": ORIGIN, "education": EDUCATION, "status": STATUS,
             "county": COUNTY, "centrality": CENTRALITY}  # fmt: skip
    coded = {name: _codes(table[name], of.index) for name, of in lists.items()}
    start = np.flatnonzero(np.diff(columns["unit"], prepend=-1))
    size = np.diff(np.append(start, columns["unit"].size))
    names = list(map("/".join, STREAMS))
    by_stream = {name: i for i, name in enumerate(names)}
    stream = _codes(table["stream"], by_stream.__getitem__)[start]
    joins = _codes(table["joins"], JOINS.index)[start]
    members = {name: coded[name] for name in ("sex", "education", "status")}
    members |= {name: columns[name].astype(np.int64) for name in ("age", "mother", "partner")}
    return Donors(
        start, size, stream, coded["origin"][start], joins, columns["others"][start].astype(int),
        columns["weight"][start].astype(np.float64),
        coded["county"][start] * len(CENTRALITY) + coded["centrality"][start], members,
    )  # fmt: skip


def _codes(column: Any, code_of: Callable[[str], int]) -> Ints:
    where, names = words(column)
    return np.asarray([code_of(name) for name in names], dtype=np.int64)[where.astype(np.int64)]


@cache
def places() -> tuple[Ints, Ints]:
    """Return municipalities ordered by cell (county x centrality), and where each cell begins."""
    cell = COUNTY_OF.astype(np.int64) * len(CENTRALITY) + CENTRALITY_OF
    order = np.argsort(cell, kind="stable")
    begins = np.searchsorted(cell[order], np.arange(len(COUNTY) * len(CENTRALITY) + 1))
    return order, begins
