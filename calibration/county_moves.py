"""How often people change county without changing centrality level: what Tables 4.1-4.3 leave.

    python -m calibration.county_moves

Of each reason, kind of family and age the reconstructed register of 2013 says how many move
between levels, and to another county at that, or to a partner there; the tables say how many
leave their county. The rest move inside their level. The result is shipped as
sim/transitions/data/county_moves.csv.
"""

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.expected import weights
from calibration.family_offsets import cells_of, wanted
from calibration.raking import Floats
from calibration.reconstruction import reconstruct
from sim.agents.population import Population
from sim.chance import Chance
from sim.codes import CENTRALITY, REASON
from sim.engine import Simulation
from sim.geography import CENTRALITY_OF, COUNTY, COUNTY_OF
from sim.transitions.calibrated import AGES_OF_OFFSETS, KINDS
from sim.transitions.destination import (
    published_places,
    published_weights,
    share_near,
    with_own,
)
from sim.transitions.process import Process, Settings, Year
from sim.transitions.reason_offsets import county_factor, period_of
from sim.transitions.shifts import within_reasons

OUT = Path("sim/transitions/data/county_moves.csv")
STEPS, LARGEST = 60, 0.5
UNIONS, YEARS_LIVED, SEED = "unions", 12, 2013
SOURCE = (
    "Rapporter 2016/27, Tables 4.1-4.3, less level moves across county borders in the "
    "reconstructed register"
)


def crossing() -> Floats:
    """Return the chance that a level move leaves the county: (reason, level, county)."""
    settings, weights = Settings(), published_weights()
    by_level = np.stack([weights[:, level == CENTRALITY_OF].sum(axis=1)
                         for level in range(len(CENTRALITY))], axis=1)  # fmt: skip
    to = with_own(published_places().counties, share_near(settings))
    leaves = 1 - np.diagonal(to, axis1=2, axis2=3)  # by reason, level moved to, present county
    found = np.zeros((len(REASON), len(CENTRALITY), len(COUNTY)))
    for level in range(len(CENTRALITY)):
        others = by_level * (np.arange(len(CENTRALITY)) != level)
        share = others / others.sum(axis=1, keepdims=True)
        found[:, level] = np.einsum("rl,rlc->rc", share, leaves)
    return found


def inside(people: Population) -> Floats:
    """Return by how much the chance of each person is that of their reason, kind and age."""
    factor = county_factor(within_reasons(Settings()), period_of(people.year))
    return np.asarray(factor[people["reason"], people["status"], people["education"],
                             COUNTY_OF[people["municipality"]]])  # fmt: skip


class _Looking:
    """Counts who lives in another county after the year's unions than before."""

    def __init__(self, persons: int) -> None:
        self.moved = np.zeros(persons)
        self._county = COUNTY_OF[:0]

    def before(self, process: Process, year: Year) -> None:
        """Note where everybody lives."""
        if process.name == UNIONS:
            self._county = COUNTY_OF[year.population["municipality"]]

    def after(self, process: Process, year: Year) -> None:
        """Add who has moved: the people of 1 January stand first."""
        if process.name == UNIONS:
            moved = COUNTY_OF[year.population["municipality"]] != self._county
            self.moved += (moved & year.is_resident(np.arange(moved.size)))[: self.moved.size]


def moved_by_unions(people: Population) -> Floats:
    """Return the share of years in which each person leaves the county on marrying or parting."""
    looking = _Looking(len(people))
    settings = Settings(assumptions={"county_moves": "none"})
    for replicate in range(YEARS_LIVED):
        simulation = Simulation(people, settings, Chance(SEED, replicate))
        simulation.watcher = looking
        simulation.step()
    return looking.moved / YEARS_LIVED


def chances() -> tuple[Floats, Floats, Floats]:
    """Return the chance of a county move among those who stay at their level.

    With the rates of leaving the county that are wanted and reached: by reason, kind of family
    and being 20-35, children with the adult they follow.
    """
    people = reconstruct()
    cells, of = cells_of(people), weights(people)
    total = 1 + of.move + of.emigrate
    place: NDArray[np.int16] = people["municipality"]
    across = crossing()[people["reason"], CENTRALITY_OF[place], COUNTY_OF[place]]
    crosses, stays = of.move / total * across, inside(people) / total
    mine = np.maximum(cells.cell, 0)  # of others: never counted
    target = wanted(cells.persons, "out_of_county_percent")
    married = cells.mean(moved_by_unions(people))
    chance = np.maximum(target - married - cells.mean(crosses[of.follows]), 0.001)
    for _ in range(STEPS):
        leaving = (crosses + stays * chance.ravel()[mine])[of.follows]
        reached = cells.mean(leaving) + married
        stay = np.maximum(cells.mean(stays[of.follows]), 0.3)
        chance = np.clip(chance + (target - reached) / stay, 0.0, LARGEST)
    return chance, target, reached


def main() -> None:
    """Write the table."""
    found, target, _ = chances()
    with OUT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["reason", "family", "age", "out_of_county_percent", "chance_percent",
                         "assumed", "source"])  # fmt: skip
        for (r, k, a), chance in np.ndenumerate(found):
            whom = [REASON.names[r], KINDS[k], AGES_OF_OFFSETS[a]]
            rates = [f"{100 * target[r, k, a]:.2f}", f"{100 * chance:.3f}"]
            writer.writerow([*whom, *rates, "no", SOURCE])


if __name__ == "__main__":
    main()
