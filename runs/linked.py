"""Which families must stay together when the people of a file are divided: those with links.

A mother or partner may bear another family number than her child or his partner. To find such
links in a file larger than memory, identifiers and links are sorted into buckets on disk, so that
an identifier and all links to it lie in one bucket; then one bucket after the other is read.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.agents.checks import rows
from sim.agents.columns import LINKS
from sim.problems import Problem

Ints = NDArray[np.int64]
_FACTORS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def scattered(numbers: Ints, many: int) -> Ints:
    """Return for each number one of 0 .. many - 1, evenly and always the same."""
    with np.errstate(over="ignore"):
        mixed = numbers.astype(np.uint64)
        for shift, factor in zip((30, 27), _FACTORS, strict=True):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * factor
        mixed ^= mixed >> np.uint64(31)
    return (mixed % np.uint64(many)).astype(np.int64)


@dataclass(frozen=True)
class Groups:
    """Families that are linked: each with the smallest number of its group.

    families: in ascending order. group: of each. persons: of the largest group. links: how many
    go from one family to another.
    """

    families: Ints
    group: Ints
    persons: int = 0
    links: int = 0

    def of(self, family: Ints) -> Ints:
        """Return the number of each family's group; a family without links is one itself."""
        if not self.families.size:
            return family
        at = np.minimum(np.searchsorted(self.families, family), self.families.size - 1)
        return np.where(self.families[at] == family, self.group[at], family)


NO_GROUPS = Groups(np.empty(0, np.int64), np.empty(0, np.int64))


@dataclass
class Buckets:
    """Identifiers and links on disk, divided by the identifier; three numbers a record.

    folder: where they lie. many: how many buckets.
    """

    folder: Path
    many: int
    bytes_written: int = field(default=0)

    def add(self, kind: str, identifier: Ints, family: Ints, row: Ints) -> None:
        """Append persons, or links of a kind to an identifier, with family and row."""
        bucket = scattered(identifier, self.many)
        order = np.argsort(bucket, kind="stable")
        records = np.stack([identifier, family, row], axis=1)[order]
        ends = np.searchsorted(bucket[order], np.arange(self.many + 1))
        for k in range(self.many):
            if ends[k] < ends[k + 1]:
                with self._path(kind, k).open("ab") as file:
                    records[ends[k] : ends[k + 1]].tofile(file)
        self.bytes_written += records.nbytes

    def read(self, kind: str, bucket: int) -> Ints:
        """Return the records of a bucket: identifier, family, row."""
        path = self._path(kind, bucket)
        found = np.fromfile(path, np.int64) if path.exists() else np.empty(0, np.int64)
        return found.reshape(-1, 3)

    def _path(self, kind: str, bucket: int) -> Path:
        return self.folder / f"{kind}.{bucket}"


def groups_of(buckets: Buckets, problems: list[Problem]) -> Groups:
    """Return the groups of linked families; what is wrong with identifiers joins `problems`."""
    again, lost = [np.empty(0, np.int64)], {link: [np.empty((0, 3), np.int64)] for link in LINKS}
    between = [np.empty((0, 2), np.int64)]
    for bucket in range(buckets.many):
        persons = buckets.read("person", bucket)
        persons = persons[np.argsort(persons[:, 0], kind="stable")]
        again.append(persons[1:][persons[1:, 0] == persons[:-1, 0]][:, 2])
        for link in LINKS:
            links = buckets.read(link, bucket)
            at = np.minimum(np.searchsorted(persons[:, 0], links[:, 0]), len(persons) - 1)
            known = persons[at, 0] == links[:, 0] if len(persons) else np.zeros(len(links), bool)
            lost[link].append(links[~known])
            pairs = np.stack([links[known, 1], persons[at[known], 1]], axis=1)
            between.append(pairs[pairs[:, 0] != pairs[:, 1]])
    problems += _wrong(np.concatenate(again), {k: np.concatenate(v) for k, v in lost.items()})
    return _grouped(np.concatenate(between), buckets)


def _wrong(again: Ints, lost: dict[str, Ints]) -> Iterator[Problem]:
    if again.size:
        found = f"{rows(np.sort(again))} repeat an identifier"
        cure = "Remove the duplicates, or give each person an identifier of their own."
        yield Problem("person", found, "one row a person", cure)
    for link, links in lost.items():
        if len(links):
            who = f"{rows(np.sort(links[:, 2]))} name persons who are not in the file"
            allowed = "identifiers of column person, or nothing"
            yield Problem(link, f"{who}, such as {links[0, 0]}", allowed)


def _grouped(between: Ints, buckets: Buckets) -> Groups:
    if not len(between):
        return NO_GROUPS
    families, ends = np.unique(between, return_inverse=True)
    ends, n = ends.reshape(between.shape), families.size
    from scipy.sparse import coo_array  # here, because their imports take a tenth of a second
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(ends), bool), (ends[:, 0], ends[:, 1])), shape=(n, n))
    _, group = connected_components(graph, directed=False)
    smallest = np.unique(group, return_index=True)[1]  # families ascend: the first is the smallest
    found = Groups(families, families[smallest][group])
    sizes = _persons(found, (buckets.read("person", k) for k in range(buckets.many)))
    return Groups(families, found.group, sizes, len(between))


def _persons(groups: Groups, parts: Iterable[Ints]) -> int:
    """Return how many persons the largest group has."""
    sizes = np.zeros(groups.families.size, dtype=np.int64)  # at the place of its smallest family
    for part in parts:
        group = groups.of(part[:, 1])
        at = np.minimum(np.searchsorted(groups.families, group), sizes.size - 1)
        sizes += np.bincount(at[groups.families[at] == group], minlength=sizes.size)
    return int(sizes.max())
