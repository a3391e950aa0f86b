"""What the yearly choice is expected to do, of everybody alive on 1 January: chances, no luck."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.agents.population import RESIDENT, Population
from sim.codes import BACKGROUND
from sim.transitions import mobility_kernel
from sim.transitions.descendants import Descendants, probabilities
from sim.transitions.descendants_kernel import DEGREE
from sim.transitions.mobility import YOUNGEST, Mobility, persons_of

Floats = NDArray[np.float64]
BORN = BACKGROUND.index("norwegian_born")


@dataclass(frozen=True)
class Chances:
    """Everybody's chance of moving to another level and of leaving Norway in a year."""

    move: Floats
    leave: Floats


def chances_of(people: Population, mobility: Mobility, descendants: Descendants) -> Chances:
    """Return what everybody is expected to do in the coming year; children follow nobody here."""
    move, leave = _as_immigrants(people, mobility.tables_of(people.year), np.arange(len(people)))
    total = 1 + move + leave
    move, leave = move / total, leave / total
    born = (people["background"] == BORN) & (people["place"] == RESIDENT)
    which = np.flatnonzero(born & (people["birth_year"] <= people.year - 1 - YOUNGEST))
    if which.size and descendants.emigrate:
        chance = probabilities(people.year)
        reached = np.minimum(people.year - people["birth_year"][which], chance.shape[2] - 1)
        degree = (people["education"][which] >= DEGREE).astype(np.int64)
        leave[which] = chance[people["origin"][which], degree, reached]
    if which.size and descendants.tables is not None:
        wish, _ = _as_immigrants(people, descendants.tables, which)
        move[which] = (1 - leave[which]) * wish / (1 + wish)
    return Chances(move, leave)


def _as_immigrants(
    people: Population, tables: mobility_kernel.Tables, which: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Return how these persons weigh moving and leaving, beside staying."""
    move: NDArray[Any] = np.empty(which.size)
    leave: NDArray[Any] = np.empty(which.size)
    persons = persons_of(people)
    mobility_kernel.weigh_some(persons, tables, people.year, which, move, leave)
    return move, leave
