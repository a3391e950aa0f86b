"""Margins of a user's own for the fit: a CSV file with one row for each number of persons.

    margin,sex,age,reason,persons
    women by reason,female,15-74,work,36500
    women by reason,female,15-74,refuge,41200

Any column of `DIMENSIONS` may be there; an empty field means everybody. `margin` names a
group of rows; a group with the name of a built-in margin takes that one's place. Persons
are resident immigrants on 1 January of the year that is fitted.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from calibration import margins as m
from calibration.equations import Block
from calibration.fit_table import Row
from calibration.pool import Pool
from calibration.raking import Floats, Ints
from sim.agents.population import Population
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
from sim.geography import CENTRALITY_OF
from sim.problems import Problem, refuse, shown, suggest
from sim.small_csv import lines_of

Masks = NDArray[np.bool_]
People = Mapping[str, Ints]  # columns of persons: candidates or resident immigrants
Span = tuple[int, int]  # first and last stored number
MOST_ROWS = 500
LONGEST = 200  # letters of the name of a margin or of a source
MOST_TOLD = 40  # of the figures that contradict each other
CLOSE = 0.002  # a number of persons is believed to this share of itself ...
FEW = 10.0  # ... or to so many persons
MISSED = 3.0  # tolerances off the mark: the number cannot be had
PULLING = 0.05  # of its own pull: another figure that pulls so hard is named
DRAWN = 0.01  # people who are drawn may be off by this share of a number ...
FEW_DRAWN = MISSED * FEW  # ... or by so many persons, at scale 1: what a fit may miss
NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
SPAN = re.compile(r"(\d{1,6})(?:(\+)|-(\d{1,6}))?", re.ASCII)
OLD = 10**6  # an end of ages and stays that nobody reaches


@dataclass(frozen=True)
class Dimension:
    """A column that a file may have: the values it may take, and those of persons."""

    values: Callable[[People], Ints]
    names: tuple[str, ...] = ()  # of codes; none: whole numbers and ranges such as 30-54, 67+


DIMENSIONS: Mapping[str, Dimension] = {
    "sex": Dimension(lambda people: people["sex"], SEX.names),
    "age": Dimension(lambda people: people["age"]),
    "centrality": Dimension(lambda people: people["level"], CENTRALITY.names),
    "reason": Dimension(lambda people: m.REASON_OF_GROUP[people["group"]], REASON.names),
    "official_reason": Dimension(lambda people: m.OFFICIAL_OF_GROUP[people["group"]], m.OFFICIAL),
    "origin": Dimension(lambda people: people["origin"], ORIGIN.names),
    "country_group": Dimension(
        lambda people: np.array(ORIGIN_COUNTRY_GROUP)[people["origin"]], COUNTRY_GROUP.names
    ),
    "duration": Dimension(lambda people: people["duration"]),
    "education": Dimension(lambda people: people["education"], EDUCATION.names),
    "status": Dimension(lambda people: people["status"], STATUS.names),
    "family_total": Dimension(lambda people: people["family_total"]),
    "family_immigrants": Dimension(lambda people: people["family_immigrants"]),
}
OTHERS = ("margin", "persons", "source")


@dataclass(frozen=True)
class OwnRow:
    """One number of persons that a user asks for.

    line: of the file; label: what it says; whom: the stored numbers that it asks of persons.
    """

    line: int
    margin: str
    label: str
    persons: float
    source: str
    whom: Mapping[str, Span]

    @property
    def cell(self) -> str:
        """What messages and tables call the row."""
        return f"line {self.line} ({self.label})"


def candidates(pool: Pool) -> People:
    """Return the columns of candidates that a row may ask about."""
    return {**pool.persons, "level": pool.person_level}


def residents(population: Population) -> People:
    """Return the same columns of the resident immigrants of a population."""
    some, last = np.flatnonzero(population.immigrants), population.year - 1
    same = ("sex", "origin", "education", "status", "family_total", "family_immigrants")
    people = {name: population[name][some].astype(np.int64) for name in same}
    people["age"] = last - population["birth_year"][some].astype(np.int64)
    people["duration"] = last - population["first_arrival_year"][some].astype(np.int64)
    people["level"] = CENTRALITY_OF[population["municipality"][some]].astype(np.int64)
    people["group"] = m.group_of(population["reason"][some], population["sponsor_reason"][some])
    return people


def who(rows: Sequence[OwnRow], people: People) -> Iterator[Masks]:
    """Yield for each row which persons it is about."""
    columns = {name: DIMENSIONS[name].values(people) for row in rows for name in row.whom}
    for row in rows:
        mask = np.ones(people["sex"].size, dtype=np.bool_)
        for name, (first, last) in row.whom.items():
            mask &= (columns[name] >= first) & (columns[name] <= last)
        yield mask


def own_blocks(path: str | Path, pool: Pool, everybody: float) -> tuple[Block, ...]:
    """Return the margins of a file as equations; raise InputError with all that is wrong.

    everybody: how many resident immigrants there are.
    """
    rows = sorted(read_margins(path), key=lambda row: row.margin)
    masks = np.array(list(who(rows, candidates(pool))))
    refuse(str(path), _few(list(_impossible(rows, masks, everybody))))
    mask = dict(zip((row.line for row in rows), masks, strict=True))
    return tuple(
        _block(name, some, [mask[row.line] for row in some], pool)
        for name, some in ((n, list(s)) for n, s in groupby(rows, lambda row: row.margin))
    )


def _block(name: str, rows: Sequence[OwnRow], masks: Sequence[Masks], pool: Pool) -> Block:
    families = pool.level.size
    counts = (np.bincount(pool["family"][mask], minlength=families) for mask in masks)
    matrix = sparse.vstack([sparse.csr_matrix(c.astype(np.float64)) for c in counts]).tocsr()
    persons = np.array([row.persons for row in rows])
    tolerance = np.maximum(CLOSE * persons, FEW)
    sources = ", ".join(dict.fromkeys(row.source for row in rows if row.source))
    return Block(
        name, tuple(row.cell for row in rows), matrix, persons, tolerance, sources or "the user"
    )


def beside(
    rows: Sequence[OwnRow], population: Population, scale: float, notes: Mapping[str, str]
) -> Iterator[Row]:
    """Yield each number that a user asked for beside the people's, brought to scale 1.

    It may be off by 1 percent or 30 persons; notes: more to say of a margin.
    """
    for row, mask in zip(rows, who(rows, residents(population)), strict=True):
        found = float(np.count_nonzero(mask) / scale)
        allowed = max(DRAWN * row.persons, FEW_DRAWN)
        note = "; ".join(word for word in (row.source, notes.get(row.margin, "")) if word)
        yield Row(f"yours: {row.margin}", row.cell, "persons", row.persons, row.persons, found,
                  allowed, note)  # fmt: skip


def read_margins(path: str | Path) -> tuple[OwnRow, ...]:
    """Read what a file asks for; raise InputError with all that is wrong with it."""
    source = str(path)
    records = lines_of(Path(path), MOST_ROWS)
    header = [name.strip() for name in records[0][1]]
    refuse(source, _header_problems(header))
    problems: list[Problem] = []
    rows = []
    for line, fields in records[1:]:
        if len(fields) != len(header):
            found, allowed = f"has {len(fields)} fields", f"{len(header)}, as the header"
            comma = "Is there a comma in a number? Write 150000 and 0.1."
            cure = comma if len(fields) > len(header) else ""
            problems.append(Problem(f"line {line}", found, allowed, cure))
            continue
        record = dict(zip(header, (field.strip() for field in fields), strict=True))
        rows.append(_row(line, record, problems))
    if len(records) == 1:
        problems.append(Problem("file", "has a header only", "one number of persons or more"))
    refuse(source, problems)
    return tuple(rows)


def _header_problems(header: Sequence[str]) -> Iterator[Problem]:
    known = (*OTHERS, *DIMENSIONS)
    for mark, name in ((";", "semicolons"), ("\t", "tabs")):
        if any(mark in word for word in header):
            cure = "Save it with commas between the columns and without commas in numbers."
            yield Problem("header", f"has {name} between the columns", "commas", cure)
            return
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


def _row(line: int, record: Mapping[str, str], problems: list[Problem]) -> OwnRow:
    asked = {name: word for name, word in record.items() if name in DIMENSIONS and word}
    whom = {
        name: _span(f"line {line}, {name}", word, DIMENSIONS[name].names, problems)
        for name, word in asked.items()
    }
    persons = _persons(f"line {line}, persons", record["persons"], problems)
    margin, source = record.get("margin") or "own", record.get("source", "")
    for name, word in (("margin", margin), ("source", source)):
        if len(word) > LONGEST or not word.isprintable():
            allowed = f"at most {LONGEST} letters, all of which can be printed"
            problems.append(Problem(f"line {line}, {name}", f"is {shown(word)}", allowed))
    label = ", ".join(f"{name} {word}" for name, word in asked.items()) or "everybody"
    return OwnRow(line, margin, label, persons, source, whom)


def _persons(where: str, word: str, problems: list[Problem]) -> float:
    persons = float(word) if NUMBER.fullmatch(word) else -1.0
    if not 0 <= persons < 1e9:
        cure = _as_number(word)
        problems.append(Problem(where, f"is {shown(word)}", "a number, 0 or more", cure))
    return persons


def _as_number(word: str) -> str:
    """Say how a number is written here that has spaces, signs of thousands or a comma."""
    plain = re.sub(r"[\s_'\u2019]", "", word)
    if re.fullmatch(r"[1-9]\d{0,2}(,\d{3})+(\.\d*)?", plain):
        plain = plain.replace(",", "")
    plain = plain.replace(",", ".")
    return f"Write {plain}." if plain != word and NUMBER.fullmatch(plain) else ""


def _span(where: str, word: str, names: Sequence[str], problems: list[Problem]) -> Span:
    """Return the stored numbers that a word means."""
    if names:
        if word in names:
            return names.index(word), names.index(word)
        problems.append(Problem(where, f"is {shown(word)}", ", ".join(names), suggest(word, names)))
        return 0, OLD
    if found := SPAN.fullmatch(word):
        first = int(found[1])
        end = OLD if found[2] else int(found[3] or first)
        if first <= end:
            return first, end
    plain = re.sub(r"\s*[-\u2010-\u2015\u2212]\s*", "-", word)
    cure = f"Write {plain}." if plain != word and SPAN.fullmatch(plain) else ""
    allowed = "a number or a range: 15, 30-54 or 67+"
    problems.append(Problem(where, f"is {shown(word)}", allowed, cure))
    return 0, OLD


def _few(problems: Sequence[Problem]) -> list[Problem]:
    more = len(problems) - MOST_TOLD
    rest = [Problem("file", f"has {more:,} more of such contradictions")] if more > 0 else []
    return [*problems[:MOST_TOLD], *rest]


def _impossible(rows: Sequence[OwnRow], masks: Masks, everybody: float) -> Iterator[Problem]:
    """Yield what no population can hold, and rows that contradict each other."""
    for row, mask in zip(rows, masks, strict=True):
        found = f"asks for {row.persons:,.0f} persons"
        if row.persons > 0 and not mask.any():
            cure = "No candidate is like that; is the combination possible?"
            yield Problem(row.cell, found, "0", cure)
        elif row.persons > everybody * (1 + CLOSE):
            over = f"{row.persons - everybody:,.0f} more than there are immigrants"
            yield Problem(row.cell, found, f"{over} ({everybody:,.0f})")
    yield from _nested(rows, masks)
    yield from _partitions(rows, masks, everybody)


def _nested(rows: Sequence[OwnRow], masks: Masks) -> Iterator[Problem]:
    """Yield rows that ask for more persons than a row that holds them all, and repeats."""
    size, outside = masks.sum(axis=1), ~np.packbits(masks, axis=1)
    asked = np.array([row.persons for row in rows])
    for inner, mask, n in zip(rows, masks, size, strict=True):
        more = inner.persons - asked > 2 * np.maximum(CLOSE * asked, FEW)
        larger = np.flatnonzero(more & (size >= n) & (n > 0))
        within = ~np.any(np.packbits(mask) & outside[larger], axis=1)
        for j in larger[within]:
            outer, over = rows[j], inner.persons - asked[j]
            kind = "the same persons are" if size[j] == n else "the group that holds them is"
            yield Problem(
                inner.cell,
                f"asks for {inner.persons:,.0f} persons",
                f"{kind} {outer.persons:,.0f} in {outer.cell}",
                f"They contradict each other by {over:,.0f} persons.",
            )


def _partitions(rows: Sequence[OwnRow], masks: Masks, everybody: float) -> Iterator[Problem]:
    """Yield margins whose rows divide everybody but do not add up to everybody."""
    for name in dict.fromkeys(row.margin for row in rows):
        some = [i for i, row in enumerate(rows) if row.margin == name]
        if not np.all(masks[some].sum(axis=0) == 1):
            continue
        total = sum(rows[i].persons for i in some)
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
                f"asks for {block.target[i]:,.0f} persons; the compromise reached with the other "
                f"figures is about {found[i]:,.0f}, {gap:,.0f} off",
                cure=f"Against it: {against}." if against else "",
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
