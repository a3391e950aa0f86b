"""Margins of a user's own for the fit: a CSV file with one row for each number of persons.

    margin,sex,age,reason,persons
    women by reason,female,15-74,work,36500
    women by reason,female,15-74,refuge,41200

Any column of `DIMENSIONS` may be there; an empty field means everybody. `margin` names a
group of rows; a group with the name of a built-in margin takes that one's place. Persons
are resident immigrants on 1 January of the year that is fitted.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from calibration import margins as m
from calibration.equations import Block
from calibration.pool import Pool
from calibration.raking import Floats, Ints
from sim.codes import (
    CENTRALITY,
    COUNTRY_GROUP,
    EDUCATION,
    ORIGIN,
    ORIGIN_COUNTRY_GROUP,
    REASON,
    SEX,
    STATUS,
)
from sim.problems import InputError, Problem, refuse, shown, suggest

Mask = NDArray[np.bool_]
MOST_ROWS, MOST_BYTES = 2_000, 2**20
CLOSE = 0.002  # a number of persons is believed to this share of itself ...
FEW = 10.0  # ... or to so many persons
MISSED = 3.0  # tolerances off the mark: the number cannot be had
PULLING = 0.05  # of its own pull: another figure that pulls so hard is named


@dataclass(frozen=True)
class Dimension:
    """A column that a file may have: the values it may take and where they are in the pool."""

    values: Callable[[Pool], Ints]
    names: tuple[str, ...] = ()  # of codes; none: whole numbers and ranges such as 30-54, 67+


DIMENSIONS: Mapping[str, Dimension] = {
    "sex": Dimension(lambda pool: pool["sex"], SEX.names),
    "age": Dimension(lambda pool: pool["age"]),
    "centrality": Dimension(lambda pool: pool.person_level, CENTRALITY.names),
    "reason": Dimension(lambda pool: m.REASON_OF_GROUP[pool["group"]], REASON.names),
    "official_reason": Dimension(lambda pool: m.OFFICIAL_OF_GROUP[pool["group"]], m.OFFICIAL),
    "origin": Dimension(lambda pool: pool["origin"], ORIGIN.names),
    "country_group": Dimension(
        lambda pool: np.array(ORIGIN_COUNTRY_GROUP)[pool["origin"]], COUNTRY_GROUP.names
    ),
    "duration": Dimension(lambda pool: pool["duration"]),
    "education": Dimension(lambda pool: pool["education"], EDUCATION.names),
    "status": Dimension(lambda pool: pool["status"], STATUS.names),
    "family_total": Dimension(lambda pool: pool["family_total"]),
    "family_immigrants": Dimension(lambda pool: pool["family_immigrants"]),
}
OTHERS = ("margin", "persons", "source")


@dataclass(frozen=True)
class OwnRow:
    """One number of persons that a user asks for; line: of the file; label: what it says."""

    line: int
    margin: str
    label: str
    persons: float
    source: str
    whom: Mask


def own_blocks(path: str | Path, pool: Pool, everybody: float) -> tuple[Block, ...]:
    """Return the margins of a file as equations; raise InputError with all that is wrong.

    everybody: how many resident immigrants there are.
    """
    found = list(_read(Path(path), pool))
    refuse(str(path), _impossible(found, everybody))
    ordered = sorted(found, key=lambda row: row.margin)
    return tuple(
        _block(name, list(rows), pool) for name, rows in groupby(ordered, lambda r: r.margin)
    )


def _block(name: str, rows: Sequence[OwnRow], pool: Pool) -> Block:
    matrix = _matrix([row.whom for row in rows], pool)
    persons = np.array([row.persons for row in rows])
    tolerance = np.maximum(CLOSE * persons, FEW)
    sources = ", ".join(dict.fromkeys(row.source for row in rows if row.source))
    cells = tuple(f"line {row.line} ({row.label})" for row in rows)
    return Block(name, cells, matrix, persons, tolerance, sources or "the user")


def _matrix(masks: Sequence[Mask], pool: Pool) -> sparse.csr_matrix:
    cell, person = np.nonzero(np.array(masks))
    shape = (len(masks), pool.level.size)
    return sparse.csr_matrix((np.ones(cell.size), (cell, pool["family"][person])), shape=shape)


def _read(path: Path, pool: Pool) -> Iterator[OwnRow]:
    records = _records(path)
    header = [name.strip() for name in records[0][1]]
    refuse(str(path), _header_problems(header))
    columns = {name: DIMENSIONS[name].values(pool) for name in header if name in DIMENSIONS}
    problems: list[Problem] = []
    rows = []
    for line, fields in records[1:]:
        if len(fields) != len(header):
            found = f"has {len(fields)} fields"
            problems.append(Problem(f"line {line}", found, f"{len(header)}, as the header"))
            continue
        record = dict(zip(header, (field.strip() for field in fields), strict=True))
        rows.append(_row(line, record, columns, problems))
    if len(records) == 1:
        problems.append(Problem("file", "has a header only", "one number of persons or more"))
    refuse(str(path), problems)
    yield from rows


def _records(path: Path) -> list[tuple[int, list[str]]]:
    """Return the lines that are not empty, with their numbers."""
    source = str(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(source, [Problem("file", "is too large", f"{MOST_BYTES:,} bytes")])
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(source, [Problem("file", "does not exist", "a CSV file")]) from None
    except (OSError, UnicodeError) as error:
        found = f"cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8'})"
        raise InputError(source, [Problem("file", found, "a CSV file in UTF-8")]) from None
    try:
        reader = csv.reader(text.splitlines(), strict=True)
        lines = [(reader.line_num, fields) for fields in reader if any(fields)]
    except csv.Error as error:
        raise InputError(source, [Problem("file", f"is no CSV ({error})", "CSV")]) from None
    if not lines:
        raise InputError(source, [Problem("file", "is empty", "a header and rows")])
    if len(lines) > MOST_ROWS + 1:
        raise InputError(source, [Problem("file", f"has {len(lines) - 1:,} rows",
                                          f"at most {MOST_ROWS:,}")])  # fmt: skip
    return lines


def _header_problems(header: Sequence[str]) -> Iterator[Problem]:
    known = (*OTHERS, *DIMENSIONS)
    for name in dict.fromkeys(header):
        if header.count(name) > 1:
            yield Problem(f"column {name!r}", "stands twice", "once")
        if name in ("county", "municipality"):
            cure = "Leave it out: places follow the published stock."
            yield Problem(f"column {name!r}", "cannot be fitted", ", ".join(known), cure)
        elif name not in known:
            cure = suggest(name, known)
            yield Problem(f"column {shown(name)}", "is unknown", ", ".join(known), cure)
    if "persons" not in header:
        yield Problem("column 'persons'", "is missing", "a number of persons in every row")


def _row(
    line: int, record: Mapping[str, str], columns: Mapping[str, Ints], problems: list[Problem]
) -> OwnRow:
    size = next(iter(columns.values())).size if columns else 0
    whom = np.ones(size, dtype=np.bool_)
    said = []
    for name, values in columns.items():
        if record[name]:
            said.append(f"{name} {record[name]}")
            whom &= _matching(f"line {line}, {name}", record[name], DIMENSIONS[name], values,
                              problems)  # fmt: skip
    persons = _persons(line, record["persons"], problems)
    label = ", ".join(said) or "everybody"
    margin = record.get("margin") or "own"
    return OwnRow(line, margin, label, persons, record.get("source", ""), whom)


def _persons(line: int, word: str, problems: list[Problem]) -> float:
    try:
        persons = float(word)
    except ValueError:
        persons = -1.0
    if not 0 <= persons < 1e9:
        problems.append(
            Problem(f"line {line}, persons", f"is {shown(word)}", "a number, 0 or more")
        )
    return persons


def _matching(
    where: str, word: str, dimension: Dimension, values: Ints, problems: list[Problem]
) -> Mask:
    if dimension.names:
        if word in dimension.names:
            return np.asarray(values == dimension.names.index(word))
        cure = suggest(word, dimension.names)
        problems.append(Problem(where, f"is {shown(word)}", ", ".join(dimension.names), cure))
        return np.ones(values.size, dtype=np.bool_)
    first, dash, last = word.rstrip("+").partition("-")
    if first.isdecimal() and (last.isdecimal() or not dash) and len(word) < 10:
        end = int(last) if dash else (10**6 if word.endswith("+") else int(first))
        if int(first) <= end:
            return np.asarray((values >= int(first)) & (values <= end))
    problems.append(Problem(where, f"is {shown(word)}", "a number or a range: 15, 30-54 or 67+"))
    return np.ones(values.size, dtype=np.bool_)


def _impossible(rows: Sequence[OwnRow], everybody: float) -> Iterator[Problem]:
    """Yield what no population can hold, and rows that contradict each other."""
    for row in rows:
        where = f"line {row.line} ({row.label})"
        if row.persons > 0 and not row.whom.any():
            cure = "No candidate is like that; is the combination possible?"
            yield Problem(where, f"asks for {row.persons:,.0f} persons", "0", cure)
        elif row.persons > everybody * (1 + CLOSE):
            over = f"{row.persons - everybody:,.0f} more than there are immigrants"
            yield Problem(
                where, f"asks for {row.persons:,.0f} persons", f"{over} ({everybody:,.0f})"
            )
    yield from _nested(rows)
    yield from _partitions(rows, everybody)


def _nested(rows: Sequence[OwnRow]) -> Iterator[Problem]:
    """Yield rows that ask for more persons than a row that holds them all, and repeats."""
    masks = sparse.csr_matrix(np.array([row.whom for row in rows]), dtype=np.float64)
    common = (masks @ masks.T).toarray()
    size = common.diagonal()
    for i, j in np.argwhere((common == size[:, None]) & (size > 0)[:, None]):
        inner, outer = rows[i], rows[j]
        over = inner.persons - outer.persons
        if i == j or over <= 2 * max(CLOSE * outer.persons, FEW):
            continue
        where = f"line {inner.line} ({inner.label})"
        same = size[i] == size[j]
        found = f"asks for {inner.persons:,.0f} persons"
        kind = "the same persons are" if same else "the group that holds them is"
        allowed = f"{kind} {outer.persons:,.0f} in line {outer.line} ({outer.label})"
        yield Problem(where, found, allowed, f"They contradict each other by {over:,.0f} persons.")


def _partitions(rows: Sequence[OwnRow], everybody: float) -> Iterator[Problem]:
    """Yield margins whose rows divide everybody but do not add up to everybody."""
    for name in dict.fromkeys(row.margin for row in rows):
        some = [row for row in rows if row.margin == name]
        if not np.all(np.sum([row.whom for row in some], axis=0) == 1):
            continue
        total = sum(row.persons for row in some)
        if abs(total - everybody) > 2 * CLOSE * everybody:
            found = f"adds up to {total:,.0f} persons"
            cure = f"They contradict each other by {abs(total - everybody):,.0f} persons."
            yield Problem(f"margin {name!r}", found, f"{everybody:,.0f}, the stock", cure)


def contradictions(
    own: Sequence[Block], published: Sequence[Block], number: Floats
) -> Iterator[Problem]:
    """Yield the user's figures that a fit could not reach, with what pulls against them."""
    for block in own:
        residuals, found = block.residuals(number), block.found(number)
        for i in np.flatnonzero(np.abs(residuals) > MISSED):
            against = _against(block, int(i), [*own, *published], number)
            gap = abs(found[i] - block.target[i])
            yield Problem(
                block.cells[i],
                f"asks for {block.target[i]:,.0f} persons, {gap:,.0f} off what can be had with the "
                "other figures",
                f"about {found[i]:,.0f}",
                f"Against it: {against}." if against else "",
            )


def _against(block: Block, row: int, every: Sequence[Block], number: Floats) -> str:
    """Name the figures that pull the same families hardest the other way."""
    here = block.matrix[[row]]
    own = block.residuals(number)[row] / block.tolerance[row]
    pulled: list[tuple[float, str]] = []
    for other in every:
        shared = (other.matrix @ here.T).toarray().ravel() > 0
        pull = -other.residuals(number) / other.tolerance / own
        hard = np.flatnonzero(shared & (pull > PULLING))
        pulled.extend((pull[i], f"{other.name}: {other.cells[i]}") for i in hard)
    return "; ".join(name for _, name in sorted(pulled, reverse=True)[:3])
