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
    PLACES,
    Floats,
    Ints,
    key_of,
    shares_of,
)
from sim.twin.numbers import Numbers

BIRTHS, ARRIVALS = 3, 2  # years in a band
OF_GROUPS = ("kind", "sex", "background", "schooled")  # what is one in a group
LITTLE = 1e-9  # persons by which shares of a group are remembered in which nobody is left


class Homes:
    """Expected persons by group and origin, and by group and place."""

    def __init__(self) -> None:
        self.numbers = Numbers()
        self.parts = {part: np.empty(0, dtype=np.int64) for part in OF_GROUPS}
        self.origins: Floats = np.empty((0, len(ORIGIN)))
        self.places: Floats = np.empty((0, PLACES))

    @property
    def kind(self) -> Ints:
        """The kind of each group."""
        return self.parts["kind"]

    def groups(self, parts: Mapping[str, Ints]) -> Ints:
        """Return the group of each of these types; new ones are added, empty."""
        born = parts["kind"] >= IMMIGRANT_KINDS
        arrival = np.where(born, LONG_AGO, parts["arrival"] // ARRIVALS * ARRIVALS)
        birth = parts["birth"] // BIRTHS * BIRTHS
        found, new = self.numbers.find(key_of({**parts, "birth": birth, "arrival": arrival}))
        if new.size:
            known = self.parts
            self.parts = {p: np.concatenate([known[p], parts[p][new]]) for p in OF_GROUPS}
            self.origins = np.concatenate([self.origins, np.zeros((new.size, len(ORIGIN)))])
            self.places = np.concatenate([self.places, np.zeros((new.size, PLACES))])
        return found

    def origin_shares(self) -> Floats:
        """Return the share of each origin among the persons of each group."""
        return shares_of(self.origins)

    def place_shares(self) -> Floats:
        """Return the share of each place among the persons of each group; unknown: of all."""
        total = self.places.sum(axis=1, keepdims=True)
        everybody = shares_of(self.places.sum(axis=0)[None])
        return np.where(total > 0, self.places / np.where(total > 0, total, 1.0), everybody)

    def add(self, groups: Ints, origins: Ints, places: Ints, persons: Floats) -> None:
        """Count persons in."""
        kernel.count_in(groups, origins, persons, self.origins)
        kernel.count_in(groups, places, persons, self.places)

    def hold(self, persons: Floats) -> None:
        """Keep all shares, of so many persons by group."""
        for held in (self.origins, self.places):
            total = held.sum(axis=1)
            scale = (persons + LITTLE) / np.where(total > 0, total, 1.0)
            np.multiply(held, scale[:, None], out=held)

    def move(self, source: Ints, target: Ints, persons: Floats) -> None:
        """Let persons go from groups to groups, as those of the source are."""
        some = np.flatnonzero(source != target)
        source, target, persons = source[some], target[some], persons[some]
        for held in (self.origins, self.places):
            kernel.put_in(target, shares_of(held[source]), persons, held)

    def keep(self, used: Ints) -> None:
        """Keep these groups alone, in their order."""
        self.numbers = Numbers(self.numbers.keys[used])
        self.parts = {part: known[used] for part, known in self.parts.items()}
        self.origins, self.places = self.origins[used], self.places[used]
