"""Levers: what a scenario may alter, by name, in which years and how.

Each process that has levers declares them beside its parameters; `sim.engine.LEVERS` holds
them all. A lever is a number for each year: of persons who arrive, of percent without work,
or a factor that is 1 unless a scenario says otherwise.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.transitions.sources import altered

SET, ADD, FACTOR = KINDS = ("set", "add", "factor")


@dataclass(frozen=True)
class Lever:
    """Something that a scenario may alter.

    unit, meaning: in words, for people.
    least, most: what its value may be in any year.
    fitted: the values that the data saw on which the model was fitted; None: not fitted.
    """

    name: str
    unit: str
    meaning: str
    least: float = 0.0
    most: float = 100.0
    fitted: tuple[float, float] | None = None


@dataclass(frozen=True)
class Change:
    """One alteration of a lever: set to a number, with it added, or multiplied by it."""

    lever: str
    first: int
    last: int
    kind: str
    number: float

    def holds(self, year: int) -> bool:
        """Say whether it alters this year."""
        return self.first <= year <= self.last


def value(changes: Iterable[Change], name: str, year: int, plain: float = 1.0) -> float:
    """Return a lever's value in a year, after all changes of it in the order they were told."""
    for change in changes:
        if change.lever == name and change.holds(year):
            plain = altered(plain, change.kind, change.number)
    return plain


def hastened(
    chance: NDArray[np.float64], factor: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the yearly chance of something whose rate is multiplied by a factor."""
    if np.all(factor == 1.0):  # nothing is rounded where nothing is altered
        return chance
    with np.errstate(invalid="ignore"):
        return np.where(chance < 1.0, 1.0 - (1.0 - chance) ** factor, 1.0)
