"""What is found in an extract: each kind of problem once, with its count and its first rows."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.extract_columns import FIELDS, Field
from calibration.extract_source import Source
from calibration.extract_words import EMPTY, WRONG, Reading
from sim.problems import Problem, shown, suggest

ERROR, WARNING, LEFT_OUT = "error", "warning", "left out"
MOST_KINDS = 20  # words of a column told apart; the rest is counted together
Mask = NDArray[np.bool_]


@dataclass
class Finding:
    """One kind of problem: rows counts those concerned, 0 if it concerns the whole file."""

    level: str
    column: str
    found: str
    allowed: str = ""
    cure: str = ""
    count: int = 0
    rows: list[int] = field(default_factory=list)

    def problem(self) -> Problem:
        """Return it as every other message speaks."""
        if not self.count:
            return Problem(self.column, self.found, self.allowed, self.cure)
        first = ", ".join(str(row) for row in self.rows)
        told = f"{self.count:,} rows {self.found}" if self.count > 1 else f"1 row {one(self.found)}"
        said = f"{told} (first: {first})" if self.count > 1 else f"{told} ({first})"
        return Problem(self.column, said, self.allowed, self.cure)


class Findings:
    """All findings of an extract, in the order in which they were first made."""

    def __init__(self, examples: int = 3) -> None:
        self.examples = examples
        self._found: dict[tuple[str, str, str], Finding] = {}
        self._kinds: Counter[str] = Counter()  # by column

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._found.values())

    def of(self, level: str) -> list[Finding]:
        """Return the findings of one level, column by column, the largest of each first."""
        some = [finding for finding in self if finding.level == level]
        order = {name: position for position, name in enumerate(FIELDS)}
        return sorted(some, key=lambda f: (order.get(f.column, -1), -f.count, f.found))

    def add(self, finding: Finding) -> None:
        """Add one that concerns the whole file."""
        self._found.setdefault((finding.level, finding.column, finding.found), finding)

    def count(self, finding: Finding, rows: Iterable[int], n: int) -> None:
        """Add n rows, the first of which are given, to a kind of finding."""
        key = finding.level, finding.column, finding.found
        if key not in self._found:
            self._kinds[finding.column] += 1
        known = self._found.setdefault(key, finding)
        known.count += n
        known.rows += [int(row) for row in rows][: self.examples - len(known.rows)]

    def full(self, column: str, found: str) -> bool:
        """Say whether a column has so many kinds that this one need not be told apart."""
        return self._kinds[column] >= MOST_KINDS and (ERROR, column, found) not in self._found


@dataclass
class Judge:
    """Judges the rows of one batch: which are wrong, which are left out, and why.

    drops: (row within the batch, column, reason), for the list of dropped rows.
    """

    findings: Findings
    source: Source
    start: int
    size: int
    drops: list[tuple[int, str, str]] | None = None

    def __post_init__(self) -> None:
        self.bad = np.zeros(self.size, dtype=np.bool_)
        self.outside = np.zeros(self.size, dtype=np.bool_)

    @property
    def inside(self) -> Mask:
        """Rows that the models describe."""
        return ~self.outside

    def say(self, which: Mask, finding: Finding) -> None:
        """Say something of some rows: errors and rows left out are dropped."""
        positions = np.flatnonzero(which)
        if not positions.size:
            return
        few = positions[: self.findings.examples]
        self.findings.count(finding, self.source.rows(few + self.start), positions.size)
        if finding.level == WARNING:
            return
        target = self.bad if finding.level == ERROR else self.outside
        target[positions] = True
        if self.drops is not None:
            reason = one(finding.found)
            self.drops += [(int(i), finding.column, reason) for i in positions]

    def words(self, declared: Field, reading: Reading, whom: Mask) -> None:
        """Say which words of a column are not allowed and where nothing stands."""
        name = declared.name
        wrong = (reading.numbers == WRONG) & whom
        others = []
        for number in np.unique(reading.index[wrong]).tolist():
            word = reading.words[number] or ""
            found = f"hold {shown(word)}"
            if self.findings.full(name, found):
                others.append(number)
                continue
            here = wrong & (reading.index == number)
            self.say(here, Finding(ERROR, name, found, declared.allowed, _cure(declared, word)))
        if others:
            found = "hold other unknown values"
            here = wrong & np.isin(reading.index, others)
            self.say(here, Finding(ERROR, name, found, declared.allowed, "Is it the right column?"))
        empty = (reading.numbers == EMPTY) & whom
        if empty.any() and declared.kind != "nus":
            cure = f"Fill it in, or say what it means: 'empty: {{{name}: ...}}' in the mapping."
            self.say(empty, Finding(ERROR, name, "are empty", declared.allowed, cure))

    def weights(self, values: NDArray[np.float64]) -> None:
        """Say which weights are none."""
        nothing, allowed = "no weight, or no number", "numbers above 0"
        kinds = {
            f"hold {nothing}": np.isnan(values),
            "hold 0": values == 0,
            "are negative": values < 0,
            "are infinite": values == math.inf,
        }
        for found, which in kinds.items():
            self.say(which & self.inside, Finding(ERROR, "weight", found, allowed))


def one(found: str) -> str:
    """Say of one row what was said of many: 'hold 9' becomes 'holds 9'."""
    verb, _, rest = found.partition(" ")
    one = {"are": "is", "were": "was", "imply": "implies"}.get(verb, f"{verb}s")
    return f"{one} {rest}"


def _cure(declared: Field, word: str) -> str:
    cure = suggest(word, declared.codes, dict(declared.labels))
    if not cure and declared.kind in {"code", "flag"}:
        return f"If it is a code of yours: 'codes: {{{declared.name}: {{{word[:20]}: ...}}}}'."
    return cure


def as_record(finding: Finding) -> dict[str, Any]:
    """Return a finding ready for JSON."""
    return {
        "level": finding.level, "column": finding.column, "found": finding.found,
        "allowed": finding.allowed, "cure": finding.cure, "rows": finding.count,
        "first": finding.rows,
    }  # fmt: skip
