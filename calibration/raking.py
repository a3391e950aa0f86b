"""Tables fitted to margins, and whole persons made from tables.

Raking (iterative proportional fitting) multiplies the cells of a starting table until
it adds up to every published margin; what no margin speaks about keeps the pattern of
the start. Persons are then dealt out so that every cell gets its share to within one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Margin:
    """One published margin of a table.

    name: what it is called in messages.
    label: for each cell of the table the entry of `target` that it counts towards, or
        -1 for cells the margin says nothing about. Any shape that broadcasts to the table.
    target: what the cells of each entry should add up to.
    """

    name: str
    label: NDArray[Any]
    target: Floats


def rake(
    start: Floats, margins: Sequence[Margin], *, rounds: int = 100, closeness: float = 1e-9
) -> Floats:
    """Return the table nearest to `start` (in entropy) that adds up to the margins.

    Ends when no margin is off by more than `closeness` of its largest entry, or after
    `rounds`. Margins that contradict each other leave a table between them, the last
    one fitted; the differences are then for the caller to look at.
    """
    table = start.astype(np.float64).ravel()
    labels = [np.broadcast_to(m.label, start.shape).ravel() + 1 for m in margins]
    for margin, label in zip(margins, labels, strict=True):
        _refuse_empty_cells(margin, _sums(label, table, margin))
    for _ in range(rounds):
        worst = 0.0
        for margin, label in zip(margins, labels, strict=True):
            found = _sums(label, table, margin)
            scale = max(float(margin.target.max()), 1e-300)
            worst = max(worst, float(np.abs(found - margin.target).max()) / scale)
            factor = np.ones(margin.target.size + 1)  # entry 0: cells outside the margin
            np.divide(margin.target, found, out=factor[1:], where=found > 0)
            table *= factor[label]
        if worst < closeness:
            break
    return table.reshape(start.shape)


def _sums(label: NDArray[Any], table: Floats, margin: Margin) -> Floats:
    return np.bincount(label, table, margin.target.size + 1)[1:].astype(np.float64)


def _refuse_empty_cells(margin: Margin, found: Floats) -> None:
    lost = np.flatnonzero((found <= 0) & (margin.target > 0))
    if lost.size:
        raise ValueError(
            f"margin {margin.name!r}: entry {lost[0]} should hold {margin.target[lost[0]]:g}, but "
            f"the starting table is empty there ({lost.size} such entries). Start it above zero."
        )


def whole_numbers(shares: ArrayLike, total: int) -> Ints:
    """Round `shares` to whole numbers that add up to `total` (largest remainders first)."""
    exact = np.ascontiguousarray(shares, dtype=np.float64)
    if total == 0 or exact.sum() <= 0:
        return np.zeros(exact.shape, dtype=np.int64)
    exact = exact * (total / exact.sum())
    whole: Ints = np.floor(exact + 1e-9).astype(np.int64)
    # Equal remainders go to the earlier cell, whatever the machine's sorting.
    order = np.argsort(-(exact - whole).ravel().round(9), kind="stable")
    whole.ravel()[order[: total - int(whole.sum())]] += 1
    return whole


def deal(group: NDArray[Any], shares: Floats, rng: np.random.Generator) -> Ints:
    """Give each person one of k cells so that every group gets its shares, to within one.

    group: (n,) the row of `shares` that holds for each person.
    shares: (groups, k) any positive scale.

    A systematic draw: persons of a group stand in a line, in random order, and the cells cut
    the line. Each person's chance is the cell's share, but the counts hardly vary.
    """
    narrow = group.astype(np.uint16) if len(shares) < 2**16 else group  # 16 bits sort fastest
    # A new line for every draw: with the same line, neighbours in one draw would be
    # neighbours in the next, and what is dealt would depend on what was dealt before.
    line = rng.permutation(np.arange(group.size, dtype=np.int32))
    order = line[np.argsort(narrow[line], kind="stable")]
    dealt: Ints = np.empty(group.size, dtype=np.int64)
    dealt[order] = cut_lines(np.bincount(group, minlength=len(shares)), shares, rng)
    return dealt


def cut_lines(count: NDArray[Any], shares: Floats, rng: np.random.Generator) -> Ints:
    """Deal the cells of each group along its line: `count` persons of each group, in order.

    Persons of one group come out in the order of the cells.
    """
    groups, k = shares.shape
    first = np.cumsum(count) - count
    size = np.maximum(count, 1)
    start = rng.uniform(1e-6, 1 - 1e-6, groups)
    # Person i of the line of group g stands at g + (i - first + start) / size.
    along = np.arange(int(count.sum())) * np.repeat(1.0 / size, count)
    along += np.repeat(np.arange(groups) + (start - first) / size, count)
    ends = np.cumsum(shares, axis=1)
    ends /= np.where(ends[:, -1:] > 0, ends[:, -1:], 1.0)
    ends[:, -1] = 1.0
    lines = (ends + np.arange(groups)[:, None]).ravel()
    # Both stand in order, and the lines are fewer: look for them among the persons.
    upto = np.searchsorted(along, lines, side="left")
    cell = np.repeat(np.arange(lines.size + 1), np.diff(upto, prepend=0, append=along.size))
    cell -= np.repeat(np.arange(groups) * k, count)
    return np.asarray(np.clip(cell, 0, k - 1), dtype=np.int64)


def pair_up(left: NDArray[Any], right: NDArray[Any]) -> tuple[Ints, Ints]:
    """Pair entries with equal keys, first with first, and return the two lists of positions.

    Each entry is used at most once; what has no counterpart is left out.
    """
    left_order = np.argsort(left, kind="stable")
    right_order = np.argsort(right, kind="stable")
    left_key = _numbered(left[left_order])
    right_key = _numbered(right[right_order])
    _, a, b = np.intersect1d(left_key, right_key, assume_unique=True, return_indices=True)
    return left_order[a], right_order[b]


def _numbered(keys: NDArray[Any]) -> Ints:
    """Number equal neighbours 0, 1, 2 ... and make one unique number of key and number."""
    if not keys.size:
        return np.zeros(0, dtype=np.int64)
    new = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    number = np.arange(keys.size) - np.repeat(new, np.diff(np.r_[new, keys.size]))
    return (keys.astype(np.int64) << 32) + number


def smooth_counts(edges: NDArray[Any], totals: Floats) -> Floats:
    """Spread group totals over single years as smoothly as they allow.

    edges: (groups + 1,) first year of each group, and the year after the last.
    totals: (groups,) persons in each group; kept exactly.

    Takes the curve with the smallest sum of squared second differences that keeps the
    totals and runs out at the last year; where it dips below a small positive floor, it is
    lifted and raked back to the totals.
    """
    n, groups = int(edges[-1] - edges[0]), totals.size
    bend = np.diff(np.eye(n + 1), 2, axis=0)[:, :n]  # year n, just beyond, counts as 0
    member = np.repeat(np.eye(groups), np.diff(edges), axis=1)
    system = np.block([[2 * bend.T @ bend, member.T], [member, np.zeros((groups, groups))]])
    curve = np.linalg.solve(system, np.r_[np.zeros(n), totals])[:n]
    label = np.repeat(np.arange(groups), np.diff(edges))
    floor = 0.02 * (totals / np.diff(edges))[label]
    return rake(np.maximum(curve, floor), [Margin("group", label, totals)])
