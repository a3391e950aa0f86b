"""What a process can say of one person before it happens: chances, and the draws against them.

For telling a life (`vandring trace`), not for living it. Each process says it with the tables
and the word that its kernel looks at; what depends on others (whether a partner is found, whom a
child follows) is not in it.
"""

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from sim.chance import between_0_and_1
from sim.transitions.process import Year


class Odds(NamedTuple):
    """Something that may befall a person: it does if luck is below the chance."""

    what: str
    chance: float
    luck: float

    @property
    def happens(self) -> bool:
        """Whether it befalls the person, if nobody else stands in the way."""
        return self.luck < self.chance


@runtime_checkable
class TellsOdds(Protocol):
    """A process that can say what may befall a person."""

    def odds(self, year: Year, position: int) -> tuple[Odds, ...]:
        """Return what the process may do to the person at a position, before it happens."""


def luck_of(year: Year, stream: str, person: int) -> float:
    """Return the draw of a person, or of whoever's luck is theirs, as the kernels see it."""
    word = np.empty(1, dtype=np.uint32)
    year.chance.swift_word(stream, year.year, np.array([person], dtype=np.int64), word)
    return float(between_0_and_1(word)[0])


def age_reached(year: Year, position: int) -> int:
    """Return the age that somebody reaches in the year."""
    return year.year - int(year.population["birth_year"][position])
