"""The nine columns that the logit asks of a person, read from a table and checked.

A table speaks codes ("employed", "refuge"); inside, `Covariates` holds stored numbers.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sim.agents.checks import rows
from sim.agents.columns import BY_NAME, OLDEST
from sim.arrow import pc
from sim.codes import CENTRALITY, DURATION_STARTS, EDUCATION, REASON, SEX, STATUS, CodeList
from sim.problems import InputError, Problem, refuse, suggest

if TYPE_CHECKING:
    import pandas as pd

Frame: TypeAlias = "pd.DataFrame | pa.Table | Covariates"

YOUNGEST = 15
SHOWN = 5  # unknown codes quoted a column
CHILDREN = "Children under 15 follow the adult they live with: leave them out."


@dataclass(frozen=True, eq=False)
class Covariates:
    """What the logit asks of persons, as stored numbers in arrays of equal length.

    duration is the number of the duration group, centrality is the level less one.
    """

    age: NDArray[np.int64]
    sex: NDArray[np.int64]
    duration: NDArray[np.int64]
    education: NDArray[np.int64]
    status: NDArray[np.int64]
    reason: NDArray[np.int64]
    family_total: NDArray[np.int64]
    family_immigrants: NDArray[np.int64]
    centrality: NDArray[np.int64]


@dataclass(frozen=True)
class _Count:
    """A column of whole numbers."""

    low: int
    high: int
    unit: str
    meaning: str

    @property
    def allowed(self) -> str:
        """The span in words."""
        return f"whole numbers, {self.low} to {self.high} {self.unit}"


_MEMBERS = BY_NAME["family_total"].high
COUNTS = {
    "age": _Count(YOUNGEST, OLDEST, "years", "age in years"),
    "duration": _Count(0, OLDEST, "years", "years since first immigration"),
    "family_total": _Count(1, _MEMBERS, "persons", "family members resident in Norway"),
    "family_immigrants": _Count(
        1, _MEMBERS, "persons", "family members who are immigrants, the person included"
    ),
}
CODED = {
    "sex": SEX,
    "education": EDUCATION,
    "status": STATUS,
    "reason": REASON,
    "centrality": CENTRALITY,
}
COLUMNS = (
    "age",
    "sex",
    "duration",
    "education",
    "status",
    "reason",
    "family_total",
    "family_immigrants",
    "centrality",
)

FAMILY = ("family_total", "family_immigrants")


def read_covariates(frame: Frame, source: str = "frame") -> Covariates:
    """Read the nine columns of a pandas frame or an Arrow table; others are left alone.

    Whatever is wrong is raised at once, as one `InputError`.
    """
    if isinstance(frame, Covariates):
        return frame
    present = _names(frame, source)
    problems: list[Problem] = []
    columns: dict[str, NDArray[np.int64]] = {}
    for name in COLUMNS:
        if present.count(name) == 1:
            columns[name] = _column(frame, name, problems)
        else:
            problems.append(_not_one(name, present))
    if not any(problem.where in FAMILY for problem in problems):
        problems.extend(_more_immigrants_than_members(columns))
    refuse(source, problems)
    groups = np.searchsorted(DURATION_STARTS, columns["duration"], side="right") - 1
    return Covariates(**{**columns, "duration": groups.astype(np.int64)})


def _names(frame: Any, source: str) -> list[str]:
    if isinstance(frame, pa.Table):
        return list(frame.column_names)
    if _is_pandas(frame):
        return [str(name) for name in frame.columns]
    found = Problem(source, f"is a {type(frame).__name__}", "a pandas DataFrame or a pyarrow Table")
    raise InputError(source, [found])


def _is_pandas(frame: Any) -> bool:
    pandas = sys.modules.get("pandas")  # whoever holds a frame of it has imported it
    return pandas is not None and isinstance(frame, pandas.DataFrame)


def _not_one(name: str, present: list[str]) -> Problem:
    if name in present:
        return Problem(name, "appears more than once", "one column of a name")
    allowed = COUNTS[name].meaning if name in COUNTS else ", ".join(CODED[name].names)
    spare = [other for other in present if other not in COLUMNS]
    near = suggest(name, spare)
    cure = near.replace("Did you mean", "Rename").rstrip("?") + "?" if near else ""
    return Problem(name, "is missing", f"a column: {allowed}", cure)


def _column(frame: Any, name: str, problems: list[Problem]) -> NDArray[np.int64]:
    try:
        values = _arrow(frame[name], decoded=name not in CODED)
    except (pa.ArrowException, OverflowError):
        kind = "codes as text" if name in CODED else "whole numbers"
        problems.append(Problem(name, "mixes values of different kinds", kind))
        return np.zeros(len(frame), dtype=np.int64)
    if not len(values):  # nobody, of whatever type
        return np.zeros(0, dtype=np.int64)
    found = _Found(name, values, problems)
    if not found.allowed_type():
        return np.full(len(values), found.harmless)
    if pa.types.is_null(values.type):
        found.refuse_empty(np.ones(len(values), dtype=np.bool_))
        return np.full(len(values), found.harmless)
    if name in CODED and found.is_text:
        return found.codes(CODED[name])
    return found.levels() if name == "centrality" else found.counts(COUNTS[name])


def _arrow(column: Any, *, decoded: bool) -> pa.Array:
    """Return one column as an Arrow array; a dictionary of other than text is decoded anyway."""
    if not isinstance(column, pa.ChunkedArray):
        column = pa.array(column, from_pandas=True)
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if _is_coded(column.type) and (decoded or not _is_text(column.type.value_type)):
        column = column.dictionary_decode()
    return column


def _is_coded(kind: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


@dataclass(frozen=True)
class _Found:
    """The values of one column, and where to say what is wrong with them."""

    name: str
    values: pa.Array
    problems: list[Problem]

    @property
    def allowed(self) -> str:
        """What the column may hold, in words."""
        if self.name in CODED:
            return ", ".join(CODED[self.name].names)
        return COUNTS[self.name].allowed

    @property
    def harmless(self) -> np.int64:
        """A valid number to stand in for what has been refused."""
        return np.int64(COUNTS[self.name].low if self.name in COUNTS else 0)

    @property
    def is_text(self) -> bool:
        """Whether the column holds text, or numbers of texts in a dictionary."""
        return _is_coded(self.values.type) or _is_text(self.values.type)

    def say(self, found: str, cure: str = "") -> None:
        """Add a problem of this column."""
        self.problems.append(Problem(self.name, found, self.allowed, cure))

    def allowed_type(self) -> bool:
        """Say so if the column holds a type that cannot be read."""
        kind = self.values.type
        number = _is_number(kind)
        fits = self.is_text if self.name in CODED else number
        if fits or pa.types.is_null(kind) or (number and self.name == "centrality"):
            return True
        self.say(f"holds {kind}, not {'codes' if self.name in CODED else 'numbers'}")
        return False

    def refuse_empty(self, empty: NDArray[np.bool_]) -> None:
        """Say so if any row is empty."""
        if empty.any():
            self.say(f"{rows(empty)} are empty")

    def codes(self, known: CodeList) -> NDArray[np.int64]:
        """Return the stored numbers of codes written as text."""
        found = _places(self.values, known)
        if not found.null_count:
            return np.asarray(found, dtype=np.int64)
        values = _arrow(self.values, decoded=True)
        self.refuse_empty(_mask(values.is_null()))
        unknown = pc.and_(found.is_null(), values.is_valid())
        words = pc.value_counts(values.filter(unknown)).to_pylist()
        for entry in sorted(words, key=lambda e: (-e["counts"], e["values"]))[:SHOWN]:
            word = entry["values"]
            here = _mask(pc.equal(values, word).fill_null(False))
            self.say(f"{rows(here)} hold {word!r}", _meant(word, known))
        if len(words) > SHOWN:
            self.say(f"{len(words) - SHOWN} more unknown codes")
        return np.asarray(found.fill_null(0), dtype=np.int64)

    def levels(self) -> NDArray[np.int64]:
        """Return centrality levels given as the numbers 1 to 4, less one."""
        numbers, wrong = self._numbers(1, len(CENTRALITY))
        if wrong.any():
            self.say(f"{rows(wrong)} hold such values as {numbers[wrong.argmax()]:g}")
        return np.where(wrong, 1, numbers).astype(np.int64) - 1

    def counts(self, declared: _Count) -> NDArray[np.int64]:
        """Return whole numbers within the declared span."""
        numbers, wrong = self._numbers(declared.low, declared.high)
        other = wrong
        if self.name == "age":
            children = wrong & (numbers >= 0) & (numbers < YOUNGEST)
            other = wrong & ~children
            if children.any():
                youngest = f"{numbers[children.argmax()]:g}"
                self.say(f"{rows(children)} hold ages under 15, such as {youngest}", CHILDREN)
        if other.any():
            self.say(f"{rows(other)} hold such values as {numbers[other.argmax()]:g}")
        return np.where(wrong, self.harmless, numbers).astype(np.int64)

    def _numbers(self, low: int, high: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return all numbers, and which of them are no whole numbers from low to high."""
        empty = _mask(pc.is_null(self.values, nan_is_null=True))
        self.refuse_empty(empty)
        given = pc.cast(self.values, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        numbers = np.where(empty, low, given)
        whole = (numbers >= low) & (numbers <= high) & (numbers == np.floor(numbers))
        return numbers, ~whole


def _places(values: pa.Array, known: CodeList) -> pa.Array:
    """Return the stored number of each text, null for none; a dictionary is looked up once."""
    if not _is_coded(values.type):
        return pc.index_in(values, pa.array(known.names, values.type))
    dictionary = values.dictionary
    return pc.index_in(dictionary, pa.array(known.names, dictionary.type)).take(values.indices)


def _mask(values: pa.BooleanArray) -> NDArray[np.bool_]:
    return np.asarray(values, dtype=np.bool_)


def _meant(word: str, known: CodeList) -> str:
    """Suggest a code for a misspelt code, or for a label used in its place."""
    for code in known:
        if word.strip().casefold() in (code.name, code.en.casefold(), code.nb.casefold()):
            return f"Did you mean {code.name!r}?"
    return suggest(word, known.names)


def _more_immigrants_than_members(columns: dict[str, NDArray[np.int64]]) -> Iterator[Problem]:
    total, immigrants = (columns[name] for name in FAMILY)
    wrong = immigrants > total
    if wrong.any():
        i = wrong.argmax()
        yield Problem(
            "family_immigrants",
            f"{rows(wrong)} exceed family_total, such as {immigrants[i]} of {total[i]}",
            "1 to family_total",
            "Are the two columns exchanged?",
        )
