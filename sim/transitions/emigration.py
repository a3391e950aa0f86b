"""Emigration: those whose outcome is to emigrate leave, and their families count them out.

The destination is unknown and the register records the departure in the same year; a
later process may know better.
"""

from typing import ClassVar

import numpy as np

from sim.agents.families import leave_families
from sim.agents.population import ABROAD
from sim.codes import DESTINATION
from sim.transitions.process import EMIGRATE, Assumption, Settings, Year

UNKNOWN = DESTINATION.index("unknown")


class Emigration:
    """Leaving Norway. Persons abroad keep the family counts that they left with."""

    name: ClassVar = "emigration"
    reads: ClassVar = frozenset({"family", "background", "place"})
    writes: ClassVar = frozenset(
        {
            "place",
            "left_year",
            "destination",
            "registered_year",
            "family_total",
            "family_immigrants",
        }
    )
    assumptions: ClassVar[tuple[Assumption, ...]] = ()

    @classmethod
    def ready(cls, settings: Settings) -> "Emigration":
        """There are no parameters."""
        return cls()

    def happen(self, year: Year) -> None:
        """Let everybody leave whose outcome is EMIGRATE."""
        population = year.population
        leavers = np.flatnonzero(year.outcome == EMIGRATE)
        population["place"][leavers] = ABROAD
        population["left_year"][leavers] = year.year
        population["registered_year"][leavers] = year.year
        population["destination"][leavers] = UNKNOWN
        year.record("emigrate", leavers)
        year.changed += [leavers, leave_families(population, leavers)]
