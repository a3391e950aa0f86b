"""Persons that stand twice and families to be counted, in a few bytes for each row.

Identifiers are 64-bit numbers, sorted where they lie: 8 bytes a row for each of the two
columns while they are collected, and 19 bytes a family while families are counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.extract_findings import ERROR, Finding, Judge, Mask

Keys = NDArray[np.int64]
GROWTH = 1.2
FIRST_SIZE = 2**16
SIZES = ("family_total", "family_immigrants")  # what rows may say of their family


class Growing:
    """An array of numbers that grows without being held twice."""

    def __init__(self) -> None:
        self._buffer = np.empty(FIRST_SIZE, dtype=np.int64)
        self._size = 0

    def add(self, values: Keys) -> None:
        """Put numbers at the end."""
        end = self._size + values.size
        if end > self._buffer.size:
            self._buffer.resize(int(end * GROWTH), refcheck=False)
        self._buffer[self._size : end] = values
        self._size = end

    def sorted(self) -> Keys:
        """Return all numbers in order; afterwards there are none."""
        found, self._buffer, size = self._buffer, np.empty(0, dtype=np.int64), self._size
        self._size = 0
        found.resize(size, refcheck=False)
        found.sort()
        return found


def repeated(keys: Keys) -> Keys:
    """Return the numbers that stand more than once among sorted numbers."""
    return np.unique(keys[1:][keys[1:] == keys[:-1]])


def distinct(keys: Keys) -> Keys:
    """Return each of sorted numbers once."""
    first = np.ones(keys.size, dtype=np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    return keys[first]


class Repeats:
    """Finds the rows whose person stood in an earlier row."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._seen = np.zeros(keys.size, dtype=np.bool_)
        self._sex = np.full(keys.size, -1, dtype=np.int8)
        self._age = np.full(keys.size, -1, dtype=np.int16)

    def judge(self, judge: Judge, keys: Keys, known: Mask, traits: Mapping[str, Keys]) -> None:
        """Say which rows of a batch repeat a person, and whether sex or age differ."""
        if not self._keys.size:
            return
        at = np.searchsorted(self._keys, keys).clip(max=self._keys.size - 1)
        rows = np.flatnonzero((self._keys[at] == keys) & known)
        place = at[rows]
        again = self._seen[place]
        new, first = np.unique(place, return_index=True)
        later = np.ones(rows.size, dtype=np.bool_)
        later[first] = False
        fresh = first[~self._seen[new]]
        self._seen[new] = True
        self._sex[place[fresh]] = traits["sex"][rows[fresh]]
        self._age[place[fresh]] = traits["age"][rows[fresh]]
        repeats = rows[again | later]
        self._say(judge, repeats, at, traits)

    def _say(self, judge: Judge, repeats: Keys, at: Keys, traits: Mapping[str, Keys]) -> None:
        which = np.zeros(judge.size, dtype=np.bool_)
        which[repeats] = True
        cure = "Keep one row a person; --fix keeps the first."
        said = Finding(ERROR, "person", "repeat an identifier", "one row a person", cure)
        judge.say(which, said)
        for name, first in (("sex", self._sex), ("age", self._age)):
            differs = np.zeros(judge.size, dtype=np.bool_)
            before, now = first[at[repeats]], traits[name][repeats]
            differs[repeats] = (before != now) & (before >= 0) & (now >= 0)
            found = f"repeat an identifier with another {name} than its first row"
            cure = "Two persons under one number?"
            judge.say(differs, Finding(ERROR, "person", found, "one row a person", cure))


@dataclass
class Families:
    """Families by number: rows and immigrants in the file, and what the rows say of the size."""

    keys: Keys

    def __post_init__(self) -> None:
        n = self.keys.size
        self.rows = np.zeros(n, dtype=np.uint32)
        self.immigrants = np.zeros(n, dtype=np.uint32)
        self.said = {name: np.zeros(n, dtype=np.uint8) for name in SIZES}
        self.differing = np.zeros(n, dtype=np.uint8)  # bit 0: of family_total, bit 1: immigrants

    def find(self, keys: Keys) -> NDArray[np.intp]:
        """Return the position of family numbers."""
        return np.searchsorted(self.keys, keys).clip(max=max(self.keys.size - 1, 0))

    def tally(self, at: NDArray[np.intp], immigrant: Mask, said: Mapping[str, Keys]) -> None:
        """Count some rows; said: what they say of the size of their families, if anything."""
        np.add.at(self.rows, at, np.uint32(1))
        np.add.at(self.immigrants, at[immigrant], np.uint32(1))
        for bit, name in enumerate(SIZES):
            if name in said:
                known = said[name] > 0
                self._compare(at[known], said[name][known].astype(np.uint8), name, bit)

    def _compare(
        self, at: NDArray[np.intp], values: NDArray[np.uint8], name: str, bit: int
    ) -> None:
        first = self.said[name]
        new = first[at] == 0
        first[at[new][::-1]] = values[new][::-1]  # of several rows the first is written last
        np.bitwise_or.at(self.differing, at[first[at] != values], np.uint8(1 << bit))

    def judge(
        self, judge: Judge, at: NDArray[np.intp], known: Mask, said: Mapping[str, Keys]
    ) -> None:
        """Say which rows contradict their family."""
        if not self.keys.size:
            return
        whom = known & judge.inside
        for bit, name in enumerate(SIZES):
            if name not in said:
                continue
            differ = whom & ((self.differing[at] >> bit & 1) == 1) & (said[name] > 0)
            found = "hold other values in the same family"
            cure = "One number for all members of a family."
            judge.say(differ, Finding(ERROR, name, found, "one value a family", cure))
            counted, rows = (self.rows, "rows") if bit == 0 else (self.immigrants, "immigrants")
            fewer = whom & (said[name] > 0) & (said[name] < counted[at])
            found = f"are smaller than the {rows} with that family number"
            allowed = f"the {rows} of the family, or more"
            cure = "Is family a family number?"
            judge.say(fewer, Finding(ERROR, name, found, allowed, cure))
