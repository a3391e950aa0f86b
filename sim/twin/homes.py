"""Homes: of what origins people are, and where they live, by groups of types.

A *group* is a kind, sex, background and school, in bands of years of birth and of arrival.
Origins of immigrants are kept as
shares, since only children, destinations and returns depend on more than the country group;
so are places, unless rows have them.
"""

from collections.abc import Mapping

import numpy as np

from sim.codes import ORIGIN
from sim.twin import cells_kernel as kernel
from sim.twin.kinds import (
    IMMIGRANT_KINDS,
    LONG_AGO,
    PARTS,
    PLACES,
    Floats,
    Ints,
    key_of,
    shares_of,
)
from sim.twin.numbers import Numbers

BIRTHS, ARRIVALS = 3, 2  # years in a band
LITTLE = 1e-9  # persons by which shares of a group are remembered in which nobody is left


class Homes:
    """Expected persons by group and origin, and by group and place."""

    def __init__(self) -> None:
        self.numbers = Numbers()
        self.parts = {part: np.empty(0, dtype=np.int64) for part in PARTS}  # first years of bands
        self._origins: Floats = np.empty((0, len(ORIGIN)))  # and room for more
        self._places: Floats = np.empty((0, PLACES))

    @property
    def origins(self) -> Floats:
        """Expected persons by group and origin."""
        return self._origins[: self.kind.size]

    @property
    def places(self) -> Floats:
        """Expected persons by group and place."""
        return self._places[: self.kind.size]

    @property
    def kind(self) -> Ints:
        """The kind of each group."""
        return self.parts["kind"]

    def groups(self, parts: Mapping[str, Ints]) -> Ints:
        """Return the group of each of these types; new ones are added, empty."""
        born = parts["kind"] >= IMMIGRANT_KINDS
        arrival = np.where(born, LONG_AGO, parts["arrival"] // ARRIVALS * ARRIVALS)
        birth = parts["birth"] // BIRTHS * BIRTHS
        parts = {**parts, "birth": birth, "arrival": arrival}
        found, new = self.numbers.find(key_of(parts))
        if new.size:
            known = self.parts
            self.parts = {p: np.concatenate([known[p], parts[p][new]]) for p in PARTS}
            self._origins = _with_room(self._origins, self.kind.size)
            self._places = _with_room(self._places, self.kind.size)
        return found

    def origin_shares(self) -> Floats:
        """Return the share of each origin among the persons of each group."""
        return shares_of(self.origins)

    def place_shares(self) -> Floats:
        """Return the share of each place among the persons of each group; unknown: of all."""
        everybody, found = shares_of(self.places.sum(axis=0)[None])[0], np.empty(self.places.shape)
        kernel.shares(self.places, everybody, found)
        return found

    def add(self, groups: Ints, origins: Ints, places: Ints, persons: Floats) -> None:
        """Count persons in."""
        kernel.count_in(groups, origins, persons, self.origins)
        kernel.count_in(groups, places, persons, self.places)

    def hold(self, persons: Floats) -> None:
        """Keep all shares, of so many persons by group."""
        for held in (self.origins, self.places):
            kernel.scale(held, persons, LITTLE)

    def move(self, source: Ints, target: Ints, persons: Floats) -> None:
        """Let persons go from groups to groups, as those of the source are."""
        some = np.flatnonzero(source != target)
        source, target, persons = source[some], target[some], persons[some]
        for held in (self.origins, self.places):
            kernel.send(source, target, persons, held)

    def keep(self, used: Ints) -> None:
        """Keep these groups alone, in their order."""
        self.numbers = Numbers(self.numbers.keys[used], self.numbers.bits)
        self.parts = {part: known[used] for part, known in self.parts.items()}
        for held in (self._origins, self._places):
            held[: used.size] = held[used]
            held[used.size :] = 0.0


def _with_room(held: Floats, lines: int) -> Floats:
    """Return what is held, with room for so many lines and more, all of them empty."""
    if lines <= len(held):
        return held
    longer = np.zeros((2 * lines, held.shape[1]))
    longer[: len(held)] = held
    return longer
