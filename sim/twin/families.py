"""Families, seen by one member: partners found and lost, children born and gone.

What happens to the others of a family is a mean: of partners of the other sex, of the same
region of origin and of the ages that couples of the start have; of children of the ages that
mothers of the start had them at.
"""

from functools import cached_property
from typing import NamedTuple

import numpy as np

from sim.agents.population import RESIDENT, Population
from sim.codes import CENTRALITY, ORIGIN, SEX
from sim.geography import CENTRALITY_OF
from sim.transitions import births, leaving_home, unions
from sim.transitions.births import FERTILITY, Births
from sim.transitions.leaving_home import LEAVING_HOME
from sim.transitions.process import Settings
from sim.transitions.unions import UNIONS
from sim.twin import families_kernel as kernel
from sim.twin import unions_kernel
from sim.twin.cells import Cells
from sim.twin.kinds import REGIONS, Floats, Ints, counted, shares_of
from sim.twin.market import expected_smaller
from sim.twin.moves import Moves
from sim.twin.start import GAPS, GENERATIONS, Couples

FEMALE, MALE = SEX.index("female"), SEX.index("male")
FIRST_BIRTH, BIRTHS = 1800, 400
AGES = 130
UNION_OF_ROLE = np.array([births.NO_UNION, births.PAIRED, births.MIXED, births.NO_UNION,
                          births.MIXED])  # fmt: skip
FEWEST = 0.02  # persons; families of rows in which fewer are expected stay as they are
LARGEST_MOVE = 3  # persons who come with a partner; more count as so many
OLDER_FATHER = 3
NOBODY = 1e-9
OTHERS = [MALE, FEMALE]  # of the other sex


class Born(NamedTuple):
    """Children of a year who are persons, by row of their mothers."""

    persons: Floats


class FamilyLife:
    """The processes that alter families."""

    def __init__(self, settings: Settings, couples: Couples, levels_of: Floats) -> None:
        self.couples = couples
        self.levels_of = levels_of  # shares of levels of singles, by sex, age and origin
        self.fertility = Births.ready(settings)
        self.bear = settings.choice(FERTILITY) != "nobody_is_born"
        self.unite = settings.choice(UNIONS) != "no_change"
        self.leave_home = settings.choice(LEAVING_HOME) != "nobody_leaves"

    # Partners who go

    def lose_partners(self, cells: Cells, before: Floats, leaving: Floats) -> Moves:
        """Note who stays behind since a partner left alone; children go with their mother."""
        made = np.zeros(cells.count - before.size)  # rows that movers have come to
        persons = None if made.size else before - leaving
        before, leaving = np.append(before, made), np.append(leaving, made)
        moves = Moves(cells, few=-1.0, persons=persons)
        going = self._partners(_by_partner(moves.rows, before, leaving))
        going = going * self.couples.apart_leaving[:, None]
        moves.flow(kernel.lose_partner, going, np.arange(len(SEX)) == MALE)
        return moves

    def _partners(self, by_age: Floats) -> Floats:
        """Return a mean of the partners, by region, sex and year of birth, as `by_age` is."""
        found = np.empty(by_age.shape)
        some = np.flatnonzero(self.couples.gaps)
        kernel.of_partners(by_age, GAPS[some], self.couples.gaps[some], found)
        return found

    # Births

    def picture(self, cells: Cells) -> Moves:
        """Return the moves of births and of all that comes later in a year, none of them yet."""
        return Moves(cells, few=FEWEST)

    def births(self, cells: Cells, moves: Moves, year: int) -> Born:
        """Let women have children; note that their families count them."""
        n = cells.count
        if not self.bear:
            return Born(np.zeros(n))
        table = births.probabilities(year, by_background=self.fertility.choice == "as_2022")
        table = np.minimum(table * self.fertility.level(year), 1.0)
        rate, mothers, persons = np.empty((3, n))
        kernel.bear(moves.rows, year, (births.YOUNGEST, births.OLDEST), UNION_OF_ROLE, table,
                    cells.homes.origin_shares(), rate, mothers)  # fmt: skip
        his = self._partners(_by_partner(moves.rows, moves.rows.persons, mothers))
        moves.flow(kernel.count_children_in, UNION_OF_ROLE, births.MIXED,
                   self.couples.immigrant_father, births.assumed()["immigrant_father_no_union"],
                   his, rate, persons)  # fmt: skip
        return Born(persons)

    # Deaths of partners, unions, leaving home

    def change(
        self, cells: Cells, moves: Moves, moving: Floats, dying: Floats | None, year: int
    ) -> None:
        """Let people lose partners who die, find and leave partners, and leave their parents.

        All of it happens to families as they are when children are born, and with that; who does
        two of it in one year is counted for both. moving: chance of a move by row, this year.
        dying: by sex and age reached; None if nobody dies.
        """
        if dying is not None:
            self._widow(moves, dying, year)
        if self.unite:
            self._form_and_part(cells, moves, moving, year)
        if self.leave_home:
            self._fly_out(moves, year)
        moves.happen()

    def _widow(self, moves: Moves, dying: Floats, year: int) -> None:
        """Let those who live on lose their partner."""
        birth = FIRST_BIRTH + np.arange(BIRTHS)
        age = np.clip(year - birth, 0, dying.shape[1] - 1)
        by_age = np.ascontiguousarray(np.broadcast_to(dying[:, age], (REGIONS, 2, BIRTHS)))
        moves.flow(kernel.lose_partner, self._partners(by_age), np.zeros(len(SEX), np.bool_))

    def _form_and_part(self, cells: Cells, moves: Moves, moving: Floats, year: int) -> None:
        """Let people find partners and leave them."""
        rates, known = unions.rates(), unions.assumed()
        ages = unions_kernel.Ages(unions.YOUNGEST, unions.OLDEST, int(known["man_older"]),
                                  int(known["years_apart"]))  # fmt: skip
        hers = rates.part[FEMALE]
        by_age = np.zeros((REGIONS, len(SEX), BIRTHS))
        first = year - unions.YOUNGEST - FIRST_BIRTH
        by_age[:, FEMALE, first - hers.size + 1 : first + 1] = hers[::-1]
        moves.flow(unions_kernel.part, year, ages, hers, self._partners(by_age), rates.leave,
                   moving, self.couples.apart_moving)  # fmt: skip
        room = np.empty(moves.rows.persons.size, dtype=np.int64)
        who = room[: unions_kernel.seekers(moves.rows, year, ages, room)]
        found, coming = self._find(cells, (moves.rows, who), rates.within, ages, year)
        moves.flow(unions_kernel.unite, who, year, ages, rates.outside, found, coming)

    def _find(
        self,
        cells: Cells,
        seekers: tuple[kernel.Rows, Ints],
        within: Floats,
        ages: unions_kernel.Ages,
        year: int,
    ) -> tuple[Floats, Floats]:
        """Let singles find each other, as many as the fewer of both sexes in each market.

        seekers: all rows, and which of them are asked. Returned: the chances of each row, and who
        comes to each sex (see the kernel).
        """
        rows, who = seekers
        share, same = cells.homes.origin_shares(), float(unions.assumed()["same_origin"])
        by_own = np.zeros((2, len(SEX), AGES // ages.years_apart, len(ORIGIN) + 1))
        unions_kernel.seek(rows, who, year, ages, within, share, same, by_own)
        both = by_own.sum(axis=0)
        crowd = both[..., None] * self.levels_of
        pairs = expected_smaller(crowd[FEMALE], crowd[MALE]).sum(axis=-1)
        success, born = (np.divide(some, both, out=np.zeros_like(both), where=both > 0)
                         for some in (np.broadcast_to(pairs, both.shape), by_own[0]))  # fmt: skip
        found, come = np.zeros((rows.persons.size, 2)), np.zeros((len(SEX), LARGEST_MOVE + 1))
        unions_kernel.meet(rows, who, year, ages, within, share, same, success, born[OTHERS],
                           found, come)  # fmt: skip
        return found, shares_of(come[OTHERS])

    def _fly_out(self, moves: Moves, year: int) -> None:
        """Let the young leave their parents, and the parents' families count them out."""
        rate = leaving_home.rates()
        moves.flow(kernel.leave_home, year, leaving_home.YOUNGEST, rate, self._leaving_parents)

    @cached_property
    def _leaving_parents(self) -> Floats:
        """How often a child at home leaves in a year, by the parent's sex and age."""
        rate = leaving_home.rates().mean(axis=0)
        child = np.arange(AGES)
        leaves = np.zeros(AGES)
        leaves[leaving_home.YOUNGEST : leaving_home.OLDEST + 1] = rate
        there = np.concatenate([[1.0], np.cumprod(1 - leaves)[:-1]])
        by_parent = np.zeros((2, AGES))
        for older, sex in ((0, FEMALE), (OLDER_FATHER, MALE)):
            left = np.zeros(AGES)
            home = np.zeros(AGES)
            for gap, share in zip(GENERATIONS.tolist(), self.couples.generations.tolist(),
                                  strict=True):  # fmt: skip
                parent = child + gap + older
                some = parent < AGES
                home[parent[some]] += share * there[some]
                left[parent[some]] += share * (there * leaves)[some]
            by_parent[sex] = np.divide(left, home, out=np.zeros(AGES), where=home > 0)
        return by_parent


def _by_partner(rows: kernel.Rows, before: Floats, doing: Floats) -> Floats:
    """Return the share of people in couples that does something by region, sex, year of birth."""
    found = np.zeros((2, REGIONS, len(SEX), BIRTHS))
    kernel.by_partner(rows, before, doing, found)
    there, does = found
    return np.divide(does, there, out=np.zeros(there.shape), where=there > 1e-9)


def levels_of_singles(people: Population) -> Floats:
    """Return shares of the levels of centrality by sex, band of age and origin, and of all.

    Of residents without a partner, of the ages to seek one; where nobody is, of all ages.
    """
    known, reached = unions.assumed(), people.year - people["birth_year"]
    single = (people["place"] == RESIDENT) & (people["partner"] < 0)
    who = np.flatnonzero(single & (reached >= unions.YOUNGEST) & (reached <= unions.OLDEST))
    sex, years_apart = people["sex"][who], int(known["years_apart"])
    older = np.where(sex == MALE, int(known["man_older"]), 0)
    band = np.maximum(reached[who] - older, 0) // years_apart
    shape = len(SEX), AGES // years_apart, len(ORIGIN) + 1, len(CENTRALITY)
    at = (sex, band, people["origin"][who], CENTRALITY_OF[people["municipality"][who]])
    found = counted(at, shape)
    found[:, :, -1] = found[:, :, :-1].sum(axis=2)
    usual = found.sum(axis=1, keepdims=True) + NOBODY
    found += NOBODY * usual / usual.sum(axis=-1, keepdims=True)
    return np.asarray(found / found.sum(axis=-1, keepdims=True))
