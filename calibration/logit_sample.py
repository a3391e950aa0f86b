"""Whom a logit is estimated on: covariates, outcome, weight and cluster, read from a frame."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from calibration.raking import Floats, Ints
from sim.problems import InputError, Problem, refuse, shown, suggest
from sim.transitions.covariates import Covariates, Frame, read_covariates
from sim.transitions.terms import OUTCOMES


@dataclass(frozen=True, eq=False)
class Sample:
    """Persons with their outcomes, 0 staying; weight and cluster may be missing."""

    people: Covariates
    outcome: Ints
    weight: Floats | None = None
    cluster: Ints | None = None

    def __len__(self) -> int:
        return self.outcome.size

    def of(self, whom: NDArray[np.bool_]) -> "Sample":
        """Return the persons of a mask."""
        people = Covariates(**{name: column[whom] for name, column in vars(self.people).items()})
        weight = None if self.weight is None else self.weight[whom]
        cluster = None if self.cluster is None else self.cluster[whom]
        return Sample(people, self.outcome[whom], weight, cluster)


def read_sample(
    frame: Frame, outcome: str = "outcome", weight: str | None = None, cluster: str | None = None
) -> Sample:
    """Read covariates, outcome, weight and cluster of a frame; other outcomes are left out."""
    people = read_covariates(frame)
    problems: list[Problem] = []
    columns: Mapping[str, Any] = {
        name: _plain(frame, name, problems) for name in (outcome, weight, cluster) if name
    }
    refuse("frame", problems)
    codes = _outcomes(columns[outcome], outcome)
    weights = None if weight is None else _weights(columns[weight], weight)
    groups = None if cluster is None else _clusters(columns[cluster], cluster)
    sample = Sample(people, codes, weights, groups)
    return sample if (codes >= 0).all() else sample.of(codes >= 0)


def _plain(frame: Any, name: str, problems: list[Problem]) -> Any:
    names = list(getattr(frame, "column_names", getattr(frame, "columns", ())))
    if name not in names:
        cure = suggest(name, [str(n) for n in names])
        problems.append(Problem(f"column {name!r}", "is missing", "one column", cure))
        return []
    column = frame[name]
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _weights(values: Any, name: str) -> Floats:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        problem = Problem(f"column {name!r}", "holds what are no numbers", "numbers, 0 or more")
        raise InputError("frame", [problem]) from None


def _clusters(values: Any, name: str) -> Ints:
    """Return a number for each different value; nobody may lack one."""
    column = _arrow(values, name)
    empty = column.is_null(nan_is_null=True).to_numpy(zero_copy_only=False)
    if empty.any():
        found = f"{int(empty.sum()):,} rows are empty, the first is {int(empty.argmax()) + 1}"
        refuse("frame", [Problem(f"column {name!r}", found, "a family, or another cluster")])
    return np.asarray(column.dictionary_encode().indices, dtype=np.int64)


def _arrow(values: Any, name: str) -> pa.Array:
    """Return a column as an Arrow array, if its values are of one kind."""
    try:
        column = pa.array(values, from_pandas=True)
    except (pa.ArrowException, OverflowError):
        problem = Problem(f"column {name!r}", "mixes values of different kinds", "one kind")
        raise InputError("frame", [problem]) from None
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _outcomes(values: Any, name: str) -> Ints:
    """Return 0, 1, 2 for the outcomes, -1 for death."""
    known = {code: number for number, code in enumerate(OUTCOMES)} | {"death": -1}
    coded = values
    if not (isinstance(values, pa.DictionaryArray)):
        given = getattr(values, "cat", None)
        coded = pa.array(values, from_pandas=True) if given is not None else _arrow(values, name)
        coded = coded if pa.types.is_dictionary(coded.type) else coded.dictionary_encode()
    words = [str(word) for word in coded.dictionary.to_pylist()]
    place = coded.indices.fill_null(len(words)).to_numpy(zero_copy_only=False)
    numbers = np.array([known.get(word, -2) for word in words] + [-2], dtype=np.int64)
    found = np.asarray(numbers[place])
    if (found == -2).any():
        row = int((found == -2).argmax())
        word = words[place[row]] if place[row] < len(words) else "nothing"
        said = f"holds {shown(word)}, first in row {row + 1}"
        cure = suggest(word, list(known))
        refuse("frame", [Problem(f"column {name!r}", said, ", ".join(known), cure)])
    return found
