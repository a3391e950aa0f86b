"""Counting rows of several years by whatever a question needs, each set of dimensions once.

Thousands of questions are asked of one history. Rows are therefore counted once by each of a
few sets of dimensions that between them hold most questions, and a smaller set is summed from
the first that holds it. A question then picks cells of a small table.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
VALUES = 256


@dataclass(frozen=True, eq=False)
class Dimension:
    """How the values of a column are told apart.

    of: the number of the class that each value of the column belongs to.
    """

    name: str
    column: str
    of: Bytes

    @property
    def size(self) -> int:
        """How many classes there are."""
        return int(self.of.max()) + 1


def plain(name: str, size: int, column: str = "") -> Dimension:
    """Return the dimension of a column's own codes."""
    values = np.minimum(np.arange(VALUES), size - 1).astype(np.uint8)
    return Dimension(name, column or name, values)


def grouped(name: str, column: str, starts: Sequence[int], later: int) -> Dimension:
    """Return classes of years that begin at these numbers, `later` taken off each number."""
    years = np.maximum(np.arange(VALUES) - later, 0)
    of = np.searchsorted(np.array(starts), years, side="right") - 1
    return Dimension(name, column, of.astype(np.uint8))


class Cells:
    """Rows of several years, counted by dimensions.

    parts: the columns of each year. held: sets of dimensions that are counted from rows; any
        other set that none of them holds is counted too when it is asked for.
    """

    def __init__(
        self,
        parts: Sequence[Mapping[str, Bytes]],
        dimensions: Sequence[Dimension],
        held: Sequence[Sequence[str]] = (),
    ) -> None:
        self.parts = parts
        self.dimensions = {one.name: one for one in dimensions}
        self.held = [self._ordered(names) for names in held]
        self._tables: dict[tuple[str, ...], Ints] = {}
        self._counts: dict[tuple[tuple[str, bytes], ...], Ints] = {}

    def count(self, chosen: Mapping[str, Mask]) -> Ints:
        """Return how many rows of each year have one of the chosen classes in every dimension."""
        names = self._ordered(chosen)
        key = tuple((name, chosen[name].tobytes()) for name in names)
        if key not in self._counts:
            table = self._chosen(chosen, names)
            self._counts[key] = table.reshape(len(self.parts), -1).sum(axis=1)
        return self._counts[key]

    def count_by(self, dimension: str, chosen: Mapping[str, Mask]) -> Ints:
        """Return such counts apart for the classes of one more dimension: (years, classes)."""
        others = {name: mask for name, mask in chosen.items() if name != dimension}
        names = self._ordered((*others, dimension))
        table = self._chosen(others, names)
        ordered = np.moveaxis(table, 1 + names.index(dimension), 1)
        found = ordered.reshape(*ordered.shape[:2], -1).sum(axis=2)
        return np.asarray(found * chosen[dimension] if dimension in chosen else found)

    def _chosen(self, chosen: Mapping[str, Mask], names: tuple[str, ...]) -> Ints:
        table = self.table(names)
        for axis, name in enumerate(names, start=1):
            if name in chosen:
                table = np.take(table, np.flatnonzero(chosen[name]), axis=axis)
        return table

    def table(self, names: tuple[str, ...]) -> Ints:
        """Return the counts by year and dimensions, in the order in which those were declared."""
        names = self._ordered(names)
        if names not in self._tables:
            larger = next((held for held in self.held if set(names) <= set(held)), None)
            if larger is None or larger == names:
                self._tables[names] = self._counted(names)
            else:
                rest = tuple(k for k, name in enumerate(larger, start=1) if name not in names)
                self._tables[names] = np.asarray(self.table(larger).sum(axis=rest))
        return self._tables[names]

    def _ordered(self, names: Iterable[str]) -> tuple[str, ...]:
        wanted = set(names)
        return tuple(name for name in self.dimensions if name in wanted)

    def _counted(self, names: tuple[str, ...]) -> Ints:
        shape = tuple(self.dimensions[name].size for name in names)
        found = np.zeros((len(self.parts), int(np.prod(shape))), dtype=np.int64)
        for y, part in enumerate(self.parts):
            found[y] = np.bincount(self._codes(part, names, shape), minlength=found.shape[1])
        return found.reshape(len(self.parts), *shape)

    def _codes(
        self, part: Mapping[str, Bytes], names: tuple[str, ...], shape: tuple[int, ...]
    ) -> NDArray[np.int32]:
        """Return the cell of every row; classes of one column are looked up together."""
        size = next(iter(part.values())).size
        stride = int(np.prod(shape))
        looked: dict[str, NDArray[np.int32]] = {}
        for name, length in zip(names, shape, strict=True):
            stride //= length
            one = self.dimensions[name]
            steps = one.of.astype(np.int32) * stride
            looked[one.column] = looked.get(one.column, np.int32(0)) + steps
        cell = np.zeros(size, dtype=np.int32)
        for column, steps in looked.items():
            cell += steps[part[column]]
        return cell
