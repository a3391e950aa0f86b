"""The register doctor: an extract of persons read, judged whole and, if asked, cleaned.

`read_extract` is what an estimation needs; `examine` is what `vandring check` tells. Both
read the file in batches: once for identifiers, once to count families, once for the rows.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from calibration.extract_columns import CODES, FIELDS, OUTCOMES, WAYS
from calibration.extract_findings import ERROR, LEFT_OUT, WARNING, Finding, Findings, Judge
from calibration.extract_keys import Families, Growing, Repeats, distinct, repeated
from calibration.extract_mapping import ExtractMapping, as_mapping
from calibration.extract_people import (
    People,
    derive,
    judge_rows,
    read_people,
    sizes_said,
    traits,
)  # fmt: skip
from calibration.extract_plan import Plan, plan_of
from calibration.extract_source import FILE, Source, open_source
from calibration.extract_words import Translator, identifiers, weights
from sim.problems import InputError, Problem

FEW_EVENTS = 10
KEYED = ("person", "family")
HIGH = (*KEYED, "weight")  # about as many values as rows
DTYPES = {"person": "i8", "family": "i8", "weight": "f8"}


@dataclass(frozen=True, eq=False)
class Extract:
    """Persons for an estimation, checked: characteristics of year t - 1, outcome in year t.

    columns: arrays of equal length by name: sex, age, duration (years), education, status,
        reason, family_total, family_immigrants, centrality (0 is level 1, least central),
        outcome (0 stay, 1 domestic, 2 emigrate, 3 death), as stored numbers; and, only if
        the file has them, weight, family (any 64-bit numbers), county, county_outcome
        (a move leaves the county), origin, synthetic.
    year: t, if the file or the mapping says it.
    dropped: rows left out because the models do not describe them, by kind.
    """

    columns: dict[str, NDArray[Any]]
    n: int
    source: str
    year: int | None
    dropped: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    synthetic: bool

    @property
    def weight(self) -> NDArray[np.float64] | None:
        """How many persons each row stands for, if the file says it."""
        return self.columns.get("weight")

    @property
    def family(self) -> NDArray[np.int64] | None:
        """Family numbers, if the file has them."""
        return self.columns.get("family")

    @property
    def county_outcome(self) -> NDArray[np.uint8] | None:
        """Outcomes with moves out of the county, if the file has them or their places."""
        return self.columns.get("county_outcome")

    @property
    def county(self) -> NDArray[np.uint8] | None:
        """Stored numbers of COUNTY, if the file has counties or municipalities."""
        return self.columns.get("county")


@dataclass
class Examination:
    """What has been found in an extract.

    kept: rows that are right; columns: their stored numbers seen, by column.
    recoded: (column, word of the file, our code) and rows; derived: (column, from) and rows.
    """

    source: Source
    plan: Plan
    findings: Findings
    rows: int = 0
    kept: int = 0
    whole: dict[str, bool] = field(default_factory=dict)
    recoded: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    derived: Counter[tuple[str, str]] = field(default_factory=Counter)
    seen: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    @property
    def errors(self) -> list[Finding]:
        """What must be mended."""
        return self.findings.of(ERROR)

    @property
    def synthetic(self) -> bool:
        """Say whether all rows kept are marked as made up."""
        seen = self.seen.get("synthetic")
        return seen is not None and self.kept > 0 and int(seen[1]) == self.kept


@dataclass(frozen=True)
class Part:
    """What is right of one batch: stored numbers of kept rows, identifiers as they were."""

    columns: dict[str, NDArray[Any]]
    identifiers: dict[str, pa.Array]
    drops: Sequence[tuple[int, str, str]]  # (row number, column, reason)
    size: int


Mapped = ExtractMapping | dict[str, Any] | None


def read_extract(path: str | Path, mapping: Mapped = None) -> Extract:
    """Return the persons of an extract, or raise InputError with all that is wrong with it.

    mapping: the parsed content of a mapping file, or what `as_mapping` made of it.
    """
    parts: dict[str, list[NDArray[Any]]] = {}

    def keep(part: Part) -> None:
        for name, values in part.columns.items():
            parts.setdefault(name, []).append(values)

    found = examine(path, mapping, keep=keep)
    if found.errors:
        raise InputError(str(path), [finding.problem() for finding in found.errors])
    columns = {name: np.concatenate(parts.pop(name)) for name in list(parts) if name != "person"}
    year, said = found.plan.year, found.findings.of
    dropped, warnings = tuple(said(LEFT_OUT)), tuple(said(WARNING))
    return Extract(columns, found.kept, str(path), year, dropped, warnings, found.synthetic)


def examine(
    path: str | Path,
    mapping: Mapped = None,
    *,
    examples: int = 3,
    keep: Callable[[Part], None] | None = None,
    begin: Callable[[Examination], None] | None = None,
) -> Examination:
    """Read an extract to its end and return all that is found in it.

    keep: is given the right rows of each batch, if every column that is needed can be made.
    begin: is called before, with what is known of the columns.
    """
    try:
        return _examine(path, mapping, examples, keep, begin)
    except pa.ArrowException as error:
        wrong = f"holds values that cannot be read ({str(error).splitlines()[0]})"
        cure = "Write columns of text or of numbers."
        raise InputError(str(path), [Problem("file", wrong, FILE, cure)]) from None


def _examine(
    path: str | Path,
    mapping: Mapped,
    examples: int,
    keep: Callable[[Part], None] | None,
    begin: Callable[[Examination], None] | None,
) -> Examination:
    chosen = mapping if isinstance(mapping, ExtractMapping) else as_mapping(mapping)
    source = open_source(path)
    found = Examination(source, plan_of(source.names, source.meta, chosen), Findings(examples))
    for finding in found.plan.findings:
        found.findings.add(finding)
    repeats, families = _keys(found, chosen)
    if families is not None:
        _tally(found, chosen, families)
    if begin is not None and found.plan.whole:
        begin(found)
    _rows(found, chosen, repeats, families, keep if found.plan.whole else None)
    _judge_file(found)
    return found


def _batches(found: Examination, names: Sequence[str]) -> Iterator[tuple[int, dict[str, pa.Array]]]:
    """Yield batches of some columns of ours, under the names of the file."""
    columns = found.plan.columns
    plain = [columns[name] for name in HIGH if name in columns]
    yield from found.source.batches([columns[name] for name in names if name in columns], plain)


def _keys(found: Examination, mapping: ExtractMapping) -> tuple[Repeats | None, Families | None]:
    """Read the identifiers: which persons stand twice, which families there are."""
    names = [name for name in KEYED if name in found.plan.columns]
    grown = {name: Growing() for name in names}
    found.whole = dict.fromkeys(names, True)
    for _, columns in _batches(found, names) if names else ():
        for name in names:
            keys, empty, whole = identifiers(columns[found.plan.columns[name]], mapping)
            found.whole[name] &= whole
            grown[name].add(keys[~empty])
    repeats = Repeats(repeated(grown["person"].sorted())) if "person" in grown else None
    families = Families(distinct(grown["family"].sorted())) if "family" in grown else None
    return repeats, families


def _tally(found: Examination, mapping: ExtractMapping, families: Families) -> None:
    """Count the families, and see whether their members agree about their size."""
    wanted = ("immigrant", "family_total", "family_immigrants")
    names = [name for name in wanted if name in found.plan.columns]
    translators = {name: Translator(FIELDS[name], mapping) for name in names}
    for start, columns in _batches(found, ["family", *names]):
        keys, empty, _ = identifiers(columns[found.plan.columns["family"]], mapping)
        judge = Judge(found.findings, found.source, start, keys.size)
        people = read_people(found.plan, translators, columns, judge)
        said = {name: values[~empty] for name, values in sizes_said(people).items()}
        families.tally(families.find(keys[~empty]), people.immigrant()[~empty], said)


def _rows(
    found: Examination,
    mapping: ExtractMapping,
    repeats: Repeats | None,
    families: Families | None,
    keep: Callable[[Part], None] | None,
) -> None:
    """Judge all rows and hand on the right ones."""
    names = list(found.plan.columns)
    translators = {n: Translator(FIELDS[n], mapping) for n in names if n not in HIGH}
    for start, columns in _batches(found, names) if names else ():
        size = len(next(iter(columns.values())))
        drops: list[tuple[int, str, str]] | None = None if keep is None else []
        judge = Judge(found.findings, found.source, start, size, drops)
        people = read_people(found.plan, translators, columns, judge)
        own = {name: columns[found.plan.columns[name]] for name in HIGH if name in names}
        high = _judge_batch(people, own, mapping, repeats, families)
        part = _part(people, high, own)
        found.rows += size
        _count(found, people, part, translators)
        if keep is not None:
            keep(part)
    for name, translator in translators.items():
        for (word, ours), n in translator.recoded.items():
            found.recoded[name, word, ours] += n


def _judge_batch(
    people: People,
    own: dict[str, pa.Array],
    mapping: ExtractMapping,
    repeats: Repeats | None,
    families: Families | None,
) -> dict[str, NDArray[Any]]:
    """Judge one batch; return its identifiers and weights as numbers."""
    judge = people.judge
    keyed = {name: identifiers(own[name], mapping) for name in KEYED if name in own}
    high: dict[str, NDArray[Any]] = {name: keys for name, (keys, _, _) in keyed.items()}
    at = families.find(high["family"]) if families is not None else None
    derive(people, families, at)
    judge_rows(people)
    for name, (_, empty, _) in keyed.items():
        cure = "Give everybody one, or leave the column out."
        finding = Finding(ERROR, name, "are empty", FIELDS[name].allowed, cure)
        judge.say(empty & judge.inside, finding)
    if repeats is not None:
        repeats.judge(judge, high["person"], ~keyed["person"][1], traits(people))
    if families is not None and at is not None:
        families.judge(judge, at, ~keyed["family"][1], sizes_said(people))
    if "weight" in own:
        high["weight"] = weights(own["weight"], mapping)
        judge.weights(high["weight"])
    return high


def _part(people: People, high: dict[str, NDArray[Any]], own: dict[str, pa.Array]) -> Part:
    judge = people.judge
    right = ~judge.bad & judge.inside
    made = dict(people.made)
    if "synthetic" in people.readings:
        made["synthetic"] = people.numbers("synthetic")
    assert all((values[right] >= 0).all() for values in made.values())
    columns: dict[str, NDArray[Any]] = {
        name: values[right].astype(np.uint8) for name, values in made.items()
    }
    columns |= {name: values[right].astype(DTYPES[name]) for name, values in high.items()}
    mask = pa.array(right)
    kept = {name: own[name].filter(mask) for name in KEYED if name in own}
    drops = sorted(judge.drops or [], key=lambda drop: drop[0])
    rows = judge.source.rows(np.array([row for row, _, _ in drops], dtype=np.int64) + judge.start)
    told = [(int(row), *drop[1:]) for row, drop in zip(rows, drops, strict=True)]
    return Part(columns, kept, told, int(np.count_nonzero(right)))


def _count(
    found: Examination, people: People, part: Part, translators: dict[str, Translator]
) -> None:
    """Count what was kept, recoded and derived, and which values there are."""
    right = ~people.judge.bad & people.judge.inside
    found.kept += part.size
    for name, translator in translators.items():
        translator.count(people.readings[name], right)
    for target, way in found.plan.ways.items():
        if found.plan.derived(target):
            found.derived[target, ", ".join(way)] += part.size
    for name in (*WAYS, "synthetic"):
        if name in part.columns:
            counts = np.bincount(part.columns[name], minlength=256)
            found.seen[name] = found.seen.get(name, 0) + counts


def _judge_file(found: Examination) -> None:
    """Say what concerns the whole file: nobody, constant columns, too few events."""
    add, source = found.findings.add, found.source
    if source.ragged:
        lines = [row for row in sorted(source.ragged) if row][: found.findings.examples]
        said = ", ".join(f"{line} ({source.ragged[line]})" for line in lines)
        many = "line has" if len(source.ragged) == 1 else "lines have"
        wrong = f"{len(source.ragged):,} {many} a wrong number of fields; lines (fields): {said}"
        cure = "Is a comma in a text without quotes?"
        add(Finding(ERROR, "file", wrong, f"{len(source.names)} fields, as the header", cure))
    if not found.kept:
        if found.plan.columns and (not found.rows or found.plan.whole):
            add(Finding(ERROR, "file", "no row is right" if found.rows else "has no rows"))
        return
    for name, counts in found.seen.items():
        values = np.flatnonzero(counts)
        if values.size == 1 and name in WAYS and name != "outcome":
            word = CODES[name][values[0]] if name in CODES else str(values[0])
            cure = "A model cannot tell its effect."
            add(Finding(WARNING, name, f"is {word} in every row", "several values", cure))
    for number, name in enumerate(OUTCOMES[:3]):
        if "outcome" in found.seen and (events := int(found.seen["outcome"][number])) < FEW_EVENTS:
            level = WARNING if events else ERROR
            wrong = f"{events} rows are {name!r}" if events != 1 else f"1 row is {name!r}"
            cure = "A model of fewer events is not worth its name." if events else ""
            add(Finding(level, "outcome", wrong, f"{FEW_EVENTS} or more", cure))
