"""The five groups of the report of 2026 together: simulated ones, and numbers for the others.

Those with one foreign-born parent and the majority are no persons here
(`sim.transitions.comparison_groups`): the majority is what the population of Norway leaves when
the simulated groups and the former are taken off. They answer by year, sex and age alone.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from calibration.raking import Floats
from runs.validation import collected as c
from runs.validation.counting import Cells, Mask
from runs.validation.persons import DECEMBER, SEXES, CannotTellError, span
from runs.validation.quantity import Whom
from sim.chance import Chance
from sim.codes import BACKGROUND, SEX
from sim.transitions.comparison_groups import (
    AGES,
    GROUPS,
    emigrations,
    everybody,
    one_foreign_parent,
)

SIMULATED = ("norwegian_born_2ip", "child_arrival_0_9", "immigrants_10plus")
MIXES: Mapping[str, tuple[str, ...]] = {
    "three_small_groups": (*SIMULATED[:2], "one_foreign_parent"),
    "all_residents": (*SIMULATED, *GROUPS),
}
TOLD = {"sex", "age"}


class Compared:
    """The comparison groups of one history.

    simulated: its residents, counted; years: those lived; scale: the share of all that they are.
    chance: whose luck the emigrations are drawn with, so that replicates differ.
    """

    def __init__(
        self, simulated: Cells, years: tuple[int, ...], scale: float, chance: Chance
    ) -> None:
        self.simulated, self.years, self.scale, self.chance = simulated, years, scale, chance
        self._residents: dict[tuple[str, int], Floats] = {}
        self._left: dict[str, Floats] = {}

    def living(self, whom: Whom, later: int, fates: Mapping[str, Mask]) -> Floats:
        """Return residents, or emigrants, of a group in each year and the one after."""
        chosen = chosen_of(whom)
        wanted = fates.get("fate", np.ones(len(c.FATES), dtype=np.bool_))
        if wanted[c.EMIGRATED] and wanted.sum() == 1:
            if later != DECEMBER:
                raise CannotTellError(
                    "emigrants of the comparison groups by ages of the year before"
                )
            found = self.left(whom.group)
        elif wanted[c.EMIGRATED] and wanted[c.STAYED]:
            found = self.residents(whom.group, later)
        else:
            raise CannotTellError("moves and deaths of the comparison groups")
        return np.asarray((found * chosen).sum(axis=(1, 2)) * self.scale)

    def residents(self, group: str, later: int) -> Floats:
        """Return residents of 1 January by year, sex and age."""
        key = group, later
        if key not in self._residents:
            years = (*self.years, self.years[-1] + 1)
            one = np.array([one_foreign_parent(year) for year in years])
            if group == "majority":
                every = np.array([everybody(year, later) for year in years])
                one = every - one - self._simulated(later)
            self._residents[key] = one
        return self._residents[key]

    def left(self, group: str) -> Floats:
        """Return emigrants by year, sex and age; the year after the last has none yet."""
        if group not in self._left:
            here = self.residents(group, DECEMBER)
            found = [emigrations(group, year, here[k], self.chance)
                     for k, year in enumerate(self.years)]  # fmt: skip
            self._left[group] = np.array([*found, np.full(here.shape[1:], np.nan)])
        return self._left[group]

    def _simulated(self, later: int) -> Floats:
        """Return all simulated residents of 1 January by year, sex and age, at full scale."""
        age = f"age_{'january' if later else 'december'}_single"
        names = ("background", age, "sex", "fate")
        table = self.simulated.table(names).take(AGES, axis=2)
        there = np.array([fate != c.CAME for fate in range(len(c.FATES))])
        counts = table[..., there].sum(axis=(1, 4))
        assert table.shape[1] == len(BACKGROUND)
        return np.asarray(np.swapaxes(counts, 1, 2) / self.scale)


def chosen_of(whom: Whom) -> Floats:
    """Return which sexes and ages a filter means; refuse what numbers cannot tell."""
    strange = set(whom.given) - TOLD
    if strange:
        told = ", ".join(sorted(strange))
        raise CannotTellError(
            f"the comparison groups are numbers by year, sex and age: no {told.replace('_', ' ')}"
        )
    if whom.age is None:
        raise CannotTellError("the comparison groups are known at ages 18-35 alone")
    ages = np.zeros(len(AGES))
    for code in whom.age:
        low, high = span(code)
        if low < AGES.start or high >= AGES.stop:
            raise CannotTellError("the comparison groups are known at ages 18-35 alone")
        ages[low - AGES.start : high - AGES.start + 1] = 1
    sexes = np.array([whom.sex is None or any(SEXES[s] == name for s in whom.sex)
                      for name in SEX.names], dtype=np.float64)  # fmt: skip
    return sexes[:, None] * ages


def parts(whom: Whom) -> tuple[Whom, ...]:
    """Return the groups that a mixed one is made of."""
    return tuple(replace(whom, group=group) for group in MIXES[whom.group])
